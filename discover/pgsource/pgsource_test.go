package pgsource_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/veil-proxy/veil/discover"
	"github.com/veil-proxy/veil/discover/pgsource"
	"github.com/veil-proxy/veil/discover/propose"
	"github.com/veil-proxy/veil/discover/report"
	"github.com/veil-proxy/veil/discover/words"
	"github.com/veil-proxy/veil/internal/pgtest"
)

var options = pgsource.Options{Rows: 200, Statement: time.Minute}

// everything is all that discovery prints of tables.
func everything(t *testing.T, tables []discover.Table) string {
	t.Helper()
	findings := discover.Judge(tables, words.Default())
	r := report.New(tables, findings)
	var out bytes.Buffer
	for _, err := range []error{r.WriteJSON(&out), r.WriteText(&out, true), r.WriteHTML(&out, "test")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	out.WriteString(propose.Ruleset("test", tables, findings))
	fmt.Fprintf(&out, "%+v", tables)
	for i := range tables {
		for _, c := range tables[i].Columns {
			fmt.Fprintf(&out, "%+v %+v", c.Profile, c.Labels)
		}
	}
	return out.String()
}

// TestNoValueIsShown plants markers in every type of column, in labels of enums, in
// checks and in comments, and looks for them in all that discovery keeps and prints.
func TestNoValueIsShown(t *testing.T) {
	t.Parallel()
	d := pgtest.Start(t).CreateDatabase(t, "discover_markers")
	d.Exec(t, `create schema m;
		create type m.kind as enum ('QZXMARKERenumone', 'QZXMARKERenumtwo');
		create domain m.word as text check (value <> 'QZXMARKERdomain');
		create table m.everything (id serial primary key, note text default 'QZXMARKERdefault', name varchar(80), code char(24), kind m.kind, word m.word,
			tags text[], doc jsonb, raw json, page xml, bytes bytea, level text check (level in ('QZXMARKERlow', 'QZXMARKERhigh')), ssn text, mail text, link text, net inet, place point, span int4range);
		comment on table m.everything is 'QZXMARKERtablecomment';
		comment on column m.everything.note is 'patient note QZXMARKERcomment';
		insert into m.everything (note, name, code, kind, word, tags, doc, raw, page, bytes, level, ssn, mail, link)
			select 'Seen by Dr. QZXMARKERnote' || i, 'Qzxmarkername' || i, 'QZXMARKERcode' || i, 'QZXMARKERenumone', 'QZXMARKERword' || i, array['QZXMARKERtag'],
				'{"QZXMARKERmember": "QZXMARKERjson"}', '{"resourceType": "QZXMARKERtype"}', '<a>QZXMARKERxml</a>', 'QZXMARKERbytes', 'QZXMARKERlow',
				'QZXMARKER-078-05-1120', 'qzxmarker' || i || '@example.org', 'https://example.org/qzxmarker'
			from generate_series(1, 40) i;
		create view m.broken as select ('QZXMARKERview' || id)::int as n from m.everything;
		create table m.checked (v text, constraint c check (v in ('QZXMARKERa', 'QZXMARKERb')));`)
	d.GrantRead(t, "m")
	tables, err := pgsource.Read(t.Context(), d.DSN(pgtest.Reader), options)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ToUpper(everything(t, tables))
	// Comments are evidence and are kept until columns are judged.
	text = strings.ReplaceAll(text, "COMMENT:QZXMARKERTABLECOMMENT", "")
	text = strings.ReplaceAll(text, "COMMENT:PATIENT NOTE QZXMARKERCOMMENT", "")
	if i := strings.Index(text, "QZXMARKER"); i >= 0 {
		t.Errorf("a value is shown: …%s…", text[max(0, i-60):min(len(text), i+60)])
	}
	unread := map[string]string{}
	for i := range tables {
		unread[tables[i].Name] = tables[i].Unread
	}
	if unread["everything"] != "" || unread["broken"] == "" || !strings.Contains(unread["broken"], "22P02") {
		t.Errorf("unread: %q", unread)
	}
}

// TestWhatCannotBeRead: a table without rights, one that is dropped during the reading,
// columns without rights, odd names and an empty table do not keep the rest from being
// read.
func TestWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	d := pgtest.Start(t).CreateDatabase(t, "discover_odd")
	d.Exec(t, `create schema a; create schema "we""ird *[x]";
		create table a.first (email text); insert into a.first select 'u' || i || '@example.org' from generate_series(1, 50) i;
		create table a.gone (email text);
		create table a.nothing ();
		create table a.partial (email text, hidden text); insert into a.partial select 'u' || i || '@example.org', 'x' from generate_series(1, 50) i;
		create table a.secret (email text);
		create table "we""ird *[x]"."ta?ble
two" ("Co""l*umn" text, "'; drop table a.first; --" text, "ÄÖ 漢字" text);
		insert into "we""ird *[x]"."ta?ble
two" select 'u' || i || '@example.org', 'x', 'y' from generate_series(1, 50) i;
		create table a.parts (id int, seen date) partition by range (id);
		create table a.parts_one partition of a.parts for values from (0) to (100);
		insert into a.parts select i, date '2020-01-01' + i from generate_series(1, 60) i;
		create materialized view a.never as select 1 as n with no data;`)
	d.GrantRead(t, "a", `"we""ird *[x]"`)
	d.Exec(t, `revoke all on a.secret from veil_reader; revoke all on a.partial from veil_reader; grant select (email) on a.partial to veil_reader`)
	o := options
	dropped := false
	o.Progress = func(done, total int) {
		if !dropped {
			dropped = true
			d.Exec(t, "drop table a.gone")
		}
	}
	tables, err := pgsource.Read(t.Context(), d.DSN(pgtest.Reader), o)
	if err != nil {
		t.Fatal(err)
	}
	findings := discover.Judge(tables, words.Default())
	emails, columns := 0, 0
	for i := range findings {
		columns++
		if f := &findings[i]; f.Class == discover.Email && f.Confidence > 0.9 && !strings.HasPrefix(f.Table, "gone") && f.Table != "secret" {
			emails++
		}
	}
	if emails != 3 || columns != 13 {
		t.Errorf("%d columns of e-mail addresses of %d, want 3 of 13: %+v", emails, columns, findings)
	}
	unread := map[string]string{}
	for i := range tables {
		if tables[i].Unread != "" {
			unread[tables[i].Name] = tables[i].Unread
		}
	}
	for name, code := range map[string]string{"gone": "42P01", "secret": "42501", "never": "55000"} {
		if !strings.Contains(unread[name], code) {
			t.Errorf("%s: %q, want SQLSTATE %s", name, unread[name], code)
		}
		delete(unread, name)
	}
	if len(unread) > 0 {
		t.Errorf("unread as well: %q", unread)
	}
	for i := range tables {
		if tables[i].Name == "parts_one" && tables[i].Kind != discover.Partition {
			t.Errorf("parts_one is a %s", tables[i].Kind)
		}
	}
}

