package rulesetimport

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/veil-proxy/veil/mask"
)

// column is a rule of the new ruleset for a column.
type column struct {
	number int // of the source's rule
	path   string
	// The match. An empty schema or table matches every one.
	schema, table, column string
	method                string
	args                  mask.Args
	entity                string // the column that identifies the person, or nothing
}

// key distinguishes columns that one rule can match.
func (c *column) key() string { return c.schema + "\x00" + c.table + "\x00" + c.column }

// dataMasque is a ruleset of DataMasque, as its documentation describes it ("Ruleset YAML
// specification"). Its members are read loosely, since most have several forms.
type dataMasque struct {
	Tasks        []map[string]any `yaml:"tasks"`
	SkipDefaults []any            `yaml:"skip_defaults"`
	Imports      any              `yaml:"imports"`
}

// tasksWithColumns are the tasks that mask columns of tables and of files of rows.
var tasksWithColumns = []string{"mask_table", "mask_tabular_file"}

// datamasque imports a ruleset of DataMasque. Columns that it does not name pass in
// DataMasque, and are hidden here.
func datamasque(m *importer, text []byte) error {
	var c dataMasque
	if err := yaml.Unmarshal(text, &c); err != nil {
		return fmt.Errorf("not YAML of the expected form: %w", errors.New(yaml.FormatError(err, false, false)))
	}
	if len(c.Tasks) == 0 {
		return errors.New("no tasks: expected a ruleset of DataMasque")
	}
	m.differs(0, "columns", "a column that no rule names is hidden; DataMasque lets it pass")
	if len(c.SkipDefaults) > 0 {
		m.differs(0, "skip_defaults", "no value is left unmasked; NULL stays NULL")
	}
	if c.Imports != nil {
		m.differs(0, "imports", "left out: rules of a library are not in the file")
	}
	d := &tasks{importer: m}
	d.all(c.Tasks)
	return nil
}

// tasks converts the tasks of a ruleset of DataMasque.
type tasks struct {
	*importer
	number int // of the last rule
}

func (d *tasks) all(list []map[string]any) {
	for _, t := range list {
		switch typ := textOf(t["type"]); {
		case typ == "parallel" || typ == "serial":
			d.all(mappings(t["tasks"]))
		case slices.Contains(tasksWithColumns, typ):
			d.columns(t, mappings(t["rules"]), nil)
		case typ == "mask_unique_key":
			d.uniqueKeys(t)
		case typ == "truncate_table":
			d.number++ // a table without rules does not exist for consumers
			d.result.Base++
		case strings.HasPrefix(typ, "run_") && strings.HasSuffix(typ, "_discovery"):
			d.number++
			d.differs(d.number, typ, "left out: use veil discover")
		default:
			d.number++
			d.differs(d.number, cmp.Or(typ, "task"), "left out: it does not mask columns")
		}
	}
}

// columns converts the rules of a task. hashed are the columns that the task's results
// depend on.
func (d *tasks) columns(task map[string]any, list []map[string]any, hashed []string) {
	schema, table := tableName(textOf(task["table"]))
	if h, has := task["hash_columns"]; has {
		hashed = columnNames(h)
	}
	for _, r := range list {
		if _, isIf := r["if"]; isIf {
			d.differs(d.number+1, table, "rules under a condition apply to all rows")
			d.columns(task, append(mappings(r["rules"]), mappings(r["else_rules"])...), hashed)
			continue
		}
		d.number++
		name := columnName(textOf(r["column"]))
		path := strings.Trim(table+"."+name, ".")
		if name == "" {
			d.differs(d.number, cmp.Or(path, "rule"), "left out: it names no column")
			continue
		}
		h := hashed
		if own, has := r["hash_columns"]; has {
			h = columnNames(own)
		}
		if r["skip"] != nil {
			d.differs(d.number, path, "values to skip are also masked; NULL stays NULL")
		}
		method, args, what := maskOf(mappings(r["masks"]))
		if what != "" {
			d.differs(d.number, path, "%s", what)
		}
		c := column{number: d.number, path: path, schema: schema, table: table, column: name, method: method, args: args}
		c.entity = d.keyedBy(&c, h)
		d.add(c)
	}
}

// keyedBy returns the column that a surrogate is keyed by.
func (d *tasks) keyedBy(c *column, hashed []string) string {
	hashed = slices.DeleteFunc(slices.Clone(hashed), func(s string) bool { return s == c.column })
	switch {
	case c.method != "surrogate":
		return ""
	case len(hashed) == 1:
		return hashed[0]
	case len(hashed) > 1:
		d.differs(c.number, c.path, "keyed by the value, not by several columns together")
	}
	c.args["perValue"] = true
	return ""
}

