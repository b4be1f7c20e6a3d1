// Package opener finds the original ids behind pseudonyms, for the operator: sometimes
// a safety signal in masked data must be traced back to the patient.
//
//	opened, err := opener.Open(ctx, log, keys, "Patient", pseudonyms)
//
// The request is in the audit log before an original is returned.
package opener

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/veil-proxy/veil/internal/lazyregexp"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/keys"
)

// Opened is a pseudonym and what it stands for.
type Opened struct {
	// Type is the resource type, or the domain of a rule with the method seal.
	Type      string `json:"type"`
	Pseudonym string `json:"pseudonym"`
	// Original is empty if the pseudonym does not open: it is not one of this key,
	// project and type.
	Original string `json:"original,omitempty"`
}

// List is what was opened, in the order of the arguments.
type List []Opened

// pseudonym is the form of a sealed id (FHIR R4, datatypes.html#id). No other text gets
// into an audit record.
var pseudonym = lazyregexp.New(`^[A-Za-z0-9_.-]{1,64}$`)

// ArgumentError says which argument is wrong, by its number from 1.
type ArgumentError struct {
	Number int
	What   string
}

func (e *ArgumentError) Error() string { return fmt.Sprintf("argument %d: %s", e.Number, e.What) }

// Open opens pseudonyms. One is given alone, or as Type/pseudonym, as in references. typ
// is the type of those that are alone. The record of the request is appended to the log
// first; if that fails, nothing is opened.
func Open(ctx context.Context, log mask.Sink, ring *keys.Keyring, operator, typ string, args []string) (List, error) {
	var list List
	for i, arg := range args {
		o := Opened{Type: typ, Pseudonym: arg}
		if at := strings.LastIndexByte(arg, '/'); at >= 0 {
			o.Pseudonym = arg[at+1:]
			if o.Type = arg[:at]; strings.Contains(o.Type, "/") { // a URL: only its end counts
				o.Type = o.Type[strings.LastIndexByte(o.Type, '/')+1:]
			}
		}
		switch {
		case o.Type == "":
			return nil, &ArgumentError{i + 1, "no type: use --type, or write Type/pseudonym"}
		case !pseudonym().MatchString(o.Type):
			return nil, &ArgumentError{i + 1, "the type is not a name of letters and digits"}
		case !pseudonym().MatchString(o.Pseudonym):
			return nil, &ArgumentError{i + 1, "not a pseudonym: expected up to 64 letters, digits, hyphens, dots and underscores"}
		}
		list = append(list, o)
	}
	p := ring.NewPseudonymizer()
	r := &mask.Record{
		Time: time.Now(), RequestID: mask.NewRequestID(), Consumer: operator, Project: ring.Project(), Door: "keys", Operation: "open",
		Result: "complete", KeyFingerprint: ring.Fingerprint(),
	}
	counts := map[string]int{}
	for i := range list {
		o := &list[i]
		original, ok := p.AppendOpened(nil, ring.SealSlot(o.Type), []byte(o.Pseudonym))
		if !ok {
			r.Result, r.Reason = "failed", "a pseudonym does not open"
			continue
		}
		o.Original = string(original)
		at, known := counts[o.Type]
		if !known {
			at = len(r.Resources)
			counts[o.Type] = at
			r.Resources = append(r.Resources, mask.Count{Name: o.Type})
		}
		r.Resources[at].N++
		r.Details = append(r.Details, mask.Detail{Resource: o.Type + "/" + o.Pseudonym, Path: o.Type + ".id", Rule: "keys open", Outcome: mask.Kept})
	}
	if err := log.Append(ctx, r); err != nil {
		return nil, fmt.Errorf("nothing was opened: the audit log: %w", err)
	}
	return list, nil
}

// Unopened is the number of pseudonyms that did not open.
func (l List) Unopened() (n int) {
	for _, o := range l {
		if o.Original == "" {
			n++
		}
	}
	return n
}

// WriteText writes a line for each that opened: type, pseudonym, original, with tabs
// between.
func (l List) WriteText(out io.Writer) error {
	for _, o := range l {
		if o.Original == "" {
			continue
		}
		if _, err := fmt.Fprintf(out, "%s\t%s\t%s\n", o.Type, o.Pseudonym, o.Original); err != nil {
			return err
		}
	}
	return nil
}
