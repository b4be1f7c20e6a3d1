package fhirsource_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/discover/fhirsource"
	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/general"
	"github.com/veil-proxy/veil/internal/rules"
	"github.com/veil-proxy/veil/safeharbor"
)

func library(t *testing.T, extra map[string][]byte) *rules.Library {
	t.Helper()
	lib, err := rules.New(extra, general.Methods(), safeharbor.Methods(), fhir.Methods())
	if err != nil {
		t.Fatal(err)
	}
	return lib
}

func safeHarbor(t *testing.T) *fhir.Automaton {
	t.Helper()
	a, err := library(t, nil).Public("safe-harbor")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// patient is a resource with markers in its values, and in URLs that are no definitions.
func patient(i int) string {
	return fmt.Sprintf(`{"resourceType":"Patient","id":"qzxmarker%[1]d","meta":{"profile":["https://site.example/fhir/StructureDefinition/pat"]},
"identifier":[{"system":"https://site.example/mrn","value":"QZXMARKER%[1]d"},{"system":"https://site.example/person/4711%03[1]d/QZXMARKER","value":"x"}],
"extension":[{"url":"https://site.example/fhir/StructureDefinition/shoe","valueString":"QZXMARKER"},{"url":"mailto:qzxmarker@site.example"}],
"maritalStatus":{"coding":[{"system":"https://site.example/marital","code":"%[2]s"},{"system":"http://terminology.hl7.org/CodeSystem/v3-MaritalStatus","code":"M"}]},
"generalPractitioner":[{"identifier":{"system":"https://site.example/doctors","value":"QZXMARKER"}}],"QZXMARKER":"odd",
"name":[{"family":"QZXMARKER"}],"birthDate":"1961-02-03"}`, i, []string{"A1", "B2", "C3"}[i%3])
}

func line(i int) string { return strings.ReplaceAll(patient(i), "\n", "") + "\n" }

func find(items []fhirsource.Item, name string) *fhirsource.Item {
	if i := slices.IndexFunc(items, func(i fhirsource.Item) bool { return i.Name == name }); i >= 0 {
		return &items[i]
	}
	return &fhirsource.Item{}
}

// check looks at a report of forty patients.
func check(t *testing.T, r *fhirsource.Report) {
	t.Helper()
	var out bytes.Buffer
	if err := json.NewEncoder(&out).Encode(r); err != nil {
		t.Fatal(err)
	}
	if err := r.WriteText(&out, true); err != nil {
		t.Fatal(err)
	}
	if err := r.WriteOverlay(&out, "site"); err != nil {
		t.Fatal(err)
	}
	if text := strings.ToUpper(out.String()); strings.Contains(text, "QZXMARKER") || strings.Contains(text, "1961") || strings.Contains(text, "4711") {
		t.Errorf("a value is shown:\n%s", text)
	}
	for _, c := range []struct {
		items  []fhirsource.Item
		name   string
		passes bool
	}{
		{r.Types, "Patient", true},
		{r.Profiles, "https://site.example/fhir/StructureDefinition/pat", false},
		{r.Extensions, "https://site.example/fhir/StructureDefinition/shoe", false},
		{r.CodeSystems, "https://site.example/marital", false},
		{r.CodeSystems, "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus", true},
		{r.Identifiers, "https://site.example/mrn", false},
		{r.Elements, "Patient.birthDate", true},
		{r.Elements, "Patient.name.family", false},
	} {
		if item := find(c.items, c.name); item.Count != 40 || item.Passes != c.passes || item.Effect == "" {
			t.Errorf("%s: %+v", c.name, item)
		}
	}
	if r.Unnamed == 0 {
		t.Error("URLs that are no definitions were not counted")
	}
}

// TestLines: a bulk export is looked at, and nothing of its values is kept. The overlay
// lets the codes that it names pass.
func TestLines(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for i := range 40 {
		text.WriteString(line(i))
	}
	text.WriteString("{\"QZXMARKER\n")
	scan := fhirsource.NewScan(safeHarbor(t))
	if err := scan.ReadLines(strings.NewReader(text.String()), "x.ndjson", 100); err != nil {
		t.Fatal(err)
	}
	r := scan.Report()
	check(t, r)
	if len(r.Unread) != 1 || !strings.Contains(r.Unread[0], "1 lines are not FHIR resources") {
		t.Errorf("unread: %q", r.Unread)
	}
	var overlay bytes.Buffer
	if err := r.WriteOverlay(&overlay, "site"); err != nil {
		t.Fatal(err)
	}
	a, err := library(t, map[string][]byte{"site": overlay.Bytes()}).Public("safe-harbor+site")
	if err != nil {
		t.Fatalf("%v\n%s", err, overlay.String())
	}
	if !a.CodePasses("https://site.example/marital", "B2") || a.CodePasses("https://site.example/marital", "Jones") || !a.CanonicalPasses("https://site.example/fhir/StructureDefinition/pat") {
		t.Errorf("the overlay does not do what it is for:\n%s", overlay.String())
	}
}

// TestMost: of more resources than wanted only the number is taken.
func TestMost(t *testing.T) {
	t.Parallel()
	scan := fhirsource.NewScan(safeHarbor(t))
	if err := scan.ReadLines(strings.NewReader(line(1)+line(2)+line(3)), "x", 2); err != nil {
		t.Fatal(err)
	}
	r := scan.Report()
	if n, m := find(r.Types, "Patient").Count, find(r.Elements, "Patient.birthDate").Count; n != 3 || m != 2 {
		t.Errorf("%d patients, %d looked at", n, m)
	}
}

// TestServer: a server is asked for its CapabilityStatement and for each type; one that
// cannot be searched is reported.
func TestServer(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.Header.Get("Authorization") != "Bearer token" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		switch r.URL.Path {
		case "/r4/metadata":
			fmt.Fprint(w, `{"resourceType":"CapabilityStatement","rest":[{"mode":"server","resource":[{"type":"Patient"},{"type":"Observation"},{"type":"Group"}]}]}`)
		case "/r4/Patient":
			if r.URL.Query().Get("_summary") == "count" {
				fmt.Fprint(w, `{"resourceType":"Bundle","total":40}`)
				return
			}
			var entries []string
			for i := range 40 {
				entries = append(entries, `{"resource":`+patient(i)+`}`)
			}
			fmt.Fprintf(w, `{"resourceType":"Bundle","entry":[%s]}`, strings.Join(entries, ","))
		case "/r4/Group":
			fmt.Fprint(w, `{"resourceType":"Bundle","total":0}`)
		default:
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, "QZXMARKER")
		}
	}))
	defer srv.Close()
	scan := fhirsource.NewScan(safeHarbor(t))
	if err := scan.Read(t.Context(), fhirsource.Server{Base: srv.URL + "/r4/", Client: srv.Client(), Token: "token", Most: 100}); err != nil {
		t.Fatal(err)
	}
	r := scan.Report()
	check(t, r)
	if len(r.Unread) != 1 || r.Unread[0] != "Observation: the server responded with status 403" || len(r.Types) != 1 {
		t.Errorf("unread: %q, types: %v", r.Unread, r.Types)
	}
	for base, want := range map[string]string{srv.URL + "/none": "status 401", "ftp://x": "expected a URL", "http://127.0.0.1:1": "no connection"} {
		if err := fhirsource.NewScan(safeHarbor(t)).Read(t.Context(), fhirsource.Server{Base: base, Client: srv.Client(), Most: 1}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", base, err)
		}
	}
}
