// Package sqlattack runs the SQL attacks against any server that speaks the PostgreSQL
// protocol: a proxy, a database with masking views, or one with an extension. It acts
// as a consumer like any other. It changes nothing: statements that try to write change
// no row, and are rolled back.
package sqlattack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/veil-proxy/veil/internal/loopback"
	"github.com/veil-proxy/veil/selftest"
	"github.com/veil-proxy/veil/selftest/suite"
)

// mostPerColumn is how many canaries of a column are used for attacks that need one.
const mostPerColumn = 1

// run is a self-test in progress.
type run struct {
	*target
	suite     *suite.Suite
	report    *selftest.Report
	canaries  []selftest.Canary // at most mostPerColumn of a column
	originals *selftest.Originals
}

// Run attacks the target of a connection string and adds what it finds to a report. It
// returns how many statements were sent. The error says that the self-test itself could
// not go on.
func Run(ctx context.Context, dsn string, canaries *selftest.Canaries, limits selftest.Limits, report *selftest.Report) (statements int, err error) {
	t, err := newTarget(dsn, limits)
	if err != nil {
		return 0, err
	}
	defer t.close(context.WithoutCancel(ctx))
	s := suite.Postgres()
	report.Ran(fmt.Sprintf("%s %s", s.Name, s.Version))
	r := &run{target: t, suite: s, report: report, canaries: few(canaries.Postgres), originals: selftest.NewOriginals(canaries.Values())}
	ok, err := r.controls(ctx)
	if err != nil || !ok {
		return r.sent, err
	}
	for i := range r.suite.Attacks {
		if !limits.Runs(prefix + r.suite.Attacks[i].ID) {
			continue
		}
		if err := r.attack(ctx, &r.suite.Attacks[i]); err != nil {
			return r.sent, err
		}
	}
	return r.sent, nil
}

// few returns the first canaries of each column.
func few(all []selftest.Canary) (out []selftest.Canary) {
	n := map[string]int{}
	for _, c := range all {
		if n[c.Of()]++; n[c.Of()] <= mostPerColumn {
			out = append(out, c)
		}
	}
	return out
}

const prefix = "postgres."

// controls runs the positive controls, which show that the probes could find something.
// It reports whether the attacks make sense.
func (r *run) controls(ctx context.Context) (bool, error) {
	add := func(id string, outcome selftest.Outcome, of, seen, do string) {
		r.report.Add(selftest.Probe{ID: prefix + "control." + id, Kind: "controls", Of: of, Outcome: outcome, Severity: selftest.Critical, Control: true, Seen: seen, Do: do})
	}
	if err := r.open(ctx); err != nil {
		add("connect", selftest.Fail, "", "no session: "+cause(err), "check address, user, password and TLS of the connection string")
		return false, ctx.Err()
	}
	add("connect", selftest.Pass, "", "", "")
	r.checkEncryption()
	if len(r.canaries) == 0 {
		add("canaries", selftest.NotRun, "", "no original of a column is known", "name some in a file for --canaries")
	}
	// Rows must be readable at all: an empty or unreachable target would pass everything.
	for _, table := range r.tables() {
		a, err := r.run(ctx, []string{"SELECT 1 FROM " + table + " LIMIT 1"}, nil)
		switch {
		case err != nil:
			return false, err
		case a.failed:
			add("rows", selftest.Fail, table, "the table cannot be read"+state(a.code), "name tables as the consumer sees them, and check its privileges")
		case len(a.rows) == 0:
			add("rows", selftest.NotRun, table, "the table has no rows for this consumer", "name another table")
		default:
			add("rows", selftest.Pass, table, "", "")
		}
	}
	if len(r.canaries) > 0 {
		return true, r.detector(ctx, add)
	}
	return true, nil
}

// detector checks that an original in a response is found, and that two responses are
// distinguished, if the target executes the statements.
func (r *run) detector(ctx context.Context, add func(id string, outcome selftest.Outcome, of, seen, do string)) error {
	c := &r.canaries[0]
	half := len(c.Value) / 2
	a, err := r.run(ctx, []string{fmt.Sprintf("SELECT %s || %s", literal(c.Value[:half]), literal(c.Value[half:]))}, nil)
	switch {
	case err != nil:
		return err
	case a.failed:
		add("detector", selftest.NotRun, "", "the target refuses to concatenate two constants"+state(a.code), "")
	case !r.originals.Found(a.received(), ""):
		add("detector", selftest.Fail, "", "an original that the statement itself made was not found in the response", "")
	default:
		add("detector", selftest.Pass, "", "", "")
	}
	var signatures [2]string
	for i, v := range []string{c.Value, c.Absent} {
		a, err := r.run(ctx, []string{fmt.Sprintf("SELECT CASE WHEN %s = %s THEN 1 ELSE 0 END", literal(v), literal(c.Value))}, nil)
		if err != nil {
			return err
		}
		signatures[i] = a.signature(nil)
	}
	if signatures[0] == signatures[1] {
		add("distinguish", selftest.Fail, "", "two constants could not be distinguished", "")
	} else {
		add("distinguish", selftest.Pass, "", "", "")
	}
	return nil
}

