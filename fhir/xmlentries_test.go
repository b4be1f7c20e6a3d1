package fhir_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/fhirtest"
	"github.com/veil-proxy/veil/internal/masktest"
)

// xmlFrames are texts around the same entries: what stands around "%s" differs.
var xmlFrames = []string{
	`<Bundle xmlns="http://hl7.org/fhir"><id value="a"/><type value="searchset"/><link><relation value="next"/><url value="http://ehr/fhir?page=1"/></link>%s</Bundle>`,
	`<Bundle xmlns="http://hl7.org/fhir"><meta><lastUpdated value="2024-03-04T05:06:07Z"/></meta><type value="history"/>%s <!-- end --> <signature><data value="AAAA"/></signature></Bundle>`,
	`<Bundle xmlns="http://hl7.org/fhir"><type value="searchset"/>%s<entry><fullUrl value="http://ehr/fhir/Basic/z"/><resource><Basic><id value="z"/></Basic></resource></entry></Bundle>`,
	`<Bundle xmlns="http://hl7.org/fhir"><type value="searchset"/><entry><fullUrl value="http://ehr/fhir/Basic/z"/></entry>%s</Bundle>`,
	`<Bundle xmlns="http://hl7.org/fhir"><type value="searchset"/>%s<unknown/></Bundle>`,
	`<Bundle xmlns="http://hl7.org/fhir"><type value="searchset"/>%s`,
	`<List xmlns="http://hl7.org/fhir"><status value="current"/><mode value="working"/>%s</List>`,
	`<Bundle xmlns="http://hl7.org/fhir"><type value="collection"/><entry><resource><Bundle><type value="searchset"/>%s</Bundle></resource></entry></Bundle>`,
}

// TestRememberedXMLEntries: what is remembered of all entries of a Bundle in XML decides
// nothing, whatever stands around them, and is counted the same.
func TestRememberedXMLEntries(t *testing.T) {
	t.Parallel()
	arrays := []string{
		`<entry/>`, `<entry><item><reference value="Patient/p"/></item></entry>`, `<entry><resource><Unknown/></resource></entry>`,
		`<entry><fullUrl value="http://x.example/Patient/p"/><resource><Patient><id value="p"/><birthDate value="1930-01-02"/></Patient></resource></entry> ` +
			`<entry><resource><Condition><id value="c"/><subject><reference value="http://x.example/Patient/p"/></subject><onsetDateTime value="2021-02-03"/></Condition></resource></entry>`,
	}
	p := fhirtest.Generate(5, 1)
	for _, id := range p.PatientIDs() {
		bundle := string(toXML(t, p.PatientBundle(id, fhirtest.Collection)))
		arrays = append(arrays, bundle[strings.Index(bundle, "<entry>"):strings.LastIndex(bundle, "</Bundle>")])
	}
	for _, ruleset := range []string{"safe-harbor", "research"} {
		a := masktest.Shipped(t, ruleset)
		fresh, warm := masktest.NewMasker(a, fhir.RememberNothing), masktest.NewMasker(a, fhir.RememberAlways)
		for _, m := range []*masktest.Masker{fresh, warm} {
			m.Site = &fhir.Site{Base: "https://veil/fhir", Upstream: []string{"http://ehr/fhir"}}
		}
		for round := range 2 {
			for k, array := range arrays {
				for _, frame := range xmlFrames {
					src := fmt.Appendf(nil, frame, array)
					want, wantErr := fresh.MaskXML(src)
					got, err := warm.MaskXML(src)
					if string(got) != string(want) || fmt.Sprint(err) != fmt.Sprint(wantErr) {
						t.Fatalf("%s, round %d: entries %d in %s\nbecome %.600s (%v)\n alone %.600s (%v)", ruleset, round, k, frame, got, err, want, wantErr)
					}
					if known := warm.Walker.KnewEntries(); k > 2 && frame == xmlFrames[0] && round == 1 && !known {
						t.Errorf("%s, round %d: entries %d are not known", ruleset, round, k)
					}
					if err == nil && fmt.Sprint(warm.Pass.Counts) != fmt.Sprint(fresh.Pass.Counts) {
						t.Fatalf("%s, round %d: entries %d in %s are counted otherwise", ruleset, round, k, frame)
					}
				}
			}
		}
	}
}
