package queue

import (
	"encoding/json"
	"time"
)

// State says how far a job is.
type State string

// The states. A job that waits has failed by an error that may pass, and is run again.
const (
	Queued    State = "queued"
	Running   State = "running"
	Waiting   State = "waiting"
	Complete  State = "complete"
	Failed    State = "failed"
	Cancelled State = "cancelled"
)

// States are all of them.
var States = []State{Queued, Running, Waiting, Complete, Failed, Cancelled}

// Over reports whether a job has come to its end.
func (s State) Over() bool { return s == Complete || s == Failed || s == Cancelled }

// Order is a job that is to be made.
type Order struct {
	// ID names the job; empty for a new one.
	ID string
	// Kind, and View if it masks, are for lists; Operator is who orders it.
	Kind, View, Operator string
	// Spec is what is to be done, and Basis what it is to be done with, such as
	// fingerprints of a key and a ruleset, as the caller writes them.
	Spec, Basis json.RawMessage
	// Target is where it writes: no two jobs that are not over have the same one, or one
	// below the other's. Empty for none.
	Target string
	// Key is the caller's for one order, and Digest that of its request: the same key
	// again is the same job. Empty for none.
	Key, Digest string
}

// Job is a job as the database has it.
type Job struct {
	ID, Kind, View, Operator string
	Spec, Basis              json.RawMessage
	Target                   string
	State                    State
	// Cancelling: it is to end, and has not yet.
	Cancelling bool
	// Starts is how often it was begun, and Failures how often an error that may pass
	// ended it.
	Starts, Failures int
	// Started and Ended are zero if it was not yet.
	Created, Started, Ended time.Time
	Progress                Progress
	// Error says why it failed, or why it waits, and Problems what was left out.
	Error    string
	Problems []Problem
	// Result is what it found, as Run writes it; empty for nothing.
	Result json.RawMessage
}

// Progress is how far a job is, and what it has done.
type Progress struct {
	// Files are those that are done, of AllFiles; Failed have no output, and Kept are
	// outputs of an earlier start.
	Files    int `json:"files"`
	AllFiles int `json:"allFiles,omitempty"`
	Failed   int `json:"failedFiles,omitempty"`
	Kept     int `json:"keptFiles,omitempty"`
	// Bytes were read of Size, which is -1 if it is not known.
	Bytes int64 `json:"bytes"`
	Size  int64 `json:"size"`
	// Units are the resources and rows that were dealt with; Withheld and Bad those that
	// were left out by a rule and by a fault in the input.
	Units    uint64 `json:"units"`
	Withheld uint64 `json:"withheld,omitempty"`
	Bad      uint64 `json:"bad,omitempty"`
	// Categories counts applications of rules, by category.
	Categories map[string]uint64 `json:"categories,omitempty"`
}

// Problem is something that was left out of a job's output.
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

// instant is the time of a number in the database.
func instant(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

// now is the number of this moment.
func now() int64 { return time.Now().UnixMicro() }
