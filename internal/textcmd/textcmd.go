// Package textcmd has the command "veil text", which shows an operator what is found in
// free text.
package textcmd

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/veil-proxy/veil/internal/cli"
	"github.com/veil-proxy/veil/text"
	"github.com/veil-proxy/veil/text/markup"
	"github.com/veil-proxy/veil/text/recognizer"
)

// New returns the command.
func New() *cobra.Command {
	c := &cobra.Command{
		Use:   "text",
		Short: "Find identifiers in free text",
		Long: `Finds identifiers in free text, such as clinical notes: names, dates, places,
numbers, addresses. It is a tool for operators, who may see originals.`,
	}
	return cli.Group(c, newFind())
}

// finding is a run of "veil text find".
type finding struct {
	format  cli.Format
	known   string
	options text.Options
	clean   bool
	markup  string
	other   recognizer.Options
}

// AddRecognizer adds the flags for an external recognizer.
func AddRecognizer(flags *pflag.FlagSet, o *recognizer.Options) {
	flags.StringVar(&o.URL, "recognizer", "", "`URL` of an external recognizer, such as http://localhost:5002/analyze")
	flags.StringVar(&o.Language, "recognizer-language", "en", "`LANGUAGE` to request from the recognizer")
	flags.Float64Var(&o.MinScore, "recognizer-score", 0, "ignore what the recognizer finds with a score below `SCORE`, from 0 to 1")
}

func newFind() *cobra.Command {
	f := &finding{}
	c := &cobra.Command{
		Use:   "find [FILE]",
		Short: "Find identifiers in a text, and say where they are",
		Long: `Reads a text from FILE or standard input, and lists what identifies a person:
line, column, label, the rule that found it, and the text itself. The output
contains original data: treat it like the input.

With --known, values from the patient's record are found however they are
written. FILE is JSON with lists of texts, all optional:

  {"names": ["Ann Smith"], "ids": ["12345678"], "phones": [], "emails": [],
   "addresses": [], "orgs": [], "dates": ["1960-03-14"]}

With --format json, the input is JSON Lines, {"id": "", "text": "", "known":
{...}}, each with the values known for its text. The output has one line for
each text, {"id": "", "spans": [{"start": 0, "end": 0, "label": "NAME", "rule":
""}]}, without the text. Offsets count Unicode code points.

With --replace, the text is printed with labels in place of what was found.
With --type html or rtf, it is replaced within the markup, which stays valid.

With --recognizer, each text is also sent to a server with the interface of
Presidio's analyzer, and what either finds is listed.

Not everything that identifies a person can be found; docs/text.md has
measurements.`,
		Example: `  veil text find note.txt
  veil text find --known patient.json < note.txt
  veil text find --replace < note.txt
  veil text find --replace --type html < letter.html
  veil text find --format json < notes.jsonl > spans.jsonl`,
		Args: cli.Args(0, 1),
		RunE: func(c *cobra.Command, args []string) error {
			in := c.InOrStdin()
			if len(args) == 1 && args[0] != "-" {
				file, err := os.Open(args[0])
				if err != nil {
					return cli.Usage(err)
				}
				defer func() { _ = file.Close() }() // it was only read
				in = file
			}
			return f.run(c.Context(), c.OutOrStdout(), in)
		},
	}
	f.format.Add(c)
	c.Flags().StringVar(&f.known, "known", "", "JSON `FILE` with values known about the person")
	c.Flags().BoolVar(&f.clean, "replace", false, "print the text with labels in place of what was found")
	c.Flags().StringVar(&f.markup, "type", "text", "with --replace: `TYPE` of the text: text, html or rtf")
	AddRecognizer(c.Flags(), &f.other)
	c.Flags().BoolVar(&f.options.Times, "times", false, "also find times of day")
	c.Flags().BoolVar(&f.options.Professions, "professions", false, "also find professions")
	c.Flags().BoolVar(&f.options.Years, "years", false, "also find years on their own")
	c.Flags().BoolVar(&f.options.Ages, "ages", false, "also find ages under 90")
	return c
}

