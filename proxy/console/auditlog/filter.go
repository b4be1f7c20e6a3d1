package auditlog

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/veil-proxy/veil/audit/index"
	"github.com/veil-proxy/veil/proxy/console"
)

// pageSize is how many records a page has.
const pageSize = 50

// field is a field of the form of a filter.
type field struct {
	Name, Label, Value, Hint, Problem string
	// Choices are the values on offer. If Free is set, any other text may be entered, too.
	Choices []string
	Free    bool
	Mono    bool
	// Usual says that the field is always shown; others are folded away.
	Usual bool
}

// form is the form of a filter, with what was entered.
type form struct {
	Fields  []field
	Invalid bool
	// Unfolded says that a field that is not usual is filled in.
	Unfolded bool
	query    url.Values
}

// text applies an entry of the form to the filter.
type text struct {
	name, label, hint string
	kind              index.Kind // the kind of values on offer; 0: none
	free              bool
	to                func(f *index.Filter) *string
}

var texts = []text{
	{"consumer", "Consumer", "", index.Consumer, false, func(f *index.Filter) *string { return &f.Consumer }},
	{"listener", "Listener", "", index.Listener, false, func(f *index.Filter) *string { return &f.Listener }},
	{"operation", "Operation", "Or its first words, such as read", index.Operation, true, func(f *index.Filter) *string { return &f.Operation }},
	{"outcome", "Outcome", "", index.Outcome, false, func(f *index.Filter) *string { return &f.Outcome }},
	{"reason", "Reason", "", index.Reason, false, func(f *index.Filter) *string { return &f.Reason }},
	{"rule", "Rule", "", index.Rule, true, func(f *index.Filter) *string { return &f.Rule }},
	{"category", "Category", "", index.Category, false, func(f *index.Filter) *string { return &f.Category }},
	{"path", "Element or column", "Or one above it, such as Patient.name", index.Path, true, func(f *index.Filter) *string { return &f.Path }},
	{"project", "Project of the view", "", index.Project, false, func(f *index.Filter) *string { return &f.Project }},
	{"ruleset", "Ruleset", "", index.Ruleset, false, func(f *index.Filter) *string { return &f.Ruleset }},
	{"request", "Request ID", "", 0, true, func(f *index.Filter) *string { return &f.RequestID }},
}

// usual are the fields that a filter shows at first; the others are unfolded.
var usual = []string{"consumer", "operation", "outcome", "path"}

// offered bounds the values that a field offers.
const offered = 500

// read reads a filter from the address of a page.
func (p *Pages) read(r *http.Request, now time.Time) (*index.Filter, *form) {
	q := r.URL.Query()
	f, out := &index.Filter{Limit: pageSize}, &form{query: url.Values{}}
	for _, t := range texts {
		entered := q.Get(t.name)
		*t.to(f) = entered
		out.set(t.name, entered)
		fd := field{Name: t.name, Label: t.label, Value: entered, Hint: t.hint, Free: t.free, Mono: t.name == "path" || t.name == "request", Usual: slices.Contains(usual, t.name)}
		out.Unfolded = out.Unfolded || entered != "" && !fd.Usual
		if t.kind != 0 {
			fd.Choices = p.Index.Values(t.kind)
			if len(fd.Choices) > offered {
				fd.Choices = fd.Choices[:offered]
			}
		}
		out.Fields = append(out.Fields, fd)
	}
	for _, t := range []struct {
		name, label string
		to          *time.Time
	}{{"since", "From", &f.Since}, {"until", "To (exclusive)", &f.Until}} {
		entered := q.Get(t.name)
		out.set(t.name, entered)
		fd := field{Name: t.name, Label: t.label, Value: entered, Hint: "Such as 2026-11-29, 2026-11-29 08:00 (UTC) or 24h", Free: true, Usual: true}
		at, ok := parseTime(entered, now)
		if !ok {
			fd.Problem, out.Invalid = "Expected a date, a time such as 2026-11-29 08:00, or an age such as 24h", true
		}
		*t.to = at
		out.Fields = append(out.Fields, fd)
	}
	if !f.Since.IsZero() && !f.Until.IsZero() && !f.Since.Before(f.Until) {
		out.Fields[len(out.Fields)-1].Problem, out.Invalid = "Expected a time after From", true
	}
	if before := q.Get("before"); before != "" {
		n, err := strconv.ParseUint(before, 10, 64)
		out.Invalid = out.Invalid || err != nil
		f.Before = n
	}
	return f, out
}

// set notes a part of the filter for the addresses of other pages.
func (f *form) set(name, value string) {
	if value != "" {
		f.query.Set(name, value)
	}
}

// Query is the filter in an address, with more, such as the page.
func (f *form) Query(more ...string) string {
	q := url.Values{}
	for name, values := range f.query {
		q[name] = values
	}
	for i := 0; i+1 < len(more); i += 2 {
		q.Set(more[i], more[i+1])
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

// parseTime reads a date, a time in UTC or an age. An empty text is the zero time.
func parseTime(s string, now time.Time) (t time.Time, ok bool) {
	if s == "" {
		return t, true
	}
	if age, err := time.ParseDuration(s); err == nil && age >= 0 {
		return now.Add(-age).Truncate(time.Second), true
	}
	for _, layout := range []string{time.DateOnly, "2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02T15:04:05", time.RFC3339} {
		if at, err := time.Parse(layout, s); err == nil {
			return at, true
		}
	}
	return t, false
}

// list shows the records that match.
func (p *Pages) list(w http.ResponseWriter, r *console.Request) error {
	f, entered := p.read(r.Request, time.Now())
	data := struct {
		Form   *form
		Status index.Status
		*index.Page
		Problem string
		Before  uint64
		Rows    []row
	}{Form: entered, Before: f.Before}
	status := http.StatusOK
	if entered.Invalid {
		status = http.StatusUnprocessableEntity
	} else {
		page, err := p.Index.Search(r.Context(), f)
		if data.Problem, err = problemOf(err); err != nil {
			return err
		}
		if data.Page = page; page != nil {
			data.Rows = rows(page.Records)
		} else {
			status = http.StatusServiceUnavailable
		}
	}
	data.Status = p.Index.Status()
	return r.RenderStatus(w, status, listPage, "Audit", &data)
}

// problemOf returns the text to show if the index is not available. Other errors are
// returned as they are.
func problemOf(err error) (string, error) {
	if unavailable, ok := err.(*index.UnavailableError); ok { //nolint:errorlint // as Search returns it
		return unavailable.Problem, nil
	}
	return "", err
}
