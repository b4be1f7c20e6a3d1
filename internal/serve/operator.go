package serve

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/veil-proxy/veil/internal/config"
	"github.com/veil-proxy/veil/proxy/darts"
	"github.com/veil-proxy/veil/proxy/operator"
)

// The limits of the operator listener. Requests with a body have limits of their own.
const (
	operatorHeaderBytes  = 16 << 10
	operatorHeaderTime   = 10 * time.Second
	operatorRequestTime  = 5 * time.Minute
	operatorResponseTime = 5 * time.Minute
)

// openOperator opens the operator listener, if it has an address. Consumers cannot reach
// what it serves through the other listeners.
func (s *Server) openOperator(ctx context.Context, p *config.Prepared) error {
	addr, err := config.OperatorAddress(p.Config.Operator.Listen)
	if err != nil || addr == "" {
		return err
	}
	s.operator, err = operator.New(operator.Config{Sink: s.audit, Logger: s.log, Metrics: s.metrics, Ready: s.Ready})
	if err != nil {
		return err
	}
	l, err := s.options.Listen(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	base := defaultBase(p.Config.Operator.TLS.Scheme(), l.Addr())
	if p.DARTS != nil {
		if s.darts, err = darts.New(p.DARTS, darts.Options{Base: base + darts.Path, Version: s.options.Version}); err != nil {
			return errors.Join(err, l.Close())
		}
		for _, route := range s.darts.Routes() {
			s.operator.Handle(route)
		}
	}
	if p.Jobs != nil {
		if err := s.openJobs(p); err != nil {
			return errors.Join(err, l.Close())
		}
	}
	s.operator.Force(p.Operators)
	if err := s.openConsole(p); err != nil {
		return errors.Join(err, l.Close())
	}
	if p.OperatorTLS != nil {
		l = s.operatorTLS.listen(l, p.OperatorTLS)
	}
	server := &http.Server{
		Handler: s.operator, ReadHeaderTimeout: operatorHeaderTime, ReadTimeout: operatorRequestTime, WriteTimeout: operatorResponseTime,
		MaxHeaderBytes: operatorHeaderBytes, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0),
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){}, // HTTP/1.1
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l) // ends with Shutdown
	}()
	s.log.Info("serving", "door", "operator", "listen", l.Addr().String(), "encrypted", p.OperatorTLS != nil)
	s.closeOperator = func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = errors.Join(server.Shutdown(ctx), server.Close())
		<-done
	}
	return nil
}
