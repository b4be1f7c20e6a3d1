package demo

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	osuser "os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/veil-proxy/veil/internal/fhirtest"
	"github.com/veil-proxy/veil/postgres/analysis"
	"github.com/veil-proxy/veil/proxy/consumer"
)

// errNoPostgres says that the machine has no PostgreSQL.
var errNoPostgres = errors.New("PostgreSQL is not installed on this machine")

// server is a PostgreSQL server that runs as long as the demo.
type server struct {
	cmd             *exec.Cmd
	port            int
	owner, password string
}

// Programs returns the directory with the programs of PostgreSQL: the newest of
// Debian's packages, or that in the PATH.
func Programs() (string, error) {
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

// startServer initializes a PostgreSQL in a directory and starts it, on the loopback
// address only.
func startServer(ctx context.Context, dir string) (*server, error) {
	bin, err := Programs()
	if err != nil {
		return nil, err
	}
	as, err := serverUser(dir)
	if err != nil {
		return nil, err
	}
	run := func(program string, args ...string) *exec.Cmd {
		words := append(append(slices.Clone(as), filepath.Join(bin, program)), args...)
		cmd := exec.CommandContext(context.WithoutCancel(ctx), words[0], words[1:]...) // stop shuts the server down in an orderly way
		cmd.Dir = dir
		return cmd
	}
	s := &server{owner: "veil_demo_owner", password: randomPassword()}
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
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
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

// serverUser is the command that runs a program as another user, if this process
// runs as root, which PostgreSQL refuses to do.
func serverUser(dir string) ([]string, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := osuser.Lookup(name)
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
	return nil, fmt.Errorf("%w that can run as a user other than root", errNoPostgres)
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

func (s *server) dsn(database string) string {
	return fmt.Sprintf("postgres://%s:%s@127.0.0.1:%d/%s?sslmode=disable", s.owner, s.password, s.port, database)
}

// stop ends the server and waits for it.
func (s *server) stop() error {
	// Ctrl-C on a terminal reaches it too, so it may have ended.
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	_ = s.cmd.Wait() // its exit status is that of the signal
	return nil
}

// reader creates the database, and a role that may read it.
func (s *server) reader(ctx context.Context, p *fhirtest.Population) (dsn string, err error) {
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
	if err := load(ctx, conn, p); err != nil {
		return "", err
	}
	password := randomPassword()
	_, err = conn.Exec(ctx, fmt.Sprintf(`CREATE ROLE veil LOGIN PASSWORD '%s'; REVOKE ALL ON DATABASE demo FROM PUBLIC; REVOKE ALL ON SCHEMA public FROM PUBLIC;
		GRANT CONNECT ON DATABASE demo TO veil; GRANT USAGE ON SCHEMA public TO veil; GRANT SELECT ON ALL TABLES IN SCHEMA public TO veil`, password))
	return fmt.Sprintf("postgres://veil:%s@127.0.0.1:%d/demo?sslmode=disable", password, s.port), err
}

// sqlView is the masked view of the tables.
type sqlView struct {
	server      *server
	source, url string
	upstream    string // with a password
	verifier    string // of the user's password
}

// user is the user of the masked view of the tables, and its password.
const user = "demo"

// startSQL starts a PostgreSQL with the patients, for the masked view at an address.
// Without a PostgreSQL the error is errNoPostgres.
func (d *demo) startSQL(ctx context.Context, address string) (_ *sqlView, err error) {
	dir := filepath.Join(d.dir, "postgres")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	v := &sqlView{}
	go func() { _ = analysis.Warm() }() // in parallel; the server reports it if it fails
	if v.server, err = startServer(ctx, dir); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, v.server.stop())
		}
	}()
	if v.upstream, err = v.server.reader(ctx, d.population); err != nil {
		return nil, err
	}
	verifier, err := consumer.NewVerifier(user)
	if err != nil {
		return nil, err
	}
	v.source, v.verifier = v.server.dsn("demo"), verifier.String()
	v.url = fmt.Sprintf("postgres://%s:%[1]s@%s/demo", user, address)
	return v, nil
}
