// Package report shows what discovery found: as a table on a terminal, as JSON, or as a
// self-contained HTML page. None of them contains a value.
package report

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/veil-proxy/veil/discover"
)

// Report is the result of a discovery in a source.
type Report struct {
	// Columns has an entry for each column, in the order of the source.
	Columns []discover.Finding `json:"columns"`
	// Unread are tables whose rows could not be sampled. Their columns were judged by
	// names, types and keys alone.
	Unread []Unread `json:"unread"`
	// Tables have what a proposed ruleset depends on besides the findings.
	Tables []Table `json:"tables,omitempty"`
}

// Unread is a table without a sample.
type Unread struct {
	Schema string `json:"schema"`
	Table  string `json:"table"`
	Reason string `json:"reason"`
}

// New returns a report.
func New(tables []discover.Table, findings []discover.Finding) *Report {
	r := &Report{Columns: findings, Unread: []Unread{}}
	if r.Columns == nil {
		r.Columns = []discover.Finding{}
	}
	for i := range tables {
		if t := &tables[i]; t.Unread != "" {
			r.Unread = append(r.Unread, Unread{t.Schema, t.Name, t.Unread})
		}
		r.Tables = append(r.Tables, outline(&tables[i]))
	}
	return r
}

// WriteJSON writes the report for programs.
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	return e.Encode(r)
}

// WriteText writes the report for people. With all, it lists every column; otherwise
// only those that are sensitive, quasi-identifying or unsure.
func (r *Report) WriteText(w io.Writer, all bool) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "COLUMN\tCLASS\tCATEGORY\tIDENTIFIES\tCONFIDENCE\tREASONS")
	left := 0
	for i := range r.Columns {
		f := &r.Columns[i]
		if !all && !f.Sensitive && !f.Quasi && !f.Unsure() {
			left++
			continue
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%.0f%%\t%s\n", Name(f), f.Class, f.Category, identifies(f), 100*f.Confidence, brief(f.Reasons))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	sensitive, quasi, unsure := r.count()
	fmt.Fprintf(w, "\n%d columns: %d sensitive, %d quasi-identifying, %d unsure\n", len(r.Columns), sensitive, quasi, unsure)
	if left > 0 {
		fmt.Fprintf(w, "columns that identify nobody and are not listed: %d; --all lists them\n", left)
	}
	for _, u := range r.Unread {
		fmt.Fprintf(w, "NOT READ %s: %s\n", printable(join(u.Schema, u.Table)), u.Reason)
	}
	return nil
}

// count counts columns by what they are.
func (r *Report) count() (sensitive, quasi, unsure int) {
	for i := range r.Columns {
		switch f := &r.Columns[i]; {
		case f.Sensitive:
			sensitive++
		case f.Quasi:
			quasi++
		}
		if r.Columns[i].Unsure() {
			unsure++
		}
	}
	return sensitive, quasi, unsure
}

// Name returns the name of a column for people, without characters that would affect a
// terminal.
func Name(f *discover.Finding) string {
	return printable(join(f.Schema, f.Table, f.Column))
}

func join(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ".")
}

// printable replaces control characters, which a name can have.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return '�'
		}
		return r
	}, strings.ToValidUTF8(s, "�"))
}

func identifies(f *discover.Finding) string {
	switch {
	case f.Sensitive:
		return "yes"
	case f.Quasi:
		return "with others"
	case f.Unsure():
		return "unsure"
	}
	return "no"
}

// brief returns the first two reasons.
func brief(reasons []string) string {
	return printable(strings.Join(reasons[:min(2, len(reasons))], "; "))
}
