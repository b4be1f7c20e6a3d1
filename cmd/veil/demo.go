package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/veil-proxy/veil/audit"
	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/fhirtest"
	"github.com/veil-proxy/veil/internal/serve"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/proxy/consumer"
	"github.com/veil-proxy/veil/proxy/fhirproxy"
)

type demoFlags struct {
	patients       int
	seed           uint64
	listen, source string
	postgres       string
	export         int64
}

func newDemo(a *app) *cobra.Command {
	var f demoFlags
	c := &cobra.Command{
		Use: "demo", Short: "Show the proxy at work on synthetic patients",
		Long: `Starts a FHIR server with synthetic patients and Veil before it, prints lines to try,
and stays up until Ctrl-C. Where this machine has a PostgreSQL (initdb and postgres,
15 or newer), one with the same patients in tables is started too, and Veil before
it. Nothing is kept: the data, the key and the audit log are made anew and removed at
the end.`,
		Example: `  veil demo
  veil demo --patients 500 --listen 127.0.0.1:9000
  veil demo --export 10000000 > patients.ndjson`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.runDemo(c, f) },
	}
	c.Flags().IntVar(&f.patients, "patients", 100, "how many patients to make")
	c.Flags().Uint64Var(&f.seed, "seed", 1, "other seeds make other patients")
	c.Flags().Int64Var(&f.export, "export", 0, "write about so many bytes of the patients' records as NDJSON to standard output, and stop")
	c.Flags().StringVar(&f.listen, "listen", "127.0.0.1:8090", "address of the masked view; a free port is taken if it is in use")
	c.Flags().StringVar(&f.postgres, "postgres-listen", "127.0.0.1:8092", "address of the masked view of the tables; the same")
	c.Flags().StringVar(&f.source, "source-listen", "127.0.0.1:8091", "address of the source; the same")
	return c
}

// listenNear listens on an address, or on a free port of its host.
func listenNear(addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err == nil {
		return l, nil
	}
	host, _, serr := net.SplitHostPort(addr)
	if serr != nil {
		return nil, usagef("%q is not an address such as 127.0.0.1:8090", addr)
	}
	return net.Listen("tcp", net.JoinHostPort(host, "0"))
}

func (a *app) runDemo(c *cobra.Command, f demoFlags) (err error) {
	if f.patients < 1 {
		return usagef("--patients must be at least 1")
	}
	if f.export > 0 {
		_, err := fhirtest.Generate(f.seed, f.patients).BigNDJSON(c.OutOrStdout(), f.export)
		return err
	}
	dir, err := os.MkdirTemp("", "veil-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	population := fhirtest.Generate(f.seed, f.patients)
	sourceListener, err := listenNear(f.source)
	if err != nil {
		return err
	}
	sourceURL := "http://" + sourceListener.Addr().String() + "/fhir"
	handler, err := fhirtest.NewSource(population, sourceURL)
	if err != nil {
		return errors.Join(err, sourceListener.Close())
	}
	source := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = source.Serve(sourceListener) }() // ends with Close
	defer source.Close()

	d, err := a.startDemoDoor(c.Context(), f, dir, sourceURL)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.log.Close()) }()
	doors := []serve.Listener{{Server: d.door, Net: d.listener}}
	sql, err := a.startDemoSQL(c.Context(), f, dir, population, d.automaton.Policy.Keys, d.log)
	switch {
	case errors.Is(err, errNoPostgres):
	case err != nil:
		return errors.Join(err, d.listener.Close())
	default:
		defer func() { err = errors.Join(err, sql.server.stop()) }()
		doors = append(doors, sql.Listener)
	}
	if err := d.print(c, population, sourceURL, sql); err != nil {
		return err
	}
	return serve.Serve(c.Context(), doors, func(bool) time.Duration { return 5 * time.Second })
}

// demoDoor is the masked view of the demo.
type demoDoor struct {
	door      *fhirproxy.Server
	listener  net.Listener
	log       *audit.Log
	automaton *fhir.Automaton
	url, dir  string
}

