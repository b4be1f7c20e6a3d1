package evidence

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/report/signed"
)

// full is a report that covers everything, of texts that are not harmless.
func full(t testing.TB) *Evidence {
	t.Helper()
	e := gather(t, write(t, nil, random(3, 60)...))
	e.Configuration = &Configuration{Basis: Stated, File: digest(nil), Lines: []Line{{"View <b>", "ruleset <script>alert(1)</script>"}}}
	e.Discovery = &Discovery{Basis: Stated, File: digest(nil), Tables: 3, Columns: 12, Sensitive: 4, Letters: []LetterOf{{"A", 2}}}
	e.Drift = &Drift{Basis: Stated, File: digest(nil), Uncovered: 1}
	result := func(kind string) *Embedded {
		return &Embedded{Basis: Measured, File: digest(nil), Key: "auditor+00000000", Result: signed.Result{
			Kind: kind, Version: "veil test", Time: november.To, Grade: "B", Inputs: []signed.Input{{Name: "original", SHA256: digest(nil)}},
			Figures:  []signed.Figure{{Name: "Kolmogorov–Smirnov", Of: "age", Value: 0.0123, Unit: ""}},
			Findings: []signed.Finding{{Name: "TLS", Outcome: signed.Fail, Reason: `no TLS on "--></script>"`}},
		}}
	}
	e.SelfTest, e.Fidelity, e.Risk = result("selftest"), result("fidelity"), result("risk")
	e.Provisions = e.provisions()
	return e
}

// render returns both signed files of a report, and the key that verifies them.
func render(t testing.TB, e *Evidence) (asJSON, asHTML []byte, key string) {
	t.Helper()
	signer, key := veiltest.Signer(t, "auditor")
	asJSON, err := signed.JSON(Kind, e, signer)
	if err != nil {
		t.Fatal(err)
	}
	asHTML, err = e.HTML(asJSON, signer)
	if err != nil {
		t.Fatal(err)
	}
	return asJSON, asHTML, key
}

var (
	rowForm  = regexp.MustCompile(`(?s)<tr>(.*?)</tr>`)
	headForm = regexp.MustCompile(`(?s)<thead>.*?</thead>`)
	signForm = regexp.MustCompile(`(?s)<table class="sign">.*?</table>`)
	markForm = regexp.MustCompile(`<td class="basis"><span class="(measured|stated|uncovered)">(measured by Veil|stated by the operator|not covered)</span></td>$`)
)

func TestEveryLineSaysOnWhatItRests(t *testing.T) {
	t.Parallel()
	for name, e := range map[string]*Evidence{"full": full(t), "log alone": gather(t, write(t, nil, random(4, 20)...))} {
		_, page, _ := render(t, e)
		rows := rowForm.FindAllSubmatch(headForm.ReplaceAll(signForm.ReplaceAll(page, nil), nil), -1)
		if len(rows) < 60 {
			t.Fatalf("%s: the page has %d lines", name, len(rows))
		}
		for _, r := range rows {
			if !markForm.Match(bytes.TrimSpace(r[1])) {
				t.Errorf("%s: a line has no basis: %s", name, r[1])
			}
		}
	}
}

