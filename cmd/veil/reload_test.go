package main

import (
	"crypto/tls"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/veil-proxy/veil/internal/veiltest"
)

const anybody = "consumers: {anonymous: {allow: true}}\n"

// TestReload: SIGHUP puts rulesets, keys and consumers in force, all together;
// what is not valid, or takes a restart, changes nothing and is named.
func TestReload(t *testing.T) {
	s := newSite(t)
	key, line := apiKey("alice", "")
	config := s.config(t, "", anybody)
	p := s.process(t, config)
	path := s.patient(t, "trial")
	ruleset := func() string { return s.ask(t, path, "X-API-Key", key).header.Get("X-Veil-Ruleset") }
	status := func() int { return s.ask(t, path).status }
	if status() != 200 {
		t.Fatal("not served at the start")
	}

	s.config(t, "", "ruleset: research\nconsumers:\n  keys:\n"+line)
	if log := p.reload(t); !strings.Contains(log, "msg=reloaded") {
		t.Fatal(log)
	}
	if status() != 401 || !strings.HasPrefix(ruleset(), "research;") {
		t.Errorf("after the reload nobody is answered with %d, alice by %s", status(), ruleset())
	}
	site := write(t, s.path("site.yaml"), "veil: 1\nname: site\nextends: safe-harbor\nfhir:\n  rules:\n    - {id: flags, match: Patient.active, method: remove}\n")
	valid := "ruleset: " + site + "\nconsumers:\n  keys:\n" + line
	s.config(t, "", valid)
	p.reload(t)
	was := ruleset()
	if !strings.HasPrefix(was, "site;") {
		t.Fatalf("served by %s", was)
	}

	for _, tc := range []struct {
		name, fhir, sections, site string
		want                       []string
	}{
		{"anybody by mistake", "", "consumers: {anonymous: {allow: true, scpes: x}}\nruleset: x", "", []string{`unknown key \"scpes\"`, `no shipped ruleset is named`}},
		{"a ruleset with problems", "", valid, "veil: 1\nname: site\nextends: safe-harbor\nfhir:\n  rules:\n    - {id: flags, match: Patient.actve, method: remove}\n", []string{"site.yaml:6:26", `did you mean \"active\"`}},
		{"a setting twice", "", strings.Replace(valid, "ruleset", "keyFile: /none\nruleset", 1), "", []string{`mapping key \"keyFile\" already defined`}},
		{"another upstream", "  upstreamAliases: [http://x/fhir]\n  linkAge: 1h\n", valid, "", []string{"fhir.upstreamAliases cannot be changed without a restart", "fhir.linkAge cannot be changed without a restart"}},
		{"nobody", "", "ruleset: safe-harbor\n", "", []string{"no consumer is configured"}},
		{"half-written", "", valid[:len(valid)-80], "", []string{"not reloaded"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s.config(t, tc.fhir, tc.sections)
			if tc.site != "" {
				text, err := os.ReadFile(site)
				if err != nil {
					t.Fatal(err)
				}
				write(t, site, tc.site)
				defer write(t, site, string(text))
			}
			log := p.reload(t, tc.want...)
			for _, want := range tc.want {
				if !strings.Contains(log, want) {
					t.Errorf("the log does not say %s:\n%s", want, log)
				}
			}
			if strings.Contains(log, "msg=reloaded") || ruleset() != was || status() != 401 {
				t.Errorf("in force is %s, nobody gets %d:\n%s", ruleset(), status(), log)
			}
		})
	}
	s.config(t, "", valid+"minCount: 3\n")
	if log := p.reload(t); !strings.Contains(log, "msg=reloaded") {
		t.Errorf("not reloaded after the problems are gone:\n%s", log)
	}
	if a := s.ask(t, "/Patient?_id="+strings.TrimPrefix(path, "/Patient/"), "X-API-Key", key); a.status != 403 {
		t.Errorf("a search for one, where three are the least: %d: %s", a.status, a.body)
	}
	p.stop(t)
	if r := veil(t, "", "audit", "verify", s.path("audit")); r.code != 0 {
		t.Error(r.stderr)
	}
}

