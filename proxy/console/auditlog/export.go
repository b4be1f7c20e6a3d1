package auditlog

import (
	"bufio"
	"encoding/csv"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/veil-proxy/veil/audit"
	"github.com/veil-proxy/veil/audit/index"
	"github.com/veil-proxy/veil/proxy/console"
)

// export sends all records that match, newest first, as lines of the log or as a table.
// The record of the export is written before it begins.
func (p *Pages) export(w http.ResponseWriter, r *console.Request) error {
	f, entered := p.read(r.Request, time.Now())
	f.Before = 0
	format := r.URL.Query().Get("format")
	if entered.Invalid || format != "ndjson" && format != "csv" {
		return &console.Problem{Status: http.StatusUnprocessableEntity, Text: "The export needs a valid filter, and format=ndjson or format=csv."}
	}
	// Report a problem with the index before anything is sent.
	f.Limit = 1
	if _, err := p.Index.Search(r.Context(), f); err != nil {
		problem, err := problemOf(err)
		if err != nil {
			return err
		}
		return &console.Problem{Status: http.StatusServiceUnavailable, Reason: "index", Text: "The audit index cannot be used: " + problem + "."}
	}
	h := w.Header()
	h.Set("Content-Disposition", `attachment; filename="audit.`+format+`"`)
	out := bufio.NewWriterSize(w, 64<<10)
	write := func(record *index.Record) error {
		_, err := out.Write(record.Text)
		return err
	}
	h.Set("Content-Type", "application/x-ndjson")
	table := csv.NewWriter(out)
	if format == "csv" {
		h.Set("Content-Type", "text/csv; charset=utf-8")
		_ = table.Write(columns) // Flush reports its error
		write = func(record *index.Record) error { return table.Write(cells(record.Line)) }
	}
	err := p.Index.Each(r.Context(), f, func(record *index.Record) error {
		if record.Err != nil {
			return record.Err
		}
		return write(record)
	})
	table.Flush()
	if errors.Join(err, table.Error(), out.Flush()) != nil {
		panic(http.ErrAbortHandler) // the browser shows that the download is incomplete
	}
	return nil
}

var columns = []string{"seq", "time", "request_id", "consumer", "client", "listener", "operation", "outcome", "reason", "project", "ruleset", "ruleset_sha256", "key_fingerprint", "delivered", "applications", "duration_ms"}

func cells(l *audit.Line) []string {
	all := []string{
		strconv.FormatUint(l.Seq, 10), l.Time.UTC().Format(time.RFC3339Nano), l.RequestID, l.Consumer, l.Client, l.Door, l.Operation, l.Result, l.Reason,
		l.Project, l.Ruleset, l.RulesetSHA256, l.KeyFingerprint, delivered(l), strconv.FormatUint(applications(l), 10),
		strconv.FormatFloat(float64(l.DurationMicros)/1000, 'f', 3, 64),
	}
	for i, s := range all {
		// A spreadsheet would treat it as a formula.
		if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
			all[i] = "'" + s
		}
	}
	return all
}
