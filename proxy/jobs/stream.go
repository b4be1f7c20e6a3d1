package jobs

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"time"

	"github.com/veil-proxy/veil/proxy"
	"github.com/veil-proxy/veil/proxy/jobs/work"
)

const (
	// mostStreams bounds the bodies that are masked at the same time.
	mostStreams = 8
	// idle is how long a client may neither send nor receive anything.
	idle = 2 * time.Minute
	// heldBack is how much of the end of a masked body is held back until its record is
	// written. Without the record, the body is visibly cut off.
	heldBack = 4 << 10
)

// mask masks the body of a request while it arrives.
func (s *Service) mask(w http.ResponseWriter, r *http.Request, x *proxy.Exchange) {
	select {
	case s.streams <- struct{}{}:
		defer func() { <-s.streams }()
	default:
		s.fail(w, x, problem(http.StatusServiceUnavailable, "unavailable", "too many bodies are being masked", "try again in a moment"))
		return
	}
	control := http.NewResponseController(w)
	_ = control.EnableFullDuplex() // HTTP/2 always is
	// The rest of a body that was not read completely is not a request.
	w.Header().Set("Connection", "close")
	q := r.URL.Query()
	out := &masked{w: w, control: control, media: mediaOf(r)}
	err := s.world.Load().Mask(r.Context(), &work.Stream{
		ID: x.ID, Operator: x.Consumer(), View: q.Get("view"), Format: q.Get("format"), Name: q.Get("name"), Skip: q.Get("invalid") == "skip",
		In: &body{r.Body, control}, Out: out,
	})
	if err == nil {
		if err = x.Commit(x.Record("complete", "", ""), http.StatusOK); err == nil {
			err = out.end()
			if err == nil {
				return
			}
			panic(http.ErrAbortHandler) // the client has disconnected
		}
		err = problem(http.StatusServiceUnavailable, "unavailable", "the audit record could not be written", "see Veil's log")
	}
	if !out.begun {
		s.fail(w, x, streamProblem(err))
		return
	}
	_ = x.Commit(x.Record("failed", "the body could not be masked completely", ""), http.StatusOK) // the response is cut off in any case
	panic(http.ErrAbortHandler)
}

// streamProblem says why a body was not masked.
func streamProblem(err error) error {
	var bad *work.InvalidError
	var order *work.Error
	var read *readError
	switch {
	case errors.As(err, &bad):
		p := problem(http.StatusUnprocessableEntity, "body", bad.Error(), "")
		if bad.Hint != "" {
			hint := bad.Hint
			bad.Hint = ""
			p.Detail, p.Hint = bad.Error(), hint
		}
		return p
	case errors.As(err, &order):
		p := problem(http.StatusUnprocessableEntity, "parameter", order.What, order.Hint)
		return p
	case errors.As(err, &read):
		return problem(http.StatusBadRequest, "body", "the request body could not be read completely", "send it again")
	}
	if problemOf(err) != nil {
		return err
	}
	return problem(http.StatusUnprocessableEntity, "body", "the body could not be masked", "try it with veil mask")
}

// medias are the media types of masked bodies. Anything else is a sequence of bytes.
var medias = []string{
	"application/fhir+json", "application/fhir+xml", "application/fhir+ndjson", "application/json", "application/x-ndjson", "application/xml", "text/xml",
	"text/csv", "text/tab-separated-values", "text/plain", "application/sql", "application/vnd.apache.arrow.stream",
}

// mediaOf returns the media type of a masked body.
func mediaOf(r *http.Request) string {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if i := slices.Index(medias, media); err == nil && i >= 0 {
		return medias[i]
	}
	return "application/octet-stream"
}

// readError is an error in reading from the client.
type readError struct{ error }

// body is the body of a request. The client must not pause too long.
type body struct {
	io.Reader
	control *http.ResponseController
}

func (b *body) Read(p []byte) (int, error) {
	_ = b.control.SetReadDeadline(time.Now().Add(idle)) // otherwise the listener's limit applies
	n, err := b.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = &readError{err}
	}
	return n, err
}

// masked sends the masked body to the client, and holds back its end.
type masked struct {
	w       http.ResponseWriter
	control *http.ResponseController
	media   string
	begun   bool
	waiting []byte
}

func (m *masked) Write(p []byte) (int, error) {
	m.waiting = append(m.waiting, p...)
	if len(m.waiting) < 2*heldBack {
		return len(p), nil
	}
	n := len(m.waiting) - heldBack
	if err := m.send(m.waiting[:n]); err != nil {
		return 0, err
	}
	m.waiting = append(m.waiting[:0], m.waiting[n:]...)
	return len(p), nil
}

func (m *masked) send(p []byte) error {
	if !m.begun {
		m.begun = true
		m.w.Header().Set("Content-Type", m.media)
		m.w.WriteHeader(http.StatusOK)
	}
	_ = m.control.SetWriteDeadline(time.Now().Add(idle)) // likewise
	_, err := m.w.Write(p)
	return err
}

// end sends what was held back.
func (m *masked) end() error { return m.send(m.waiting) }
