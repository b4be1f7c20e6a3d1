// Package attest determines what an evidence report states about a configuration and the
// available rulesets. The command veil report evidence and the console's page use it, so
// that both report the same.
//
//	o.Configuration = attest.Configuration(conf)
//	o.Rulesets, err = attest.Rulesets(library, conf, nil)
//
// No result contains an address, a secret or the name of a folder.
package attest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/veil-proxy/veil/internal/config"
	"github.com/veil-proxy/veil/internal/rules"
	"github.com/veil-proxy/veil/mask/ruleset"
	"github.com/veil-proxy/veil/report/evidence"
	"github.com/veil-proxy/veil/report/signed"
	"github.com/veil-proxy/veil/rulesets"
)

// Configuration describes a configuration, without addresses and secrets. It returns nil
// for one that is not in a file.
func Configuration(c *config.Config) *evidence.Configuration {
	text := c.Text()
	if text == nil {
		return nil
	}
	d := &evidence.Configuration{Basis: evidence.Stated, File: digest(text)}
	say := func(name, format string, args ...any) {
		d.Lines = append(d.Lines, evidence.Line{Name: name, Value: fmt.Sprintf(format, args...)})
	}
	if c.FHIR.Upstream != "" {
		say("FHIR listener", "%s", with("TLS", c.FHIR.TLS.IsOn()))
	}
	if c.Postgres.Upstream != "" {
		say("PostgreSQL listener", "%s", with("TLS", c.Postgres.TLS.IsOn()))
	}
	who := &c.Consumers
	say("Consumers without credentials", "%s", map[bool]string{true: "allowed", false: "refused"}[who.AllowAnonymous])
	say("Credentials of consumers", "%d API keys, %d issuers of tokens, %d client certificates, %d PostgreSQL users", len(who.Keys), len(who.Issuers), len(who.Certificates), len(who.Users))
	say("API keys created in the console", "%s", map[bool]string{true: "yes", false: "no"}[who.KeysFile != ""])
	say("Signed checkpoints of the audit log", "%s", map[bool]string{true: "yes", false: "no"}[c.Audit.SignerFile != ""])
	for _, v := range c.ServedViews() {
		name := "View " + v.Name
		if v.Name == "" {
			name = "View of consumers without a view of their own"
		}
		least := "no minimum number of matches"
		if v.MinCount > 0 {
			least = "searches with fewer than " + strconv.Itoa(v.MinCount) + " matches are refused"
		}
		say(name, "ruleset %s, project %s, %s", base(v.Ruleset), v.Project, least)
		if !v.PreviousKeyUntil.IsZero() {
			say(name+": previous key", "opens what it sealed until %s", v.PreviousKeyUntil)
		}
	}
	return d
}

func with(what string, is bool) string {
	if is {
		return "with " + what
	}
	return "without " + what
}

// base is the name of a ruleset without folders.
func base(name string) string {
	parts := strings.Split(name, "+")
	for i, p := range parts {
		parts[i] = filepath.Base(p)
	}
	return strings.Join(parts, "+")
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Rulesets returns the available rulesets: those of a configuration, which may be nil, those
// given, and those that Veil ships. A shipped overlay masks only together with another
// ruleset.
func Rulesets(lib *rules.Library, conf *config.Config, given []string) (list []evidence.Known, err error) {
	configured := map[string]bool{}
	var names []string
	if conf != nil {
		for _, v := range conf.ServedViews() {
			configured[v.Ruleset] = true
			names = append(names, v.Ruleset)
		}
	}
	names = append(append(names, given...), rulesets.Names()...)
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			continue
		}
		k := evidence.Known{Configured: configured[name]}
		var files []signed.Input
		rs, err := lib.LoadFiles(name, func(file string, src []byte) {
			if in := (signed.Input{Name: filepath.Base(file), SHA256: digest(src)}); !slices.Contains(files, in) {
				files = append(files, in)
			}
		})
		if err != nil {
			return nil, err
		}
		k.Name, k.SHA256 = rs.Name, rs.SHA256()
		k.Coverage = func() (*evidence.Coverage, error) { return coverage(lib, name, rs, files) }
		list = append(list, k)
	}
	return list, nil
}

// coverage compiles a ruleset and lists what it acts on.
func coverage(lib *rules.Library, name string, rs *ruleset.Ruleset, files []signed.Input) (*evidence.Coverage, error) {
	compiled, err := lib.Public(name)
	if err != nil {
		return nil, err
	}
	found := compiled.Coverage()
	c := &evidence.Coverage{Files: files, Paths: found.Total, Passing: len(found.Passing), FHIRRules: len(rs.FHIR.Rules)}
	for _, id := range found.Categories {
		c.Identifiers = append(c.Identifiers, evidence.IdentifierRules{Letter: id.Letter, Rules: append([]string{}, id.Rules...), Paths: id.Paths})
	}
	if t := rs.Tables; t != nil {
		c.TableRules, c.TableDefault = len(t.Rules), t.Default
		for i := range t.Rules {
			for j := range c.Identifiers {
				if strings.Contains(t.Rules[i].Category, c.Identifiers[j].Letter) {
					c.Identifiers[j].TableRules++
				}
			}
		}
	}
	if d := rs.Documents; d != nil {
		c.DocumentRules = len(d.Rules)
		for i := range d.Rules {
			for j := range c.Identifiers {
				if strings.Contains(d.Rules[i].Category, c.Identifiers[j].Letter) {
					c.Identifiers[j].DocumentRules++
				}
			}
		}
	}
	return c, nil
}
