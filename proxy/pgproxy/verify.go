package pgproxy

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"strconv"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/veil-proxy/veil/postgres/analysis"
	"github.com/veil-proxy/veil/proxy/pgproxy/pool"
	"github.com/veil-proxy/veil/proxy/pgproxy/wire"
)

// A plan is valid for the relations that it was made for. Whether they are unchanged must
// be checked after the upstream has locked them for the statement, and before the first
// row is sent. There are two ways to check.
//
// In the session: after Bind, which takes the locks, and before Execute, without an
// additional round trip. This is valid if the query sees what was committed last, that
// is, outside transactions: with repeatable reads, it would see an old catalog, while the
// statement uses the new one.
//
// On the catalog's own connection, after the upstream's first response: always valid. It
// costs a round trip, which all waiting sessions share. On a busy machine, each process
// on the way has to wait for its turn, so the query in the session is faster, although it
// costs the upstream a second small statement.

// mostChecks bounds the checks that a session keeps prepared.
const mostChecks = 256

// checks are the checks that a session has prepared upstream, by their text. The names
// cannot be guessed, so that a client cannot prepare another statement under one of them.
type checks struct {
	head   string
	made   int
	byText map[string]string
}

func newChecks() checks {
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the process instead
	return checks{head: "veil_" + hex.EncodeToString(b[:]), byText: map[string]string{}}
}

// verifiable reports whether the check can be done in the session: Bind locks the
// statement's relations, and there is no transaction.
func (x *session) verifiable(st *statement) bool {
	p := st.plan
	return st.check != "" && p.Kind == analysis.Rows && p.Command == "SELECT" && x.status == 'I' && !x.transacted && !x.repeatable
}

// verify checks in the session whether a portal's plan is still valid.
func (x *session) verify(p *portal) error {
	text := p.st.check
	name, known := x.checks.byText[text]
	if !known {
		if len(x.checks.byText) >= mostChecks {
			if err := x.forgetChecks(); err != nil || x.skipping {
				return err
			}
		}
		x.checks.made++
		name = x.checks.head + "_" + strconv.Itoa(x.checks.made)
		m := pgproto3.Parse{Name: name, Query: text}
		out, err := m.Encode(x.up.Out)
		if err != nil {
			return wire.ErrSize
		}
		x.up.Out = out
		x.checks.byText[text] = name
	}
	// A separate portal, without parameters and formats.
	body := append(append(append([]byte(x.checks.head), 0), name...), 0)
	x.up.Out = wire.AppendFrame(x.up.Out, 'B', append(body, 0, 0, 0, 0, 0, 0))
	x.up.Out = wire.AppendFrame(x.up.Out, 'E', append([]byte(x.checks.head), 0, 0, 0, 0, 0))
	x.up.Out = wire.AppendFrame(x.up.Out, 'C', append([]byte("P"+x.checks.head), 0))
	return x.expect(expectation{kind: 'V', name: text, portal: p, silent: known})
}

// forgetChecks closes the prepared checks.
func (x *session) forgetChecks() error {
	for text, name := range x.checks.byText {
		x.up.Out = wire.AppendFrame(x.up.Out, 'C', append([]byte("S"+name), 0))
		if err := x.expect(expectation{kind: 'C', silent: true}); err != nil || x.skipping {
			return err
		}
		delete(x.checks.byText, text)
	}
	return nil
}

// verified reads the response to a check. A silent one had been prepared before.
func (x *session) verified(e *expectation) (bool, error) {
	want := []byte("12DC3")
	if e.silent {
		want = want[1:]
	}
	for len(want) > 0 {
		typ, body, err := x.nextUpstream()
		if want[0] == 'D' && typ == 'C' {
			want = want[1:] // no row: the plan is no longer valid
		}
		w := want[0]
		want = want[1:]
		switch {
		case err != nil:
			return false, err
		case typ == 'E':
			delete(x.checks.byText, e.name)
			_, err := x.upstreamError(body)
			return false, err
		case typ != w:
			return false, pool.ErrProtocol
		case typ == 'D':
			e.portal.holds = string(body) == "\x00\x01\x00\x00\x00\x01t"
		}
	}
	return true, nil
}

// confirm returns why an execution must not continue, if so: the relations of its plan
// have changed. If the plan would be the same for the new relations, it is valid from
// then on. The rows of a cursor were determined when it was declared.
func (x *session) confirm(st *statement) *refusal {
	if st.prepared != nil {
		f := x.confirm(st.prepared)
		if f != nil {
			f.Position = 0 // in another text
		}
		return f
	}
	if st.catalog == nil || st.check == "" || st.plan.Kind == analysis.Fetch {
		return nil
	}
	ctx := context.Background()
	if holds, err := x.s.catalogs.Holds(ctx, st.check); err == nil && holds {
		return nil
	}
	now, err := x.s.catalogs.Look(ctx)
	if err != nil {
		return &refusal{Error: wire.Error{Code: "08006", Text: "the upstream's catalog cannot be read"}, reason: "catalog", plan: st.plan}
	}
	plan := st.plan
	if st.whole != nil {
		plan = st.whole
	}
	again, r := x.s.analyzer.Analyze(st.text, now, x.view.policy, &x.flow)
	switch {
	case r != nil && (r.Code == "42P01" || r.Code == "42703"):
		f := refused(r) // what it reads no longer exists
		f.plan = st.plan
		return f
	case r == nil && plan.Same(again):
		st.catalog, st.check = now, again.CheckSQL
		return nil
	}
	return &refusal{
		Error: wire.Error{Code: "0A000", Text: "cached plan must not change result type",
			Hint: "The database's definitions have changed. Run the statement again; if it was prepared, prepare it again."},
		reason: "catalog changed", plan: st.plan,
	}
}
