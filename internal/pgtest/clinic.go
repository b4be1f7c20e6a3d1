package pgtest

import (
	"os"
	"testing"

	"github.com/veil-proxy/veil/internal/veiltest"
)

// schemas are the clinic's schemas that Reader may read. What must be refused in
// the others has to be refused for Owner too.
var schemas = []string{"clinic", "billing", `"Straße"`, "vault"}

// Clinic returns the database that testdata/sql/schema.sql makes. All tests of a
// process share it: it is for reading.
func (s *Server) Clinic(t testing.TB) *Database {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if d := s.databases["clinic"]; d != nil {
		return d
	}
	d := s.SharedDatabase(t, "clinic")
	d.Exec(t, string(ReadTestdata(t, "sql", "schema.sql")))
	d.Exec(t, "ALTER DATABASE clinic SET clinic.motto = 'CANARYSETTING'")
	d.GrantRead(t, schemas...)
	s.databases["clinic"] = d
	return d
}

// ReadTestdata reads a file below the repository's testdata.
func ReadTestdata(t testing.TB, elem ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(veiltest.Testdata(t, elem...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
