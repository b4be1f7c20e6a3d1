package sqlflow

import (
	"fmt"
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// settable are the run-time parameters that a client may set, with the check of the
// value where there is one.
var settable = map[string]func(values []string) bool{
	"application_name": nil, "statement_timeout": nil, "lock_timeout": nil, "idle_in_transaction_session_timeout": nil,
	"timezone": nil,
	"client_min_messages": func(v []string) bool {
		return len(v) == 1 && slices.Contains([]string{"notice", "warning", "error", "info"}, strings.ToLower(v[0]))
	},
	// pg_catalog comes first always: what it has is never hidden by another schema.
	"search_path":        func(v []string) bool { return slices.Index(v, "pg_catalog") <= 0 },
	"extra_float_digits": nil,
	"lc_monetary":        nil, "lc_numeric": nil, "lc_time": nil, "default_transaction_isolation": nil, "default_transaction_deferrable": nil,
	"transaction_isolation": nil, "transaction_deferrable": nil,
	"client_encoding": func(v []string) bool { return len(v) == 1 && isUTF8(v[0]) },
	"datestyle": func(v []string) bool {
		return len(v) > 0 && strings.HasPrefix(strings.ToLower(strings.ReplaceAll(strings.Join(v, ","), " ", "")), "iso")
	},
	"standard_conforming_strings":   isOn,
	"default_transaction_read_only": isOn, "transaction_read_only": isOn,
	"intervalstyle": func(v []string) bool { return len(v) == 1 && strings.EqualFold(v[0], "postgres") },
	"bytea_output":  func(v []string) bool { return len(v) == 1 && strings.EqualFold(v[0], "hex") },
}

func isUTF8(s string) bool {
	s = strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(s))
	return s == "utf8" || s == "unicode"
}

func isOn(v []string) bool {
	return len(v) == 1 && slices.Contains([]string{"on", "true", "1", "yes"}, strings.ToLower(v[0]))
}

// held are the parameters that SessionSettings fixes: setting them to what they are is
// answered without asking upstream.
var held = wordSet("client_encoding datestyle standard_conforming_strings default_transaction_read_only intervalstyle bytea_output search_path extra_float_digits")

// CheckSetting reports whether a client may set a parameter to a value, and whether the
// upstream is to be told. It is for the parameters of a startup message; SET goes
// through Analyze.
func CheckSetting(name string, values []string) (allowed, upstream bool) {
	name = strings.ToLower(name)
	check, ok := settable[name]
	if !ok || check != nil && len(values) > 0 && !check(values) {
		return false, false
	}
	return true, !held[name]
}

// set analyses SET and RESET.
func (a *analysis) set(s *pg.VariableSetStmt, n *pg.Node) {
	p := a.plan
	p.Kind, p.Command = Set, "SET"
	name := strings.ToLower(s.Name)
	p.Setting = &Setting{Name: name, Local: s.IsLocal}
	switch s.Kind {
	case pg.VariableSetKind_VAR_RESET_ALL:
		// Back to the startup message, which has SessionSettings.
		p.Command, p.Setting.Name = "RESET", ""
		p.SQL = "RESET ALL"
		return
	case pg.VariableSetKind_VAR_SET_MULTI:
		if s.Name != "TRANSACTION" && s.Name != "SESSION CHARACTERISTICS" {
			a.fail(codeForbidden, 0, "this SET is not allowed", "")
		}
		a.readOnlyOptions(s.Args)
		p.SQL = a.deparse(n, true)
		return
	case pg.VariableSetKind_VAR_RESET, pg.VariableSetKind_VAR_SET_DEFAULT:
		p.Command = "RESET"
		if s.Kind == pg.VariableSetKind_VAR_SET_DEFAULT {
			p.Command = "SET"
		}
	case pg.VariableSetKind_VAR_SET_VALUE:
		for _, arg := range s.Args {
			c, ok := constantOf(arg)
			if !ok || c.null || c.param > 0 {
				a.fail(codeForbidden, 0, "the value of a parameter must be a constant", "")
			}
			p.Setting.Values = append(p.Setting.Values, c.text)
		}
	default:
		a.fail(codeForbidden, 0, "this SET is not allowed", "")
	}
	check, ok := settable[name]
	if !ok {
		a.fail(codeForbidden, 0, fmt.Sprintf("parameter %q cannot be set", s.Name), "")
	}
	if check != nil && len(p.Setting.Values) > 0 && !check(p.Setting.Values) {
		a.fail(codeForbidden, 0, fmt.Sprintf("parameter %q cannot have this value", s.Name), "Veil reads and writes values in ISO dates, hex bytea and UTF-8")
	}
	if name == "search_path" && len(p.Setting.Values) == 1 && strings.Contains(p.Setting.Values[0], ",") {
		// One text with commas is one name, as in PostgreSQL.
		p.Setting.Values = []string{p.Setting.Values[0]}
	}
	if !held[name] {
		p.SQL = a.deparse(n, true)
	}
}

// show analyses SHOW.
func (a *analysis) show(s *pg.VariableShowStmt) {
	p := a.plan
	name := strings.ToLower(s.Name)
	p.Command = "SHOW"
	if !shownSettings[name] && name != "timezone" {
		a.fail(codeUnknownSet, 0, fmt.Sprintf("parameter %q is not shown", s.Name), "SHOW ALL is not possible; ask for single parameters")
	}
	p.Columns = []Column{{Name: name, action: -1}}
	if spelled := map[string]string{"timezone": "TimeZone", "datestyle": "DateStyle", "intervalstyle": "IntervalStyle"}[name]; spelled != "" {
		p.Columns[0].Name = spelled
	}
	value, known := "", false
	if a.session.Setting != nil {
		value, known = a.session.Setting(name)
	}
	switch {
	case name == "search_path":
		value, known = pathText(a.session.SearchPath), true
	case name == "session_authorization":
		value, known, a.personal = a.session.User, true, true
	case name == "is_superuser":
		value, known = "off", true
	}
	if known {
		p.Cached = false
		p.Kind, p.Answer = Local, [][]string{{value}}
		return
	}
	p.Kind, p.SQL = Rows, "SHOW "+quoteIdent(name)
}
