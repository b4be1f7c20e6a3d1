package main

import (
	"encoding/json"
	"net/url"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/veil-proxy/veil/internal/audittest"
	"github.com/veil-proxy/veil/internal/consoletest"
	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/report/evidence"
	"github.com/veil-proxy/veil/report/signed"
)

// TestEvidenceOfConsoleAndCommand: the report that the console's page makes of a period is
// that of veil report evidence over the same log and configuration, but for its time and the
// end of the log, which has grown. It has the coverage of the rulesets that masked, also of
// one that is not configured any more, and the configuration.
func TestEvidenceOfConsoleAndCommand(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := testApp(t)
	l := audittest.New(t, s.path("audit"), 1<<20)
	records := audittest.From(3, time.Date(2026, 10, 3, 8, 0, 0, 0, time.UTC))
	for range 300 {
		lines := records.Next()
		for _, line := range lines {
			if line.Ruleset != "" {
				rs, err := a.rules.Load(line.Ruleset)
				if err != nil {
					t.Fatal(err)
				}
				line.RulesetSHA256 = rs.SHA256()
			}
		}
		l.Write(lines...)
	}
	l.Close()
	signer := s.path("signer")
	key, err := keys.CreateSigner(signer, "auditor")
	if err != nil {
		t.Fatal(err)
	}
	site := write(t, s.path("site.yaml"), "veil: 1\nname: site\nextends: safe-harbor\n")
	addr := veiltest.FreeAddress(t)
	conf := write(t, s.path("veil.yaml"), strings.Replace(s.text("", "ruleset: "+site+"\nconsumers: {anonymous: {allow: true}}\noperator:\n  listen: "+addr+
		"\n  console: {users: [{name: ann, password: \""+consoletest.Hash+"\"}]}\n"), "audit: {dir: "+s.path("audit")+"}", "audit: {dir: "+s.path("audit")+", signerFile: "+signer+"}", 1))
	s.serve(t, conf).stop(t) // which signs a checkpoint
	server := s.serve(t, conf)
	c := &consoletest.Site{Base: "http://" + addr, Client: consoletest.Browser(t)}
	if status := c.LogIn(t, consoletest.Name, consoletest.Password); status != 303 {
		t.Fatal(status)
	}
	if status, body := c.Post(t, "/evidence", url.Values{"from": {"2026-10-01"}, "to": {"2026-11-01"}}); status != 303 {
		t.Fatal(status, body)
	}
	var page string
	veiltest.Until(t, "the report is made", func() bool {
		_, page = c.Get(t, "/evidence")
		return !strings.Contains(page, "<progress")
	})
	name := regexp.MustCompile(`/evidence/file/(evidence-[^"]+\.json)`).FindStringSubmatch(page)
	if name == nil {
		t.Fatal(page)
	}
	_, text := c.Get(t, "/evidence/file/"+name[1])
	server.stop(t)
	got := reported(t, []byte(text), key)

	if r := veil(t, "", "report", "evidence", "--from", "2026-10-01", "--to", "2026-11-01", "--config", conf, "--sign", signer, "-o", s.path("out")); r.code != 0 {
		t.Fatal(r.stderr)
	}
	file, err := os.ReadFile(s.path("out/evidence.json"))
	if err != nil {
		t.Fatal(err)
	}
	want := reported(t, file, key)
	for _, e := range []*evidence.Evidence{got, want} {
		e.Time = time.Time{}
		for i := range e.Logs {
			l := &e.Logs[i]
			if l.CheckpointBasis != evidence.Measured {
				t.Errorf("the checkpoint was not verified: %+v", l)
			}
			l.Segments, l.Lines, l.Records, l.Last, l.LastHash, l.Checkpoint = 0, 0, 0, time.Time{}, "", 0
		}
	}
	for i := range reflect.TypeFor[evidence.Evidence]().NumField() {
		if a, b := reflect.ValueOf(*got).Field(i).Interface(), reflect.ValueOf(*want).Field(i).Interface(); !reflect.DeepEqual(a, b) {
			t.Errorf("%s: the page reports\n%.2000v\nthe command\n%.2000v", reflect.TypeFor[evidence.Evidence]().Field(i).Name, a, b)
		}
	}
	covered := map[string]bool{}
	for _, r := range got.Rulesets {
		covered[r.Name] = r.Coverage != nil && r.Coverage.Paths > 0
	}
	if !covered["site"] || !covered["safe-harbor"] || !covered["research"] || got.Configuration == nil || len(got.Configuration.Lines) < 5 {
		t.Errorf("covered: %v; configuration: %+v", covered, got.Configuration)
	}
}

// reported is what a signed report has.
func reported(t *testing.T, file []byte, key string) *evidence.Evidence {
	t.Helper()
	if _, err := signed.Open(file, key); err != nil {
		t.Fatal(err)
	}
	var e evidence.Evidence
	if err := json.Unmarshal(file, &e); err != nil {
		t.Fatal(err)
	}
	return &e
}
