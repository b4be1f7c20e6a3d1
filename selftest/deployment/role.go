package deployment

import (
	"context"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/veil-proxy/veil/internal/loopback"
	"github.com/veil-proxy/veil/selftest"
)

// rights are the privileges that the upstream's role must not have. Each statement
// returns a row if it can; the texts are names of schemas and roles, and counts.
var rights = []struct {
	id, sql, seen, do string
	severity          selftest.Severity
}{
	{"role.superuser", `SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = current_user AND rolsuper`, "the role is a superuser", "give Veil a role of its own with SELECT alone", selftest.High},
	{"role.attributes", `SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = current_user AND (rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)`, "the role can create roles or databases, replicate, or bypass row security", "ALTER ROLE … NOCREATEROLE NOCREATEDB NOREPLICATION NOBYPASSRLS", selftest.High},
	{"role.write", `SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
		AND (pg_catalog.has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE') OR pg_catalog.has_any_column_privilege(c.oid, 'INSERT, UPDATE'))
		UNION ALL SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = 'pg_write_all_data' AND pg_catalog.pg_has_role(current_user, oid, 'MEMBER')`, "the role can write to tables", "revoke INSERT, UPDATE, DELETE and TRUNCATE, and ownership", selftest.High},
	{"role.create", `SELECT 1 WHERE pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') UNION ALL SELECT 1 FROM pg_catalog.pg_namespace n WHERE n.nspname !~ '^pg_(toast|temp)' AND pg_catalog.has_schema_privilege(n.oid, 'CREATE')`, "the role can create objects", "REVOKE CREATE ON SCHEMA … FROM PUBLIC and from the role", selftest.High},
	{"role.files", `SELECT 1 FROM pg_catalog.pg_roles WHERE rolname IN ('pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program') AND pg_catalog.pg_has_role(current_user, oid, 'MEMBER')
		UNION ALL SELECT 1 WHERE pg_catalog.has_function_privilege('pg_catalog.pg_read_file(text)', 'EXECUTE')`, "the role can read or write files of the server, or run programs", "revoke the predefined roles and the functions", selftest.High},
	{"role.statistics", `SELECT 1 FROM pg_catalog.pg_roles WHERE rolname IN ('pg_monitor', 'pg_read_all_stats', 'pg_stat_scan_tables') AND pg_catalog.pg_has_role(current_user, oid, 'MEMBER')
		UNION ALL SELECT 1 WHERE pg_catalog.has_table_privilege('pg_catalog.pg_statistic', 'SELECT')
		UNION ALL SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('v', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
			AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AND pg_catalog.pg_get_viewdef(c.oid) ~ '\mpg_stat(s|istic)\M'`, "the role can read statistics of all tables, which have values, or statements of other sessions", "revoke pg_monitor, pg_read_all_stats and views over pg_stats", selftest.Medium},
	{"role.settings", `SELECT 1 FROM pg_catalog.pg_roles WHERE rolname IN ('pg_read_all_settings', 'pg_signal_backend', 'pg_checkpoint', 'pg_maintain', 'pg_create_subscription') AND pg_catalog.pg_has_role(current_user, oid, 'MEMBER')`, "the role is a member of a predefined role that it does not need", "revoke it", selftest.Low},
	{"role.temporary", `SELECT 1 WHERE pg_catalog.has_database_privilege(pg_catalog.current_database(), 'TEMPORARY')`, "the role can create temporary tables", "REVOKE TEMPORARY ON DATABASE … FROM PUBLIC", selftest.Low},
}

// checkRole checks the privileges of Veil's role in PostgreSQL.
func (d *Deployment) checkRole(ctx context.Context) {
	if d.config.Postgres.Upstream == "" {
		return
	}
	of := "postgres.upstream"
	conn, err := d.upstream(ctx)
	for _, r := range rights {
		p := probe{id: r.id, kind: "privileges at the upstream", of: of, severity: r.severity, seen: r.seen, do: r.do}
		if err != nil {
			d.skip(p, "the upstream cannot be reached from here with the configured role")
			continue
		}
		result, qerr := conn.Exec(ctx, r.sql).ReadAll()
		if qerr != nil || len(result) != 1 {
			d.skip(p, "the catalog cannot be read")
			continue
		}
		d.add(p, len(result[0].Rows) > 0)
	}
	if err == nil {
		_ = conn.Close(ctx) // it was only read
	}
}

// upstream connects to PostgreSQL as Veil does.
func (d *Deployment) upstream(ctx context.Context) (*pgconn.PgConn, error) {
	c, err := d.config.Postgres.Connection()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*d.Limits.Timeout)
	defer cancel()
	return pgconn.ConnectConfig(ctx, c)
}

// checkOpenUpstream checks whether a consumer can bypass Veil.
func (d *Deployment) checkOpenUpstream(ctx context.Context) {
	c := d.config
	if base := c.FHIR.Upstream; base != "" {
		p := probe{id: "upstream.open", kind: "consumers", of: "fhir.upstream", severity: selftest.High, seen: "the FHIR server returns originals to anyone, without credentials, at an address that other machines can reach", do: "allow only Veil to reach it: require credentials, and restrict the network"}
		u, err := url.Parse(base)
		d.add(p, err == nil && !loopback.Is(u.Hostname()) && d.gives(ctx, base))
	}
	if c.Postgres.Upstream == "" || d.DSN == "" {
		return
	}
	p := probe{id: "upstream.open", kind: "consumers", of: "postgres.upstream", severity: selftest.High, seen: "the credentials of the consumer are also valid at the upstream", do: "give consumers no role at the upstream"}
	own, err := pgconn.ParseConfig(d.DSN)
	there, err2 := c.Postgres.Connection()
	if err != nil || err2 != nil {
		d.skip(p, "one of the connection strings is not valid")
		return
	}
	there.User, there.Password = own.User, own.Password
	ctx, cancel := context.WithTimeout(ctx, 2*d.Limits.Timeout)
	defer cancel()
	conn, err := pgconn.ConnectConfig(ctx, there)
	if err == nil {
		_ = conn.Close(ctx) // it was only opened
	}
	d.add(p, err == nil)
}

// gives reports whether a FHIR server returns resources without credentials.
func (d *Deployment) gives(ctx context.Context, base string) bool {
	_, body, err := d.get(ctx, strings.TrimSuffix(base, "/")+"/Patient?_count=1", false)
	return err == nil && strings.Contains(string(body), `"resourceType"`) && strings.Contains(string(body), `"Patient"`) && !strings.Contains(string(body), `"OperationOutcome"`)
}
