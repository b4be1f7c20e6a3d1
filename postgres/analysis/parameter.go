package analysis

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/veil-proxy/veil/postgres/catalog"
)

// parameter is a run-time parameter that a client may set.
type parameter struct {
	// kept: the proxy stores the value, and the upstream never sees it.
	kept bool
	// form: the text that a type has upstream depends on the value. A column of one of
	// these types cannot be masked unless the parameter is as formOf says.
	form []uint32
	// read returns a value in the form for the upstream or the proxy. If it is nil, the
	// upstream reads it.
	read func(a *analysis, values []string) ([]string, reading)
	// hint says what to set instead.
	hint string
}

// reading is the result of reading a value.
type reading uint8

const (
	accepted reading = iota
	invalid          // for PostgreSQL, too
	unserved         // PostgreSQL would accept it
)

// parameters has those that a client may set.
var parameters map[string]*parameter

func init() { // in init, because the readers refer back to the table
	parameters = map[string]*parameter{
		"application_name":                    {kept: true},
		"search_path":                         {kept: true, read: readPath, hint: "pg_catalog is searched first: put it first, or omit it."},
		"client_encoding":                     {kept: true, read: readEncoding, hint: "Text is in UTF-8: connect with client_encoding=UTF8 (PGCLIENTENCODING=UTF8 in the environment)."},
		"standard_conforming_strings":         {kept: true, read: readOn, hint: "Leave it on, and write strings with backslash escapes as E'…'."},
		"default_transaction_read_only":       {kept: true, read: readOn, hint: "The database is read-only: leave it on."},
		"transaction_read_only":               {kept: true, read: readOn, hint: "The database is read-only: leave it on."},
		"role":                                {kept: true, read: readNoRole, hint: "The login determines the role: run RESET ROLE."},
		"session_authorization":               {kept: true, read: readNoRole, hint: "The login determines the user: run RESET SESSION AUTHORIZATION."},
		"statement_timeout":                   {read: readTimeout},
		"lock_timeout":                        {},
		"idle_in_transaction_session_timeout": {},
		"timezone":                            {read: readZone, hint: "Set a zone that is no more than 15 hours from UTC, such as UTC or America/New_York."},
		"client_min_messages":                 {read: readMessages, hint: "Set notice, warning or error: the upstream's debugging messages are not passed on."},
		"datestyle":                           {read: readDateStyle, hint: "Dates are returned in the ISO style: set ISO, with DMY, MDY or YMD for the order in which dates are read."},
		"intervalstyle":                       {form: []uint32{catalog.OIDInterval}},
		"bytea_output":                        {form: []uint32{catalog.OIDBytea}},
		"extra_float_digits":                  {form: []uint32{catalog.OIDFloat4, catalog.OIDFloat8}},
		"lc_monetary":                         {form: []uint32{oidMoney}},
		"lc_numeric":                          {},
		"lc_time":                             {},
		"default_transaction_isolation":       {},
		"default_transaction_deferrable":      {},
		"transaction_isolation":               {},
		"transaction_deferrable":              {},
		"escape_string_warning":               {},
		"jit":                                 {},
	}
	addTuning(parameters)
}

// oidMoney is the type whose text has a currency.
const oidMoney = 790

// fixedForms has the values of the parameters with a form for which columns are masked;
// for lc_monetary it is the upstream's own.
var fixedForms = map[string]string{"intervalstyle": "postgres", "bytea_output": "hex", "extra_float_digits": "1", "lc_monetary": ""}

// FormOf returns what a session must remember of a parameter that was set, for
// Plan.Hinders to decide whether columns can be masked: "" if they can, or if no type's
// text depends on the parameter.
func FormOf(name string, values []string) string {
	fixed, ok := fixedForms[name]
	value := strings.ToLower(strings.Join(values, ", "))
	if n, err := strconv.Atoi(value); name == "extra_float_digits" && err == nil && n > 0 {
		value = "1" // the shortest text that is exact, with each of them
	}
	if !ok || value == fixed {
		return ""
	}
	return value
}

