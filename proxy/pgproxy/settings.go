package pgproxy

import (
	"fmt"
	"maps"
	"sort"
	"strconv"
	"strings"

	"github.com/veil-proxy/veil/postgres/analysis"
	"github.com/veil-proxy/veil/postgres/catalog"
	"github.com/veil-proxy/veil/proxy/pgproxy/pool"
	"github.com/veil-proxy/veil/proxy/pgproxy/wire"
)

// startupSettings checks the startup parameters as if the client had set each of them,
// and returns those for the upstream's session. Those that Veil keeps itself are applied.
func (x *session) startupSettings(st *wire.Startup) (map[string]string, error) {
	wanted, err := st.Options()
	if err != nil {
		return nil, err
	}
	for name, value := range st.Parameters {
		if name != "options" && name != "application_name" {
			wanted[name] = value
		}
	}
	fixed := catalog.SessionSettings()
	settings := catalog.FirstSettings()
	settings["application_name"] = pool.ApplicationName
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
		if refused == nil && plan.Kind != analysis.Set {
			refused = &refusal{Error: wire.Error{Code: "42601", Text: "a startup parameter is not a setting"}}
		}
		if refused != nil {
			refused.Position = 0
			return nil, &refused.Error
		}
		set := *plan.Setting
		if set.Name == "search_path" {
			shown := wanted[name]
			set.Shown = &shown
		}
		x.state.set(&set)
		upstream := strings.Join(plan.Setting.Values, ", ")
		if plan.Setting.Name == "datestyle" {
			upstream = analysis.StartupDateStyle(upstream)
		}
		if plan.SQL != "" {
			replace(settings, plan.Setting.Name, upstream)
		}
	}
	for name, value := range fixed {
		replace(settings, name, value)
	}
	maps.Copy(settings, x.view.policy.SessionKeys())
	return settings, nil
}

// replace sets a setting, whose name may be present in different case.
func replace(settings map[string]string, name, value string) {
	maps.DeleteFunc(settings, func(other, _ string) bool { return strings.EqualFold(other, name) })
	settings[name] = value
}

// setStatement returns the SET that is equivalent to a startup parameter.
func setStatement(name, value string) string {
	if name == "search_path" {
		if schemas, ok := analysis.SplitNames(value); ok && len(schemas) > 0 {
			for i, schema := range schemas {
				schemas[i] = `"` + strings.ReplaceAll(schema, `"`, `""`) + `"`
			}
			return "SET search_path TO " + strings.Join(schemas, ", ")
		}
	}
	return fmt.Sprintf(`SET "%s" TO '%s'`, strings.ReplaceAll(name, `"`, `""`), strings.ReplaceAll(value, "'", "''"))
}

// setting handles SHOW for settings that Veil keeps, or that the client sees differently.
func (x *session) setting(name string) (string, bool) {
	st := x.now()
	switch name {
	case "search_path":
		if st.settings.now.path != nil {
			return *st.settings.now.path, true
		}
		quoted := make([]string, len(st.settings.now.searchPath))
		for i, schema := range st.settings.now.searchPath {
			quoted[i] = quoteIdentifier(schema)
		}
		return strings.Join(quoted, ", "), true
	case "application_name":
		return st.settings.now.application, true
	case "client_encoding":
		return st.settings.now.encoding, true
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
