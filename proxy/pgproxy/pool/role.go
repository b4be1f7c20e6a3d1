package pool

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// powers queries what the current role may do besides reading, one line each. The lines
// are fixed words and numbers.
const powers = `SELECT 'is a superuser' FROM pg_catalog.pg_roles WHERE rolname = current_user AND rolsuper
UNION ALL SELECT 'may make roles' FROM pg_catalog.pg_roles WHERE rolname = current_user AND rolcreaterole
UNION ALL SELECT 'may make databases' FROM pg_catalog.pg_roles WHERE rolname = current_user AND rolcreatedb
UNION ALL SELECT 'may replicate' FROM pg_catalog.pg_roles WHERE rolname = current_user AND rolreplication
UNION ALL SELECT 'passes by row security' FROM pg_catalog.pg_roles WHERE rolname = current_user AND rolbypassrls
UNION ALL SELECT 'is a member of ' || rolname FROM pg_catalog.pg_roles
	WHERE rolname IN ('pg_write_all_data', 'pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files', 'pg_signal_backend', 'pg_maintain', 'pg_create_subscription')
	AND pg_catalog.pg_has_role(current_user, oid, 'MEMBER')
UNION ALL SELECT 'may write to ' || pg_catalog.count(*) || ' relations' FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
	WHERE c.relkind IN ('r', 'p', 'v', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
	AND pg_catalog.has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE') HAVING pg_catalog.count(*) > 0
UNION ALL SELECT 'may make objects in ' || pg_catalog.count(*) || ' schemas' FROM pg_catalog.pg_namespace n
	WHERE n.nspname !~ '^pg_(toast|temp)' AND pg_catalog.has_schema_privilege(n.oid, 'CREATE') HAVING pg_catalog.count(*) > 0
UNION ALL SELECT 'may make schemas' WHERE pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')`

// Powers returns what the role of a connection can do besides reading, in words for an
// operator.
func Powers(ctx context.Context, pg *pgconn.PgConn) ([]string, error) {
	results, err := pg.Exec(ctx, powers).ReadAll()
	if err != nil {
		return nil, err
	}
	var found []string
	for _, row := range results[0].Rows {
		found = append(found, string(row[0]))
	}
	return found, nil
}

// checkEvery is how long it may take to notice that the role was granted more privileges.
const checkEvery = time.Minute

// roleCheck ensures that the upstream's role can only read.
type roleCheck struct {
	allow bool // warn only
	log   *slog.Logger

	mu   sync.Mutex
	last time.Time
}

// errNotChecked says that the privileges of the role could not be determined.
var errNotChecked = errors.New("the rights of the role could not be determined")

// check queries what the role may do, unless it did so recently. The error lists excess
// privileges.
func (r *roleCheck) check(ctx context.Context, pg *pgconn.PgConn) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.last.IsZero() && time.Since(r.last) < checkEvery {
		return nil
	}
	found, err := Powers(ctx, pg)
	if err != nil {
		return errNotChecked
	}
	if len(found) > 0 {
		said := "the role " + strings.Join(found, ", ")
		if !r.allow {
			return errors.New(said)
		}
		r.log.Warn("upstream role may do more than read", "door", "postgres", "reason", said)
	}
	r.last = time.Now()
	return nil
}
