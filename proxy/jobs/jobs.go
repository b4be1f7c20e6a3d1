// Package jobs serves the jobs API to operators: jobs that mask files or an export of the
// FHIR upstream, discovery jobs, which look for what identifies people, and a stream that
// is masked while it arrives.
//
//	s, err := jobs.New(&world, jobs.Options{Queue: queue.Config{Dir: dir, Concurrency: 1}, …})
//	for _, route := range s.Routes() { listener.Handle(route) }
//	s.Start()
//	s.Force(&next) // at a reload
//	s.Close()
//
// The API is specified in openapi.json, against which requests are validated.
//
// Masking input that an operator chooses reveals how an original is masked: these
// operations can use the key space of a view, since files for a consumer need the
// consumer's pseudonyms. The operators' credentials and the list of views that jobs may
// name protect it.
//
// Invariants: nothing runs and nothing is returned before the record of the request is in
// the audit log; no error contains a value of a request or of a file; a response that
// fails halfway is cut off, and never ends properly.
package jobs

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/proxy"
	"github.com/veil-proxy/veil/proxy/jobs/queue"
	"github.com/veil-proxy/veil/proxy/jobs/work"
	"github.com/veil-proxy/veil/proxy/operator"
)

// Path is the path of the API.
const Path = "/veil/v1"

// Options are what a service needs besides its world.
type Options struct {
	// Queue configures the queue of jobs. The service sets Run, Ended and Logger.
	Queue queue.Config
	// Sink takes the record of a job's end. Signer signs records that are returned; it may
	// be nil.
	Sink   mask.Sink
	Signer note.Signer
	Logger *slog.Logger
}

// Service serves the API. It is safe for concurrent use.
type Service struct {
	options Options
	log     *slog.Logger
	queue   *queue.Queue
	world   atomic.Pointer[work.World]
	streams chan struct{} // limits the streams that are masked at the same time
}

// New returns a service. Start starts it.
func New(w *work.World, o Options) (*Service, error) {
	s := &Service{options: o, log: o.Logger, streams: make(chan struct{}, mostStreams)}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.Force(w)
	o.Queue.Run = func(ctx context.Context, a *queue.Attempt) error { return s.world.Load().Run(ctx, a) }
	o.Queue.Ended, o.Queue.Logger = s.ended, s.log
	var err error
	s.queue, err = queue.New(o.Queue)
	return s, err
}

// Force puts a world in force for requests, and for jobs that start, from now on.
func (s *Service) Force(w *work.World) { s.world.Store(w) }

// Start opens the database in the background and runs queued jobs.
func (s *Service) Start() { s.queue.Start() }

// Close abandons jobs in progress, which continue in the next process.
func (s *Service) Close() { s.queue.Close() }

// ended records the end of a job.
func (s *Service) ended(j *queue.Job) {
	r := &mask.Record{
		Time: j.Created, RequestID: j.ID, Consumer: j.Operator, Door: "operator", Operation: "end of job",
		Result: "complete", DurationMicros: j.Ended.Sub(j.Created).Microseconds(),
	}
	switch j.State {
	case queue.Failed:
		r.Result, r.Reason = "failed", "the job failed"
	case queue.Cancelled:
		r.Result, r.Reason = "failed", "the job was cancelled"
	}
	if err := s.options.Sink.Append(context.Background(), r); err != nil {
		s.log.Error("audit record could not be written", "job", j.ID, "error", err)
	}
	s.log.Info("job ended", "job", j.ID, "kind", j.Kind, "operator", j.Operator, "state", string(j.State), "problem", j.Error)
}

// Order checks a job and queues it. The job is not fresh if it was ordered before under
// the same key. If the request is wrong, the error is a *Problem.
func (s *Service) Order(ctx context.Context, operator, key string, spec *work.Spec) (job *queue.Job, fresh bool, err error) {
	digest, err := digestOf(spec)
	if err != nil {
		return nil, false, err
	}
	named := &queue.Order{Operator: operator, Key: key, Digest: digest}
	if job, err = s.queue.Repeated(ctx, named); job != nil || err != nil {
		return job, false, s.explained(err)
	}
	order, err := s.world.Load().Plan(ctx, spec)
	if err != nil {
		return nil, false, s.explained(err)
	}
	order.Operator, order.Key, order.Digest = operator, key, digest
	job, fresh, err = s.queue.Create(ctx, order)
	return job, fresh, s.explained(err)
}

// explained returns an error as a *Problem, if it is one.
func (s *Service) explained(err error) error {
	if p := problemOf(err); p != nil {
		return p
	}
	return err
}

// List returns jobs, the latest first.
func (s *Service) List(ctx context.Context, f queue.Filter) (*queue.Page, error) {
	p, err := s.queue.List(ctx, f)
	return p, s.explained(err)
}

// Get returns a job.
func (s *Service) Get(ctx context.Context, id string) (*queue.Job, error) {
	j, err := s.queue.Get(ctx, id)
	return j, s.explained(err)
}

