package fhirproxy

import (
	"bytes"
	"errors"
	"io"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/edit"
	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/proxy/fhirproxy/outcome"
	"github.com/veil-proxy/veil/proxy/fhirproxy/upstream"
)

// fileBody masks a file of an export (NDJSON, a resource a line) while it
// arrives. Its memory is bounded by the longest line, which Limits.ResponseBytes
// bounds, and not by the file.
//
// It is cut off where the upstream's file breaks off or has something that is not a
// resource of its type.
type fileBody struct {
	x      *exchange
	kind   linkKind
	typ    string
	narrow *edit.Selection

	r       *upstream.Response
	m       *masker
	pass    *mask.Pass // of what is delivered: the masker's, or a separate one if lines may be left out
	src     io.Reader
	line    int // the number of the line being masked
	skipped int // lines that were left out as invalid
	out, in []byte
}

const ndjson = "application/fhir+ndjson"

// blockSize is how much is masked before it is sent on.
const blockSize = 32 << 10

// open requests the file and returns the response that streams it.
func (f *fileBody) open(path string) (*response, *outcome.Problem) {
	x := f.x
	if !x.s.streams.Try() {
		return nil, outcome.Refused(503, models.IssueTypeThrottled, "busy", "too many files are being sent; try again later").With("Retry-After", "5")
	}
	out := newStream(x, f, x.s.streams.Leave)
	begun := false
	defer func() {
		if !begun { // or it panicked
			out.abandon()
		}
	}()
	if p := f.begin(path); p != nil {
		return nil, p
	}
	begun = true
	return &response{status: 200, contentType: ndjson, stream: out}, nil
}

func (f *fileBody) begin(path string) (p *outcome.Problem) {
	x := f.x
	f.r, p = x.s.up.Request(&upstream.Request{Path: path, Accept: ndjson, Stream: true, Timeout: x.s.limits.UpstreamTimeout, Span: x.Span})
	if p != nil {
		return p
	}
	hosted := x.s.up.Hosted(path)
	switch {
	case f.r.Status != 200 && hosted:
		return f.r.HostFailure()
	case f.r.Status != 200:
		return f.r.Failure()
	}
	switch f.r.MIME() {
	case ndjson, "application/ndjson", "application/x-ndjson":
	case "application/octet-stream", "binary/octet-stream", "text/plain", "application/json", "application/json-lines", "":
		if !hosted { // a store may not know the type of its files
			return outcome.Failed(502, models.IssueTypeStructure, "upstream content type", "the FHIR server's file is not NDJSON")
		}
	default:
		return outcome.Failed(502, models.IssueTypeStructure, "upstream content type", "the FHIR server's file is not NDJSON")
	}
	if f.src, p = f.r.Reader(); p != nil {
		return p
	}
	f.m = x.s.newMasker(x.view)
	f.m.pass.Begin(x.Origin())
	f.pass = f.m.pass
	if x.s.skips {
		f.pass = mask.NewPass(x.view.automaton.Plan)
		f.pass.Detail = x.view.detail
		f.pass.Begin(x.Origin())
	}
	return x.commit(f.pass.Record("started", ""), 200)
}

// write masks the file and sends it.
func (f *fileBody) write(send func([]byte) error) (reason string, err error) {
	reason = "internal"
	err = fhirjson.SplitNDJSON(f.src, blockSize, f.x.s.limits.ResponseBytes, func() []byte { return f.in }, func(block []byte, _ int) error {
		f.in = block
		out, why := f.block(block)
		if why != "" {
			reason = why
			return errStream
		}
		return send(out)
	})
	if err != nil && reason == "internal" {
		reason = "upstream broke off"
		if errors.Is(err, fhirjson.ErrLineTooLong) {
			reason = "response too large"
		}
	}
	return reason, err
}

// end has nothing more to send: the end of the body shows that the file is complete.
func (f *fileBody) end() []byte { return nil }

// record is of what was delivered.
func (f *fileBody) record(result, reason string) *mask.Record {
	f.x.s.seenForeign(f.m)
	if result == "complete" && f.skipped > 0 {
		reason = "incomplete without invalid lines"
	}
	return f.pass.Record(result, reason)
}

// release gives the upstream's response back.
func (f *fileBody) release() {
	if f.r != nil {
		f.r.Release()
		f.r = nil
	}
}

// block masks the lines of a block into f.out, or returns why it could not.
func (f *fileBody) block(block []byte) (out []byte, why string) {
	out = f.out[:0]
	for line := range bytes.Lines(block) {
		f.line++
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		before := len(out)
		if f.kind == linkErrors {
			b, ok := rebuildOutcome(line)
			if !ok {
				continue
			}
			out = append(out, b...)
			f.pass.CountResource("OperationOutcome")
		} else {
			var err error
			f.m.finder.Begin()
			out, err = f.m.appendJSON(out, line)
			var withheld *fhir.WithheldError
			switch {
			case strays(err, line, f.typ):
				err = errOtherType
			case errors.As(err, &withheld), errors.Is(err, fhir.ErrEmpty):
				continue
			case err == nil && f.m.walker.ResourceType() != f.typ:
				err = errOtherType
			}
			switch {
			case err != nil && f.maySkip(err):
				f.skipped++
				out = out[:before]
				f.m.pass.Begin(f.x.Origin())
				continue
			case errors.Is(err, errOtherType):
				return nil, "upstream type"
			case err != nil:
				return nil, f.m.problem(err).Reason
			case f.pass != f.m.pass:
				f.pass.Merge(f.m.pass)
			}
		}
		if f.narrow != nil {
			cut, err := f.narrow.Append(nil, out[before:])
			if err != nil {
				return nil, "internal"
			}
			out = append(out[:before], cut...)
		}
		out = append(out, '\n')
	}
	f.out = out
	// A resource may contain others, as a Bundle does.
	if f.x.Who.Scopes != nil && f.x.delivers(f.pass.Record("", "")) != nil {
		return nil, "scope"
	}
	return out, ""
}

// errOtherType says that a line is a resource of another type than its file's.
var errOtherType = errors.New("the resource is of another type")

// maySkip reports whether a line that cannot be masked is left out. It is then
// logged, by its number; the record and the metrics say that lines are missing.
func (f *fileBody) maySkip(err error) bool {
	var syntax *fhirjson.SyntaxError
	if !f.x.s.skips || !errors.Is(err, errOtherType) && !errors.As(err, &syntax) {
		return false
	}
	reason := errOtherType.Error()
	if syntax != nil {
		reason = syntax.What
	}
	f.x.s.shared.Log().Warn("a line of an export's file is not valid and was left out", "request_id", f.x.ID, "door", "fhir",
		"operation", f.x.Operation, "line", f.line, "reason", reason)
	return true
}
