package reports

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/proxy/console"
	"github.com/veil-proxy/veil/proxy/console/background"
	"github.com/veil-proxy/veil/report/evidence"
	"github.com/veil-proxy/veil/textfile"
)

// work is the progress of a report, or the result of the last one.
type work struct {
	background.Progress
	Fault string
	Made  string // its file name without the extension
}

// create starts a report.
func (p *Pages) create(w http.ResponseWriter, r *console.Request) error {
	s := &shown{From: r.PostFormValue("from"), To: r.PostFormValue("to")}
	bad := func(text string) error {
		s.Problem = text
		return p.show(w, r, http.StatusUnprocessableEntity, s)
	}
	now := time.Now().UTC().Truncate(time.Second)
	from, err := time.Parse(time.DateOnly, s.From)
	to := now.Add(time.Second)
	if err == nil && s.To != "" {
		to, err = time.Parse(time.DateOnly, s.To)
	}
	switch {
	case p.SignerFile == "":
		return bad("Reports must be signed: set audit.signerFile to a key that veil keys sign created.")
	case err != nil:
		return bad("Expected dates such as 2026-11-01.")
	case !from.Before(to):
		return bad("The period ends before it begins.")
	case to.Sub(from).Hours() > 24*365*evidence.MostYears:
		return bad("The period has more than " + strconv.Itoa(evidence.MostYears) + " years.")
	}
	begun := p.work.Begin(work{}, func(ctx context.Context) error {
		name, err := p.make(ctx, evidence.Period{From: from, To: to}, now)
		p.work.Change(func(s *work) { s.Made = name })
		return err
	}, func(s *work, err error) {
		if err != nil {
			s.Fault = err.Error()
		}
	})
	if !begun {
		return r.Redirect(w, "/evidence", "A report is already being created.")
	}
	return r.Redirect(w, "/evidence", "")
}

// make creates a report and returns its name. It never overwrites a file.
func (p *Pages) make(ctx context.Context, period evidence.Period, now time.Time) (name string, err error) {
	signer, err := keys.ReadSigner(p.SignerFile)
	if err != nil {
		return "", err
	}
	o := evidence.Options{Version: p.Version, Time: now, Period: period, Logs: []string{p.Log}, CheckpointKey: signer.VerifierKey, VerifierKey: signer.VerifierKey,
		Progress: func(read, all int64) { p.work.Change(func(s *work) { s.Read, s.All = read, all }) }}
	if o.Configuration, o.Rulesets, err = p.InForce(); err != nil {
		return "", err
	}
	e, err := evidence.Gather(ctx, &o)
	if err != nil {
		return "", err
	}
	asJSON, asHTML, err := e.Sign(signer)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(p.Dir, 0o700); err != nil {
		return "", err
	}
	base := "evidence-" + now.Format("20060102T150405Z")
	name = base
	for n := 2; ; n++ {
		if _, err := os.Lstat(filepath.Join(p.Dir, name+".json")); errors.Is(err, fs.ErrNotExist) {
			break
		}
		name = base + "-" + strconv.Itoa(n)
	}
	if err := textfile.Create(filepath.Join(p.Dir, name+".json"), string(asJSON), 0o600); err != nil {
		return "", err
	}
	return name, textfile.Create(filepath.Join(p.Dir, name+".html"), string(asHTML), 0o600)
}
