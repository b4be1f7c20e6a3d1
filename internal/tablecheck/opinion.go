package tablecheck

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/veil-proxy/veil/discover"
	"github.com/veil-proxy/veil/discover/drift"
	"github.com/veil-proxy/veil/discover/pgsource"
	"github.com/veil-proxy/veil/discover/words"
	"github.com/veil-proxy/veil/internal/config"
	"github.com/veil-proxy/veil/postgres/analysis"
)

// Discovery samples few rows here, since a check is run often; veil discover samples
// more.
const (
	opinionRows      = 300
	opinionStatement = 3 * time.Second
	opinionTimeout   = time.Minute
)

// harmlessFrom is how sure discovery must be that a masked column identifies nobody.
const harmlessFrom = 0.9

// Discover adds to columns what discovery finds about them if it contradicts their rule:
// columns that pass but look as if they identify people, and columns that a rule masks
// but that surely do not. A table that cannot be read gets no opinion.
func (r *Report) Discover(ctx context.Context, p *config.Prepared) error {
	connection, err := p.Config.Postgres.Connection()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, opinionTimeout)
	defer cancel()
	tables, err := pgsource.ReadFrom(ctx, connection, pgsource.Options{Rows: opinionRows, Statement: opinionStatement})
	if err != nil {
		return fmt.Errorf("discovery: %w", err)
	}
	found := map[[3]string]discover.Finding{}
	findings := discover.Judge(tables, words.Default())
	harmless := map[[3]string]bool{}
	for t := range tables {
		for i := range tables[t].Columns {
			f := &findings[0]
			findings = findings[1:]
			name := [3]string{f.Schema, f.Table, f.Column}
			found[name] = *f
			harmless[name] = !f.Sensitive && !f.Quasi && f.Confidence >= harmlessFrom && tables[t].Unread == "" && tables[t].Columns[i].Harmless()
		}
	}
	for v := range r.Views {
		columns := r.Views[v].Columns
		for i := range columns {
			c := &columns[i]
			name := [3]string{c.Schema, c.Relation, c.Column}
			f := found[name]
			passes := c.Treatment == analysis.Clear.String()
			if !passes && c.Rule != "" && harmless[name] {
				c.Opinion = fmt.Sprintf("finds %s (%.0f%%), which identify nobody by themselves", f.Class.What(), 100*f.Confidence)
			}
			if passes && drift.Contradicts(&f) {
				c.Opinion = fmt.Sprintf("finds %s (%.0f%%): %s", f.Class.What(), 100*f.Confidence, strings.Join(f.Reasons, "; "))
			}
		}
	}
	return nil
}
