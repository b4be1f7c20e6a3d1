package sqltest

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/pgtest"
)

// TestAttacks runs each attack in each mode, with a superuser's rights upstream,
// and holds that what its entry says comes about, and that no original appears in
// anything that is received, logged or recorded.
func TestAttacks(t *testing.T) {
	h := start(t)
	h.attemptAll(t, "attacks", h.strong)
}

// TestLegitimateQueries runs each query of the other corpus in each mode, with the
// rights that Veil should have, and compares its response with that of the same
// query over the masked copy.
func TestLegitimateQueries(t *testing.T) {
	h := start(t)
	h.attemptAll(t, "legit", h.modest)
}

// attemptAll runs each entry of a corpus in each mode through a listener, several at
// once.
func (h *harness) attemptAll(t *testing.T, name string, d *listener) {
	t.Helper()
	t.Cleanup(func() { d.quiet(t) }) // after the subtests
	for _, e := range corpus(t, name) {
		if !e.In(h.pg.Major) {
			continue
		}
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			for _, m := range modes {
				if e.inMode(m) {
					h.attempt(t, &e, m, d)
				}
			}
		})
	}
}

// TestCorporaRunOnTheCopy holds that the corpora themselves are right: what fails
// over plain tables proves nothing when Veil refuses it, or agrees.
func TestCorporaRunOnTheCopy(t *testing.T) {
	h := start(t)
	for _, name := range []string{"attacks", "legit"} {
		for _, e := range corpus(t, name) {
			if !e.In(h.pg.Major) || !e.Expects("masked") && !e.Expects("shape") || len(e.Expect) > 1 {
				continue
			}
			m := modes[0]
			if !e.inMode(m) {
				m = modes[1]
			}
			a := h.performOnCopy(t, &e, m)
			if a.last.err != nil {
				t.Errorf("%s:%d: %s: %s", e.File, e.Line, e.Name, a.last.said())
			}
		}
	}
}

// inMode reports whether the entry can be sent that way.
func (e *Entry) inMode(m mode) bool {
	if len(e.Params) > 0 {
		return !m.simple
	}
	return m.simple || !e.Simple
}

// performance is what came of the steps of an entry.
type performance struct {
	last     *answer
	firstErr *answer // the first that failed, or nil
	received []byte
	sent     string
}

// perform runs an entry's steps on a connection of its own.
func (h *harness) perform(t testing.TB, e *Entry, m mode, d *listener, other bool) *performance {
	t.Helper()
	s := connect(t, d.dsn())
	defer s.close()
	return s.perform(e, m, other, h.value(t, h.originals))
}

// performOnCopy runs an entry's steps over the masked copy. Its connections are used
// again, as PostgreSQL forgets what a session has set.
func (h *harness) performOnCopy(t testing.TB, e *Entry, m mode) *performance {
	t.Helper()
	var s *session
	select {
	case s = <-h.overCopy:
	default:
		s = connect(t, h.copy.DSN(pgtest.Reader))
	}
	p := s.perform(e, m, false, h.value(t, h.copy))
	// In a transaction that failed, or that is open, this fails.
	if s.run(modes[0], "DISCARD ALL", nil).err == nil {
		s.received()
		select {
		case h.overCopy <- s:
			return p
		default:
		}
	}
	s.close()
	return p
}

// perform runs an entry's steps, with value for its placeholders.
func (s *session) perform(e *Entry, m mode, other bool, value func(word, argument string) string) *performance {
	p := &performance{}
	var params []string
	for _, v := range e.Params {
		params = append(params, Fill(v, other, value))
	}
	p.sent = strings.Join(params, " ")
	for i, step := range e.Steps {
		sql := Fill(step, other, value)
		p.sent += " " + sql
		var with []string
		if i == len(e.Steps)-1 {
			with = params
		}
		p.last = s.run(m, sql, with)
		if p.last.err != nil && p.firstErr == nil {
			p.firstErr = p.last
		}
		if s.conn.IsClosed() {
			break
		}
	}
	p.received = s.received()
	return p
}

