package discovery

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/veil-proxy/veil/discover"
	"github.com/veil-proxy/veil/discover/propose"
	"github.com/veil-proxy/veil/discover/values"
	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/internal/formats"
	"github.com/veil-proxy/veil/internal/jobshow"
	"github.com/veil-proxy/veil/internal/rules"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/table"
)

// Files are files to look at.
type Files struct {
	Paths []string
	Stdin io.Reader
	// Rows is how many rows of each table are sampled, from its beginning.
	Rows int
	// Formats describe the files, as for veil mask.
	Formats *formats.Options
	// Methods are those of rulesets.
	Methods [][]mask.Definition
	// Report is called with what could not be read.
	Report func(file.Problem)
}

// AddFormatFlags adds the flags that describe files, with the format of inputs as
// --input-format: --format is that of the report.
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

// errEnough ends the reading of a file.
var errEnough = errors.New("enough rows")

// Tables reads the tables in the files. They are read as veil mask reads them, with a
// ruleset whose only method looks at each value and removes it: what files can be masked
// can be looked at.
func (f *Files) Tables(ctx context.Context) ([]discover.Table, error) {
	looker := &looker{rows: f.Rows}
	text := "veil: 1\nname: look\nreferenceDate: 2000-01-01\ntables: {default: refuse, rules: []}\n"
	var tables []discover.Table
	f.Formats.Inspect, f.Formats.Guess = true, true
	err := f.inspect(ctx, text, looker, func(name string, doc file.Document) error {
		found, ok, err := jobshow.Tables(doc)
		switch {
		case err != nil:
			return err
		case !ok:
			f.Report(file.Problem{File: name, What: "it has no tables: look at FHIR with veil discover fhir, and at other documents by hand"})
		}
		for _, t := range found {
			tables = append(tables, discoverable(t.Name, t.Columns))
		}
		return nil
	})
	if err != nil || len(tables) == 0 {
		return nil, err
	}
	f.Formats.Inspect = false
	text = looker.ruleset(tables)
	err = f.inspect(ctx, text, looker, func(_ string, doc file.Document) error { return looker.look(doc) })
	for t := range tables {
		for i := range tables[t].Columns {
			tables[t].Columns[i].Profile = looker.samples[looker.numbers[key(&tables[t], i)]].Profile()
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
	job := &file.Job{Inputs: f.Paths, Stdin: f.Stdin, Formats: list, Plan: compiled.Plan, Keys: compiled.Policy.Keys, Workers: 1, Report: f.Report}
	failed := false
	counts, err := job.Inspect(ctx, func(name string, _ file.Info, doc file.Document) {
		if err := each(name, doc); err != nil {
			failed = true
			f.Report(file.Problem{File: name, What: err.Error()})
		}
	})
	if err == nil && (counts.Failed > 0 || failed) && counts.Files == 0 {
		err = errors.New("no file could be read")
	}
	return err
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

// looker is the method of a ruleset that looks at values. It samples each column in its
// own rule.
type looker struct {
	rows    int
	numbers map[string]int
	samples map[int]*values.Sample
	seen    map[int]int
}

func key(t *discover.Table, column int) string {
	return t.Schema + "\x00" + t.Name + "\x00" + t.Columns[column].Name
}

// ruleset has a rule for each column.
func (l *looker) ruleset(tables []discover.Table) string {
	l.samples, l.seen, l.numbers = map[int]*values.Sample{}, map[int]int{}, map[string]int{}
	var b strings.Builder
	b.WriteString("veil: 1\nname: look\nreferenceDate: 2000-01-01\ntables:\n  default: refuse\n  rules:\n")
	for t := range tables {
		for i, c := range tables[t].Columns {
			name := key(&tables[t], i)
			if _, known := l.numbers[name]; known {
				continue // files of one table share its columns
			}
			n := len(l.numbers)
			l.numbers[name] = n
			l.samples[n] = values.NewSample()
			fmt.Fprintf(&b, "    - {id: c%d, match: {", n)
			if tables[t].Schema != "" {
				fmt.Fprintf(&b, "schema: %s, ", propose.Glob(tables[t].Schema))
			}
			fmt.Fprintf(&b, "table: %s, column: %s}, method: look, number: %d}\n", propose.Glob(tables[t].Name), propose.Glob(c.Name), n)
		}
	}
	return b.String()
}

// definition is the method as rulesets know it.
func (l *looker) definition() mask.Definition {
	return mask.Definition{
		Name: "look", Label: mask.LabelRedacted, Summary: "looks at the value and takes it out",
		Params: []mask.Param{{Name: "number", Type: mask.IntParam, Required: true, Min: 0, Max: 1 << 30, Doc: "the column"}},
		New: func(_ mask.Env, args mask.Args) (mask.Method, error) {
			return looking{l, int(args.Int("number", 0))}, nil
		},
	}
}

// looking is the method over one column.
type looking struct {
	*looker
	number int
}

// Append implements mask.Method.
func (l looking) Append(dst, src []byte, _ *mask.Input) ([]byte, mask.Outcome, error) {
	if l.seen[l.number] < l.rows {
		l.seen[l.number]++
		l.samples[l.number].Add(string(src))
	}
	return dst, mask.Removed, nil
}

// look reads a file until enough rows were seen.
func (l *looker) look(doc file.Document) error {
	masker := doc.NewMasker(false)
	masker.Pass().Begin(mask.Origin{})
	_, one := doc.(interface{ Columns() *table.Plan }) // a file with one table
	_, byColumn := doc.(interface{ ByColumn() })
	var text, out []byte
	var result file.Result
	err := doc.Split(func() []byte { return text[:0] }, func(b file.Block) error {
		text = b.Text
		before := result.Masked
		out = masker.AppendMasked(out[:0], b, &result)
		rows := result.Masked
		if byColumn { // the rows of a group were seen when the next group begins
			if rows == before {
				return nil
			}
			rows = before
		}
		if one && rows >= uint64(l.rows) {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	l.repeats(masker.Pass())
	return err
}

// repeats tells the samples how many values there were: maskers remember values that
// come again, and the method does not see them.
func (l *looker) repeats(pass *mask.Pass) {
	for _, applied := range pass.Record("", "").Applied {
		if n, err := strconv.Atoi(strings.TrimPrefix(applied.Rule, "c")); err == nil && l.samples[n] != nil {
			l.samples[n].Repeat(int(min(applied.N, math.MaxInt32)) - l.seen[n])
		}
	}
}
