package rulebook_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/veil-proxy/veil/internal/consoletest"
	"github.com/veil-proxy/veil/internal/views"
	"github.com/veil-proxy/veil/internal/viewstest"
	"github.com/veil-proxy/veil/proxy/console"
	"github.com/veil-proxy/veil/proxy/console/rulebook"
)

func site(t *testing.T) *consoletest.Site {
	t.Helper()
	state := viewstest.State(t)
	return consoletest.New(t, rulebook.Page(func() *views.State { return state }))
}

// page parses a page, which must have one heading and no script or style of its own.
func page(t *testing.T, status int, body string) *html.Node {
	t.Helper()
	if status != http.StatusOK {
		t.Fatalf("status %d\n%s", status, body)
	}
	doc, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	headings := 0
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch {
		case n.Data == "h1":
			headings++
		case n.Data == "style", n.Data == "script" && attr(n, "src") == "":
			t.Errorf("<%s> in the page", n.Data)
		}
		for _, a := range n.Attr {
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
				t.Errorf("<%s %s>", n.Data, a.Key)
			}
		}
	}
	if headings != 1 {
		t.Errorf("%d headings", headings)
	}
	return doc
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data + " ")
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// rows are the rows of all tables, as text.
func rows(doc *html.Node) (out []string) {
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && n.Data == "tr" {
			out = append(out, text(n))
		}
	}
	return out
}

// row finds the row that begins with a text.
func row(t *testing.T, doc *html.Node, begins string) string {
	t.Helper()
	for _, r := range rows(doc) {
		if strings.HasPrefix(r, begins) {
			return r
		}
	}
	t.Errorf("no row begins with %q", begins)
	return ""
}

// TestPagesByLinks walks every link below /rulesets from the list, as one without scripts
// does, up to a number of pages: none is broken.
func TestPagesByLinks(t *testing.T) {
	t.Parallel()
	s := site(t)
	next, seen := []string{"/rulesets"}, map[string]bool{}
	kinds := map[string]int{}
	for len(next) > 0 && len(seen) < 80 {
		path := next[0]
		next = next[1:]
		kind, _, _ := strings.Cut(path, "?")
		if seen[path] || kinds[kind] >= 14 || strings.Contains(path, "/download") {
			continue
		}
		seen[path] = true
		kinds[kind]++
		status, body := s.Get(t, path)
		for n := range page(t, status, body).Descendants() {
			if n.Type == html.ElementNode && n.Data == "a" {
				href, _, _ := strings.Cut(attr(n, "href"), "#")
				if below, ok := strings.CutPrefix(href, console.Path); ok && strings.HasPrefix(below, "/rulesets") {
					next = append(next, below)
				}
			}
		}
	}
	for _, kind := range []string{"/rulesets", "/rulesets/show", "/rulesets/elements", "/rulesets/tables", "/rulesets/text", "/rulesets/compare", "/rulesets/draft"} {
		if kinds[kind] == 0 {
			t.Errorf("no link leads to %s", kind)
		}
	}
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	s := site(t)
	status, body := s.Get(t, "/rulesets/elements?r=view%3A&type=Patient")
	doc := page(t, status, body)
	for begins, want := range map[string]string{
		"birthDate date date": "45 CFR 164.514(b)(2)(i)(C)", "name HumanName remove": "rule names", "active boolean keep": "keep-booleans", "id string pseudonym": "safe-harbor.yaml:",
	} {
		if got := row(t, doc, begins); !strings.Contains(strings.ToLower(got), strings.ToLower(want)) {
			t.Errorf("%s: no %q in %s", begins, want, got)
		}
	}
	status, body = s.Get(t, "/rulesets/elements?r=safe-harbor&q=birthdate")
	row(t, page(t, status, body), "Patient.birthDate date")
	status, body = s.Get(t, "/rulesets/tables?r=view%3A")
	doc = page(t, status, body)
	for begins, want := range map[string]string{
		"public.patients id pseudonym keyed": "keys join", "public.patients birth_date date": "the year of birth remains", "public.patients phone hidden": "(D)",
		"public.visits ward keep": "ward", "public.visits started date": "(C)",
	} {
		if got := row(t, doc, begins); !strings.Contains(got, want) {
			t.Errorf("%s: no %q in %s", begins, want, got)
		}
	}
	status, body = s.Get(t, "/rulesets/show?r=view%3A")
	if got := row(t, page(t, status, body), "(C) Dates and ages"); !strings.Contains(got, "birth-dates") || !strings.Contains(got, "started") {
		t.Errorf("category C: %s", got)
	}
	status, body = s.Get(t, "/rulesets/compare?a=safe-harbor&b=research")
	doc = page(t, status, body)
	if all := text(doc); !strings.Contains(all, "Account.identifier (Identifier)") || len(rows(doc)) < 100 {
		t.Error("what differs is not in the comparison")
	}
	for _, bad := range []string{"/rulesets/show?r=nothing", "/rulesets/show?r=view%3Anothing", "/rulesets/elements?r=safe-harbor&type=Patiant", "/rulesets/elements?r=safe-harbor&type=Patient&at=x"} {
		if status, _ := s.Get(t, bad); status != http.StatusNotFound {
			t.Errorf("%s: status %d", bad, status)
		}
	}
}

