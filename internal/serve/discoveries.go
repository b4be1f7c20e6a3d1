package serve

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/veil-proxy/veil/proxy/console/discovery"
	"github.com/veil-proxy/veil/proxy/jobs"
	"github.com/veil-proxy/veil/proxy/jobs/queue"
	"github.com/veil-proxy/veil/proxy/jobs/work"
)

// discoveries are results of jobs, for the console's page about discovery.
type discoveries struct{ jobs *jobs.Service }

// List implements discovery.Source: the latest.
func (d discoveries) List(ctx context.Context) (list []discovery.Result, err error) {
	page, err := d.jobs.List(ctx, queue.Filter{Kind: work.Discover, States: []queue.State{queue.Complete}})
	if err != nil {
		return nil, errors.New("the jobs database cannot be read")
	}
	for _, job := range page.Jobs {
		list = append(list, discovery.Result{ID: job.ID, When: job.Ended, From: lookedAt(job)})
	}
	return list, nil
}

// lookedAt describes what a job examined.
func lookedAt(job *queue.Job) string {
	var spec work.Spec
	switch {
	case json.Unmarshal(job.Spec, &spec) != nil:
		return "Job"
	case spec.Upstream == work.FHIR:
		return "Job: FHIR upstream"
	case spec.Source != nil:
		return "Job: files of " + spec.Source.Place + "/" + spec.Source.Path
	}
	return "Job: PostgreSQL upstream"
}

// Open implements discovery.Source.
func (d discoveries) Open(ctx context.Context, id string) (*discovery.Found, error) {
	found, err := d.jobs.Found(ctx, id)
	var none *jobs.Problem
	switch {
	case errors.As(err, &none):
		return nil, discovery.ErrNone
	case err != nil:
		return nil, errors.New("the jobs database cannot be read")
	}
	return discovery.Parse(found.Report)
}
