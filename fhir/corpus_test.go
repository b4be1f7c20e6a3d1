package fhir_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/fhirxml"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/fhirtest"
	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/veiltest"
)

// examples returns HL7's R4 examples, two of each resource type.
func examples(t testing.TB) [][]byte {
	t.Helper()
	lines := bytes.Split(bytes.TrimSpace(veiltest.Gunzip(t, "../testdata/hl7-r4-examples.ndjson.gz")), []byte("\n"))
	if len(lines) < 200 {
		t.Fatalf("only %d examples", len(lines))
	}
	return lines
}

// twin is the slow, obvious reading of what may pass: it walks a decoded resource
// along the schema and sorts its strings into those at passing paths and others.
type twin struct {
	schema         *schema.Schema
	passing        map[string]bool
	public, secret map[string]bool
}

func (w *twin) walk(typ *schema.Type, v map[string]any) {
	for name, val := range v {
		e, et := element(typ, name)
		if name == "resourceType" {
			w.strings(val, w.public)
			continue
		}
		if e == nil {
			w.strings(val, w.secret)
			continue
		}
		path := typ.Name + "." + e.Name
		if e.Choice {
			path += ".ofType(" + et.Code + ")"
		}
		items, ok := val.([]any)
		if !ok {
			items = []any{val}
		}
		for _, item := range items {
			switch item := item.(type) {
			case string:
				if w.passing[path] {
					w.public[item] = true
				} else {
					w.secret[item] = true
				}
			case map[string]any:
				inner := et.Type
				if rt, ok := item["resourceType"].(string); ok && w.schema.Type(rt) != nil {
					inner = w.schema.Type(rt)
				}
				w.walk(inner, item)
			}
		}
	}
}

func (w *twin) strings(v any, into map[string]bool) {
	switch v := v.(type) {
	case string:
		into[v] = true
	case []any:
		for _, x := range v {
			w.strings(x, into)
		}
	case map[string]any:
		for _, x := range v {
			w.strings(x, into)
		}
	}
}

// element finds the element and type that a JSON member stands for.
func element(t *schema.Type, name string) (*schema.Element, schema.ElementType) {
	for i := range t.Elements {
		e := &t.Elements[i]
		for _, et := range e.Types {
			if e.JSONName(et) == name {
				return e, et
			}
		}
	}
	return nil, schema.ElementType{}
}

// veilWrites are the texts that Veil itself puts into a resource.
var veilWrites = map[string]bool{
	"http://terminology.hl7.org/CodeSystem/v3-ObservationValue":  true,
	"http://hl7.org/fhir/StructureDefinition/data-absent-reason": true,
	fhir.AgeCategory: true, "masked": true, "MASKED": true, "redacted": true, "REDACTED": true,
	"abstracted": true, "ABSTRED": true, "pseudonymized": true, "PSEUDED": true,
}

// shown reports whether the text of a masked resource shows a secret string of at
// least six characters that is nowhere public in the resource.
func (w *twin) shown(t *testing.T, out []byte) string {
	t.Helper()
	var v any
	if err := json.Unmarshal(out, &v); err != nil {
		t.Fatalf("the output is not JSON: %v", err)
	}
	got := map[string]bool{}
	w.strings(v, got)
	for s := range got {
		if len(s) >= 6 && w.secret[s] && !w.public[s] && !veilWrites[s] {
			return s
		}
	}
	return ""
}

// checkResource masks a resource and looks for what may not pass. The caller's
// label names it in errors without showing its text.
func checkResource(t *testing.T, m *masktest.Masker, passing map[string]bool, label string, src []byte) (masked bool) {
	t.Helper()
	out, err := m.Mask(src)
	if err != nil {
		if !strings.Contains(err.Error(), "withheld") && !strings.Contains(err.Error(), "nothing of the resource") {
			t.Errorf("%s: %v", label, err)
		}
		return false
	}
	var v map[string]any
	if err := json.Unmarshal(src, &v); err != nil {
		t.Fatalf("%s: %v", label, err)
	}
	w := &twin{schema.R4(), passing, map[string]bool{}, map[string]bool{}}
	typ, _ := v["resourceType"].(string)
	w.walk(schema.R4().Type(typ), v)
	if s := w.shown(t, out); s != "" {
		t.Errorf("%s: the output shows a string of %d characters that may not pass: %.40q", label, len(s), s)
	}
	cold, err := masktest.NewMasker(m.Automaton, fhir.RememberNothing).Mask(src)
	if err != nil || !bytes.Equal(out, cold) {
		t.Errorf("%s: masked with and without memory differs (%v)", label, err)
	}
	again, err := m.Mask(out)
	if err != nil {
		t.Errorf("%s: masking twice: %v", label, err)
	} else if shape(t, again) != shape(t, out) {
		t.Errorf("%s: masking twice changes the shape", label)
	}
	return true
}

