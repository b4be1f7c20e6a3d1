package fhirtest

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
)

const (
	defaultPage = 50
	maxPage     = 1000
)

// typeIndex is what can be searched in the resources of a type. It is made
// when it is first needed.
type typeIndex struct {
	once   sync.Once
	params []param
	rows   []row
}

// row is a resource and, for each parameter, its values.
type row struct {
	r      *Resource
	values [][]indexed
}

// index returns the index of a type.
func (s *Source) index(typ string) *typeIndex {
	t := s.types[typ]
	t.once.Do(func() {
		t.params = paramsOf(typ)
		for i := range s.pop.resources {
			r := &s.pop.resources[i]
			if r.Type != typ {
				continue
			}
			var doc any
			if err := json.Unmarshal(r.JSON, &doc); err != nil {
				panic(err) // Generate writes JSON
			}
			values := make([][]indexed, len(t.params))
			for n, p := range t.params {
				for _, path := range p.paths {
					for _, v := range elements(doc, path) {
						values[n] = append(values[n], index(p.typ, v)...)
					}
				}
			}
			t.rows = append(t.rows, row{r, values})
		}
	})
	return t
}

func (t *typeIndex) param(name string) (int, bool) {
	return slices.BinarySearchFunc(t.params, name, func(p param, name string) int { return strings.Compare(p.name, name) })
}

// query is a search request, read.
type query struct {
	typ                 string
	values              url.Values // as asked, for the links
	tests               []columnTest
	sort                []order
	include, revinclude []inclusion
	count, offset       int
	elements            []string
	summary, total      string
}

type columnTest struct {
	column int
	fits   test
}

type order struct {
	column int
	down   bool
}

// inclusion is Type:parameter of an _include or _revinclude.
type inclusion struct {
	typ    string
	column int
	target string
}

// parse reads the parameters of a search. Its errors repeat what they object
// to.
func (s *Source) parse(typ string, values url.Values) (*query, error) {
	if token := values.Get("_page"); token != "" {
		var err error
		if values, err = openPage(token); err != nil {
			return nil, err
		}
	}
	q := &query{typ: typ, values: values, count: defaultPage, total: "accurate"}
	t := s.index(typ)
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, value := range values[name] {
			if known, err := q.control(s, t, name, value); err != nil {
				return nil, err
			} else if known {
				continue
			}
			base, modifier, _ := strings.Cut(name, ":")
			column, ok := t.param(base)
			if !ok {
				return nil, fmt.Errorf("unknown search parameter %q with value %q for resource type %q", name, value, typ)
			}
			fits, err := compile(t.params[column], modifier, value, s.base)
			if err != nil {
				return nil, err
			}
			q.tests = append(q.tests, columnTest{column, fits})
		}
	}
	return q, nil
}

// control reads a parameter that says how to answer, not what to find, and
// reports whether name is one.
func (q *query) control(s *Source, t *typeIndex, name, value string) (known bool, err error) {
	invalid := fmt.Errorf("invalid value %q for parameter %s", value, name)
	switch name {
	case "_count", "_offset":
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 {
			return true, invalid
		}
		if name == "_count" {
			q.count = min(n, maxPage)
		} else {
			q.offset = n
		}
	case "_elements":
		q.elements = append(q.elements, splitValues(value)...)
	case "_summary":
		if !slices.Contains([]string{"true", "false", "text", "data", "count"}, value) {
			return true, invalid
		}
		q.summary = value
	case "_total":
		if !slices.Contains([]string{"none", "estimate", "accurate"}, value) {
			return true, invalid
		}
		q.total = value
	case "_format":
		if !strings.Contains(value, "json") {
			return true, invalid
		}
	case "_pretty":
	case "_sort":
		for _, v := range splitValues(value) {
			key, down := strings.CutPrefix(v, "-")
			column, ok := t.param(key)
			if !ok {
				return true, invalid
			}
			q.sort = append(q.sort, order{column, down})
		}
	case "_include", "_revinclude":
		in, ok := s.inclusion(value)
		if !ok || name == "_include" && in.typ != q.typ {
			return true, invalid
		}
		if name == "_include" {
			q.include = append(q.include, in)
		} else {
			q.revinclude = append(q.revinclude, in)
		}
	default:
		return false, nil
	}
	return true, nil
}

// inclusion reads Type:parameter or Type:parameter:Target.
func (s *Source) inclusion(value string) (inclusion, bool) {
	f := strings.SplitN(value, ":", 3)
	if len(f) < 2 || s.types[f[0]] == nil {
		return inclusion{}, false
	}
	t := s.index(f[0])
	column, ok := t.param(f[1])
	if !ok || t.params[column].typ != referenceParam {
		return inclusion{}, false
	}
	in := inclusion{typ: f[0], column: column}
	if len(f) == 3 {
		in.target = f[2]
	}
	return in, true
}

// run returns the rows that fit, in order.
func (s *Source) run(q *query) []row {
	var found []row
	for _, r := range s.index(q.typ).rows {
		if slices.IndexFunc(q.tests, func(c columnTest) bool { return !c.fits(r.values[c.column]) }) < 0 {
			found = append(found, r)
		}
	}
	if len(q.sort) > 0 {
		slices.SortStableFunc(found, func(a, b row) int {
			for _, o := range q.sort {
				c := compareValues(a.values[o.column], b.values[o.column])
				if o.down {
					c = -c
				}
				if c != 0 {
					return c
				}
			}
			return 0
		})
	}
	return found
}

// compareValues compares the first values; a resource without one comes last.
func compareValues(a, b []indexed) int {
	if len(a) == 0 || len(b) == 0 {
		return cmp.Compare(len(b), len(a))
	}
	return cmp.Or(cmp.Compare(a[0].from, b[0].from), strings.Compare(a[0].text, b[0].text))
}

// included returns what the rows of a page bring with them, each once and none
// of the page itself.
func (s *Source) included(q *query, page []row) []*Resource {
	var list []*Resource
	matched := map[string]bool{}
	for _, r := range page {
		matched[r.r.Type+"/"+r.r.ID] = true
	}
	seen := maps.Clone(matched)
	add := func(key string) {
		if i, ok := s.pop.byKey[key]; ok && !seen[key] {
			seen[key] = true
			list = append(list, &s.pop.resources[i])
		}
	}
	for _, in := range q.include {
		for _, r := range page {
			for _, v := range r.values[in.column] {
				if in.target == "" || strings.HasPrefix(v.text, in.target+"/") {
					add(v.text)
				}
			}
		}
	}
	for _, in := range q.revinclude {
		for _, r := range s.index(in.typ).rows {
			if slices.ContainsFunc(r.values[in.column], func(v indexed) bool { return matched[v.text] }) {
				add(r.r.Type + "/" + r.r.ID)
			}
		}
	}
	return list
}

// pageToken is where a next link points: the search itself and how far it got,
// readable by anyone who decodes it.
func pageToken(values url.Values, offset int) string {
	next := url.Values{}
	for name, v := range values {
		next[name] = v
	}
	next.Set("_offset", strconv.Itoa(offset))
	return base64.RawURLEncoding.EncodeToString([]byte(next.Encode()))
}

func openPage(token string) (url.Values, error) {
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err == nil {
		var values url.Values
		if values, err = url.ParseQuery(string(b)); err == nil && !values.Has("_page") {
			return values, nil
		}
	}
	return nil, fmt.Errorf("unknown page %q", token)
}
