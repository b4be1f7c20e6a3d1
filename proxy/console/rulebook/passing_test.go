package rulebook_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// next is the address of the next part of a list; empty for the last one.
func next(doc *html.Node) string {
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && n.Data == "a" && attr(n, "rel") == "next" {
			return strings.TrimPrefix(attr(n, "href"), "/console")
		}
	}
	return ""
}

// TestPassing: the parts of the list have each row once, as many as the overview says, and
// a filter finds what is in it. No page is large.
func TestPassing(t *testing.T) {
	t.Parallel()
	s := site(t)
	status, body := s.Get(t, "/rulesets/show?r=safe-harbor")
	page(t, status, body)
	before, _, _ := strings.Cut(body, " of them</a>")
	digits := before[strings.LastIndex(before, ">")+1:]
	want, err := strconv.Atoi(digits)
	if err != nil || want < 500 {
		t.Fatalf("%q paths", digits)
	}
	seen := map[string]bool{}
	parts := 0
	for at := "/rulesets/passing?r=safe-harbor"; at != ""; parts++ {
		status, body = s.Get(t, at)
		doc := page(t, status, body)
		if len(body) > 100_000 {
			t.Errorf("%s has %d bytes", at, len(body))
		}
		for _, r := range rows(doc)[1:] { // below the headings
			if seen[r] {
				t.Errorf("%s is there twice", r)
			}
			seen[r] = true
		}
		at = next(doc)
	}
	if len(seen) != want || parts < 2 {
		t.Errorf("%d rows in %d parts, the overview says %d", len(seen), parts, want)
	}
	status, body = s.Get(t, "/rulesets/passing?r=safe-harbor&q=PATIENT.ACTIVE")
	if got := rows(page(t, status, body)); len(got) != 2 || !strings.HasPrefix(got[1], "Patient.active boolean") {
		t.Errorf("the filter finds %q", got)
	}
	for _, from := range []string{"-1", "999999", "x"} {
		if status, _ := s.Get(t, "/rulesets/passing?r=safe-harbor&from="+url.QueryEscape(from)); status != http.StatusOK {
			t.Errorf("from %s: status %d", from, status)
		}
	}
}