// TestDraft: the checker's messages stand beside their lines, whatever is in the draft.
func TestDraft(t *testing.T) {
	t.Parallel()
	s := site(t)
	draft := "veil: 1\nname: mine\nextends: safe-harbor\nfhir:\n  rules:\n    - {id: sex, match: Patient.gender, method: remov}\n"
	status, body := s.Post(t, "/rulesets/draft", url.Values{"text": {strings.ReplaceAll(draft, "\n", "\r\n")}})
	if status != http.StatusUnprocessableEntity {
		t.Fatalf("status %d", status)
	}
	if got := row(t, page(t, http.StatusOK, body), "6 "); !strings.Contains(got, `unknown method "remov"`) || !strings.Contains(got, `did you mean "remove"?`) {
		t.Errorf("line 6: %s", got)
	}
	good := strings.Replace(draft, "remov}", "remove}", 1)
	tests := "veil: 1\nruleset: draft\ntests:\n  - name: sex goes\n    rules: [sex]\n    input: '{\"resourceType\":\"Patient\",\"active\":true,\"gender\":\"male\"}'\n    output: '{\"resourceType\":\"Patient\",\"active\":true}'\n"
	status, body = s.Post(t, "/rulesets/draft", url.Values{"text": {good}, "tests": {tests}, "against": {"safe-harbor"}})
	doc := page(t, status, body)
	for _, want := range []string{"No mistakes", "All 1 tests passed", "Patient.gender"} {
		if !strings.Contains(text(doc), want) {
			t.Errorf("no %q in the page", want)
		}
	}
	status, body = s.Post(t, "/rulesets/draft", url.Values{"text": {good}, "tests": {strings.Replace(tests, `"active":true}'`, `"active":false}'`, 1)}})
	if !strings.Contains(text(page(t, status, body)), "of 1 tests failed") {
		t.Error("a test that fails is not shown")
	}
	status, body = s.Post(t, "/rulesets/draft/download", url.Values{"text": {good}})
	if status != http.StatusOK || body != good {
		t.Errorf("downloaded: %d %q", status, body)
	}
	if got := s.Sink.Last(); got.Operation != "download ruleset draft" || got.Consumer != consoletest.Name {
		t.Errorf("record: %+v", got)
	}
}

// TestHostileDraft: what is in a draft is text, and what is shown of it is bounded.
func TestHostileDraft(t *testing.T) {
	t.Parallel()
	s := site(t)
	for name, draft := range map[string]string{
		"markup":         "veil: 1\nname: <script>alert(1)</script>\n\"><img src=x onerror=alert(1)>: 1\n",
		"right to left":  "veil: 1\nname: \u202egnp.\u2066x\n",
		"a long line":    "veil: 1\nname: " + strings.Repeat("x", 300_000) + "\n",
		"many mistakes":  "veil: 1\nname: a\n" + strings.Repeat("y: 1\n", 20_000),
		"deep":           strings.Repeat("[", 20_000),
		"aliases":        "a: &a [1,1]\nb: &b [*a,*a]\nc: &c [*b,*b]\n",
		"a path":         "veil: 1\nname: a\nextends: ../../../etc/passwd\n",
		"nothing":        "",
		"control":        "veil: 1\nname: \x01\x1b[31m\n",
		"another's file": "veil: 1\nname: a\nextends: [/etc/shadow]\n",
	} {
		t.Run(name, func(t *testing.T) {
			status, body := s.Post(t, "/rulesets/draft", url.Values{"text": {draft}})
			if status != http.StatusUnprocessableEntity {
				t.Fatalf("status %d", status)
			}
			if len(body) > 3*len(draft)+300_000 {
				t.Errorf("a page of %d bytes for a draft of %d", len(body), len(draft))
			}
			for n := range page(t, http.StatusOK, body).Descendants() {
				if n.Type == html.ElementNode && (n.Data == "img" && attr(n, "src") == "x" || n.Data == "script" && strings.Contains(text(n), "alert")) {
					t.Errorf("markup of the draft is in the page: <%s>", n.Data)
				}
			}
			if strings.Contains(body, "root:") {
				t.Error("a file is in the page")
			}
		})
	}
	if status, _ := s.Post(t, "/rulesets/draft", url.Values{"text": {"\xff\xfe"}}); status != http.StatusBadRequest {
		t.Errorf("bytes that are no text: %d", status)
	}
	if status, _ := s.Post(t, "/rulesets/draft", url.Values{"text": {strings.Repeat("x", 1<<20+1)}}); status != http.StatusRequestEntityTooLarge {
		t.Errorf("too large: %d", status)
	}
}

// TestDraftStaysInItsPage: a value in a draft is in no record and no log line.
func TestDraftStaysInItsPage(t *testing.T) {
	t.Parallel()
	s := site(t)
	const planted = "ZebuloniusQuartzington"
	status, body := s.Post(t, "/rulesets/draft", url.Values{"text": {"veil: 1\nname: x\nextends: safe-harbor\n# " + planted + "\n"}, "tests": {planted}})
	if status != http.StatusOK || !strings.Contains(body, planted) {
		t.Fatalf("status %d", status)
	}
	if kept := fmt.Sprintf("%+v", s.Sink.Last()) + s.Log.String(); strings.Contains(kept, planted) {
		t.Errorf("the draft is in %s", kept)
	}
	if status, body := s.Get(t, "/rulesets/draft"); status != http.StatusOK || strings.Contains(body, planted) {
		t.Error("the draft is in the next page")
	}
}

// TestShippedTests runs the tests of a shipped ruleset from its page.
func TestShippedTests(t *testing.T) {
	t.Parallel()
	s := site(t)
	status, body := s.Post(t, "/rulesets/test", url.Values{"r": {"safe-harbor"}})
	if !strings.Contains(text(page(t, status, body)), "tests passed") {
		t.Error("the tests of safe-harbor did not pass")
	}
	status, body = s.Get(t, "/rulesets/download?r=safe-harbor")
	if status != http.StatusOK || !strings.HasPrefix(body, "#") && !strings.HasPrefix(body, "veil:") {
		t.Errorf("downloaded: %d %.80q", status, body)
	}
	if got := s.Sink.Last(); got.Operation != "download ruleset" {
		t.Errorf("record: %+v", got)
	}
}
