package sqltest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/proxy/consumer"
	"github.com/veil-proxy/veil/proxy/fhirproxy"
)

// originalServer is a FHIR server that has the clinic's patient 770000017 and an
// observation of the same person.
func originalServer(t *testing.T) *httptest.Server {
	const (
		patient     = `{"resourceType":"Patient","id":"770000017","name":[{"family":"CANARYNAME0017"}],"gender":"male","birthDate":"1942-06-17"}`
		observation = `{"resourceType":"Observation","id":"OBSCANARY.00017","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"2345-7"}]},"subject":{"reference":"Patient/770000017"}}`
		bundle      = `{"resourceType":"Bundle","type":"searchset","total":1,"entry":[{"resource":` + observation + `,"search":{"mode":"match"}}]}`
	)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/fhir+json")
		subject, _ := url.QueryUnescape(r.URL.Query().Get("subject"))
		switch {
		case r.URL.Path == "/fhir/Patient/770000017":
			_, _ = io.WriteString(w, patient)
		case r.URL.Path == "/fhir/Observation" && subject == "Patient/770000017":
			_, _ = io.WriteString(w, bundle)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// TestOneKeySpace goes from SQL to FHIR and back: the id that the PostgreSQL listener
// gives a patient finds the same person at the FHIR listener, and the id that the
// FHIR listener gives an observation finds its row.
func TestOneKeySpace(t *testing.T) {
	h := start(t)
	upstream := originalServer(t)
	automaton, err := fhir.Compile(h.policy, schema.R4())
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	base := "http://" + l.Addr().String() + "/fhir"
	anyone, err := consumer.New(context.Background(), consumer.Config{Anonymous: &consumer.Account{}})
	if err != nil {
		t.Fatal(err)
	}
	fhirListener, err := fhirproxy.New(fhirproxy.Config{
		Upstream: upstream.URL + "/fhir", BaseURL: base, Sink: &records{},
		Policy: fhirproxy.Policy{Consumers: anyone, Views: []fhirproxy.View{{Automaton: automaton}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = fhirListener.Serve(l) }()
	t.Cleanup(func() { _ = fhirListener.Shutdown(context.Background()) })

	s := connect(t, h.modest.dsn())
	defer s.close()
	sql := func(query string, params ...string) [][][]byte {
		t.Helper()
		a := s.run(modes[1], query, params)
		if a.err != nil {
			t.Fatalf("%s: %s", query, a.said())
		}
		return a.rows
	}
	get := func(path string, into any) {
		t.Helper()
		resp, err := http.Get(base + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("GET %s: %s: %s (%v)", path, resp.Status, body, err)
		}
		if found := Canary(body); found != nil {
			t.Errorf("GET %s: %q was received", path, found)
		}
		if err := json.Unmarshal(body, into); err != nil {
			t.Fatal(err)
		}
	}

	// The person is found by what is clear.
	found := sql("SELECT id, sex FROM clinic.patients WHERE height_cm = 181 AND weight_kg = 42.9")
	if len(found) != 1 {
		t.Fatalf("got %d patients, want 1", len(found))
	}
	id := string(found[0][0])
	var patient struct{ ID, Gender, BirthDate string }
	get("/Patient/"+id, &patient)
	if patient.ID != id || patient.BirthDate != "1942" {
		t.Errorf("FHIR listener: patient %s of %s, want %s of 1942", patient.ID, patient.BirthDate, id)
	}

	var bundle struct {
		Entry []struct {
			Resource struct {
				ID      string
				Subject struct{ Reference string }
			}
		}
	}
	get("/Observation?subject="+url.QueryEscape("Patient/"+id), &bundle)
	if len(bundle.Entry) != 1 || bundle.Entry[0].Resource.Subject.Reference != "Patient/"+id {
		t.Fatalf("FHIR listener: got %+v, want one observation of Patient/%s", bundle, id)
	}
	rows := sql("SELECT o.loinc, p.height_cm, o.patient_id FROM clinic.observations o JOIN clinic.patients p ON p.id = o.patient_id WHERE o.id = $1", bundle.Entry[0].Resource.ID)
	if len(rows) != 1 {
		t.Fatalf("got %d rows of the observation, want 1", len(rows))
	}

	// Both listeners' tables joined outside, as a notebook does it.
	reference := strings.TrimPrefix(bundle.Entry[0].Resource.Subject.Reference, "Patient/")
	joined := 0
	for _, row := range sql("SELECT patient_id, class FROM clinic.encounters") {
		if string(row[0]) == reference {
			joined++
		}
	}
	if want := sql("SELECT count(*) FROM clinic.encounters WHERE patient_id = $1", id); fmt.Sprint(joined) != string(want[0][0]) || joined == 0 {
		t.Errorf("joined %d encounters, want %s", joined, want[0][0])
	}
}
