// Package joblist is the console's page of runs and jobs: a list, the result of a job, its
// record in words, and forms that submit and cancel jobs.
//
//	page := joblist.Page(func() *jobs.Service { return service })
//
// Invariants: the page shows names of places and files, numbers and digests, but no value
// from a file; it does nothing that an operator could not do through the jobs API.
package joblist

import (
	"context"
	"embed"
	"errors"
	"net/http"

	"github.com/veil-proxy/veil/internal/runs"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/proxy/console"
	"github.com/veil-proxy/veil/proxy/jobs"
	"github.com/veil-proxy/veil/proxy/jobs/queue"
	"github.com/veil-proxy/veil/proxy/jobs/work"
)

//go:embed templates/*.html
var files embed.FS

var (
	listPage = console.Parse(files, "templates/list.html")
	jobPage  = console.Parse(files, "templates/job.html")
)

// title is the title of the pages, and path their path.
const (
	title = "Runs and jobs"
	path  = "/jobs"
)

// Page returns the page for a service. The service is nil if jobs are not configured.
func Page(service *jobs.Service) console.Page {
	p := &page{service}
	return console.Page{Path: path, Title: title, Group: "Operations", Routes: []console.Route{
		{Pattern: "GET " + path, Serve: p.list},
		{Pattern: "POST " + path, Operation: "submit job", Serve: p.order},
		{Pattern: "GET " + path + "/{id}", Serve: p.show},
		{Pattern: "POST " + path + "/{id}/cancel", Operation: "cancel job", Serve: p.cancel},
		{Pattern: "POST " + path + "/{id}/verify", Operation: "verify job", Serve: p.verify},
	}}
}

type page struct{ service *jobs.Service }

// refused turns a problem of the service into one of the console. Other errors are
// returned as they are.
func refused(err error) error {
	var p *jobs.Problem
	if !errors.As(err, &p) {
		return err
	}
	text := p.Detail
	if p.Hint != "" {
		text += ": " + p.Hint
	}
	return &console.Problem{Status: p.Status, Text: text}
}

// listed is what the list shows.
type listed struct {
	Off    bool // jobs are not configured
	Names  jobs.Names
	States []queue.State
	State  string
	Jobs   []*queue.Job
	Next   string
	// Live says that the page will change soon.
	Live  bool
	Form  form
	Error string
	// Key ensures that a form that is submitted twice creates one job.
	Key string
}

func (p *page) list(w http.ResponseWriter, r *console.Request) error {
	return p.respond(w, r, http.StatusOK, form{Kind: work.Mask}, "")
}

// respond responds with the list and a form.
func (p *page) respond(w http.ResponseWriter, r *console.Request, status int, f form, problem string) error {
	if p.service == nil {
		return r.Render(w, listPage, title, listed{Off: true})
	}
	q := r.URL.Query()
	d := listed{Names: p.service.Names(), States: queue.States, State: q.Get("state"), Form: f, Error: problem, Key: "console-" + mask.NewRequestID()}
	filter := queue.Filter{After: q.Get("after")}
	if d.State != "" {
		filter.States = []queue.State{queue.State(d.State)}
	}
	got, err := p.service.List(r.Context(), filter)
	if err != nil {
		return refused(err)
	}
	d.Jobs, d.Next = got.Jobs, got.Next
	for _, j := range d.Jobs {
		d.Live = d.Live || !j.State.Over()
	}
	return r.RenderStatus(w, status, listPage, title, d)
}

// form has the fields of the form for a job.
type form struct {
	Kind, View, Source, SourcePath, Target, TargetPath, Upstream string
	Resume, Skip                                                 bool
}

