package reportcmd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/veil-proxy/veil/internal/attest"
	"github.com/veil-proxy/veil/internal/auditshow"
	"github.com/veil-proxy/veil/internal/cli"
	"github.com/veil-proxy/veil/internal/config"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/report/evidence"
	"github.com/veil-proxy/veil/textfile"
)

// flags are those of veil report evidence.
type flags struct {
	from, to, config, checkpointKey, sign, output string
	logs, rulesets, resultKeys                    []string
	fidelity, risk, selftest, discovery, drift    string
}

func (cs *Commands) newEvidence() *cobra.Command {
	var f flags
	c := &cobra.Command{
		Use: "evidence", Short: "Write a signed report of what was masked in a period",
		Long: `Reads the audit logs and writes two signed files to DIR: evidence.html, which
is self-contained and prints well, and evidence.json. They say which rulesets
were used, what they cover, how often each rule was applied, who received data,
what was refused, which keys were in use, and whether the chain of the logs is
intact. Each line says whether Veil measured it, the operator states it, or the
report does not cover it. docs/evidence.md describes both files.

The command needs no project key, and the report contains no value of the data.
A log that was changed or cut off is an error. Existing files are never
overwritten.

The logs are those of --log, or the one in the configuration. --from and --to
are dates, times or ages; --to is not part of the period.`,
		Example: `  veil report evidence --from 2026-10-01 --to 2026-11-01 --config veil.yaml \
      --sign evidence.key -o october
  veil report evidence --from 720h --log audit-a --log audit-b \
      --ruleset old.yaml --selftest selftest.json --risk risk.json \
      --sign evidence.key -o november`,
		Args: cli.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return cs.evidence(c, &f) },
	}
	fl := c.Flags()
	fl.StringVar(&f.from, "from", "", "report from `TIME` on: a date, time or age such as 2026-11-01, 2026-11-01T08:00:00Z or 720h")
	fl.StringVar(&f.to, "to", "", "report up to `TIME`, exclusive (default: now)")
	fl.StringVar(&f.config, "config", "", "report on the configuration in `FILE`, its rulesets and its audit log")
	fl.StringArrayVar(&f.logs, "log", nil, "read the audit log in `DIR` (repeatable; default: that of the configuration)")
	fl.StringArrayVar(&f.rulesets, "ruleset", nil, "report the coverage of `RULESET`, a name or a file, if it was used (repeatable)")
	fl.StringVar(&f.checkpointKey, "checkpoint-key", "", "verify the checkpoints of the logs with `KEY`: a verifier key, or a file that contains one")
	fl.StringVar(&f.selftest, "selftest", "", "include the result of veil selftest in `FILE`")
	fl.StringVar(&f.fidelity, "fidelity", "", "include the result of veil report fidelity in `FILE`")
	fl.StringVar(&f.risk, "risk", "", "include the result of veil report risk in `FILE`")
	fl.StringVar(&f.discovery, "discovery", "", "include counts from `FILE`, the output of veil discover --format json")
	fl.StringVar(&f.drift, "drift", "", "include counts from `FILE`, the output of veil discover --against RULESET --format json")
	fl.StringArrayVar(&f.resultKeys, "result-key", nil, "also verify included results with `KEY`: a verifier key, or a file that contains one (repeatable; the key of --sign is always tried)")
	fl.StringVar(&f.sign, "sign", "", "sign with the key in `FILE` (see veil keys sign)")
	fl.StringVarP(&f.output, "output", "o", "", "write the report to directory `DIR`")
	return c
}

// evidence creates the report.
func (cs *Commands) evidence(c *cobra.Command, f *flags) error {
	now := time.Now()
	o := evidence.Options{Version: cs.Version, Time: now, Logs: f.logs, Progress: logProgress(c.ErrOrStderr())}
	var err error
	if o.Period, err = f.period(now); err != nil {
		return err
	}
	if f.sign == "" || f.output == "" {
		return cli.Usagef("expected --sign FILE, with a key that veil keys sign creates, and --output DIR")
	}
	signer, err := keys.ReadSigner(f.sign)
	if err != nil {
		return fmt.Errorf("--sign: %w", err)
	}
	o.VerifierKey = signer.VerifierKey
	paths := [2]string{filepath.Join(f.output, "evidence.html"), filepath.Join(f.output, "evidence.json")}
	for _, path := range paths {
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s already exists and will not be overwritten: name another directory with --output", path)
		}
	}
	if err := cs.inputs(f, &o); err != nil {
		return err
	}
	e, err := evidence.Gather(c.Context(), &o)
	if err != nil {
		return err
	}
	asJSON, asHTML, err := e.Sign(signer)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(f.output, 0o750); err != nil {
		return err
	}
	if err := textfile.Create(paths[1], string(asJSON), 0o666); err != nil {
		return err
	}
	if err := textfile.Create(paths[0], string(asHTML), 0o666); err != nil {
		return errors.Join(err, os.Remove(paths[1]))
	}
	fmt.Fprintf(c.OutOrStdout(), "Wrote %s and %s: %d records from %s until before %s.\nVerify them with: veil report verify %s %s --verifier-key %q\n",
		paths[0], paths[1], e.Totals.Records, o.Period.From.Format(time.RFC3339), o.Period.To.Format(time.RFC3339), paths[0], paths[1], signer.VerifierKey)
	return nil
}