// checkEncryption adds a probe of the transport to a target on another machine.
func (r *run) checkEncryption() {
	p := selftest.Probe{ID: prefix + "tls", Kind: "transport", Of: net.JoinHostPort(r.config.Host, fmt.Sprint(r.config.Port)), Outcome: selftest.Pass, Severity: selftest.High}
	if strings.HasPrefix(r.config.Host, "/") || loopback.Is(r.config.Host) {
		p.Seen = "loopback"
	} else if !r.encrypted() {
		p.Outcome, p.Seen, p.Do = selftest.Fail, "a session without TLS was accepted", "require TLS of clients on other machines, and use sslmode=verify-full"
	}
	r.report.Add(p)
}

// tables returns the tables of the canaries, quoted.
func (r *run) tables() (tables []string) {
	for _, c := range r.canaries {
		if name := quote(c.Schema) + "." + quote(c.Table); !slices.Contains(tables, name) {
			tables = append(tables, name)
		}
	}
	return tables
}

// attack runs an attack for everything that it applies to.
func (r *run) attack(ctx context.Context, a *suite.Attack) error {
	return a.Each(r.canaries, func(*selftest.Canary) bool { return true }, func(c *selftest.Canary) error { return r.attempt(ctx, a, c) })
}

// attempt runs an attack once, or twice if answers are compared, and adds a probe.
func (r *run) attempt(ctx context.Context, a *suite.Attack, c *selftest.Canary) error {
	p := selftest.Probe{ID: prefix + a.ID, Kind: a.Kind, Of: a.Of(c), Outcome: selftest.Pass, Severity: selftest.Severity(a.Severity)}
	first, request, err := r.once(ctx, a, c, false)
	if err != nil {
		return err
	}
	switch {
	case r.originals.Found(first.received(), request):
		p.Outcome, p.Severity = selftest.Fail, selftest.Critical
		p.Seen, p.Do = "an original was received", "mask it, or refuse such statements: "+a.Tries
	case first.late:
		p.Outcome, p.Seen = selftest.NotRun, "the statement timed out"
	case a.Judge == suite.Rows && !first.failed && first.values():
		p.Outcome, p.Seen, p.Do = selftest.Fail, "rows were received", "keep consumers from reading this: "+a.Tries
	case a.Judge == suite.Accepted && !first.failed:
		p.Outcome, p.Seen, p.Do = selftest.Fail, "the statement was accepted", "keep consumers from doing this: "+a.Tries
	case a.Judge == suite.Distinguish:
		told, err := r.distinguishes(ctx, a, c, first)
		if err != nil {
			return err
		}
		if told {
			p.Outcome, p.Seen, p.Do = selftest.Fail, "an original can be distinguished from a value that nobody has", "refuse the predicate, or evaluate it over masked values: "+a.Tries
		}
	}
	r.report.Add(p)
	return nil
}

// once runs an attack with the values of a canary, or with values that nobody has.
func (r *run) once(ctx context.Context, a *suite.Attack, c *selftest.Canary, second bool) (*answer, string, error) {
	filled, err := a.Fill(values(c, second), second)
	if err != nil {
		return nil, "", err
	}
	answer, err := r.run(ctx, filled.Steps, filled.Params)
	return answer, strings.Join(append(filled.Steps, filled.Params...), "\n"), err
}

// distinguishes reports whether the answers differ for an original and for a value that
// nobody has. A difference counts only if it is repeatable, since tables may change in
// the meantime.
func (r *run) distinguishes(ctx context.Context, a *suite.Attack, c *selftest.Canary, first *answer) (bool, error) {
	forms := [2][]string{spellings(c, false), spellings(c, true)}
	seen := first.signature(forms[0])
	for round := range 2 {
		other, _, err := r.once(ctx, a, c, true)
		if err != nil {
			return false, err
		}
		if other.signature(forms[1]) == seen {
			return false, nil
		}
		if round == 0 {
			again, _, err := r.once(ctx, a, c, false)
			if err != nil {
				return false, err
			}
			if again.signature(forms[0]) != seen {
				return false, nil
			}
		}
	}
	return true, nil
}

// cause says why there is no session, without the server's own text.
func cause(err error) string {
	var pgErr *pgconn.PgError
	var netErr net.Error
	switch {
	case errors.As(err, &pgErr):
		return "SQLSTATE " + pgErr.Code
	case errors.As(err, &netErr) && netErr.Timeout():
		return "timeout"
	}
	return "the server does not respond, or not as PostgreSQL does"
}

func state(code string) string {
	if code == "" {
		return ""
	}
	return " (SQLSTATE " + code + ")"
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }
