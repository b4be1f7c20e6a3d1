package auditlog

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/veil-proxy/veil/audit"
	"github.com/veil-proxy/veil/audit/index"
	"github.com/veil-proxy/veil/proxy/console"
	"github.com/veil-proxy/veil/safeharbor"
)

// row is a record in a table.
type row struct {
	Seq       uint64
	Line      *audit.Line // nil: it cannot be read
	Problem   string
	Delivered string
	Applied   uint64
}

func rows(records []index.Record) (all []row) {
	for i := range records {
		r := &records[i]
		one := row{Seq: r.Seq, Line: r.Line}
		if r.Err != nil {
			one.Problem = r.Err.Error()
		} else {
			one.Delivered, one.Applied = delivered(r.Line), applications(r.Line)
		}
		all = append(all, one)
	}
	return all
}

// delivered describes what a response contained.
func delivered(l *audit.Line) string {
	var parts []string
	for _, c := range l.Resources {
		parts = append(parts, fmt.Sprintf("%d %s", c.N, c.Name))
	}
	return strings.Join(parts, ", ")
}

func applications(l *audit.Line) (n uint64) {
	for i := range l.Applied {
		n += l.Applied[i].N
	}
	return n
}

// took returns the duration of an exchange.
func took(l *audit.Line) string {
	return (time.Duration(l.DurationMicros) * time.Microsecond).String()
}

// listeners are the names of listeners in sentences, by their names in records.
var listeners = map[string]string{
	"fhir": "the FHIR listener", "postgres": "the PostgreSQL listener", "operator": "the operator listener", "console": "the console", "file": "veil mask", "keys": "veil keys",
}

// sentences explains a record in words.
func sentences(l *audit.Line) (all []string) {
	through := listeners[l.Door]
	if through == "" {
		through = l.Door
	}
	first := fmt.Sprintf("%s: %s through %s", l.Consumer, l.Operation, through)
	if l.Client != "" {
		first += ", from " + l.Client
	}
	all = append(all, first+".")
	switch what := delivered(l); {
	case l.Result == "started":
		all = append(all, "The response began. A second record of the request says how it ended; without one it was interrupted, or is still in progress.")
	case l.Result == "refused":
		all = append(all, "Veil refused it: "+l.Reason+". Nothing of the upstream was delivered.")
	case l.Result == "failed":
		all = append(all, "It failed: "+l.Reason+".")
	case what == "":
		all = append(all, "It was completed, and delivered no resource and no row.")
	case l.Door == "console":
		all = append(all, "It was completed: "+what+".")
	default:
		all = append(all, "It was completed, and delivered "+what+".")
	}
	if l.DurationMicros > 0 {
		all = append(all, "It took "+took(l)+".")
	}
	if n := applications(l); n > 0 {
		all = append(all, fmt.Sprintf("Rules were applied %d times, at %d elements or columns.", n, len(l.Applied)))
	} else if l.Result == "complete" && l.Ruleset != "" {
		all = append(all, "No rule had to be applied.")
	}
	return all
}

// application describes what a rule did at one path.
type application struct {
	Rule, Path, Method, Summary string
	N                           uint64
	Categories                  []safeharbor.Category
}

func (p *Pages) applications(l *audit.Line) (all []application) {
	for i := range l.Applied {
		a := &l.Applied[i]
		one := application{Rule: a.Rule, Path: a.Path, Method: a.Method, N: a.N, Summary: p.Summary(a.Method)}
		for _, c := range safeharbor.Categories() {
			if strings.Contains(a.Category, c.Letter) {
				one.Categories = append(one.Categories, c)
			}
		}
		all = append(all, one)
	}
	return all
}

// mostDetails bounds the single applications that a page shows.
const mostDetails = 200

// record shows one record.
func (p *Pages) record(w http.ResponseWriter, r *console.Request) error {
	seq, err := strconv.ParseUint(r.PathValue("seq"), 10, 64)
	if err != nil {
		return &console.Problem{Status: http.StatusNotFound, Text: "There is no such record: expected the number of a line."}
	}
	found, details, err := p.Index.Record(r.Context(), seq)
	if problem, other := problemOf(err); problem != "" {
		return &console.Problem{Status: http.StatusServiceUnavailable, Reason: "index", Text: "The audit index cannot be used: " + problem + "."}
	} else if other != nil && found == nil {
		return other
	}
	if found == nil {
		return &console.Problem{Status: http.StatusNotFound, Text: "There is no record in line " + strconv.FormatUint(seq, 10) + " of the log: it may have been removed with its segment, or it has not been read yet."}
	}
	data := struct {
		Seq          uint64
		Line         *audit.Line
		Problem      string
		Sentences    []string
		Applications []application
		Details      []*audit.Line
		More         int
		Others       []row
		Text         string
		Took         string
	}{Seq: seq, Line: found.Line}
	if found.Err != nil {
		data.Problem = found.Err.Error()
		return r.Render(w, recordPage, "Record "+strconv.FormatUint(seq, 10), &data)
	}
	l := found.Line
	data.Sentences, data.Applications, data.Text, data.Took = sentences(l), p.applications(l), strings.TrimSuffix(string(found.Text), "\n"), took(l)
	if data.Details = details; len(details) > mostDetails {
		data.Details, data.More = details[:mostDetails], len(details)-mostDetails
	}
	if l.RequestID != "" {
		page, err := p.Index.Search(r.Context(), &index.Filter{RequestID: l.RequestID, Limit: pageSize})
		if err == nil && page.Total > 1 {
			data.Others = rows(page.Records)
		}
	}
	return r.Render(w, recordPage, "Record "+strconv.FormatUint(seq, 10), &data)
}
