package fhirproxy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/veil-proxy/veil/proxy/fhirproxy/lend"
)

// A shifted date of a resource that leads to its patient only through others is
// as far from the patient's other dates as the original is.
func TestShiftOfResourcesThatReachTheirPatientThroughOthers(t *testing.T) {
	t.Parallel()
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
	if requested := fmt.Sprint(up.take()); requested != "[GET /PaymentNotice/n1 GET /Claim/c1]" {
		t.Errorf("the upstream was asked %s", requested)
	}
	r.listener.lookups.Wait() // the cache takes what it is given in the background
	got := r.get(t, "/PaymentNotice")
	if n := bytes.Count(got.body, []byte(`"created":"`+created("PaymentNotice", "n1")+`"`)); n != 2 {
		t.Errorf("%d of 2 alike: %s", n, got.body)
	}
	if requested := fmt.Sprint(up.take()); strings.Contains(requested, "Claim") {
		t.Errorf("what was learned is asked again: %s", requested)
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

// While the upstream takes its time to say who a resource is about, nobody else
// waits: no masker is held, on one core as on many.
func TestSlowLookupsDelayNobody(t *testing.T) {
	t.Parallel()
	research := extendOf(t, "research", "")
	requested, release := make(chan struct{}, 10), make(chan struct{})
	up := newHandler(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Content-Type", "application/fhir+json")
		switch {
		case strings.HasPrefix(q.URL.Path, "/Claim/"):
			requested <- struct{}{}
			<-release
			_, _ = io.WriteString(w, `{"resourceType":"Claim","id":"c1","status":"active","patient":{"reference":"Patient/zq-1"}}`)
		case strings.HasPrefix(q.URL.Path, "/PaymentNotice/"):
			_, _ = io.WriteString(w, `{"resourceType":"PaymentNotice","id":"n1","status":"active","created":"2024-03-15","request":{"reference":"Claim/`+q.URL.Path[len("/PaymentNotice/"):]+`"}}`)
		default:
			_, _ = io.WriteString(w, `{"resourceType":"Organization","id":"o1","active":true}`)
		}
	}))
	r := newRig(t, up, func(c *Config) { c.Policy = policyOf(t, research, "anonymous") })
	r.view().maskers = lend.New[masker](1)
	var slow sync.WaitGroup
	const lookups = 3
	for i := range lookups {
		path := r.base + "/PaymentNotice/" + pseudonym(t, research, "PaymentNotice", fmt.Sprint("c", i))
		slow.Go(func() {
			resp, err := r.client.Get(path)
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			if body, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != 200 || bytes.Contains(body, []byte(`"created":"2024"`)) {
				t.Errorf("%v: %d %s", err, resp.StatusCode, body)
			}
		})
	}
	for range lookups {
		<-requested
	}
	// All of them are under way, and none will end before this read does.
	if got := r.get(t, "/Organization/"+pseudonym(t, research, "Organization", "o1")); got.status != 200 {
		t.Errorf("status %d: %s", got.status, got.body)
	}
	close(release)
	slow.Wait()
	r.checkClean(t)
}

// All that a response needs is looked up together, each resource once, and what no
// limit allows ends the response.
func TestLookupsOfOneAnswer(t *testing.T) {
	t.Parallel()
	research := extendOf(t, "research", "")
	var mu sync.Mutex
	requested := map[string]int{}
	most, now := 0, 0
	notices := 60
	up := newHandler(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Content-Type", "application/fhir+json")
		if q.URL.Path == "/PaymentNotice" {
			var entries []string
			for i := range notices {
				entries = append(entries, fmt.Sprintf(`{"resource":{"resourceType":"PaymentNotice","id":"n%d","status":"active","created":"2024-03-15","request":{"reference":"Claim/c%d"}}}`, i, i/2))
			}
			_, _ = io.WriteString(w, `{"resourceType":"Bundle","type":"searchset","entry":[`+strings.Join(entries, ",")+`]}`)
			return
		}
		mu.Lock()
		requested[q.URL.Path]++
		now++
		most = max(most, now)
		mu.Unlock()
		time.Sleep(time.Millisecond)
		mu.Lock()
		now--
		mu.Unlock()
		_, _ = io.WriteString(w, `{"resourceType":"Claim","id":"x","status":"active","patient":{"reference":"Patient/`+q.URL.Path[len("/Claim/"):]+`"}}`)
	}))
	r := newRig(t, up, func(c *Config) { c.Policy = policyOf(t, research, "anonymous") })
	got := r.get(t, "/PaymentNotice")
	if got.status != 200 || bytes.Contains(got.body, []byte(`"created":"2024"`)) {
		t.Fatalf("%d %.300s", got.status, got.body)
	}
	if len(requested) != notices/2 || most > 4 {
		t.Errorf("%d of %d resources were read, %d at once", len(requested), notices/2, most)
	}
	for path, n := range requested {
		if n != 1 {
			t.Errorf("%s was read %d times", path, n)
		}
	}
	notices = 2200
	got = r.get(t, "/PaymentNotice?_elements=created,request") // which is masked whole
	if text := got.outcome(t, 502); !strings.Contains(text, "_count") {
		t.Error(text)
	}
}
