package auditlog

import (
	"context"
	"errors"
	"math"
	"net/http"
	"time"

	"github.com/veil-proxy/veil/audit"
	"github.com/veil-proxy/veil/proxy/console"
	"github.com/veil-proxy/veil/proxy/console/background"
)

// verification is the progress of a verification, or its result.
type verification struct {
	background.Progress
	Operator      string
	Begun, Ended  time.Time
	Lines         uint64
	Report        *audit.Report // nil: it found a fault, or is not finished
	Fault         string
	WithKey       bool
	NoCheckpoint  bool
	LaterThanRead bool // the checkpoint
}

// showVerification shows the progress or the result.
func (p *Pages) showVerification(w http.ResponseWriter, r *console.Request) error {
	var shown struct {
		verification
		Running bool
	}
	shown.verification, shown.Running = p.verification.State()
	return r.Render(w, verifyPage, "Verify the log", shown)
}

// verify starts a verification, unless one is running.
func (p *Pages) verify(w http.ResponseWriter, r *console.Request) error {
	first := verification{Operator: r.Operator(), Begun: time.Now(), WithKey: p.VerifierKey != ""}
	if !p.verification.Begin(first, p.run, ended) {
		return r.Redirect(w, "/audit/verify", "A verification is already running.")
	}
	return r.Redirect(w, "/audit/verify", "")
}

// ended records the end of a verification.
func ended(v *verification, err error) {
	v.Ended, v.Read = time.Now(), v.All
	if err != nil {
		v.Fault = err.Error()
	}
}

// errEnd says that everything was read that was in the log when the verification started.
var errEnd = errors.New("the end")

// run verifies the log up to the line that was the last one when it started, since lines
// written in the meantime may be incomplete.
func (p *Pages) run(ctx context.Context) error {
	v := &p.verification
	end := uint64(math.MaxUint64)
	if p.Index.Sync(ctx) == nil {
		end = p.Index.Status().Seq
	}
	size, err := audit.Size(p.Dir)
	v.Change(func(s *verification) { s.All = size })
	key := p.VerifierKey
	if key != "" && !audit.HasCheckpoint(p.Dir) {
		key = ""
		v.Change(func(s *verification) { s.NoCheckpoint = true })
	}
	var rep audit.Report
	var read int64
	last := ""
	if err == nil {
		rep, err = audit.VerifyEach(p.Dir, key, func(l *audit.Line, n int) error {
			if read += int64(n); l.Seq%1024 == 0 {
				v.Change(func(s *verification) { s.Read, s.Lines = read, l.Seq })
			}
			if last = l.Hash; l.Seq >= end {
				return errEnd
			}
			return ctx.Err()
		})
	}
	if err != nil && !errors.Is(err, errEnd) {
		return err
	}
	rep.LastHash = last
	v.Change(func(s *verification) {
		s.Report, s.Lines = &rep, rep.Lines
		s.LaterThanRead = rep.Checkpoint > end
	})
	return nil
}