// TestWrongConnection: what is wrong with a connection is said without parts of its
// string.
func TestWrongConnection(t *testing.T) {
	t.Parallel()
	for dsn, want := range map[string]string{
		"postgres://u:QZXSECRET@127.0.0.1:1/db?sslmode=disable": "cannot connect to the database",
		"postgres://u:QZXSECRET@[bad/db":                        "the connection string is not valid",
		"host=QZXSECRET port=abc":                               "the connection string is not valid",
	} {
		_, err := pgsource.Read(t.Context(), dsn, options)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "QZXSECRET") {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestOnlyReads: nothing can be written over the connection, and the rows of large tables
// are sampled, not all read.
func TestOnlyReads(t *testing.T) {
	t.Parallel()
	d := pgtest.Start(t).CreateDatabase(t, "discover_sampled")
	d.Exec(t, `create table big (id int primary key, mail text); insert into big select i, 'u' || i || '@example.org' from generate_series(1, 60000) i; analyze;
		create table counted (n int); insert into counted values (0);
		create function bump() returns int language sql as 'update counted set n = n + 1 returning n';
		create view writes as select bump() as n;`)
	tables, err := pgsource.Read(t.Context(), d.DSN(pgtest.Owner), options)
	if err != nil {
		t.Fatal(err)
	}
	for i := range tables {
		c := &tables[i].Columns[0]
		switch tables[i].Name {
		case "big":
			if p := c.Profile; p == nil || p.Rows != options.Rows || p.Max < 30000 {
				t.Errorf("the sample is not from all over the table: %+v", p)
			}
		case "writes":
			if !strings.Contains(tables[i].Unread, "25006") {
				t.Errorf("a view that writes: %q", tables[i].Unread)
			}
		}
	}
}
