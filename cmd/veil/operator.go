package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/veil-proxy/veil/proxy/metrics"
)

// operatorAddress completes the address of the operator's listener: without a
// host it is of this machine alone. Empty stays empty.
func operatorAddress(listen string) (string, error) {
	if listen == "" {
		return "", nil
	}
	if _, err := strconv.ParseUint(listen, 10, 16); err == nil {
		listen = ":" + listen
	}
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "", errors.New("want an address such as 127.0.0.1:9090, or a port")
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port), nil
}

// operate serves metrics and health to the operator, if there is an address for
// it. The door's own address has none of the metrics.
func (c *serveConfig) operate(m *metrics.Set, ready func() error, log *slog.Logger) (end func(), err error) {
	addr, err := operatorAddress(c.Operator.Listen)
	if err != nil || addr == "" {
		return func() {}, err
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	server := &http.Server{Handler: operatorHandler(m, ready), ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l) // ends with Shutdown
	}()
	log.Info("serving", "door", "operator", "listen", l.Addr().String())
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = errors.Join(server.Shutdown(ctx), server.Close())
		<-done
	}, nil
}

func operatorHandler(m *metrics.Set, ready func() error) http.Handler {
	mux := http.NewServeMux()
	plain := func(w http.ResponseWriter, status int, text string) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(text)) // whoever asked is gone otherwise
	}
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { plain(w, 200, "ok\n") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if err := ready(); err != nil {
			plain(w, 503, "not ready: "+err.Error()+"\n")
			return
		}
		plain(w, 200, "ready\n")
	})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		m.Write(w)
	})
	return mux
}
