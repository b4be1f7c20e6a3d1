package fhirproxy

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/hapitest"
)

// dated is what stands in the bodies of the resources of a test: the years that are
// shown, 0 where an end is open.
type dated struct {
	id          string
	first, last int
}

// yearsHold says what a search by year finds of the masked resources: FHIR R4's
// comparisons of ranges (search.html#prefix) over whole years.
func yearsHold(prefix string, d dated, y int) bool {
	first, last := d.first, d.last
	if last == 0 {
		last = 9999
	}
	switch prefix {
	case "ne":
		return first != y || last != y
	case "gt":
		return last > y
	case "ge":
		return last >= y
	case "lt":
		return first < y
	case "le":
		return first <= y
	case "sa":
		return first > y
	case "eb":
		return last < y
	}
	return first == y && last == y
}

// TestRealYears holds that a search by year through the proxy finds on a HAPI FHIR
// server just what it finds over the masked resources: by every prefix, for every type
// of date and precision, in every zone near a new year, by plain parameters, chains,
// reverse chains and composites.
func TestRealYears(t *testing.T) {
	if os.Getenv("VEIL_TEST_ALL") != "1" {
		t.Skip("set VEIL_TEST_ALL=1 to run it with a HAPI FHIR server")
	}
	hapi := hapitest.Start(t)
	points := []string{
		"2019", "2019-12", "2019-12-31", "2019-12-31T23:30:00-12:00", "2019-12-31T23:59:59.999Z", "2020", "2020-01", "2020-01-01", "2020-01-01T00:00:00Z", "2020-01-01T00:30:00+14:00",
		"2020-07-04", "2020-12", "2020-12-31", "2020-12-31T23:59:59Z", "2020-12-31T23:30:00-05:00", "2021", "2021-01-01", "2021-01-01T00:10:00+01:00", "2021-06-01T12:00:00Z",
	}
	var entries []string
	put := func(typ, id, body string) {
		entries = append(entries, fmt.Sprintf(`{"resource":{"resourceType":%q,"id":%q,%s},"request":{"method":"PUT","url":"%s/%s"}}`, typ, id, body, typ, id))
	}
	year := func(s string) int {
		y, _ := strconv.Atoi(s[:4])
		return y
	}
	n, about := 0, map[string]dated{} // by patient
	var births, times, values []dated
	add := func(effective string, first, last int) {
		n++
		id, patient := fmt.Sprintf("year-o%d", n), fmt.Sprintf("year-p%d", n)
		put("Patient", patient, `"active":true`)
		put("Observation", id, fmt.Sprintf(`"status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"subject":{"reference":"Patient/%s"},%s`, patient, effective))
		times = append(times, dated{id, first, last})
		about[patient] = dated{id, first, last}
	}
	for _, p := range points {
		if len(p) <= 10 {
			id := fmt.Sprintf("year-b%d", len(births))
			put("Patient", id, fmt.Sprintf(`"birthDate":%q`, p))
			put("Observation", "year-of-"+id, fmt.Sprintf(`"status":"final","code":{"text":"x"},"subject":{"reference":"Patient/%s"}`, id))
			births = append(births, dated{id, year(p), year(p)})
		}
		id := fmt.Sprintf("year-v%d", len(values))
		put("Observation", id, fmt.Sprintf(`"status":"final","code":{"coding":[{"system":"http://loinc.org","code":"21112-8"}]},"valueDateTime":%q`, p))
		values = append(values, dated{id, year(p), year(p)})
		add(fmt.Sprintf(`"effectiveDateTime":%q`, p), year(p), year(p))
		if strings.Contains(p, "T") {
			add(fmt.Sprintf(`"effectiveInstant":%q`, p), year(p), year(p))
		}
		add(fmt.Sprintf(`"effectiveTiming":{"event":[%q]}`, p), year(p), year(p))
		add(fmt.Sprintf(`"effectivePeriod":{"start":%q}`, p), year(p), 0)
		add(fmt.Sprintf(`"effectivePeriod":{"end":%q}`, p), 0, year(p))
		for _, to := range points[slices.Index(points, p):] {
			if year(to) > year(p) || to == p {
				add(fmt.Sprintf(`"effectivePeriod":{"start":%q,"end":%q}`, p, to), year(p), year(to))
			}
		}
	}
	for part := range slices.Chunk(entries, 100) {
		if err := hapi.Transaction([]byte(`{"resourceType":"Bundle","type":"transaction","entry":[` + strings.Join(part, ",") + `]}`)); err != nil {
			t.Fatal(err)
		}
	}

	r := newRig(t, hapi.URL, nil)
	find := func(query string) []string {
		t.Helper()
		found := []string{}
		for at := r.base + query; at != ""; {
			got := r.get(t, at)
			var b struct {
				Link  []struct{ Relation, URL string }
				Entry []struct{ Resource struct{ ID string } }
			}
			if err := json.Unmarshal(got.body, &b); err != nil || got.status != http.StatusOK {
				t.Fatalf("%s: %d %s", query, got.status, got.body)
			}
			at = ""
			for _, l := range b.Link {
				if l.Relation == "next" {
					at = l.URL
				}
			}
			for _, e := range b.Entry {
				found = append(found, e.Resource.ID)
			}
		}
		sort.Strings(found)
		return found
	}
	sealed := map[string]string{} // the pseudonyms of this test's own
	want := func(typ string, of []dated, holds func(d dated) bool) []string {
		ids := []string{}
		for _, d := range of {
			if _, ok := sealed[d.id]; !ok {
				sealed[d.id] = pseudonym(t, safeHarbor(t), typ, d.id)
			}
			if holds(d) {
				ids = append(ids, sealed[d.id])
			}
		}
		sort.Strings(ids)
		return ids
	}
	// What other tests of the process loaded is left out.
	own := func(found []string) []string {
		mine := map[string]bool{}
		for _, id := range sealed {
			mine[id] = true
		}
		return slices.DeleteFunc(found, func(id string) bool { return !mine[id] })
	}
	check := func(query, typ string, of []dated, holds func(d dated) bool) {
		t.Helper()
		w := want(typ, of, holds)
		if got := own(find(query)); !slices.Equal(got, w) {
			t.Errorf("%s finds %d, want %d of %d", query, len(got), len(w), len(of))
		}
	}
	bounds := map[string]string{"ge": "-01-01", "lt": "-01-01T00:00:00Z", "gt": "-12-31", "le": "-12-31T23:59:59%2B01:00", "eb": "-01", "sa": "-12"}
	var patients []dated
	for id, d := range about {
		patients = append(patients, dated{id, d.first, d.last})
	}
	var of []dated // observations of those with a birth date
	for _, b := range births {
		of = append(of, dated{"year-of-" + b.id, b.first, b.last})
	}
	code := url.QueryEscape("http://loinc.org|8480-6")
	for _, prefix := range []string{"", "eq", "ne", "gt", "ge", "lt", "le", "sa", "eb"} {
		for y := 2019; y <= 2021; y++ {
			holds := func(d dated) bool { return yearsHold(prefix, d, y) }
			for _, value := range []string{fmt.Sprintf("%s%d", prefix, y), fmt.Sprintf("%s%d%s", prefix, y, bounds[prefix])} {
				check("/Observation?_count=200&status=final&code="+code+"&date="+value, "Observation", times, holds)
				check("/Patient?_count=200&birthdate="+value, "Patient", births, holds)
			}
			value := fmt.Sprintf("%s%d", prefix, y)
			check("/Patient?_count=200&_has:Observation:patient:date="+value, "Patient", patients, holds)
			check("/Observation?_count=200&subject:Patient.birthdate="+value, "Observation", of, holds)
			check("/Observation?_count=200&patient.birthdate="+value, "Observation", of, holds)
			check("/Observation?_count=200&code-value-date="+url.QueryEscape("http://loinc.org|21112-8")+"$"+value, "Observation", values, holds)
		}
	}
	for _, pair := range [][2]int{{2019, 2020}, {2020, 2020}, {2019, 2021}} {
		holds := func(d dated) bool { return yearsHold("ge", d, pair[0]) && yearsHold("le", d, pair[1]) }
		check(fmt.Sprintf("/Observation?_count=200&status=final&code=%s&date=ge%d&date=le%d", code, pair[0], pair[1]), "Observation", times, holds)
		check(fmt.Sprintf("/Observation?_count=200&status=final&code=%s&date=ge%d-01-01&date=lt%d-01-01", code, pair[0], pair[1]+1), "Observation", times, holds)
	}
	// The years of the last change, which the server writes.
	var changed []dated
	for _, d := range times {
		var o struct{ Meta struct{ LastUpdated string } }
		if err := json.Unmarshal(r.get(t, "/Observation/"+pseudonym(t, safeHarbor(t), "Observation", d.id)).body, &o); err != nil || len(o.Meta.LastUpdated) < 4 {
			t.Fatalf("no time of the last change: %v", err)
		}
		changed = append(changed, dated{d.id, year(o.Meta.LastUpdated), year(o.Meta.LastUpdated)})
	}
	for _, prefix := range []string{"", "eq", "gt", "ge", "lt", "le", "sa", "eb"} {
		for y := changed[0].first - 1; y <= changed[0].first+1; y++ {
			check(fmt.Sprintf("/Observation?_count=200&status=final&code=%s&_lastUpdated=%s%d", code, prefix, y), "Observation", changed, func(d dated) bool { return yearsHold(prefix, d, y) })
		}
	}
}
