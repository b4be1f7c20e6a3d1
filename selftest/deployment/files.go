package deployment

import (
	"os"
	"path/filepath"

	"github.com/veil-proxy/veil/proxy/signin"
	"github.com/veil-proxy/veil/selftest"
	"github.com/veil-proxy/veil/textfile"
)

// largestSecret bounds what is read of a file with a secret, in bytes.
const largestSecret = 1 << 20

// checkFiles checks whether other users can read secrets, or change rulesets and the
// configuration.
func (d *Deployment) checkFiles() {
	c := d.config
	secrets := map[string]string{
		"postgres.passwordFile": c.Postgres.PasswordFile, "audit.signerFile": c.Audit.SignerFile, "fhir.tls.keyFile": c.FHIR.TLS.KeyFile,
		"postgres.tls.keyFile": c.Postgres.TLS.KeyFile, "fhir.upstreamTLS.keyFile": c.FHIR.UpstreamTLS.KeyFile,
	}
	for _, v := range c.ServedViews() {
		at := viewName(v.Name)
		secrets["keyFile of "+at], secrets["previousKeyFile of "+at] = v.KeyFile, v.PreviousKeyFile
	}
	credentials := &c.FHIR.Credentials
	for i := range credentials.Headers {
		secrets["fhir.credentials.headers"] = credentials.Headers[i].Value.File
	}
	for name, s := range map[string]*signin.Secret{"fhir.credentials.basic": passwordOf(credentials)} {
		if s != nil {
			secrets[name] = s.File
		}
	}
	for _, setting := range sorted(secrets) {
		path := secrets[setting]
		if path == "" {
			continue
		}
		_, err := textfile.ReadSecret(path, largestSecret)
		p := probe{id: "files.secret", kind: "files", of: setting, severity: selftest.High}
		if err != nil {
			p.seen, p.do = "the file is not kept secret: "+err.Error(), "let the user that runs Veil own it, with mode 0600, and replace secrets that others could read"
		}
		d.add(p, err != nil)
	}
	d.checkWritable("audit.dir", c.Audit.Dir)
	if d.source.File != "" {
		d.checkWritable("configuration", d.source.File)
	}
	for _, v := range c.ServedViews() {
		if _, err := os.Stat(v.Ruleset); err == nil && filepath.Ext(v.Ruleset) != "" {
			d.checkWritable("ruleset of "+viewName(v.Name), v.Ruleset)
		}
	}
}

func passwordOf(c *signin.Config) *signin.Secret {
	if c.Basic == nil {
		return nil
	}
	return &c.Basic.Password
}

// checkWritable checks whether other users can change a file or folder.
func (d *Deployment) checkWritable(of, path string) {
	p := probe{id: "files.writable", kind: "files", of: of, severity: selftest.High}
	info, err := os.Stat(path)
	if err != nil {
		d.skip(p, "it cannot be seen from here")
		return
	}
	p.seen, p.do = "other users can change it", "remove write permission for others (chmod o-w)"
	d.add(p, info.Mode().Perm()&0o002 != 0)
}

// viewName names a view in probes; the default view has no name of its own.
func viewName(name string) string {
	if name == "" {
		return "the default view"
	}
	return "view " + name
}
