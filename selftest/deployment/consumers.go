package deployment

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"github.com/veil-proxy/veil/selftest"
)

// checkConsumers checks who has access, and with which credentials.
func (d *Deployment) checkConsumers() {
	c := d.config
	open := exposed(c.FHIR.Listen) && c.FHIR.Upstream != ""
	d.add(probe{id: "consumers.anonymous", kind: "consumers", severity: selftest.High, seen: "everyone who can reach the listener can read the masked data without credentials", do: "configure keys, issuers or certificates, and remove anonymous access"}, open && c.Consumers.AllowAnonymous)
	for _, u := range c.Consumers.Users {
		p := probe{id: "consumers.guessable", kind: "consumers", of: u.User, severity: selftest.High, seen: "the password is one of the first that an attacker tries", do: "create a new one with: veil keys postgres USER"}
		d.add(p, exposed(c.Postgres.Listen) && slices.ContainsFunc(guesses(u.User, u.Name), func(word string) bool { return verifies(u.Verifier, word) }))
	}
	for _, k := range c.Consumers.AllKeys() {
		p := probe{id: "consumers.guessable", kind: "consumers", of: k.Name, severity: selftest.High, seen: "the API key is one of the first that an attacker tries", do: "create a new one with: veil keys api NAME"}
		d.add(p, slices.ContainsFunc(guesses(k.Name), func(word string) bool {
			sum := sha256.Sum256([]byte(word))
			return strings.EqualFold(hex.EncodeToString(sum[:]), k.SHA256)
		}))
	}
	d.add(probe{id: "consumers.origins", kind: "consumers", of: "fhir.origins", severity: selftest.Low, seen: "every web page may send requests through a browser that has credentials", do: "name the origins that need it"}, slices.Contains(c.FHIR.Origins, "*") && !c.Consumers.AllowAnonymous)
}

// guesses are the passwords that attackers try first.
func guesses(names ...string) []string {
	all := []string{"password", "postgres", "veil", "secret", "changeme", "change-me", "admin", "demo", "test", "12345678", "123456", "letmein", "analyst"}
	for _, n := range names {
		all = append(all, n, n+"1", n+"123", strings.ToUpper(n), strings.ToLower(n))
	}
	return all
}

// verifies reports whether a SCRAM-SHA-256 verifier belongs to a password (RFC 5802:
// StoredKey is the hash of the client key).
func verifies(verifier, password string) bool {
	parts := strings.FieldsFunc(verifier, func(r rune) bool { return r == '$' || r == ':' })
	if len(parts) != 5 {
		return false
	}
	iterations, err := strconv.Atoi(parts[1])
	salt, err2 := base64.StdEncoding.DecodeString(parts[2])
	stored, err3 := base64.StdEncoding.DecodeString(parts[3])
	if err != nil || err2 != nil || err3 != nil {
		return false
	}
	salted, err := pbkdf2.Key(sha256.New, password, salt, iterations, sha256.Size)
	if err != nil {
		return false
	}
	mac := hmac.New(sha256.New, salted)
	mac.Write([]byte("Client Key"))
	sum := sha256.Sum256(mac.Sum(nil))
	return hmac.Equal(sum[:], stored)
}
