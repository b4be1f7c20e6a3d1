package serve

import (
	"context"
	"time"

	"github.com/veil-proxy/veil/internal/config"
	"github.com/veil-proxy/veil/proxy/console/access"
	"github.com/veil-proxy/veil/proxy/consumer"
	"github.com/veil-proxy/veil/proxy/consumer/keyfile"
)

// directory returns who may use Veil under the configuration in force.
func directory(c *config.Config) access.Directory {
	d := access.Directory{Views: []string{""}}
	rulesets := map[string]string{"": c.Ruleset}
	for _, v := range c.Views {
		d.Views = append(d.Views, v.Name)
		rulesets[v.Name] = v.Ruleset
	}
	k := &c.Consumers
	consumers := &d.Consumers
	of := func(a *consumer.Account, kind, sha256 string) access.Credential {
		return access.Credential{Name: a.Name, Kind: kind, Fingerprint: keyfile.Fingerprint(sha256), View: a.View, Ruleset: rulesets[a.View], Scopes: a.Scopes}
	}
	add := func(one access.Credential) { consumers.Credentials = append(consumers.Credentials, one) }
	if k.AllowAnonymous {
		anonymous := k.Anonymous
		if anonymous.Name == "" {
			anonymous.Name = "anonymous"
		}
		add(of(&anonymous, "no credentials", ""))
	}
	for i := range k.Keys {
		add(of(&k.Keys[i].Account, "API key", k.Keys[i].SHA256))
	}
	for _, e := range k.FiledKeys() {
		one := of(&e.Account, "API key", e.SHA256)
		one.Filed, one.Made, one.By = true, e.Made, e.By
		add(one)
	}
	for i := range k.Issuers {
		add(of(&k.Issuers[i].Account, access.Issuer, ""))
	}
	for i := range k.Certificates {
		add(of(&k.Certificates[i].Account, "client certificate", k.Certificates[i].SPKISHA256))
	}
	for i := range k.Users {
		add(of(&k.Users[i].Account, "PostgreSQL user", ""))
	}
	consumers.KeysFile, consumers.Keys = k.KeysFile, k.AllKeys()
	d.Operators = operators(&c.Operator)
	return d
}

// operators are those of the operator listener and of its console.
func operators(o *config.Operator) access.Group {
	g := access.Group{KeysFile: o.KeysFile, Keys: o.AllKeys()}
	for _, k := range o.Keys {
		g.Credentials = append(g.Credentials, access.Credential{Name: k.Name, Kind: "API key", Fingerprint: keyfile.Fingerprint(k.SHA256)})
	}
	for _, e := range o.FiledKeys() {
		g.Credentials = append(g.Credentials, access.Credential{Name: e.Name, Kind: "API key", Fingerprint: keyfile.Fingerprint(e.SHA256), Filed: true, Made: e.Made, By: e.By})
	}
	if o.Console == nil {
		return g
	}
	for _, u := range o.Console.Users {
		g.Credentials = append(g.Credentials, access.Credential{Name: u.Name, Kind: "password of the console"})
	}
	if o.Console.OIDC.Issuer != "" {
		g.Credentials = append(g.Credentials, access.Credential{Name: o.Console.OIDC.Name, Kind: "login provider of the console"})
	}
	return g
}

// lookBack is how far back the console looks for a consumer's last request.
const lookBack = 90 * 24 * time.Hour

// lastSeen returns the time of each consumer's last request in the audit log.
func (s *Server) lastSeen(ctx context.Context) (map[string]time.Time, error) {
	now := time.Now()
	flows, err := s.index.Flows(ctx, now.Add(-lookBack), now)
	seen := map[string]time.Time{}
	for _, f := range flows {
		if f.Last.After(seen[f.Consumer]) {
			seen[f.Consumer] = f.Last
		}
	}
	return seen, err
}
