package main

import (
	"testing"
)

// TestConfigMessagesStandAlone: one mistake is one message, which is whole.
func TestConfigMessagesStandAlone(t *testing.T) {
	t.Parallel()
	dir, key := t.TempDir(), newKey(t)
	head := "veil: 1\nkeyFile: " + key + "\naudit: {dir: " + dir + "/audit}\n"
	user := "consumers: {users: [{name: a, user: a, verifier: \"" + "SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2FsdA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" + "\"}]}\n"
	wrong := write(t, dir+"/wrong.key", "something else\n")
	for i, tc := range []struct{ text, want string }{
		{head + "fhir: {upstream: http://127.0.0.1:1/fhir}\nconsumers: {anonymous: {allow: true, view: v}}\n",
			"5:44: consumers.anonymous.view: unknown view: no views are configured; add views, or remove this setting"},
		{"veil: 1\nkeyFile: " + wrong + "\naudit: {dir: " + dir + "/audit}\nfhir: {upstream: http://127.0.0.1:1/fhir}\nconsumers: {anonymous: {allow: true}}\n",
			"2:10: keyFile: " + wrong + ": not a key: expected \"veil-key-1:\" and base 64 (make one with: veil keys new FILE)"},
		{head + "postgres: {upstream: 'postgres://veil:SECRET@db/clinic'}\n" + user,
			"4:22: postgres.upstream: the connection string must not contain a password: put it in passwordFile, $PGPASSWORD or ~/.pgpass"},
	} {
		file := write(t, dir+"/veil.yaml", tc.text)
		if r := veil(t, "", "serve", "--config", file); r.code != 1 || r.stderr != "veil: "+file+":"+tc.want+"\n" {
			t.Errorf("%d: exit %d\n%s\nwant %s", i, r.code, r.stderr, tc.want)
		}
	}
}
