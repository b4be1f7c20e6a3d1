package discovery_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/veil-proxy/veil/discover"
	"github.com/veil-proxy/veil/discover/propose"
	"github.com/veil-proxy/veil/discover/report"
	"github.com/veil-proxy/veil/discover/words"
	"github.com/veil-proxy/veil/internal/consoletest"
	"github.com/veil-proxy/veil/internal/discovertest"
	"github.com/veil-proxy/veil/internal/views"
	"github.com/veil-proxy/veil/internal/viewstest"
	"github.com/veil-proxy/veil/proxy/console/discovery"
)

// found is what discovery finds of a labelled schema, with the values of its rows.
func found(t *testing.T) (*discovertest.Schema, discovertest.Rows, []discover.Table, []discover.Finding) {
	t.Helper()
	for _, s := range discovertest.Schemas() {
		if s.Name == "ward" {
			rows := s.Fill(150)
			tables, _ := s.Discoverable(rows)
			return &s, rows, tables, discover.Judge(tables, words.Default())
		}
	}
	t.Fatal("there is no schema ward")
	return nil, nil, nil, nil
}

func site(t *testing.T, folder string) *consoletest.Site {
	t.Helper()
	state := viewstest.State(t)
	state.Discoveries = folder
	return consoletest.New(t, discovery.Page(func() *views.State { return state }))
}

func write(t *testing.T, folder, name string, r *report.Report) {
	t.Helper()
	var b bytes.Buffer
	if err := r.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, name), b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// pre are the texts of the <pre class="masked">.
func pre(t *testing.T, body string) (out []string) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && n.Data == "pre" && n.FirstChild != nil && slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Val == "masked" }) {
			out = append(out, n.FirstChild.Data)
		}
	}
	return out
}

// TestProposal: without a decision the ruleset is that of veil discover; what an operator
// decides changes it; the checker accepts it; and the download is the same text.
func TestProposal(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	s := site(t, folder)
	schema, rows, tables, findings := found(t)
	write(t, folder, "ward.json", report.New(tables, findings))
	const id = "0:ward.json"
	_, body := s.Get(t, "/discovery")
	if !strings.Contains(body, "ward.json") {
		t.Fatal("the result is not listed")
	}
	status, body := s.Get(t, "/discovery/show?all=1&id="+url.QueryEscape(id))
	if status != http.StatusOK {
		t.Fatalf("status %d", status)
	}
	for _, f := range findings {
		if !strings.Contains(body, html.EscapeString(f.Table+"."+f.Column)) || !strings.Contains(body, html.EscapeString(f.Reasons[0])) {
			t.Errorf("%s.%s or its reason %q is not shown", f.Table, f.Column, f.Reasons[0])
		}
	}
	for _, v := range schema.Planted(rows) {
		if strings.Contains(body, v) {
			t.Errorf("the page has the value %q", v)
		}
	}
	want := propose.Ruleset("proposed", tables, findings)
	status, body = s.Post(t, "/discovery/show", url.Values{"id": {id}})
	if got := pre(t, body); status != http.StatusOK || len(got) != 1 || got[0] != want || !strings.Contains(body, "found no mistakes") {
		t.Fatalf("status %d, the proposal is %q", status, got)
	}
	number := slices.IndexFunc(findings, func(f discover.Finding) bool { return f.Class == discover.Code && !f.Unsure() })
	if number < 0 {
		t.Fatal("no column has codes")
	}
	decided := url.Values{"id": {id}, "c" + strconv.Itoa(number): {"ssn"}}
	_, body = s.Post(t, "/discovery/show", decided)
	got := pre(t, body)
	if len(got) != 1 || got[0] == want {
		t.Fatal("a decision changes nothing")
	}
	at := strings.Index(got[0], "id: ssn")
	if at < 0 || !strings.Contains(got[0][at:], "column: "+findings[number].Column+"} # 100%") {
		t.Errorf("%s is no SSN in\n%s", findings[number].Column, got[0])
	}
	status, text := s.Post(t, "/discovery/download", decided)
	if status != http.StatusOK || text != got[0] {
		t.Errorf("the download is %d %q", status, text)
	}
	if last := s.Sink.Last(); last.Operation != "download proposed ruleset" || strings.Contains(fmt.Sprintf("%+v", last), findings[number].Column) {
		t.Errorf("record %+v", last)
	}
	status, body = s.Post(t, "/discovery/show", url.Values{"id": {id}, "c0": {"emial"}})
	if status != http.StatusUnprocessableEntity || !strings.Contains(body, "did you mean &#34;email&#34;?") {
		t.Errorf("a class that does not exist: status %d", status)
	}
}

// TestBadResults: what is no result of discovery is refused in a sentence, and nothing
// outside of the folder is read.
func TestBadResults(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	outside := filepath.Join(t.TempDir(), "outside.json")
	for name, text := range map[string]string{
		filepath.Join(folder, "cut.json"):     `{"columns":[{"schema":"Zebulonius"`,
		filepath.Join(folder, "fhir.json"):    `{"things":[]}`,
		filepath.Join(folder, "class.json"):   `{"columns":[{"table":"t","column":"c","class":"Zebulonius","confidence":1}]}`,
		filepath.Join(folder, "old.json"):     `{"columns":[{"table":"t","column":"c","class":"ssn","confidence":1,"sensitive":true,"reasons":["x"]}],"unread":[]}`,
		filepath.Join(folder, "markup.json"):  `{"columns":[{"table":"<script>alert(1)</script>","column":"\u202ec","class":"ssn","confidence":1,"sensitive":true,"reasons":["<img src=x onerror=alert(1)>"]}],"unread":[]}`,
		filepath.Join(folder, "nothing.json"): ``,
		outside:                               `{"columns":[]}`,
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(outside, filepath.Join(folder, "link.json")); err != nil {
		t.Fatal(err)
	}
	s := site(t, folder)
	for id, want := range map[string]string{
		"0:cut.json": "cut off", "0:fhir.json": "neither columns", "0:class.json": "does not exist", "0:nothing.json": "cut off",
		"0:link.json": "no result", "0:../" + filepath.Base(outside): "no result", "0:none.json": "no result", "7:x.json": "no result", "x": "no result", "": "no result",
	} {
		status, body := s.Get(t, "/discovery/show?id="+url.QueryEscape(id))
		if status != http.StatusUnprocessableEntity && status != http.StatusNotFound || !strings.Contains(body, want) || strings.Contains(body, "Zebulonius") {
			t.Errorf("%q: status %d, no %q", id, status, want)
		}
	}
	status, body := s.Post(t, "/discovery/show", url.Values{"id": {"0:old.json"}})
	if status != http.StatusUnprocessableEntity || !strings.Contains(body, "run veil discover again") {
		t.Errorf("a result without tables: status %d", status)
	}
	status, body = s.Get(t, "/discovery/show?id=0:markup.json")
	if status != http.StatusOK || strings.Contains(body, "<script>alert") || strings.Contains(body, "<img src=x") || strings.Contains(body, "\u202e") {
		t.Errorf("markup in names: status %d", status)
	}
	if status, body := site(t, "").Get(t, "/discovery"); status != http.StatusOK || !strings.Contains(body, "operator.console.discoveries") {
		t.Errorf("without a folder: status %d", status)
	}
	if status, body := site(t, filepath.Join(folder, "gone")).Get(t, "/discovery"); status != http.StatusOK || !strings.Contains(body, "cannot be read") {
		t.Errorf("a folder that is gone: status %d", status)
	}
}
