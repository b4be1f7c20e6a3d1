package pgproxy

import (
	"context"

	"github.com/veil-proxy/veil/postgres/analysis"
	"github.com/veil-proxy/veil/postgres/catalog"
	"github.com/veil-proxy/veil/proxy/pgproxy/pool"
)

// Inspection is what an operator should know about an upstream.
type Inspection struct {
	// Powers say what the listener's role can do besides reading, in words.
	Powers []string
	// Treatments say how each relation and column is treated, by the name of the view.
	Treatments map[string][]analysis.ColumnTreatment
	// Findings are the rules that have no effect, by the name of the view.
	Findings map[string][]analysis.Finding
}

// Inspect connects to the upstream and reports how Veil would treat it.
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
