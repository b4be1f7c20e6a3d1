package jobshow

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/veil-proxy/veil/file"
)

// summary is the JSON summary of a run.
type summary struct {
	Run            string    `json:"run"`
	Status         string    `json:"status"`
	Start          time.Time `json:"start"`
	DurationMicros int64     `json:"durationMicros"`
	Program        string    `json:"program,omitempty"`
	Project        string    `json:"project"`
	Ruleset        string    `json:"ruleset"`
	RulesetSHA256  string    `json:"rulesetSha256"`
	KeyFingerprint string    `json:"keyFingerprint"`
	Masked         uint64    `json:"masked"`
	Withheld       uint64    `json:"withheld"`
	Bad            uint64    `json:"bad"`
	Files          uint64    `json:"files"`
	Failed         uint64    `json:"failedFiles"`
	Resumed        uint64    `json:"resumedFiles"`
}

// Summary prints what a job has done, as text or json; without a format, as text if
// progress was shown. runErr is the error that ended the job, if one did.
func (d *Display) Summary(format string, job *file.Job, n file.Counts, runErr error) error {
	d.more()
	d.clear()
	switch {
	case format == "json":
		s := summary{
			Run: job.ID, Status: "complete", Start: d.begun.UTC(), DurationMicros: time.Since(d.begun).Microseconds(), Program: job.Program,
			Project: job.Keys.Project(), Ruleset: job.Plan.Ruleset, RulesetSHA256: job.Plan.RulesetSHA256, KeyFingerprint: job.Keys.Fingerprint(),
			Masked: n.Masked, Withheld: n.Withheld, Bad: n.Bad, Files: n.Files, Failed: n.Failed, Resumed: n.Resumed,
		}
		if runErr != nil || n.Failed > 0 {
			s.Status = "failed"
		}
		return json.NewEncoder(d.w).Encode(s)
	case runErr == nil && (format == "text" || d.shown):
		fmt.Fprintf(d.w, "%d masked, %d withheld, %d could not be masked; %d files written, %d failed, %d kept from an earlier run\n", n.Masked, n.Withheld, n.Bad, n.Files, n.Failed, n.Resumed)
	}
	return nil
}
