package deployment

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/veil-proxy/veil/selftest"
)

// checkReplicas checks whether other processes give the same responses.
func (d *Deployment) checkReplicas(ctx context.Context) {
	for _, replica := range d.Replicas {
		p := probe{id: "replica.agree", kind: "replicas", of: address(replica), severity: selftest.High, seen: "the replica's response to the same request differs: its ruleset, key or project is not the same", do: "run all replicas with one configuration and one key"}
		if strings.HasPrefix(replica, "http://") || strings.HasPrefix(replica, "https://") {
			d.compareFHIR(ctx, strings.TrimSuffix(replica, "/"), p)
		} else {
			d.compareSQL(ctx, replica, p)
		}
	}
}

// address returns the address of a replica, without credentials.
func address(replica string) string {
	if u, err := url.Parse(replica); err == nil && u.Host != "" {
		return u.Host
	}
	if c, err := pgconn.ParseConfig(replica); err == nil {
		return c.Host
	}
	return ""
}

// compareFHIR reads from a replica what this process shows.
func (d *Deployment) compareFHIR(ctx context.Context, replica string, p probe) {
	base := d.FHIR()
	if base == "" || len(d.masked) == 0 {
		d.skip(p, "no resource of the FHIR listener is known to compare")
		return
	}
	for _, typ := range sorted(d.masked) {
		path := "/" + typ + "/" + url.PathEscape(d.masked[typ])
		head, body, err := d.get(ctx, base+path, true)
		otherHead, otherBody, err2 := d.get(ctx, replica+path, true)
		if err != nil || err2 != nil {
			d.skip(p, "one of the two does not respond")
			return
		}
		if rules := otherHead.Get("X-Veil-Ruleset"); rules != head.Get("X-Veil-Ruleset") {
			p.seen = "the replica has another ruleset in force"
			d.add(p, true)
			return
		}
		if !bytes.Equal(bytes.ReplaceAll(body, []byte(base), nil), bytes.ReplaceAll(otherBody, []byte(replica), nil)) {
			d.add(p, true)
			return
		}
	}
	d.add(p, false)
}

// largestCompared bounds a response that is compared, in bytes.
const largestCompared = 4 << 20

// get sends a request, as the consumer or without credentials.
func (d *Deployment) get(ctx context.Context, target string, asConsumer bool) (http.Header, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, http.NoBody)
	if err != nil {
		return nil, nil, err
	}
	req.Header.Set("Accept", "application/fhir+json")
	client := http.Client{}
	if d.Consumer != nil && d.Consumer.HTTP != nil {
		client = *d.Consumer.HTTP
	}
	client.Timeout = d.Limits.Timeout
	if asConsumer && d.Consumer != nil {
		d.Consumer.Authorize(req)
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = resp.Body.Close() }() // it was only read
	body, err := io.ReadAll(io.LimitReader(resp.Body, largestCompared))
	return resp.Header, body, err
}

// visible lists columns that a consumer sees, of ordinary schemas.
const visible = `SELECT table_schema, table_name, column_name FROM information_schema.columns WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2, 3 LIMIT 60`

// compareSQL reads columns from both.
func (d *Deployment) compareSQL(ctx context.Context, replica string, p probe) {
	if d.DSN == "" {
		d.skip(p, "no connection string of the PostgreSQL listener is known")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 10*d.Limits.Timeout)
	defer cancel()
	var conns [2]*pgconn.PgConn
	for i, dsn := range []string{d.DSN, replica} {
		conn, err := pgconn.Connect(ctx, dsn)
		if err != nil {
			d.skip(p, "one of the two does not accept a session")
			return
		}
		defer func() { _ = conn.Close(ctx) }() // it was only read
		conns[i] = conn
	}
	columns, err := conns[0].Exec(ctx, visible).ReadAll()
	if err != nil || len(columns) != 1 || len(columns[0].Rows) == 0 {
		d.skip(p, "no columns are visible to compare")
		return
	}
	for _, c := range columns[0].Rows {
		sql := "SELECT min(v) FROM (SELECT " + quote(c[2]) + "::text AS v FROM " + quote(c[0]) + "." + quote(c[1]) + " LIMIT 100) AS t"
		plain := "SELECT " + quote(c[2]) + " FROM " + quote(c[0]) + "." + quote(c[1]) + " LIMIT 100"
		for _, statement := range []string{sql, plain} {
			if !slices.Equal(values(ctx, conns[0], statement), values(ctx, conns[1], statement)) {
				p.of += " " + string(c[0]) + "." + string(c[1]) + "." + string(c[2])
				d.add(p, true)
				return
			}
		}
	}
	d.add(p, false)
}

// values returns the values of a statement's first column in order, or the code of its
// error.
func values(ctx context.Context, conn *pgconn.PgConn, sql string) (all []string) {
	result, err := conn.Exec(ctx, sql).ReadAll()
	if err != nil {
		return []string{"failed"}
	}
	for _, row := range result[0].Rows {
		all = append(all, string(row[0]))
	}
	slices.Sort(all)
	return all
}

func quote(name []byte) string {
	return `"` + strings.ReplaceAll(string(name), `"`, `""`) + `"`
}

// sorted returns the keys of a map in order.
func sorted(m map[string]string) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
