package index

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"time"

	"github.com/veil-proxy/veil/audit"
)

// batch is how many lines are read before other work gets its turn.
const batch = 512

// reading is how far a log has been read.
type reading struct {
	f *audit.Follower
	// details is the offset after the last line that is not a detail.
	details int64
	// ends counts consecutive reads that found the end.
	ends int
	// pruned is when removed segments were last looked for.
	pruned time.Time
}

// follow opens the database and follows the log until the context ends or something fails.
func (x *Index) follow(ctx context.Context) error {
	s, err := openStore(x.opts.Dir)
	if err != nil {
		return err
	}
	if err := s.bound(x.opts.pages); err != nil {
		return errors.Join(err, s.close())
	}
	c, err := s.load()
	if err != nil {
		return errors.Join(err, s.close())
	}
	x.mu.Lock()
	x.store, x.content = s, *c
	x.status.State, x.status.Records = Reading, 0
	for i := range x.blocks {
		x.status.Records += uint64(x.blocks[i].n) //nolint:gosec // not negative
	}
	x.mu.Unlock()
	if err := x.prune(); err != nil {
		return err
	}
	r := &reading{pruned: time.Now()}
	if err := x.resume(r); err != nil {
		return err
	}
	defer r.f.Close()
	for ctx.Err() == nil {
		if err := x.step(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// resume starts after the last record of the database, which must be in the log.
func (x *Index) resume(r *reading) error {
	if len(x.blocks) == 0 {
		r.f = x.followFrom(audit.Place{})
		return nil
	}
	last := &x.blocks[len(x.blocks)-1]
	r.f = x.followFrom(last.lastPlace)
	l, at, err := r.f.Next()
	if err != nil || l.Hash != last.lastHash || l.Seq != last.last {
		r.f.Close()
		return errOther
	}
	r.details = at.Offset + at.Bytes
	return nil
}

func (x *Index) followFrom(at audit.Place) *audit.Follower {
	f := audit.Follow(x.opts.Log, at)
	if x.opts.Recent != nil {
		f.From(x.opts.Recent)
	}
	return f
}

// step reads some lines, or waits if there are none.
func (x *Index) step(ctx context.Context, r *reading) error {
	ended, err := x.read(r)
	if err != nil {
		return err
	}
	r.ends++
	if !ended {
		r.ends = 0
		select {
		case err := <-x.rebuild:
			return err
		default:
			return nil
		}
	}
	if r.ends < 2 {
		return nil // again: the last line may have been completed in the meantime
	}
	if len(x.waiting) > 0 || time.Since(r.pruned) > pruneEvery {
		r.pruned = time.Now()
		if err := x.prune(); err != nil {
			return err
		}
	}
	x.set(func(s *Status) {
		s.State, s.Behind = Ready, 0
	})
	x.reply(nil)
	select {
	case <-ctx.Done():
	case err := <-x.rebuild:
		return err
	case reply := <-x.sync:
		r.ends, x.waiting = 0, append(x.waiting, reply)
	case <-x.more:
	case <-time.After(x.opts.poll):
	}
	return nil
}

// read reads some lines. ended reports whether there was no more.
func (x *Index) read(r *reading) (ended bool, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	defer x.settle()
	for range batch {
		l, at, err := r.f.Scan()
		var damaged *audit.DamagedError
		switch {
		case errors.As(err, &damaged):
			x.unreadable(damaged)
			r.details = at.Offset + at.Bytes
			continue
		case errors.Is(err, io.EOF):
			return true, nil
		case errors.Is(err, fs.ErrNotExist):
			return false, fmt.Errorf("the audit log cannot be read: %w", err)
		case err != nil:
			return false, err
		}
		if err := x.line(r, &l, at); err != nil {
			return false, err
		}
	}
	x.status.State = Reading
	x.status.Behind, _ = r.f.Behind()
	x.status.All, _ = audit.Size(x.opts.Log)
	return false, nil
}

// line adds a line.
func (x *Index) line(r *reading, l *audit.Scanned, at audit.Place) error {
	x.status.Seq = l.Seq
	if l.Kind == "detail" {
		return nil
	}
	begin := r.details
	r.details = at.Offset + at.Bytes
	if l.Kind == "header" {
		return x.flush()
	}
	if l.Kind != "record" {
		return nil
	}
	if x.open != nil && (x.open.n == x.opts.records || x.open.segment != at.Segment) {
		if err := x.flush(); err != nil {
			return err
		}
	}
	if x.open == nil {
		id := uint32(1)
		if n := len(x.blocks); n > 0 {
			id = x.blocks[n-1].id + 1
		}
		x.open = newBuilder(id)
	}
	x.open.add(l, at, begin, x.values, x.series)
	x.status.Records++
	return nil
}

// settle makes what was counted visible to searches.
func (x *Index) settle() {
	if x.open != nil {
		x.open.settle(x.series)
	}
}

// flush writes the block in memory.
func (x *Index) flush() error {
	if x.open == nil {
		return nil
	}
	x.settle()
	x.open.lastHash = string(x.open.hash)
	if err := x.store.write(x.open, x.values, x.storedValues, x.series, x.storedSeries); err != nil {
		return plain(err)
	}
	x.storedValues, x.storedSeries = len(x.values.list), len(x.series.list)
	x.blocks = append(x.blocks, x.open.block)
	x.open = nil
	return nil
}

func (x *Index) unreadable(e *audit.DamagedError) {
	if x.status.Unreadable++; x.status.Unreadable == 1 {
		x.status.First = e.Error()
		x.opts.Logger.Warn("a line of the audit log cannot be read: verify the log", "place", e.Error())
	}
}

// prune removes the blocks of segments that the log no longer has.
func (x *Index) prune() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	names, err := audit.Segments(x.opts.Log)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	gone := 0
	for gone < len(x.blocks) && !slices.Contains(names, x.blocks[gone].segment) {
		gone++
	}
	if x.open != nil && !slices.Contains(names, x.open.segment) {
		x.status.Records -= uint64(x.open.n) //nolint:gosec // not negative
		x.open = nil                         // read has called settle
	}
	if gone == 0 {
		return nil
	}
	if err := x.store.removeBlocks(x.blocks[:gone], x.storedValues); err != nil {
		return plain(err)
	}
	for i := range x.blocks[:gone] {
		x.status.Records -= uint64(x.blocks[i].n) //nolint:gosec // not negative
	}
	x.blocks = slices.Clone(x.blocks[gone:])
	return nil
}
