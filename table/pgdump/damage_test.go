package pgdump_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/table/pgdump"
)

// whole is a dump with both forms of rows and what stands around them.
const whole = begin + patients + `CREATE TABLE public.facts (
    k integer NOT NULL,
    v text
);
ALTER TABLE public.facts OWNER TO somebody;
COPY public.patients (id, name, born, notes, sex, free) FROM stdin;
1	PLANTEDNAMEALPHA	1980-03-05	PLANTEDNOTEALPHA	f	x
2	PLANTEDNAMEBRAVO	\N	PLANTEDNOTEBRAVO	m	a\tb
\.


INSERT INTO public.facts VALUES (1, 'it''s');
INSERT INTO public.facts VALUES (2, 'a;
b');
ALTER TABLE ONLY public.patients
    ADD CONSTRAINT patients_pkey PRIMARY KEY (id);
` + end

// planted are originals of whole that no rule keeps.
var planted = []string{"PLANTED", "03-05"}

// TestCutOff: a dump that is cut off anywhere fails with a clear message, and no original
// is in what was written until then.
func TestCutOff(t *testing.T) {
	t.Parallel()
	r := rules(t, clinic)
	complete := strings.Index(whole, "-- PostgreSQL database dump complete") + len("-- PostgreSQL database dump complete")
	for n := range len(whole) {
		out, counts, reports := run(t, r, whole[:n], 1)
		// A line that has only one of its two hyphens is no comment.
		half := whole[:n] == whole[:complete]+"\n-"
		if done := n >= complete && !half; done != (counts.Failed == 0) {
			t.Fatalf("%d bytes: %+v %s", n, counts, reports)
		}
		for _, p := range planted {
			if strings.Contains(out, p) || strings.Contains(reports, p) {
				t.Fatalf("%d bytes: %s is in %s%s", n, p, out, reports)
			}
		}
	}
}

// TestBadInput: each thing that can be wrong has one message that says where and what.
func TestBadInput(t *testing.T) {
	t.Parallel()
	rows := "COPY public.patients (id, name, born, notes, sex, free) FROM stdin;\n"
	for name, tc := range map[string]struct{ text, want string }{
		"no dump":                {"SELECT 1;\n", "the file is not in pg_dump format"},
		"encoding":               {strings.Replace(whole, "'UTF8'", "'EUC_JP'", 1), "the dump is in EUC_JP: use pg_dump --encoding=UTF8"},
		"another encoding later": {strings.Replace(whole, "\nALTER TABLE public.facts", "\nSET client_encoding = 'LATIN1';\nALTER TABLE public.facts", 1), "the dump changes its encoding"},
		"style of dates":         {strings.Replace(whole, "CREATE TABLE", "SET datestyle = 'German';\nCREATE TABLE", 1), "the dump writes dates in another style than ISO"},
		"a command of psql":      {begin + patients + "\\! true\n" + end, "line 16: a psql command that pg_dump does not write"},
		"too few cells":          {begin + patients + rows + "1\tPLANTEDNAME\n\\.\n" + end, "standard input:17:1: the row has 2 cells, but the COPY has 6 columns"},
		"not UTF-8":              {begin + patients + rows + "1\tPLANTED\xff\t\\N\t\\N\tf\tx\n\\.\n" + end, "standard input:17:1: not valid UTF-8"},
		"too few values":         {begin + patients + "INSERT INTO public.patients VALUES (1, 'PLANTED');\n" + end, "standard input:16:1: the row has 2 values, but the table has 6 columns"},
		"an unknown column":      {begin + patients + "COPY public.patients (other) FROM stdin;\n\\.\n" + end, "line 17: rows of table public.patients have a column that the table does not have"},
		"two databases":          {whole + "\\connect other\n" + whole, "the dump has a second database with tables"},
		"no rule":                {begin + "CREATE TABLE public.p (x text);\n" + end, "table public.p is left out: no rule covers it: see veil mask --check"},
		"NUL":                    {begin + "CREATE TABLE public.\x00 (x text);\n" + end, "line 8: an unexpected character"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, counts, reports := run(t, rules(t, clinic), tc.text, 2)
			if counts.Failed+counts.Bad == 0 || !strings.Contains(reports, tc.want) {
				t.Errorf("%+v %s, want %s", counts, reports, tc.want)
			}
			if strings.Contains(out+reports, "PLANTED") {
				t.Errorf("an original is in %s %s", out, reports)
			}
		})
	}
}

// TestHugeCell: a cell that does not fit is an error, and memory stays bounded.
func TestHugeCell(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"comment": "/* ",
		"COPY":    "COPY public.patients (id, name, born, notes, sex, free) FROM stdin;\n1\t",
		"INSERT":  "INSERT INTO public.patients (name) VALUES ('",
	} {
		t.Run(name, func(t *testing.T) {
			r := rules(t, clinic)
			in := io.MultiReader(strings.NewReader(begin+patients+text), io.LimitReader(letters{}, 1<<30))
			var reports []string
			job := &file.Job{
				Inputs: []string{"-"}, Stdin: in, Stdout: io.Discard, Plan: r.Policy().NewPlan(), Keys: r.Policy().Keys, Workers: 1,
				Formats: []file.Format{pgdump.NewSmall(pgdump.Config{Rules: r}, 8<<20)}, Report: func(p file.Problem) { reports = append(reports, p.Error()) },
			}
			counts, err := job.Run(t.Context())
			if err != nil || counts.Failed != 1 || len(reports) != 1 || !strings.Contains(reports[0], "longer than") {
				t.Errorf("%+v %v %s", counts, err, reports)
			}
		})
	}
}

