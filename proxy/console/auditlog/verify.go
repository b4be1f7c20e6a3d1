package auditlog

import (
	"context"
	"errors"
	"math"
	"net/http"
	"sync"
	"time"

	"github.com/veil-proxy/veil/audit"
	"github.com/veil-proxy/veil/proxy/console"
)

// verification is the one that runs, or ran last.
type verification struct {
	mu     sync.Mutex
	state  verified
	cancel context.CancelFunc
	done   chan struct{}
	closed bool
}

// verified is how far it is, or what it found.
type verified struct {
	Operator      string
	Begun, Ended  time.Time
	Running       bool
	Read, All     int64
	Lines         uint64
	Report        *audit.Report // nil: a fault, or it is not done
	Fault         string
	WithKey       bool
	NoCheckpoint  bool
	LaterThanRead bool // the checkpoint
}

// Percent is how much was read.
func (v verified) Percent() int64 {
	if v.All == 0 {
		return 0
	}
	return min(100*v.Read/v.All, 100)
}

func (v *verification) get() verified {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.state
}

func (v *verification) change(to func(*verified)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	to(&v.state)
}

func (v *verification) close() {
	v.mu.Lock()
	v.closed = true
	cancel, done := v.cancel, v.done
	v.mu.Unlock()
	if cancel != nil {
		cancel()
		<-done
	}
}

// showVerification shows how far it is.
func (p *Pages) showVerification(w http.ResponseWriter, r *console.Request) error {
	return r.Render(w, verifyPage, "Verify the log", p.verification.get())
}

// verify begins a verification, unless one runs.
func (p *Pages) verify(w http.ResponseWriter, r *console.Request) error {
	v := &p.verification
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed || v.state.Running {
		return r.Redirect(w, "/audit/verify", "A verification is running already.")
	}
	ctx, cancel := context.WithCancel(context.Background())
	v.cancel, v.done = cancel, make(chan struct{})
	v.state = verified{Operator: r.Operator(), Begun: time.Now(), Running: true, WithKey: p.VerifierKey != ""}
	go func() {
		defer close(v.done)
		defer cancel()
		p.run(ctx)
	}()
	return r.Redirect(w, "/audit/verify", "")
}

// errEnd says that all was read that was in the log when the verification began.
var errEnd = errors.New("the end")

// run verifies the log up to the line that was its last one when it began: what is written
// meanwhile may not be whole.
func (p *Pages) run(ctx context.Context) {
	v := &p.verification
	end := uint64(math.MaxUint64)
	if p.Index.Sync(ctx) == nil {
		end = p.Index.Status().Seq
	}
	size, err := audit.Size(p.Dir)
	v.change(func(s *verified) { s.All = size })
	key := p.VerifierKey
	if key != "" && !audit.HasCheckpoint(p.Dir) {
		key = ""
		v.change(func(s *verified) { s.NoCheckpoint = true })
	}
	var rep audit.Report
	var read int64
	last := ""
	if err == nil {
		rep, err = audit.VerifyEach(p.Dir, key, func(l *audit.Line, n int) error {
			if read += int64(n); l.Seq%1024 == 0 {
				v.change(func(s *verified) { s.Read, s.Lines = read, l.Seq })
			}
			if last = l.Hash; l.Seq >= end {
				return errEnd
			}
			return ctx.Err()
		})
	}
	v.change(func(s *verified) {
		s.Running, s.Ended, s.Read = false, time.Now(), s.All
		if err != nil && !errors.Is(err, errEnd) {
			s.Fault = err.Error()
			return
		}
		rep.LastHash = last
		s.Report, s.Lines = &rep, rep.Lines
		s.LaterThanRead = rep.Checkpoint > end
	})
}