func (app *app) startDemoDoor(ctx context.Context, f demoFlags, dir, sourceURL string) (*demoDoor, error) {
	secret := make([]byte, keys.MinSecret)
	_, _ = rand.Read(secret) // never fails: crypto/rand ends the process instead
	keys, err := keys.NewKeyring(secret, "demo")
	if err != nil {
		return nil, err
	}
	rs, err := app.rules.Load("safe-harbor")
	if err != nil {
		return nil, err
	}
	a, err := app.rules.Compile(rs, keys)
	if err != nil {
		return nil, err
	}
	d := &demoDoor{automaton: a, dir: filepath.Join(dir, "audit")}
	if d.log, err = audit.Open(d.dir, audit.Options{}); err != nil {
		return nil, err
	}
	if d.listener, err = listenNear(f.listen); err != nil {
		return nil, errors.Join(err, d.log.Close())
	}
	d.url = "http://" + d.listener.Addr().String() + "/fhir"
	anybody, err := consumer.New(ctx, consumer.Config{Anonymous: &consumer.Account{}})
	if err != nil {
		return nil, errors.Join(err, d.listener.Close(), d.log.Close())
	}
	d.door, err = fhirproxy.New(fhirproxy.Config{
		Upstream: sourceURL, BaseURL: d.url, Sink: d.log,
		Policy: fhirproxy.Policy{Consumers: anybody, Views: []fhirproxy.View{{Automaton: a}}},
	})
	if err != nil {
		return nil, errors.Join(err, d.listener.Close(), d.log.Close())
	}
	return d, nil
}

// print says where things are and what to try. The lines can be pasted as they
// are.
func (d *demoDoor) print(c *cobra.Command, p *fhirtest.Population, sourceURL string, sql *demoSQL) error {
	id := p.PatientIDs()[0]
	keys := d.automaton.Policy.Keys
	pseudonym, ok := keys.NewPseudonymizer().AppendSealed(nil, keys.SealSlot("Patient"), []byte(id))
	if !ok {
		return errors.New("the first patient's id is no FHIR id")
	}
	self := "veil"
	if exe, err := os.Executable(); err == nil && !strings.Contains(exe, "go-build") {
		self = exe
	} else {
		self = "go run ./cmd/veil"
	}
	out := c.OutOrStdout()
	fmt.Fprintf(out, `Source, with the originals:  %s   (%d synthetic patients)
Masked view, safe-harbor:    %s

A patient as the source has it, and as Veil shows it:
  curl -s %s/Patient/%s
  curl -s %s/Patient/%s
A search by code, heart rate:
  curl -s '%s/Observation?code=http://loinc.org|8867-4&_count=3'
A search that would test a name, refused:
  curl -s '%s/Patient?family=Smith'
What the audit log has of the search, each rule that acted, and of the refusal, without a value:
  %s audit show %s --last 2

`, sourceURL, len(p.PatientIDs()), d.url, sourceURL, id, d.url, pseudonym, d.url, d.url, self, d.dir)
	if sql == nil {
		fmt.Fprint(out, "The same patients in tables need a PostgreSQL on this machine: there is none.\n")
	} else {
		fmt.Fprintf(out, `The same patients in tables, as the source has them, and as Veil shows them:
  psql '%s' -c 'SELECT id, mrn, family, given, birth_date, sex, zip FROM patients LIMIT 3'
  psql '%s' -c 'SELECT id, mrn, family, given, birth_date, sex, zip FROM patients LIMIT 3'
The patient from above, by the same pseudonym:
  psql '%s' -c "SELECT id, family, birth_date, zip FROM patients WHERE id = '%s'"
A query that would test a name, refused:
  psql '%s' -c "SELECT count(*) FROM patients WHERE family LIKE 'Smi%%'"
`, sql.source, sql.url, sql.url, pseudonym, sql.url)
	}
	fmt.Fprint(out, "\nCtrl-C stops all.\n")
	return nil
}
