package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/proxy"
)

// blockBytes is how much text a worker takes at a time. A block and its output
// are all that is held of a file, for each worker twice.
const blockBytes = 256 << 10

// maskWorker masks blocks of lines.
type maskWorker struct {
	walker    *fhir.Walker
	automaton *fhir.Automaton
	pass      *mask.Pass
	site      *fhir.Site
	losses    losses
}

// blockResult is the masked text of a block, and what could not be masked.
type blockResult struct {
	out                 []byte
	resources, withheld uint64
	bad                 []badLine
}

type badLine struct {
	line, column int
	what         string
	text         []byte
}

// mask masks a text that is one resource.
func (w *maskWorker) mask(text []byte) (r blockResult) {
	w.one(&r, text, 1, (*fhir.Walker).AppendJSON)
	return r
}

// maskXML does the same in the XML form.
func (w *maskWorker) maskXML(text []byte) (r blockResult) {
	w.one(&r, text, 1, (*fhir.Walker).AppendXML)
	return r
}

// one masks one resource and adds it to the result; line is where it starts in
// its file.
func (w *maskWorker) one(r *blockResult, text []byte, line int, mask appendMasked) {
	w.losses.line(w.pass)
	out, err := w.try(r.out, text, mask)
	if err == nil {
		r.out = append(out, '\n')
		r.resources++
		return
	}
	var withheld *fhir.WithheldError
	what := err.Error()
	if errors.As(err, &withheld) {
		if withheld.Path != fhir.UnknownResource {
			r.withheld++
			return
		}
		// Nothing was taken out of the data: it is no data that Veil knows.
		what = "want a FHIR " + schema.R4().Version + " resource: resourceType is missing or names no type of it"
	}
	w.losses.bad(w.pass)
	bad := badLine{line: line, column: 1, what: what, text: bytes.Clone(text)}
	var syntax *fhirjson.SyntaxError
	if errors.As(err, &syntax) {
		before := text[:min(syntax.Offset, len(text))]
		bad.line += bytes.Count(before, []byte("\n"))
		bad.column = len(before) - bytes.LastIndexByte(before, '\n')
		bad.what = syntax.What
		if syntax.Path != "" {
			bad.what = syntax.Path + ": " + syntax.What
		}
	}
	r.bad = append(r.bad, bad)
}

// appendMasked is Walker.AppendJSON or Walker.AppendXML.
type appendMasked func(w *fhir.Walker, dst, src []byte, pass *mask.Pass, site *fhir.Site) ([]byte, error)

// try masks one resource. A panic is an error of that resource alone: the walker,
// which may be in the middle of something, is replaced.
func (w *maskWorker) try(dst, text []byte, mask appendMasked) (out []byte, err error) {
	defer func() {
		if recover() != nil { // its text can hold a value
			w.walker = fhir.NewWalker(w.automaton, fhir.RememberAlways)
			err = errors.New("masking failed: a fault of Veil in " + proxy.Stack())
		}
	}()
	return mask(w.walker, dst, text, w.pass, w.site)
}

// lines masks every line of a block.
func (w *maskWorker) lines(r *blockResult, block []byte, line int) {
	for ; len(block) > 0; line++ {
		text, rest, _ := bytes.Cut(block, []byte("\n"))
		block = rest
		if len(bytes.TrimSpace(text)) > 0 {
			w.one(r, text, line, (*fhir.Walker).AppendJSON)
		}
	}
}

// freeList hands used buffers out again. Unlike a sync.Pool it keeps them over
// garbage collections, so that the memory in use stays the same.
type freeList chan []byte

func (f freeList) get() []byte {
	select {
	case b := <-f:
		return b[:0]
	default:
		return make([]byte, 0, blockBytes+64<<10)
	}
}

// put takes a buffer back, unless a long line has made it too large to keep.
func (f freeList) put(b []byte) {
	if cap(b) > 4*blockBytes {
		return
	}
	select {
	case f <- b:
	default:
	}
}

// lines masks NDJSON: blocks go to the workers, and their results are written in
// the order of the blocks.
func (j *maskJob) lines(ctx context.Context, display string, in io.Reader, out io.Writer) error {
	type job struct {
		block  []byte
		line   int
		result chan blockResult
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	jobs := make(chan job, 2*len(j.workers))  // the reader runs ahead of the workers
	order := make(chan job, 2*len(j.workers)) // enough that no worker waits for the writer
	blocks, outs := make(freeList, 3*len(j.workers)+2), make(freeList, 3*len(j.workers)+2)

	var wg sync.WaitGroup
	for _, w := range j.workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for jb := range jobs {
				r := blockResult{out: outs.get()}
				w.lines(&r, jb.block, jb.line)
				blocks.put(jb.block)
				jb.result <- r
			}
		}()
	}
	var readErr error
	wg.Add(1)
	go func() {
		defer wg.Done()
		defer close(order)
		defer close(jobs)
		readErr = fhirjson.SplitNDJSON(in, blockBytes, maxResource, blocks.get,
			func(block []byte, line int) error {
				jb := job{block, line, make(chan blockResult, 1)}
				// The order channel bounds what is under way.
				select {
				case order <- jb:
				case <-ctx.Done():
					return ctx.Err()
				}
				select {
				case jobs <- jb:
					return nil
				case <-ctx.Done():
					jb.result <- blockResult{}
					return ctx.Err()
				}
			})
	}()
	var writeErr error
	for jb := range order {
		r := <-jb.result
		if writeErr == nil {
			if writeErr = j.deliver(display, r, out); writeErr != nil {
				cancel()
			}
		}
		outs.put(r.out)
	}
	wg.Wait()
	switch {
	case writeErr != nil:
		return writeErr
	case errors.Is(readErr, context.Canceled):
		return errors.New("interrupted")
	case readErr != nil:
		return fmt.Errorf("%s: %w", display, readErr)
	}
	return nil
}
