// Package overview is the first page of the console: what passes through Veil, now and over
// the last hour, day and week, from the index of the audit log.
package overview

import (
	"cmp"
	"context"
	"embed"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/veil-proxy/veil/audit/index"
	"github.com/veil-proxy/veil/proxy/console"
	"github.com/veil-proxy/veil/safeharbor"
)

// History provides the contents of the audit log. An *index.Index implements it.
type History interface {
	Series(ctx context.Context, q *index.SeriesQuery) (*index.Series, error)
	Flows(ctx context.Context, from, to time.Time) ([]index.Flow, error)
}

// Health is the current state of a part of Veil.
type Health struct {
	Name string
	OK   bool
	Text string // in a few words
}

// View identifies what consumers see of an upstream.
type View struct{ Name, Project, Ruleset string }

// Config is what the page needs.
type Config struct {
	History History
	Health  func() []Health
	Views   func() []View
	// Upstreams names the server behind each listener, such as "FHIR server".
	Upstreams map[string]string
}

//go:embed templates/*.html
var files embed.FS

var page = console.Parse(files, "templates/overview.html", "templates/picture.html")

// Page is the page.
func Page(c Config) console.Page {
	return console.Page{Path: "/", Title: "Overview", Routes: []console.Route{
		{Pattern: "GET /{$}", Viewer: true, Serve: c.show},
		{Pattern: "GET /overview/series", Viewer: true, Serve: c.series},
	}}
}

// span is the period that the page covers, and the step between the points of its charts.
type span struct {
	Name, Title  string
	length, step time.Duration
	Current      bool
}

var spans = []span{
	{Name: "hour", Title: "Last hour", length: time.Hour, step: time.Minute},
	{Name: "day", Title: "Last day", length: 24 * time.Hour, step: 15 * time.Minute},
	{Name: "week", Title: "Last week", length: 7 * 24 * time.Hour, step: 2 * time.Hour},
}

// spanOf returns the span that a request names, or the first one.
func spanOf(r *console.Request) (s span, all []span) {
	all = slices.Clone(spans)
	i := max(0, slices.IndexFunc(all, func(s span) bool { return s.Name == r.URL.Query().Get("range") }))
	all[i].Current = true
	return all[i], all
}

// times returns the first and the last moment of a span, which ends with the current
// step.
func (s span) times() (from, to time.Time) {
	to = time.Now().UTC().Truncate(s.step).Add(s.step)
	return to.Add(-s.length), to
}

// amount is a number with a name.
type amount struct {
	Name, Code string
	N          uint64
	Part       uint64 // in percent of the largest
}

// shown is what the page shows.
type shown struct {
	Span                                     span
	Spans                                    []span
	Requests, Refused, Failed, Rows, Applied uint64
	Median, Slow                             string // of latency
	Categories, Refusals                     []amount
	Health                                   []Health
	Picture                                  *picture
	Problem                                  string // why there are no figures
}

func (c *Config) show(w http.ResponseWriter, r *console.Request) error {
	s := &shown{Health: c.Health()}
	s.Span, s.Spans = spanOf(r)
	from, to := s.Span.times()
	if err := c.count(r.Context(), s, from, to); err != nil {
		s.Problem = "No figures are available: " + err.Error() + "."
	}
	return r.Render(w, page, "Overview", s)
}

// counted returns a series of what consumers did at the listeners with an upstream. What
// operators do in the console is not included.
func (c *Config) counted(ctx context.Context, m index.Metric, s span, from, to time.Time) (*index.Series, error) {
	var sum *index.Series
	for _, listener := range slices.Sorted(maps.Keys(c.Upstreams)) {
		found, err := c.History.Series(ctx, &index.SeriesQuery{Metric: m, From: from, To: to, Step: s.step, Listener: listener})
		if err != nil {
			return nil, err
		}
		if sum == nil {
			sum = found
			continue
		}
		for _, line := range found.Lines {
			i := slices.IndexFunc(sum.Lines, func(l index.SeriesLine) bool { return l.Label == line.Label })
			if i < 0 {
				sum.Lines = append(sum.Lines, line)
				continue
			}
			for k, n := range line.Points {
				sum.Lines[i].Points[k] += n
			}
		}
	}
	return sum, nil
}