// letters is a reader of one letter for ever.
type letters struct{}

func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// TestWorkers: the output does not depend on the number of workers.
func TestWorkers(t *testing.T) {
	t.Parallel()
	r := rules(t, clinic)
	var b strings.Builder
	b.WriteString(begin + patients)
	for table := range 3 {
		b.WriteString("COPY public.patients (id, name, born, notes, sex, free) FROM stdin;\n")
		for i := range 20000 {
			fmt.Fprintf(&b, "%d\tName %d\t1980-01-%02d\tsecret\tf\tfree %d\n", i, i, 1+i%28, table)
		}
		b.WriteString("\\.\n")
		for i := range 5000 {
			fmt.Fprintf(&b, "INSERT INTO public.patients VALUES (%d, 'Name; %d', NULL, NULL, 'm', 'x');\n", i, i)
		}
	}
	b.WriteString(end)
	want, counts, reports := run(t, r, b.String(), 1)
	if counts.Masked != 75000 || counts.Bad+counts.Failed > 0 {
		t.Fatalf("%+v %s", counts, reports)
	}
	for _, workers := range []int{2, 7} {
		if got, _, _ := run(t, r, b.String(), workers); got != want {
			t.Errorf("%d workers give another output", workers)
		}
	}
}

// TestLatin1: a dump in another encoding comes out in UTF-8.
func TestLatin1(t *testing.T) {
	t.Parallel()
	text := strings.Replace(begin, "UTF8", "LATIN1", 1) + patients + "COPY public.patients (id, sex) FROM stdin;\n1\tM\xe4dchen\n\\.\n" + end
	out, counts, reports := run(t, rules(t, clinic), text, 1)
	if counts.Masked != 1 || !strings.Contains(out, "\tMädchen\n") || !strings.Contains(out, "SET client_encoding = 'UTF8';") {
		t.Errorf("%+v %s %s", counts, reports, out)
	}
}

// TestDataAlone: a dump without a schema is masked by the names of columns. A method that
// needs the type is refused.
func TestDataAlone(t *testing.T) {
	t.Parallel()
	r := rules(t, clinic)
	rows := "COPY public.patients (id, name, born, sex) FROM stdin;\n17\tx\t1980-03-05\tf\n\\.\n"
	out, counts, reports := run(t, r, begin+rows+end, 1)
	if counts.Masked != 1 || counts.Bad != 0 {
		t.Errorf("%+v %s", counts, reports)
	}
	contains(t, out, "COPY \"public\".\"patients\" (\"id\", \"name\", \"sex\") FROM stdin;\n"+sealed(r, "17")+"\t"+pseudonym(t, r, "x")+"\tf\n")
	_, counts, reports = run(t, r, begin+"INSERT INTO public.patients VALUES (1);\n"+end, 1)
	if counts.Bad != 1 || !strings.Contains(reports, "use pg_dump --column-inserts") {
		t.Errorf("%+v %s", counts, reports)
	}
}

// FuzzDump: whatever a dump has, masking does not panic, and originals that are in the
// rows of a table do not pass.
func FuzzDump(f *testing.F) {
	f.Add([]byte(whole), uint8(0))
	f.Add([]byte(whole), uint8(200))
	f.Add([]byte("CREATE VIEW v AS SELECT a.b FROM (c.d a JOIN c.e ON ((a.x = e.y)));"), uint8(3))
	f.Add([]byte("CREATE TABLE t (a character varying(3)[] DEFAULT ARRAY['x'], b \"char\", c bit varying(3), PRIMARY KEY (a)) PARTITION BY RANGE (a);"), uint8(9))
	f.Add([]byte("INSERT INTO public.patients (id, sex) VALUES (E'\\x41', $a$ ' $a$), (-1, B'1'::bit(1));"), uint8(77))
	r := rules(f, clinic)
	f.Fuzz(func(t *testing.T, text []byte, at uint8) {
		// The text stands between the statements of a dump, in place of one of its lines.
		lines := strings.SplitAfter(whole, "\n")
		n := 7 + int(at)%(len(lines)-8)
		dump := strings.Join(lines[:n], "") + string(text) + "\n" + strings.Join(lines[n:], "")
		out, _, reports := run(t, r, dump, 1)
		for _, p := range planted {
			if !bytes.Contains(text, []byte(p)) && strings.Contains(out+reports, p) && !bytes.Contains(text, []byte("COPY")) && !bytes.Contains(text, []byte("CREATE")) {
				t.Errorf("%s is in the output", p)
			}
		}
	})
}
