// Package runs reads the runs of veil mask from an audit log, and verifies that the
// outputs of a run are what it wrote.
package runs

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/veil-proxy/veil/audit"
	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/mask"
)

// Run is one run of a job over files, as recorded in the log.
type Run struct {
	ID string `json:"run"`
	// Status is complete, failed, or interrupted. An interrupted run has no end in the
	// log; it may still be in progress.
	Status         string    `json:"status"`
	Reason         string    `json:"reason,omitempty"`
	Start          time.Time `json:"start"`
	DurationMicros int64     `json:"durationMicros,omitempty"`
	Program        string    `json:"program,omitempty"`
	Project        string    `json:"project"`
	Ruleset        string    `json:"ruleset"`
	RulesetSHA256  string    `json:"rulesetSha256"`
	KeyFingerprint string    `json:"keyFingerprint"`
	Resumed        uint64    `json:"resumedFiles,omitempty"`
	Files          []File    `json:"files"`
}

// File is a file of a run.
type File struct {
	// File is a pseudonym of the name, and Name the name if the log has it.
	File         string         `json:"file"`
	Name         string         `json:"name,omitempty"`
	Status       string         `json:"status"`
	Reason       string         `json:"reason,omitempty"`
	InputDigest  string         `json:"inputDigest,omitempty"`
	OutputDigest string         `json:"outputDigest,omitempty"`
	Counts       []mask.Count   `json:"counts,omitempty"`
	Applied      []mask.Applied `json:"applied,omitempty"`
	// Found counts what detectors removed from texts.
	Found []mask.FoundCount `json:"found,omitempty"`
	// Again: an earlier start of the run has recorded the same output, and was interrupted
	// before it appeared, or it is another of the same name and content.
	Again bool `json:"again,omitempty"`
}

// Label names a file for people.
func (f *File) Label() string {
	if f.Name != "" {
		return f.Name
	}
	return f.File
}

// Read returns the runs of a log, in their order.
func Read(dir string) ([]*Run, error) {
	c := newCollection()
	for l, err := range audit.Read(dir) {
		if err != nil {
			return nil, fmt.Errorf("%w (run: veil audit verify %s)", err, dir)
		}
		if l.Kind == "record" && l.Run != "" {
			c.add(recordOf(l))
		}
	}
	return c.list, nil
}

// Of returns the run that records belong to, or nil. A run that was resumed is one run.
func Of(records []*mask.Record) *Run {
	c := newCollection()
	for _, r := range records {
		c.add(r)
	}
	if len(c.list) == 0 {
		return nil
	}
	return c.list[0]
}

// collection assembles runs from records.
type collection struct {
	list []*Run
	byID map[string]*Run
	// before are the outputs recorded by earlier starts of a run.
	before map[string]map[[2]string]bool
}

func newCollection() *collection {
	return &collection{byID: map[string]*Run{}, before: map[string]map[[2]string]bool{}}
}

func (c *collection) add(l *mask.Record) {
	r := c.byID[l.Run]
	if r == nil {
		r = &Run{
			ID: l.Run, Status: "interrupted", Start: l.Time, Project: l.Project,
			Ruleset: l.Ruleset, RulesetSHA256: l.RulesetSHA256, KeyFingerprint: l.KeyFingerprint, Files: []File{},
		}
		c.byID[l.Run] = r
		c.list = append(c.list, r)
	}
	switch {
	case l.Operation != file.RunOperation:
		again := l.OutputDigest != "" && c.before[l.Run][[2]string{l.File, l.OutputDigest}]
		r.Files = append(r.Files, File{l.File, l.FileName, l.Result, l.Reason, l.InputDigest, l.OutputDigest, l.Resources, l.AppendApplied(nil), l.Found, again})
	case l.Result == "started":
		c.before[l.Run] = map[[2]string]bool{}
		for i := range r.Files {
			c.before[l.Run][[2]string{r.Files[i].File, r.Files[i].OutputDigest}] = true
		}
		r.Program, r.Status, r.Reason = l.Program, "interrupted", ""
	default:
		r.Status, r.Reason, r.DurationMicros = l.Result, l.Reason, l.DurationMicros
		for _, c := range l.Resources {
			if c.Name == "resumed" {
				r.Resumed = c.N
			}
		}
	}
}