// count fills in the figures from the audit log.
func (c *Config) count(ctx context.Context, s *shown, from, to time.Time) error {
	of := map[index.Metric]*index.Series{}
	for _, m := range []index.Metric{index.Requests, index.Rows, index.Applications, index.Refusals, index.Latency} {
		found, err := c.counted(ctx, m, s.Span, from, to)
		if err != nil {
			return err
		}
		of[m] = found
	}
	s.Requests, s.Refused, s.Failed = of[index.Requests].Sum(""), of[index.Requests].Sum("refused"), of[index.Requests].Sum("failed")
	s.Rows, s.Applied = of[index.Rows].Sum(""), of[index.Applications].Sum("")
	s.Median, s.Slow = latency(of[index.Latency], .5), latency(of[index.Latency], .95)
	s.Categories, s.Refusals = amounts(of[index.Applications], categoryName), amounts(of[index.Refusals], func(reason string) string { return reason })
	flows, err := c.History.Flows(ctx, from, to)
	if err != nil {
		return err
	}
	s.Picture = draw(flows, c.Views(), c.Upstreams)
	return nil
}

// latency returns, as text, the time within which a share of the requests of all points
// finished.
func latency(s *index.Series, part float64) string {
	whole := &index.Series{N: 1}
	for i := range s.Lines {
		whole.Lines = append(whole.Lines, index.SeriesLine{Label: s.Lines[i].Label, Points: []uint64{s.Sum(s.Lines[i].Label)}})
	}
	d := time.Duration(whole.Quantile(part)[0] * float64(time.Second))
	if d == 0 {
		return "–"
	}
	if d < 10*time.Millisecond {
		return d.Round(100 * time.Microsecond).String()
	}
	return d.Round(time.Millisecond).String()
}

// amounts returns the sums of a series by label, the largest first.
func amounts(s *index.Series, name func(string) string) (all []amount) {
	for i := range s.Lines {
		var n uint64
		for _, p := range s.Lines[i].Points { // the sum of the empty label is that of all labels
			n += p
		}
		if n > 0 {
			all = append(all, amount{Name: name(s.Lines[i].Label), Code: s.Lines[i].Label, N: n})
		}
	}
	slices.SortFunc(all, func(a, b amount) int { return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Name, b.Name)) })
	for i := range all {
		all[i].Part = max(1, all[i].N*100/all[0].N)
	}
	return all
}

// categoryName returns the meaning of a category's letters.
func categoryName(letters string) string {
	if letters == "" || letters == "none" {
		return "No category of Safe Harbor"
	}
	var names []string
	for _, c := range safeharbor.Categories() {
		if strings.Contains(letters, c.Letter) {
			names = append(names, c.Title)
		}
	}
	switch {
	case len(names) == 0:
		return letters
	case len(names) > 3:
		return strings.Join(names[:2], ", ") + " and others"
	}
	return strings.Join(names, ", ")
}

// line is a line of a chart.
type line struct {
	Label  string    `json:"label"`
	Points []float64 `json:"points"`
}

// series responds with the lines of the charts.
func (c *Config) series(w http.ResponseWriter, r *console.Request) error {
	s, _ := spanOf(r)
	from, to := s.times()
	get := func(m index.Metric) (*index.Series, error) { return c.counted(r.Context(), m, s, from, to) }
	requests, err := get(index.Requests)
	if err != nil {
		return unavailable(err)
	}
	applied, err := get(index.Applications)
	if err != nil {
		return unavailable(err)
	}
	took, err := get(index.Latency)
	if err != nil {
		return unavailable(err)
	}
	times := make([]int64, requests.N)
	for i := range times {
		times[i] = requests.From.Add(time.Duration(i) * requests.Step).Unix()
	}
	return r.JSON(w, map[string]any{
		"times":    times,
		"requests": []line{{"complete", points(requests, "complete")}, {"refused", points(requests, "refused")}, {"failed", points(requests, "failed")}},
		"applied":  []line{{"applications of rules", points(applied, "")}},
		"latency":  []line{{"median", took.Quantile(.5)}, {"95%", took.Quantile(.95)}},
	})
}

func unavailable(err error) error {
	return &console.Problem{Status: http.StatusServiceUnavailable, Text: err.Error()}
}

// points returns the points of a label, or the sums of all labels if it is empty.
func points(s *index.Series, label string) []float64 {
	out := make([]float64, s.N)
	for i := range s.Lines {
		if label == "" || s.Lines[i].Label == label {
			for k, n := range s.Lines[i].Points {
				out[k] += float64(n)
			}
		}
	}
	return out
}
