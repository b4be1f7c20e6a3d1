package fhirdoor

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// A shifted date of a resource that leads to its patient only through others is
// as far from the patient's other dates as the original is.
func TestShiftOfResourcesThatReachTheirPatientThroughOthers(t *testing.T) {
	research := extendOf(t, "research", "")
	claim := `{"resourceType":"Claim","id":"c1","status":"active","use":"claim","patient":{"reference":"Patient/zq-1"},"created":"2024-03-05"}`
	notice := `{"resourceType":"PaymentNotice","id":"n1","status":"active","created":"2024-03-15","request":{"reference":"Claim/c1"}}`
	far := `{"resourceType":"PaymentNotice","id":"n2","status":"active","created":"2024-03-25","response":{"reference":"PaymentReconciliation/r1"}}`
	up := newCanned(t, map[string]string{
		"/Claim/c1": claim, "/PaymentNotice/n1": notice, "/PaymentNotice/n2": far,
		"/PaymentReconciliation/r1": `{"resourceType":"PaymentReconciliation","id":"r1","status":"active","created":"2024-03-20","detail":[{"request":{"reference":"Claim/c1"}}]}`,
		"/PaymentNotice":            `{"resourceType":"Bundle","type":"searchset","entry":[{"resource":` + notice + `},{"resource":` + strings.Replace(notice, `"n1"`, `"n3"`, 1) + `}]}`,
		"/PaymentNotice/n4":         `{"resourceType":"PaymentNotice","id":"n4","status":"active","created":"2024-03-15","request":{"reference":"Claim/gone"}}`,
		"/PaymentNotice/n5":         `{"resourceType":"PaymentNotice","id":"n5","status":"active","created":"2024-03-15","request":{"reference":"Claim/broken"}}`,
		"/Claim/broken":             "fails",
	})
	r := newRig(t, up.url, func(c *Config) { c.Policy = policyOf(t, research, "anonymous") })
	created := func(typ, id string) string {
		t.Helper()
		got := r.get(t, "/"+typ+"/"+pseudonym(t, research, typ, id))
		var res struct{ Created string }
		if err := json.Unmarshal(got.body, &res); err != nil || got.status != 200 {
			t.Fatalf("%s/%s: %d %s", typ, id, got.status, got.body)
		}
		return res.Created
	}
	day := func(s string) time.Time {
		d, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	base := created("Claim", "c1")
	if base == "2024-03-05" {
		t.Fatal("the claim's date is not shifted")
	}
	up.take()
	if d := day(created("PaymentNotice", "n1")).Sub(day(base)).Hours() / 24; d != 10 {
		t.Errorf("%v days apart, want 10", d)
	}
	if asked := fmt.Sprint(up.take()); asked != "[GET /PaymentNotice/n1 GET /Claim/c1]" {
		t.Errorf("the upstream was asked %s", asked)
	}
	got := r.get(t, "/PaymentNotice")
	if n := bytes.Count(got.body, []byte(`"created":"`+created("PaymentNotice", "n1")+`"`)); n != 2 {
		t.Errorf("%d of 2 alike: %s", n, got.body)
	}
	if asked := fmt.Sprint(up.take()); strings.Contains(asked, "Claim") {
		t.Errorf("what was learned is asked again: %s", asked)
	}
	if d := day(created("PaymentNotice", "n2")).Sub(day(base)).Hours() / 24; d != 20 {
		t.Errorf("through two references: %v days apart, want 20", d)
	}
	if got := created("PaymentNotice", "n4"); got != "2024" {
		t.Errorf("an unknown patient's date is %q, want the year", got)
	}
	r.get(t, "/PaymentNotice/"+pseudonym(t, research, "PaymentNotice", "n5")).outcome(t, 502)
	r.checkClean(t)
}
