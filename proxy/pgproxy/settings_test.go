package pgproxy

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/veil-proxy/veil/internal/pgtest"
)

// settingCases are values for each parameter that a client may set, and an expression
// that depends on it.
var settingCases = []struct {
	name, effect string
	values       string // with semicolons between them
	unserved     string // those that PostgreSQL takes and Veil refuses
}{
	{"datestyle", "'01/02/03'::date", "ISO, DMY;iso,mdy;DMY;MDY;YMD;European;US;NonEuropean;ISO;DMY, ISO;default;nope;DMY, MDY;", "German;SQL, DMY;Postgres"},
	{"intervalstyle", "interval '1 year 2 days -03:04:05'", "postgres;iso_8601;ISO_8601;sql_standard;postgres_verbose;nope;", ""},
	{"timezone", "timestamptz '2024-05-01 12:00+02'", "UTC;Europe/Berlin;utc;America/New_York;GMT;Mars/Base;-7;5.5;Etc/GMT-14;EST5EDT;<+0330>-3:30;NZST-12NZDT,M9.5.0,M4.1.0/3", "XXX-85;-16;1e2;167;A20B"},
	{"client_encoding", "'é'", "UTF8;utf-8;'utf-8';UTF_8;Unicode;unicode;nope;;SQL_ASCII;sql-ascii", "LATIN1;WIN1252;iso-8859-1;SJIS"},
	{"bytea_output", `'\x00ff'::bytea`, "hex;escape;HEX;nope", ""},
	{"extra_float_digits", "0.1::float8 + 0.2", "0;1;2;3;-5;-15;4;x;0x1", ""},
	{"application_name", "1", "me;;a'b;with space", ""},
	{"search_path", "1", "public;clinic;nowhere;;Billing", ""},
	{"lock_timeout", "1", "0;5s;1min;-1;400us;x", ""},
	{"idle_in_transaction_session_timeout", "1", "5s;1min;x", ""},
	{"statement_timeout", "1", "5s;1min;1500.5;x;-1;1e5", ""},
	{"client_min_messages", "1", "notice;WARNING;error;info;nope", "debug;debug5"},
	{"standard_conforming_strings", `'\'`, "on;true;yes;1;ON;t;y;tru;nope;o", "off;false;0"},
	{"default_transaction_read_only", "1", "on;true;1;yes;nope", ""},
	{"lc_monetary", "'12.34'::money", "C;nope", ""},
	{"lc_numeric", "to_char(1.5, '9D9')", "C;nope", ""},
	{"lc_time", "to_char(date '2024-05-01', 'TMMonth')", "C;nope", ""},
	{"default_transaction_isolation", "1", "serializable;repeatable read;read committed;nope", ""},
	{"default_transaction_deferrable", "1", "on;off;nope", ""},
	{"escape_string_warning", "1", "on;off;nope", ""},
	{"jit", "1", "on;off;nope", ""},
}

// escape writes a value for a URL, where pgx takes a plus sign as it is.
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// reported are the parameters of which PostgreSQL tells each change.
var reported = []string{"DateStyle", "IntervalStyle", "TimeZone", "client_encoding", "application_name", "standard_conforming_strings"}

