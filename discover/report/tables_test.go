package report_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/veil-proxy/veil/discover"
	"github.com/veil-proxy/veil/discover/propose"
	"github.com/veil-proxy/veil/discover/report"
	"github.com/veil-proxy/veil/discover/words"
	"github.com/veil-proxy/veil/internal/discovertest"
)

// TestReportIsEnoughForAProposal: the ruleset that a report's JSON leads to is that of the
// tables themselves, for every labelled schema.
func TestReportIsEnoughForAProposal(t *testing.T) {
	t.Parallel()
	for _, s := range discovertest.Schemas() {
		tables, _ := s.Discoverable(s.Fill(120))
		findings := discover.Judge(tables, words.Default())
		want := propose.Ruleset("site", tables, findings)
		var b bytes.Buffer
		if err := report.New(tables, findings).WriteJSON(&b); err != nil {
			t.Fatal(err)
		}
		var read report.Report
		if err := json.Unmarshal(b.Bytes(), &read); err != nil {
			t.Fatal(err)
		}
		again, err := read.Discovered()
		if err != nil {
			t.Fatalf("%s: %v", s.Name, err)
		}
		if got := propose.Ruleset("site", again, read.Columns); got != want {
			t.Errorf("%s: another ruleset of the report:\n%s\nwant\n%s", s.Name, got, want)
		}
	}
	if _, err := (&report.Report{Columns: []discover.Finding{{Column: "x"}}}).Discovered(); err == nil {
		t.Error("a report without tables is one with tables")
	}
}
