package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func TestLogFormats(t *testing.T) {
	t.Parallel()
	var text bytes.Buffer
	l := (&logConfig{Level: "warn", Format: "json"}).logger(&text)
	l.Info("one")
	l.Warn("two", "door", "fhir")
	var line map[string]any
	if err := json.Unmarshal(text.Bytes(), &line); err != nil || line["msg"] != "two" || line["door"] != "fhir" {
		t.Errorf("%v: %s", err, text.String())
	}
	text.Reset()
	(&logConfig{Level: "debug", Format: "text"}).logger(&text).Debug("three")
	if !strings.Contains(text.String(), "msg=three") {
		t.Error(text.String())
	}
}

// TestServeWarns: what works, and may not be meant, is said.
func TestServeWarns(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		listen, baseURL string
		anonymous, tls  bool
		want            []string
	}{
		{"127.0.0.1:8080", "", true, false, nil},
		{"localhost:8080", "", true, false, nil},
		{":8080", "", true, false, []string{"whoever reaches this address may read the masked data", "fhir.baseURL is not set"}},
		{":8080", "https://x/fhir", false, false, []string{"plain HTTP from other machines"}},
		{"0.0.0.0:8080", "", true, true, []string{"fhir.baseURL is not set"}},
		{"10.0.0.1:8080", "", true, true, nil},
	} {
		c := defaultServeConfig()
		c.FHIR.Upstream, c.FHIR.Listen, c.FHIR.BaseURL, c.Consumers.AllowAnonymous = "http://x/fhir", tc.listen, tc.baseURL, tc.anonymous
		if tc.tls {
			c.FHIR.TLS = tlsConfig{CertFile: "c", KeyFile: "k"}
		}
		var text bytes.Buffer
		c.warn((&logConfig{}).logger(&text))
		if got := strings.Count(text.String(), "level=WARN"); got != len(tc.want) {
			t.Errorf("%+v: %s", tc, text.String())
		}
		for _, want := range tc.want {
			if !strings.Contains(text.String(), want) {
				t.Errorf("%+v: no %q in %s", tc, want, text.String())
			}
		}
	}
}

// TestConfigMessagesStandAlone: one mistake is one message, which is whole.
func TestConfigMessagesStandAlone(t *testing.T) {
	t.Parallel()
	dir, key := t.TempDir(), newKey(t)
	head := "veil: 1\nkeyFile: " + key + "\naudit: {dir: " + dir + "/audit}\n"
	user := "consumers: {users: [{name: a, user: a, verifier: \"" + "SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2FsdA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" + "\"}]}\n"
	wrong := write(t, dir+"/wrong.key", "something else\n")
	for i, tc := range []struct{ text, want string }{
		{head + "fhir: {upstream: http://127.0.0.1:1/fhir}\nconsumers: {anonymous: {allow: true, view: v}}\n",
			"5:44: consumers.anonymous.view: there is no view of this name, since none is configured: add views, or leave view out"},
		{"veil: 1\nkeyFile: " + wrong + "\naudit: {dir: " + dir + "/audit}\nfhir: {upstream: http://127.0.0.1:1/fhir}\nconsumers: {anonymous: {allow: true}}\n",
			"2:10: keyFile: " + wrong + ": not a key: want \"veil-key-1:\" and base 64 (make one with: veil keys new FILE)"},
		{head + "postgres: {upstream: 'postgres://veil:SECRET@db/clinic'}\n" + user,
			"4:22: postgres.upstream: there is a password in it, which does not belong here: put it into passwordFile, $PGPASSWORD or ~/.pgpass"},
	} {
		file := write(t, dir+"/veil.yaml", tc.text)
		if r := veil(t, "", "serve", "--config", file); r.code != 1 || r.stderr != "veil: "+file+":"+tc.want+"\n" {
			t.Errorf("%d: exit %d\n%s\nwant %s", i, r.code, r.stderr, tc.want)
		}
	}
}