func (f *finding) run(ctx context.Context, out io.Writer, in io.Reader) error {
	if err := cli.OneOf("--type", f.markup, "text", "html", "rtf"); err != nil {
		return err
	}
	base := &known{}
	if f.known != "" {
		var err error
		if base, err = readKnown(f.known); err != nil {
			return err
		}
	}
	s := &markup.Scrubber{Scanner: text.New(f.options).Scanner()}
	if f.other.URL != "" {
		client, err := recognizer.New(f.other)
		if err != nil {
			return cli.Usagef("--recognizer: %v", err)
		}
		s.More = func(plain []byte) ([]text.Span, error) { return client.Find(ctx, plain) }
	}
	switch {
	case f.format.JSON() && f.clean:
		return cli.Usagef("--replace needs --format text")
	case f.markup != "text" && !f.clean:
		return cli.Usagef("--type needs --replace")
	case f.format.JSON():
		return findLines(out, in, s, base)
	}
	return f.findText(out, in, s, base)
}

// known is the JSON form of the known values of a record.
type known struct {
	Names     []string `json:"names"`
	IDs       []string `json:"ids"`
	Phones    []string `json:"phones"`
	Emails    []string `json:"emails"`
	Addresses []string `json:"addresses"`
	Orgs      []string `json:"orgs"`
	Dates     []string `json:"dates"`
	Other     []string `json:"other"`
}

// ReadKnown reads a file with values known of people.
func ReadKnown(file string) (*text.Known, error) {
	k, err := readKnown(file)
	if err != nil {
		return nil, err
	}
	built, err := k.build(nil)
	if err != nil {
		return nil, cli.Usagef("--known %s: %v", file, err)
	}
	return built, nil
}

func readKnown(file string) (*known, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, cli.Usage(err)
	}
	k, err := parseKnown(raw)
	if err != nil {
		return nil, cli.Usagef("--known %s: %v", file, err)
	}
	return k, nil
}

// parseKnown reads known values. Its errors do not quote them.
func parseKnown(raw []byte) (*known, error) {
	k := &known{}
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.DisallowUnknownFields()
	if err := d.Decode(k); err != nil {
		return nil, fmt.Errorf("expected a JSON object with lists of texts: names, ids, phones, emails, addresses, orgs, dates, other")
	}
	return k, nil
}

// build compiles known values, together with those of a base.
func (k *known) build(base *known) (*text.Known, error) {
	var b text.KnownBuilder
	for _, from := range []*known{base, k} {
		if from == nil {
			continue
		}
		for _, kind := range []struct {
			values []string
			add    func(string) int
		}{
			{from.Names, b.AddName}, {from.IDs, b.AddID}, {from.Phones, b.AddPhone}, {from.Emails, b.AddEmail},
			{from.Addresses, b.AddAddress}, {from.Orgs, b.AddOrg}, {from.Other, b.AddOther},
		} {
			for _, v := range kind.values {
				kind.add(v)
			}
		}
		for _, d := range from.Dates {
			year, month, day, ok := isoDate(d)
			if !ok {
				return nil, fmt.Errorf("a known date is not YYYY-MM-DD")
			}
			b.AddDate(year, month, day)
		}
	}
	return b.Build(), nil
}

// isoDate reads a date of FHIR, which may end with a time.
func isoDate(s string) (year, month, day int, ok bool) {
	if len(s) > 10 && s[10] == 'T' {
		s = s[:10]
	}
	parts := strings.Split(s, "-")
	if len(parts) > 3 || len(parts[0]) != 4 {
		return 0, 0, 0, false
	}
	n := [3]int{}
	for i, p := range parts {
		v, err := strconv.ParseUint(p, 10, 16)
		if err != nil {
			return 0, 0, 0, false
		}
		n[i] = int(v)
	}
	return n[0], n[1], n[2], n[1] <= 12 && n[2] <= 31
}
