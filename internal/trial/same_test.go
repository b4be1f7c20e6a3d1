package trial

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/internal/fhirtest"
	"github.com/veil-proxy/veil/internal/formats"
	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/viewstest"
	"github.com/veil-proxy/veil/proxy/consumer"
	"github.com/veil-proxy/veil/proxy/fhirproxy"
)

// TestSameAsTheProxy: for each resource of a FHIR server, a trial of what the server sends
// has the bytes that the FHIR listener sends to a consumer of the view.
func TestSameAsTheProxy(t *testing.T) {
	t.Parallel()
	population := fhirtest.Generate(3, 3)
	upstream, err := fhirtest.NewServer(population)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = upstream.Close() })
	s := viewstest.State(t)
	s.Views = s.Views[:1]
	s.Site.Upstream = []string{upstream.URL}
	consumers, err := consumer.New(t.Context(), consumer.Config{Anonymous: &consumer.Account{Name: "anonymous"}})
	if err != nil {
		t.Fatal(err)
	}
	proxy, err := fhirproxy.New(fhirproxy.Config{Upstream: upstream.URL, BaseURL: s.Site.Base, Sink: &masktest.Sink{},
		Policy: fhirproxy.Policy{Consumers: consumers, Views: []fhirproxy.View{{Automaton: s.Views[0].Automaton}}}})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- proxy.Serve(l) }()
	t.Cleanup(func() { _ = proxy.Shutdown(context.Background()); <-done })
	ring := s.Views[0].Automaton.Policy.Keys
	keys := ring.NewPseudonymizer()
	compared := map[string]int{}
	for _, r := range population.Resources() {
		if compared[r.Type] >= 2 || r.Type == "Binary" {
			continue
		}
		original := get(t, upstream.URL+"/"+r.Type+"/"+r.ID)
		results, err := FHIR(t.Context(), s, original)
		if err != nil {
			t.Fatal(err)
		}
		if results[0].Withheld {
			continue
		}
		id, ok := keys.AppendSealed(nil, ring.SealSlot(r.Type), []byte(r.ID))
		if !ok {
			t.Fatalf("%s/%s cannot be sealed", r.Type, r.ID)
		}
		want := get(t, "http://"+l.Addr().String()+strings.TrimPrefix(s.Site.Base, "https://veil.example")+"/"+r.Type+"/"+string(id))
		if !bytes.Equal(results[0].Masked, want) {
			t.Errorf("%s: the trial has\n%s\nand the proxy\n%s", r.Type, results[0].Masked, want)
		}
		compared[r.Type]++
	}
	if len(compared) < 15 {
		t.Errorf("compared %v", compared)
	}
}

func get(t *testing.T, url string) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "application/fhir+json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: status %d, %v\n%s", url, resp.StatusCode, err, body)
	}
	return body
}

// TestSameAsAFile: a trial has the bytes of veil mask, of FHIR in JSON and XML and of CSV.
func TestSameAsAFile(t *testing.T) {
	t.Parallel()
	s := viewstest.State(t)
	s.Views = s.Views[:2]
	rows := "id,family_name,birth_date,zip,phone\n17,Zebulonius,1980-05-06,02139,617\n18,\"O, Neil\",1920-01-01,03601,\n"
	for _, x := range append(Examples(), Example{"rows.csv", rows}) {
		for i := range s.Views {
			a := s.Views[i].Automaton
			name, flags := "resource.json", map[string]string{"format": "fhir"}
			run := FHIR
			switch {
			case strings.Contains(x.Name, "XML"):
				name = "resource.xml"
			case x.Name == "rows.csv":
				name, flags = x.Name, map[string]string{"format": "csv", "table": "patients", "header": "true"}
			}
			var results []Result
			var err error
			if name == "rows.csv" {
				results, err = Row(t.Context(), s, "patients", []byte(x.Text))
			} else {
				results, err = run(t.Context(), s, []byte(x.Text))
			}
			if err != nil {
				t.Fatal(err)
			}
			var o formats.Options
			fl := pflag.NewFlagSet("test", pflag.ContinueOnError)
			o.AddFlags(fl)
			for flag, value := range flags {
				if err := fl.Set(flag, value); err != nil {
					t.Fatal(err)
				}
			}
			site := s.Site
			list, err := o.Formats(formats.Rules{Compiled: a, Site: &site})
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), name)
			if err := os.WriteFile(path, []byte(x.Text), 0o600); err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			job := &file.Job{Inputs: []string{path}, Stdout: &out, Workers: 1, Formats: list, Plan: a.Plan, Keys: a.Policy.Keys,
				Report: func(file.Problem) {}} // what is withheld
			if _, err := job.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := bytes.TrimSuffix(out.Bytes(), []byte("\n")); !bytes.Equal(got, bytes.TrimSuffix(results[i].Masked, []byte("\n"))) && !results[i].Withheld {
				t.Errorf("%s in %s: veil mask gives\n%s\nand the trial\n%s", x.Name, s.Views[i].Title(), got, results[i].Masked)
			}
		}
	}
}