// TestSettingsAreApplied: each parameter that a client may set, in each form of a value
// and in each way to set it, shows, does and reports what it does over PostgreSQL; or
// it is refused and nothing changed.
func TestSettingsAreApplied(t *testing.T) {
	t.Parallel()
	d := startListener(t, nil)
	upstream := pgtest.Start(t).Clinic(t).DSN(pgtest.Reader)
	ways := []string{
		"SET %n TO '%v'; %o; RESET %n; %o",
		"SET SESSION %n TO '%v'; %o; SET %n TO DEFAULT; %o",
		"SET %n TO '%v'; %o; RESET ALL",
		"BEGIN; SET LOCAL %n TO '%v'; %o; COMMIT; %o",
		"BEGIN; SET %n TO '%v'; %o; ROLLBACK; %o",
		"BEGIN; SAVEPOINT s; SET %n TO '%v'; ROLLBACK TO s; %o; COMMIT; %o",
		"SET LOCAL %n TO '%v'; %o",
		"SELECT set_config('%n', '%v', false); %o; RESET %n; %o",
		"BEGIN; SELECT set_config('%n', '%v', true); %o; COMMIT; %o",
	}
	dial := func(t *testing.T, dsn string) *pgconn.PgConn {
		t.Helper()
		conn, err := pgconn.Connect(t.Context(), dsn)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close(context.Background()) })
		return conn
	}
	// The settings that Veil's sessions begin with differ: PostgreSQL's are made so.
	begin := "&timezone=UTC&application_name=x&search_path=clinic&default_transaction_read_only=on&statement_timeout=10min&idle_in_transaction_session_timeout=30min"
	dialBoth := func(t *testing.T) (listener, direct *pgconn.PgConn) {
		return dial(t, d.dsn("ann", "sslmode=disable&application_name=x")), dial(t, upstream+begin)
	}
	listener, direct := dialBoth(t)
	told := func(c *pgconn.PgConn) string {
		var all []string
		for _, name := range reported {
			all = append(all, c.ParameterStatus(name))
		}
		return strings.Join(all, "|")
	}
	if got, want := told(listener), told(direct); got != want {
		t.Errorf("at first got %s, want %s", got, want)
	}
	run := func(t *testing.T, c *pgconn.PgConn, steps string) (out, failed string) {
		for _, sql := range strings.Split(steps, "; ") {
			got, err := cells(t, c, sql)
			if err != nil {
				got = nil // with columns or without
			}
			out += fmt.Sprintf("%s -> %q %s %s\n", sql, got, code(err), told(c))
			if failed == "" {
				failed = code(err)
			}
		}
		_, _ = cells(t, c, "ROLLBACK; RESET ALL")
		return out, failed
	}
	for _, s := range settingCases {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			listener, direct := dialBoth(t)
			observe := "SHOW " + s.name + "; SELECT " + s.effect + "; SELECT current_setting('" + s.name + "'); SELECT setting FROM pg_settings WHERE lower(name) = '" + s.name + "'"
			for _, way := range ways {
				if s.name == "default_transaction_read_only" && strings.Contains(way, "SAVEPOINT") {
					continue
				}
				steps := func(v string) string {
					return strings.NewReplacer("%n", s.name, "%v", strings.ReplaceAll(v, "'", "''"), "%o", observe).Replace(way)
				}
				for _, v := range strings.Split(s.values, ";") {
					got, _ := run(t, listener, steps(v))
					if want, _ := run(t, direct, steps(v)); got != want {
						t.Errorf("%s\ngot\n%s\nwant\n%s", steps(v), got, want)
					}
				}
				for _, v := range strings.FieldsFunc(s.unserved, func(r rune) bool { return r == ';' }) {
					got, code := run(t, listener, steps(v))
					if code != "42501" || got != strings.ReplaceAll(got, "\""+v, "") {
						t.Errorf("%s is not refused:\n%s", steps(v), got)
					}
				}
			}
			// In the packet that opens the connection, too.
			for _, v := range strings.Split(s.values, ";") {
				option := "-c " + s.name + "=" + strings.ReplaceAll(v, " ", `\ `)
				for _, form := range []string{"&" + s.name + "=" + escape(v), "&options=" + escape(option)} {
					if s.name == "application_name" || v == "" || s.name == "client_encoding" && strings.HasPrefix(form, "&options") {
						continue // pgx takes the first itself
					}
					said := [2]string{}
					for i, dsn := range []string{d.dsn("ann", "sslmode=disable"), upstream + "&timezone=UTC&default_transaction_read_only=on"} {
						if i == 1 && s.name != "search_path" && !strings.Contains(form, "search_path") {
							dsn += "&search_path=clinic"
						}
						if s.name == "timezone" {
							dsn = strings.ReplaceAll(dsn, "&timezone=UTC", "")
						}
						conn, err := pgconn.Connect(t.Context(), dsn+form)
						if err != nil {
							said[i] = "no connection " + code(err)
							continue
						}
						out, _ := run(t, conn, observe+"; RESET "+s.name+"; "+observe)
						said[i] = out
						_ = conn.Close(context.Background())
					}
					if said[0] != said[1] {
						t.Errorf("%s:\ngot\n%s\nwant\n%s", form, said[0], said[1])
					}
				}
			}
		})
	}
}

