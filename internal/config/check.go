package config

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/veil-proxy/veil/proxy/consumer"
)

// check notes everything that is missing or contradictory. It opens no file.
func (c *Config) check() {
	p := &c.problems
	if c.FHIR.Upstream == "" && c.Postgres.Upstream == "" && !p.unread("fhir.upstream") && !p.unread("postgres.upstream") {
		p.add("fhir.upstream", "no upstream is configured: use --fhir-upstream URL or --postgres-upstream DSN, or set fhir.upstream or postgres.upstream in a configuration file")
	}
	if c.Audit.Dir == "" {
		p.add("audit.dir", "not set: use --audit-dir DIR, or set audit.dir in a configuration file")
	}
	if a := &c.Audit; a.Index != "" && filepath.Clean(a.Index) == filepath.Clean(a.Dir) {
		p.add("audit.index", "%s is the directory of the log: give the index one of its own", a.Index)
	}
	c.Audit.check(p, c)
	c.Postgres.check(p, &c.Consumers)
	if _, _, err := splitAddress(c.FHIR.Listen); err != nil {
		p.add("fhir.listen", "expected an address such as 127.0.0.1:8080, or :8080 for all interfaces")
	}
	c.Operator.check(p, c.projects(), c.viewNames())
	if c.FHIR.LinkAge < time.Minute {
		p.add("fhir.linkAge", "expected 1m or more")
	}
	k := &c.Consumers
	switch {
	case p.unread("consumers"):
	case !k.AllowAnonymous && k.Anonymous != (consumer.Account{}):
		p.add("consumers.anonymous", "anonymous access is not allowed: add allow: true, or remove this section")
	case !k.AllowAnonymous && k.known() == 0 && !k.unread:
		p.add("consumers", "no consumer is configured: add keys, issuers, certificates or users, or allow anonymous access with --allow-anonymous (anonymous: {allow: true})")
	}
	if len(k.Certificates) > 0 && c.FHIR.TLS.ClientCAFile == "" {
		p.add("consumers.certificates", "client certificates cannot be verified: set fhir.tls.clientCAFile")
	}
	c.checkViews()
}

// checkViews notes what is wrong with views and with accounts that name them.
func (c *Config) checkViews() {
	names := []string{""}
	for _, v := range c.Views {
		names = append(names, v.Name)
		if v.Project == "" {
			c.problems.add("views."+v.Name+".project", "not set: every view needs a project, since pseudonyms can be linked across views that share project and key")
		}
	}
	for _, v := range c.ServedViews() {
		if v.PreviousKeyFile != "" && v.PreviousKeyUntil.IsZero() {
			c.problems.add(v.path+"previousKeyFile", "previousKeyUntil is not set: set the day on which the previous key expires")
		}
		if v.PreviousKeyFile == "" && !v.PreviousKeyUntil.IsZero() {
			c.problems.add(v.path+"previousKeyUntil", "previousKeyFile is not set: set it, or remove previousKeyUntil")
		}
	}
	for _, a := range c.accounts() {
		if slices.Contains(names, a.View) {
			continue
		}
		if len(c.Views) == 0 {
			c.problems.add(a.path+".view", "unknown view: no views are configured; add views, or remove this setting")
			continue
		}
		c.problems.add(a.path+".view", "unknown view: expected one of %s", strings.Join(names[1:], ", "))
	}
}

// known returns the number of credentials and issuers.
func (c *Consumers) known() int {
	return len(c.Keys) + len(c.filed) + len(c.Issuers) + len(c.Certificates) + len(c.Users)
}

// ServedView is a view that is in use.
type ServedView struct {
	path string // that its settings begin with
	NamedView
}

// ServedViews returns all views that are served. The one at the top is served only if a
// consumer or jobs use it.
func (c *Config) ServedViews() []ServedView {
	var all []ServedView
	if slices.ContainsFunc(c.accounts(), func(a account) bool { return a.View == "" }) || c.Operator.Jobs != nil && slices.Contains(c.Operator.Jobs.Views, DefaultView) {
		all = append(all, ServedView{"", NamedView{"", c.View}})
	}
	for _, v := range c.Views {
		all = append(all, ServedView{"views." + v.Name + ".", v})
	}
	return all
}

// viewNames are those of the named views.
func (c *Config) viewNames() []string {
	var all []string
	for _, v := range c.Views {
		all = append(all, v.Name)
	}
	return all
}

// projects are those of all views.
func (c *Config) projects() []string {
	all := []string{c.Project}
	for _, v := range c.Views {
		all = append(all, v.Project)
	}
	return all
}

// account is a consumer's with the path of its settings.
type account struct {
	path string
	consumer.Account
}

func (c *Config) accounts() []account {
	var all []account
	k := &c.Consumers
	if k.AllowAnonymous {
		all = append(all, account{"consumers.anonymous", k.Anonymous})
	}
	for i := range k.Keys {
		all = append(all, account{fmt.Sprintf("consumers.keys[%d]", i), k.Keys[i].Account})
	}
	for i := range k.filed {
		all = append(all, account{"consumers.keysFile", k.filed[i].Account})
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

// ConsumersOf returns the names of the consumers that have a view, in order.
func (c *Config) ConsumersOf(view string) []string {
	var names []string
	for _, a := range c.accounts() {
		if a.View == view && a.Name != "" {
			names = append(names, a.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func baseURL(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return "expected an absolute http or https URL without user, query or fragment"
	}
	return ""
}

func origin(s string) string {
	u, err := url.Parse(s)
	if s != "*" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || s != u.Scheme+"://"+u.Host || u.Host == "") {
		return `expected "*", or scheme and host such as https://notebook.example`
	}
	return ""
}

func sha256Hex(s string) string {
	if len(s) != 64 || strings.Trim(s, "0123456789abcdefABCDEF") != "" {
		return "expected the SHA-256 of the key: 64 hex digits (veil keys api NAME prints it)"
	}
	return ""
}

// splitAddress splits a TCP address, whose port must be a number or a known name. It
// refuses sockets of the file system (unix:/run/veil.sock).
func splitAddress(addr string) (host, port string, err error) {
	if host, port, err = net.SplitHostPort(addr); err == nil {
		_, err = net.DefaultResolver.LookupPort(context.Background(), "tcp", port)
	}
	return host, port, err
}

// OperatorAddress completes the address of the operator's listener: without a host
// it is on 127.0.0.1. Empty stays empty.
func OperatorAddress(listen string) (string, error) {
	if listen == "" {
		return "", nil
	}
	if _, err := strconv.ParseUint(listen, 10, 16); err == nil {
		listen = ":" + listen
	}
	host, port, err := splitAddress(listen)
	if err != nil {
		return "", errors.New("expected an address such as 127.0.0.1:9090, or a port")
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port), nil
}
