package discovery_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/discover/fhirsource"
	"github.com/veil-proxy/veil/internal/consoletest"
	"github.com/veil-proxy/veil/internal/views"
	"github.com/veil-proxy/veil/internal/viewstest"
	"github.com/veil-proxy/veil/proxy/console/discovery"
)

const planted = "Zqmarkervalue"

// resourcesFound is what discovery finds in resources of a site: codes of its own that repeat,
// others that do not, a profile and an extension, and a value in each.
func resourcesFound(t *testing.T) *fhirsource.Report {
	t.Helper()
	state := viewstest.State(t)
	a, err := state.Library.Public("safe-harbor")
	if err != nil {
		t.Fatal(err)
	}
	scan := fhirsource.NewScan(a)
	for i := range 40 {
		resource := fmt.Sprintf(`{"resourceType":"Observation","id":"%s%d","status":"final","meta":{"profile":["https://site.example/fhir/StructureDefinition/lab"]},
			"extension":[{"url":"https://site.example/fhir/StructureDefinition/ward","valueString":%q}],
			"code":{"coding":[{"system":"https://site.example/codes/lab","code":"L%d","display":%q},{"system":"https://site.example/codes/case","code":"%d"}]}}`, planted, i, planted, i%4, planted, 100000+i)
		if err := scan.Add([]byte(resource)); err != nil {
			t.Fatal(err)
		}
	}
	return scan.Report()
}

// TestResources: without a decision the overlay is that of veil discover fhir; decisions
// change it, the checker says what it makes of them, and the download is the same text.
func TestResources(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	found := resourcesFound(t)
	text, err := json.Marshal(found)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "resources.json"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	s := site(t, folder)
	const id = "0:resources.json"
	status, body := s.Get(t, "/discovery/show?id="+url.QueryEscape(id))
	for _, want := range []string{"https://site.example/codes/lab", "https://site.example/codes/case", "StructureDefinition/ward", "StructureDefinition/lab", "Observation", `name="s0"`} {
		if status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("status %d, no %s", status, want)
		}
	}
	var want strings.Builder
	if err := found.WriteOverlay(&want, "proposed"); err != nil {
		t.Fatal(err)
	}
	status, body = s.Post(t, "/discovery/show", url.Values{"id": {id}})
	if got := pre(t, body); status != http.StatusOK || len(got) != 1 || got[0] != want.String() || !strings.Contains(body, "found no mistakes") || !strings.Contains(got[0], "codes/lab") || !strings.Contains(got[0], "canonicals:") {
		t.Errorf("status %d, the proposal is %q instead of %q", status, got, want.String())
	}
	if strings.Contains(body, planted) {
		t.Error("the page has a value")
	}
	// The systems are in the order of the report: both have 40 codings.
	lab := 0
	if found.CodeSystems[0].Name != "https://site.example/codes/lab" {
		lab = 1
	}
	decided := url.Values{"id": {id}, "decided": {"1"}, fmt.Sprintf("s%d", 1-lab): {"1"}, fmt.Sprintf("ps%d", 1-lab): {"[0-9]{6}"}, "e0": {"1"}}
	status, body = s.Post(t, "/discovery/show", decided)
	got := pre(t, body)
	if status != http.StatusOK || len(got) != 1 || !strings.Contains(body, "found no mistakes") {
		t.Fatalf("status %d: %q", status, got)
	}
	for _, part := range []string{`system: "https://site.example/codes/case", form: pattern, pattern: "[0-9]{6}"`, "#   code system https://site.example/codes/lab", `match: "extension('https://site.example/fhir/StructureDefinition/ward')", method: descend`} {
		if !strings.Contains(got[0], part) {
			t.Errorf("no %s in\n%s", part, got[0])
		}
	}
	if strings.Contains(got[0], "canonicals:") {
		t.Error("a profile passes that was not marked")
	}
	if status, text := s.Post(t, "/discovery/download", decided); status != http.StatusOK || text != got[0] {
		t.Errorf("the download is %d %q", status, text)
	}
	decided.Set(fmt.Sprintf("ps%d", 1-lab), "[0-9")
	if status, body = s.Post(t, "/discovery/show", decided); status != http.StatusOK || !strings.Contains(body, "The checker found mistakes") {
		t.Errorf("a pattern that is none: status %d", status)
	}

	state := viewstest.State(t)
	state.Discoveries = folder
	viewer := consoletest.NewViewer(t, discovery.Page(func() *views.State { return state }))
	if status, body := viewer.Get(t, "/discovery/show?id="+url.QueryEscape(id)); status != http.StatusOK || !strings.Contains(body, "codes/lab") || strings.Contains(body, `name="s0"`) {
		t.Errorf("a viewer: status %d", status)
	}
	if status, _ := viewer.Post(t, "/discovery/show", decided); status != http.StatusForbidden {
		t.Errorf("the form of a viewer: status %d", status)
	}
}

// TestHostileResources: a result whose names are none of definitions is refused whole: they
// would stand in a ruleset.
func TestHostileResources(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	bad := map[string]string{
		"line":   `{"types":[],"extensions":[{"name":"https://x/StructureDefinition/a\n  rules: []","count":1}]}`,
		"quote":  `{"types":[],"extensions":[{"name":"https://x/a') or ('","count":1}]}`,
		"markup": `{"types":[],"codeSystems":[{"name":"<script>alert(1)</script>","count":1}]}`,
		"count":  `{"types":[{"name":"Patient","count":-1}]}`,
		"shape":  `{"types":{"name":"Patient"}}`,
	}
	for name, text := range bad {
		if err := os.WriteFile(filepath.Join(folder, name+".json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := site(t, folder)
	for name := range bad {
		if status, body := s.Get(t, "/discovery/show?id=0:"+name+".json"); status != http.StatusUnprocessableEntity || strings.Contains(body, "alert(1)") {
			t.Errorf("%s: status %d", name, status)
		}
	}
}
