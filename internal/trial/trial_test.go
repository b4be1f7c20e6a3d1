package trial

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/fhirtest"
	"github.com/veil-proxy/veil/internal/viewstest"
	"github.com/veil-proxy/veil/mask"
)

// TestFHIR: each view shows what its walker makes, every application is explained, and
// nothing that identifies the synthetic patients survives.
func TestFHIR(t *testing.T) {
	t.Parallel()
	s := viewstest.State(t)
	population := fhirtest.Generate(seed, 2)
	for _, x := range Examples() {
		results, err := FHIR(t.Context(), s, []byte(x.Text))
		if err != nil {
			t.Fatalf("%s: %v", x.Name, err)
		}
		for _, r := range results {
			w, pass := fhir.NewWalker(r.View.Automaton, fhir.RememberAlways), mask.NewPass(r.View.Automaton.Plan)
			pass.Begin(mask.Origin{})
			mask := w.AppendJSON
			if strings.Contains(x.Name, "XML") {
				mask = w.AppendXML
			}
			want, err := mask(nil, []byte(x.Text), pass, &s.Site)
			var withheld *fhir.WithheldError
			if errors.As(err, &withheld) {
				if !r.Withheld {
					t.Errorf("%s in %s is not withheld", x.Name, r.View.Title())
				}
				continue
			}
			if err != nil || !bytes.Equal(bytes.TrimSpace(r.Masked), bytes.TrimSpace(want)) {
				t.Errorf("%s in %s: %v\n%s\n%s", x.Name, r.View.Title(), err, r.Masked, want)
			}
			if found := population.Find(r.Masked); len(found) > 0 && r.View.Ruleset == "clinic" {
				t.Errorf("%s in %s shows %+v", x.Name, r.View.Title(), found)
			}
			var total uint64
			for _, n := range pass.Counts {
				total += n
			}
			if int(total) != len(r.Applied)+r.Left {
				t.Errorf("%s in %s: %d applications, %d are explained", x.Name, r.View.Title(), total, len(r.Applied)+r.Left)
			}
			for _, a := range r.Applied {
				if a.Path == "" || a.Rule == "" || a.Method == "" || a.Outcome == "" {
					t.Errorf("%s in %s: not explained: %+v", x.Name, r.View.Title(), a)
				}
			}
		}
	}
}

// TestBadFHIR: an error names line and column, and has no value.
func TestBadFHIR(t *testing.T) {
	t.Parallel()
	s := viewstest.State(t)
	for _, tc := range []struct{ name, text, want string }{
		{"not JSON", "{\"resourceType\": \"Patient\",\n  \"birthDate\": Zebulonius}", "line 2, column 16"},
		{"cut off", `{"resourceType":"Patient","name":[{"family":"Zebulonius`, "line 1"},
		{"twice", `{"resourceType":"Patient","gender":"Zebulonius","gender":"male"}`, "line 1"},
		{"another type", `{"resourceType":"Zebulonius"}`, "resourceType is missing or is not a type"},
		{"an array", `["Zebulonius"]`, "line 1"},
		{"deep", `{"resourceType":"Patient","contact":` + strings.Repeat(`[{"contact":`, 3000), "line 1"},
		{"XML", "<Patient xmlns=\"http://hl7.org/fhir\"><id value=\"Zebulonius\"></Patient>", ""},
		{"a DOCTYPE", `<!DOCTYPE x [<!ENTITY e "Zebulonius">]><Patient xmlns="http://hl7.org/fhir"/>`, ""},
		{"text", "Zebulonius", "line 1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			results, err := FHIR(t.Context(), s, []byte(tc.text))
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range results {
				if r.Problem == nil || !strings.Contains(r.Problem.String(), tc.want) || strings.Contains(r.Problem.String(), "Zebulonius") || r.Masked != nil {
					t.Errorf("got %v and %q, want %q", r.Problem, r.Masked, tc.want)
				}
			}
		})
	}
	if _, err := FHIR(t.Context(), s, make([]byte, MostBytes+1)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
	if _, err := FHIR(t.Context(), s, []byte(" \n")); err == nil {
		t.Error("an empty text is masked")
	}
	done, cancel := context.WithCancel(t.Context())
	cancel()
	results, err := FHIR(done, s, []byte(Examples()[0].Text))
	if err != nil || results[0].Problem == nil || results[0].Masked != nil {
		t.Errorf("without time: %v, %+v", err, results)
	}
}

