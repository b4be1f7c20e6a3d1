// Package selftestcmd has the command veil selftest.
package selftestcmd

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"

	"github.com/veil-proxy/veil/internal/cli"
	"github.com/veil-proxy/veil/internal/config"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/report/signed"
	"github.com/veil-proxy/veil/selftest"
	"github.com/veil-proxy/veil/selftest/deployment"
	"github.com/veil-proxy/veil/selftest/fhirattack"
	"github.com/veil-proxy/veil/selftest/sqlattack"
	"github.com/veil-proxy/veil/textfile"
)

// options are the flags of veil selftest.
type options struct {
	config, user, verifierKey     string
	replicas                      []string
	minCount                      int
	minFree                       uint64
	postgres, fhir, canaries      string
	apiKeyFile, tokenFile, caFile string
	minGrade, out, sign           string
	limits                        selftest.Limits
	format                        cli.Format

	source  func(file string) *config.Source
	version string
}

// New returns veil selftest. version is that of the program, and source reads a
// configuration of veil serve.
func New(version string, source func(file string) *config.Source) *cobra.Command {
	o := options{limits: selftest.DefaultLimits(), version: version, source: source}
	c := &cobra.Command{
		Use: "selftest", Short: "Attack a masking proxy as a consumer, and grade it",
		Long: `Attacks a system that masks health data, from the outside, as a consumer. It
runs positive controls first, and then the published attack suites in SQL and
FHIR. The target can be Veil or any other masking proxy, view or extension.

An attack succeeds if an original value is received in any spelling, if the
response differs between an original and a value that nobody has, or if
something is accepted that must be refused. The originals are canaries: values
that are known to be in the source. Name some in a file:

  veil: 1
  postgres:
    - {column: public.patients.family, value: Qzorvath}
  fhir:
    - {element: Patient.name.family, value: Qzorvath}
    - {element: Patient.id, value: 4711-a}

Choose rare values of 5 or more characters that cannot occur in masked data by
chance. They are never printed.

With --config, the self-test also reads the configuration of a live Veil. It
attacks its listeners with canaries that it reads from the upstreams itself and
does not keep. It also checks TLS, credentials, the privileges of the upstream
role, the rulesets and keys in force, views, replicas, files, and the audit
records of everything that it did. Run it where the audit log is, as the user
of veil serve. Give the consumer's credentials with --postgres (or --user and
$PGPASSWORD) and --api-key-file.

It is safe in production: nothing is changed (attempts to write match no row
and no resource, and are rolled back), and the rate, duration and size of
responses are limited.

The grade is A if every probe passed. Otherwise it depends on the most severe
failure: B for low, C for medium, D for high, F for critical. It is F if a
control failed, since the other results then prove nothing.

Exit status: 0 if the grade is --min-grade or better, 1 if not.`,
		Example: `  veil selftest --postgres postgres://analyst@proxy:6432/clinic \
      --canaries canaries.yaml
  veil selftest --fhir https://proxy/fhir --api-key-file analyst.key \
      --canaries canaries.yaml
  veil selftest --config veil.yaml --user analyst --api-key-file analyst.key
  veil selftest --config veil.yaml --out selftest.json --sign sign.key`,
		Args: cli.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return o.run(c) },
	}
	fl := c.Flags()
	fl.StringVar(&o.config, "config", "", "configuration `FILE` of the veil serve to check")
	fl.StringVar(&o.user, "user", "", "`USER` of the PostgreSQL listener, if --postgres is not set")
	fl.StringArrayVar(&o.replicas, "replica", nil, "with --config: base `URL` or DSN of another process that must agree (repeatable)")
	fl.StringVar(&o.verifierKey, "verifier-key", "", "verify the audit log's checkpoints with `KEY`: a verifier key, or a file that contains one (default: the file beside the signing key)")
	fl.IntVar(&o.minCount, "min-count", 0, "require that views show no groups of fewer than `N`")
	fl.Uint64Var(&o.minFree, "min-free", 1<<30, "require `BYTES` of free space on the disk of the audit log")
	fl.StringVar(&o.postgres, "postgres", "", "`DSN` of a PostgreSQL target, with the consumer as user; the password may be in $PGPASSWORD or ~/.pgpass")
	fl.StringVar(&o.fhir, "fhir", "", "base `URL` of a FHIR target")
	fl.StringVar(&o.canaries, "canaries", "", "`FILE` with original values that are known to be in the source")
	fl.StringVar(&o.apiKeyFile, "api-key-file", "", "`FILE` with the consumer's API key for FHIR")
	fl.StringVar(&o.tokenFile, "token-file", "", "`FILE` with the consumer's access token for FHIR")
	fl.StringVar(&o.caFile, "ca-file", "", "`FILE` with certificate authorities (PEM) to trust for FHIR (default: those of the system)")
	fl.StringVar(&o.minGrade, "min-grade", "A", "minimum `GRADE`: A, B, C, D or F")
	fl.StringVar(&o.out, "out", "", "write the result as JSON to this new `FILE`; veil report evidence includes it")
	fl.StringVar(&o.sign, "sign", "", "sign the result with the key in `FILE` (see veil keys sign)")
	fl.StringArrayVar(&o.limits.Only, "only", nil, "run only attacks whose ids match `GLOB`, such as postgres.read.*; the grade is then C at best (repeatable)")
	fl.Float64Var(&o.limits.Rate, "rate", o.limits.Rate, "send at most `N` statements or requests per second; 0 for no limit")
	fl.DurationVar(&o.limits.Timeout, "timeout", o.limits.Timeout, "wait at most `DURATION` for one statement or request")
	o.format.Add(c)
	return c
}

