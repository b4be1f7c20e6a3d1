// Package discovery has the commands of veil discover: they read a source, judge its
// columns and print what was found.
package discovery

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/veil-proxy/veil/discover"
	"github.com/veil-proxy/veil/discover/drift"
	"github.com/veil-proxy/veil/discover/propose"
	"github.com/veil-proxy/veil/discover/report"
	"github.com/veil-proxy/veil/discover/words"
	"github.com/veil-proxy/veil/internal/cli"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/mask/ruleset"
	"github.com/veil-proxy/veil/report/evidence"
	"github.com/veil-proxy/veil/report/signed"
	"github.com/veil-proxy/veil/textfile"
)

// Options are what the commands have in common.
type Options struct {
	Format  cli.Format
	All     bool
	HTML    string
	Lexicon string
	Ruleset string
	// Against is a ruleset to compare with, and Load reads one.
	Against string
	Load    func(name string) (*ruleset.Policy, error)
	// Sign is the file of the key that signs the JSON; empty for none.
	Sign string
}

// AddFlags adds the flags of the options, but those of Format.
func (o *Options) AddFlags(fl *pflag.FlagSet) {
	fl.BoolVar(&o.All, "all", false, "list all columns, not only those that may identify persons")
	fl.StringVar(&o.HTML, "html", "", "also write the report as a page to `FILE`")
	fl.StringVar(&o.Ruleset, "ruleset", "", "also write a proposed ruleset to `FILE`")
	fl.StringVar(&o.Against, "against", "", "compare with `RULESET`: list columns that no rule covers, what changed, and rules that match nothing; exit with status 1 if any are found")
	fl.StringVar(&o.Sign, "sign", "", "with --format json: add the time to the output and sign it with the key in `FILE`, for veil report evidence")
	fl.StringVar(&o.Lexicon, "lexicon", "", "`FILE` with words and rules for column names, in addition to the built-in ones")
}

// Words returns the lexicon of the options.
func (o *Options) Words() (*words.Lexicon, error) {
	if o.Lexicon == "" {
		return words.Default(), nil
	}
	f, err := os.Open(o.Lexicon)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	lex, err := words.Default().Extend(f, discover.IsClass)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.Lexicon, err)
	}
	return lex, nil
}

// Finish judges tables and prints the results.
func (o *Options) Finish(w io.Writer, source string, tables []discover.Table, lex *words.Lexicon) error {
	if o.Sign != "" && !o.Format.JSON() {
		return cli.Usagef("--sign needs --format json")
	}
	findings := discover.Judge(tables, lex)
	r := report.New(tables, findings)
	if o.HTML != "" {
		var page strings.Builder
		if err := r.WriteHTML(&page, source); err != nil {
			return err
		}
		if err := textfile.Create(o.HTML, page.String(), 0o600); err != nil {
			return err
		}
	}
	if o.Ruleset != "" {
		if err := textfile.Create(o.Ruleset, propose.Ruleset(rulesetName(o.Ruleset), tables, findings), 0o644); err != nil {
			return err
		}
	}
	if o.Against != "" {
		return o.compare(w, tables, findings)
	}
	if o.Sign != "" {
		return o.sign(w, evidence.KindDiscovery, struct {
			Time time.Time `json:"time"`
			*report.Report
		}{now(), r})
	}
	if o.Format.JSON() {
		return r.WriteJSON(w)
	}
	return r.WriteText(w, o.All)
}

// compare prints how the tables differ from those that a ruleset was written for.
func (o *Options) compare(w io.Writer, tables []discover.Table, findings []discover.Finding) error {
	policy, err := o.Load(o.Against)
	if err != nil {
		return err
	}
	if policy.Ruleset.Tables == nil {
		return fmt.Errorf("ruleset %s has no rules for tables", policy.Ruleset.Name)
	}
	d := drift.Compare(policy, tables, findings)
	if o.Sign != "" {
		err = o.sign(w, evidence.KindDrift, struct {
			Time time.Time `json:"time"`
			*drift.Report
		}{now(), d})
	} else {
		err = o.Format.Print(w, d, d.WriteText)
	}
	if err != nil {
		return err
	}
	if d.Any() {
		return cli.ErrReported
	}
	return nil
}

func now() time.Time { return time.Now().UTC().Truncate(time.Second) }

// sign prints a document with its signature.
func (o *Options) sign(w io.Writer, kind string, document any) error {
	signer, err := keys.ReadSigner(o.Sign)
	if err != nil {
		return fmt.Errorf("--sign: %w", err)
	}
	text, err := signed.JSON(kind, document, signer)
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}

// rulesetName derives a ruleset's name from the name of its file.
func rulesetName(file string) string {
	base := filepath.Base(file)
	name := strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '-'
	}, strings.ToLower(strings.TrimSuffix(base, filepath.Ext(base)))), "-")
	if name == "" {
		return "proposed"
	}
	return name
}

// Progress returns a function that shows on a terminal how many tables are done, or
// nil.
func Progress(w io.Writer) func(done, total int) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	return func(done, total int) {
		fmt.Fprintf(w, "\rveil: %d of %d tables", done, total)
		if done == total {
			fmt.Fprint(w, "\r\x1b[K")
		}
	}
}
