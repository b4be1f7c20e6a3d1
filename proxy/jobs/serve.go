package jobs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/veil-proxy/veil/internal/runs"
	"github.com/veil-proxy/veil/proxy"
	"github.com/veil-proxy/veil/proxy/jobs/queue"
	"github.com/veil-proxy/veil/proxy/jobs/work"
	"github.com/veil-proxy/veil/report/signed"
)

// digestOf returns the digest of an order, independent of how its JSON was written.
func digestOf(spec *work.Spec) (string, error) {
	text, err := json.Marshal(spec)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// keyOf returns the Idempotency-Key of a request, without quotes.
func keyOf(r *http.Request) string { return strings.Trim(r.Header.Get("Idempotency-Key"), `"`) }

// done records a successful request, and responds.
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
			_, _ = s.Cancel(r.Context(), job.ID) // without a record nothing is done; the job's own records would fail, too
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

// Record returns the audit record of a job's run.
func (s *Service) Record(ctx context.Context, id string) (*runs.Run, error) {
	if _, err := s.Get(ctx, id); err != nil {
		return nil, err
	}
	list, err := s.queue.Records(ctx, id)
	if err != nil {
		return nil, s.explained(err)
	}
	run := runs.Of(list)
	if run == nil {
		return nil, nothing("the job has no records yet")
	}
	return run, nil
}

// Verify compares the contents of a job's target with the record of its run.
func (s *Service) Verify(ctx context.Context, id string) (*runs.Verification, error) {
	run, err := s.Record(ctx, id)
	if err != nil {
		return nil, err
	}
	job, err := s.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	spec := &work.Spec{}
	if err := json.Unmarshal(job.Spec, spec); err != nil {
		return nil, err
	}
	out, err := s.world.Load().Output(spec)
	if err != nil {
		return nil, s.explained(err)
	}
	if _, err := os.Stat(out); err != nil {
		return nil, problem(http.StatusConflict, "target-gone", "the folder of the job is gone", "look for it where it was moved to")
	}
	return runs.VerifyRecord(run, out)
}

// nothing is the problem if a job does not have what is requested.
func nothing(what string) *Problem {
	return problem(http.StatusNotFound, "nothing-yet", what, "look at its state")
}

// record responds with the record of a job's run, signed if a signer is configured.
func (s *Service) record(w http.ResponseWriter, r *http.Request, x *proxy.Exchange) {
	run, err := s.Record(r.Context(), r.PathValue("id"))
	var text []byte
	if err == nil {
		text, err = signed.JSON("run", run, s.options.Signer)
	}
	if err != nil {
		s.fail(w, x, err)
		return
	}
	s.send(w, x, "application/json", text)
}

// send records a successful request, and responds with a text.
func (s *Service) send(w http.ResponseWriter, x *proxy.Exchange, media string, text []byte) {
	if err := x.Commit(x.Record("complete", "", ""), http.StatusOK); err != nil {
		refuse(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	w.Header().Set("Content-Type", media)
	_, _ = w.Write(text) // the client is gone otherwise
}

// Found returns what a discovery found.
func (s *Service) Found(ctx context.Context, id string) (*work.Found, error) {
	job, err := s.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	if job.Kind != work.Discover || len(job.Result) == 0 {
		return nil, nothing("the job has no findings yet, or is not a discovery")
	}
	found := &work.Found{}
	return found, json.Unmarshal(job.Result, found)
}

// report responds with what a discovery found.
func (s *Service) report(w http.ResponseWriter, r *http.Request, x *proxy.Exchange) {
	found, err := s.Found(r.Context(), r.PathValue("id"))
	if err != nil {
		s.fail(w, x, err)
		return
	}
	s.send(w, x, "application/json", append(found.Report, '\n'))
}

// ruleset responds with the ruleset that a discovery proposes.
func (s *Service) ruleset(w http.ResponseWriter, r *http.Request, x *proxy.Exchange) {
	found, err := s.Found(r.Context(), r.PathValue("id"))
	if err != nil {
		s.fail(w, x, err)
		return
	}
	s.send(w, x, "application/yaml", []byte(found.Ruleset))
}

func (s *Service) names(w http.ResponseWriter, _ *http.Request, x *proxy.Exchange) {
	s.done(w, x, http.StatusOK, s.Names())
}

func (s *Service) document(w http.ResponseWriter, _ *http.Request, x *proxy.Exchange) {
	s.done(w, x, http.StatusOK, json.RawMessage(openapi))
}
