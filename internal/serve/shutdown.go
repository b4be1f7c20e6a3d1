package serve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// Listener is a server with the listener that it accepts connections from.
type Listener struct {
	Server interface {
		Serve(net.Listener) error
		Shutdown(context.Context) error
	}
	Net net.Listener
}

// Serve serves until the context ends or one of the listeners fails, then lets
// requests in progress finish. Before that it calls end, which returns how long they
// may take; where requested is set, all listeners still accept connections meanwhile.
func Serve(ctx context.Context, listeners []Listener, end func(requested bool) (grace time.Duration)) error {
	failed := make(chan error, len(listeners))
	for _, l := range listeners {
		go func() { failed <- l.Server.Serve(l.Net) }()
	}
	var errs []error
	left := len(listeners)
	requested := false
	select {
	case err := <-failed:
		errs = append(errs, err)
		left--
	case <-ctx.Done():
		requested = true
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), end(requested))
	defer cancel()
	down := make(chan error, len(listeners))
	for _, l := range listeners {
		go func() { down <- l.Server.Shutdown(ctx) }()
	}
	for range listeners {
		if err := <-down; err != nil {
			errs = append(errs, fmt.Errorf("requests in progress did not finish in time: %w", err))
		}
	}
	for ; left > 0; left-- {
		errs = append(errs, <-failed)
	}
	return errors.Join(errs...)
}
