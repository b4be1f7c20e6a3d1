package ruleset

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/internal/strictyaml"
	"github.com/veil-proxy/veil/internal/suggest"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/forms"
)

// TablesSection is the part of a ruleset about tables. This package reads it; packages
// table and postgres/analysis apply it.
type TablesSection struct {
	// Default says what happens to a column that no rule matches. refuse: the relation or
	// column does not exist for the consumer. remove: its values are NULL. keep: it
	// passes.
	Default string `json:"default"`
	// Classes name sets of columns, such as SSN, that rules can match by name.
	Classes []ColumnClass `json:"classes,omitempty"`
	// Files maps files to tables. A file that matches none holds the table named after the
	// file, without its extension.
	Files []FileTable `json:"files,omitempty"`
	Rules []TableRule `json:"rules"`
}

// FileTable names the table in files whose base names match a glob.
type FileTable struct {
	File string `json:"file"`
	// Schema and Table name the table; Schema may be empty.
	Schema string `json:"schema,omitempty"`
	Table  string `json:"table"`
}

// ColumnClass is a named set of columns.
type ColumnClass struct {
	Name  string       `json:"name"`
	Match []TableMatch `json:"match"`

	At strictyaml.Position `json:"-"`
}

// TableMatch is a set of columns: those whose schema, table and column match the globs
// (*, ?, [a-z], as in path.Match), or those of a class. A field of a composite column
// is matched as column.field. An empty glob matches everything.
type TableMatch struct {
	Schema string `json:"schema,omitempty"`
	Table  string `json:"table,omitempty"`
	Column string `json:"column,omitempty"`
	Class  string `json:"class,omitempty"`

	At strictyaml.Position `json:"-"`
}

// TableRule says which method acts on which columns. Of two rules that match a column,
// the one with the more specific match wins: first by column, then by table, then by
// schema.
type TableRule struct {
	ID       string       `json:"id"`
	Category string       `json:"category,omitempty"`
	Match    []TableMatch `json:"match"`
	Method   string       `json:"method"`
	Args     mask.Args    `json:"args,omitempty"`
	// Entity are columns of the same relation; the first one that exists says whom a row
	// is about, which keys surrogates and date shifts. Its value is taken as an id in the
	// domain of that column's seal, so that it names the same person as in FHIR.
	Entity []string `json:"entity,omitempty"`
	// Birth, Death, Country and Unit are columns of the same relation with the values of
	// mask.Input of these names.
	Birth   []string `json:"birth,omitempty"`
	Death   []string `json:"death,omitempty"`
	Country []string `json:"country,omitempty"`
	Unit    []string `json:"unit,omitempty"`
	// Known are columns of the same relation with known values of the people that a text
	// may name.
	Known []KnownColumn `json:"known,omitempty"`
	// Related are rows of other tables with further known values.
	Related []RelatedRow `json:"related,omitempty"`
	// Where are conditions on other columns of the row: the rule acts in rows where all
	// hold. Among rules that match a column equally, those with conditions come first, in
	// their order; the first one without conditions, or the next less specific one,
	// applies to the remaining rows.
	Where []RowCondition `json:"where,omitempty"`
	// Why is a note for people.
	Why string `json:"why,omitempty"`

	// Form is what the method does, in terms that engines understand.
	Form mask.Form           `json:"-"`
	At   strictyaml.Position `json:"-"`
}

// mergeTables applies own to what is extended: rules and classes of the same name
// replace in place, others are added after.
func (rs *Ruleset) mergeTables(own *TablesSection) {
	if own == nil {
		return
	}
	if rs.Tables == nil {
		rs.Tables = &TablesSection{Default: "refuse"}
	}
	t := rs.Tables
	if own.Default != "" {
		t.Default = own.Default
	}
	t.Files = append(slices.Clone(own.Files), t.Files...) // the first one that matches counts
	t.Classes = replaced(t.Classes, own.Classes, func(a, b *ColumnClass) bool { return a.Name == b.Name })
	t.Rules = replaced(t.Rules, own.Rules, func(a, b *TableRule) bool { return a.ID == b.ID })
}

// checkClasses reports rules that match an unknown class.
func (r *rulesetReader) checkClasses() {
	t := r.rs.Tables
	if t == nil {
		return
	}
	var names []string
	for _, c := range t.Classes {
		names = append(names, c.Name)
	}
	for _, rule := range t.Rules {
		for _, m := range rule.Match {
			if m.Class != "" && !slices.Contains(names, m.Class) {
				r.Problems.Add(m.At, "unknown class %q%s: define classes under tables.classes", m.Class, suggest.DidYouMean(m.Class, names))
			}
		}
	}
}

func (r *rulesetReader) tables(n strictyaml.Node) *TablesSection {
	sec := &TablesSection{Rules: []TableRule{}}
	r.Mapping(n, map[string]strictyaml.Field{
		"default": func(n strictyaml.Node) { sec.Default = r.Word(n, "refuse", "remove", "keep") },
		"classes": func(n strictyaml.Node) {
			r.Mapping(n, nil, func(name string, at, value strictyaml.Node) {
				sec.Classes = append(sec.Classes, ColumnClass{Name: name, Match: r.tableMatches(value, false), At: r.At(at)})
			})
		},
		"files": func(n strictyaml.Node) {
			r.Sequence(n, func(item strictyaml.Node) { sec.Files = append(sec.Files, r.fileTable(item)) })
		},
		"rules": func(n strictyaml.Node) {
			rules(r, n, &sec.Rules, func(n strictyaml.Node) (TableRule, string) {
				rule := r.tableRule(n)
				return rule, rule.ID
			})
		},
	}, nil)
	return sec
}

