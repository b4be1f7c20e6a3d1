package analysis

import (
	"hash/maphash"
	"strings"

	"github.com/dgraph-io/ristretto/v2"
	"github.com/veil-proxy/veil/postgres/catalog"
)

// Analyzer analyses statements and caches plans by text, catalog, policy and search path,
// so that old ones are not found after the catalog or policy changes. It is safe for
// concurrent use.
type Analyzer struct {
	plans *ristretto.Cache[uint64, *remembered]
	seed  maphash.Seed
}

// planKey has everything that a plan depends on.
type planKey struct {
	sql, path string
	catalog   *catalog.Catalog
	policy    *Policy
}

// remembered is a plan and its key, since the cache knows keys only by their hash.
type remembered struct {
	key  planKey
	plan *Plan
}

// NewAnalyzer returns an analyzer that remembers up to the given number of plans.
func NewAnalyzer(plans int) *Analyzer {
	n := int64(max(plans, 1))
	cache, err := ristretto.NewCache(&ristretto.Config[uint64, *remembered]{NumCounters: 10 * n, MaxCost: n, BufferItems: 64, IgnoreInternalCost: true})
	if err != nil {
		panic("postgres: " + err.Error()) // cannot fail: the sizes are positive
	}
	return &Analyzer{plans: cache, seed: maphash.MakeSeed()}
}

// Close ends the cache's goroutine.
func (a *Analyzer) Close() { a.plans.Close() }

// Analyze returns a plan to run a statement, or a refusal. The text must be one
// statement, with or without a semicolon. Analyze does not read the database.
func (a *Analyzer) Analyze(sql string, c *catalog.Catalog, p *Policy, s *Session) (*Plan, *Refusal) {
	key := planKey{sql, strings.Join(s.SearchPath, "\x00"), c, p}
	hash := maphash.Comparable(a.seed, key)
	if r, ok := a.plans.Get(hash); ok && r.key == key {
		return r.plan, nil
	}
	plan, refusal := analyze(sql, c, p, s)
	if refusal == nil && plan.cached {
		a.plans.Set(hash, &remembered{key, plan}, 1)
	}
	return plan, refusal
}
