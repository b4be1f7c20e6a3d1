package main

import (
	"encoding/base64"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/veiltest"
)

// TestNoSinkShowsAValueOrASecret asks for every patient and much else, in right
// and in wrong ways, makes a reload fail, and then looks into everything that is
// not a response to a consumer: the log, the audit log, the metrics, the printed
// configuration, help, and errors. None has an identifying value, a key, an API
// key or a credential.
func TestNoSinkShowsAValueOrASecret(t *testing.T) {
	s := newSite(t)
	key, line := apiKey("alice", "")
	wrong, _ := apiKey("x", "")
	operator := veiltest.FreeAddress(t)
	password := write(t, s.path("password"), "upstream-pass-7391")
	config := s.config(t, "  credentials: {basic: {user: veil, password: {file: "+password+"}}}\n",
		"detail: true\noperator: {listen: \""+operator+"\"}\nconsumers:\n  keys:\n"+line)
	p := s.process(t, config)

	var asked []string
	errorsTold := ""
	for _, id := range s.population.PatientIDs() {
		path := "/Patient/" + pseudonym(t, s.key, "trial", "Patient", id)
		asked = append(asked, path, path+"/$everything", "/Patient/"+id, "/Observation?subject=Patient/"+id)
	}
	for _, planted := range s.population.Planted() {
		asked = append(asked, "/Patient?name="+escape(planted.Value), "/Patient?"+escape(planted.Value)+"=x", "/"+escape(planted.Value), "/Patient?_id="+escape(planted.Value))
		if len(asked) > 300 {
			break
		}
	}
	for i, path := range asked {
		header := []string{"X-API-Key", key}
		if i%97 == 3 { // few: who fails often is slowed down
			header = []string{"X-API-Key", wrong, "Cookie", "c"}
		}
		// Errors repeat the name of a parameter, to whom it is from.
		if a := s.ask(t, path, header...); a.status >= 400 && !strings.HasSuffix(path, "=x") {
			errorsTold += a.body + "\n"
		}
	}
	metrics := ask(t, http.DefaultClient, "http://"+operator+"/metrics").body
	printed := veil(t, "", "serve", "--config", config, "--print-config")
	// What an operator may get wrong: secrets where they do not belong.
	secret, err := os.ReadFile(s.key)
	if err != nil {
		t.Fatal(err)
	}
	keyText := strings.TrimSpace(string(secret))
	text := s.text("", "consumers:\n  keys:\n    - {name: "+key+", sha256: "+wrong+", scopes: "+key+"}\n    - "+key+": x\noperator: {listen: "+keyText+"}\n"+keyText+": x\n")
	write(t, config, text)
	mistakes := p.reload(t) + veil(t, "", "serve", "--config", config).stderr
	for _, flag := range []string{"--key-file", "--project", "--listen", "--ruleset", "--audit-dir"} {
		for _, more := range []string{"--print-config", "--allow-anonymous"} {
			r := veil(t, "", "serve", flag, keyText, more)
			mistakes += r.stdout + r.stderr
		}
	}
	p.stop(t)
	help := veil(t, "", "serve", "--help").stdout + veil(t, "", "keys", "--help").stdout
	if !strings.Contains(metrics, "veil_fhir_requests_total") || printed.code != 0 || !strings.Contains(mistakes, "not reloaded") || strings.Count(p.out.String(), "msg=request")+strings.Count(p.out.String(), "msg=login") < len(asked) {
		t.Fatalf("a sink is not seen: printed %d, %d requests of %d in the log, metrics %t, reload %t", printed.code, strings.Count(p.out.String(), "msg=request")+strings.Count(p.out.String(), "msg=login"), len(asked), strings.Contains(metrics, "veil_fhir_requests_total"), strings.Contains(mistakes, "not reloaded"))
	}

	sinks := map[string]string{
		"the log": p.out.String(), "the metrics": metrics, "the printed configuration": printed.stdout + printed.stderr,
		"errors for consumers": errorsTold, "errors for the operator": mistakes, "help": help,
	}
	segments, err := filepath.Glob(s.path("audit/*"))
	if err != nil || len(segments) == 0 {
		t.Fatal(segments, err)
	}
	for _, name := range segments {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		sinks["the audit log"] += string(text)
	}
	body := strings.TrimPrefix(keyText, "veil-key-1:")
	raw, err := base64.StdEncoding.DecodeString(body)
	if err != nil {
		t.Fatal(err)
	}
	secrets := map[string]string{
		"the key": body, "the key's bytes": string(raw), "an API key": strings.TrimPrefix(key, "veil_"), "a refused API key": strings.TrimPrefix(wrong, "veil_"),
		"the upstream's password": "upstream-pass-7391", "the header for the upstream": base64.StdEncoding.EncodeToString([]byte("veil:upstream-pass-7391")),
	}
	// Ports, times, counts and hashes can have the digits of a postal code or a
	// date by chance.
	numbers := regexp.MustCompile(`127\.0\.0\.1:\d+|time=\S+|"time":"[^"]*"|duration\w*"?[=:]\d+|(?m)^(veil|go|process)_\S+ \S+$|[0-9a-f]{32,}|"(n|seq)":\d+|/tmp/\S+`)
	for sink, text := range sinks {
		for what, secret := range secrets {
			if strings.Contains(text, secret) {
				t.Errorf("%s shows %s", sink, what)
			}
		}
		for _, found := range s.population.Find(numbers.ReplaceAll([]byte(text), nil)) {
			t.Errorf("%s shows a planted %s", sink, found.Kind)
		}
	}
}

// escape makes a value fit for a URL, without hiding it.
func escape(value string) string {
	return strings.NewReplacer(" ", "+", "%", "%25", "&", "%26", "#", "%23", "?", "%3F", "/", "%2F").Replace(value)
}
