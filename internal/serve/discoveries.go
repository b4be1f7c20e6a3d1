package serve

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/veil-proxy/veil/discover/report"
	"github.com/veil-proxy/veil/proxy/console/discovery"
	"github.com/veil-proxy/veil/proxy/jobs"
	"github.com/veil-proxy/veil/proxy/jobs/queue"
	"github.com/veil-proxy/veil/proxy/jobs/work"
)

// discoveries are results of jobs, for the console's page about discovery.
type discoveries struct{ jobs *jobs.Service }

// List implements discovery.Source: the latest that looked at columns.
func (d discoveries) List(ctx context.Context) (list []discovery.Result, err error) {
	page, err := d.jobs.List(ctx, queue.Filter{Kind: work.Discover, States: []queue.State{queue.Complete}})
	if err != nil {
		return nil, errors.New("the jobs database cannot be read")
	}
	for _, job := range page.Jobs {
		if from := lookedAt(job); from != "" {
			list = append(list, discovery.Result{ID: job.ID, When: job.Ended, From: from})
		}
	}
	return list, nil
}

// lookedAt says what a job looked at; empty for resources, which have no columns.
func lookedAt(job *queue.Job) string {
	var spec work.Spec
	switch {
	case json.Unmarshal(job.Spec, &spec) != nil || spec.Upstream == work.FHIR:
		return ""
	case spec.Source != nil:
		return "Job: files of " + spec.Source.Place + "/" + spec.Source.Path
	}
	return "Job: PostgreSQL upstream"
}

// Open implements discovery.Source.
func (d discoveries) Open(ctx context.Context, id string) (*report.Report, error) {
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
