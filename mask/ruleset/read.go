package ruleset

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/internal/lazyregexp"
	"github.com/veil-proxy/veil/internal/strictyaml"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/civil"
)

// maxExtends bounds a chain of rulesets that extend each other.
const maxExtends = 8

type rulesetReader struct {
	strictyaml.Tree
	methods mask.Methods
	rs      *Ruleset
	version bool
	// incomplete: an extended ruleset could not be read, so that what it would provide is
	// not reported as missing.
	incomplete bool
	// baseless: the first that is extended is an overlay, and gives no base.
	baseless bool
}

func parseRuleset(file string, src []byte, methods mask.Methods, open Opener, problems *strictyaml.Problems, depth int) *Ruleset {
	t, root := strictyaml.Parse(file, src, problems)
	if root.IsZero() {
		return &Ruleset{}
	}
	t.Foreign = foreignKeys
	r := &rulesetReader{Tree: t, methods: methods, rs: &Ruleset{}}
	var own Ruleset
	var extends []strictyaml.Located
	ok := r.Mapping(root, map[string]strictyaml.Field{
		"veil":        func(n strictyaml.Node) { r.version = r.Word(n, "1") != "" },
		"name":        func(n strictyaml.Node) { own.Name = r.name(n) },
		"title":       func(n strictyaml.Node) { own.Title, _ = r.Text(n) },
		"description": func(n strictyaml.Node) { own.Description, _ = r.Text(n) },
		"overlay":     func(n strictyaml.Node) { own.Overlay = r.Word(n, "true", "false") == "true" },
		"extends": func(n strictyaml.Node) {
			for _, item := range n.Items() {
				if !item.IsString() {
					r.Bad(item, "expected the name of a ruleset, or a list of names")
					continue
				}
				s, _ := r.Text(item)
				extends = append(extends, strictyaml.Located{Text: s, At: r.At(item)})
			}
		},
		"referenceDate": func(n strictyaml.Node) { own.ReferenceDate = r.date(n) },
		"fhir":          func(n strictyaml.Node) { r.fhir(n, &own.FHIR) },
		"tables":        func(n strictyaml.Node) { own.Tables = r.tables(n) },
		"documents":     func(n strictyaml.Node) { own.Documents = r.documents(n) },
		"text":          func(n strictyaml.Node) { own.Text = r.textSection(n) },
	}, nil)
	if !ok {
		return r.rs
	}
	top := strictyaml.Position{File: file, Line: 1, Column: 1}
	if !r.version {
		problems.Add(top, `expected "veil: 1", the version of the rule language`)
	}
	if own.Name == "" {
		problems.Add(top, `expected "name:", the ruleset's name`)
	}
	for i, base := range extends {
		r.extend(base, i == 0, own.Overlay, open, depth)
	}
	r.merge(own)
	if r.rs.Overlay = own.Overlay; own.Overlay {
		r.rs.Title, r.rs.Description = own.Title, own.Description
	}
	r.checkClasses()
	if depth == 0 && r.rs.ReferenceDate.IsZero() && !r.incomplete && !r.baseless && !own.Overlay {
		problems.Add(top, `expected "referenceDate:", the day for which ages are computed (YYYY-MM-DD)`)
	}
	return r.rs
}

// extend reads one of the extended rulesets and merges it into those before. All but the
// first must be overlays, since two complete rulesets would contradict each other.
func (r *rulesetReader) extend(base strictyaml.Located, first, overlay bool, open Opener, depth int) {
	if depth >= maxExtends {
		r.Problems.Add(base.At, "more than %d rulesets extend each other: is there a cycle?", maxExtends)
		return
	}
	if open == nil {
		r.Problems.Add(base.At, "no ruleset can be extended here")
		return
	}
	file, src, err := open(base.Text)
	if err != nil {
		if list := strings.Split(base.Text, "+"); len(list) > 1 {
			err = fmt.Errorf("%q is a list of rulesets, which a file writes as extends: [%s]", base.Text, strings.Join(list, ", "))
		}
		r.Problems.Add(base.At, "extends: %v", err)
		r.incomplete = true
		return
	}
	before := len(*r.Problems)
	rs := parseRuleset(file, src, r.methods, open, r.Problems, depth+1)
	r.incomplete = r.incomplete || len(*r.Problems) > before
	switch {
	case r.incomplete:
	case overlay && !rs.Overlay:
		r.Problems.Add(base.At, "an overlay can extend only overlays, and %q is a complete ruleset: remove \"overlay: true\"", base.Text)
	case !first && !rs.Overlay:
		r.Problems.Add(base.At, "only the first ruleset of \"extends\" can be a complete ruleset, and %q is not an overlay: put it first, or extend it in a separate file", base.Text)
	case first && !overlay && rs.Overlay:
		r.Problems.Add(base.At, "%q is an overlay, which works only on a base: put a ruleset such as safe-harbor before it", base.Text)
		r.baseless = true
	}
	r.merge(*rs)
}

