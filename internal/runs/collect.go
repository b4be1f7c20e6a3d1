package runs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/veil-proxy/veil/audit"
	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/mask"
)

// Collected is a run that was assembled from the logs of tasks.
type Collected struct {
	ID string `json:"run"`
	// Tasks is how many tasks masked rows, and Interrupted how many attempts of tasks did
	// not finish, for example because a worker was lost.
	Tasks       int    `json:"tasks"`
	Interrupted int    `json:"interrupted"`
	Status      string `json:"status"`
}

// attempt is the log of an attempt of a task: its directory is named for the partition and
// the attempt, such as 000003-17.
type attempt struct {
	name   string
	files  []*mask.Record
	start  *mask.Record
	end    time.Time
	failed string // why, if it is not complete
}

// Collect makes, in the log of dir, one run for each job whose tasks have left logs below
// tasks: tasks/RUN/PARTITION-ATTEMPT. It removes the logs that it has collected. open opens
// the log.
func Collect(ctx context.Context, dir, tasks string, open func() (*audit.Log, error)) (out []Collected, err error) {
	jobs, err := os.ReadDir(tasks)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: the directory contains no logs of tasks", tasks)
	}
	if err != nil {
		return nil, err
	}
	log, err := open() // first, since it sets aside a line that a crash cut off
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	list, err := Read(dir)
	if err != nil && !errors.Is(err, audit.ErrNoLog) {
		return nil, err
	}
	known := map[string]bool{}
	for _, r := range list {
		known[r.ID] = r.Status != "interrupted" // otherwise collecting was interrupted
	}
	for _, job := range jobs {
		path := filepath.Join(tasks, job.Name())
		if !known[job.Name()] { // otherwise it was collected, but not removed
			c, err := collectJob(ctx, log, job.Name(), path)
			if err != nil {
				return out, err
			}
			if c.Tasks+c.Interrupted > 0 {
				out = append(out, c)
			}
		}
		if err := os.RemoveAll(path); err != nil {
			return out, err
		}
	}
	return out, nil
}

// collectJob writes the run of a job.
func collectJob(ctx context.Context, sink mask.Sink, id, path string) (c Collected, err error) {
	dirs, err := os.ReadDir(path)
	if err != nil {
		return c, err
	}
	c = Collected{ID: id, Status: "complete"}
	var attempts []*attempt
	complete := map[string]bool{} // by partition
	for _, d := range dirs {
		a := readAttempt(filepath.Join(path, d.Name()), d.Name())
		attempts = append(attempts, a)
		if a.failed == "" {
			c.Tasks++
			complete[a.partition()] = true
		} else {
			c.Interrupted++
		}
	}
	run := &mask.Record{}
	var end time.Time
	for _, a := range attempts {
		switch {
		case a.start == nil:
		case run.RulesetSHA256 == "":
			*run = *a.start
		case run.RulesetSHA256 != a.start.RulesetSHA256 || run.KeyFingerprint != a.start.KeyFingerprint:
			return c, fmt.Errorf("%s: tasks of one job used different rulesets or keys", path)
		}
		if a.start != nil && a.start.Time.Before(run.Time) {
			run.Time = a.start.Time
		}
		if a.end.After(end) {
			end = a.end
		}
		if !complete[a.partition()] {
			c.Status = "failed"
		}
	}
	if run.RulesetSHA256 == "" {
		return c, nil // no attempt got as far as creating a log
	}
	run.Run, run.RequestID = id, id
	if err := sink.Append(ctx, run); err != nil {
		return c, err
	}
	for _, a := range attempts {
		for _, r := range a.records(run) {
			if err := sink.Append(ctx, r); err != nil {
				return c, err
			}
		}
	}
	last := *run
	last.Result, last.Program, last.DurationMicros = c.Status, "", max(0, end.Sub(run.Time).Microseconds())
	last.Resources = []mask.Count{{Name: "files", N: uint64(c.Tasks)}}
	if c.Status != "complete" {
		last.Reason = "tasks could not mask their rows"
	}
	return c, sink.Append(ctx, &last)
}

func (a *attempt) partition() string {
	partition, _, _ := strings.Cut(a.name, "-")
	return partition
}

// records returns the records of an attempt's files. For a failed attempt, it returns one
// that says so.
func (a *attempt) records(run *mask.Record) (out []*mask.Record) {
	name := "task-" + a.name
	if a.failed != "" {
		r := *run
		r.Program, r.Operation, r.File, r.Result, r.Reason = "", "mask", name, "failed", a.failed
		return []*mask.Record{&r}
	}
	for _, r := range a.files {
		r.Run, r.File = run.Run, name
		out = append(out, r)
	}
	return out
}

// readAttempt reads the log of an attempt. A log that was cut off is not an error: the
// attempt did not finish.
func readAttempt(dir, name string) *attempt {
	a := &attempt{name: name, failed: "the task was interrupted"}
	if _, err := audit.Verify(dir, ""); err != nil {
		a.failed = "the log of the task is incomplete"
		return a
	}
	for l, err := range audit.Read(dir) {
		switch {
		case err != nil:
			a.failed = "the log of the task is incomplete"
			return a
		case l.Kind != "record":
		case l.Operation != file.RunOperation:
			a.files = append(a.files, recordOf(l))
		case l.Result == "started":
			if a.start == nil {
				a.start = recordOf(l)
			}
		default:
			a.end = l.Time.Add(time.Duration(l.DurationMicros) * time.Microsecond)
			if a.failed = ""; l.Result != "complete" || l.Reason != "" {
				a.failed = "rows could not be masked"
			}
		}
	}
	return a
}

// recordOf returns the record that a line was written for.
func recordOf(l *audit.Line) *mask.Record {
	return &mask.Record{
		Time: l.Time, RequestID: l.RequestID, Consumer: l.Consumer, Project: l.Project, Door: l.Door, Operation: l.Operation, Result: l.Result, Reason: l.Reason,
		Run: l.Run, Program: l.Program, File: l.File, FileName: l.FileName, InputDigest: l.InputDigest, OutputDigest: l.OutputDigest,
		Ruleset: l.Ruleset, RulesetSHA256: l.RulesetSHA256, KeyFingerprint: l.KeyFingerprint,
		Resources: l.Resources, Used: mask.NewUses(l.Applied...), Found: l.Found, DurationMicros: l.DurationMicros,
	}
}

// WriteCollected writes, for people, what was collected.
func WriteCollected(out io.Writer, list []Collected) error {
	for _, c := range list {
		if _, err := fmt.Fprintf(out, "run %s: %s, %d tasks, %d attempts interrupted\n", c.ID, c.Status, c.Tasks, c.Interrupted); err != nil {
			return err
		}
	}
	return nil
}
