// Package formats has the file formats that veil mask knows: the table of formats, the
// flags that describe them, and how a ruleset opens them.
//
//	var o formats.Options
//	o.AddFlags(flags)
//	list, err := o.Formats(formats.Rules{Compiled: automaton, Site: site})
package formats

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/fhirfile"
	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/internal/rules"
	"github.com/veil-proxy/veil/table"
	"github.com/veil-proxy/veil/text"
	"github.com/veil-proxy/veil/text/note"
)

// all has a line for each format, in the order in which they are tried. Formats that the
// name of a file shows come first; FHIR is recognized by its text.
var all = []format{
	{"csv", csvFormats},
	{"pgdump", pgdumpFormats},
	{"arrow", arrowFormats},
	{"parquet", parquetFormats},
	{"json", jsonFormats},
	{"xml", xmlFormats},
	{"fhir", fhirFormats},
	{"text", textFormats},
}

// format is a line of the table: its name for --format, and what opens it.
type format struct {
	name string
	open func(*Options, Rules) ([]file.Format, error)
}

// Rules are the rules that files are masked with.
type Rules struct {
	Compiled *fhir.Automaton
	Site     *fhir.Site

	related *table.RelatedRows // of all files; nil where no rule names any
}

// options are the methods for columns that hold whole documents.
func (r Rules) options() table.Options {
	return table.Options{Document: fhir.NewDocuments(r.Compiled), Documents: rules.Documents(r.Compiled.Policy), Rows: r.related}
}

// Options are the flags that describe files. The zero value detects everything.
type Options struct {
	// Inspect opens files only to see their columns, as for veil mask --check.
	Inspect bool
	// Known has what is known of the people whom files of plain text may name; it may be nil.
	Known *text.Known
	// Guess infers from the rows of a CSV file whether the first one has the column names.
	Guess bool

	format   string
	table    string
	document string
	names    bool
	csv      csvOptions
}

// AddFlags adds the flags to those of a command.
func (o *Options) AddFlags(fl *pflag.FlagSet) {
	fl.StringVar(&o.format, "format", "", "input `FORMAT`: "+names()+" (default: by name and content)")
	fl.StringVar(&o.table, "table", "", "`TABLE` or schema.table that the files contain (default: the file's name)")
	fl.StringVar(&o.document, "document", "", "`DOCUMENT` that files of JSON or XML contain (default: by the file's name)")
	fl.BoolVar(&o.names, "show-names", false, "with --check: also show names in JSON and XML that no rule mentions; they can be data")
	o.csv.addFlags(fl)
}

// Formats returns the formats that files can have. An error is a mistake in the flags.
func (o *Options) Formats(rules Rules) ([]file.Format, error) {
	var list []file.Format
	known := o.format == ""
	if table.NewRules(rules.Compiled.Policy).NameRelated() {
		rules.related = table.NewRelatedRows()
	}
	for _, f := range all {
		opened, err := f.open(o, rules)
		if err != nil {
			return nil, err
		}
		if o.format == "" || o.format == f.name {
			list = append(list, opened...)
		}
		known = known || o.format == f.name
	}
	if !known {
		return nil, fmt.Errorf("--format must be %s", names())
	}
	return list, nil
}

// names lists the names of formats: a, b or c.
func names() string {
	list := make([]string, len(all))
	for i, f := range all {
		list[i] = f.name
	}
	last := len(list) - 1
	return strings.Join(list[:last], ", ") + " or " + list[last]
}

// tableOf returns the function that names the table of a file.
func (o *Options) tableOf(rules *table.Rules) func(file string) table.Name {
	if o.table == "" {
		return rules.OfFile
	}
	name := table.ParseName(o.table)
	return func(string) table.Name { return name }
}

func textFormats(o *Options, r Rules) ([]file.Format, error) {
	list, err := note.Formats(r.Compiled.Policy, o.format == "text", o.Known)
	if err == nil && len(list) == 0 && o.format == "text" {
		err = errors.New("--format text: the ruleset does not say what to do with plain text: use one that scrubs it, such as safe-harbor-text")
	}
	return list, err
}

func fhirFormats(_ *Options, r Rules) ([]file.Format, error) {
	return fhirfile.Formats(r.Compiled, r.Site), nil
}