// spec returns the job that a form describes.
func (f *form) spec() *work.Spec {
	s := &work.Spec{Kind: f.Kind}
	switch f.Kind {
	case work.Mask:
		s.View = f.View
		s.Source, s.Target = &work.Location{Place: f.Source, Path: f.SourcePath}, &work.Location{Place: f.Target, Path: f.TargetPath}
	case work.Export:
		s.View, s.Target = f.View, &work.Location{Place: f.Target, Path: f.TargetPath}
	case work.Discover:
		if s.Upstream = f.Upstream; f.Upstream == "" {
			s.Source = &work.Location{Place: f.Source, Path: f.SourcePath}
		}
		return s
	}
	if f.Resume || f.Skip {
		s.Options = &work.OptionsSpec{Resume: f.Resume}
		if f.Skip {
			s.Options.Invalid = "skip"
		}
	}
	return s
}

func (p *page) order(w http.ResponseWriter, r *console.Request) error {
	f := form{
		Kind: r.FormValue("kind"), View: r.FormValue("view"), Source: r.FormValue("source"), SourcePath: r.FormValue("sourcePath"),
		Target: r.FormValue("target"), TargetPath: r.FormValue("targetPath"), Upstream: r.FormValue("upstream"),
		Resume: r.FormValue("resume") != "", Skip: r.FormValue("skip") != "",
	}
	if p.service == nil {
		return &console.Problem{Status: http.StatusNotFound, Text: "Jobs are not served: set operator.jobs."}
	}
	job, _, err := p.service.Order(r.Context(), r.Operator(), r.FormValue("key"), f.spec())
	var problem *jobs.Problem
	if errors.As(err, &problem) && problem.Status < http.StatusInternalServerError {
		text := problem.Detail
		if problem.Hint != "" {
			text += ": " + problem.Hint
		}
		return p.respond(w, r, problem.Status, f, text)
	}
	if err != nil {
		return refused(err)
	}
	return r.Redirect(w, path+"/"+job.ID, "The job is queued.")
}

// shown is what the page of a job shows.
type shown struct {
	Job  *queue.Job
	Spec work.Spec
	// Basis is what the job masks with.
	Basis struct{ Ruleset, RulesetSHA256, Project, KeyFingerprint string }
	Run   *runs.Run
	Live  bool
	// Report says that the jobs API returns the job's findings.
	Report   bool
	Verified *runs.Verification
}

func (p *page) show(w http.ResponseWriter, r *console.Request) error {
	d, err := p.job(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return r.Render(w, jobPage, title, d)
}

func (p *page) job(ctx context.Context, id string) (*shown, error) {
	if p.service == nil {
		return nil, &console.Problem{Status: http.StatusNotFound, Text: "Jobs are not served: set operator.jobs."}
	}
	job, err := p.service.Get(ctx, id)
	if err != nil {
		return nil, refused(err)
	}
	d := &shown{Job: job, Live: !job.State.Over(), Report: len(job.Result) > 0}
	if err := d.read(); err != nil {
		return nil, err
	}
	if job.Kind != work.Discover {
		run, err := p.service.Record(ctx, id)
		var none *jobs.Problem
		if err != nil && !errors.As(err, &none) {
			return nil, err
		}
		d.Run = run
	}
	return d, nil
}

func (p *page) cancel(w http.ResponseWriter, r *console.Request) error {
	if p.service == nil {
		return &console.Problem{Status: http.StatusNotFound, Text: "Jobs are not served: set operator.jobs."}
	}
	job, err := p.service.Cancel(r.Context(), r.PathValue("id"))
	if err != nil {
		return refused(err)
	}
	notice := "The job was cancelled."
	if job.State == queue.Running {
		notice = "The job is being cancelled."
	}
	return r.Redirect(w, path+"/"+job.ID, notice)
}

// verify compares the files of the target with the record of the run.
func (p *page) verify(w http.ResponseWriter, r *console.Request) error {
	d, err := p.job(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	if d.Verified, err = p.service.Verify(r.Context(), d.Job.ID); err != nil {
		return refused(err)
	}
	return r.Render(w, jobPage, title, d)
}