func (o *options) check() error {
	if o.config == "" && o.postgres == "" && o.fhir == "" {
		return cli.Usagef("no target: use --postgres DSN, --fhir URL or both, or --config FILE")
	}
	if o.config == "" && (len(o.replicas) > 0 || o.user != "" || o.verifierKey != "" || o.minCount > 0) {
		return cli.Usagef("--replica, --user, --verifier-key and --min-count need --config FILE")
	}
	if o.limits.Rate < 0 || o.limits.Timeout <= 0 {
		return cli.Usagef("--rate must not be negative, and --timeout must be positive")
	}
	if o.sign != "" && o.out == "" {
		return cli.Usagef("--sign needs --out: it signs the result in that file")
	}
	return cli.OneOf("--min-grade", o.minGrade, selftest.Grades...)
}

func (o *options) run(c *cobra.Command) error {
	if err := o.check(); err != nil {
		return err
	}
	signer, err := readSigner(o.sign)
	if err != nil {
		return err
	}
	canaries, inputs, err := o.readCanaries()
	if err != nil {
		return err
	}
	report := selftest.NewReport(o.version)
	if err := o.probe(c.Context(), canaries, report); err != nil {
		return err
	}
	if len(o.limits.Only) > 0 {
		report.Add(selftest.Probe{ID: "suites.complete", Kind: "controls", Outcome: selftest.NotRun, Severity: selftest.Medium, Control: true, Seen: "--only leaves attacks out"})
	}
	report.Finish()
	if o.out != "" {
		file, err := report.Result(time.Now(), inputs).Marshal(signer)
		if err != nil {
			return err
		}
		if err := textfile.Create(o.out, string(file), 0o666); err != nil {
			return err
		}
	}
	if err := o.format.Print(c.OutOrStdout(), report, report.WriteText); err != nil {
		return err
	}
	if !selftest.Meets(report.Grade, o.minGrade) {
		return cli.ErrReported
	}
	return nil
}

