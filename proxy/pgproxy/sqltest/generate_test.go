package sqltest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"regexp"
	"sort"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/veil-proxy/veil/internal/pgtest"
)

const (
	// ciQueries and fewQueries are how many random queries run in CI and
	// elsewhere. VEIL_QUERIES says another number, VEIL_SEED where to begin.
	ciQueries  = 20_000
	fewQueries = 1_000
	// workers run queries at once.
	workers = 8
	// shrinkTries bounds the search for a simpler query that fails alike.
	shrinkTries = 400
	// failuresShown bounds what is reported of many failures.
	failuresShown = 8
)

// TestRandomQueries runs random SELECTs through the strong listener and over the
// masked copy. No original ever appears, and what is accepted has the response of
// the copy.
func TestRandomQueries(t *testing.T) {
	h := start(t)
	n := fewQueries
	if os.Getenv("CI") == "true" {
		n = ciQueries
	}
	n, first := setting(t, "VEIL_QUERIES", n), setting(t, "VEIL_SEED", 1)
	seeds := make(chan uint64)
	go func() {
		defer close(seeds)
		for i := range n {
			seeds <- uint64(first + i)
		}
	}()
	var mu sync.Mutex
	var accepted, refused, rows int
	reasons, example := map[string]int{}, map[string]string{}
	var failures []string
	var wait sync.WaitGroup
	for range workers {
		wait.Add(1)
		go func() {
			defer wait.Done()
			w := &worker{h: h, t: t, dsn: h.strong.dsn()}
			defer w.close()
			for seed := range seeds {
				q := Generate(seed)
				v := w.try(q, modes[seed%uint64(len(modes))])
				mu.Lock()
				full := len(failures) >= failuresShown
				switch {
				case v.wrong == "" && v.accepted:
					accepted++
					rows += v.rows
				case v.wrong == "":
					refused++
					if !q.Attack {
						reason := literals.ReplaceAllString(v.refusal, "?")
						reasons[reason]++
						example[reason] = q.SQL
					}

				}
				mu.Unlock()
				if v.wrong == "" || full {
					continue
				}
				what := w.describe(q, v, modes[seed%uint64(len(modes))], seed)
				mu.Lock()
				failures = append(failures, what)
				mu.Unlock()
			}
		}()
	}
	wait.Wait()
	for _, f := range failures {
		t.Error(f)
	}
	h.strong.quiet(t)
	t.Logf("%d queries: %d accepted (%d%%) with %d rows, %d refused, %d failed", n, accepted, 100*accepted/n, rows, refused, n-accepted-refused)
	for _, r := range most(reasons, 12) {
		t.Logf("refused though meant to be permitted: %d times %s\n\t%s", reasons[r], r, example[r])
	}
	if accepted < n/3 {
		t.Errorf("only %d of %d queries were accepted: that proves little", accepted, n)
	}
}

// literals are the parts of a refusal that differ between like ones.
var literals = regexp.MustCompile(`"[^"]*"|\b[ct]\d+\b|\b\d{1,4}$|column [\w.]+ is`)

func most(counts map[string]int, n int) []string {
	var keys []string
	for k := range counts {
		keys = append(keys, k)
	}
	sort.Slice(keys, func(i, j int) bool { return counts[keys[i]] > counts[keys[j]] })
	return keys[:min(n, len(keys))]
}

// worker has a connection to the listener and one to the copy.
type worker struct {
	h              *harness
	t              *testing.T
	dsn            string // of the listener
	listener, copy *session
}

func (w *worker) close() {
	for _, s := range []*session{w.listener, w.copy} {
		if s != nil {
			s.close()
		}
	}
}

// verdict is what came of a query.
type verdict struct {
	accepted bool
	rows     int
	refusal  string
	wrong    string
}

// dataErrors are SQLSTATEs that depend on which rows an expression is computed
// for, and in which order, which a plan decides.
var dataErrors = regexp.MustCompile(`^2[12]`)

