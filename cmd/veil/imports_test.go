package main

import (
	"slices"
	"strings"
	"testing"
)

const module = "github.com/veil-proxy/veil/"

// everyones is a package that each may import.
const everyones = "internal/lazyregexp"

// TestImportsPointOneWay holds the directions of the packages: cmd → proxy →
// fhir → mask; general, safeharbor and audit know only mask; the regulation and
// the general methods never meet in code. A name that ends in "/..." stands for a
// package and those below it.
func TestImportsPointOneWay(t *testing.T) {
	allowed := map[string][]string{
		"textfile":       {},
		"internal/luhn":  {},
		"internal/stack": {},
		everyones:        {},
		// Hashes side by side.
		"internal/hmaclanes": {},
		"internal/lanestest": {"internal/hmaclanes"},
		// The language of rulesets and keys.
		"internal/suggest":    {},
		"internal/strictyaml": {"internal/suggest"},
		"mask/civil":          {},
		"mask/age":            {},
		"mask/forms":          {},
		"mask/keys":           {"internal/hmaclanes", "mask/civil", "textfile"},
		"mask":                {"mask/civil", "mask/keys", "internal/suggest", "text"},
		"mask/ruleset":        {"mask", "mask/civil", "mask/forms", "mask/keys", "internal/strictyaml", "internal/suggest"},

		"general":                 {"mask", "mask/civil", "mask/forms", "mask/keys", "internal/luhn"},
		"safeharbor":              {"mask", "mask/age", "mask/civil", "mask/forms"},
		"audit":                   {"mask"},
		"rulesets":                {"internal/suggest"},
		"fhir/termhash":           {},
		"internal/masktest":       {"text/scrub", "fhir", "fhir/schema", "general", "mask/...", "rulesets", "safeharbor", "table"},
		"fhir/guard":              {"fhir", "fhir/edit", "fhir/fhirjson", "fhir/lexical", "fhir/schema", "fhir/terminology", "internal/suggest", "mask/..."},
		"fhir/edit":               {"fhir/fhirjson", "fhir/schema"},
		"fhir/fhirxml":            {"fhir/fhirjson", "fhir/markup", "fhir/recall", "fhir/schema"},
		"fhir/recall":             {},
		"fhir/markup":             {"fhir/fhirjson"},
		"fhir/schema":             {"fhir/fhirjson", "fhir/terminology"},
		"fhir/terminology":        {"fhir/fhirjson", "fhir/lexical", "fhir/termhash", "internal/luhn"},
		"fhir/lexical":            {"mask/civil"},
		"fhir/fhirjson":           {},
		"fhir/gen":                {"fhir/termhash"},
		"fhir":                    {"fhir/people", "text", "mask/...", "internal/strictyaml", "internal/suggest", "fhir/termhash", "fhir/fhirjson", "fhir/lexical", "fhir/terminology", "fhir/schema", "fhir/fhirxml", "fhir/edit", "fhir/recall"},
		"proxy":                   {"mask", "proxy/consumer", "proxy/metrics", "proxy/trace"},
		"internal/loopback":       {},
		"proxy/consumer":          {"internal/loopback", "textfile"},
		"proxy/metrics":           {},
		"fhir/inparts":            {"fhir", "fhir/edit", "fhir/fhirjson", "fhir/fhirxml", "mask"},
		"proxy/fhirproxy/conns":   {},
		"proxy/fhirproxy/cors":    {},
		"proxy/fhirproxy":         {"proxy/fhirproxy/lend", "proxy/trace", "fhir/people", "fhir/fhirxml", "proxy/fhirproxy/lookup", "fhir/inparts", "proxy/fhirproxy/conns", "proxy/fhirproxy/cors", "mask/...", "fhir", "proxy", "proxy/consumer", "proxy/metrics", "proxy/fhirproxy/capability", "proxy/fhirproxy/media", "proxy/fhirproxy/outcome", "proxy/fhirproxy/parse", "proxy/fhirproxy/upstream", "proxy/signin", "fhir/fhirjson", "fhir/edit", "fhir/guard", "fhir/schema", "internal/stack"},
		"proxy/fhirproxy/outcome": {},

		"internal/planttest": {},

		"proxy/fhirproxy/lookup": {"proxy/trace", "fhir", "fhir/edit", "fhir/people", "internal/stack", "proxy", "proxy/fhirproxy/upstream"},

		"proxy/fhirproxy/capability": {"fhir/...", "mask/..."},
		"proxy/fhirproxy/parse":      {"fhir", "proxy/fhirproxy/outcome", "fhir/fhirxml", "fhir/schema", "fhir/guard"},
		"proxy/fhirproxy/media":      {"fhir", "proxy/fhirproxy/outcome", "proxy/fhirproxy/parse", "fhir/fhirxml", "fhir/schema", "fhir/guard"},
		"proxy/fhirproxy/upstream":   {"proxy/fhirproxy/lend", "proxy/trace", "fhir", "proxy", "proxy/metrics", "proxy/signin", "proxy/fhirproxy/outcome", "proxy/fhirproxy/parse", "fhir/fhirxml", "fhir/schema"},
		"proxy/signin":               {"internal/loopback", "textfile"},
		"proxy/pgproxy":              {"proxy/trace", "mask/...", "postgres/analysis", "postgres/catalog", "postgres/rows", "proxy", "proxy/consumer", "proxy/metrics", "proxy/pgproxy/pool", "proxy/pgproxy/wire", "internal/stack"},
		"proxy/pgproxy/wire":         {},
		"proxy/pgproxy/pool":         {"postgres/analysis", "postgres/catalog", "proxy", "proxy/pgproxy/wire"},
		// Tables, and PostgreSQL.
		"table":                  {"mask/...", "internal/suggest", "text"},
		"table/cells":            {},
		"table/csv":              {"mask/...", "table", "file"},
		"table/parquet/encoding": {},
		"table/parquet":          {"mask/...", "table", "table/cells", "table/pandas", "table/parquet/encoding", "file"},
		"table/arrow":            {"mask/...", "table", "table/cells", "table/pandas", "file"},
		"table/pandas":           {},
		"table/pgdump":           {"mask/...", "table", "table/cells", "file", "postgres/catalog", "postgres/rows", "postgres/script"},
		"postgres/catalog":       {},
		"postgres/script":        {"postgres/catalog"},
		"postgres/rows":          {"mask/...", "postgres/script", "table", "postgres/catalog"},
		"postgres/analysis":      {"mask/...", "internal/stack", "internal/suggest", "table", "postgres/catalog", "postgres/rows"},
		// Documents.
		"document":      {"mask/...", "internal/strictyaml", "internal/suggest", "fhir/fhirjson"},
		"document/json": {"mask/...", "document", "fhir/fhirjson", "file"},
		"document/xml":  {"mask/...", "document", "fhir/fhirjson", "fhir/markup", "file"},
		// Discovery.
		"discover":            {"discover/values", "discover/words"},
		"discover/dict":       {},
		"discover/values":     {"discover/dict"},
		"discover/words":      {"discover/dict"},
		"discover/pgsource":   {"discover", "discover/values", "postgres/catalog"},
		"discover/report":     {"discover", "discover/values"},
		"discover/fhirsource": {"fhir"},
		"discover/drift":      {"discover", "discover/report", "mask/...", "table"},
		"discover/propose":    {"discover", "discover/dict", "discover/words"},
		"internal/discovery":  {"report/evidence", "report/signed", "discover/...", "discover", "internal/cli", "textfile", "file", "fhir", "internal/formats", "internal/jobshow", "internal/rules", "mask/...", "table"},
		// Test support. The demo uses fhirtest too.
		"internal/consoletest":       {"internal/masktest", "internal/veiltest", "proxy/console", "proxy/console/login", "proxy/console/session", "proxy/metrics"},
		"internal/discovertest":      {"discover", "discover/values"},
		"internal/documenttest":      {"mask/...", "document", "general", "safeharbor"},
		"internal/fhirtest":          {"internal/luhn"},
		"internal/hapitest":          {"internal/fhirtest", "internal/veiltest"},
		"internal/pgtest":            {"internal/veiltest"},
		"proxy/fhirproxy/clienttest": {},
		"internal/veiltest":          {},
		"python":                     {},
		"proxy/pgproxy/sqltest":      {},
		// The program: configuration, and what runs it.
		"file":                 {"mask/..."},
		"file/bucket":          {"file"},
		"fhir/fhirfile":        {"fhir/people", "fhir/inparts", "fhir/fhirxml", "mask/...", "fhir", "fhir/fhirjson", "fhir/schema", "file", "fhir/guard", "internal/stack"},
		"internal/cli":         {},
		"internal/formats":     {"text", "text/note", "internal/rules", "document/...", "fhir", "fhir/...", "file", "table", "table/..."},
		"internal/jobshow":     {"document", "file", "table", "table/pgdump"},
		"internal/runs":        {"mask/...", "audit", "file"},
		"internal/opener":      {"mask/..."},
		"internal/rules":       {"textfile", "mask/...", "internal/strictyaml", "internal/suggest", "document/...", "document", "fhir", "rulesets", "fhir/schema"},
		"internal/ruletest":    {"internal/jsonrow", "mask/...", "internal/strictyaml", "internal/rules", "document/...", "document", "fhir", "rulesets", "table", "textfile"},
		"internal/auditshow":   {"audit", "audit/index", "file", "internal/cli", "internal/config", "mask/keys"},
		"internal/keyscmd":     {"proxy/console/login", "audit", "internal/cli", "internal/config", "internal/opener", "mask/keys", "proxy/consumer"},
		"internal/config":      {"audit/ship", "proxy/consumer/keyfile", "proxy/trace", "proxy/console", "proxy/console/login", "proxy/console/session", "text/recognizer", "text/scrub", "proxy/darts", "internal/loopback", "textfile", "mask/...", "internal/strictyaml", "internal/suggest", "fhir", "postgres/analysis", "audit", "proxy/consumer", "proxy/fhirproxy", "proxy/metrics", "proxy/pgproxy", "proxy/signin", "internal/rules", "proxy/jobs/queue", "proxy/jobs/work"},
		"internal/tablecheck":  {"discover", "discover/drift", "discover/pgsource", "discover/words", "mask/...", "postgres/analysis", "internal/config", "internal/serve"},
		"internal/rulesetdiff": {"fhir", "mask", "mask/ruleset"},
		"internal/rulesetshow": {"document", "fhir", "fhir/...", "mask/ruleset", "safeharbor", "internal/suggest"},
		"internal/serve":       {"internal/attest", "report/evidence", "audit/ship", "proxy/consumer", "proxy/consumer/keyfile", "proxy/trace", "proxy/trace/collector", "proxy/console", "proxy/console/...", "internal/views", "fhir", "postgres/analysis", "proxy/darts", "proxy/operator", "audit", "proxy", "proxy/fhirproxy", "proxy/metrics", "proxy/pgproxy", "internal/config", "file/bucket", "proxy/jobs", "proxy/jobs/queue", "proxy/jobs/work", "discover/report", "audit/index", "proxy/console/overview", "fhir/schema", "proxy/fhirproxy/upstream"},
		"internal/demo":        {"mask/...", "audit", "fhir", "internal/fhirtest", "postgres/analysis", "proxy/consumer", "proxy/fhirproxy", "proxy/pgproxy", "internal/rules", "internal/config", "internal/serve", "mask/keys", "proxy/console", "proxy/console/login"},
		"cmd/veil":             {"text/recognizer", "proxy/operator", "text/scrub", "textfile", "mask/...", "internal/...", "general", "safeharbor", "audit", "rulesets", "fhir", "fhir/fhirfile", "internal/fhirtest", "fhir/schema", "file", "file/bucket", "postgres/analysis", "table", "table/csv", "proxy", "proxy/consumer", "fhir/guard", "discover/pgsource"},
		// Traces, and what becomes of the audit log.
		"proxy/trace":           {},
		"proxy/trace/collector": {},
		"audit/ship":            {"audit"},
		"internal/otlptest":     {},

		// Identifiers in free text.
		"text/encoded":     {},
		"text":             {"discover/dict", "text/encoded"},
		"text/markup":      {"text"},
		"text/recognizer":  {"text"},
		"internal/textcmd": {"internal/cli", "text", "text/markup", "text/recognizer"},
		"fhir/people":      {"fhir/fhirjson", "fhir/schema", "text"},
		"text/scrub":       {"general", "mask", "mask/civil", "mask/forms", "mask/keys", "text", "text/markup", "text/recognizer"},
		"text/note":        {"file", "mask", "mask/ruleset", "text"},

		// Evidence.
		"report/signed":   {},
		"report/evidence": {"audit", "discover/drift", "discover/report", "file", "mask", "report/signed", "safeharbor"},

		// Figures of masked data.
		"report/records":      {"file", "table/csv", "table/cells"},
		"report/risk":         {"report/records", "report/signed"},
		"report/fidelity":     {"report/records", "report/signed", "table/cells"},
		"internal/reporttest": {"internal/veiltest"},
		"internal/reportcmd":  {"file", "internal/attest", "internal/auditshow", "internal/cli", "internal/config", "internal/formats", "internal/rules", "mask/keys", "report/...", "textfile"},
		"internal/attest":     {"internal/config", "internal/rules", "mask/ruleset", "report/evidence", "report/signed", "rulesets"},

		"deploy": {},

		// Operators.
		"proxy/operator": {"internal/stack", "mask", "proxy", "proxy/consumer", "proxy/metrics"},
		"proxy/darts":    {"fhir", "fhir/fhirjson", "mask", "mask/keys", "proxy", "proxy/fhirproxy/outcome", "proxy/operator", "proxy/signin"},

		// The console.
		"proxy/console/access":     {"internal/strictyaml", "proxy/console", "proxy/consumer", "proxy/consumer/keyfile"},
		"proxy/consumer/keyfile":   {"internal/strictyaml", "proxy/consumer", "textfile"},
		"proxy/console":            {"internal/stack", "mask", "proxy", "proxy/console/assets", "proxy/console/login", "proxy/console/session", "proxy/consumer", "proxy/metrics"},
		"proxy/console/assets":     {},
		"proxy/console/background": {"internal/stack"},
		"proxy/fhirproxy/lend":     {},
		"proxy/console/login":      {"internal/loopback", "textfile"},
		"proxy/console/session":    {},
		"proxy/console/overview":   {"audit/index", "proxy/console", "safeharbor"},
		"proxy/console/walktest":   {},
		// Jobs of operators.
		"proxy/console/joblist": {"internal/runs", "mask", "proxy/console", "proxy/jobs", "proxy/jobs/queue", "proxy/jobs/work"},
		"proxy/jobs":            {"internal/runs", "mask", "proxy", "proxy/jobs/queue", "proxy/jobs/work", "proxy/operator", "report/signed"},
		"proxy/jobs/queue":      {"internal/stack", "mask"},
		"proxy/jobs/work":       {"discover", "discover/...", "fhir", "file", "internal/discovery", "internal/formats", "internal/jobshow", "internal/rules", "mask", "proxy/fhirproxy/outcome", "proxy/fhirproxy/upstream", "proxy/jobs/queue", "table"},

		// The index of the audit log, and the console's pages of it.
		"proxy/console/reports":  {"mask/keys", "proxy/console", "proxy/console/background", "report/evidence", "report/signed", "textfile"},
		"proxy/console/auditlog": {"audit", "audit/index", "proxy/console", "proxy/console/background", "safeharbor"},
		"audit/index":            {"audit"},
		"internal/audittest":     {"audit", "mask"},

		// The self-test. What runs attacks knows nothing of Veil.
		"selftest":             {"internal/strictyaml", "report/signed", "textfile"},
		"selftest/suite":       {"internal/strictyaml", "selftest"},
		"selftest/sqlattack":   {"internal/loopback", "selftest", "selftest/suite"},
		"selftest/fhirattack":  {"internal/loopback", "selftest", "selftest/suite"},
		"selftest/deployment":  {"audit", "fhir", "general", "internal/config", "internal/loopback", "internal/tablecheck", "mask/keys", "mask/ruleset", "postgres/analysis", "proxy/signin", "selftest", "selftest/fhirattack", "textfile"},
		"internal/selftestcmd": {"internal/cli", "internal/config", "mask/keys", "report/signed", "selftest", "selftest/...", "textfile"},

		// What operators look at in the console.
		"proxy/console/discovery": {"discover", "discover/fhirsource", "discover/propose", "discover/report", "internal/suggest", "internal/views", "proxy/console"},
		"proxy/console/tryit":     {"internal/trial", "internal/views", "mask", "postgres/catalog", "postgres/ddl", "proxy/console"},
		"proxy/console/rulebook":  {"fhir", "internal/rules", "internal/rulesetdiff", "internal/ruletest", "internal/ruletree", "internal/strictyaml", "internal/views", "mask/ruleset", "postgres/analysis", "proxy/console", "rulesets", "textfile"},
		"internal/views":          {"fhir", "internal/rules", "postgres/analysis", "postgres/catalog"},
		"internal/viewstest":      {"fhir", "general", "internal/masktest", "internal/rules", "internal/views", "postgres/analysis", "postgres/catalog", "postgres/ddl", "safeharbor", "table", "text/scrub"},
		"internal/jsonrow":        {"fhir", "internal/rules", "mask", "table"},
		"internal/ruletree":       {"fhir", "internal/suggest", "mask", "mask/forms", "mask/ruleset", "postgres/analysis", "safeharbor"},
		"internal/trial":          {"fhir", "fhir/fhirfile", "fhir/fhirjson", "fhir/fhirxml", "fhir/schema", "file", "internal/fhirtest", "internal/formats", "internal/jsonrow", "internal/ruletree", "internal/stack", "internal/views", "mask", "postgres/analysis", "postgres/catalog", "postgres/script", "table"},
		"postgres/ddl":            {"postgres/analysis", "postgres/catalog"},

		// Rulesets of other tools.
		"internal/rulesetimport": {"fhir", "fhir/schema", "internal/rules", "internal/strictyaml", "mask", "mask/ruleset"},
	}
	seen := map[string]bool{}
	for _, p := range packages(t) {
		pkg := strings.TrimPrefix(p.ImportPath, module)
		seen[pkg] = true
		may, known := allowed[pkg]
		if !known {
			t.Errorf("package %s has no place in the house: say what it may import", pkg)
		}
		for _, imp := range p.Imports {
			inner, ours := strings.CutPrefix(imp, module)
			if ours && inner != everyones && !slices.ContainsFunc(may, func(m string) bool {
				top, group := strings.CutSuffix(m, "/...")
				return inner == top || group && strings.HasPrefix(inner, top+"/")
			}) {
				t.Errorf("%s must not import %s", pkg, inner)
			}
			if imp == "C" || imp == "unsafe" {
				t.Errorf("%s imports %s", pkg, imp)
			}
		}
	}
	for pkg := range allowed {
		if !seen[pkg] {
			t.Errorf("package %s is gone", pkg)
		}
	}
}
