package guard_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/edit"
	"github.com/veil-proxy/veil/fhir/guard"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/fhirtest"
	"github.com/veil-proxy/veil/internal/masktest"
)

// TestNarrowing: what hides elements is applied to the masked resource, so that
// rules see all of the original.
func TestNarrowing(t *testing.T) {
	a := masktest.Shipped(t, "safe-harbor")
	g := guard.New(a)
	const patient = `{"resourceType":"Patient","id":"x","meta":{"security":[{"code":"MASKED"}]},"active":true,"gender":"male","_birthDate":{"extension":[]},"deceasedBoolean":true,"link":[{"type":"refer"}]}`
	const tag = `{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}`
	for _, tc := range []struct{ name, param, value, in, want string }{
		{"elements", "_elements", "gender", patient,
			`{"resourceType":"Patient","id":"x","meta":{"security":[{"code":"MASKED"}],"tag":[` + tag + `]},"active":true,"gender":"male","deceasedBoolean":true,"link":[{"type":"refer"}]}`},
		{"a choice and a sibling", "_elements", "deceased,birthDate", patient,
			`{"resourceType":"Patient","id":"x","meta":{"security":[{"code":"MASKED"}],"tag":[` + tag + `]},"active":true,"_birthDate":{"extension":[]},"deceasedBoolean":true,"link":[{"type":"refer"}]}`},
		{"without meta", "_elements", "gender", `{"resourceType":"Patient","name":[]}`, `{"resourceType":"Patient","meta":{"tag":[` + tag + `]}}`},
		{"tagged already", "_elements", "gender", `{"resourceType":"Patient","meta":{"tag":[` + tag + `]}}`, `{"resourceType":"Patient","meta":{"tag":[` + tag + `]}}`},
		{"data", "_summary", "data", `{"resourceType":"Patient","text":{"div":"<p/>"},"active":true}`, `{"resourceType":"Patient","active":true,"meta":{"tag":[` + tag + `]}}`},
		{"another type", "_elements", "gender", `{"resourceType":"Observation","status":"final"}`, `{"resourceType":"Observation","status":"final"}`},
		{"a page", "_elements", "gender",
			`{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","text":{"a":1}},"search":{"mode":"match"}},{"resource":{"resourceType":"Patient","text":{"a":1}},"search":{"mode":"include"}}],"total":2}`,
			`{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","meta":{"tag":[` + tag + `]}},"search":{"mode":"match"}},{"resource":{"resourceType":"Patient","text":{"a":1}},"search":{"mode":"include"}}],"total":2}`},
		{"text", "_summary", "text", patient,
			`{"resourceType":"Patient","id":"x","meta":{"security":[{"code":"MASKED"}],"tag":[` + tag + `]},"active":true,"deceasedBoolean":true,"link":[{"type":"refer"}]}`},
		{"summary", "_summary", "true", `{"resourceType":"Patient","maritalStatus":{},"gender":"male","contact":[{}]}`, `{"resourceType":"Patient","gender":"male","meta":{"tag":[` + tag + `]}}`},
		{"a choice by its type", "_elements", "deceasedDateTime", `{"resourceType":"Patient","deceasedDateTime":"2020","multipleBirthInteger":2}`, `{"resourceType":"Patient","deceasedDateTime":"2020","meta":{"tag":[` + tag + `]}}`},
		{"an outcome", "_elements", "gender",
			`{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","text":{}},"search":{"mode":"outcome"}}]}`,
			`{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","text":{}},"search":{"mode":"outcome"}}]}`},
		{"a page of nothing", "_elements", "gender", `{"resourceType":"Bundle","entry":[]}`, `{"resourceType":"Bundle","entry":[]}`},
		{"an entry of nothing", "_elements", "gender", `{"resourceType":"Bundle","entry":[{}]}`, `{"resourceType":"Bundle","entry":[{}]}`},
		{"a type that comes last", "_elements", "gender", `{"text":{},"gender":"male","resourceType":"Patient"}`, `{"gender":"male","resourceType":"Patient","meta":{"tag":[` + tag + `]}}`},
		{"a name with escapes", "_elements", "gender", `{"resourceType":"Patient","te\u0078t":{},"gend\u0065r":"male"}`, `{"resourceType":"Patient","gender":"male","meta":{"tag":[` + tag + `]}}`},
		{"other tags", "_elements", "gender", `{"resourceType":"Patient","meta":{"tag":[ {"code":"x"} ]}}`, `{"resourceType":"Patient","meta":{"tag":[ {"code":"x"} ,` + tag + `]}}`},
		{"an empty meta", "_elements", "gender", `{"resourceType":"Patient","meta":{}}`, `{"resourceType":"Patient","meta":{"tag":[` + tag + `]}}`},
		{"what is contained", "_elements", "contained", `{"resourceType":"Patient","contained":[{"resourceType":"Patient","text":{}}],"text":{}}`, `{"resourceType":"Patient","contained":[{"resourceType":"Patient","text":{}}],"meta":{"tag":[` + tag + `]}}`},
		{"spaces", "_elements", "gender", `{ "resourceType" : "Patient" , "gender" : "male" , "x" : [ 1 , 2 ] }`, `{"resourceType":"Patient","gender":"male","meta":{"tag":[` + tag + `]}}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			q, err := g.Search(a.Policy.Keys.NewPseudonymizer(), nil, "Patient", []guard.Param{{Name: tc.param, Value: tc.value}}, guard.Strict)
			if err != nil || len(q.Upstream) != 0 || q.Narrow == nil {
				t.Fatalf("%+v, %v", q, err)
			}
			got, err := q.Narrow.Append(nil, []byte(tc.in))
			if err != nil || string(got) != tc.want {
				t.Errorf("%v\n got %s\nwant %s", err, got, tc.want)
			}
		})
	}
	for _, bad := range []string{"", "{", "[]", `{"resourceType":"Patient"}x`, `{"resourceType":"Bundle","entry":{}}`, `{"resourceType":"Bundle","entry":[1]}`} {
		q, _ := g.Search(a.Policy.Keys.NewPseudonymizer(), nil, "Patient", []guard.Param{{Name: "_elements", Value: "gender"}}, guard.Strict)
		if got, err := q.Narrow.Append(nil, []byte(bad)); err == nil {
			t.Errorf("%q gives %s", bad, got)
		}
	}
}

// narrowing returns what _elements or _summary leaves.
func narrowing(t testing.TB, g *guard.Guard, typ, query string) *edit.Selection {
	t.Helper()
	n, _, err := g.Shape(typ, asked(t, query), guard.Strict)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestNarrowingTwice(t *testing.T) {
	g := guard.New(masktest.Shipped(t, "safe-harbor"))
	n := narrowing(t, g, "Patient", "_summary=data&_elements=text,gender")
	got, err := n.Append([]byte("before "), []byte(`{"resourceType":"Patient","text":{},"gender":"male","maritalStatus":{}}`))
	if err != nil || !strings.HasPrefix(string(got), `before {"resourceType":"Patient","gender":"male","meta":`) {
		t.Errorf("%s, %v", got, err)
	}
	for _, query := range []string{"_elements=gender&_elements=active", "_summary=count", "_summary=all", "_count=1", "_elements=", "_elements=gender,", "_elements=Patient.gender", "name=Smith"} {
		if n, _, err := g.Shape("Patient", asked(t, query), guard.Strict); err == nil {
			t.Errorf("%s gives %+v", query, n)
		}
	}
}

func TestAppendEntry(t *testing.T) {
	const entry = `{"search":{"mode":"outcome"}}`
	for _, tc := range []struct{ name, bundle, want string }{
		{"behind others", `{"entry":[{"a":1}],"total":1}`, `{"entry":[{"a":1},` + entry + `],"total":1}`},
		{"alone", `{"entry":[],"total":0}`, `{"entry":[` + entry + `],"total":0}`},
		{"alone with space", "{\"entry\":[ \n ]}", "{\"entry\":[ \n " + entry + "]}"},
		{"without entries", `{"resourceType":"Bundle"}`, `{"resourceType":"Bundle","entry":[` + entry + `]}`},
		{"empty", `{}`, `{"entry":[` + entry + `]}`},
	} {
		got, err := edit.AppendEntry(nil, []byte(tc.bundle), []byte(entry))
		if err != nil || string(got) != tc.want {
			t.Errorf("%s: %s, %v", tc.name, got, err)
		}
	}
	for _, bad := range []string{"", "[]", "{", `{"entry":{}}`, `{}{}`} {
		if got, err := edit.AppendEntry([]byte("x"), []byte(bad), []byte(entry)); err == nil || string(got) != "x" {
			t.Errorf("%q gives %s, %v", bad, got, err)
		}
	}
}

// part reports whether what is left is part of the whole: members that are there
// are the same, and none is new but the tag that it is narrowed.
func part(t testing.TB, left, whole map[string]any) {
	t.Helper()
	for name, value := range left {
		switch {
		case name == "meta":
			var ours map[string]any
			if m, ok := whole[name].(map[string]any); ok {
				ours = m
			}
			tagged := false
			for member, v := range value.(map[string]any) {
				if member != "tag" {
					if !reflect.DeepEqual(v, ours[member]) {
						t.Errorf("meta.%s changed", member)
					}
					continue
				}
				before, _ := ours["tag"].([]any)
				for _, tag := range v.([]any) {
					code, _ := tag.(map[string]any)["code"].(string)
					tagged = tagged || code == "SUBSETTED"
					if code != "SUBSETTED" && !slices.ContainsFunc(before, func(b any) bool { return reflect.DeepEqual(b, tag) }) {
						t.Error("meta.tag has what it had not")
					}
				}
			}
			if !tagged {
				t.Error("it is not tagged")
			}
		case !reflect.DeepEqual(value, whole[name]):
			t.Errorf("%s differs from what it is without narrowing", name)
		}
	}
}

// TestNarrowedValuesAreTheMaskedOnes: a value is the same with and without
// _elements and _summary, since the rules see all of the original either way.
func TestNarrowedValuesAreTheMaskedOnes(t *testing.T) {
	a := masktest.Shipped(t, "safe-harbor")
	g, m := guard.New(a), masktest.NewMasker(a, fhir.RememberAlways)
	p := fhirtest.Generate(7, 6)
	resources := 0
	for _, id := range p.PatientIDs() {
		var bundle struct {
			Entry []struct{ Resource json.RawMessage }
		}
		if err := json.Unmarshal(p.PatientBundle(id, fhirtest.Collection), &bundle); err != nil {
			t.Fatal(err)
		}
		for _, e := range bundle.Entry {
			masked, err := m.Mask(e.Resource)
			if err != nil {
				continue // withheld
			}
			resources++
			var whole map[string]any
			if err := json.Unmarshal(masked, &whole); err != nil {
				t.Fatal(err)
			}
			typ := whole["resourceType"].(string)
			queries := []string{"_summary=true", "_summary=text", "_summary=data", "_elements=id"}
			for name := range whole {
				if name != "resourceType" && name[0] != '_' {
					queries = append(queries, "_elements="+name)
				}
			}
			for _, query := range queries {
				narrowed, err := narrowing(t, g, typ, query).Append(nil, masked)
				var left map[string]any
				if err != nil || json.Unmarshal(narrowed, &left) != nil {
					t.Fatalf("%s: %v: %s", query, err, narrowed)
				}
				part(t, left, whole)
				if name, ok := strings.CutPrefix(query, "_elements="); ok && !reflect.DeepEqual(left[name], whole[name]) && name != "meta" {
					t.Errorf("%s of %s does not give it", query, typ)
				}
				for _, e := range schema.R4().Type(typ).Elements {
					if _, there := whole[e.Name]; there && (e.Min > 0 || e.Modifier) && !reflect.DeepEqual(left[e.Name], whole[e.Name]) && query != "_summary=data" {
						t.Errorf("%s takes %s.%s", query, typ, e.Name)
					}
				}
			}
		}
	}
	if resources < 100 {
		t.Errorf("only %d resources", resources)
	}
	// The age rule sees a birth date that the consumer does not ask for.
	masked, err := m.Mask([]byte(`{"resourceType":"Patient","id":"1","birthDate":"1901-02-03","deceasedDateTime":"1999-01-02"}`))
	if err != nil {
		t.Fatal(err)
	}
	got, err := narrowing(t, g, "Patient", "_elements=deceased").Append(nil, masked)
	if err != nil || bytes.Contains(got, []byte("1999")) || !bytes.Contains(got, []byte(`"deceasedBoolean":true`)) {
		t.Errorf("%s, %v", got, err)
	}
}

// FuzzNarrowing: what is left of any text is JSON of which every member was in
// it, or an error and nothing.
func FuzzNarrowing(f *testing.F) {
	for _, seed := range []string{
		`{"resourceType":"Patient","id":"1","meta":{"tag":[]},"gender":"male","text":{}}`,
		`{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","gender":"male"},"search":{"mode":"match"}}]}`,
		`{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Bundle"}}]}`, `{}`, `[]`, `{"a":{"b":[1,null]}}`,
	} {
		f.Add([]byte(seed), uint8(0))
		f.Add([]byte(seed), uint8(3))
	}
	g := guard.New(masktest.Shipped(f, "safe-harbor"))
	var kinds []*edit.Selection
	for _, query := range []string{"_elements=gender", "_summary=true", "_summary=text", "_summary=data"} {
		kinds = append(kinds, narrowing(f, g, "Patient", query))
	}
	f.Fuzz(func(t *testing.T, src []byte, kind uint8) {
		before := bytes.Clone(src)
		got, err := kinds[int(kind)%len(kinds)].Append([]byte("kept"), src)
		if !bytes.Equal(src, before) || !bytes.HasPrefix(got, []byte("kept")) {
			t.Fatal("it changes what it is given")
		}
		if entry, err := edit.AppendEntry(nil, src, []byte(`{}`)); err == nil && json.Valid(src) && !json.Valid(entry) {
			t.Errorf("%s gives %s", src, entry)
		}
		if err != nil {
			if len(got) != len("kept") {
				t.Error("an error leaves text")
			}
			return
		}
		got = got[len("kept"):]
		var whole, left map[string]any
		if json.Unmarshal(src, &whole) != nil {
			return // the walker writes JSON
		}
		if err := json.Unmarshal(got, &left); err != nil {
			t.Fatalf("%s gives %s: %v", src, got, err)
		}
		for name := range left {
			if _, there := whole[name]; !there && name != "meta" {
				t.Errorf("%s has a new member %q", got, name)
			}
		}
	})
}