// readCanaries reads the file of canaries. Without one there are none.
func (o *options) readCanaries() (*selftest.Canaries, []signed.Input, error) {
	if o.canaries == "" {
		return &selftest.Canaries{}, []signed.Input{}, nil
	}
	src, err := textfile.Read(o.canaries)
	if err != nil {
		return nil, nil, err
	}
	canaries, err := selftest.ParseCanaries(o.canaries, src)
	sum := sha256.Sum256(src)
	return canaries, []signed.Input{{Name: "canaries", SHA256: hex.EncodeToString(sum[:])}}, err
}

// probe runs the suites against the targets, and checks the deployment, if there is one.
func (o *options) probe(ctx context.Context, canaries *selftest.Canaries, report *selftest.Report) error {
	consumer, err := o.consumer()
	if err != nil {
		return err
	}
	if o.config == "" {
		_, _, err = o.attack(ctx, consumer, canaries, report)
		return err
	}
	d, err := deployment.Open(ctx, o.source(o.config), deployment.Options{
		VerifierKey: o.verifierKey, Replicas: o.replicas, MinCount: o.minCount, MinFree: o.minFree, Consumer: consumer, Limits: o.limits,
	})
	if err != nil {
		return err
	}
	if o.fhir == "" {
		o.fhir = d.FHIR()
	}
	if o.postgres == "" {
		o.postgres = d.Postgres(o.user)
	}
	d.DSN = o.postgres
	found, problems := d.Canaries(ctx)
	for _, why := range problems {
		report.Add(selftest.Probe{ID: "canaries.sampled", Kind: "controls", Outcome: selftest.NotRun, Severity: selftest.Medium, Seen: why})
	}
	canaries.Postgres, canaries.FHIR = append(canaries.Postgres, found.Postgres...), append(canaries.FHIR, found.FHIR...)
	statements, requests, err := o.attack(ctx, consumer, canaries, report)
	if err != nil {
		return err
	}
	if o.postgres == "" && d.Postgres("x") != "" {
		report.Add(selftest.Probe{ID: "postgres.control.connect", Kind: "controls", Outcome: selftest.NotRun, Severity: selftest.Critical, Control: true, Seen: "no user of the PostgreSQL listener is known: use --user with $PGPASSWORD, or --postgres"})
	}
	d.Attacked(statements, requests)
	d.Check(ctx, report)
	return nil
}

// attack runs the suites against the targets.
func (o *options) attack(ctx context.Context, consumer *fhirattack.Client, canaries *selftest.Canaries, report *selftest.Report) (statements int, requests *fhirattack.Result, err error) {
	report.Canaries = len(canaries.Values())
	if o.postgres != "" {
		if statements, err = sqlattack.Run(ctx, o.postgres, canaries, o.limits, report); err != nil {
			return statements, nil, err
		}
	}
	if o.fhir != "" {
		requests, err = fhirattack.Run(ctx, o.fhir, consumer, canaries, o.limits, report)
	}
	return statements, requests, err
}

// largestCredential bounds a file with an API key or a token, in bytes.
const largestCredential = 64 << 10

// consumer is how requests to the FHIR target are sent.
func (o *options) consumer() (*fhirattack.Client, error) {
	c := &fhirattack.Client{}
	for path, to := range map[string]*string{o.apiKeyFile: &c.APIKey, o.tokenFile: &c.Token} {
		if path == "" {
			continue
		}
		text, err := textfile.ReadSecret(path, largestCredential)
		if err != nil {
			return nil, errors.New(path + ": " + err.Error())
		}
		*to = strings.TrimSpace(string(text))
	}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, DisableCompression: true}
	if o.caFile != "" {
		text, err := textfile.Read(o.caFile)
		if err != nil {
			return nil, err
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(text) {
			return nil, errors.New(o.caFile + ": the file contains no PEM certificate")
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	c.HTTP = &http.Client{Transport: transport}
	return c, nil
}

func readSigner(path string) (signer note.Signer, err error) {
	if path == "" {
		return nil, nil
	}
	return keys.ReadSigner(path)
}