// TestSettingsByParameter: a driver that binds the value of set_config, or the name of
// current_setting, gets what PostgreSQL gives, for each parameter that a client may set.
func TestSettingsByParameter(t *testing.T) {
	t.Parallel()
	d := startListener(t, nil)
	listener := d.connect(t).PgConn()
	direct, err := pgconn.Connect(t.Context(), pgtest.Start(t).Clinic(t).DSN(pgtest.Reader)+
		"&timezone=UTC&search_path=clinic&default_transaction_read_only=on&statement_timeout=10min&idle_in_transaction_session_timeout=30min")
	if err != nil {
		t.Fatal(err)
	}
	defer direct.Close(context.Background())
	value := func(c *pgconn.PgConn, sql string, format int16, args ...string) string {
		values, formats := make([][]byte, len(args)), make([]int16, len(args))
		for i, arg := range args {
			if values[i], formats[i] = []byte(arg), format; arg == "NULL" {
				values[i] = nil
			}
		}
		r := c.ExecParams(t.Context(), sql, values, nil, formats, nil).Read()
		if r.Err != nil {
			return "error " + code(r.Err)
		}
		return fmt.Sprintf("%q", r.Rows)
	}
	for _, s := range settingCases {
		if s.name == "application_name" {
			continue // of the upstream's own session
		}
		for i, v := range append(strings.Split(s.values, ";"), strings.FieldsFunc(s.unserved, func(r rune) bool { return r == ';' })...) {
			steps := func(c *pgconn.PgConn) string {
				var out []string
				for _, name := range []string{s.name, strings.ToUpper(s.name)} {
					out = append(out, value(c, "SELECT set_config('"+name+"', $1, false)", int16(i%2), v), value(c, "SELECT current_setting($1)", 0, name), value(c, "SELECT "+s.effect, 0),
						value(c, "SELECT current_setting(n) FROM (VALUES ($1::text)) AS v (n)", 1, name))
				}
				out = append(out, value(c, "RESET "+s.name, 0), value(c, "SELECT current_setting($1, true)", 0, s.name))
				return strings.Join(out, "\n")
			}
			got, want := steps(listener), steps(direct)
			if i >= len(strings.Split(s.values, ";")) {
				if !strings.HasPrefix(got, "error 42501\n") || !strings.HasSuffix(want, got[strings.LastIndex(got, "\n"):]) {
					t.Errorf("%s = %s is not refused:\n%s", s.name, v, got)
				}
			} else if got != want {
				t.Errorf("%s = %q:\ngot\n%s\nwant\n%s", s.name, v, got, want)
			}
		}
	}
	for sql, want := range map[string]string{
		"SELECT set_config('timezone', $1, false), $1::text": "error 42501", // used otherwise too
		"SELECT set_config('log_statement', $1, false)":      "error 42501",
		"SELECT length(set_config('timezone', $1, false))":   "error 42501",
	} {
		if got := value(listener, sql, 0, "UTC"); got != want {
			t.Errorf("%s: %s", sql, got)
		}
	}
	// NULL goes back to the default, as in PostgreSQL.
	for _, name := range []string{"timezone", "datestyle", "extra_float_digits", "lc_time"} {
		got, want := "", ""
		for c, out := range map[*pgconn.PgConn]*string{listener: &got, direct: &want} {
			*out = value(c, "SELECT set_config('"+name+"', $1, false)", 0, "NULL") + value(c, "SELECT current_setting($1)", 0, name)
		}
		if got != want {
			t.Errorf("%s back to the default: %s, want %s", name, got, want)
		}
	}
	for _, name := range []string{"work_mem", "no.such", "shared_preload_libraries"} {
		if got := value(listener, "SELECT current_setting($1)", 0, name); got != "error 42704" {
			t.Errorf("current_setting of %s: %s", name, got)
		}
		if got := value(listener, "SELECT current_setting($1, true)", 0, name); got != `[["""]]` && got != `[[""]]` {
			t.Errorf("current_setting of %s, which may be missing: %s", name, got)
		}
	}
}

// TestFirstSettings: a session begins with the database's own time zone, order of day,
// month and year and style of intervals; dates are ISO whatever the database's style is.
func TestFirstSettings(t *testing.T) {
	t.Parallel()
	pg := pgtest.Start(t)
	db := pg.CreateDatabase(t, "first_settings")
	db.Exec(t, "ALTER DATABASE first_settings SET timezone = 'Asia/Kolkata'; ALTER DATABASE first_settings SET datestyle = 'German, DMY'; ALTER DATABASE first_settings SET intervalstyle = 'iso_8601'; "+
		"CREATE SCHEMA clinic")
	db.GrantRead(t, "clinic")
	d := startListenerOver(t, db.DSN(pgtest.Reader), nil)
	for range 2 {
		conn, err := pgconn.Connect(t.Context(), d.dsn("ann", "sslmode=disable"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := cells(t, conn, "SHOW datestyle; SELECT '01/02/03'::date; SELECT interval '1 day'; SET datestyle = MDY; SELECT '01/02/03'::date; SET timezone = UTC; RESET ALL; SHOW datestyle; SHOW intervalstyle; SHOW timezone")
		if err != nil || strings.Join(got, " ") != "ISO, DMY\nSHOW 2003-02-01\nSELECT 1 P1D\nSELECT 1 SET 2003-01-02\nSELECT 1 SET RESET ISO, DMY\nSHOW iso_8601\nSHOW Asia/Kolkata\nSHOW" {
			t.Errorf("got %q, %v", got, err)
		}
		if got := conn.ParameterStatus("DateStyle") + " " + conn.ParameterStatus("IntervalStyle") + " " + conn.ParameterStatus("TimeZone"); got != "ISO, DMY iso_8601 Asia/Kolkata" {
			t.Errorf("reported %s", got)
		}
		_ = conn.Close(context.Background())
	}
}

// TestStartupErrorsNameTheParameter: a value that the upstream does not take is reported as
// what it is.
func TestStartupErrorsNameTheParameter(t *testing.T) {
	t.Parallel()
	d := startListener(t, nil)
	for _, tt := range []struct{ parameter, code, text string }{
		{"timezone=Mars/Base", "22023", `"timezone"`}, {"lc_time=nowhere", "22023", `"lc_time"`}, {"intervalstyle=x", "22023", `"intervalstyle"`},
		{"datestyle=x", "22023", `"datestyle"`}, {"client_encoding=LATIN1", "42501", `"client_encoding"`}, {"log_statement=all", "42501", `"log_statement"`}, {"work_mem=much", "22023", `"work_mem"`},
	} {
		_, err := pgconn.Connect(t.Context(), d.dsn("ann", "sslmode=disable&"+tt.parameter))
		if code(err) != tt.code || !strings.Contains(err.Error(), tt.text) {
			t.Errorf("%s: %v", tt.parameter, err)
		}
	}
}
