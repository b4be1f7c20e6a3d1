package serve

import (
	"slices"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/proxy/console/auditlog"
	"github.com/veil-proxy/veil/proxy/console/reports"
)

// TestViewersPages: a viewer changes nothing and masks nothing: nothing that masks what
// somebody typed is for viewers, and of the forms only those that verify.
func TestViewersPages(t *testing.T) {
	t.Parallel()
	s := &Server{auditPages: &auditlog.Pages{}, reports: &reports.Pages{}}
	var forms, pages []string
	for _, p := range s.pages() {
		for _, route := range p.Routes {
			if !route.Viewer {
				continue
			}
			method, path, _ := strings.Cut(route.Pattern, " ")
			if method == "POST" {
				forms = append(forms, path)
			}
			if p.Path == "/try" || p.Path == "/jobs" || strings.HasPrefix(path, "/rulesets/draft") || path == "/rulesets/test" {
				t.Errorf("%s is for viewers", route.Pattern)
			}
			if !slices.Contains(pages, p.Path) {
				pages = append(pages, p.Path)
			}
		}
	}
	if want := []string{"/audit/verify", "/evidence/verify"}; !slices.Equal(forms, want) {
		t.Errorf("the forms of viewers are %q", forms)
	}
	if want := []string{"/", "/audit", "/evidence", "/rulesets", "/discovery", "/keys"}; !slices.Equal(pages, want) {
		t.Errorf("the pages of viewers are %q", pages)
	}
}