// TestPageShowsTheFigures looks for the figures of the report in the tables of the page.
func TestPageShowsTheFigures(t *testing.T) {
	t.Parallel()
	e := full(t)
	_, page, _ := render(t, e)
	html := string(page)
	row := func(cells ...string) {
		t.Helper()
		form := ""
		for _, c := range cells {
			form += `<t[dh][^>]*>(<code>)?` + regexp.QuoteMeta(c) + `(</code>)?</t[dh]>\s*`
		}
		if !regexp.MustCompile(form).MatchString(html) {
			t.Errorf("the page has no line %q", cells)
		}
	}
	row("Records in the logs", thousands(e.Totals.Records))
	row("Exchanges", thousands(e.Totals.Exchanges))
	row("Exchanges that have a beginning and no end in the log", thousands(e.Totals.Interrupted))
	row("Applications of rules", thousands(e.Totals.Applications))
	for _, r := range e.Requests {
		row(listener(r.Listener), r.Operation, thousands(r.Complete), thousands(r.Refused), thousands(r.Failed), thousands(r.Interrupted))
	}
	for _, p := range e.Refusals {
		row(listener(p.Listener), p.Result, p.Reason, thousands(p.N))
	}
	for _, d := range e.Delivered {
		row(listener(d.Listener), d.Type, thousands(d.N))
	}
	for _, o := range e.Openings {
		row(o.Operator, o.Project, thousands(o.Requests))
	}
	row(thousands(e.Runs.Complete), thousands(e.Runs.Failed), thousands(e.Runs.Interrupted), thousands(e.Runs.Files))
	row("Columns that no rule covers", "1")
	row("Kolmogorov–Smirnov", "age", "0.0123 ")
	for _, a := range e.Applications {
		if !strings.Contains(html, `aria-label="Applications of `+a.Rule+` by day from 2026-11-01 to 2026-11-30, at most `) {
			t.Errorf("rule %s has no chart", a.Rule)
		}
	}
}

// TestNoValueIsInTheReport: what stands in fields of the log that can hold more than fixed
// words, such as names of files and relations, is nowhere in the report.
func TestNoValueIsInTheReport(t *testing.T) {
	t.Parallel()
	asJSON, asHTML, _ := render(t, full(t))
	for name, file := range map[string][]byte{"JSON": asJSON, "HTML": asHTML} {
		if bytes.Contains(file, []byte(planted)) {
			t.Errorf("the %s has a planted value", name)
		}
	}
	result := []byte(`{"kind":"risk","version":"v","time":"2026-11-30T00:00:00Z","inputs":[],"figures":[],"findings":[],"details":{"worst":"` + planted + `"}}`)
	r, err := Embed(result, "risk", nil)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := json.Marshal(r); err != nil || bytes.Contains(b, []byte(planted)) {
		t.Errorf("details of a result are taken over: %s, %v", b, err)
	}
	columns := []byte(`{"columns":[{"schema":"s","table":"t","column":"` + planted + `","category":"A","sensitive":true,"reasons":["` + planted + `"]}],"unread":[]}`)
	d, err := ReadDiscovery(columns, nil)
	if err != nil || d.Columns != 1 || d.Sensitive != 1 || d.Letters[0] != (LetterOf{"A", 1}) {
		t.Errorf("%+v, %v", d, err)
	}
	if b, err := json.Marshal(d); err != nil || bytes.Contains(b, []byte(planted)) {
		t.Errorf("names of columns are taken over: %s, %v", b, err)
	}
}