// ReadRecord reads a run from a file, as the jobs API returns it. It does not verify
// the signature; veil report verify does.
func ReadRecord(path string) (*Run, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	r := &Run{}
	if err := json.NewDecoder(f).Decode(r); err != nil || r.ID == "" {
		return nil, fmt.Errorf("%s is neither an audit log nor the record of a run", path)
	}
	return r, nil
}

// Find returns the run whose ID begins with prefix, or the last run if prefix is
// empty.
func Find(dir, prefix string) (*Run, error) {
	list, err := Read(dir)
	if err != nil {
		return nil, err
	}
	var found *Run
	for _, r := range list {
		if !strings.HasPrefix(r.ID, prefix) {
			continue
		}
		if found != nil && prefix != "" {
			return nil, fmt.Errorf("several runs begin with %s: use more of the ID", prefix)
		}
		found = r
	}
	if found == nil {
		return nil, fmt.Errorf("%s has no run %s", dir, prefix)
	}
	return found, nil
}

// Finished reads the outputs that complete records of a log have under the ruleset and
// key of a plan. It returns what file.Job.Earlier is. The log must be open for writing, so
// that what a killed run left of a line is set aside.
func Finished(dir string, plan *mask.Plan) (func(input, output string) bool, error) {
	known := map[[2]string]bool{}
	list, err := Read(dir)
	if err != nil && !errors.Is(err, audit.ErrNoLog) { // a run that was killed at once left no record
		return nil, err
	}
	for _, r := range list {
		if r.RulesetSHA256 != plan.RulesetSHA256 || r.KeyFingerprint != plan.Keys.Fingerprint() || r.Project != plan.Keys.Project() {
			continue
		}
		for _, f := range r.Files {
			if f.Status == "complete" && f.OutputDigest != "" {
				known[[2]string{f.InputDigest, f.OutputDigest}] = true
			}
		}
	}
	return func(input, output string) bool { return known[[2]string{input, output}] }, nil
}

// Verification is the result of comparing a run's outputs with a directory.
type Verification struct {
	// Verified is the number of outputs of the run that the directory has.
	Verified int `json:"verified"`
	// Missing are outputs of the run that no file of the directory is.
	Missing []string `json:"missing,omitempty"`
	// Unknown are files of the directory that are not outputs of the run: they were added or
	// changed.
	Unknown []string `json:"unknown,omitempty"`
}

// OK reports whether the directory has exactly the outputs of the run.
func (v *Verification) OK() bool { return len(v.Missing)+len(v.Unknown) == 0 }

// Verify compares the outputs of a run with the files of a directory, by their
// digests. Outputs that the run kept from earlier runs of the same log count as its
// own.
func Verify(dir string, r *Run, outputs string) (*Verification, error) {
	list, err := Read(dir)
	if err != nil {
		return nil, err
	}
	return verify(list, r, outputs)
}

// VerifyRecord compares the outputs of a run that was read from a file of its own.
func VerifyRecord(r *Run, outputs string) (*Verification, error) {
	return verify([]*Run{r}, r, outputs)
}

func verify(list []*Run, r *Run, outputs string) (*Verification, error) {
	own, earlier, again := map[string][]string{}, map[string]bool{}, map[string]int{}
	for _, other := range list {
		for _, f := range other.Files {
			switch {
			case f.Status != "complete" || f.OutputDigest == "":
			case other == r || other.ID == r.ID:
				own[f.OutputDigest] = append(own[f.OutputDigest], f.Label())
				if f.Again {
					again[f.OutputDigest]++
				}
			case r.Resumed > 0 && other.RulesetSHA256 == r.RulesetSHA256 && other.KeyFingerprint == r.KeyFingerprint:
				earlier[f.OutputDigest] = true
			}
		}
	}
	v := &Verification{}
	err := filepath.WalkDir(outputs, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		sum, err := file.Digest(path)
		if err != nil {
			return err
		}
		switch {
		case len(own[sum]) > 0:
			own[sum] = own[sum][1:]
			v.Verified++
		case earlier[sum]:
			v.Verified++
		default:
			v.Unknown = append(v.Unknown, path)
		}
		return nil
	})
	for _, f := range r.Files {
		left := own[f.OutputDigest]
		v.Missing = append(v.Missing, left[min(again[f.OutputDigest], len(left)):]...)
		delete(own, f.OutputDigest)
	}
	return v, err
}
