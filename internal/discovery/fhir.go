package discovery

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/veil-proxy/veil/discover/fhirsource"
	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/cli"
	"github.com/veil-proxy/veil/textfile"
)

// FHIR is a discovery on FHIR resources, from a server or from NDJSON files.
type FHIR struct {
	Format    cli.Format
	All       bool
	Ruleset   string
	Overlay   string
	TokenFile string
	Sample    int
	Timeout   time.Duration
}

// AddFlags adds the flags, but those of Format.
func (o *FHIR) AddFlags(fl *pflag.FlagSet) {
	fl.BoolVar(&o.All, "all", false, "also list what passes")
	fl.StringVar(&o.Ruleset, "ruleset", "safe-harbor", "`RULESET` to report on: what it does to what is found")
	fl.StringVar(&o.Overlay, "overlay", "", "also write an overlay to `FILE`, for what the ruleset does not cover")
	fl.StringVar(&o.TokenFile, "token-file", "", "`FILE` with a bearer token for the server, mode 0600")
	fl.IntVar(&o.Sample, "sample", 500, "sample `N` resources of each type")
	fl.DurationVar(&o.Timeout, "timeout", 10*time.Minute, "spend at most `DURATION` in all")
}

// Run examines the sources and prints what was found.
func (o *FHIR) Run(ctx context.Context, out, progress io.Writer, stdin io.Reader, sources []string, a *fhir.Automaton) error {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	scan := fhirsource.NewScan(a)
	for _, source := range sources {
		if err := o.read(ctx, scan, source, progress, stdin); err != nil {
			return err
		}
	}
	r := scan.Report()
	if o.Overlay != "" {
		var text strings.Builder
		if err := r.WriteOverlay(&text, rulesetName(o.Overlay)); err != nil {
			return err
		}
		if err := textfile.Create(o.Overlay, text.String(), 0o644); err != nil {
			return err
		}
	}
	return o.Format.Print(out, r, func(w io.Writer) error { return r.WriteText(w, o.All) })
}

// read looks at one source.
func (o *FHIR) read(ctx context.Context, scan *fhirsource.Scan, source string, progress io.Writer, stdin io.Reader) error {
	switch {
	case strings.HasPrefix(source, "http://"), strings.HasPrefix(source, "https://"):
		token := ""
		if o.TokenFile != "" {
			text, err := textfile.ReadSecret(o.TokenFile, 64<<10)
			if err != nil {
				return fmt.Errorf("--token-file: %w", err)
			}
			token = strings.TrimSpace(string(text))
		}
		client := &http.Client{Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		return scan.Read(ctx, fhirsource.Server{Base: source, Client: client, Token: token, Most: o.Sample, Progress: Progress(progress)})
	case source == "-":
		return scan.ReadLines(stdin, "standard input", o.Sample)
	}
	f, err := os.Open(source)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	return scan.ReadLines(f, source, o.Sample)
}
