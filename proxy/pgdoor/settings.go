package pgdoor

import (
	"fmt"
	"maps"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/veil-proxy/veil/sqlflow"
)

// startupSettings judges the parameters a client opened the connection with, as
// if it set each of them, and returns those that the upstream's session begins
// with. What the door keeps itself is taken over.
func (x *session) startupSettings(st *startup) (map[string]string, error) {
	wanted, err := st.options()
	if err != nil {
		return nil, err
	}
	for name, value := range st.parameters {
		if name != "options" && name != "application_name" {
			wanted[name] = value
		}
	}
	settings := sqlflow.SessionSettings()
	fixed := maps.Clone(settings)
	settings["application_name"] = applicationName
	settings["TimeZone"] = "UTC" // years are cut in it: the same ones wherever the upstream is
	settings["default_transaction_isolation"] = "read committed"
	settings["statement_timeout"] = strconv.FormatInt(x.view.timeout.Milliseconds(), 10)
	settings["idle_in_transaction_session_timeout"] = strconv.FormatInt(x.s.limits.IdleTimeout.Milliseconds(), 10)
	names := make([]string, 0, len(wanted))
	for name := range wanted {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		plan, _, refused := x.analyze(setStatement(name, wanted[name]))
		if refused == nil && plan.Kind != sqlflow.Set {
			refused = &refusal{sessionError: sessionError{code: "42601", text: "a startup parameter is not a setting"}}
		}
		if refused != nil {
			refused.position = 0
			return nil, &refused.sessionError
		}
		x.state.set(plan.Setting)
		if plan.SQL != "" {
			replace(settings, plan.Setting.Name, strings.Join(plan.Setting.Values, ", "))
		}
	}
	for name, value := range fixed {
		replace(settings, name, value)
	}
	return settings, nil
}

// replace sets a setting, whose name may be there in other letters.
func replace(settings map[string]string, name, value string) {
	maps.DeleteFunc(settings, func(other, _ string) bool { return strings.EqualFold(other, name) })
	settings[name] = value
}

// setStatement is the SET that does what a startup parameter does.
func setStatement(name, value string) string {
	if name == "search_path" && strings.Trim(value, " ,$_\"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == "" && value != "" {
		return "SET search_path TO " + strings.ReplaceAll(value, "$user", `"$user"`)
	}
	return fmt.Sprintf(`SET "%s" TO '%s'`, strings.ReplaceAll(name, `"`, `""`), strings.ReplaceAll(value, "'", "''"))
}

// setting answers SHOW for what the door keeps or the client is told otherwise.
func (x *session) setting(name string) (string, bool) {
	st := x.now()
	switch name {
	case "search_path":
		quoted := make([]string, len(st.settings.now.searchPath))
		for i, schema := range st.settings.now.searchPath {
			quoted[i] = quoteIdentifier(schema)
		}
		return strings.Join(quoted, ", "), true
	case "application_name":
		return st.settings.now.application, true
	case "session_authorization":
		return x.flow.User, true
	case "is_superuser":
		return "off", true
	}
	return "", false
}

// quoteIdentifier writes a name as PostgreSQL shows it: quoted unless it is in
// lower case letters, digits and underscores.
func quoteIdentifier(name string) string {
	plain := name != "" && (name[0] < '0' || name[0] > '9')
	for i := range len(name) {
		c := name[i]
		plain = plain && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_')
	}
	if plain {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// judgeTimeout refuses a statement timeout longer than the consumer's.
func (v *view) judgeTimeout(set *sqlflow.Setting) *refusal {
	if set == nil || set.Name != "statement_timeout" || len(set.Values) == 0 {
		return nil // the default is the consumer's
	}
	d, ok := parseTimeout(set.Values[0])
	if ok && d > 0 && d <= v.timeout {
		return nil
	}
	return &refusal{
		sessionError: sessionError{code: "42501", text: "the statement timeout is longer than the consumer's",
			hint: fmt.Sprintf("set one of 1ms to %dms", v.timeout.Milliseconds())},
		reason: "statement timeout",
	}
}

// parseTimeout reads a time as PostgreSQL's settings have it: a whole number with
// a unit, of milliseconds where there is none.
func parseTimeout(s string) (time.Duration, bool) {
	s = strings.TrimSpace(s)
	digits := strings.TrimRight(s, " usminhd")
	n, err := strconv.ParseInt(digits, 10, 32)
	units := map[string]time.Duration{"": time.Millisecond, "us": time.Microsecond, "ms": time.Millisecond, "s": time.Second, "min": time.Minute, "h": time.Hour, "d": 24 * time.Hour}
	unit, ok := units[strings.TrimSpace(s[len(digits):])]
	return time.Duration(n) * unit, err == nil && ok
}
