package work

import (
	"bufio"
	"context"
	"errors"
	"io"

	"github.com/veil-proxy/veil/file"
)

// Stream is a body that is masked while it arrives.
type Stream struct {
	// ID names the run in the audit log. Operator is who sends the body.
	ID, Operator string
	View         string
	// Format is the format of the body; if empty, it is detected. Name is the name of the
	// table or document in it.
	Format, Name string
	// Skip leaves out what cannot be masked, instead of ending the stream.
	Skip bool
	In   io.Reader
	Out  io.Writer
}

// InvalidError says that a body cannot be masked, and where.
type InvalidError struct{ file.Problem }

// errUnstreamable is the error of a format that cannot be read sequentially.
var errUnstreamable = &Error{Field: "format", What: "Parquet cannot be masked as a stream", Hint: "submit a job"}

// parquetMagic is the beginning of a Parquet file.
const parquetMagic = "PAR1"

// Mask masks a body. What was written before an error is useless: its end is missing.
// If the error is nil, the records are durable.
func (w *World) Mask(ctx context.Context, s *Stream) error {
	v, err := w.view(s.View)
	if err != nil {
		return err
	}
	options := &OptionsSpec{Format: s.Format, Table: s.Name, Document: s.Name}
	j, err := w.job(&Spec{Options: options}, v)
	if err != nil {
		return err
	}
	// Parquet is read from its end, so all of it would have to be stored on disk.
	in := bufio.NewReader(s.In)
	if beginning, _ := in.Peek(len(parquetMagic)); string(beginning) == parquetMagic {
		return errUnstreamable
	}
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	j.ID, j.Consumer, j.Sink, j.AuditDir = s.ID, s.Operator, w.Sink, ""
	j.Inputs, j.Stdin, j.Stdout = []string{"-"}, in, s.Out
	var first *InvalidError
	j.Report = func(p file.Problem) {
		if p.Line > 0 && s.Skip || first != nil {
			return
		}
		p.File = "body"
		first = &InvalidError{p}
		if p.Line > 0 {
			end(first)
		}
	}
	counts, err := j.Run(ctx)
	switch {
	case first != nil && (err != nil || counts.Failed > 0 || first.Line > 0):
		return first
	case err != nil:
		return err
	case counts.Failed > 0:
		return errors.New("the body could not be masked")
	}
	return nil
}
