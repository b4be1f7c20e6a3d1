package reportcmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/veil-proxy/veil/internal/cli"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/report/evidence"
	"github.com/veil-proxy/veil/report/signed"
	"github.com/veil-proxy/veil/textfile"
)

// verified is what was found of a file.
type verified struct {
	File    string   `json:"file"`
	OK      bool     `json:"ok"`
	Kind    string   `json:"kind,omitempty"`
	Key     string   `json:"key,omitempty"`
	SHA256  string   `json:"sha256,omitempty"`
	Changed []string `json:"changed,omitempty"`
}

func newVerify() *cobra.Command {
	var key string
	var logs, rulesets []string
	var format cli.Format
	c := &cobra.Command{
		Use: "verify FILE…", Short: "Verify signed reports",
		Long: `Verifies the signature of reports: evidence as HTML or JSON, and signed results
of the self-test, fidelity and risk. It needs the verifier key, and neither a
network nor any other file. Obtain the key separately from the report.

If a file was changed, the error names the part and the lines. With --log, the
figures of evidence are computed again from the audit log; with --ruleset, the
file of a ruleset is compared with its digest in the report.

Exit status: 0 if every report is as it was signed, 1 if not.`,
		Example: `  veil report verify evidence.html evidence.json --verifier-key evidence.key.pub
  veil report verify evidence.html --verifier-key evidence.key.pub --log audit \
      --ruleset site.yaml`,
		Args: cli.Args(1, math.MaxInt),
		RunE: func(c *cobra.Command, args []string) error {
			if key == "" {
				return cli.Usagef("expected --verifier-key KEY: a verifier key, or the FILE.pub that veil keys sign wrote")
			}
			verifier, err := keys.ReadVerifier(key)
			if err != nil {
				return cli.Usagef("--verifier-key: %v", err)
			}
			var list []verified
			ok := true
			for _, path := range args {
				v, err := verifyFile(c.Context(), path, verifier, logs, rulesets, logProgress(c.ErrOrStderr()))
				if err != nil {
					return fmt.Errorf("%s: %w", path, err)
				}
				list, ok = append(list, *v), ok && v.OK
			}
			if err := format.Print(c.OutOrStdout(), list, func(w io.Writer) error { return writeVerified(w, c.ErrOrStderr(), list) }); err != nil {
				return err
			}
			if !ok {
				return cli.ErrReported
			}
			return nil
		},
	}
	c.Flags().StringVar(&key, "verifier-key", "", "verify with `KEY`: a verifier key, or a file that contains one (see veil keys sign)")
	c.Flags().StringArrayVar(&logs, "log", nil, "compute the figures again from the audit log in `DIR` (repeatable, in the order of the report)")
	c.Flags().StringArrayVar(&rulesets, "ruleset", nil, "compare the ruleset in `FILE` with the report (repeatable)")
	format.Add(c)
	return c
}

// verifyFile verifies a file. It returns an error if the file could not be verified.
func verifyFile(ctx context.Context, path, verifier string, logs, rulesets []string, progress func(read, all int64)) (*verified, error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, errors.Unwrap(err)
	}
	if len(file) == 0 {
		return nil, errors.New("the file is empty")
	}
	v := &verified{File: path}
	doc, err := signed.Open(file, verifier)
	var change *signed.ChangedError
	if errors.As(err, &change) {
		v.Changed = change.What
		return v, nil
	}
	if err != nil {
		return nil, err
	}
	v.Kind, v.Key, v.SHA256 = doc.Kind, doc.Key, doc.SHA256
	if len(logs)+len(rulesets) > 0 {
		if doc.Kind != evidence.Kind {
			return nil, fmt.Errorf("--log and --ruleset are compared with evidence; the kind of this file is %s", doc.Kind)
		}
		if v.Changed, err = compare(ctx, doc, logs, rulesets, progress); err != nil {
			return nil, err
		}
	}
	v.OK = len(v.Changed) == 0
	return v, nil
}

// compare compares evidence with the logs and rulesets that it reports on.
func compare(ctx context.Context, doc *signed.Document, logs, rulesets []string, progress func(read, all int64)) (changed []string, err error) {
	e, err := evidence.Parse(doc)
	if err != nil {
		return nil, err
	}
	if len(logs) > 0 {
		if changed, err = e.Compare(ctx, logs, progress); err != nil {
			return nil, err
		}
	}
	for _, path := range rulesets {
		text, err := textfile.Read(path)
		if err != nil {
			return nil, err
		}
		if err := e.CompareRuleset(filepath.Base(path), text); err != nil {
			changed = append(changed, err.Error())
		}
	}
	return changed, nil
}

// logProgress returns what shows on a terminal how much of the logs has been read, or nil.
func logProgress(w io.Writer) func(read, all int64) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	return func(read, all int64) {
		fmt.Fprintf(w, "\rveil: %d of %d MiB of the log", read>>20, all>>20)
		if read >= all {
			fmt.Fprint(w, "\r\x1b[K")
		}
	}
}

// writeVerified prints the result as text, and problems to standard error.
func writeVerified(out, wrong io.Writer, list []verified) error {
	for _, v := range list {
		if v.OK {
			if _, err := fmt.Fprintf(out, "ok: %s is %s, signed with %s and unchanged\n", v.File, v.Kind, v.Key); err != nil {
				return err
			}
			continue
		}
		for _, what := range v.Changed {
			if _, err := fmt.Fprintf(wrong, "veil: %s: %s\n", v.File, what); err != nil {
				return err
			}
		}
	}
	return nil
}
