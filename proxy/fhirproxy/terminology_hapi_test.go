package fhirproxy

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/hapitest"
)

// TestRealTerminology holds that what Veil says of codes is what a HAPI FHIR server
// says, for those that may be asked about, and that a site's own names stay inside.
func TestRealTerminology(t *testing.T) {
	if os.Getenv("VEIL_TEST_ALL") != "1" {
		t.Skip("set VEIL_TEST_ALL=1 to run it with a HAPI FHIR server")
	}
	hapi := hapitest.Start(t)
	const set, own = "http://hl7.org/fhir/ValueSet/veil-heart", "http://hospital.example/CodeSystem/Marjorie"
	for _, resource := range []string{
		`{"resourceType":"CodeSystem","id":"veil-loinc","url":"http://loinc.org","status":"active","content":"complete","concept":[{"code":"8867-4","display":"Heart rate"},{"code":"8480-6","display":"Systolic blood pressure"},{"code":"8462-4","display":"Diastolic blood pressure"}]}`,
		`{"resourceType":"CodeSystem","id":"veil-own","url":"` + own + `","name":"Marjorie","status":"active","content":"complete","concept":[{"code":"Marjorie","display":"Marjorie"}]}`,
		`{"resourceType":"ValueSet","id":"veil-heart","url":"` + set + `","name":"Marjorie","status":"active","compose":{"include":[{"system":"http://loinc.org","concept":[{"code":"8867-4"},{"code":"8480-6"}]},{"system":"` + own + `"}]}}`,
	} {
		var head struct{ ResourceType, ID string }
		if err := json.Unmarshal([]byte(resource), &head); err != nil {
			t.Fatal(err)
		}
		put, err := http.NewRequest("PUT", hapi.URL+"/"+head.ResourceType+"/"+head.ID, strings.NewReader(resource))
		if err != nil {
			t.Fatal(err)
		}
		put.Header.Set("Content-Type", "application/fhir+json")
		resp, err := http.DefaultClient.Do(put)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode/100 != 2 {
			t.Fatalf("%s: status %d", head.ID, resp.StatusCode)
		}
	}
	result := func(body []byte) string {
		var found upstreamCode
		if err := json.Unmarshal(body, &found); err != nil || found.ResourceType != "Parameters" || found.result() == nil {
			return fmt.Sprintf("%.200s", body)
		}
		return fmt.Sprint(*found.result())
	}
	r := newRig(t, hapi.URL, nil)
	q := url.QueryEscape
	seen := map[string]int{}
	for _, code := range []string{"8867-4", "8480-6", "8462-4", "39156-5"} {
		for _, path := range []string{
			"/ValueSet/$validate-code?url=" + q(set) + "&system=http://loinc.org&code=" + code,
			"/CodeSystem/$validate-code?url=http://loinc.org&code=" + code,
			"/CodeSystem/$validate-code?url=http://loinc.org&code=" + code + "&display=" + q("Heart rate"),
		} {
			if strings.Contains(path, "display") && code != "8867-4" {
				continue
			}
			resp, err := http.Get(hapi.URL + path)
			if err != nil {
				t.Fatal(err)
			}
			var direct json.RawMessage
			if err := json.NewDecoder(resp.Body).Decode(&direct); err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			want, got := result(direct), r.get(t, path)
			if resp.StatusCode != 200 {
				t.Fatalf("%s: the server answers %d", path, resp.StatusCode)
			}
			seen[want]++
			if got.status != 200 || result(got.body) != want {
				t.Errorf("%s: %d %s, want %s", path, got.status, got.body, want)
			}
		}
	}
	if seen["true"] < 4 || seen["false"] < 2 {
		t.Errorf("the server answered %v", seen)
	}
	if got := r.get(t, "/CodeSystem/$lookup?system=http://loinc.org&code=8867-4"); got.status != 200 || !strings.Contains(string(got.body), `"valueString":"Heart rate"`) {
		t.Errorf("$lookup: %d %s", got.status, got.body)
	}
	if got := r.get(t, "/CodeSystem?url=http://loinc.org"); got.status != 200 || !strings.Contains(string(got.body), `"url":"http://loinc.org"`) {
		t.Errorf("a search by a listed URL: %d %.300s", got.status, got.body)
	}
	for _, path := range []string{"/CodeSystem/$validate-code?url=" + q(own) + "&code=Marjorie", "/ValueSet/$validate-code?url=" + q(set) + "&system=" + q(own) + "&code=Marjorie", "/CodeSystem/$lookup?system=" + q(own) + "&code=Marjorie", "/CodeSystem?url=" + q(own)} {
		r.get(t, path).outcome(t, 403)
	}
	if got := r.get(t, "/CodeSystem"); got.status != 200 {
		t.Errorf("code systems: %d %.300s", got.status, got.body)
	}
	if meta := r.get(t, "/metadata"); !strings.Contains(string(meta.body), "OperationDefinition/ValueSet-validate-code") {
		t.Error("$validate-code is not offered")
	}
	r.checkClean(t)
}
