package discovery

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/spf13/pflag"

	"github.com/veil-proxy/veil/discover"
	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/internal/formats"
	"github.com/veil-proxy/veil/internal/jobshow"
	"github.com/veil-proxy/veil/internal/rules"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/table"
)

// Files are files to examine.
type Files struct {
	Paths []string
	Stdin io.Reader
	// Store has the paths that are URLs; nil for none.
	Store file.Store
	// Rows is how many values of each column are sampled, spread over the files.
	Rows int
	// Timeout is how long each file is read. What follows is not examined.
	Timeout time.Duration
	// Formats describe the files, as for veil mask.
	Formats *formats.Options
	// Methods are those of rulesets.
	Methods [][]mask.Definition
	// Report is called with what could not be read.
	Report func(file.Problem)
	// Unread is how many files could not be read.
	Unread int
}

// AddFormatFlags adds the flags that describe files. The format of inputs is
// --input-format, since --format is that of the report.
func AddFormatFlags(fl *pflag.FlagSet, o *formats.Options) {
	var all pflag.FlagSet
	o.AddFlags(&all)
	all.VisitAll(func(f *pflag.Flag) {
		switch f.Name {
		case "document", "show-names": // of documents, which have no columns
			return
		case "format":
			f.Name = "input-format"
		}
		fl.AddFlag(f)
	})
}

// Tables reads the tables in the files. They are read as veil mask reads them, with a
// ruleset whose only method looks at each value and removes it: what files can be masked
// can be looked at.
func (f *Files) Tables(ctx context.Context) ([]discover.Table, error) {
	looker := &looker{rows: f.Rows, timeout: f.Timeout}
	text := "veil: 1\nname: look\nreferenceDate: 2000-01-01\ntables: {default: refuse, rules: []}\n"
	var tables []discover.Table
	f.Formats.Inspect, f.Formats.Guess = true, true
	err := f.inspect(ctx, text, looker, func(name string, doc file.Document) error {
		found, ok, err := jobshow.Tables(doc)
		switch {
		case err != nil:
			return err
		case !ok:
			f.Report(file.Problem{File: name, What: "the file contains no tables: for FHIR, use veil discover fhir; other documents must be examined by hand"})
		}
		for _, t := range found {
			tables = unite(tables, discoverable(t.Name, t.Columns))
		}
		return nil
	})
	if err != nil || len(tables) == 0 {
		return nil, err
	}
	// What cannot be read has been reported.
	report := f.Report
	f.Report = func(file.Problem) {}
	defer func() { f.Report = report }()
	f.Formats.Inspect = false
	text = looker.ruleset(tables)
	err = f.inspect(ctx, text, looker, func(name string, doc file.Document) error {
		err := looker.look(doc, name == "-")
		if err != nil {
			report(file.Problem{File: name, What: err.Error()})
		}
		return err
	})
	for t := range tables {
		for i := range tables[t].Columns {
			tables[t].Columns[i].Profile = looker.columns[looker.numbers[key(&tables[t], i)]].profile()
		}
	}
	return tables, err
}

// inspect opens each file under a ruleset.
func (f *Files) inspect(ctx context.Context, text string, l *looker, each func(name string, doc file.Document) error) error {
	library, err := rules.New(map[string][]byte{"look": []byte(text)}, append(f.Methods, []mask.Definition{l.definition()})...)
	if err != nil {
		return err
	}
	compiled, err := library.Public("look")
	if err != nil {
		return err
	}
	list, err := f.Formats.Formats(formats.Rules{Compiled: compiled, Site: &fhir.Site{}})
	if err != nil {
		return err
	}
	job := &file.Job{Inputs: f.Paths, Stdin: f.Stdin, Store: f.Store, Formats: list, Plan: compiled.Plan, Keys: compiled.Policy.Keys, Workers: 1, Report: f.Report}
	failed := 0
	counts, err := job.Inspect(ctx, func(name string, _ file.Info, doc file.Document) {
		if err := each(name, doc); err != nil {
			failed++
			f.Report(file.Problem{File: name, What: err.Error()})
		}
	})
	f.Unread = max(f.Unread, int(counts.Failed)+failed) //nolint:gosec // a number of files
	if err == nil && f.Unread > 0 && counts.Files == 0 {
		err = errors.New("no file could be read")
	}
	return err
}

// unite adds a table to a list: several files of one table become one, with the columns
// of all.
func unite(tables []discover.Table, t discover.Table) []discover.Table {
	k := slices.IndexFunc(tables, func(o discover.Table) bool { return o.Schema == t.Schema && o.Name == t.Name })
	if k < 0 {
		return append(tables, t)
	}
	for _, c := range t.Columns {
		if !slices.ContainsFunc(tables[k].Columns, func(o discover.Column) bool { return o.Name == c.Name }) {
			tables[k].Columns = append(tables[k].Columns, c)
		}
	}
	return tables
}

// discoverable is a table of a file as discovery sees it.
func discoverable(name table.Name, columns []table.Treated) discover.Table {
	out := discover.Table{Schema: name.Schema, Name: name.Table, Kind: discover.Plain}
	for i := range columns {
		out.Columns = append(out.Columns, discover.Column{Name: columns[i].Name, Type: sqlTypes[columns[i].Type]})
	}
	return out
}

// sqlTypes are the types of files as SQL calls them.
var sqlTypes = map[table.Type]string{
	table.Text: "text", table.Other: "text", table.Bool: "boolean", table.Integer: "bigint", table.Decimal: "numeric", table.Float: "double precision",
	table.Date: "date", table.Timestamp: "timestamp without time zone", table.TimestampTZ: "timestamp with time zone",
	table.UUID: "uuid", table.JSON: "jsonb", table.XML: "xml", table.Opaque: "bytea",
}