// TestPageIsInert: texts cannot become markup, and the page loads and runs nothing.
func TestPageIsInert(t *testing.T) {
	t.Parallel()
	_, page, _ := render(t, full(t))
	html := string(page)
	for _, bad := range []string{"<script>", "alert(1)<", `"--></script>`, "<b>\"", "src=", "@import", "url(", "http://", "onload"} {
		if strings.Contains(html, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	if n := strings.Count(html, "<script"); n != 1 || !strings.Contains(html, "default-src 'none'") {
		t.Errorf("the page has %d scripts, or no policy of its content", n)
	}
}

func TestDataOfThePageIsTheReport(t *testing.T) {
	t.Parallel()
	e := full(t)
	asJSON, asHTML, key := render(t, e)
	want := asMap(t, e)
	for _, file := range [][]byte{asJSON, asHTML} {
		doc, err := signed.Open(file, key)
		if err != nil {
			t.Fatal(err)
		}
		back, err := Parse(doc)
		if err != nil {
			t.Fatal(err)
		}
		if got := asMap(t, back); !sameJSON(t, got, want) {
			t.Errorf("%s: the data is not the report", doc.Format)
		}
	}
	if !bytes.Contains(asHTML, []byte(digest(asJSON))) {
		t.Error("the page does not name the JSON by its digest")
	}
}

func sameJSON(t *testing.T, a, b any) bool {
	t.Helper()
	one, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	two, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Equal(one, two)
}

func TestCharts(t *testing.T) {
	t.Parallel()
	year := newBins(Period{november.From.AddDate(-1, 0, 0), november.From})
	if year.days != 7 || year.n != 53 {
		t.Errorf("a year has %d bars of %d days", year.n, year.days)
	}
	b := newBins(november)
	if b.days != 1 || b.n != 30 {
		t.Errorf("november has %d bars of %d days", b.n, b.days)
	}
	c := b.newChart(300, 20, "Exchanges", stacked{"complete", Counts{"2026-11-01": 5, "2026-11-30": 10, "2026-12-01": 99}})
	if c.Most != 10 || c.Series[0].Path != "M0 20h9v-10h-9zM290 20h9v-20h-9z" {
		t.Errorf("%+v", c)
	}
	if c := b.newChart(300, 20, "Exchanges", stacked{"complete", Counts{}}); c.Series[0].Path != "" {
		t.Errorf("a chart of nothing: %+v", c)
	}
	part := newBins(Period{november.From.Add(time.Hour), november.From.Add(2 * time.Hour)})
	if part.n != 1 {
		t.Errorf("an hour has %d bars", part.n)
	}
}

func TestValuesAreExactWhereTheyAreWhole(t *testing.T) {
	t.Parallel()
	for f, want := range map[float64]string{0: "0", 12: "12", 1234567: "1,234,567", -1200: "-1,200", 0.5: "0.5", 1.0 / 3: "0.333333", 1e18: "1e+18"} {
		if got := value(f); got != want {
			t.Errorf("%g is written %s, want %s", f, got, want)
		}
	}
}

func TestProvisionsNameSections(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, s := range sections {
		known[s.ID] = true
	}
	e := &Evidence{}
	_, page, _ := render(t, full(t))
	for _, p := range e.provisions() {
		if p.Framework == "" || p.Reference == "" || p.Requires == "" || len(p.Duties) == 0 {
			t.Errorf("%s %s is not complete", p.Framework, p.Reference)
		}
		for _, s := range p.Shown {
			if !known[s.Section] || !bytes.Contains(page, []byte(`id="`+s.Section+`"`)) {
				t.Errorf("%s %s names section %q, which is not there", p.Framework, p.Reference, s.Section)
			}
			if want := e.basis(s.Section); s.Basis != want {
				t.Errorf("%s %s: %s rests on %q, want %q", p.Framework, p.Reference, s.Section, s.Basis, want)
			}
		}
	}
}

// TestDocsHaveTheProgram: what docs/evidence.md tells to save is what is tested.
func TestDocsHaveTheProgram(t *testing.T) {
	t.Parallel()
	docs, err := os.ReadFile("../../docs/evidence.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(docs, []byte("```python\n"+verifier+"```\n")) {
		t.Error("docs/evidence.md has another program than the report")
	}
}

// TestRealPythonVerifies runs the program of the report, without Veil.
func TestRealPythonVerifies(t *testing.T) {
	if os.Getenv("VEIL_TEST_ALL") == "" {
		t.Skip("set VEIL_TEST_ALL=1 to run Python and OpenSSL")
	}
	t.Parallel()
	asJSON, asHTML, key := render(t, full(t))
	_, other := veiltest.Signer(t, "auditor")
	dir := t.TempDir()
	run := func(file []byte, key string) error {
		path := filepath.Join(dir, "report")
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := veiltest.Command(t, veiltest.Works, "python3", "verify.py", path, key).CombinedOutput()
		t.Logf("%s", out)
		return err
	}
	for _, file := range [][]byte{asJSON, asHTML} {
		if err := run(file, key); err != nil {
			t.Errorf("a report that was not changed: %v", err)
		}
		if err := run(file, other); err == nil {
			t.Error("a report of another key verifies")
		}
		for _, at := range []int{0, len(file) / 2, len(file) - 30} {
			bad := bytes.Clone(file)
			bad[at] ^= 1
			if err := run(bad, key); err == nil {
				t.Errorf("a report with byte %d changed verifies", at)
			}
		}
	}
}
