package serve

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/veil-proxy/veil/internal/config"
	"github.com/veil-proxy/veil/proxy/metrics"
)

// operate serves metrics and health checks at an address of their own, if there is
// one. Consumers cannot reach them through the listeners.
func operate(ctx context.Context, listen string, m *metrics.Set, ready func() error, log *slog.Logger) (end func(), err error) {
	addr, err := config.OperatorAddress(listen)
	if err != nil || addr == "" {
		return func() {}, err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
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
		_, _ = w.Write([]byte(text)) // the client is gone otherwise
	}
	mux.HandleFunc("GET "+PathLive, func(w http.ResponseWriter, _ *http.Request) { plain(w, 200, "ok\n") })
	mux.HandleFunc("GET "+PathReady, func(w http.ResponseWriter, _ *http.Request) {
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