// attempt runs an entry through a listener and judges what came of it.
func (h *harness) attempt(t *testing.T, e *Entry, m mode, d *listener) {
	t.Helper()
	p := h.perform(t, e, m, d, false)
	if found := p.canary(); found != nil {
		t.Errorf("%s: LEAK: %q was received; got %s", m.name, found, p)
	}
	var reasons []string
	for _, o := range e.Expect {
		why := h.judge(t, e, m, d, p, o)
		if why == "" {
			return
		}
		reasons = append(reasons, why)
	}
	t.Errorf("%s: %s", m.name, strings.Join(reasons, "; and "))
}

// canary is an original in what was received that was not in what was sent.
func (p *performance) canary() []byte {
	received := p.received
	for _, word := range canaryWords.FindAllString(p.sent, -1) {
		received = bytes.ReplaceAll(received, []byte(word), nil)
	}
	return Canary(received)
}

// canaryWords are what a statement may itself have that looks like an original.
var canaryWords = regexp.MustCompile(`(?i)\w*canary[\w.]*|666-\d\d-\d{4}|7700\d{5}|ca11a7ee[0-9a-f-]*|\d{4}-\d\d-17|\d{5}-7777`)

// String says in short what came of it.
func (p *performance) String() string {
	if p.firstErr != nil {
		return p.firstErr.said()
	}
	out := fmt.Sprintf("%d rows of %q", len(p.last.rows), p.last.names)
	if len(p.last.rows) > 0 {
		out += fmt.Sprintf(", the first %.300s", p.last.lines(nil)[0])
	}
	return out
}

// judge says why an outcome did not come about, or nothing.
func (h *harness) judge(t *testing.T, e *Entry, m mode, d *listener, p *performance, o Outcome) string {
	t.Helper()
	if p.firstErr != nil && p.firstErr.code() == "" {
		return "no answer: " + p.firstErr.said()
	}
	switch o.Word {
	case "refused":
		switch {
		case p.firstErr == nil:
			return fmt.Sprintf("not refused: %s", p)
		case len(o.Codes) > 0 && !slices.Contains(o.Codes, p.firstErr.code()):
			return fmt.Sprintf("refused with %s, want %v", p.firstErr.said(), o.Codes)
		case !refusals.MatchString(p.firstErr.code()):
			return "failed instead of being refused: " + p.firstErr.said()
		}
	case "no canary":
		if p.firstErr != nil && strings.HasPrefix(p.firstErr.code(), "XX") {
			return "failed inside: " + p.firstErr.said()
		}
	case "empty":
		if p.last.err != nil || len(p.last.rows) > 0 {
			return fmt.Sprintf("not empty: %s", p)
		}
	case "same":
		q := h.perform(t, e, m, d, true)
		// What an error quotes of the statement itself is the client's own.
		said, saidOther := p.last.said(), q.last.said()
		for _, step := range e.Steps {
			for _, m := range placeholder.FindAllStringSubmatch(step, -1) {
				if m[3] == "" {
					said, saidOther = strings.ReplaceAll(said, m[1], "*"), strings.ReplaceAll(saidOther, m[2], "*")
				}
			}
		}
		if said != saidOther {
			return fmt.Sprintf("an original is told from what nobody has: %q and %q", said, saidOther)
		}
		if why := p.last.diff(q.last, true, nil); why != "" {
			return "an original is told from what nobody has: " + why
		}
	case "masked", "shape":
		want := h.performOnCopy(t, e, m)
		if o.Word == "shape" && want.last.err != nil && p.last.err == nil {
			return "" // such as a type that has no binary form, where Veil shows NULL
		}
		if p.last.code() != want.last.code() {
			return fmt.Sprintf("got %q, want %q", p.last.said(), want.last.said())
		}
		if o.Word == "shape" {
			if !slices.Equal(p.last.names, want.last.names) {
				return fmt.Sprintf("columns %q, want %q", p.last.names, want.last.names)
			}
			return ""
		}
		return p.last.diff(want.last, !e.Unordered, e.Ignore)
	}
	return ""
}

// refusals are the classes of SQLSTATE that a refusal has: those of access and
// syntax, of features and of the transaction's state, none of data.
var refusals = regexp.MustCompile(`^(42|25|0A|3F|34|26|54|55|28)`)
