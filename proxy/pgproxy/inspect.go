package pgproxy

import (
	"context"

	"github.com/veil-proxy/veil/postgres/analysis"
	"github.com/veil-proxy/veil/postgres/catalog"
	"github.com/veil-proxy/veil/proxy/pgproxy/pool"
)

// Inspection is what an operator should know of an upstream.
type Inspection struct {
	// Powers are what the listener's role may do beside reading, in words.
	Powers []string
	// Treatments are what becomes of each relation and column, by the name of the
	// view.
	Treatments map[string][]analysis.ColumnTreatment
	// Findings are what of each view's rules has no effect, likewise.
	Findings map[string][]analysis.Finding
}

// Inspect connects to the upstream and says what Veil would make of it.
func (s *Server) Inspect(ctx context.Context) (*Inspection, error) {
	conn, err := s.up.DialCatalog(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(ctx) }()
	powers, err := pool.Powers(ctx, conn.PgConn())
	if err != nil {
		return nil, err
	}
	catalog, err := catalog.Load(ctx, conn)
	if err != nil {
		return nil, err
	}
	found := &Inspection{Powers: powers, Treatments: map[string][]analysis.ColumnTreatment{}, Findings: map[string][]analysis.Finding{}}
	for name, prepared := range s.shared.Policy().Views() {
		v := prepared.(*view)
		found.Treatments[name] = v.policy.Treatments(catalog)
		found.Findings[name] = v.policy.Findings(catalog)
	}
	return found, nil
}
