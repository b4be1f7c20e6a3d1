package jobs

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/veil-proxy/veil/proxy"
	"github.com/veil-proxy/veil/proxy/jobs/queue"
	"github.com/veil-proxy/veil/proxy/jobs/work"
)

// Problem is a problem response (RFC 9457). It contains no text of a request.
type Problem struct {
	Type   string  `json:"type"`
	Title  string  `json:"title"`
	Status int     `json:"status"`
	Detail string  `json:"detail"`
	Hint   string  `json:"hint,omitempty"`
	Errors []Fault `json:"errors,omitempty"`
}

// Fault is one error in a request: in a member of its body, or in a parameter.
type Fault struct {
	Pointer   string `json:"pointer,omitempty"`
	Parameter string `json:"parameter,omitempty"`
	Detail    string `json:"detail"`
}

func (p *Problem) Error() string { return p.Detail }

// problem returns a Problem. kind is the last part of its type.
func problem(status int, kind, detail, hint string) *Problem {
	return &Problem{Type: "urn:veil:problem:" + kind, Title: http.StatusText(status), Status: status, Detail: detail, Hint: hint}
}

// problemOf is the problem of an error of the packages below.
func problemOf(err error) *Problem {
	var ready *Problem
	var request *work.Error
	var taken *queue.TargetError
	var down *queue.Unavailable
	switch {
	case errors.As(err, &ready):
		return ready
	case errors.As(err, &request):
		p := problem(http.StatusUnprocessableEntity, "request", request.What, request.Hint)
		if request.Exists {
			p = problem(http.StatusConflict, "target-exists", request.What, request.Hint)
		}
		p.Errors = []Fault{{Pointer: request.Field, Detail: request.What}}
		return p
	case errors.As(err, &taken):
		return problem(http.StatusConflict, "target-in-use", "job "+taken.Job+", which has not ended, writes to the same target", "wait for its end, cancel it, or use another target")
	case errors.Is(err, queue.ErrKeyUsed):
		return problem(http.StatusUnprocessableEntity, "idempotency-key-used", "Idempotency-Key: the key was used for another request", "use a new key for a new request")
	case errors.Is(err, queue.ErrNone):
		return problem(http.StatusNotFound, "no-such-job", "there is no such job", "GET "+Path+"/jobs lists them")
	case errors.Is(err, queue.ErrCursor):
		p := problem(http.StatusBadRequest, "parameter", "after: the value was not returned by a list", "use the next of the page before")
		p.Errors = []Fault{{Parameter: "after", Detail: "the value was not returned by a list"}}
		return p
	case errors.As(err, &down):
		return problem(http.StatusServiceUnavailable, "unavailable", down.What, "")
	case errors.Is(err, queue.ErrOpening), errors.Is(err, queue.ErrClosing):
		return problem(http.StatusServiceUnavailable, "unavailable", err.Error(), "try again in a moment")
	}
	return nil
}

// refuse responds with a problem, in the form of operator.Route.
func refuse(w http.ResponseWriter, status int, text string) {
	kinds := map[int]string{http.StatusUnauthorized: "credentials", http.StatusForbidden: "no-operator", http.StatusTooManyRequests: "too-many-attempts", http.StatusServiceUnavailable: "unavailable"}
	kind := kinds[status]
	if kind == "" {
		kind = "fault"
	}
	respond(w, status, "application/problem+json", problem(status, kind, text, ""))
}

// respond sends a document.
func respond(w http.ResponseWriter, status int, media string, document any) {
	text, err := json.Marshal(document)
	if err != nil {
		panic(err) // cannot happen: the documents are those of this package
	}
	w.Header().Set("Content-Type", media)
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n')) // the client is gone otherwise
}

// fail records that a request was refused or failed, and responds with why.
func (s *Service) fail(w http.ResponseWriter, x *proxy.Exchange, err error) {
	p := problemOf(err)
	if p == nil {
		s.log.Error("a request for jobs failed", "request_id", x.ID, "error", err)
		p = problem(http.StatusInternalServerError, "fault", "internal error: see Veil's log for request "+x.ID, "")
	}
	result := "refused"
	if p.Status >= http.StatusInternalServerError {
		result = "failed"
	}
	if x.Commit(x.Record(result, reasonOf(p), ""), p.Status) != nil {
		p = problem(http.StatusServiceUnavailable, "unavailable", "the audit record could not be written", "see Veil's log")
	}
	if p.Status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "5")
	}
	respond(w, p.Status, "application/problem+json", p)
}

// reasonOf returns the reason in the record of a problem: one of a few words.
func reasonOf(p *Problem) string {
	return p.Type[len("urn:veil:problem:"):]
}
