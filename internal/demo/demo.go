// Package demo shows Veil at work on synthetic patients: a FHIR server, a PostgreSQL
// server (if the machine has one) with the same patients in tables, and Veil in front
// of both. It keeps nothing.
package demo

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/veil-proxy/veil/internal/config"
	"github.com/veil-proxy/veil/internal/fhirtest"
	"github.com/veil-proxy/veil/internal/rules"
	"github.com/veil-proxy/veil/internal/serve"
	"github.com/veil-proxy/veil/proxy/console"
	"github.com/veil-proxy/veil/proxy/consumer"
)

// Ruleset is the ruleset of the demo's tables, and RulesetName its name.
//
//go:embed demo.yaml
var Ruleset []byte

// RulesetName is the name under which a library has Ruleset.
const RulesetName = "demo"

// Options say what the demo starts and where.
type Options struct {
	Patients int
	Seed     uint64 // other seeds give other patients
	// The addresses of the masked view, of the source, of the masked view of the tables,
	// and of the console. If one is taken, a free port is used.
	Listen, SourceListen, PostgresListen, ConsoleListen string

	Rules   *rules.Library // with Ruleset as RulesetName
	Command string         // the command that runs Veil, as printed
	// Version is that of the build, and Program names it at length.
	Version, Program string
}

// demo is a running demo.
type demo struct {
	Options
	dir        string
	population *fhirtest.Population
	sockets    map[string]net.Listener // of Veil, by address
	sourceURL  string
	address    string // of the masked view
	console    string // address of the operator listener
	password   string // of the console
}

// Run starts the demo, prints lines to try, and serves until the context ends.
func Run(ctx context.Context, o Options, out io.Writer) (err error) {
	d := &demo{Options: o, population: fhirtest.Generate(o.Seed, o.Patients), sockets: map[string]net.Listener{}, password: consumer.NewPassword()}
	if d.dir, err = os.MkdirTemp("", "veil-demo-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(d.dir)) }()
	if err := d.writeFiles(); err != nil {
		return err
	}
	stop, err := d.startSource(ctx)
	if err != nil {
		return err
	}
	defer stop()
	defer d.closeSockets()
	if d.address, err = d.reserve(ctx, o.Listen); err != nil {
		return err
	}
	if d.console, err = d.reserve(ctx, o.ConsoleListen); err != nil {
		return err
	}
	tables, err := d.reserve(ctx, o.PostgresListen)
	if err != nil {
		return err
	}
	sql, err := d.startSQL(ctx, tables)
	switch {
	case errors.Is(err, errNoPostgres):
		_ = d.sockets[tables].Close() // nothing was accepted
	case err != nil:
		return err
	default:
		defer func() { err = errors.Join(err, sql.server.stop()) }()
	}
	if err := d.writeConfig(sql, tables); err != nil {
		return err
	}
	veil, err := serve.Open(ctx, &config.Source{File: d.configFile(), Rules: o.Rules}, serve.Options{Log: io.Discard, Listen: d.listen, Version: d.Version, Program: d.Program})
	if err != nil {
		return err
	}
	err = d.print(out, sql)
	if err != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		cancel() // closes what is open
	}
	return errors.Join(err, veil.Run(ctx))
}

// reserve opens a socket for Veil at an address, or near it, and returns its actual
// address.
func (d *demo) reserve(ctx context.Context, addr string) (string, error) {
	l, err := listenNear(ctx, addr)
	if err != nil {
		return "", err
	}
	d.sockets[l.Addr().String()] = l
	return l.Addr().String(), nil
}

// listen hands out the socket that was reserved at an address.
func (d *demo) listen(_ context.Context, _, addr string) (net.Listener, error) {
	l := d.sockets[addr]
	if l == nil {
		return nil, AddressError{addr}
	}
	return l, nil
}

// closeSockets closes the sockets that were not used.
func (d *demo) closeSockets() {
	for _, l := range d.sockets {
		_ = l.Close() // a second time, if Veil has closed it
	}
}

func (d *demo) auditDir() string { return filepath.Join(d.dir, "audit") }

func (d *demo) keyFile() string { return filepath.Join(d.dir, "key") }

func (d *demo) url() string { return "http://" + d.address + "/fhir" }

// AddressError says that Veil cannot listen on an address.
type AddressError struct{ Address string }