// Hinders returns a parameter that the session has changed and that prevents the plan's
// columns from being masked; "" if there is none.
func (p *Plan) Hinders(forms map[string]string) (name, fixed string) {
	if len(forms) == 0 {
		return "", ""
	}
	for _, name := range p.forms {
		if forms[name] != "" {
			return name, fixedForms[name]
		}
	}
	return "", ""
}

// depends records the parameters that the text of a type depends on.
func (a *analysis) depends(t *catalog.Type) {
	for name, p := range parameters {
		if slices.Contains(p.form, t.OID) && !slices.Contains(a.plan.forms, name) {
			a.plan.forms = append(a.plan.forms, name)
		}
	}
	slices.Sort(a.plan.forms)
}

// readSetting reads the values of a parameter.
func (a *analysis) readSetting(name string, values []string) (canonical []string) {
	p := parameters[name]
	if p == nil {
		hint := ""
		if name == "synchronize_seqscans" { // the first that pg_dump needs and no other client sets
			hint = "pg_dump does not work over Veil: mask a dump with veil mask --format pgdump, or read tables with COPY … TO STDOUT."
		}
		a.fail(codeForbidden, 0, fmt.Sprintf("parameter %q cannot be set", name), hint)
	}
	if p.read == nil || len(values) == 0 {
		return values
	}
	canonical, r := p.read(a, values)
	switch r {
	case invalid:
		a.fail(codeInvalidValue, 0, fmt.Sprintf("invalid value for parameter %q", name), p.hint)
	case unserved:
		a.fail(codeForbidden, 0, fmt.Sprintf("parameter %q cannot have this value", name), p.hint)
	}
	return canonical
}

// readPath makes sure that pg_catalog comes first: another schema never hides its
// objects.
func readPath(_ *analysis, v []string) ([]string, reading) {
	if slices.Index(v, "pg_catalog") > 0 {
		return nil, unserved
	}
	return v, accepted
}

// encodings has the names of client encodings that PostgreSQL has besides UTF-8, in the
// letters and digits that it compares (src/common/encnames.c).
var encodings = wordSet(`abc alt big5 euccn eucjis2004 eucjp euckr euctw gb18030 gbk iso88591 iso885910 iso885913 iso885914 iso885915
iso885916 iso88592 iso88593 iso88594 iso88595 iso88596 iso88597 iso88598 iso88599 johab koi8 koi8r koi8u latin1 latin10 latin2 latin3
latin4 latin5 latin6 latin7 latin8 latin9 mskanji muleinternal shiftjis shiftjis2004 sjis tcvn tcvn5712 uhc vscii win win1250 win1251
win1252 win1253 win1254 win1255 win1256 win1257 win1258 win866 win874 win932 win936 win949 win950 windows1250 windows1251 windows1252
windows1253 windows1254 windows1255 windows1256 windows1257 windows1258 windows866 windows874 windows932 windows936 windows949 windows950`)

// readEncoding compares only letters and digits, as PostgreSQL does. SQL_ASCII converts
// nothing.
func readEncoding(_ *analysis, v []string) ([]string, reading) {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		}
		return -1
	}, strings.Join(v, ", "))
	switch {
	case name == "utf8", name == "unicode":
		return []string{"UTF8"}, accepted
	case name == "sqlascii":
		return []string{"SQL_ASCII"}, accepted
	case encodings[name]:
		return nil, unserved
	}
	return nil, invalid
}

// readOn reads a boolean that must stay on. PostgreSQL accepts any unambiguous prefix of
// a word.
func readOn(_ *analysis, v []string) ([]string, reading) {
	if len(v) != 1 || v[0] == "" {
		return nil, invalid
	}
	word := strings.ToLower(v[0])
	switch {
	case strings.HasPrefix("true", word), strings.HasPrefix("yes", word), word == "on", word == "1":
		return []string{"on"}, accepted
	case strings.HasPrefix("false", word), strings.HasPrefix("no", word), word == "of", word == "off", word == "0":
		return nil, unserved
	}
	return nil, invalid
}

