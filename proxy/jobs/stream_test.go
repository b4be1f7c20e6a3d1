package jobs

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/veiltest"
)

// stream sends a body in parts and returns the response while they are sent.
func (s *site) stream(query string, in io.Reader, header ...string) *http.Response {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), "POST", s.url+"/mask?"+query, in)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("X-API-Key", s.key)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { resp.Body.Close() })
	return resp
}

// TestStream: a body is masked in each format that can stream, as a file of it is.
func TestStream(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for name, tc := range map[string]struct{ query, media, in, want string }{
		"csv":     {"&format=csv&name=visits", "text/csv", "id,x\nPLANTEDONE,1\n", ",1\n"},
		"ndjson":  {"", "application/fhir+ndjson", `{"resourceType":"Patient","id":"PLANTEDONE","gender":"male"}` + "\n", `"gender":"male"`},
		"bundle":  {"", "application/fhir+json", `{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","id":"PLANTEDONE","gender":"male"}}]}`, `"gender":"male"`},
		"xml":     {"", "application/fhir+xml", `<Patient xmlns="http://hl7.org/fhir"><id value="PLANTEDONE"/><gender value="male"/></Patient>`, `<gender value="male"/>`},
		"unknown": {"&format=csv", "text/PLANTED", "id,x\nPLANTEDONE,1\n", ",1\n"},
	} {
		resp := s.stream("view=research"+tc.query, strings.NewReader(tc.in), "Content-Type", tc.media)
		text, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(string(text), tc.want) || strings.Contains(string(text)+fmt.Sprint(resp.Header), "PLANTED") {
			t.Errorf("%s: %d %s %v", name, resp.StatusCode, text, err)
		}
		if got := resp.Header.Get("Content-Type"); got != tc.media && name != "unknown" {
			t.Errorf("%s: %s", name, got)
		}
		if r := s.sink.Last(); r.Operation != "mask body" || r.Result != "complete" || r.Consumer != "ops" {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// TestStreamArrives: what is masked arrives while the rest of the body is still to come.
func TestStreamArrives(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	in, send := io.Pipe()
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		_, _ = io.WriteString(send, "id,x\n")
		for range 200_000 {
			if _, err := io.WriteString(send, "PLANTEDONE,some text that fills the row\n"); err != nil {
				return
			}
		}
	}()
	resp := s.stream("view=research&format=csv", in)
	first := make([]byte, 1<<20)
	if _, err := io.ReadFull(resp.Body, first); err != nil || strings.Contains(string(first), "PLANTED") {
		t.Fatal(err)
	}
	go func() { <-sent; _ = send.Close() }()
	n, err := io.Copy(io.Discard, resp.Body)
	if err != nil || n < 1<<20 {
		t.Errorf("%d bytes: %v", n, err)
	}
}

// TestStreamCut: a body that cannot be masked to its end has a record of that, and no end.
func TestStreamCut(t *testing.T) {
	t.Parallel()
	good := `{"resourceType":"Patient","id":"PLANTEDONE","gender":"male"}` + "\n"
	for name, tc := range map[string]struct {
		query  string
		in     io.Reader
		status int
		cut    bool
		detail string
	}{
		"a bad first line":         {"", strings.NewReader(`{"resourceType":"Patient","id":PLANTED}` + "\n" + good), 422, false, "body:1:"},
		"a bad line far behind":    {"", strings.NewReader(strings.Repeat(good, 50_000) + "{PLANTED}\n" + strings.Repeat(good, 50_000)), 200, true, ""},
		"a bad line to be skipped": {"&invalid=skip", strings.NewReader(strings.Repeat(good, 50_000) + "{PLANTED}\n" + good), 200, false, ""},
		"an array that is cut":     {"&format=json&name=visits", strings.NewReader(`[{"id":"PLANTEDONE"},`), 422, false, ""},
		"nothing":                  {"", strings.NewReader(""), 422, false, "body: the file is empty"},
		"Parquet":                  {"", strings.NewReader("PAR1PLANTED"), 422, false, "Parquet cannot be masked as a stream"},
		"another view":             {"&view=PLANTED", strings.NewReader(good), 400, false, "view: the parameter is given twice"},
		"a client that goes":       {"", io.MultiReader(strings.NewReader(strings.Repeat(good, 100_000)), failing{}), 200, true, ""},
	} {
		s := newSite(t)
		req, err := http.NewRequestWithContext(t.Context(), "POST", s.url+"/mask?view=research"+tc.query, tc.in)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-API-Key", s.key)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			if name != "a client that goes" {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != tc.status || (err != nil) != tc.cut || strings.Contains(string(text), "PLANTED") || !strings.Contains(string(text), tc.detail) {
			t.Errorf("%s: %d, %d bytes, %v: %.300s", name, resp.StatusCode, len(text), err, text)
		}
		if !tc.cut {
			continue
		}
		veiltest.Until(t, "there is a record of the end", func() bool {
			r := s.sink.Last()
			return r != nil && r.Operation == "mask body"
		})
		if r := s.sink.Last(); r.Result != "failed" || r.Reason == "" {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// failing is a body that breaks.
type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("the client's disk is gone") }

// TestStreamUnrecorded: without a record the last bytes are not sent.
func TestStreamUnrecorded(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.sink.Fail(errors.New("disk full"))
	resp := s.stream("view=research&format=csv", strings.NewReader("id,x\nPLANTEDONE,1\n"))
	text, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != http.StatusServiceUnavailable && resp.StatusCode != http.StatusUnprocessableEntity || strings.Contains(string(text), "id,x") {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
}
