package file

import (
	"context"
	"errors"
	"io"
	"sync"
)

// BlockBytes is how much text a worker should get at a time. Memory holds only a block
// of a file and its output, twice for each worker.
const BlockBytes = 256 << 10

// freeList reuses buffers. Unlike a sync.Pool, it keeps them across garbage collections,
// so that memory use stays constant.
type freeList chan []byte

func (f freeList) get() []byte {
	select {
	case b := <-f:
		return b[:0]
	default:
		return make([]byte, 0, BlockBytes+64<<10)
	}
}

// put returns a buffer to the list, unless a long line has made it too large to keep.
func (f freeList) put(b []byte) {
	if cap(b) > 4*BlockBytes {
		return
	}
	select {
	case f <- b:
	default:
	}
}

// masked is a block that was masked.
type masked struct {
	text   []byte
	result Result
}

// blocks masks a file: workers mask its blocks, and the results are written in order.
func (r *run) blocks(ctx context.Context, f *input, w *workers, doc Document, out io.Writer) error {
	if s, ok := doc.(Sequential); ok {
		if done, err := r.sequence(ctx, f, w, s, out); done {
			return err
		}
	}
	type task struct {
		block Block
		done  chan masked
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	n := len(w.maskers)
	tasks := make(chan task, 2*n) // the reader runs ahead of the workers
	order := make(chan task, 2*n) // enough that no worker waits for the writer
	texts, outs := make(freeList, 3*n+2), make(freeList, 3*n+2)

	var wg sync.WaitGroup
	for _, m := range w.maskers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for t := range tasks {
				var done masked
				done.text = m.AppendMasked(outs.get(), t.block, &done.result)
				texts.put(t.block.Text)
				t.done <- done
			}
		}()
	}
	var readErr error
	wg.Add(1)
	go func() {
		defer wg.Done()
		defer close(order)
		defer close(tasks)
		readErr = doc.Split(texts.get, func(b Block) error {
			t := task{b, make(chan masked, 1)}
			// The order channel bounds what is in progress.
			select {
			case order <- t:
			case <-ctx.Done():
				return ctx.Err()
			}
			select {
			case tasks <- t:
				return nil
			case <-ctx.Done():
				t.done <- masked{}
				return ctx.Err()
			}
		})
	}()
	merger := doc.NewMerger(out)
	var writeErr error
	for t := range order {
		done := <-t.done
		if writeErr == nil {
			if writeErr = r.deliver(f.display, w, done, merger); writeErr != nil {
				cancel()
			}
		}
		outs.put(done.text)
		r.progress(f)
	}
	wg.Wait()
	switch {
	case writeErr != nil:
		return blame(f.display, writeErr)
	case errors.Is(readErr, context.Canceled):
		return errors.New("interrupted")
	case readErr != nil:
		return unreadable{Problem{File: f.display, What: cause(readErr)}}
	}
	return blame(f.display, merger.Close())
}

// sequence masks a file sequentially, if necessary.
func (r *run) sequence(ctx context.Context, f *input, w *workers, doc Sequential, out io.Writer) (done bool, err error) {
	res, done, err := doc.MaskAll(ctx, w.maskers[0], out)
	var written *OutputError
	switch {
	case errors.Is(err, context.Canceled):
		return true, errors.New("interrupted")
	case errors.As(err, &written):
		return true, written.Err
	case err != nil:
		return true, unreadable{Problem{File: f.display, What: cause(err)}}
	case !done:
		return false, nil
	}
	r.progress(f)
	if err := r.deliver(f.display, w, masked{result: res}, discarded{}); err != nil {
		return true, err
	}
	for _, b := range res.Bad {
		switch {
		case b.Text != nil:
		case res.Masked == 0 && res.Withheld == 0:
			return true, unreadable{} // it has been reported
		case r.paths.rejects != nil:
			r.counts.Failed++ // it is not among the rejects
		}
	}
	return true, nil
}

// discarded is a merger that discards everything.
type discarded struct{}

func (discarded) Append([]byte) error { return nil }
func (discarded) Close() error        { return nil }

// blame attributes a merger's error to the input, if it is an InputError.
func blame(display string, err error) error {
	var bad *InputError
	if errors.As(err, &bad) {
		return unreadable{Problem{File: display, What: cause(bad.Err)}}
	}
	return err
}

// deliver writes a masked block, and reports what could not be masked.
func (r *run) deliver(display string, w *workers, done masked, merger Merger) error {
	res := &done.result
	r.counts.Masked += res.Masked
	r.counts.Withheld += res.Withheld
	for i, n := range res.Lost {
		w.lost[i] += n
	}
	for _, b := range res.Bad {
		r.counts.Bad++
		if r.paths.rejects != nil && b.Text != nil {
			if err := r.paths.reject(b.Text); err != nil {
				return err
			}
			continue
		}
		r.report(Problem{File: display, Line: b.Line, Column: b.Column, What: b.What})
	}
	return merger.Append(done.text)
}