// shape is a resource with every string and number blanked.
func shape(t *testing.T, text []byte) string {
	t.Helper()
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	var blank func(v any) any
	blank = func(v any) any {
		switch v := v.(type) {
		case map[string]any:
			delete(v, "security")
			delete(v, "display") // a pseudonymised code has none
			if m, ok := v["meta"].(map[string]any); ok && len(m) <= 1 {
				delete(v, "meta")
			}
			for k, x := range v {
				v[k] = blank(x)
			}
		case []any:
			for i, x := range v {
				v[i] = blank(x)
			}
		case string, float64:
			return ""
		}
		return v
	}
	b, err := json.Marshal(blank(v))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func passingPaths(a *fhir.Automaton) map[string]bool {
	paths := map[string]bool{}
	for _, p := range a.Coverage().Passing {
		paths[p.Path] = true
	}
	return paths
}

// TestHL7ExamplesLeaveNothing masks HL7's own examples and compares with the
// twin: no string from a path that does not pass is in the output; memory changes
// nothing; masking twice keeps the shape.
func TestHL7ExamplesLeaveNothing(t *testing.T) {
	a := masktest.Shipped(t, "safe-harbor")
	m, passing := masktest.NewMasker(a, fhir.RememberAlways), passingPaths(a)
	types, masked := map[string]bool{}, 0
	for _, src := range examples(t) {
		var head struct{ ResourceType, ID string }
		if err := json.Unmarshal(src, &head); err != nil {
			t.Fatal(err)
		}
		types[head.ResourceType] = true
		if checkResource(t, m, passing, head.ResourceType+"/"+head.ID, src) {
			masked++
		}
	}
	if len(types) < 135 || masked < 180 {
		t.Errorf("%d types, %d masked", len(types), masked)
	}
}

// TestPopulationLeavesNothing looks for every identifying value that the
// synthetic patients have, one by one, in what is left of them.
func TestPopulationLeavesNothing(t *testing.T) {
	p := fhirtest.Generate(1, 60)
	if len(p.Planted()) < 10000 {
		t.Fatalf("only %d values are planted", len(p.Planted()))
	}
	a := masktest.Shipped(t, "safe-harbor")
	m := masktest.NewMasker(a, fhir.RememberAlways)
	check := func(label string, src []byte) {
		t.Helper()
		if len(p.Find(src)) == 0 {
			return
		}
		out, err := m.Mask(src)
		if err != nil && !strings.Contains(err.Error(), "withheld") {
			t.Errorf("%s: %v", label, err)
		}
		for _, found := range p.Find(out) {
			// An instant is floored to the first of January of its year.
			if found.Kind == "date" && (strings.HasSuffix(found.Value, "-01-01") || len(found.Value) == 7 && strings.HasSuffix(found.Value, "-01")) {
				continue
			}
			t.Errorf("%s: shows a planted %s of %s", label, found.Kind, found.Path)
		}
	}
	for _, id := range p.PatientIDs() {
		for _, kind := range []fhirtest.BundleKind{fhirtest.Collection, fhirtest.Searchset, fhirtest.Transaction} {
			check(string(kind), p.PatientBundle(id, kind))
		}
	}
	var all bytes.Buffer
	if err := p.WriteNDJSON(&all); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(&all)
	lines.Buffer(nil, 64<<20)
	n := 0
	for ; lines.Scan(); n++ {
		check("a line", bytes.Clone(lines.Bytes()))
	}
	if n < 3000 {
		t.Errorf("only %d resources", n)
	}
}

// TestReferencesStayConsistent: every reference of a masked Bundle that led to a
// resource of it still does.
func TestReferencesStayConsistent(t *testing.T) {
	p := fhirtest.Generate(2, 10)
	m := masktest.NewMasker(masktest.Shipped(t, "safe-harbor"), fhir.RememberAlways)
	for _, id := range p.PatientIDs() {
		src := p.PatientBundle(id, fhirtest.Transaction)
		out, err := m.Mask(src)
		if err != nil {
			t.Fatal(err)
		}
		before, after := resolved(t, src), resolved(t, out)
		if before == 0 || after < before*9/10 {
			t.Errorf("%d references led to a resource before, %d after", before, after)
		}
	}
}

// resolved counts the references that lead to an entry of the Bundle.
func resolved(t *testing.T, text []byte) int {
	t.Helper()
	var b struct {
		Entry []struct {
			FullURL  string `json:"fullUrl"`
			Resource struct{ ResourceType, ID string }
		}
	}
	if err := json.Unmarshal(text, &b); err != nil {
		t.Fatal(err)
	}
	targets := map[string]bool{}
	for _, e := range b.Entry {
		targets[e.FullURL] = true
		targets[e.Resource.ResourceType+"/"+e.Resource.ID] = true
	}
	n := 0
	d := json.NewDecoder(bytes.NewReader(text))
	for {
		tok, err := d.Token()
		if err != nil {
			return n
		}
		if s, ok := tok.(string); ok && s == "reference" {
			if tok, err = d.Token(); err != nil {
				return n
			}
			if ref, ok := tok.(string); ok && targets[ref] {
				n++
			}
		}
	}
}

// published is what a published resource says, less what its JSON and XML files
// are known to differ in: HL7's JSON files drop trailing zeros of decimals and
// were labelled otherwise (meta), by other programs than the XML files.
func published(t *testing.T, text []byte) any {
	t.Helper()
	var number func(v any) any
	number = func(v any) any {
		switch v := v.(type) {
		case map[string]any:
			for k, x := range v {
				v[k] = number(x)
			}
		case []any:
			for i, x := range v {
				v[i] = number(x)
			}
		case json.Number:
			f, err := v.Float64()
			if err != nil {
				t.Fatal(err)
			}
			return f
		}
		return v
	}
	v := number(meaning(t, text))
	if r, ok := v.(map[string]any); ok {
		delete(r, "meta")
	}
	return v
}

// TestCorpus checks a folder of FHIR files that is named by $CORPUS, as make
// check-corpus does. Without one it checks the synthetic patients, so that it
// always checks something.
func TestCorpus(t *testing.T) {
	a := masktest.Shipped(t, "safe-harbor")
	m, passing := masktest.NewMasker(a, fhir.RememberAlways), passingPaths(a)
	n, bytesRead := 0, 0
	one := func(label string, text []byte) {
		if len(bytes.TrimSpace(text)) == 0 {
			return
		}
		bytesRead += len(text)
		if checkResource(t, m, passing, label, text) {
			n++
		}
	}
	// XML files are checked by their JSON form, and against a JSON file of the
	// same name if there is one.
	oneXML := func(label string, text, pair []byte) {
		form, err := fhirxml.AppendJSON(schema.R4(), nil, text)
		if err != nil {
			t.Errorf("%s: %v", label, err)
			return
		}
		one(label, form)
		checkAgree(t, m, label, form, text)
		if pair == nil {
			return
		}
		if d := difference(published(t, pair), published(t, form), ""); d != "" {
			t.Errorf("%s: is not what the JSON file says: %s", label, d)
		}
	}
	dir := os.Getenv("CORPUS")
	xmlFiles, jsonFiles := []string{}, map[string]string{}
	if dir == "" {
		p := fhirtest.Generate(3, 5)
		for _, id := range p.PatientIDs() {
			bundle := p.PatientBundle(id, fhirtest.Collection)
			one("Patient", bundle)
			oneXML("Patient in XML", toXML(t, bundle), bundle)
		}
	} else if err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".xml") {
			xmlFiles = append(xmlFiles, path)
		}
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "json") {
			return err
		}
		jsonFiles[strings.TrimSuffix(filepath.Base(path), ".json")] = path
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if !bytes.Contains(text[:min(len(text), 1<<20)], []byte("resourceType")) {
			return nil
		}
		if fhirjson.DetectForm(text) == fhirjson.NDJSON {
			for _, line := range bytes.Split(text, []byte("\n")) {
				one(filepath.Base(path), line)
			}
			return nil
		}
		one(filepath.Base(path), text)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for _, path := range xmlFiles {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(text, []byte("http://hl7.org/fhir")) {
			continue
		}
		var pair []byte
		if other := jsonFiles[strings.TrimSuffix(filepath.Base(path), ".xml")]; other != "" {
			if pair, err = os.ReadFile(other); err != nil {
				t.Fatal(err)
			}
		}
		oneXML(filepath.Base(path), text, pair)
	}
	t.Logf("%d resources masked, %d bytes read", n, bytesRead)
	if n == 0 {
		t.Error("nothing was masked")
	}
}
