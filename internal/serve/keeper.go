package serve

import (
	"context"
	"math"
	"time"

	"github.com/veil-proxy/veil/audit"
	"github.com/veil-proxy/veil/audit/ship"
	"github.com/veil-proxy/veil/internal/config"
	"github.com/veil-proxy/veil/proxy"
)

const (
	// pruneEvery is the interval of looking for segments of the audit log to remove.
	pruneEvery = time.Minute
	// lastLines bounds the time for shipping the last lines when the process stops. The next
	// process ships the rest.
	lastLines = 3 * time.Second
)

// keeper ships the audit log and removes old segments.
type keeper struct {
	ships []*ship.Shipper
	stop  context.CancelFunc
	done  chan struct{}
}

// keep starts shipping and retention, as configured.
func (s *Server) keep(p *config.Prepared) (*keeper, error) {
	ctx, cancel := context.WithCancel(context.Background())
	k := &keeper{stop: cancel, done: make(chan struct{})}
	for _, o := range p.Shipping {
		label := `{target="` + o.Name + `"}`
		o.Logger, o.Cause = s.log, proxy.Cause
		o.Sent, o.Failed = s.metrics.Counter("veil_audit_shipped_lines_total"+label), s.metrics.Counter("veil_audit_ship_failures_total"+label)
		one, err := ship.Start(o)
		if err != nil {
			close(k.done)
			k.close()
			return nil, err
		}
		k.ships = append(k.ships, one)
		s.metrics.Gauge("veil_audit_ship_lag_seconds"+label, func() float64 { return one.Lag().Seconds() })
		s.metrics.Gauge("veil_audit_ship_behind_bytes"+label, func() float64 { return float64(one.Behind()) })
	}
	retention := p.Config.Audit.Retention
	if retention.Age == 0 && retention.Bytes == 0 {
		close(k.done)
		return k, nil
	}
	retention.Shipped = k.shipped
	removed := s.metrics.Counter("veil_audit_removed_segments_total")
	go func() {
		defer close(k.done)
		for {
			s.prune(ctx, retention, removed)
			select {
			case <-ctx.Done():
				return
			case <-time.After(pruneEvery):
			}
		}
	}()
	return k, nil
}

// prune removes segments that need no longer be kept.
func (s *Server) prune(ctx context.Context, r audit.Retention, count func(int)) {
	n, err := s.audit.Prune(ctx, r, time.Now())
	count(n)
	if n > 0 {
		s.log.Info("segments of the audit log were removed by retention, and the log records it", "segments", n)
	}
	if err != nil && ctx.Err() == nil {
		s.log.Error("segments of the audit log cannot be removed", "problem", err.Error())
	}
}

// shipped returns the last line that every target has received.
func (k *keeper) shipped() uint64 {
	least := uint64(math.MaxUint64)
	for _, s := range k.ships {
		least = min(least, s.Shipped())
	}
	return least
}

// stopPruning ends what writes to the log. Call it before the log is closed.
func (k *keeper) stopPruning() {
	if k != nil {
		k.stop()
		<-k.done
	}
}

// close ships what the log has by now. Call it after the log is closed.
func (k *keeper) close() {
	if k == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), lastLines)
	defer cancel()
	for _, s := range k.ships {
		s.Close(ctx)
	}
}