// TestRow: JSON has the types that the listener knows, and CSV is what veil mask makes.
func TestRow(t *testing.T) {
	t.Parallel()
	s := viewstest.State(t)
	results, err := Row(t.Context(), s, "patients", []byte(`{"id": 17, "family_name": "Zebulonius", "birth_date": "1980-05-06", "zip": "02139", "phone": "617-555-0123", "other": 1}`))
	if err != nil {
		t.Fatal(err)
	}
	one, two, research := results[0], results[1], results[2]
	if research.Problem == nil || !strings.Contains(research.Problem.What, "no rules for tables") {
		t.Errorf("research: %+v", research)
	}
	for _, want := range []string{`"birth_date":"1980`, `"zip":"021`, `"id":`} {
		if !strings.Contains(string(one.Masked), want) {
			t.Errorf("%s is not in %s", want, one.Masked)
		}
	}
	for _, secret := range []string{"Zebulonius", "05-06", "02139", "0123", "other"} {
		if strings.Contains(string(one.Masked), secret) {
			t.Errorf("%s is in %s", secret, one.Masked)
		}
	}
	if bytes.Equal(one.Masked, two.Masked) {
		t.Error("two projects mask alike")
	}
	outcomes := map[string]string{}
	for _, a := range one.Applied {
		outcomes[a.Path] = a.Rule + " " + a.Outcome
	}
	for column, want := range map[string]string{"id": "ids replaced", "birth_date": "born replaced", "phone": "phone hidden", "other": "(default) hidden"} {
		if outcomes[column] != want {
			t.Errorf("%s: %s, want %s", column, outcomes[column], want)
		}
	}

	results, err = Row(t.Context(), s, "patients", []byte("id,birth_date,phone\n17,1980-05-06,617-555-0123\n18,,\n"))
	if err != nil || results[0].Problem != nil {
		t.Fatalf("%v %v", err, results[0].Problem)
	}
	lines := strings.Split(strings.TrimSpace(string(results[0].Masked)), "\n")
	if len(lines) != 3 || lines[0] != "id,birth_date" || !strings.HasSuffix(lines[1], ",1980") {
		t.Errorf("CSV: %q", lines)
	}
	for _, tc := range []struct{ name, table, text, want string }{
		{"not JSON", "patients", "{\"id\":\n Zebulonius}", "line 2, column 2"},
		{"two columns", "patients", `{"id": 1, "id": "Zebulonius"}`, "two columns"},
		{"a long row", "patients", "id,zip\n1,2,Zebulonius\n", "line 2"},
		{"no rule", "nowhere", "a,b\nZebulonius,2\n", "no rule covers"},
	} {
		results, err := Row(t.Context(), s, tc.table, []byte(tc.text))
		if err != nil {
			t.Fatal(err)
		}
		if p := results[0].Problem; p == nil || !strings.Contains(p.String(), tc.want) || strings.Contains(p.String(), "Zebulonius") {
			t.Errorf("%s: got %v, want %q", tc.name, p, tc.want)
		}
	}
}

// TestSQL: what is allowed, how columns are masked, and that no literal is shown, least of
// all an original that a pseudonym was opened to.
func TestSQL(t *testing.T) {
	t.Parallel()
	s := viewstest.State(t)
	ring := s.Views[0].Automaton.Policy.Keys
	sealed, _ := ring.NewPseudonymizer().AppendSealed(nil, ring.SealSlot("Patient"), []byte("424242"))
	pseudonym := string(sealed)
	sessions, err := SQL(t.Context(), s, "select id, family_name, birth_date, zip from patients where id = '"+pseudonym+"' and zip <> '99887' limit 10", nil)
	if err != nil {
		t.Fatal(err)
	}
	x := sessions[0]
	if x.Refused != nil || len(x.Statements) != 1 || !x.Statements[0].Allowed() {
		t.Fatalf("refused: %+v %+v", x.Refused, x.Statements)
	}
	st := x.Statements[0]
	hows := map[string]string{}
	for _, c := range st.Columns {
		hows[c.Name] = c.How + " " + c.Rule
	}
	for name, want := range map[string]string{"id": "keyed ids", "birth_date": "pushed down born", "zip": "pushed down zip"} {
		if hows[name] != want {
			t.Errorf("column %s: %q, want %q", name, hows[name], want)
		}
	}
	for _, secret := range []string{"424242", pseudonym, "99887"} {
		if strings.Contains(st.Upstream, secret) {
			t.Errorf("%s is shown in %s", secret, st.Upstream)
		}
	}
	if !strings.Contains(st.Upstream, "patients") || !strings.Contains(st.Upstream, "?") {
		t.Errorf("upstream: %s", st.Upstream)
	}

	sessions, err = SQL(t.Context(), s, "select ward from visits;\nselect phone\n from patients", nil)
	if err != nil {
		t.Fatal(err)
	}
	st = sessions[0].Statements[1]
	if st.Allowed() || st.Refused.Code != "42703" || st.Refused.Line != 2 || st.Refused.Column != 8 {
		t.Errorf("a hidden column: %+v", st.Refused)
	}
	if sessions[0].Statements[0].Columns[0].How != "clear" {
		t.Errorf("a column in the clear: %+v", sessions[0].Statements[0].Columns)
	}

	for _, tc := range []struct{ sql, code string }{
		{"delete from patients", "25006"}, {"select from where", "42601"}, {"select * from nowhere", "42P01"},
	} {
		sessions, err := SQL(t.Context(), s, tc.sql, nil)
		if err != nil {
			t.Fatal(err)
		}
		refused := sessions[0].Refused
		if refused == nil && len(sessions[0].Statements) > 0 {
			refused = sessions[0].Statements[0].Refused
		}
		if refused == nil || refused.Code != tc.code {
			t.Errorf("%s: %+v, want %s", tc.sql, refused, tc.code)
		}
	}
	sessions, err = SQL(t.Context(), s, "prepare p as select id from patients where zip = $1; execute p('Zebulonius')", nil)
	if err != nil || len(sessions[0].Statements) != 2 {
		t.Fatalf("%v %+v", err, sessions[0])
	}
	for _, st := range sessions[0].Statements {
		if strings.Contains(st.Upstream, "Zebulonius") {
			t.Errorf("a literal is shown: %s", st.Upstream)
		}
	}
}

func TestWithoutLiterals(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ sql, want string }{
		{`SELECT 'a''b', E'c\'d', $$e$$, $x$f$x$, B'01', 12, 1.5e3, "n""1" FROM t1 WHERE a >= $1`, `SELECT ?, ?, ?, ?, ?, ?, ?, "n""1" FROM t1 WHERE a >= $1`},
		{`SELECT N'x' -- y`, ""},
	} {
		got, err := withoutLiterals(tc.sql)
		if tc.want != "" && (err != nil || got != tc.want) {
			t.Errorf("%s: %q %v", tc.sql, got, err)
		}
	}
	if got, err := withoutLiterals("SELECT 'open"); err == nil {
		t.Errorf("an open string: %q", got)
	}
}
