package pgproxy

import (
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/veiltest"
)

// TestLogNamesWhatIsRefused: the log says which function, relation or column of the
// database a refusal is about, so that an operator knows what to allow. A name that the
// database does not have can be a value, and is not logged.
func TestLogNamesWhatIsRefused(t *testing.T) {
	t.Parallel()
	log := &veiltest.Buffer{}
	d := startListener(t, func(c *Config) { c.Logger = slog.New(slog.NewTextHandler(log, nil)) })
	conn := d.connect(t)
	object := regexp.MustCompile(`outcome=refused .*`)
	for _, tc := range []struct{ sql, want string }{
		{"SELECT pg_read_file('x')", "object=pg_catalog.pg_read_file"},
		{"SELECT pg_catalog.lo_export(1, 'x')", "object=pg_catalog.lo_export"},
		{"SELECT * FROM pg_catalog.pg_authid", "object=pg_catalog.pg_authid"},
		{"SELECT * FROM pg_statistic", "object=pg_catalog.pg_statistic"},
		{"SELECT 'pg_authid'::regclass", ""}, // it is a constant that says nothing of rows
		{"SELECT ascii(id) FROM patients", "object=clinic.patients.id"},
		{`SELECT "Smith-Planted"('x')`, ""},
		{`SELECT clinic."Smith-Planted"('x')`, ""},
		{`SELECT * FROM "Smith-Planted"`, ""},
		{`SELECT * FROM clinic."Smith-Planted"`, ""},
		{`SELECT 'Smith-Planted'::regclass`, ""},
		{`SELECT "Smith-Planted" FROM patients`, ""},
	} {
		before := len(log.String())
		if _, err := conn.Exec(t.Context(), tc.sql); err == nil && tc.want != "" {
			t.Errorf("%s is not refused", tc.sql)
		}
		line := object.FindString(log.String()[before:])
		if tc.want != "" && !strings.Contains(line, tc.want+" ") {
			t.Errorf("%s: %q does not say %s", tc.sql, line, tc.want)
		}
		if tc.want == "" && strings.Contains(line, "object=") && !strings.Contains(line, "pg_authid") {
			t.Errorf("%s: %q names what the database does not have", tc.sql, line)
		}
	}
	if strings.Contains(log.String(), "Planted") {
		t.Errorf("the log has a name that only the client gave:\n%s", log)
	}
}