// Cancel ends a job.
func (s *Service) Cancel(ctx context.Context, id string) (*queue.Job, error) {
	j, err := s.queue.Cancel(ctx, id)
	return j, s.explained(err)
}

// Names are the names that jobs may use.
type Names struct {
	Views     []string `json:"views"`
	Sources   []string `json:"sources"`
	Targets   []string `json:"targets"`
	Upstreams []string `json:"upstreams"`
}

// Names returns the names that jobs may use.
func (s *Service) Names() Names {
	w := s.world.Load()
	n := Names{Views: []string{}, Sources: []string{}, Targets: []string{}, Upstreams: w.Upstreams()}
	for name := range w.Views {
		n.Views = append(n.Views, name)
	}
	slices.Sort(n.Views)
	for i := range w.Sources {
		n.Sources = append(n.Sources, w.Sources[i].Name)
	}
	for i := range w.Targets {
		n.Targets = append(n.Targets, w.Targets[i].Name)
	}
	return n
}

// Routes returns the routes of the service.
func (s *Service) Routes() []operator.Route {
	var routes []operator.Route
	for _, one := range []struct {
		pattern, id, operation string
		serve                  func(http.ResponseWriter, *http.Request, *proxy.Exchange)
	}{
		{"POST /jobs", "createJob", "submit job", s.create},
		{"GET /jobs", "listJobs", "list jobs", s.list},
		{"GET /jobs/{id}", "getJob", "read job", s.get},
		{"POST /jobs/{id}/cancel", "cancelJob", "cancel job", s.cancel},
		{"GET /jobs/{id}/record", "getRecord", "read record", s.record},
		{"GET /jobs/{id}/report", "getReport", "read report", s.report},
		{"GET /jobs/{id}/ruleset", "getRuleset", "read proposed ruleset", s.ruleset},
		{"POST /mask", "mask", "mask body", s.mask},
		{"GET /options", "getOptions", "read options", s.names},
		{"GET /openapi.json", "getDocument", "read document", s.document},
	} {
		method, path, _ := strings.Cut(one.pattern, " ")
		routes = append(routes, operator.Route{
			Pattern: method + " " + Path + path, Operation: one.operation, Refuse: refuse,
			Serve: func(w http.ResponseWriter, r *http.Request, x *proxy.Exchange) {
				if p := read().check(one.id, r); p != nil {
					s.fail(w, x, p)
					return
				}
				one.serve(w, r, x)
			},
		})
	}
	return append(routes, operator.Route{Pattern: Path + "/", Operation: "unknown", Refuse: refuse, Serve: s.unknown})
}

// methods are those of the API's paths.
var methods = map[string]string{
	"/jobs": "GET, HEAD, POST", "/jobs/{}": "GET, HEAD", "/jobs/{}/cancel": "POST", "/jobs/{}/record": "GET, HEAD", "/jobs/{}/report": "GET, HEAD", "/jobs/{}/ruleset": "GET, HEAD",
	"/mask": "POST", "/options": "GET, HEAD", "/openapi.json": "GET, HEAD",
}

// unknown refuses requests that no other route handles.
func (s *Service) unknown(w http.ResponseWriter, r *http.Request, x *proxy.Exchange) {
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, Path), "/")
	if len(parts) > 2 && parts[1] == "jobs" {
		parts[2] = "{}"
	}
	if allowed := methods[strings.Join(parts, "/")]; allowed != "" {
		w.Header().Set("Allow", allowed)
		s.fail(w, x, problem(http.StatusMethodNotAllowed, "method", "the operation does not exist with this method", "use "+allowed))
		return
	}
	s.fail(w, x, problem(http.StatusNotFound, "no-such-path", "the API has no such path", "see "+Path+"/openapi.json"))
}

// view is a job as responses have it.
type view struct {
	ID         string          `json:"id"`
	Kind       string          `json:"kind"`
	Operator   string          `json:"operator"`
	State      queue.State     `json:"state"`
	Cancelling bool            `json:"cancelling,omitempty"`
	Request    json.RawMessage `json:"request"`
	Basis      json.RawMessage `json:"basis,omitempty"`
	Created    time.Time       `json:"created"`
	Started    *time.Time      `json:"started,omitempty"`
	Ended      *time.Time      `json:"ended,omitempty"`
	Starts     int             `json:"starts"`
	Progress   queue.Progress  `json:"progress"`
	Error      string          `json:"error,omitempty"`
	Problems   []queue.Problem `json:"problems,omitempty"`
}

// viewOf is a job as responses have it.
func viewOf(j *queue.Job) *view {
	v := &view{
		ID: j.ID, Kind: j.Kind, Operator: j.Operator, State: j.State, Cancelling: j.Cancelling && !j.State.Over(), Request: j.Spec, Basis: j.Basis,
		Created: j.Created, Starts: j.Starts, Progress: j.Progress, Error: j.Error, Problems: j.Problems,
	}
	if !j.Started.IsZero() {
		v.Started = &j.Started
	}
	if !j.Ended.IsZero() {
		v.Ended = &j.Ended
	}
	return v
}
