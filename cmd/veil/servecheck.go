package main

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/proxy/consumer"
)

// read takes the values of a YAML file. Problems are noted.
func (c *serveConfig) read(file string, src []byte) {
	p := &c.problems
	p.file, p.at = file, map[string]mask.Position{}
	t, root := mask.ParseYAML(file, src, &p.located)
	if !root.IsZero() {
		version := setting{name: "veil", read: func(r *reading, _ string, n mask.Node) { r.Word(n, "1") }}
		r := &reading{t, p.at}
		r.section("", root, append(c.settings(), version))
		if _, ok := p.at["veil"]; !ok {
			p.located.Add(mask.Position{File: file, Line: 1, Column: 1}, `want "veil: 1", the version of the configuration`)
		}
	}
	p.read = len(p.located)
}

// complete fills in what follows from other settings.
func (c *serveConfig) complete() {
	for i := range c.Views {
		if v := &c.Views[i]; v.KeyFile == "" {
			v.KeyFile = c.KeyFile
			if v.PreviousKeyFile == "" {
				v.PreviousKeyFile, v.PreviousKeyUntil = c.PreviousKeyFile, c.PreviousKeyUntil
			}
		}
	}
}

// check notes everything that is missing or does not fit together. No file is
// opened.
func (c *serveConfig) check() {
	p := &c.problems
	if c.FHIR.Upstream == "" && c.Postgres.Upstream == "" && !p.unread("fhir.upstream") && !p.unread("postgres.upstream") {
		p.add("fhir.upstream", "it is not set, nor is postgres.upstream: give --fhir-upstream URL or --postgres-upstream DSN, or set one in a configuration file")
	}
	if c.Audit.Dir == "" {
		p.add("audit.dir", "it is not set: give --audit-dir DIR, or set it in a configuration file")
	}
	c.Postgres.check(p, len(c.Consumers.Users))
	if _, _, err := net.SplitHostPort(c.FHIR.Listen); err != nil {
		p.add("fhir.listen", "want an address such as 127.0.0.1:8080, or :8080 for all of this machine's")
	}
	if _, err := operatorAddress(c.Operator.Listen); err != nil {
		p.add("operator.listen", "%v", err)
	}
	if c.FHIR.LinkAge < time.Minute {
		p.add("fhir.linkAge", "want 1m or more")
	}
	k := &c.Consumers
	switch {
	case !k.AllowAnonymous && k.Anonymous != (consumer.Account{}):
		p.add("consumers.anonymous", "anonymous access is not allowed: add allow: true, or take this section out")
	case !k.AllowAnonymous && k.known() == 0:
		p.add("consumers", "nobody may ask: add keys, issuers, certificates or users, or let anybody ask with --allow-anonymous (anonymous: {allow: true})")
	}
	if len(k.Certificates) > 0 && c.FHIR.TLS.ClientCAFile == "" {
		p.add("consumers.certificates", "fhir.tls.clientCAFile is not set, so no certificate would be verified")
	}
	c.checkViews()
}

// checkViews notes what is wrong with views and with who names them.
func (c *serveConfig) checkViews() {
	names := []string{""}
	for _, v := range c.Views {
		names = append(names, v.Name)
		if v.Project == "" {
			c.problems.add("views."+v.Name+".project", "it is not set: pseudonyms of views with one project and key can be linked, so name it in so many words")
		}
	}
	for _, v := range c.views() {
		if v.PreviousKeyFile != "" && v.PreviousKeyUntil.IsZero() {
			c.problems.add(v.path+"previousKeyFile", "previousKeyUntil is not set: say how long the previous key opens what it sealed")
		}
		if v.PreviousKeyFile == "" && !v.PreviousKeyUntil.IsZero() {
			c.problems.add(v.path+"previousKeyUntil", "previousKeyFile is not set")
		}
	}
	for _, a := range c.accounts() {
		if !slices.Contains(names, a.View) {
			if len(c.Views) == 0 {
				c.problems.add(a.path+".view", "there is no view of this name, since none is configured: add views, or leave view out")
				continue
			}
			c.problems.add(a.path+".view", "there is no view of this name: views are %s", strings.Join(names[1:], ", "))
		}
	}
}

// known is how many credentials and issuers there are.
func (c *consumersConfig) known() int {
	return len(c.Keys) + len(c.Issuers) + len(c.Certificates) + len(c.Users)
}

// servedView is a view with the path that its settings begin with.
type servedView struct {
	path string
	namedView
}

// views has all views that are served: the one at the top only if a consumer
// sees it.
func (c *serveConfig) views() []servedView {
	var all []servedView
	if slices.ContainsFunc(c.accounts(), func(a account) bool { return a.View == "" }) {
		all = append(all, servedView{"", namedView{"", c.viewConfig}})
	}
	for _, v := range c.Views {
		all = append(all, servedView{"views." + v.Name + ".", v})
	}
	return all
}

// account is a consumer's with the path of its settings.
type account struct {
	path string
	consumer.Account
}

func (c *serveConfig) accounts() []account {
	var all []account
	k := &c.Consumers
	if k.AllowAnonymous {
		all = append(all, account{"consumers.anonymous", k.Anonymous})
	}
	for i := range k.Keys {
		all = append(all, account{fmt.Sprintf("consumers.keys[%d]", i), k.Keys[i].Account})
	}
	for i := range k.Issuers {
		all = append(all, account{fmt.Sprintf("consumers.issuers[%d]", i), k.Issuers[i].Account})
	}
	for i := range k.Certificates {
		all = append(all, account{fmt.Sprintf("consumers.certificates[%d]", i), k.Certificates[i].Account})
	}
	for i := range k.Users {
		all = append(all, account{fmt.Sprintf("consumers.users[%d]", i), k.Users[i].Account})
	}
	return all
}

func baseURL(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return "want an absolute http or https URL without user, query or fragment"
	}
	return ""
}

func origin(s string) string {
	u, err := url.Parse(s)
	if s != "*" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || s != u.Scheme+"://"+u.Host || u.Host == "") {
		return `want "*", or scheme and host such as https://notebook.example`
	}
	return ""
}

func sha256Hex(s string) string {
	if len(s) != 64 || strings.Trim(s, "0123456789abcdefABCDEF") != "" {
		return "want the SHA-256 of the key: 64 hex digits (veil keys api NAME prints it)"
	}
	return ""
}

// sendsCredentialsInTheClear reports whether Veil signs in to an upstream that is
// not on this machine without TLS.
func (c *serveConfig) sendsCredentialsInTheClear() bool {
	u, err := url.Parse(c.FHIR.Upstream)
	if err != nil || u.Scheme != "http" {
		return false
	}
	k := &c.FHIR.Credentials
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) &&
		(len(k.Headers) > 0 || k.Basic != nil || k.ClientCredentials != nil || k.BackendServices != nil || k.SigV4 != nil || k.ServiceAccount != nil)
}