func (r *rulesetReader) fileTable(n strictyaml.Node) (f FileTable) {
	r.Mapping(n, map[string]strictyaml.Field{
		"file": func(n strictyaml.Node) {
			f.File = r.pattern(n)
		},
		"table": func(n strictyaml.Node) {
			f.Table, _ = r.Text(n)
			if schema, name, ok := strings.Cut(f.Table, "."); ok {
				f.Schema, f.Table = schema, name
			}
		},
	}, nil)
	if f.File == "" || f.Table == "" {
		r.Bad(n, "expected a file and a table, such as {file: \"patients-*.csv\", table: clinic.patients}")
	}
	return f
}

func (r *rulesetReader) tableRule(n strictyaml.Node) TableRule {
	rule := TableRule{At: r.At(n)}
	m := methodReader{names: []string{"id", "category", "match", "method", "why", "entity", "birth", "death", "country", "unit", "known", "where"}, kinds: []mask.Kind{mask.ValueMethod, mask.ColumnMethod}}
	columns := func(dst *[]string) strictyaml.Field {
		return func(n strictyaml.Node) {
			for _, l := range r.Texts(n) {
				*dst = append(*dst, l.Text)
			}
		}
	}
	r.Mapping(n, map[string]strictyaml.Field{
		"id":       func(n strictyaml.Node) { rule.ID = r.name(n) },
		"category": func(n strictyaml.Node) { rule.Category = r.category(n) },
		"match":    func(n strictyaml.Node) { rule.Match = r.tableMatches(n, true) },
		"method":   func(n strictyaml.Node) { rule.Method, m.at = r.method(n), n },
		"why":      func(n strictyaml.Node) { rule.Why, _ = r.Text(n) },
		"entity":   columns(&rule.Entity),
		"birth":    columns(&rule.Birth),
		"death":    columns(&rule.Death),
		"country":  columns(&rule.Country),
		"known":    func(n strictyaml.Node) { rule.Known, rule.Related = r.known(n) },
		"where":    func(n strictyaml.Node) { rule.Where = r.conditions(n) },
	}, func(key string, keyNode, value strictyaml.Node) {
		// Unit is also an argument of methods: if it is a mapping, it names a column, and
		// default in it is the argument.
		if key == "unit" && value.IsMapping() {
			r.Mapping(value, map[string]strictyaml.Field{
				"column":  columns(&rule.Unit),
				"default": func(n strictyaml.Node) { m.args = append(m.args, givenArg{key, keyNode, n}) },
			}, nil)
			if len(rule.Unit) == 0 {
				r.Bad(value, `unit has no "column"`)
			}
			return
		}
		m.args = append(m.args, givenArg{key, keyNode, value})
	})
	r.complete(n, rule.ID, len(rule.Match) > 0, rule.Method)
	rule.Args, rule.Form = r.arguments(rule.Method, m)
	if _, hides := rule.Form.(forms.Hide); hides && rule.Where != nil {
		r.Bad(n, `rule %q: a column cannot be hidden in some rows alone: use method "remove"`, rule.ID)
	}
	return rule
}

// tableMatches reads one match or a list of them.
func (r *rulesetReader) tableMatches(n strictyaml.Node, classes bool) []TableMatch {
	var out []TableMatch
	one := func(n strictyaml.Node) {
		m := TableMatch{At: r.At(n)}
		glob := func(dst *string) strictyaml.Field {
			return func(n strictyaml.Node) {
				s, ok := r.Text(n)
				if _, err := path.Match(s, ""); ok && (err != nil || s == "") {
					r.Bad(n, "expected a name or a glob of *, ?, [a-z]")
				}
				*dst = s
			}
		}
		fields := map[string]strictyaml.Field{"schema": glob(&m.Schema), "table": glob(&m.Table), "column": glob(&m.Column)}
		if classes {
			fields["class"] = func(n strictyaml.Node) { m.Class, _ = r.Text(n) }
		}
		if !r.Mapping(n, fields, nil) {
			return
		}
		if m.Class != "" && m.Column != "" {
			r.Bad(n, "expected a class or a column, not both")
		}
		out = append(out, m)
	}
	for _, v := range n.Items() {
		one(v)
	}
	return out
}

// String returns the match as schema.table.column, with a star for each part that
// matches everything.
func (m TableMatch) String() string {
	column := cmp.Or(m.Column, "*")
	if m.Class != "" {
		column = "class " + m.Class
	}
	return cmp.Or(m.Schema, "*") + "." + cmp.Or(m.Table, "*") + "." + column
}

// Rank says how specific a match is: two bits each for column, table and schema, in
// this order: 3 for a name, 2 for a glob, 0 for everything.
func (m TableMatch) Rank() int {
	return GlobRank(m.Column)<<4 | GlobRank(m.Table)<<2 | GlobRank(m.Schema)
}

// GlobRank says how specific a glob is: 3 for a name, 2 for a pattern, 0 if it matches
// everything.
func GlobRank(glob string) int {
	switch {
	case glob == "" || glob == "*":
		return 0
	case strings.ContainsAny(glob, `*?[\`):
		return 2
	}
	return 3
}

// Matches reports whether a column matches the globs of m.
func (m TableMatch) Matches(schema, table, column string) bool {
	return globMatch(m.Schema, schema) && globMatch(m.Table, table) && globMatch(m.Column, column)
}

func globMatch(glob, name string) bool {
	if glob == "" || glob == "*" {
		return true
	}
	if GlobRank(glob) == 3 {
		return glob == name
	}
	// A name may contain a slash, which globs of path.Match do not match.
	ok, err := path.Match(strings.ReplaceAll(glob, "/", "\x00"), strings.ReplaceAll(name, "/", "\x00"))
	return ok && err == nil
}
