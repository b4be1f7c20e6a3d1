package fhirproxy

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// What is only information in a manifest is mended or left out, and logged; what a
// file needs is wanted.
func TestManifests(t *testing.T) {
	t.Parallel()
	const file = `{"type":"Patient","url":"UP/files/1"}`
	for _, c := range []struct {
		name, manifest, time string
		files                int
		logged               bool
	}{
		{"as FHIR asks", `{"transactionTime":"2024-01-01T00:00:00+01:00","output":[` + file + `],"error":[]}`, "2023-12-31T23:00:00.000Z", 1, false},
		{"no zone", `{"transactionTime":"2024-01-01T00:00:00","output":[` + file + `]}`, "2023-12-31T10:00:00.000Z", 1, true},
		{"a space", `{"transactionTime":"2024-01-01 00:00:00.5","output":[` + file + `]}`, "2023-12-31T10:00:00.500Z", 1, true},
		{"a zone without a colon", `{"transactionTime":"2024-01-01T00:00:00+0100","output":[` + file + `]}`, "2023-12-31T23:00:00.000Z", 1, true},
		{"a day", `{"transactionTime":"2024-01-01","output":[` + file + `]}`, "2023-12-31T10:00:00.000Z", 1, true},
		{"no time", `{"transactionTime":"now","output":[` + file + `]}`, "", 1, true},
		{"a number", `{"transactionTime":1704067200,"output":[` + file + `]}`, "", 1, true},
		{"no transaction time", `{"output":[` + file + `]}`, "", 1, true},
		{"access token in words", `{"transactionTime":"2024-01-01T00:00:00Z","requiresAccessToken":"yes","request":7,"output":[` + file + `]}`, "2024-01-01T00:00:00.000Z", 1, false},
		{"a count in words", `{"transactionTime":"2024-01-01T00:00:00Z","output":[{"type":"Patient","url":"/files/1","count":"many"}]}`, "2024-01-01T00:00:00.000Z", 1, true},
		{"a count with a fraction", `{"transactionTime":"2024-01-01T00:00:00Z","output":[{"type":"Patient","url":"files/1","count":1.5}]}`, "2024-01-01T00:00:00.000Z", 1, true},
		{"null lists", `{"transactionTime":"2024-01-01T00:00:00Z","output":null,"deleted":null,"error":null}`, "2024-01-01T00:00:00.000Z", 0, false},
		{"a file without a URL", `{"transactionTime":"2024-01-01T00:00:00Z","output":[{"type":"Patient"}]}`, "", -1, false},
		{"files in no list", `{"transactionTime":"2024-01-01T00:00:00Z","output":` + file + `}`, "", -1, false},
		{"a next part elsewhere", `{"transactionTime":"2024-01-01T00:00:00Z","output":[],"link":[{"relation":"next","url":"ftp://x"}]}`, "", -1, false},
		{"no JSON", `<html>`, "", -1, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, exporting(t, func(q *http.Request) string { return c.manifest }), nil)
			got := r.get(t, r.get(t, "/$export", "Prefer", "respond-async").header.Get("Content-Location"))
			if c.files < 0 {
				got.outcome(t, 502)
				return
			}
			var m manifest
			if err := json.Unmarshal(got.body, &m); err != nil || got.status != 200 {
				t.Fatalf("%d %s", got.status, got.body)
			}
			if m.TransactionTime != c.time || len(m.Output) != c.files || strings.Contains(r.log.String(), "manifest is not valid") != c.logged {
				t.Errorf("%+v, log %s", m, r.log)
			}
		})
	}
}

// A manifest that goes on elsewhere is followed to its end.
func TestManifestsInParts(t *testing.T) {
	t.Parallel()
	r := newRig(t, exporting(t, func(q *http.Request) string {
		if q.URL.RawQuery == "part=2" {
			return `{"transactionTime":"2024-01-01T00:00:00Z","output":[{"type":"Patient","url":"/files/2"}]}`
		}
		return `{"transactionTime":"2024-01-01T00:00:00Z","output":[{"type":"Patient","url":"/files/1"}],"link":[{"relation":"next","url":"?part=2"}]}`
	}), nil)
	var m manifest
	for to, files := r.get(t, "/$export", "Prefer", "respond-async").header.Get("Content-Location"), 0; ; {
		got := r.get(t, to)
		m = manifest{}
		if err := json.Unmarshal(got.body, &m); err != nil || got.status != 200 {
			t.Fatalf("%d %s", got.status, got.body)
		}
		if files += len(m.Output); len(m.Link) == 0 {
			if files != 2 {
				t.Errorf("%d files of 2", files)
			}
			return
		}
		to = m.Link[0].URL
	}
}

// exporting is an upstream with exports whose manifests a function writes, and
// whose every file has three lines, one of them invalid and one of another type.
func exporting(t *testing.T, list func(*http.Request) string) string {
	return newHandler(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		switch {
		case strings.HasSuffix(q.URL.Path, "$export"):
			w.Header().Set("Content-Location", "http://"+q.Host+"/status")
			w.WriteHeader(202)
		case q.URL.Path == "/status":
			_, _ = io.WriteString(w, strings.ReplaceAll(list(q), "UP", "http://"+q.Host))
		default:
			w.Header().Set("Content-Type", ndjson)
			_, _ = io.WriteString(w, `{"resourceType":"Patient","id":"a","gender":"female"}`+"\n\n"+`{"resourceType":"Patient","id":"zq-1",`+"\n"+
				`{"resourceType":"Organization","id":"zq-1","active":true}`+"\n"+`{"resourceType":"Patient","id":"b","gender":"male"}`+"\n")
		}
	}))
}

// Invalid lines break a file off, unless the operator says that they may be left
// out; then log, record and metrics say so.
func TestInvalidLines(t *testing.T) {
	t.Parallel()
	up := exporting(t, func(*http.Request) string {
		return `{"transactionTime":"2024-01-01T00:00:00Z","output":[{"type":"Patient","url":"/files/1"}]}`
	})
	file := func(r *rig) string {
		return urlOf(t, r.get(t, r.get(t, "/$export", "Prefer", "respond-async").header.Get("Content-Location")))
	}
	strict := newRig(t, up, nil)
	if body, broken := strict.broken(t, file(strict)); !broken {
		t.Errorf("the file does not break off: %s", body)
	}
	lenient := newRig(t, up, func(c *Config) { c.SkipInvalidLines = true })
	got := lenient.get(t, file(lenient), "Accept", ndjson)
	if got.status != 200 || strings.Count(string(got.body), "\n") != 2 || !strings.Contains(string(got.body), "male") || strings.Contains(string(got.body), "Organization") {
		t.Errorf("%d %s", got.status, got.body)
	}
	records := lenient.sink.all()
	last := records[len(records)-1]
	if last.Result != "complete" || last.Reason != "incomplete without invalid lines" || len(last.Resources) != 1 || last.Resources[0].N != 2 {
		t.Errorf("record %+v", last)
	}
	if log := lenient.log.String(); !strings.Contains(log, `"line":3`) || !strings.Contains(log, `"line":4`) {
		t.Errorf("the log does not name the lines: %s", log)
	}
	lenient.checkClean(t)
}
