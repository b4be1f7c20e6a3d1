package jobs

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// responses are the schemas of the document's responses, by operation, status and media
// type.
var responses = sync.OnceValues(func() (map[string]*jsonschema.Schema, error) {
	c, tree, err := compiler(openapi)
	if err != nil {
		return nil, err
	}
	out := map[string]*jsonschema.Schema{}
	escape := strings.NewReplacer("~", "~0", "/", "~1")
	for path, methods := range tree.(map[string]any)["paths"].(map[string]any) {
		for method, op := range methods.(map[string]any) {
			for status, response := range op.(map[string]any)["responses"].(map[string]any) {
				at := "#/paths/" + escape.Replace(path) + "/" + method + "/responses/" + status
				r := response.(map[string]any)
				if ref, ok := r["$ref"].(string); ok {
					at = ref
					r = tree.(map[string]any)["components"].(map[string]any)["responses"].(map[string]any)[strings.TrimPrefix(ref, "#/components/responses/")].(map[string]any)
				}
				for media := range r["content"].(map[string]any) {
					at = strings.ReplaceAll(at, "%", "%25")
					schema, err := c.Compile(documentURL + strings.NewReplacer("{", "%7B", "}", "%7D").Replace(at) + "/content/" + escape.Replace(media) + "/schema")
					if err != nil {
						return nil, err
					}
					out[strings.ToUpper(method)+" "+path+" "+status+" "+media] = schema
				}
			}
		}
	}
	return out, nil
})

// agree fails a test whose response is not as the document says.
func agree(t testing.TB, method, path string, a *answer) {
	t.Helper()
	all, err := responses()
	if err != nil {
		t.Fatal(err)
	}
	path, _, _ = strings.Cut(path, "?")
	parts := strings.Split(path, "/")
	if len(parts) > 2 && parts[1] == "jobs" {
		parts[2] = "{id}"
	}
	if methods[strings.ReplaceAll(strings.Join(parts, "/"), "{id}", "{}")] == "" || a.status == http.StatusMethodNotAllowed || method == "HEAD" {
		return // nothing that the document has
	}
	name := method + " " + Path + strings.Join(parts, "/") + " " + strconv.Itoa(a.status) + " " + a.header.Get("Content-Type")
	schema := all[name]
	if schema == nil && strings.Contains(name, "/mask 200") {
		return // any type
	}
	if schema == nil {
		t.Errorf("the document has no %s", name)
		return
	}
	if !strings.HasSuffix(name, "json") {
		return
	}
	tree, err := jsonschema.UnmarshalJSON(strings.NewReader(a.body))
	if err == nil {
		err = schema.Validate(tree)
	}
	if err != nil {
		t.Errorf("%s: %v\n%s", name, err, a.body)
	}
}

// TestDocument: every operation has a route, and every route an operation.
func TestDocument(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	served := decode[struct {
		OpenAPI string
		Paths   map[string]map[string]struct{ OperationID string }
	}](t, s.call("GET", "/openapi.json", ""))
	if served.OpenAPI != "3.1.0" {
		t.Error(served.OpenAPI)
	}
	routes := map[string]bool{}
	for _, r := range s.Routes() {
		routes[r.Pattern] = true
	}
	n := 0
	for path, methods := range served.Paths {
		for method := range methods {
			n++
			if !routes[strings.ToUpper(method)+" "+path] {
				t.Errorf("no route for %s %s", method, path)
			}
		}
	}
	if n != len(routes)-1 { // and what takes the rest
		t.Errorf("%d operations, %d routes", n, len(routes))
	}
	if names := decode[Names](t, s.call("GET", "/options", "")); len(names.Views) != 1 || len(names.Sources) != 2 || len(names.Targets) != 2 {
		t.Errorf("%+v", names)
	}
	for path, want := range map[string]int{"GET /nothing": 404, "GET /": 404, "DELETE /jobs": 405, "PUT /mask": 405, "POST /jobs/PLANTED/record": 405, "GET /jobs/PLANTED": 404, "GET /jobs/00000000000000000000000000000000/record": 404} {
		method, rest, _ := strings.Cut(path, " ")
		a := s.call(method, rest, "")
		if a.problem(t); a.status != want || strings.Contains(a.body, "PLANTED") || want == 405 && a.header.Get("Allow") == "" {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}

// TestStrangers: no operation, and not the document, is for those without credentials.
func TestStrangers(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, r := range s.Routes() {
		method, path, ok := strings.Cut(r.Pattern, " ")
		if !ok {
			method, path = "GET", r.Pattern
		}
		req, err := http.NewRequestWithContext(t.Context(), method, strings.TrimSuffix(s.url, Path)+strings.ReplaceAll(path, "{id}", "1"), strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != http.StatusUnauthorized || resp.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %s", r.Pattern, resp.StatusCode, text)
		}
	}
}

// FuzzOrder: whatever is sent, an order is read or refused with a problem that has nothing
// of the request in it.
func FuzzOrder(f *testing.F) {
	for _, seed := range []string{order, exportOrder, `{"kind":"discover","upstream":"fhir"}`, `{"kind":1}`, `[]`, "{", `{"kind":"mask","view":"` + strings.Repeat("x", 200) + `"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		spec, p := read().parse(body)
		switch {
		case p == nil:
			again, err := json.Marshal(spec)
			if err != nil {
				t.Fatal(err)
			}
			if _, p := read().parse(again); p != nil {
				t.Errorf("%s was read as %s, which is refused: %v", body, again, p)
			}
		case p.Status != 400 && p.Status != 422 || p.Detail == "" || len(p.Detail) > 300:
			t.Errorf("%+v", p)
		}
	})
}