// try runs a query on both sides.
func (w *worker) try(q Query, m mode) verdict {
	if w.listener == nil || w.listener.conn.IsClosed() {
		w.listener = connect(w.t, w.dsn)
	}
	if w.copy == nil || w.copy.conn.IsClosed() {
		w.copy = connect(w.t, w.h.copy.DSN(pgtest.Reader))
	}
	sql := Fill(q.SQL, false, w.h.value(w.t, w.h.originals))
	got := w.listener.run(m, sql, nil)
	p := performance{last: got, received: w.listener.received(), sent: sql}
	if found := p.canary(); found != nil {
		return verdict{wrong: fmt.Sprintf("LEAK: %q was received", found)}
	}
	if got.err != nil {
		switch code := got.code(); {
		case code == "":
			return verdict{wrong: got.said()}
		case refusals.MatchString(code) || dataErrors.MatchString(code):
			return verdict{refusal: got.said()}
		}
		return verdict{wrong: "failed: " + got.said()}
	}
	want := w.copy.run(m, sql, nil)
	for want.code() == "42883" && withNumber(&sql, want.err) {
		want = w.copy.run(m, sql, nil)
	}
	w.copy.received()
	switch {
	case dataErrors.MatchString(want.code()):
		return verdict{accepted: true, rows: len(got.rows)}
	case want.err != nil:
		return verdict{wrong: fmt.Sprintf("accepted, but over the masked copy: %s", want.said())}
	case q.Own: // set operations and conditions may be over what the order decides
	case q.Cut:
		if len(got.rows) != len(want.rows) {
			return verdict{wrong: fmt.Sprintf("%d rows, want %d", len(got.rows), len(want.rows))}
		}
	default:
		why := got.diff(want, false, nil)
		if why != "" && mergesRows.MatchString(sql) {
			why = w.diffOfNumbers(sql)
		}
		if why != "" {
			return verdict{wrong: why}
		}
	}
	return verdict{accepted: true, rows: len(got.rows)}
}

// comparedNumber is an operator and the number that a text is compared with.
var comparedNumber = regexp.MustCompile(`^((?:=|<>) )([0-9]+)\b`)

// withNumber writes the number that has no operator as a text: Veil reads a number in the place
// of a pseudonym as its text, which PostgreSQL does not. It reports false for other errors.
func withNumber(sql *string, err error) bool {
	var e *pgconn.PgError
	if !errors.As(err, &e) || !strings.HasPrefix(e.Message, "operator does not exist: text ") || e.Position < 1 {
		return false
	}
	runes := []rune(*sql)
	at := string(runes[e.Position-1:])
	if !comparedNumber.MatchString(at) {
		return false
	}
	*sql = string(runes[:e.Position-1]) + comparedNumber.ReplaceAllString(at, "$1'$2'")
	return true
}

// mergesRows are set operations that leave one of equal rows. Of 11 and 11.00, which are equal,
// the plan decides which one is left.
var mergesRows = regexp.MustCompile(`\b(UNION|INTERSECT|EXCEPT) [^A]`)

// diffOfNumbers runs a query on both sides and compares numbers as numbers.
func (w *worker) diffOfNumbers(sql string) string {
	sides := [2]*answer{}
	for i, s := range []*session{w.listener, w.copy} {
		sides[i] = s.run(modes[0], sql, nil)
		s.received()
		for _, row := range sides[i].rows {
			for k, cell := range row {
				if fraction.Match(cell) {
					row[k] = bytes.TrimRight(bytes.TrimRight(cell, "0"), ".")
				}
			}
		}
	}
	if a, b := sides[0].said(), sides[1].said(); a != b {
		return a + ", want " + b
	}
	return sides[0].diff(sides[1], false, nil)
}

var fraction = regexp.MustCompile(`^-?[0-9]+\.[0-9]+$`)

