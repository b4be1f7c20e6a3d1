package main

import (
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/veil-proxy/veil/fhir/fhirtest"
	"github.com/veil-proxy/veil/internal/config"
	"github.com/veil-proxy/veil/internal/serve"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/postgres/analysis"
	"github.com/veil-proxy/veil/proxy/consumer"
	"github.com/veil-proxy/veil/proxy/pgproxy"
)

//go:embed demo.yaml
var demoRuleset []byte

// demoRulesetName is what commands know it by: an example of rules for tables.
const demoRulesetName = "demo"

// errNoPostgres is of a machine without PostgreSQL.
var errNoPostgres = errors.New("there is no PostgreSQL on this machine")

// demoServer is a PostgreSQL that lives as long as the demo.
type demoServer struct {
	cmd             *exec.Cmd
	port            int
	owner, password string
}

// postgresPrograms finds the folder of a PostgreSQL's programs: of the PATH, or of
// Debian's packages.
func postgresPrograms() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.Sort(found)
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			found = append(found, filepath.Dir(path))
		}
	}
	for _, bin := range slices.Backward(found) {
		if _, err := os.Stat(filepath.Join(bin, "postgres")); err == nil {
			return bin, nil
		}
	}
	return "", errNoPostgres
}

// startDemoServer makes a PostgreSQL in a folder and starts it, on this machine's
// own address alone.
func startDemoServer(ctx context.Context, dir string) (*demoServer, error) {
	bin, err := postgresPrograms()
	if err != nil {
		return nil, err
	}
	as, err := serverUser(dir)
	if err != nil {
		return nil, err
	}
	run := func(program string, args ...string) *exec.Cmd {
		words := append(append(slices.Clone(as), filepath.Join(bin, program)), args...)
		cmd := exec.Command(words[0], words[1:]...)
		cmd.Dir = dir
		return cmd
	}
	s := &demoServer{owner: "veil_demo_owner", password: randomPassword()}
	secret := filepath.Join(dir, "password")
	if err := os.WriteFile(secret, []byte(s.password), 0o600); err != nil {
		return nil, err
	}
	if err := own(as, secret); err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	if out, err := run("initdb", "-D", data, "-U", s.owner, "--pwfile="+secret, "-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-sync").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.port = l.Addr().(*net.TCPAddr).Port
	_ = l.Close() // it is free again for the server
	s.cmd = run("postgres", "-D", data, "-c", "listen_addresses=127.0.0.1", "-c", "port="+strconv.Itoa(s.port), "-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "timezone=UTC")
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	for range 100 {
		if conn, err := pgx.Connect(ctx, s.dsn("postgres")); err == nil {
			return s, conn.Close(ctx)
		}
		time.Sleep(100 * time.Millisecond)
	}
	return nil, errors.Join(errors.New("the demo's PostgreSQL did not start"), s.stop())
}

// serverUser is what is put before a program so that it does not run as root,
// which PostgreSQL refuses to; nothing for others.
func serverUser(dir string) ([]string, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		if _, err := exec.LookPath("setpriv"); err != nil {
			break
		}
		as := []string{"setpriv", "--reuid=" + u.Uid, "--regid=" + u.Gid, "--clear-groups"}
		if err := os.Chmod(filepath.Dir(dir), 0o711); err != nil {
			return nil, err
		}
		return as, own(as, dir)
	}
	return nil, fmt.Errorf("%w that does not run as root", errNoPostgres)
}

// own gives a file to the user that programs run as.
func own(as []string, path string) error {
	if as == nil {
		return nil
	}
	uid, _ := strconv.Atoi(strings.TrimPrefix(as[1], "--reuid="))
	gid, _ := strconv.Atoi(strings.TrimPrefix(as[2], "--regid="))
	return os.Chown(path, uid, gid)
}

func randomPassword() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the process instead
	return hex.EncodeToString(b[:])
}

func (s *demoServer) dsn(database string) string {
	return fmt.Sprintf("postgres://%s:%s@127.0.0.1:%d/%s?sslmode=disable", s.owner, s.password, s.port, database)
}

// stop ends the server and waits for it.
func (s *demoServer) stop() error {
	// Ctrl-C on a terminal reaches it too, so it may have ended.
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	_ = s.cmd.Wait() // it ends with what the signal makes of it
	return nil
}

// reader makes the database, and a role that may read it.
func (s *demoServer) reader(ctx context.Context, p *fhirtest.Population) (dsn string, err error) {
	admin, err := pgx.Connect(ctx, s.dsn("postgres"))
	if err != nil {
		return "", err
	}
	_, err = admin.Exec(ctx, "CREATE DATABASE demo")
	if err = errors.Join(err, admin.Close(ctx)); err != nil {
		return "", err
	}
	conn, err := pgx.Connect(ctx, s.dsn("demo"))
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	if err := loadDemo(ctx, conn, p); err != nil {
		return "", err
	}
	password := randomPassword()
	_, err = conn.Exec(ctx, fmt.Sprintf(`CREATE ROLE veil LOGIN PASSWORD '%s'; REVOKE ALL ON DATABASE demo FROM PUBLIC; REVOKE ALL ON SCHEMA public FROM PUBLIC;
		GRANT CONNECT ON DATABASE demo TO veil; GRANT USAGE ON SCHEMA public TO veil; GRANT SELECT ON ALL TABLES IN SCHEMA public TO veil`, password))
	return fmt.Sprintf("postgres://veil:%s@127.0.0.1:%d/demo?sslmode=disable", password, s.port), err
}

// demoSQL is the PostgreSQL door of the demo.
type demoSQL struct {
	server *demoServer
	serve.Listener
	source, url string
}

// startDemoSQL starts a PostgreSQL with the patients and a door before it. The keys
// are those of the FHIR door. Without a PostgreSQL the error is errNoPostgres.
func (app *app) startDemoSQL(ctx context.Context, f demoFlags, dir string, p *fhirtest.Population, keys *keys.Keyring, sink mask.Sink) (_ *demoSQL, err error) {
	dir = filepath.Join(dir, "postgres")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	d := &demoSQL{}
	go func() { _ = analysis.Warm() }() // meanwhile; the door says if it fails
	if d.server, err = startDemoServer(ctx, dir); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.server.stop())
		}
	}()
	upstream, err := d.server.reader(ctx, p)
	if err != nil {
		return nil, err
	}
	rs, err := app.rules.Load(demoRulesetName)
	if err != nil {
		return nil, err
	}
	a, err := app.rules.Compile(rs, keys)
	if err != nil {
		return nil, err
	}
	verifier, err := consumer.NewVerifier(demoUser)
	if err != nil {
		return nil, err
	}
	who, err := consumer.New(ctx, consumer.Config{Users: []consumer.User{{Account: consumer.Account{Name: demoUser}, User: demoUser, Verifier: verifier.String()}}})
	if err != nil {
		return nil, err
	}
	door, err := pgproxy.New(pgproxy.Config{
		Upstream: upstream, Sink: sink,
		Policy: pgproxy.Policy{Consumers: who, Views: map[string]pgproxy.View{"": (&config.PostgresView{}).View(a, false)}},
	})
	if err != nil {
		return nil, err
	}
	if err := door.Warm(ctx); err != nil {
		return nil, err
	}
	l, err := listenNear(f.postgres)
	if err != nil {
		return nil, err
	}
	d.Listener = serve.Listener{Server: door, Net: l}
	d.source = d.server.dsn("demo")
	d.url = fmt.Sprintf("postgres://%s:%[1]s@%s/demo", demoUser, l.Addr())
	return d, nil
}

// demoUser is the user of the demo's door, and its password.
const demoUser = "demo"