// period reads --from and --to.
func (f *flags) period(now time.Time) (p evidence.Period, err error) {
	if f.from == "" {
		return p, cli.Usagef("expected --from TIME, such as --from 2026-11-01")
	}
	if p.From, err = auditshow.ParseTime(f.from, now); err != nil {
		return p, cli.Usagef("--from: %v", err)
	}
	if p.To, err = auditshow.ParseTime(f.to, now); err != nil {
		return p, cli.Usagef("--to: %v", err)
	}
	if f.to == "" {
		p.To = now.Add(time.Second) // including the current second
	}
	p.From, p.To = p.From.UTC().Truncate(time.Second), p.To.UTC().Truncate(time.Second)
	if !p.From.Before(p.To) {
		return p, cli.Usagef("--from %s is not before --to %s: exchange them", p.From.Format(time.RFC3339), p.To.Format(time.RFC3339))
	}
	if years := p.To.Sub(p.From).Hours() / (24 * 365); years > evidence.MostYears {
		return p, cli.Usagef("the period has more than %d years: choose a later --from", evidence.MostYears)
	}
	return p, nil
}

// inputs reads everything else that the report includes.
func (cs *Commands) inputs(f *flags, o *evidence.Options) error {
	var conf *config.Config
	if f.config != "" {
		text, err := textfile.Read(f.config)
		if err != nil {
			return err
		}
		if conf, err = config.Parse(f.config, text); err != nil {
			return err
		}
		o.Configuration = attest.Configuration(conf)
		if len(o.Logs) == 0 && conf.Audit.Dir != "" {
			o.Logs = []string{conf.Audit.Dir}
		}
	}
	if len(o.Logs) == 0 {
		return cli.Usagef("expected --log DIR, or --config FILE with an audit log")
	}
	var err error
	if o.CheckpointKey, o.NeedCheckpoint, err = f.checkpoints(conf, o.VerifierKey); err != nil {
		return err
	}
	if o.Rulesets, err = attest.Rulesets(cs.Rules, conf, f.rulesets); err != nil {
		return err
	}
	vouching := []string{o.VerifierKey}
	for _, given := range f.resultKeys {
		key, err := keys.ReadVerifier(given)
		if err != nil {
			return cli.Usagef("--result-key: %v", err)
		}
		vouching = append(vouching, key)
	}
	return f.results(o, vouching)
}

// checkpoints returns the key of the logs' checkpoints, and whether the command line
// requires checkpoints.
func (f *flags) checkpoints(conf *config.Config, own string) (key string, need bool, err error) {
	if f.checkpointKey != "" {
		if key, err = keys.ReadVerifier(f.checkpointKey); err != nil {
			return "", false, cli.Usagef("--checkpoint-key: %v", err)
		}
		return key, true, nil
	}
	if conf != nil && conf.Audit.SignerFile != "" {
		if conf.Audit.SignerFile == f.sign {
			return own, false, nil
		}
		if key, err := keys.ReadVerifier(conf.Audit.SignerFile + ".pub"); err == nil {
			return key, false, nil
		}
	}
	return "", false, nil
}

// results reads the results of other tools.
func (f *flags) results(o *evidence.Options, vouching []string) error {
	read := func(flag, path string, take func(file []byte) error) error {
		if path == "" {
			return nil
		}
		file, err := os.ReadFile(path)
		if err == nil {
			if err = take(file); err != nil {
				err = fmt.Errorf("%s: %w", path, err)
			}
		}
		if err != nil {
			return fmt.Errorf("%s: %w", flag, err)
		}
		return nil
	}
	embed := func(kind string, into **evidence.Embedded) func([]byte) error {
		return func(file []byte) (err error) {
			*into, err = evidence.Embed(file, kind, vouching)
			return err
		}
	}
	return errors.Join(
		read("--selftest", f.selftest, embed("selftest", &o.SelfTest)),
		read("--fidelity", f.fidelity, embed("fidelity", &o.Fidelity)),
		read("--risk", f.risk, embed("risk", &o.Risk)),
		read("--discovery", f.discovery, func(file []byte) (err error) {
			o.Discovery, err = evidence.ReadDiscovery(file, vouching)
			return err
		}),
		read("--drift", f.drift, func(file []byte) (err error) {
			o.Drift, err = evidence.ReadDrift(file, vouching)
			return err
		}),
	)
}
