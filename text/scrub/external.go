package scrub

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/veil-proxy/veil/text"
	"github.com/veil-proxy/veil/text/recognizer"
)

// External is a program's external recognizer, whose spans are merged with those of the
// detectors. The zero value has none. If there is no valid response in time, the text is
// removed.
type External struct{ in atomic.Pointer[external] }

// external is a recognizer in use.
type external struct {
	client  *recognizer.Client
	places  chan struct{}
	timeout time.Duration
}

// atOnce is the default maximum number of concurrent texts for a recognizer.
const atOnce = 8

// Use sets the recognizer to which texts are sent from now on. On a nil External, it only
// checks the options.
func (x *External) Use(o recognizer.Options) error {
	if o.Timeout == 0 {
		o.Timeout = recognizer.DefaultTimeout
	}
	if o.AtOnce == 0 {
		o.AtOnce = atOnce
	}
	client, err := recognizer.New(o)
	if err == nil && x != nil {
		x.in.Store(&external{client, make(chan struct{}, o.AtOnce), o.Timeout})
	}
	return err
}

// current returns the recognizer in use, or nil.
func (x *External) current() *external {
	if x == nil {
		return nil
	}
	return x.in.Load()
}

var errBusy = errors.New("the recognizer is busy")

// find returns the spans that the recognizer finds. Its timeout includes the wait for a
// free slot.
func (e *external) find(plain []byte) ([]text.Span, error) {
	ctx, cancel := context.WithTimeout(context.Background(), e.timeout)
	defer cancel()
	select {
	case e.places <- struct{}{}:
		defer func() { <-e.places }()
	case <-ctx.Done():
		return nil, errBusy
	}
	return e.client.Find(ctx, plain)
}

// The detector and the label under which a text is counted that is removed because the
// recognizer gave no valid response.
const (
	silentDetector = "recognizer-silent"
	silentLabel    = text.Other
)