// merge applies own to what it extends: scalars replace, rules and code systems
// of the same name replace in place, others are added after.
func (r *rulesetReader) merge(own Ruleset) {
	rs := r.rs
	rs.Name = own.Name
	if own.Title != "" && !own.Overlay {
		rs.Title = own.Title
	}
	if own.Description != "" && !own.Overlay {
		rs.Description = own.Description
	}
	if !own.ReferenceDate.IsZero() {
		rs.ReferenceDate = own.ReferenceDate
	}
	rs.mergeTables(own.Tables)
	rs.mergeDocuments(own.Documents)
	if own.Text != nil {
		rs.Text = own.Text
	}
	if own.FHIR.VersionAt.File != "" {
		rs.FHIR.Version, rs.FHIR.VersionAt = own.FHIR.Version, own.FHIR.VersionAt
	}
	rs.FHIR.Rules = replaced(rs.FHIR.Rules, own.FHIR.Rules, func(a, b *Rule) bool { return a.ID == b.ID })
	rs.FHIR.CodeSystems = replaced(rs.FHIR.CodeSystems, own.FHIR.CodeSystems, func(a, b *CodeSystem) bool { return a.System == b.System })
	rs.FHIR.SearchParameters = replaced(rs.FHIR.SearchParameters, own.FHIR.SearchParameters, func(a, b *SearchParameter) bool {
		return a.Name == b.Name && slices.Equal(a.Base, b.Base)
	})
	rs.FHIR.Canonicals = union(rs.FHIR.Canonicals, own.FHIR.Canonicals)
	rs.FHIR.ContentTypes = union(rs.FHIR.ContentTypes, own.FHIR.ContentTypes)
}

// replaced puts each item of own in place of the equal one in all, or else after all
// others.
func replaced[T any](all, own []T, same func(a, b *T) bool) []T {
	for i := range own {
		if k := slices.IndexFunc(all, func(o T) bool { return same(&o, &own[i]) }); k >= 0 {
			all[k] = own[i]
		} else {
			all = append(all, own[i])
		}
	}
	return all
}

// rules reads the rules of a section. Each has a unique id.
func rules[T any](r *rulesetReader, n strictyaml.Node, dst *[]T, read func(strictyaml.Node) (rule T, id string)) {
	ids := map[string]bool{}
	r.Sequence(n, func(item strictyaml.Node) {
		rule, id := read(item)
		if id != "" && ids[id] {
			r.Bad(item, "rule id %q appears twice", id)
		}
		ids[id] = true
		*dst = append(*dst, rule)
	})
}

// pattern reads a pattern of file names.
func (r *rulesetReader) pattern(n strictyaml.Node) string {
	s, _ := r.Text(n)
	if _, err := path.Match(s, ""); err != nil {
		r.Bad(n, "%q is not a pattern: %v", s, err)
	}
	return s
}

func union(all, more []string) []string {
	for _, s := range more {
		if !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all
}

var nameForm = lazyregexp.New(`^[a-z0-9][a-z0-9._-]{0,63}$`)

func (r *rulesetReader) name(n strictyaml.Node) string {
	s, ok := r.Text(n)
	if ok && !nameForm().MatchString(s) {
		r.Bad(n, "name: expected 1 to 64 of a-z, 0-9, dot, hyphen, underscore")
	}
	return s
}

func (r *rulesetReader) date(n strictyaml.Node) civil.Date {
	s, ok := r.Text(n)
	if !ok {
		return civil.Date{}
	}
	d, err := civil.Parse(s)
	if err != nil {
		r.Bad(n, "referenceDate: %v", err)
	}
	return d
}
