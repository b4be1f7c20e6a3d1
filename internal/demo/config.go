package demo

import (
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"

	"github.com/veil-proxy/veil/internal/config"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/proxy/console/login"
)

// project is that of the demo's views, tablesView the one of its tables.
const (
	project    = "demo"
	tablesView = "tables"
)

func (d *demo) configFile() string { return filepath.Join(d.dir, "veil.yaml") }

// keysFile has the keys that the console creates.
func (d *demo) keysFile(whose string) string { return filepath.Join(d.dir, whose+".yaml") }

// jobsDir has the jobs database, orderedDir the files that jobs mask.
func (d *demo) jobsDir() string { return filepath.Join(d.dir, "jobs") }

func (d *demo) orderedDir() string { return filepath.Join(d.dir, "masked-by-jobs") }

func (d *demo) signerFile() string { return filepath.Join(d.dir, "audit.key") }

// writeConfig writes the configuration of the demo, and the keys that it names. tables is
// the address of the masked view of the tables.
func (d *demo) writeConfig(sql *sqlView, tables string) error {
	if err := keys.WriteFile(d.keyFile()); err != nil {
		return err
	}
	if _, err := keys.CreateSigner(d.signerFile(), "veil-demo"); err != nil {
		return err
	}
	for _, whose := range []string{"consumers", "operators"} {
		if err := os.WriteFile(d.keysFile(whose), nil, 0o600); err != nil {
			return err
		}
	}
	for _, dir := range []string{d.jobsDir(), d.orderedDir()} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			return err
		}
	}
	password, err := login.HashPassword(d.password)
	if err != nil {
		return err
	}
	view := config.DefaultView
	if sql != nil {
		view = tablesView
	}
	text := fmt.Sprintf(`# The configuration of the demo. It is removed when the demo ends.
veil: 1
ruleset: safe-harbor
project: %s
keyFile: %q
audit: {dir: %q, signerFile: %q}
fhir: {upstream: %q, listen: %q, baseURL: %q}
operator:
  listen: %q
  keysFile: %q
  console: {users: [{name: demo, password: %q}]}
  jobs: {stateDir: %q, views: [%s], sources: [{name: files, dir: %q}], targets: [{name: masked, dir: %q}]}
shutdown: {grace: 5s}
`, project, d.keyFile(), d.auditDir(), d.signerFile(), d.sourceURL, d.address, d.url(), d.console, d.keysFile("operators"), password,
		d.jobsDir(), view, d.filesDir(), d.orderedDir())
	if sql == nil {
		return os.WriteFile(d.configFile(), fmt.Appendf(nil, "%sconsumers: {anonymous: {allow: true}, keysFile: %q}\n", text, d.keysFile("consumers")), 0o600)
	}
	upstream, err := url.Parse(sql.upstream)
	if err != nil {
		return err
	}
	secret, _ := upstream.User.Password()
	upstream.User = url.User(upstream.User.Username())
	file := filepath.Join(d.dir, "upstream-password")
	if err := os.WriteFile(file, []byte(secret), 0o600); err != nil {
		return err
	}
	text += fmt.Sprintf(`postgres: {upstream: %q, passwordFile: %q, listen: %q}
views: {%s: {ruleset: %s, project: %s}}
consumers:
  anonymous: {allow: true}
  keysFile: %q
  users: [{name: %s, user: %[8]s, view: %[4]s, verifier: %[9]q}]
`, upstream, file, tables, tablesView, RulesetName, project, d.keysFile("consumers"), user, sql.verifier)
	return os.WriteFile(d.configFile(), []byte(text), 0o600)
}

// printSelftest prints how to attack the demo.
func (d *demo) printSelftest(out io.Writer, sql *sqlView) {
	of := ""
	if sql != nil {
		of = fmt.Sprintf(" --postgres '%s'", sql.url)
	}
	fmt.Fprintf(out, "Attack all of it as a consumer, and get a grade:\n  %s selftest --rate 0 --config %s%s\n\n", d.Command, d.configFile(), of)
}
