package jobs

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/veil-proxy/veil/proxy"
	"github.com/veil-proxy/veil/proxy/jobs/queue"
	"github.com/veil-proxy/veil/proxy/jobs/work"
)

// digestOf is the digest of an order, however it was written.
func digestOf(spec *work.Spec) (string, error) {
	text, err := json.Marshal(spec)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// keyOf is the Idempotency-Key of a request, without the quotes of its form.
func keyOf(r *http.Request) string { return strings.Trim(r.Header.Get("Idempotency-Key"), `"`) }

// done records a request that was served, and responds.
func (s *Service) done(w http.ResponseWriter, x *proxy.Exchange, status int, document any) {
	if err := x.Commit(x.Record("complete", "", ""), status); err != nil {
		refuse(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	respond(w, status, "application/json", document)
}

// create queues a job.
func (s *Service) create(w http.ResponseWriter, r *http.Request, x *proxy.Exchange) {
	spec, p := read().order(w, r)
	if p != nil {
		s.fail(w, x, p)
		return
	}
	job, fresh, err := s.Order(r.Context(), x.Consumer(), keyOf(r), spec)
	if err != nil {
		s.fail(w, x, err)
		return
	}
	status := http.StatusOK
	if fresh {
		status = http.StatusCreated
	}
	if err := x.Commit(x.Record("complete", "", ""), status); err != nil {
		if fresh {
			_, _ = s.Cancel(r.Context(), job.ID) // what was not recorded is not done; its own records fail likewise
		}
		refuse(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	w.Header().Set("Location", Path+"/jobs/"+job.ID)
	respond(w, status, "application/json", viewOf(job))
}

// list responds with a page of jobs.
func (s *Service) list(w http.ResponseWriter, r *http.Request, x *proxy.Exchange) {
	q := r.URL.Query()
	f := queue.Filter{Kind: q.Get("kind"), Operator: q.Get("operator"), After: q.Get("after")}
	for _, state := range q["state"] {
		f.States = append(f.States, queue.State(state))
	}
	f.Limit, _ = strconv.Atoi(q.Get("limit")) // valid, or empty
	page, err := s.List(r.Context(), f)
	if err != nil {
		s.fail(w, x, err)
		return
	}
	out := struct {
		Jobs []*view `json:"jobs"`
		Next string  `json:"next,omitempty"`
	}{[]*view{}, page.Next}
	for _, j := range page.Jobs {
		out.Jobs = append(out.Jobs, viewOf(j))
	}
	s.done(w, x, http.StatusOK, out)
}

// get responds with a job.
func (s *Service) get(w http.ResponseWriter, r *http.Request, x *proxy.Exchange) {
	job, err := s.Get(r.Context(), r.PathValue("id"))
	if err != nil {
		s.fail(w, x, err)
		return
	}
	s.done(w, x, http.StatusOK, viewOf(job))
}

// cancel ends a job.
func (s *Service) cancel(w http.ResponseWriter, r *http.Request, x *proxy.Exchange) {
	job, err := s.Cancel(r.Context(), r.PathValue("id"))
	if err != nil {
		s.fail(w, x, err)
		return
	}
	s.done(w, x, http.StatusAccepted, viewOf(job))
}

func (s *Service) names(w http.ResponseWriter, _ *http.Request, x *proxy.Exchange) {
	s.done(w, x, http.StatusOK, s.Names())
}

func (s *Service) document(w http.ResponseWriter, _ *http.Request, x *proxy.Exchange) {
	s.done(w, x, http.StatusOK, json.RawMessage(openapi))
}