// readNoRole lets a session return to the role that it has anyway.
func readNoRole(_ *analysis, v []string) ([]string, reading) {
	if len(v) == 1 && v[0] == "none" {
		return v, accepted
	}
	return nil, unserved
}

func readMessages(_ *analysis, v []string) ([]string, reading) {
	word := strings.ToLower(strings.Join(v, ", "))
	switch {
	case slices.Contains([]string{"notice", "warning", "error", "info", "log"}, word):
		return v, accepted
	case slices.Contains([]string{"debug", "debug1", "debug2", "debug3", "debug4", "debug5"}, word):
		return nil, unserved
	}
	return nil, invalid
}

// readDateStyle accepts any order, but only the style ISO.
func readDateStyle(_ *analysis, v []string) ([]string, reading) {
	for _, word := range strings.Split(strings.ToLower(strings.Join(v, ",")), ",") {
		word = strings.Trim(word, " \t\n\r\f\v\"")
		if word == "sql" || word == "german" || strings.HasPrefix(word, "postgres") {
			return nil, unserved
		}
	}
	return v, accepted
}

// timeoutForm is a number as C reads it, and a unit.
var timeoutForm = regexp.MustCompile(`^\s*([+-]?)(0[xX][0-9a-fA-F]+|[0-9]+|[0-9]*\.?[0-9]*(?:[eE][+-]?[0-9]+)?)\s*(us|ms|s|min|h|d)?\s*$`)

// amountForm is a number with a unit of memory or time.
var amountForm = regexp.MustCompile(`^\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*(B|kB|MB|GB|TB|us|ms|s|min|h|d)?\s*$`)

// parseTimeout reads a time as PostgreSQL does in a setting of milliseconds, rounding
// included.
func parseTimeout(s string) (ms int64, ok bool) {
	m := timeoutForm.FindStringSubmatch(s)
	if m == nil {
		return 0, false
	}
	n, err := strconv.ParseFloat(m[2], 64)
	if whole, e := strconv.ParseInt(m[2], 0, 64); e == nil && !strings.ContainsAny(m[2], "_oObB") {
		n, err = float64(whole), nil // strtol's base 0: 0x10, 010
	} else if strings.HasPrefix(strings.ToLower(m[2]), "0x") {
		return 0, false
	}
	if err != nil {
		return 0, false
	}
	if m[1] == "-" {
		n = -n
	}
	units := map[string]float64{"": 1, "us": 0.001, "ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
	n = math.RoundToEven(n * units[m[3]])
	return int64(n), n >= 0 && n <= math.MaxInt32
}

// readTimeout limits the statement timeout to the session's longest, and sends it in
// whole milliseconds, so that exactly the checked value applies. No timeout counts as the
// longest.
func readTimeout(a *analysis, v []string) ([]string, reading) {
	if len(v) != 1 {
		return nil, invalid
	}
	ms, ok := parseTimeout(v[0])
	if !ok {
		return nil, invalid
	}
	if longest := a.session.Timeout.Milliseconds(); longest > 0 {
		a.personal = true
		if ms > longest {
			a.failReason("statement timeout", codeForbidden, 0, "the statement timeout is longer than the consumer's",
				fmt.Sprintf("Set a timeout from 1ms to %dms.", longest))
		}
		if ms == 0 {
			ms = longest
		}
	}
	return []string{strconv.FormatInt(ms, 10)}, accepted
}

// StartupDateStyle returns the date style of a new session if the client requests one,
// so that its style is ISO whatever the upstream's is.
func StartupDateStyle(style string) string {
	for _, word := range strings.Split(style, ",") {
		if strings.EqualFold(strings.TrimSpace(word), "iso") {
			return style
		}
	}
	return "ISO, " + style
}

// FirstDateStyle returns the date style of a new session if the client requests none,
// based on the style that the upstream reports: ISO, with the same order of day, month
// and year.
func FirstDateStyle(reported string) string {
	_, order, _ := strings.Cut(reported, ", ")
	return StartupDateStyle(order)
}
