package demo

import (
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"

	"github.com/veil-proxy/veil/audit"
	"github.com/veil-proxy/veil/internal/config"
	"github.com/veil-proxy/veil/mask/keys"
)

func (d *demo) configFile() string { return filepath.Join(d.dir, "veil.yaml") }

func (d *demo) signerFile() string { return filepath.Join(d.dir, "audit.key") }

// openLog opens the audit log, with signed checkpoints.
func (d *demo) openLog() (*audit.Log, error) {
	if _, err := keys.CreateSigner(d.signerFile(), "veil-demo"); err != nil {
		return nil, err
	}
	c := config.Audit{Dir: d.auditDir(), SignerFile: d.signerFile()}
	return c.Open()
}

// writeConfig writes what veil serve would need to run the demo's listeners, for the
// commands that read it.
func (d *demo) writeConfig(sql *sqlView) error {
	text := fmt.Sprintf(`# What the demo runs with. It is removed with it.
veil: 1
ruleset: safe-harbor
project: demo
keyFile: %q
audit: {dir: %q, signerFile: %q}
fhir: {upstream: %q, listen: %q, baseURL: %q}
`, d.keyFile(), d.auditDir(), d.signerFile(), d.sourceURL, d.address, d.url)
	if sql == nil {
		return os.WriteFile(d.configFile(), []byte(text+"consumers: {anonymous: {allow: true}}\n"), 0o600)
	}
	upstream, err := url.Parse(sql.upstream)
	if err != nil {
		return err
	}
	password, _ := upstream.User.Password()
	upstream.User = url.User(upstream.User.Username())
	secret := filepath.Join(d.dir, "upstream-password")
	if err := os.WriteFile(secret, []byte(password), 0o600); err != nil {
		return err
	}
	text += fmt.Sprintf(`postgres: {upstream: %q, passwordFile: %q, listen: %q}
views: {tables: {ruleset: %s, project: demo}}
consumers:
  anonymous: {allow: true}
  users: [{name: %s, user: %[5]s, view: tables, verifier: %[6]q}]
`, upstream, secret, sql.Net.Addr(), RulesetName, user, sql.verifier)
	return os.WriteFile(d.configFile(), []byte(text), 0o600)
}

// printSelftest says how to attack the demo.
func (d *demo) printSelftest(out io.Writer, sql *sqlView) {
	of := ""
	if sql != nil {
		of = fmt.Sprintf(" --postgres '%s'", sql.url)
	}
	fmt.Fprintf(out, "Attack all of it as a consumer, and get a grade:\n  %s selftest --rate 0 --config %s%s\n\n", d.Command, d.configFile(), of)
}
