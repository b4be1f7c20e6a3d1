package sqlattack

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/veil-proxy/veil/selftest"
)

// application identifies sessions of the self-test in logs.
const application = "veil-selftest"

// mostRows is how many rows of a response are kept.
const mostRows = 1000

// target is a server that speaks PostgreSQL's protocol, with the session in use.
type target struct {
	config *pgconn.Config
	limits selftest.Limits
	pace   func(context.Context) error
	conn   *pgconn.PgConn

	notices bytes.Buffer
	opened  int
	// sent counts the statements that were responded to.
	sent int
}

// mostSessions is how often a session is reopened before the self-test gives up.
const mostSessions = 200

var errTarget = errors.New("the target accepts no more sessions")

func newTarget(dsn string, limits selftest.Limits) (*target, error) {
	config, err := pgconn.ParseConfig(dsn)
	if err != nil {
		return nil, errors.New("expected a connection string such as postgres://user@host/database")
	}
	t := &target{config: config, limits: limits, pace: limits.Pace()}
	config.RuntimeParams["application_name"] = application
	config.ConnectTimeout = 2 * limits.Timeout
	config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		if t.notices.Len() < limits.Bytes {
			fmt.Fprintln(&t.notices, n.Message, n.Detail, n.Hint)
		}
	}
	return t, nil
}

// open opens a session, if none is in use.
func (t *target) open(ctx context.Context) error {
	if t.conn != nil && !t.conn.IsClosed() {
		return nil
	}
	if t.opened++; t.opened > mostSessions {
		return errTarget
	}
	conn, err := pgconn.ConnectConfig(ctx, t.config)
	if err != nil {
		return err
	}
	t.conn = conn
	// If the target does not allow the setting, the client's timeout still applies.
	_ = conn.Exec(ctx, fmt.Sprintf("SET statement_timeout = %d", t.limits.Timeout.Milliseconds())).Close()
	return nil
}

func (t *target) close(ctx context.Context) {
	if t.conn != nil {
		_ = t.conn.Close(ctx) // it was only read
	}
}

// encrypted reports whether the session is encrypted.
func (t *target) encrypted() bool {
	_, ok := t.conn.Conn().(*tls.Conn)
	return ok
}

// answer is the result of the steps of an attack.
type answer struct {
	failed bool
	code   string // SQLSTATE of the first error; empty if there is none, or it is not from the server
	text   string // all texts of errors and notices
	rows   [][]byte
	copied []byte
	step   int  // that failed
	late   bool // a timeout ended it, so it says nothing
}

// received is all that was received.
func (a *answer) received() []byte {
	return bytes.Join(append(slices.Clone(a.rows), a.copied, []byte(a.text)), []byte("\n"))
}

// values reports whether a row has a value.
func (a *answer) values() bool {
	return slices.ContainsFunc(a.rows, func(row []byte) bool { return len(bytes.Trim(row, "\x1f")) > 0 }) || len(bytes.TrimSpace(a.copied)) > 0
}

// signature returns what can be compared with another response: rows in any order, errors
// by their code. What the statement itself contains of a canary, in any of the given
// spellings, is left out.
func (a *answer) signature(without []string) string {
	rows := make([]string, len(a.rows))
	for i, row := range a.rows {
		rows[i] = string(row)
	}
	slices.Sort(rows)
	all := fmt.Sprintf("%t %s %d\n%s\n%s", a.failed, a.code, a.step, strings.Join(rows, "\n"), a.copied)
	for _, text := range without {
		all = strings.ReplaceAll(all, text, "*")
	}
	return all
}

// run runs the steps of an attack in one session and cleans it up. An error is one of the
// session, not of a statement.
func (t *target) run(ctx context.Context, steps, params []string) (*answer, error) {
	a := &answer{}
	t.notices.Reset()
	for i, sql := range steps {
		if err := t.pace(ctx); err != nil {
			return nil, err
		}
		if err := t.open(ctx); err != nil {
			return nil, err
		}
		var with []string
		if i == len(steps)-1 {
			with = params
		}
		a.rows, a.copied = nil, nil
		if err := t.perform(ctx, a, sql, with); err != nil && !a.failed {
			a.failed, a.step, a.late = true, i, pgconn.Timeout(err)
			var pgErr *pgconn.PgError
			if errors.As(err, &pgErr) {
				a.code = pgErr.Code
				a.late = pgErr.Code == "57014"
				a.text += strings.Join([]string{pgErr.Message, pgErr.Detail, pgErr.Hint, pgErr.Where, pgErr.InternalQuery, pgErr.ConstraintName, pgErr.ColumnName, pgErr.DataTypeName}, "\n")
			}
		}
		t.sent++
	}
	a.text += t.notices.String()
	t.clean(ctx, steps)
	return a, ctx.Err()
}

// perform runs a statement and keeps what came, up to the limits.
func (t *target) perform(ctx context.Context, a *answer, sql string, params []string) error {
	ctx, cancel := context.WithTimeout(ctx, t.limits.Timeout)
	defer cancel()
	if strings.HasPrefix(sql, "COPY ") {
		out := &limited{left: t.limits.Bytes}
		_, err := t.conn.CopyTo(ctx, out, sql)
		a.copied = out.b
		return err
	}
	left := t.limits.Bytes
	if params != nil {
		values := make([][]byte, len(params))
		for i, p := range params {
			values[i] = []byte(p)
		}
		return t.read(t.conn.ExecParams(ctx, sql, values, nil, nil, nil), a, &left)
	}
	m := t.conn.Exec(ctx, sql)
	for m.NextResult() {
		if err := t.read(m.ResultReader(), a, &left); err != nil {
			return errors.Join(err, m.Close())
		}
	}
	return m.Close()
}

// read reads rows. Beyond the limits it ends the session, so that the rest is not sent.
func (t *target) read(r *pgconn.ResultReader, a *answer, left *int) error {
	for r.NextRow() {
		row := bytes.Join(r.Values(), []byte{0x1f})
		if *left -= len(row); *left < 0 || len(a.rows) >= mostRows {
			_ = t.conn.Conn().Close() // the session is no longer usable
			break
		}
		a.rows = append(a.rows, bytes.Clone(row))
	}
	_, err := r.Close()
	if *left < 0 || len(a.rows) >= mostRows {
		return nil
	}
	return err
}

// clean undoes what the steps did to the session.
func (t *target) clean(ctx context.Context, steps []string) {
	if t.conn == nil || t.conn.IsClosed() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, t.limits.Timeout)
	defer cancel()
	if t.conn.TxStatus() != 'I' {
		_ = t.conn.Exec(ctx, "ROLLBACK").Close()
	}
	if strings.HasPrefix(steps[0], "PREPARE ") {
		_ = t.conn.Exec(ctx, "DEALLOCATE ALL").Close()
	}
	if t.conn.TxStatus() != 'I' {
		_ = t.conn.Close(ctx)
	}
}

// limited keeps the beginning of what is written to it.
type limited struct {
	b    []byte
	left int
}

var errEnough = errors.New("enough was read")

func (l *limited) Write(p []byte) (int, error) {
	if l.left -= len(p); l.left < 0 {
		return 0, errEnough
	}
	l.b = append(l.b, p...)
	return len(p), nil
}
