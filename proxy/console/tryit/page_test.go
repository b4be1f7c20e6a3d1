package tryit_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/veil-proxy/veil/internal/consoletest"
	"github.com/veil-proxy/veil/internal/trial"
	"github.com/veil-proxy/veil/internal/views"
	"github.com/veil-proxy/veil/internal/viewstest"
	"github.com/veil-proxy/veil/proxy/console/tryit"
)

func site(t *testing.T) (*consoletest.Site, *views.State) {
	t.Helper()
	state := viewstest.State(t)
	return consoletest.New(t, tryit.Page(func() *views.State { return state })), state
}

// texts are the texts of the elements of a name and, if it is not empty, a class.
func texts(t *testing.T, body, element, class string) (out []string) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode || n.Data != element {
			continue
		}
		has := class == ""
		for _, a := range n.Attr {
			has = has || a.Key == "class" && a.Val == class
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
				t.Errorf("<%s %s>", n.Data, a.Key)
			}
		}
		if !has {
			continue
		}
		var b strings.Builder
		for d := range n.Descendants() {
			if d.Type == html.TextNode {
				b.WriteString(d.Data)
			}
		}
		out = append(out, b.String())
	}
	return out
}

const planted = "ZebuloniusQuartzington"

// TestEachViewSideBySide: the page shows the very bytes that each view makes.
func TestEachViewSideBySide(t *testing.T) {
	t.Parallel()
	s, state := site(t)
	for _, example := range []string{"Patient", "Patient in XML", "Bundle"} {
		status, body := s.Get(t, "/try?"+url.Values{"example": {example}}.Encode())
		areas := texts(t, body, "textarea", "")
		if status != http.StatusOK || len(areas) != 1 || len(areas[0]) < 100 {
			t.Fatalf("%s: status %d, %d areas", example, status, len(areas))
		}
		want, err := trial.FHIR(t.Context(), state, []byte(areas[0]))
		if err != nil {
			t.Fatal(err)
		}
		status, body = s.Post(t, "/try", url.Values{"text": {strings.ReplaceAll(areas[0], "\n", "\r\n")}})
		got := texts(t, body, "pre", "masked")
		if status != http.StatusOK || len(got) != len(want) {
			t.Fatalf("%s: status %d, %d results", example, status, len(got))
		}
		for i := range got {
			if got[i] != string(want[i].Masked) {
				t.Errorf("%s in %s: %q, want %q", example, want[i].View.Title(), got[i], want[i].Masked)
			}
		}
		if got[0] == got[1] {
			t.Errorf("%s: two projects mask alike", example)
		}
		if !strings.Contains(body, "164.514(b)(2)(i)(A)") || !strings.Contains(body, "birth-dates") {
			t.Errorf("%s: no reasons", example)
		}
	}
}

// TestNothingIsStored: of a text that is tried there is nothing in records, log lines,
// later pages and files; records have the size, the ruleset and the key.
func TestNothingIsStored(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	s, state := site(t)
	files := openFiles(t)
	patient := `{"resourceType":"Patient","name":[{"family":"` + planted + `"}]}`
	for _, x := range []struct {
		path, operation string
		form            url.Values
		size            int
	}{
		{"/try", "try FHIR", url.Values{"text": {patient}}, len(patient)},
		{"/try", "try FHIR", url.Values{"text": {patient[:len(patient)-5]}}, len(patient) - 5},
		{"/try/row", "try row", url.Values{"table": {"patients"}, "text": {`{"family_name":"` + planted + `"}`}}, len(planted) + 18},
		{"/try/row", "try row", url.Values{"table": {"nowhere"}, "text": {"a,b\n" + planted + ",1\n"}}, len(planted) + 7},
		{"/try/sql", "try SQL", url.Values{"text": {"select id from patients where zip = '" + planted + "'"}}, len(planted) + 38},
		{"/try/sql", "try SQL", url.Values{"text": {"selct '" + planted}, "schema": {planted}}, 2*len(planted) + 7},
	} {
		before := s.Sink.Len()
		status, body := s.Post(t, x.path, x.form)
		if status != http.StatusOK && status != http.StatusUnprocessableEntity {
			t.Errorf("%s: status %d", x.path, status)
		}
		for _, masked := range texts(t, body, "pre", "masked") {
			if strings.Contains(masked, planted) {
				t.Errorf("%s shows the original masked as %s", x.path, masked)
			}
		}
		for _, notice := range append(texts(t, body, "p", "notice bad"), texts(t, body, "td", "")...) {
			if strings.Contains(notice, planted) {
				t.Errorf("%s: a message has a value: %s", x.path, notice)
			}
		}
		if n := s.Sink.Len() - before; n != len(state.Views) {
			t.Errorf("%s: %d records, want one a view", x.path, n)
		}
		last := s.Sink.Last()
		if last.Operation != x.operation || last.Consumer != consoletest.Name || len(last.RulesetSHA256) != 64 || last.KeyFingerprint == "" ||
			len(last.Resources) != 1 || last.Resources[0].N != uint64(x.size) { //nolint:gosec // a length
			t.Errorf("%s: record %+v, want %d bytes", x.path, last, x.size)
		}
		if strings.Contains(fmt.Sprintf("%+v", last), planted) {
			t.Errorf("%s: the record has a value: %+v", x.path, last)
		}
	}
	for _, path := range []string{"/try", "/try/row", "/try/sql"} {
		if _, body := s.Get(t, path); strings.Contains(body, planted) {
			t.Errorf("a later page %s has the value", path)
		}
	}
	if strings.Contains(s.Log.String(), planted) {
		t.Errorf("the log has the value: %s", s.Log)
	}
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		t.Errorf("temporary files are left: %v %v", left, err)
	}
	for name := range openFiles(t) {
		if !files[name] {
			t.Errorf("a file was opened: %s", name)
		}
	}
}

