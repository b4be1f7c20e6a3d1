package fhirproxy

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/veil-proxy/veil/proxy/consumer"
)

// A request body has one reading, in JSON and in XML, or it is refused.
func TestRequestBodiesHaveOneReading(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	r := newRig(t, src.URL, nil)
	id := pseudonym(t, safeHarbor(t), "Patient", population().PatientIDs()[0])
	const get = `"request":{"method":"GET","url":"Patient?_count=1"}`
	batch := func(entry string) string {
		return `{"resourceType":"Bundle","type":"batch","entry":[` + entry + `]}`
	}
	everything := "/Patient/" + id + "/$everything"
	params := func(parts string) string { return `{"resourceType":"Parameters","parameter":[` + parts + `]}` }
	before := len(src.Source.Requests())
	for name, c := range map[string]struct {
		path, body string
		status     int
	}{
		"a name in other case":                {"", batch(`{"Request":{"method":"GET","url":"metadata"}}`), 400},
		"a name twice":                        {"", batch(`{` + get + `,` + get + `}`), 400},
		"a name twice, once escaped":          {"", batch(`{` + get + `,"reques\u0074":{"method":"GET","url":"metadata"}}`), 400},
		"a method twice":                      {"", batch(`{"request":{"method":"DELETE","method":"GET","url":"metadata"}}`), 400},
		"a method in other case":              {"", batch(`{"request":{"Method":"DELETE","method":"GET","url":"metadata"}}`), 400},
		"a type twice":                        {"", `{"resourceType":"Bundle","type":"transaction","type":"batch","entry":[{` + get + `}]}`, 400},
		"a bracket behind":                    {"", batch(`{`+get+`}`) + `]`, 400},
		"a resource behind":                   {"", batch(`{`+get+`}`) + `{}`, 400},
		"a list of requests":                  {"", batch(`{"request":[{"method":"GET","url":"metadata"}]}`), 400},
		"a number for a URL":                  {"", batch(`{"request":{"method":"GET","url":1}}`), 400},
		"null for a URL":                      {"", batch(`{"request":{"method":"GET","url":null}}`), 400},
		"null for an entry":                   {"", batch(`null`), 400},
		"a full URL and more":                 {"", batch(`{"fullUrl":"urn:x","link":[],` + get + `}`), 400},
		"HEAD":                                {"", batch(`{"request":{"method":"HEAD","url":"metadata"}}`), 405},
		"lower case":                          {"", batch(`{"request":{"method":"get","url":"metadata"}}`), 405},
		"UTF-16":                              {"", "\xff\xfe{\x00}\x00", 400},
		"byte order mark":                     {"", "\xef\xbb\xbf" + batch(`{`+get+`}`), 400},
		"XML with a resource":                 {"", `<Bundle xmlns="http://hl7.org/fhir"><type value="batch"/><entry><resource><Patient/></resource><request><method value="GET"/><url value="metadata"/></request></entry></Bundle>`, 400},
		"XML that writes":                     {"", `<Bundle xmlns="http://hl7.org/fhir"><type value="batch"/><entry><request><method value="DELETE"/><url value="Patient/1"/></request></entry></Bundle>`, 405},
		"XML transaction":                     {"", `<Bundle xmlns="http://hl7.org/fhir"><type value="transaction"/></Bundle>`, 405},
		"XML with two methods":                {"", `<Bundle xmlns="http://hl7.org/fhir"><type value="batch"/><entry><request><method value="DELETE"/><method value="GET"/><url value="metadata"/></request></entry></Bundle>`, 400},
		"XML with a document type":            {"", `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><Bundle xmlns="http://hl7.org/fhir"><type value="batch"/><id value="&e;"/></Bundle>`, 400},
		"XML of another namespace":            {"", `<Bundle xmlns="urn:x"><type value="batch"/></Bundle>`, 400},
		"XML of an unknown type":              {"", `<Nonsense xmlns="http://hl7.org/fhir"/>`, 400},
		"XML with an extension on the method": {"", `<Bundle xmlns="http://hl7.org/fhir"><type value="batch"/><entry><request><method value="GET"><extension url="x"><valueCode value="DELETE"/></extension></method><url value="metadata"/></request></entry></Bundle>`, 400},

		"a parameter's name twice":    {everything, params(`{"name":"_count","name":"_since","valueInteger":1}`), 400},
		"a parameter in other case":   {everything, params(`{"Name":"_count","valueInteger":1}`), 400},
		"parameters in two cases":     {everything, params(`{"name":"_count","valueInteger":1},{"name":"_Count","valueInteger":2}`), 400},
		"a control character":         {"/ValueSet/$expand", params(`{"name":"url","valueUri":"http://hl7.org/fhir/ValueSet/observation-status"},{"name":"filter","valueString":"a\u0000b"}`), 400},
		"two hundred parameters":      {everything, params(strings.TrimSuffix(strings.Repeat(`{"name":"_type","valueString":"Patient"},`, 200), ",")), 400},
		"a part":                      {everything, params(`{"name":"_count","part":[{"name":"x","valueInteger":1}]}`), 400},
		"members of another resource": {everything, `{"resourceType":"Parameters","parameter":[],"entry":[]}`, 400},
		"XML parameters that filter":  {everything, `<Parameters xmlns="http://hl7.org/fhir"><parameter><name value="name"/><valueString value="Smith"/></parameter></Parameters>`, 403},
		"URL and body":                {everything + "?_count=1", params(`{"name":"_count","valueInteger":1}`), 400},
	} {
		t.Run(name, func(t *testing.T) {
			r.do(t, "POST", c.path, c.body, "Content-Type", "application/fhir+json").outcome(t, c.status)
		})
	}
	if n := len(src.Source.Requests()); n != before {
		t.Errorf("the upstream was asked %d times", n-before)
	}
	for name, c := range map[string]struct{ path, body string }{
		"batch":             {"", batch(`{"fullUrl":"urn:uuid:f8cb2d52-c53d-4585-8417-7a1cc1a74377",` + get + `}`)},
		"batch in XML":      {"", `<Bundle xmlns="http://hl7.org/fhir"><type value="batch"/><entry><request><method value="GET"/><url value="Patient?_count=1"/></request></entry></Bundle>`},
		"parameters":        {everything, params(`{"name":"_count","valueInteger":1}`)},
		"parameters in XML": {everything, `<Parameters xmlns="http://hl7.org/fhir"><parameter><name value="_count"/><valueInteger value="1"/></parameter></Parameters>`},
	} {
		if got := r.do(t, "POST", c.path, c.body); got.status != 200 || !strings.Contains(string(got.body), `"resourceType":"Patient"`) {
			t.Errorf("%s: %d %.300s", name, got.status, got.body)
		}
	}
	r.checkClean(t)
}

