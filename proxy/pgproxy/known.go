package pgproxy

import (
	"context"

	"github.com/veil-proxy/veil/postgres/catalog"
)

// Catalog returns the relations that the listener knows: names and types, no data.
func (s *Server) Catalog(ctx context.Context) (*catalog.Catalog, error) {
	return s.catalogs.Current(ctx)
}

// SearchPath returns the search path of a new session.
func (s *Server) SearchPath() []string { return s.searchPath }

// Database returns the name of the upstream's database.
func (s *Server) Database() string { return s.up.Database() }
