package fhirproxy

import (
	"errors"
	"io"
	"net"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/veil-proxy/veil/internal/stack"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/proxy/trace"
)

// stream is a response that is masked while it arrives.
//
// A record that it began is written before its first byte is sent, and a record of what
// was delivered before its end. Without the latter, the chunked body is cut off, which
// every client notices (RFC 9112, 8). The same happens if the upstream's response is
// interrupted or cannot be masked.
type stream struct {
	x      *exchange
	body   streamBody
	conn   net.Conn
	packed bool   // the consumer takes gzip
	leave  func() // frees the stream's place
	done   func() // ends the request for the consumer's limits
	span   trace.Span
	closed bool
}

// streamBody is the body of a stream.
type streamBody interface {
	// write masks what arrives and sends it. With an error, it returns the reason for the
	// record.
	write(send func([]byte) error) (reason string, err error)
	// end returns what is sent last, after the record.
	end() []byte
	// record is of what was sent.
	record(result, reason string) *mask.Record
	// release releases what the body holds.
	release()
}

// errStream ends a stream; the reason is in the record and the log. errConsumer says that
// the consumer did not accept what was sent.
var (
	errStream   = errors.New("the response could not be completed")
	errConsumer = errors.New("the consumer disconnected")
)

// newStream returns a stream that is in progress until abandon is called or it ends.
// leave frees its place.
func newStream(x *exchange, body streamBody, leave func()) *stream {
	done := x.s.shared.Metrics().Begin()
	return &stream{x: x, body: body, span: x.Span.Child(trace.Stream), leave: func() { done(); leave() }}
}

// abandon releases everything.
func (s *stream) abandon() {
	s.body.release()
	s.span.End()
	if s.leave != nil {
		s.leave()
		s.leave = nil
	}
	if s.done != nil {
		s.done()
		s.done = nil
	}
}

// Read is not used: the body is written by WriteTo.
func (s *stream) Read([]byte) (int, error) { return 0, errStream }

// SupportsBodyWriteTo lets fasthttp call WriteTo, whose every write becomes a
// chunk that is sent at once.
func (s *stream) SupportsBodyWriteTo() bool { return true }

// WriteTo masks the body into w. What it returns counts bytes before compression.
func (s *stream) WriteTo(w io.Writer) (n int64, err error) {
	reason := "internal"
	var z *gzip.Writer
	send := func(b []byte) error {
		if len(b) == 0 {
			return nil
		}
		if s.conn != nil {
			if err := s.conn.SetWriteDeadline(time.Now().Add(s.x.s.limits.WriteTimeout)); err != nil {
				return errConsumer
			}
		}
		n += int64(len(b))
		s.x.s.shared.Metrics().Masked(len(b))
		if z == nil {
			_, err := w.Write(b)
			return consumerLeft(err)
		}
		_, err := z.Write(b)
		if err == nil {
			err = z.Flush() // so that masked data is not delayed
		}
		return consumerLeft(err)
	}
	defer func() {
		if recover() != nil { // its text may contain a value
			s.x.s.shared.Log().Error("panic", "request_id", s.x.ID, "door", "fhir", "operation", s.x.Operation, "stack", stack.OfPanic())
			err = errStream
		}
		if errors.Is(err, errConsumer) {
			reason = "consumer left"
		}
		if cerr := s.end(err == nil, reason); cerr != nil {
			err = cerr
		}
		if err == nil {
			err = send(s.body.end())
		}
		if err == nil && z != nil {
			err = z.Close()
		}
	}()
	if s.packed {
		if z, err = gzip.NewWriterLevel(w, gzip.BestSpeed); err != nil {
			return 0, err
		}
	}
	reason, err = s.body.write(send)
	return n, err
}

// consumerLeft marks an error in sending as the consumer's.
func consumerLeft(err error) error {
	if err != nil {
		return errConsumer
	}
	return nil
}

// end writes the record of what was delivered. Without it the body is cut off.
func (s *stream) end(whole bool, reason string) error {
	if s.closed {
		return nil
	}
	s.closed = true
	defer s.abandon()
	defer s.x.Span.End()
	result := "failed"
	if whole {
		result, reason = "complete", ""
	}
	if s.x.commit(s.body.record(result, reason), 200) != nil {
		return errStream
	}
	return nil
}

// Close ends a stream that was not written to its end.
func (s *stream) Close() error { return s.end(false, "consumer left") }