// openFiles are the regular files that the process has open, deleted ones too.
func openFiles(t *testing.T) map[string]bool {
	t.Helper()
	links, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for _, link := range links {
		if info, err := os.Stat(link); err == nil && info.Mode().IsRegular() {
			name, _ := os.Readlink(link)
			out[name] = true
		}
	}
	return out
}

// TestHostileText: whatever is pasted is text in the page, and bounded.
func TestHostileText(t *testing.T) {
	t.Parallel()
	s, _ := site(t)
	for name, text := range map[string]string{
		"markup":        `{"resourceType":"Patient","active":true,"gender":"</pre><script>alert(1)</script>"}`,
		"kept markup":   `{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"</pre><script>alert(1)</script>"}]}}`,
		"right to left": "{\"resourceType\":\"Patient\",\"id\":\"\u202e\u2066x\"}",
		"a huge line":   `{"resourceType":"Patient","language":"` + strings.Repeat("x", 900_000) + `"}`,
		"bytes":         "{\"resourceType\":\"Patient\",\"language\":\"\xff\xfe\"}",
		"deep":          strings.Repeat(`{"a":`, 100_000),
		"nothing":       "",
		"nul":           "{\"resourceType\":\"Patient\",\"language\":\"\x00\"}",
	} {
		for _, path := range []string{"/try", "/try/row", "/try/sql"} {
			status, body := s.Post(t, path, url.Values{"text": {text}, "table": {`"><script>alert(1)</script>`}, "schema": {""}})
			if status != http.StatusOK && status != http.StatusUnprocessableEntity {
				t.Errorf("%s at %s: status %d", name, path, status)
			}
			if len(body) > 8<<20 {
				t.Errorf("%s at %s: a page of %d bytes", name, path, len(body))
			}
			for _, script := range texts(t, body, "script", "") {
				if script != "" {
					t.Errorf("%s at %s: a script of the text is in the page", name, path)
				}
			}
		}
	}
	if status, _ := s.Post(t, "/try", url.Values{"text": {strings.Repeat("x", trial.MostBytes+1)}}); status != http.StatusRequestEntityTooLarge {
		t.Errorf("too large: status %d", status)
	}
}

// TestSQLPage: what is refused is told with reason, hint and place; over definitions that
// were pasted, too.
func TestSQLPage(t *testing.T) {
	t.Parallel()
	s, _ := site(t)
	_, body := s.Post(t, "/try/sql", url.Values{"text": {"select family_name\nfrom patients where family_name like 'A%'"}})
	refused := strings.Join(texts(t, body, "p", "notice bad"), "\n")
	if !strings.Contains(refused, "Refused") || !strings.Contains(body, "Hint:") {
		t.Errorf("no refusal with a hint: %s", refused)
	}
	_, body = s.Post(t, "/try/sql", url.Values{"text": {"select id, ward from visits"}, "schema": {"create table visits (id bigint, ward text)"}})
	if got := texts(t, body, "td", ""); len(got) < 4 || got[0] != "keyed" || !strings.Contains(body, "allowed") {
		t.Errorf("columns: %q", got)
	}
	status, body := s.Post(t, "/try/sql", url.Values{"text": {"select 1"}, "schema": {"create table a (\nb mood)"}})
	if status != http.StatusUnprocessableEntity || !strings.Contains(body, "its type is not built in") {
		t.Errorf("a type: status %d", status)
	}
}