// uniqueKeys converts a task that replaces the values of a key. DataMasque also changes
// the references to the key, which a ruleset cannot find.
func (d *tasks) uniqueKeys(task map[string]any) {
	schema, table := tableName(textOf(task["table"]))
	names := []string{textOf(task["key"])}
	if list := mappings(task["target_keys"]); len(list) > 0 {
		names = nil
		for _, k := range list {
			names = append(names, textOf(k["key"]))
		}
	}
	for _, name := range names {
		d.number++
		name = columnName(name)
		if name == "" {
			d.differs(d.number, table, "left out: it names no column")
			continue
		}
		path := table + "." + name
		d.differs(d.number, path, "sealed, in the domain %q: write the same rule for the columns that refer to it", path)
		d.add(column{number: d.number, path: path, schema: schema, table: table, column: name, method: "seal", args: mask.Args{"domain": path}})
	}
}

// add adds a rule. If two different rules are for one column, it is unclear which
// applies, so the column is removed.
func (d *tasks) add(c column) {
	i := slices.IndexFunc(d.importer.columns, func(o column) bool { return o.key() == c.key() })
	if i < 0 {
		d.importer.columns = append(d.importer.columns, c)
		return
	}
	if o := &d.importer.columns[i]; o.method != c.method || fmt.Sprint(o.args) != fmt.Sprint(c.args) || o.entity != c.entity {
		d.differs(c.number, c.path, "removed: rule %d masks the same column differently", o.number)
		o.method, o.args, o.entity = "remove", nil, ""
	}
}

// writeTables writes the rules for columns.
func (m *importer) writeTables(b []byte, lines map[int]int) []byte {
	for i, c := range m.columns {
		lines[bytes.Count(b, []byte{'\n'})+1] = len(m.rules) + i
		b = fmt.Appendf(b, "    - {id: imported-column-%d, match: {", i+1)
		for _, part := range [][2]string{{"schema", c.schema}, {"table", c.table}} {
			if part[1] != "" {
				b = fmt.Appendf(b, "%s: %s, ", part[0], quote(part[1]))
			}
		}
		b = fmt.Appendf(b, "column: %s}, method: %s", quote(c.column), c.method)
		if c.entity != "" {
			b = fmt.Appendf(b, ", entity: %s", quote(c.entity))
		}
		b = appendArgs(b, c.args, fmt.Sprintf("rule %d", c.number))
	}
	return b
}

// mappings returns the mappings in a list, or the values of a mapping of mappings, sorted
// by name.
func mappings(v any) (list []map[string]any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			if one, ok := e.(map[string]any); ok {
				list = append(list, one)
			}
		}
	case map[string]any:
		if v["type"] != nil || v["column"] != nil {
			return []map[string]any{v}
		}
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			if one, ok := v[name].(map[string]any); ok {
				list = append(list, one)
			}
		}
	}
	return list
}

// textOf returns a scalar as text, and "" for anything else.
func textOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case nil, []any, map[string]any:
		return ""
	}
	return fmt.Sprint(v)
}

// tableName splits a name at its last dot and removes quotes.
func tableName(s string) (schema, table string) {
	parts := splitName(s)
	if len(parts) > 1 {
		schema = parts[len(parts)-2]
	}
	if len(parts) > 0 {
		table = parts[len(parts)-1]
	}
	return schema, table
}

func columnName(s string) string {
	_, name := tableName(s)
	return name
}

// splitName splits a name at the dots outside of double quotes. Names without quotes are
// in lower case, as PostgreSQL has them. Characters with a meaning in globs are escaped.
func splitName(s string) (parts []string) {
	var b strings.Builder
	quoted := false
	flush := func() {
		if b.Len() > 0 {
			parts = append(parts, b.String())
		}
		b.Reset()
	}
	for _, r := range s {
		switch {
		case r == '"':
			quoted = !quoted
		case r == '.' && !quoted:
			flush()
		case strings.ContainsRune(`*?[]\`, r):
			b.WriteRune('\\')
			b.WriteRune(r)
		case quoted:
			b.WriteRune(r)
		default:
			b.WriteString(strings.ToLower(string(r)))
		}
	}
	flush()
	return parts
}

// columnNames returns the columns of hash_columns, which names them in several forms.
// Columns given with a path inside their value are left out.
func columnNames(v any) (names []string) {
	list, ok := v.([]any)
	if !ok {
		return nil
	}
	for _, e := range list {
		if m, ok := e.(map[string]any); ok {
			if m["json_path"] != nil || m["xpath"] != nil {
				continue
			}
			e = m["column_name"]
		}
		if name := columnName(textOf(e)); name != "" {
			names = append(names, name)
		}
	}
	return names
}
