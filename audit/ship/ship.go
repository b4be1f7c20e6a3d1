// Package ship sends the lines of an audit log elsewhere, such as to a SIEM: to a folder, a
// syslog server, or an OpenTelemetry receiver.
//
//	s, err := ship.Start(ship.Options{Log: dir, Name: "siem", Target: ship.NewSyslog(…), Logger: log})
//	...
//	s.Close(ctx)
//
// A shipper follows the log on disk, so the proxies never wait for it. Lines arrive at least
// once and in order: it sends some lines, waits until the receiver has them, durably records
// its position in a file next to the log, and goes on. If a receiver is down, is slow, breaks
// off, or returns nonsense, it gets the same lines again, after a growing pause. Lines
// received before a crash may arrive twice; their number and hash identify them. Memory is
// bounded by what is sent at once. Only a syslog server without TLS can lose lines (see
// Syslog).
//
// Not known here: what a record means, and when segments are removed (audit.Log.Prune asks
// Shipped).
package ship

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/veil-proxy/veil/audit"
)

// Entry is a line of the log.
type Entry struct {
	audit.Place
	Seq                     uint64
	Time                    time.Time
	Kind, Operation, Result string
	// Text is the line as it is in the log, without its line feed.
	Text []byte
}

// Target is a destination for lines.
type Target interface {
	// Send returns nil once the receiver has all entries. An error contains no value of an
	// entry, and nothing that the receiver sent.
	Send(ctx context.Context, entries []Entry) error
	// Close closes the target's connection.
	Close()
}

// Options say what to ship where.
type Options struct {
	// Log is the folder of the log.
	Log string
	// Name names the target in the position file and in log lines.
	Name   string
	Target Target
	Filter Filter
	Logger *slog.Logger
	// Sent counts entries that were received, and Failed counts failed attempts. Either may
	// be nil.
	Sent, Failed func(n int)
	// Cause says, in fixed words, why a connection failed.
	Cause func(error) string

	poll, leastPause, mostPause time.Duration // zero: the defaults
}

const (
	// mostEntries and mostBytes bound what is sent at once.
	mostEntries = 500
	mostBytes   = 1 << 20
	// mostRead bounds the lines read for one batch before filtering.
	mostRead = 10_000
)

// Shipper sends the lines of a log to one target.
type Shipper struct {
	o      Options
	f      *audit.Follower
	texts  *audit.Places
	cancel context.CancelFunc
	done   chan struct{}
	ending atomic.Bool

	shipped atomic.Uint64 // last line that need not be sent any more
	behind  atomic.Int64  // bytes
	oldest  atomic.Int64  // Unix nanoseconds of the first line that waits; 0 for none
}

// position is the position up to which the receiver has the log.
type position struct {
	Segment string `json:"segment"`
	Offset  int64  `json:"offset"`
	Seq     uint64 `json:"seq"`
}

// Start begins shipping where the previous process ended.
func Start(o Options) (*Shipper, error) {
	for _, d := range []struct {
		of  *time.Duration
		def time.Duration
	}{{&o.poll, 200 * time.Millisecond}, {&o.leastPause, time.Second}, {&o.mostPause, time.Minute}} {
		if *d.of == 0 {
			*d.of = d.def
		}
	}
	for _, count := range []*func(int){&o.Sent, &o.Failed} {
		if *count == nil {
			*count = func(int) {}
		}
	}
	if o.Cause == nil {
		o.Cause = func(error) string { return "" }
	}
	s := &Shipper{o: o, texts: audit.OpenPlaces(o.Log), done: make(chan struct{})}
	from, err := s.load()
	if err != nil {
		return nil, err
	}
	s.shipped.Store(from.Seq)
	s.f = audit.Follow(o.Log, audit.Place{Segment: from.Segment, Offset: from.Offset})
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	go func() {
		defer close(s.done)
		defer s.o.Target.Close()
		s.run(ctx)
	}()
	return s, nil
}

// Close ships what the log has by now, until the context ends, and stops.
func (s *Shipper) Close(ctx context.Context) {
	s.ending.Store(true)
	select {
	case <-s.done:
	case <-ctx.Done():
	}
	s.cancel()
	<-s.done
	s.f.Close()
	s.texts.Close()
}

// Shipped returns the number of the last line that the receiver has, or does not need.
func (s *Shipper) Shipped() uint64 { return s.shipped.Load() }

// Behind returns how many bytes of the log were not sent yet.
func (s *Shipper) Behind() int64 { return s.behind.Load() }

// Lag returns the age of the first line that was not sent yet, or zero if all were
// sent.
func (s *Shipper) Lag() time.Duration {
	if at := s.oldest.Load(); at > 0 {
		return max(time.Since(time.Unix(0, at)), 0)
	}
	return 0
}

