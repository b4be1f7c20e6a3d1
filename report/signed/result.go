package signed

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// Result is what a tool has measured, in a form that evidence can include. Its texts are
// names of columns, elements, rules and probes, and fixed words, never values of the
// data.
type Result struct {
	// Kind is selftest, fidelity, risk or discovery.
	Kind string `json:"kind"`
	// Version is the version of Veil.
	Version string `json:"version"`
	// Time is when it was measured.
	Time time.Time `json:"time"`
	// Inputs are what was measured, with digests.
	Inputs []Input `json:"inputs"`
	// Grade is the grade of a self-test.
	Grade    string    `json:"grade,omitempty"`
	Figures  []Figure  `json:"figures"`
	Findings []Finding `json:"findings"`
	// Details are for other readers; evidence does not show them.
	Details any `json:"details,omitempty"`
}

// Input is something that was measured: its role or base name, and the SHA-256, in hex,
// of what was read.
type Input struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
}

// Figure is a number.
type Figure struct {
	Name string `json:"name"`
	// Of is the column, element or group of probes; empty for the whole.
	Of    string  `json:"of,omitempty"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit,omitempty"`
}

// Finding is the outcome of one expectation.
type Finding struct {
	Name    string  `json:"name"`
	Outcome Outcome `json:"outcome"`
	Reason  string  `json:"reason,omitempty"`
}

// Outcome is the outcome of an expectation.
type Outcome string

// The outcomes.
const (
	Pass   Outcome = "pass"
	Fail   Outcome = "fail"
	NotRun Outcome = "not run"
)

// Marshal returns the result as a file, signed if signer is not nil.
func (r *Result) Marshal(signer note.Signer) ([]byte, error) {
	out := *r
	out.Time = out.Time.UTC().Truncate(time.Second)
	return JSON(r.Kind, &out, signer)
}

// ParseResult parses a result of a kind. It does not verify the signature.
func ParseResult(file []byte, kind string) (*Result, error) {
	if len(file) == 0 {
		return nil, errors.New("the file is empty")
	}
	var r Result
	if err := json.Unmarshal(file, &r); err != nil {
		return nil, fmt.Errorf("expected a result of veil as JSON: the file is not JSON of that form, or it is cut off")
	}
	switch {
	case r.Kind == "" || r.Time.IsZero():
		return nil, errors.New("expected a result of veil as JSON: it has no kind or no time")
	case r.Kind != kind:
		return nil, fmt.Errorf("expected a result of kind %s, found kind %s", kind, printable(r.Kind))
	}
	for i, f := range r.Findings {
		if f.Outcome != Pass && f.Outcome != Fail && f.Outcome != NotRun {
			return nil, fmt.Errorf("finding %d: the outcome is not %s, %s or %s", i+1, Pass, Fail, NotRun)
		}
	}
	return &r, nil
}
