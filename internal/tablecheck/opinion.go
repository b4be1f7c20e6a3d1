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

// Discovery looks at few rows: a check is run often, and a second look at many rows is
// for veil discover.
const (
	opinionRows      = 300
	opinionStatement = 3 * time.Second
	opinionTimeout   = time.Minute
)

// Discover adds to the columns that pass what discovery finds of them, where it finds
// that they identify persons. A table that cannot be read has no opinion.
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
	for _, f := range discover.Judge(tables, words.Default()) {
		found[[3]string{f.Schema, f.Table, f.Column}] = f
	}
	for v := range r.Views {
		columns := r.Views[v].Columns
		for i := range columns {
			c := &columns[i]
			f := found[[3]string{c.Schema, c.Relation, c.Column}]
			if c.Treatment == analysis.Clear.String() && drift.Contradicts(&f) {
				c.Opinion = fmt.Sprintf("finds %s (%.0f%%): %s", f.Class.What(), 100*f.Confidence, strings.Join(f.Reasons, "; "))
			}
		}
	}
	return nil
}
