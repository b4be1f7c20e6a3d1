package queue

import (
	"encoding/json"
	"time"
)

// State is the state of a job.
type State string

// The states. A waiting job has failed with a transient error, and will be retried.
const (
	Queued    State = "queued"
	Running   State = "running"
	Waiting   State = "waiting"
	Complete  State = "complete"
	Failed    State = "failed"
	Cancelled State = "cancelled"
)

// States lists all states.
var States = []State{Queued, Running, Waiting, Complete, Failed, Cancelled}

// Over reports whether the state is final.
func (s State) Over() bool { return s == Complete || s == Failed || s == Cancelled }

// Order is a job to be created.
type Order struct {
	// ID names the job; empty for a new one.
	ID string
	// Kind, and View if it masks, are for lists. Operator is who orders it.
	Kind, View, Operator string
	// Spec says what to do, and Basis what to do it with, such as fingerprints of a key
	// and a ruleset, as the caller encodes them.
	Spec, Basis json.RawMessage
	// Target is where it writes. No two unfinished jobs have the same target, or one below
	// the other's. Empty for none.
	Target string
	// Key is the caller's idempotency key for the order, and Digest the digest of its
	// request: the same key again means the same job. Empty for none.
	Key, Digest string
}

// Job is a job as stored in the database.
type Job struct {
	ID, Kind, View, Operator string
	Spec, Basis              json.RawMessage
	Target                   string
	State                    State
	// Cancelling says that the job is to end, and has not yet.
	Cancelling bool
	// Starts is how often it was started, and Failures how often a transient error ended
	// it.
	Starts, Failures int
	// Started and Ended are zero until then.
	Created, Started, Ended time.Time
	Progress                Progress
	// Error says why it failed, or why it waits, and Problems what was left out.
	Error    string
	Problems []Problem
	// Result is what it found, as Run encodes it; empty for nothing.
	Result json.RawMessage
}

// Progress says how far a job is, and what it has done.
type Progress struct {
	// Files of AllFiles are done. Failed have no output, and Kept are outputs of an
	// earlier attempt.
	Files    int `json:"files"`
	AllFiles int `json:"allFiles,omitempty"`
	Failed   int `json:"failedFiles,omitempty"`
	Kept     int `json:"keptFiles,omitempty"`
	// Bytes of Size were read. Size is -1 if unknown.
	Bytes int64 `json:"bytes"`
	Size  int64 `json:"size"`
	// Units are the resources and rows that were processed; Withheld and Bad those left
	// out because of a rule and because of an error in the input.
	Units    uint64 `json:"units"`
	Withheld uint64 `json:"withheld,omitempty"`
	Bad      uint64 `json:"bad,omitempty"`
	// Categories counts applications of rules, by category.
	Categories map[string]uint64 `json:"categories,omitempty"`
}

// Problem is something that a job left out of its output.
type Problem struct {
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
	What   string `json:"what"`
	Hint   string `json:"hint,omitempty"`
}

// columns are those of a job, in the order in which scan reads them.
const columns = `id, kind, view, operator, spec, basis, target, state, cancel, starts, failures, created, started, ended, progress, error, problems, result`

// scan reads a row.
func (j *Job) scan(scan func(...any) error) error {
	var spec, basis, state, progress, problems, result string
	var cancel, starts, failures, created, started, ended int64
	err := scan(&j.ID, &j.Kind, &j.View, &j.Operator, &spec, &basis, &j.Target, &state, &cancel, &starts, &failures, &created, &started, &ended, &progress, &j.Error, &problems, &result)
	if err != nil {
		return err
	}
	j.Spec, j.Basis, j.Result = raw(spec), raw(basis), raw(result)
	j.State, j.Cancelling = State(state), cancel != 0
	j.Starts, j.Failures = int(starts), int(failures)
	j.Created, j.Started, j.Ended = instant(created), instant(started), instant(ended)
	j.Progress.Size = -1
	if err := unmarshal(progress, &j.Progress); err != nil {
		return err
	}
	return unmarshal(problems, &j.Problems)
}

func raw(text string) json.RawMessage {
	if text == "" {
		return nil
	}
	return json.RawMessage(text)
}

func unmarshal(text string, into any) error {
	if text == "" {
		return nil
	}
	return json.Unmarshal([]byte(text), into)
}

// instant returns the time for a number in the database.
func instant(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

// now returns the number for the current time.
func now() int64 { return time.Now().UnixMicro() }
