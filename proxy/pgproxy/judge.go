package pgproxy

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/veil-proxy/veil/postgres/analysis"
	"github.com/veil-proxy/veil/postgres/catalog"
	"github.com/veil-proxy/veil/proxy"
	"github.com/veil-proxy/veil/proxy/pgproxy/wire"
)

// poison is sent upstream in place of a refused statement if the upstream must get into
// the state after an error: it fails to parse.
const poison = `SELECT "refused by veil"`

// refusal says why a statement is not run: to the client, and to the audit log and the
// operator's log.
type refusal struct {
	wire.Error
	rule, object string // object is an existing column, function or relation
	reason       string // a fixed word
	plan         *analysis.Plan
}

// refused converts a refusal of the analysis.
func refused(r *analysis.Refusal) *refusal {
	f := &refusal{
		Error: wire.Error{Code: r.Code, Text: r.Message, Detail: r.Detail, Hint: r.Hint},
		rule:  r.Rule, object: cmp.Or(r.Object, r.Column), reason: r.Reason,
	}
	if r.Position > 0 {
		f.Position = int32(r.Position)
	}
	if f.reason == "" || f.reason == "refused" {
		f.reason = wire.Condition(r.Code).Text
	}
	return f
}

// analyze analyzes a statement, and returns the catalog that the result is valid for.
func (x *session) analyze(text string) (*analysis.Plan, *catalog.Catalog, *refusal) {
	if x.login.Span.Traced() {
		x.analysed.begun = time.Now()
		defer func() { x.analysed.ended = time.Now() }()
	}
	catalog, err := x.s.catalogs.Current(context.Background())
	if err != nil {
		return nil, nil, &refusal{Error: wire.Error{Code: "08006", Text: "the upstream's catalog cannot be read"}, reason: "catalog"}
	}
	x.flow.SearchPath = x.now().settings.now.searchPath
	plan, r := x.s.analyzer.Analyze(text, catalog, x.view.policy, &x.flow)
	if r != nil && strings.HasPrefix(r.Code, "42") && r.Code != "42501" {
		// It may use something that was created a moment ago.
		if now, err := x.s.catalogs.Look(context.Background()); err == nil && now != catalog {
			catalog = now
			plan, r = x.s.analyzer.Analyze(text, catalog, x.view.policy, &x.flow)
		}
	}
	if r != nil {
		if r.Code == "XX000" {
			x.s.shared.Log().Error("a statement could not be analysed", "door", "postgres", "consumer", x.login.Consumer(), "reason", r.Message, "stack", r.Stack)
		}
		return nil, nil, refused(r)
	}
	if plan.Kind == analysis.Set && (plan.Setting == nil || plan.Setting.Name == "" || isolates(*plan.Setting)) || slices.ContainsFunc(plan.Settings, isolates) {
		x.repeatable = true
	}
	return plan, catalog, nil
}

// isolates reports whether a setting can change what a transaction sees.
func isolates(set analysis.Setting) bool { return strings.Contains(set.Name, "isolation") }

// hindered refuses what cannot be masked under the session's settings.
func (x *session) hindered(p *analysis.Plan) *refusal {
	name, fixed := p.Hinders(x.now().settings.now.forms)
	if name == "" {
		return nil
	}
	hint := "run RESET " + name + " first"
	if fixed != "" {
		hint = "run SET " + name + " = " + fixed + " first"
	}
	return &refusal{
		Error:  wire.Error{Code: "0A000", Text: "the statement reads a masked column whose text depends on " + name + ", which the session changed", Hint: hint},
		reason: "setting", plan: p,
	}
}

// judged is an analyzed statement. An EXECUTE is valid if the prepared statement is.
func (x *session) judged(text string, p *analysis.Plan, catalog *catalog.Catalog) *statement {
	st := &statement{text: text, plan: p, catalog: catalog, check: p.CheckSQL, analysis: x.analysed}
	if prepared := x.now().statement(p.Name); p.Kind == analysis.Execute && prepared != nil {
		st.prepared = prepared
	}
	return st
}

// now returns the state for the analysis of the next statement.
func (x *session) now() *state {
	if x.staged != nil {
		return x.staged
	}
	return x.state
}

// prepared and cursor look up names for the analysis.
func (x *session) prepared(name string) *analysis.Plan {
	if p := x.now().statement(name); p != nil {
		return p.plan
	}
	return nil
}

func (x *session) cursor(name string) *analysis.Plan {
	p := x.now().portal(name)
	if p == nil || !p.cursor && (name == "" || p.st.plan.Kind != analysis.Rows || p.st.plan.Command != "SELECT") {
		return nil
	}
	return p.st.plan // of DECLARE, or a portal that Bind named
}

// isLocal reports whether Veil responds to a plan itself. If the upstream must see a
// statement, it is sent an empty one.
func isLocal(p *analysis.Plan) bool {
	return p.Kind == analysis.Local || p.Kind == analysis.Empty || p.Kind == analysis.Set && p.SQL == ""
}

// aborted refuses what Veil would respond to itself if the transaction has failed.
func (x *session) aborted(p *analysis.Plan) *refusal {
	if x.status == 'E' && isLocal(p) && p.Kind != analysis.Empty {
		return &refusal{Error: *wire.Condition("25P02"), reason: "transaction aborted"}
	}
	return nil
}

// admit counts a statement against the consumer's limits.
func (x *session) admit() (release func(), f *refusal) {
	release, _, ok := x.login.Who.Admit()
	if !ok {
		return nil, &refusal{
			Error:  wire.Error{Code: "53400", Text: "too many statements: the limit of this consumer is reached", Hint: "Try again later."},
			reason: proxy.ReasonLimits,
		}
	}
	return release, nil
}