func (s *Shipper) run(ctx context.Context) {
	var last string // last problem that was logged
	for ctx.Err() == nil {
		entries, to, err := s.read()
		if err != nil {
			if text := err.Error(); text != last {
				last = text
				s.o.Logger.Error("the audit log cannot be shipped", "target", s.o.Name, "problem", text)
			}
			if s.ending.Load() {
				return
			}
			sleep(ctx, s.o.leastPause)
			continue
		}
		if to.Seq == s.shipped.Load() {
			s.oldest.Store(0)
			s.behind.Store(0)
			if s.ending.Load() {
				return
			}
			sleep(ctx, s.o.poll)
			continue
		}
		last = ""
		if len(entries) > 0 && !s.send(ctx, entries) {
			return
		}
		for err := s.save(to); err != nil; err = s.save(to) {
			s.o.Logger.Error("the shipping position could not be written", "target", s.o.Name, "problem", err.Error())
			if sleep(ctx, s.o.leastPause); ctx.Err() != nil {
				return
			}
		}
		s.o.Sent(len(entries))
	}
}

// read reads lines that pass the filter, and returns where it stopped.
func (s *Shipper) read() (entries []Entry, to position, err error) {
	to = position{Seq: s.shipped.Load()}
	size := 0
	for n := 0; n < mostRead && len(entries) < mostEntries && size < mostBytes; n++ {
		l, at, err := s.f.Next()
		var damaged *audit.DamagedError
		switch {
		case errors.Is(err, io.EOF), err != nil && n > 0 && !errors.As(err, &damaged):
			return entries, to, nil
		case errors.As(err, &damaged):
			s.o.Logger.Error("a line of the audit log is damaged and not shipped: run veil audit verify", "target", s.o.Name, "segment", damaged.Segment, "offset", damaged.Offset)
			to.Segment, to.Offset = at.Segment, at.Offset+at.Bytes
			continue
		case errors.Is(err, fs.ErrNotExist):
			return nil, to, fmt.Errorf("the segment at the shipping position was removed: restore it, or stop Veil and remove %s to begin with the oldest segment", s.file())
		case err != nil:
			return nil, to, err
		}
		if n == 0 {
			s.oldest.Store(l.Time.UnixNano())
		}
		if s.o.Filter.takes(l) {
			e := Entry{Place: at, Seq: l.Seq, Time: l.Time, Kind: l.Kind, Operation: l.Operation, Result: l.Result}
			_, text, err := s.texts.Read(at)
			if err != nil {
				s.f.Close()
				s.f = audit.Follow(s.o.Log, at)
				if n > 0 {
					err = nil
				}
				return entries, to, err
			}
			e.Text = text[:len(text)-1]
			size += len(text)
			entries = append(entries, e)
		}
		to = position{at.Segment, at.Offset + at.Bytes, l.Seq}
	}
	return entries, to, nil
}

// send sends entries until the receiver has them. It reports false if the context ended
// before that.
func (s *Shipper) send(ctx context.Context, entries []Entry) bool {
	pause, failed, size := s.o.leastPause, false, int64(0)
	for i := range entries {
		size += entries[i].Bytes
	}
	for {
		if behind, err := s.f.Behind(); err == nil {
			s.behind.Store(behind + size)
		}
		err := s.o.Target.Send(ctx, entries)
		if err == nil {
			if failed {
				s.o.Logger.Info("shipping of the audit log has resumed", "target", s.o.Name)
			}
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		s.o.Failed(1)
		if !failed {
			s.o.Logger.Warn("the audit log could not be shipped; Veil retries until it is received", "target", s.o.Name, "reason", err.Error(), "cause", s.o.Cause(err))
		}
		failed = true
		sleep(ctx, pause)
		pause = min(2*pause, s.o.mostPause)
	}
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// file is the name of the file with the position.
func (s *Shipper) file() string { return filepath.Join(s.o.Log, "ship-"+s.o.Name+".json") }

func (s *Shipper) load() (at position, err error) {
	text, err := os.ReadFile(s.file())
	if errors.Is(err, fs.ErrNotExist) {
		return at, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &at)
	}
	if err != nil {
		return at, fmt.Errorf("%s has no valid shipping position: remove it to ship the log from its beginning", s.file())
	}
	return at, nil
}

func (s *Shipper) save(at position) error {
	text, err := json.Marshal(at)
	if err != nil {
		return err
	}
	if err := audit.ReplaceFile(s.file(), append(text, '\n')); err != nil {
		return err
	}
	s.shipped.Store(at.Seq)
	return nil
}