// A batch is bounded as one response is, and counts as the requests that it has.
func TestBatchesAreBounded(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	p, keys := keyed(t, []View{{Automaton: safeHarbor(t)}}, consumer.Account{Name: "ada"}, consumer.Account{Name: "bob", Limits: consumer.Limits{RatePerSecond: 0.001, Burst: 3}})
	r := newRig(t, src.URL, func(c *Config) { c.Policy, c.Limits.ResponseBytes = p, 100<<10 })
	body := `{"resourceType":"Bundle","type":"batch","entry":[` + strings.TrimSuffix(strings.Repeat(`{"request":{"method":"GET","url":"Observation?_count=10"}},`, 100), ",") + `]}`
	count := func(who string) map[string]int {
		got := r.do(t, "POST", "", body, "X-API-Key", keys[who])
		var b struct {
			Entry []struct{ Response struct{ Status string } }
		}
		if err := json.Unmarshal(got.body, &b); err != nil || got.status != 200 || len(got.body) > 300<<10 {
			t.Fatalf("%d, %v, %d bytes", got.status, err, len(got.body))
		}
		n := map[string]int{}
		for _, e := range b.Entry {
			n[e.Response.Status]++
		}
		return n
	}
	if n := count("ada"); n["200"] == 0 || n["413"] == 0 || n["200"]+n["413"] != 100 {
		t.Errorf("%v", n)
	}
	if n := count("bob"); n["200"] != 3 || n["429"] != 97 {
		t.Errorf("%v", n)
	}
	began := map[time.Time]bool{}
	for _, rec := range r.sink.all() {
		if strings.Contains(rec.RequestID, ".") {
			began[rec.Time] = true
		}
	}
	if len(began) < 10 {
		t.Error("the records of entries have the time of the batch")
	}
}
