package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// shutdownConfig says how the process ends.
type shutdownConfig struct {
	// Delay is how long it says that it is not ready before it takes no more
	// connections, Grace how long what is under way may take then.
	Delay, Grace time.Duration
}

// servable is a door that can be served and shut down.
type servable interface {
	Serve(net.Listener) error
	Shutdown(context.Context) error
}

// served is a door with its listener.
type served struct {
	door     servable
	listener net.Listener
}

// serveAll serves doors until the context ends or one of them fails, then lets
// what is under way finish. before is called when the end is asked for, while
// connections are still taken.
func serveAll(ctx context.Context, doors []served, grace time.Duration, before func()) error {
	failed := make(chan error, len(doors))
	for _, d := range doors {
		go func() { failed <- d.door.Serve(d.listener) }()
	}
	var errs []error
	left := len(doors)
	select {
	case err := <-failed:
		errs = append(errs, err)
		left--
	case <-ctx.Done():
		before()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	down := make(chan error, len(doors))
	for _, d := range doors {
		go func() { down <- d.door.Shutdown(ctx) }()
	}
	for range doors {
		if err := <-down; err != nil {
			errs = append(errs, fmt.Errorf("what was under way did not end in time: %w", err))
		}
	}
	for ; left > 0; left-- {
		errs = append(errs, <-failed)
	}
	return errors.Join(errs...)
}