// describe shrinks a failing query and tells of it.
func (w *worker) describe(q Query, v verdict, m mode, seed uint64) string {
	leak := strings.HasPrefix(v.wrong, "LEAK")
	small := Shrink(q, shrinkTries, func(c Query) bool {
		s := w.try(c, m)
		return s.wrong != "" && strings.HasPrefix(s.wrong, "LEAK") == leak
	})
	if again := w.try(small, m); again.wrong != "" {
		return fmt.Sprintf("seed %d, %s: %s\n\t%s", seed, m.name, again.wrong, small.SQL)
	}
	return fmt.Sprintf("seed %d, %s, not every time: %s\n\t%s", seed, m.name, v.wrong, q.SQL)
}

// TestRandomQueriesSeeOriginals takes the listener away: over the originals themselves
// a good part of the queries must be found to leak or to answer wrongly, or this proves
// nothing.
func TestRandomQueriesSeeOriginals(t *testing.T) {
	h := start(t)
	w := &worker{h: h, t: t, dsn: h.originals.DSN(pgtest.Owner)}
	defer w.close()
	const n = 300
	leaks, wrong := 0, 0
	for seed := range uint64(n) {
		v := w.try(Generate(seed), modes[seed%uint64(len(modes))])
		switch {
		case strings.HasPrefix(v.wrong, "LEAK"):
			leaks++
		case v.wrong != "":
			wrong++
		}
	}
	t.Logf("%d queries: %d leak, %d are wrong", n, leaks, wrong)
	if leaks < n/5 || leaks+wrong < n/3 {
		t.Errorf("of %d queries over the originals only %d leak and %d are wrong", n, leaks, wrong)
	}
}

// TestGenerateIsDeterministic holds that a seed always makes the same query, and
// that its choices make it again.
func TestGenerateIsDeterministic(t *testing.T) {
	distinct := map[string]bool{}
	for seed := range uint64(500) {
		q := Generate(seed)
		if again := Generate(seed); again.SQL != q.SQL {
			t.Fatalf("seed %d: two queries:\n%s\n%s", seed, q.SQL, again.SQL)
		}
		if again := Replay(q.Choices); again.SQL != q.SQL {
			t.Fatalf("seed %d: its choices make another query:\n%s\n%s", seed, q.SQL, again.SQL)
		}
		distinct[q.SQL] = true
	}
	if len(distinct) < 450 {
		t.Errorf("500 seeds make only %d different queries", len(distinct))
	}
}

// TestShrink holds that shrinking keeps what fails and makes it short.
func TestShrink(t *testing.T) {
	fails := func(q Query) bool { return strings.Contains(q.SQL, "iban") }
	shrunk := 0
	for seed := uint64(0); shrunk < 5; seed++ {
		q := Generate(seed)
		if !fails(q) {
			continue
		}
		small := Shrink(q, shrinkTries, fails)
		if !fails(small) || len(small.SQL) > len(q.SQL) {
			t.Errorf("%s\nshrank to\n%s", q.SQL, small.SQL)
		}
		if len(small.SQL) < 120 {
			shrunk++
		}
		if seed > 5000 {
			t.Fatal("queries do not shrink")
		}
	}
}

// TestGeneratedQueriesRunOnTheCopy holds that what is meant to be permitted is
// right SQL over plain tables, so that a refusal is Veil's.
func TestGeneratedQueriesRunOnTheCopy(t *testing.T) {
	h := start(t)
	s := connect(t, h.copy.DSN(pgtest.Reader))
	defer s.close()
	bad := map[string]int{}
	example := map[string]string{}
	ran := 0
	for seed := range uint64(600) {
		q := Generate(seed)
		if q.Attack {
			continue
		}
		ran++
		a := s.run(modes[0], Fill(q.SQL, false, h.value(t, h.copy)), nil)
		if a.err != nil && !dataErrors.MatchString(a.code()) {
			bad[a.said()]++
			example[a.said()] = q.SQL
		}
	}
	total := 0
	for _, k := range most(bad, len(bad)) {
		total += bad[k]
		if bad[k] > 0 {
			t.Logf("%d times %s\n\t%s", bad[k], k, example[k])
		}
	}
	if total > ran/20 {
		t.Errorf("%d of %d queries are wrong", total, ran)
	}
}