func (e AddressError) Error() string {
	return fmt.Sprintf("%q is not an address such as 127.0.0.1:8090", e.Address)
}

// listenNear listens on an address, or on a free port of its host.
func listenNear(ctx context.Context, addr string) (net.Listener, error) {
	var listen net.ListenConfig
	l, err := listen.Listen(ctx, "tcp", addr)
	if err == nil {
		return l, nil
	}
	host, _, serr := net.SplitHostPort(addr)
	if serr != nil {
		return nil, AddressError{addr}
	}
	return listen.Listen(ctx, "tcp", net.JoinHostPort(host, "0"))
}

// startSource starts the FHIR server with the originals.
func (d *demo) startSource(ctx context.Context) (stop func(), err error) {
	l, err := listenNear(ctx, d.SourceListen)
	if err != nil {
		return nil, err
	}
	d.sourceURL = "http://" + l.Addr().String() + "/fhir"
	handler, err := fhirtest.NewSource(d.population, d.sourceURL)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	server := &http.Server{Handler: indented(handler), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(l) }() // ends with Close
	return func() { _ = server.Close() }, nil
}

// print prints the addresses and what to try. The lines can be pasted as they are.
func (d *demo) print(out io.Writer, sql *sqlView) error {
	id := d.population.PatientIDs()[0]
	ring, err := config.Key{File: d.keyFile(), Project: project}.Keyring(os.Getenv)
	if err != nil {
		return err
	}
	pseudonym, ok := ring.NewPseudonymizer().AppendSealed(nil, ring.SealSlot("Patient"), []byte(id))
	if !ok {
		return errors.New("the id of the first patient is not a FHIR id")
	}
	fmt.Fprintf(out, `Source, with original data:        %s  (%d synthetic patients)
Masked view, ruleset safe-harbor:  %s

A patient in the source, and in the masked view:
  curl -s '%s/Patient/%s?_pretty=true'
  curl -s '%s/Patient/%s?_pretty=true'
A search by code (heart rate):
  curl -s '%s/Observation?code=http://loinc.org|8867-4&_count=3&_pretty=true'
A search that would test a name; it is refused:
  curl -s '%s/Patient?family=Smith&_pretty=true'
Both searches in the audit log, which contains rules and no values:
  %s audit show %s --last 2
The same patients as a CSV and a Parquet file, masked with the same key:
  %s mask --key-file %s --project demo --ruleset %s --out %s %s && head -3 %s
A note before and after scrubbing, which is not literal Safe Harbor:
  cat %s; %s mask --key-file %s --project demo --ruleset safe-harbor-text --out %s %[18]s && cat %[22]s

`, d.sourceURL, len(d.population.PatientIDs()), d.url(), d.sourceURL, id, d.url(), pseudonym, d.url(), d.url(), d.Command, d.auditDir(),
		d.Command, d.keyFile(), RulesetName, filepath.Join(d.dir, "masked"), d.filesDir(), filepath.Join(d.dir, "masked", "patients.csv"),
		d.noteFile(), d.Command, d.keyFile(), filepath.Join(d.dir, "scrubbed"), filepath.Join(d.dir, "scrubbed", "note.txt"))
	d.printSelftest(out, sql)
	if sql == nil {
		fmt.Fprint(out, "To see the same patients in tables, install PostgreSQL 15 or newer.\n")
	} else {
		fmt.Fprintf(out, `The same patients in tables, in the source and in the masked view:
  psql '%s' -c 'SELECT id, mrn, family, given, birth_date, sex, zip FROM patients LIMIT 3'
  psql '%s' -c 'SELECT id, mrn, family, given, birth_date, sex, zip FROM patients LIMIT 3'
The patient from above, under the same pseudonym:
  psql '%s' -c "SELECT id, family, birth_date, zip FROM patients WHERE id = '%s'"
A query that would test a name; it is refused:
  psql '%s' -c "SELECT count(*) FROM patients WHERE family LIKE 'Smi%%'"
`, sql.source, sql.url, sql.url, pseudonym, sql.url)
	}
	_, err = fmt.Fprintf(out, `
Console for operators, with the name demo and the password %s:
http://%s%s/

Press Ctrl-C to stop.
`, d.password, d.console, console.Path)
	return err
}
