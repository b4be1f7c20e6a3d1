package fhirattack

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/selftest"
)

// filter is a proxy as one writes it in an afternoon: it takes the identifying elements
// out of patients in JSON, at their top, and passes everything else.
func filter(t *testing.T, base string) string {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	strip := func(resource map[string]any) {
		if resource["resourceType"] == "Patient" {
			for _, name := range []string{"name", "identifier", "telecom", "address", "birthDate", "photo", "contact", "text"} {
				delete(resource, name)
			}
		}
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = u.Scheme, u.Host, u.Host
			r.Out.Header.Del("Accept-Encoding")
		},
		ModifyResponse: func(resp *http.Response) error {
			text, err := io.ReadAll(resp.Body)
			if err != nil {
				return err
			}
			var resource map[string]any
			if json.Unmarshal(text, &resource) == nil {
				strip(resource)
				entries, _ := resource["entry"].([]any)
				for _, e := range entries {
					if inner, ok := e.(map[string]any)["resource"].(map[string]any); ok {
						strip(inner)
					}
				}
				if text, err = json.Marshal(resource); err != nil {
					return err
				}
			}
			resp.Body = io.NopCloser(bytes.NewReader(text))
			resp.ContentLength = int64(len(text))
			resp.Header.Set("Content-Length", strconv.Itoa(len(text)))
			return nil
		},
	}
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	return server.URL + u.Path
}

// TestFilteringProxy compares a proxy that filters elements with Veil before the same
// server. With -v it prints the table of docs/selftest.md.
func TestFilteringProxy(t *testing.T) {
	t.Parallel()
	p, base := source(t)
	reports := []*selftest.Report{attack(t, base, known(p)), attack(t, filter(t, base), known(p)), attack(t, serve(t, base), known(p))}
	if reports[1].Grade != "F" {
		t.Errorf("grade %s of a filter", reports[1].Grade)
	}
	for _, p := range reports[2].Failed() {
		t.Errorf("Veil: %s %s: %s", p.ID, p.Of, p.Seen)
	}
	var b strings.Builder
	total := [4]int{}
	for _, k := range reports[0].Kinds {
		if k.Kind == "controls" || k.Kind == "transport" {
			continue
		}
		row := [4]int{}
		for i, r := range reports {
			seen := map[string]bool{} // whether it found something
			for _, p := range r.Probes {
				if p.Kind == k.Kind {
					seen[p.ID] = seen[p.ID] || p.Outcome == selftest.Fail
				}
			}
			row[0] = len(seen)
			for _, found := range seen {
				if found {
					row[1+i]++
				}
			}
		}
		for i := range total {
			total[i] += row[i]
		}
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d |\n", k.Kind, row[0], row[1], row[2], row[3])
	}
	if total[2] < 20 {
		t.Errorf("only %d attacks find something at a filter", total[2])
	}
	t.Logf("\n| attacks | all | nothing masked | a filter | Veil |\n|---|---|---|---|---|\n%s| all | %d | %d | %d | %d |", b.String(), total[0], total[1], total[2], total[3])
}
