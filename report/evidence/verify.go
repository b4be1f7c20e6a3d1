package evidence

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/veil-proxy/veil/report/signed"
)

// Parts of a page around its data.
var (
	dataHead = []byte(`<script type="application/json" id="data">`)
	dataFoot = []byte("</script>")
)

// errNoData says that a signed file has no report that this version can read.
var errNoData = errors.New("the file contains no report that this version of Veil can read")

// Parse returns the report in a verified file.
func Parse(doc *signed.Document) (*Evidence, error) {
	text := slices.Concat(doc.Body, []byte("\n}"))
	if doc.Format == "html" {
		_, rest, _ := bytes.Cut(doc.Body, dataHead)
		var found bool
		if text, _, found = bytes.Cut(rest, dataFoot); !found {
			return nil, errNoData
		}
	}
	var e Evidence
	if err := json.Unmarshal(text, &e); err != nil || e.Kind != Kind || doc.Kind != Kind {
		return nil, errNoData
	}
	return &e, nil
}

// Compare reads the logs of a report again, up to the lines that the report covers, and
// returns the sections that differ from the report. A log that is not intact is an error.
func (e *Evidence) Compare(ctx context.Context, logs []string, progress func(read, all int64)) (differ []string, err error) {
	if len(logs) != len(e.Logs) {
		return nil, fmt.Errorf("the report covers %d logs, but %d were given: give each with --log, in the order of the report", len(e.Logs), len(logs))
	}
	o := Options{Version: e.Version, Time: e.Time, Period: e.Period, VerifierKey: e.VerifierKey, Logs: logs, Progress: progress}
	for _, l := range e.Logs {
		o.Lines = append(o.Lines, l.Lines)
	}
	again, err := Gather(ctx, &o)
	if err != nil {
		return nil, err
	}
	for i, dir := range logs {
		switch said, is := &e.Logs[i], &again.Logs[i]; {
		case is.Lines < said.Lines:
			differ = append(differ, fmt.Sprintf("%s: the log ends at line %d, but the report covers %d lines: its end was removed", dir, is.Lines, said.Lines))
		case is.LastHash != said.LastHash:
			differ = append(differ, fmt.Sprintf("%s: line %d has a different hash from the one in the report: the log was rewritten, or is a different log", dir, said.Lines))
		}
	}
	if len(differ) > 0 {
		return differ, nil // other differences follow from it
	}
	for i := range e.Rulesets {
		r := e.Rulesets[i]
		if r.Records == 0 {
			continue // configured, but not in the log
		}
		r.Configured, r.Coverage, r.CoverageBasis = false, nil, NotCovered
		if !slices.ContainsFunc(again.Rulesets, func(a Ruleset) bool { return reflect.DeepEqual(a, r) }) {
			differ = append(differ, fmt.Sprintf("the report and the log differ about ruleset %s", r.Name))
		}
	}
	for i := range again.Identifiers {
		again.Identifiers[i].ConfiguredRules = e.Identifiers[i].ConfiguredRules
	}
	for _, s := range []struct {
		name     string
		said, is any
	}{
		{"totals", e.Totals, again.Totals}, {"identifiers", e.Identifiers, again.Identifiers}, {"applications", e.Applications, again.Applications},
		{"requests", e.Requests, again.Requests}, {"days", e.Days, again.Days}, {"delivered", e.Delivered, again.Delivered}, {"refusals", e.Refusals, again.Refusals},
		{"consumers", e.Consumers, again.Consumers}, {"keys", e.Keys, again.Keys}, {"rotations", e.Rotations, again.Rotations},
		{"runs", e.Runs, again.Runs}, {"openings", e.Openings, again.Openings},
	} {
		said, err := json.Marshal(s.said)
		if err != nil {
			return nil, err
		}
		is, err := json.Marshal(s.is)
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(said, is) {
			differ = append(differ, fmt.Sprintf("the section %s does not match the log", s.name))
		}
	}
	return differ, nil
}

// CompareRuleset compares a ruleset's file, given its base name and text, with the
// report.
func (e *Evidence) CompareRuleset(name string, text []byte) error {
	sum, named := digest(text), ""
	for _, r := range e.Rulesets {
		if r.Coverage == nil {
			continue
		}
		for _, f := range r.Coverage.Files {
			if f.SHA256 == sum {
				return nil
			}
			if f.Name == name {
				named = f.SHA256
			}
		}
	}
	if named != "" {
		return fmt.Errorf("%s was changed: its SHA-256 is %s, but the report has %s", name, sum, named)
	}
	return fmt.Errorf("%s does not belong to the report: none of its rulesets has a file with that name or digest", name)
}