// TestReloadUnderLoad: while the ruleset is swapped again and again, each response
// is whole and by one ruleset, the one that its header names and its audit
// record too.
func TestReloadUnderLoad(t *testing.T) {
	s := newSite(t)
	// The rulesets differ in what they leave of a patient.
	flags := write(t, s.path("flags.yaml"), "veil: 1\nname: flags\nextends: safe-harbor\nfhir:\n  rules:\n    - {id: flags, match: Patient.active, method: keep}\n    - {id: sex, match: Patient.gender, method: remove}\n")
	p := s.process(t, s.config(t, "", anybody))
	path := "/Patient?_count=50"
	bodies := map[string]string{}
	bodies["safe-harbor"] = s.ask(t, path).body
	s.config(t, "", anybody+"ruleset: "+flags+"\n")
	p.reload(t)
	bodies["flags"] = s.ask(t, path).body
	for name, b := range bodies {
		bodies[name] = pageToken.ReplaceAllString(b, "")
	}
	if bodies["flags"] == bodies["safe-harbor"] || bodies["flags"] == "" {
		t.Fatal("the rulesets do not differ")
	}

	var stop atomic.Bool
	var wg sync.WaitGroup
	var mu sync.Mutex
	seen := map[string]int{}
	for range 4 {
		wg.Go(func() {
			for !stop.Load() {
				a, err := try(http.DefaultClient, s.base+path)
				if err != nil || a.status != 200 {
					t.Errorf("%d, %v: %s", a.status, err, a.body)
					return
				}
				name, _, _ := strings.Cut(a.header.Get("X-Veil-Ruleset"), ";")
				if pageToken.ReplaceAllString(a.body, "") != bodies[name] {
					t.Errorf("an answer that says it is by %s is not:\n%s", name, a.body)
					return
				}
				mu.Lock()
				seen[name]++
				mu.Unlock()
			}
		})
	}
	for i := range 6 {
		s.config(t, "", anybody+[]string{"ruleset: safe-harbor\n", "ruleset: " + flags + "\n"}[i%2])
		if log := p.reload(t); !strings.Contains(log, "msg=reloaded") {
			t.Error(log)
		}
		name := []string{"safe-harbor", "flags"}[i%2]
		count := func() int {
			mu.Lock()
			defer mu.Unlock()
			return seen[name]
		}
		before := count()
		veiltest.Until(t, "an answer is by "+name, func() bool { return count() > before || t.Failed() })
	}
	stop.Store(true)
	wg.Wait()
	if seen["safe-harbor"] == 0 || seen["flags"] == 0 {
		t.Errorf("answers by ruleset: %v", seen)
	}
	p.stop(t)
	if r := veil(t, "", "audit", "verify", s.path("audit")); r.code != 0 {
		t.Error(r.stderr)
	}
}

// TestReloadCertificate: a renewed certificate is shown after SIGHUP, and the old
// one stays while the new one is not valid.
func TestReloadCertificate(t *testing.T) {
	s := newSite(t)
	ca := newAuthority(t)
	cert, key, _ := ca.pair(t, s, "door")
	s.base = "https://" + s.addr + "/fhir"
	p := s.process(t, s.config(t, "  tls: {certFile: "+cert+", keyFile: "+key+"}\n", anybody))
	shown := func() string {
		// Only the name that is shown matters here.
		conn, err := tls.Dial("tcp", s.addr, &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].SerialNumber.String()
	}
	first := shown()
	whole, err := os.ReadFile(cert)
	if err != nil {
		t.Fatal(err)
	}
	write(t, cert, string(whole[:len(whole)/2]))
	if log := p.reload(t, "fhir.tls.certFile: expected a PEM certificate"); !strings.Contains(log, "fhir.tls.certFile: expected a PEM certificate") || shown() != first {
		t.Errorf("half a certificate:\n%s", log)
	}
	ca.pair(t, s, "door")
	if log := p.reload(t); !strings.Contains(log, "msg=reloaded") || shown() == first {
		t.Errorf("the renewed certificate is not shown:\n%s", log)
	}
	// One that has ended is shown, since clients may accept it, and the log says so.
	const warning = `msg="the listener's certificate has expired" door=fhir since=`
	ca.ends = -time.Minute
	ca.pair(t, s, "door")
	if log := p.reload(t, warning); !strings.Contains(log, warning) {
		t.Errorf("nothing tells of the end:\n%s", log)
	}
	p.stop(t)
}
