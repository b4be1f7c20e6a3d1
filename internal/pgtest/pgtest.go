// Package pgtest starts a real PostgreSQL for tests: 15 or newer, on a free port
// of 127.0.0.1, with TLS, and without fsync.
//
// It uses the newest server from Debian's packages on the machine, or else one in the
// PATH, or else fetches one (see fetch.go). It starts once per test process, within a
// few seconds, and ends with it, however that ends. If no server is available, the test
// is skipped, or fails in CI (if the variable CI is set).
//
//	func TestListenerOverPostgreSQL(t *testing.T) {
//		pg := pgtest.Start(t)
//		clinic := pg.Clinic(t)
//		… clinic.DSN(pgtest.Reader) …
//	}
//
// The tests of a process share one server and its databases. Tests that write use a
// database of their own (CreateDatabase).
package pgtest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/veil-proxy/veil/internal/veiltest"
)

const (
	// startTimeout is how long the server may take to take connections.
	startTimeout = 3 * time.Minute
	// loadTimeout is how long one script may take.
	loadTimeout = 5 * time.Minute
	// logTail is how much of the server's log a failure to start shows.
	logTail = 8 << 10
)

// User is a role that the server knows, with its password.
type User struct{ Name, Password string }

var (
	// Owner is a superuser: what is refused for it, Veil itself refuses.
	Owner = User{"veil_owner", "owner-CANARYPASSWORD0001"}
	// Reader may connect and read, and is what Veil should be given.
	Reader = User{"veil_reader", "reader-CANARYPASSWORD0002"}
	// Certified is Reader's twin, let in by a certificate alone (see Server.Cert).
	Certified = User{"veil_certified", ""}
)

// Server is a running PostgreSQL.
type Server struct {
	Host string
	Port int
	// Bin is the folder of its programs, Major their version.
	Bin   string
	Major int
	// CA, Cert and Key are files: the certificate that signed the server's, and
	// one that lets Certified in, with its key.
	CA, Cert, Key string

	// stdin is held open for as long as the process lives. What runs the server
	// reads it, and ends the server when it ends.
	stdin io.Closer
	log   string

	mu        sync.Mutex
	databases map[string]*Database
}

// Database is a database of a server.
type Database struct {
	Server *Server
	Name   string
}

// errMissing is of a machine that has no PostgreSQL and can have none.
var errMissing = errors.New("no PostgreSQL is available")

var shared = sync.OnceValues(start)

// Start returns the server of this test process. The first call starts it. The server
// ends with the process.
func Start(t testing.TB) *Server {
	t.Helper()
	s, err := shared()
	switch {
	case errors.Is(err, errMissing) && os.Getenv("CI") != "true":
		t.Skip(err)
	case err != nil:
		t.Fatalf("PostgreSQL: %v", err)
	}
	return s
}

// supervise runs a server until its standard input ends, and then takes its
// folder away. The arguments are the folder, the server and what it is given.
const supervise = `dir=$1; shift
"$@" >"$dir/log" 2>&1 </dev/null &
cat >/dev/null
kill -INT $!
wait $!
rm -rf "$dir"`

func start() (*Server, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	version, err := VersionOf(bin)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "veil-postgres-")
	if err != nil {
		return nil, err
	}
	as, err := unprivileged(dir)
	if err != nil {
		return nil, err
	}
	s := &Server{Host: "127.0.0.1", Bin: bin, Major: version, log: filepath.Join(dir, "log"), databases: map[string]*Database{}}
	if s.Port, err = veiltest.FreePort(); err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	password := filepath.Join(dir, "password")
	if err := os.WriteFile(password, []byte(Owner.Password), 0o644); err != nil {
		return nil, err
	}
	run := func(name string, args ...string) error {
		cmd := exec.Command(as[0], append(append([]string{}, as[1:]...), append([]string{filepath.Join(bin, name)}, args...)...)...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", name, err, out)
		}
		return nil
	}
	if err := run("initdb", "-D", data, "-U", Owner.Name, "--pwfile="+password, "-A", "scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"); err != nil {
		return nil, err
	}
	if err := s.certificates(dir); err != nil {
		return nil, err
	}
	hba := "hostssl all " + Certified.Name + " 127.0.0.1/32 cert clientcert=verify-full\nhost all all 127.0.0.1/32 scram-sha-256\n"
	if err := os.WriteFile(filepath.Join(dir, "hba"), []byte(hba), 0o644); err != nil {
		return nil, err
	}
	if err := own(dir); err != nil {
		return nil, err
	}
	args := append([]string{"-c", supervise, "sh", dir}, as...)
	args = append(args, filepath.Join(bin, "postgres"), "-D", data)
	for _, setting := range []string{
		"listen_addresses=127.0.0.1", "port=" + strconv.Itoa(s.Port), "unix_socket_directories=",
		"fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200", "max_prepared_transactions=10",
		"wal_level=minimal", "max_wal_senders=0", "autovacuum=off", "jit=off", // for speed, and so that plans stay what they are
		"timezone=UTC", "log_timezone=UTC", "lc_messages=C", "hba_file=" + filepath.Join(dir, "hba"),
		"ssl=on", "ssl_cert_file=" + filepath.Join(dir, "server.pem"), "ssl_key_file=" + filepath.Join(dir, "server.key"), "ssl_ca_file=" + s.CA,
	} {
		args = append(args, "-c", setting)
	}
	if s.Counts() {
		args = append(args, "-c", "shared_preload_libraries=pg_stat_statements")
	}
	cmd := exec.Command("sh", args...)
	cmd.Dir = dir
	if s.stdin, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	if err := s.await(); err != nil {
		_ = s.stdin.Close()
		return nil, err
	}
	return s, s.roles()
}

// Counts reports whether the server can have the extension pg_stat_statements, and has its
// library loaded.
func (s *Server) Counts() bool {
	for _, dir := range []string{"lib", "lib/postgresql"} {
		if _, err := os.Stat(filepath.Join(filepath.Dir(s.Bin), dir, "pg_stat_statements.so")); err == nil {
			return true
		}
	}
	return false
}

// unprivileged is what to put before a program so that it does not run as root,
// which PostgreSQL refuses to.
func unprivileged(dir string) ([]string, error) {
	if os.Geteuid() != 0 {
		return []string{"env"}, nil
	}
	u, err := serverUser()
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return nil, err
	}
	if err := own(dir); err != nil {
		return nil, err
	}
	return []string{"setpriv", "--reuid=" + u.Uid, "--regid=" + u.Gid, "--clear-groups"}, nil
}

func serverUser() (*user.User, error) {
	if u, err := user.Lookup("postgres"); err == nil {
		return u, nil
	}
	return user.Lookup("nobody")
}

// own gives a folder and what is in it to the user that the server runs as.
func own(dir string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	u, err := serverUser()
	if err != nil {
		return err
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	return filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chown(path, uid, gid)
	})
}

// await returns when the server takes connections.
func (s *Server) await() error {
	db := &Database{Server: s, Name: "postgres"}
	var err error
	for deadline := time.Now().Add(startTimeout); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if err = db.exec("SELECT 1"); err == nil {
			return nil
		}
	}
	log, _ := os.ReadFile(s.log)
	return fmt.Errorf("did not start within %v: %w; its log ends:\n%s", startTimeout, err, log[max(0, len(log)-logTail):])
}

// Log returns what the server has logged, of all databases.
func (s *Server) Log(t testing.TB) []byte {
	t.Helper()
	log, err := os.ReadFile(s.log)
	if err != nil {
		t.Fatal(err)
	}
	return log
}

// roles makes the roles that databases then give rights to.
func (s *Server) roles() error {
	db := &Database{Server: s, Name: "postgres"}
	return db.exec(fmt.Sprintf(`
		CREATE ROLE %s LOGIN PASSWORD '%s' CONNECTION LIMIT 150;
		CREATE ROLE %s LOGIN;
		ALTER ROLE %[1]s SET default_transaction_read_only = on;
		ALTER ROLE %[3]s SET default_transaction_read_only = on;
		GRANT %[1]s TO %[3]s;`, Reader.Name, Reader.Password, Certified.Name))
}

// DSN is the URL by which u connects to the database, without TLS.
func (d *Database) DSN(u User) string {
	dsn := url.URL{
		Scheme: "postgres", User: url.UserPassword(u.Name, u.Password),
		Host: net.JoinHostPort(d.Server.Host, strconv.Itoa(d.Server.Port)), Path: "/" + d.Name, RawQuery: "sslmode=disable",
	}
	return dsn.String()
}

func (d *Database) exec(sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), loadTimeout)
	defer cancel()
	conn, err := pgconn.Connect(ctx, d.DSN(Owner))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	return conn.Exec(ctx, sql).Close()
}

// Exec runs a script as Owner, in one transaction unless it has its own.
func (d *Database) Exec(t testing.TB, sql string) {
	t.Helper()
	if err := d.exec(sql); err != nil {
		var pgErr *pgconn.PgError
		if errors.As(err, &pgErr) && pgErr.Position > 0 {
			t.Fatalf("%s: %v (%s) near: %s", d.Name, err, pgErr.Detail, excerpt(sql, int(pgErr.Position)))
		}
		t.Fatalf("%s: %v", d.Name, err)
	}
}

// excerpt is what stands at a position, counted in characters from 1.
func excerpt(sql string, position int) string {
	r := []rune(sql)
	from := min(max(0, position-1), len(r))
	return string(r[from:min(len(r), from+120)])
}

// SharedDatabase makes an empty database that lives as long as the server.
func (s *Server) SharedDatabase(t testing.TB, name string) *Database {
	t.Helper()
	(&Database{Server: s, Name: "postgres"}).Exec(t, "CREATE DATABASE "+name+" TEMPLATE template0")
	return &Database{Server: s, Name: name}
}

// CreateDatabase makes an empty database, and drops it at the end of the test.
func (s *Server) CreateDatabase(t testing.TB, name string) *Database {
	t.Helper()
	d := s.SharedDatabase(t, name)
	t.Cleanup(func() { _ = (&Database{Server: s, Name: "postgres"}).exec("DROP DATABASE " + name + " WITH (FORCE)") })
	return d
}

// GrantRead gives Reader the right to read, and revokes from PUBLIC the rights to
// create objects.
func (d *Database) GrantRead(t testing.TB, schemas ...string) {
	t.Helper()
	var sql strings.Builder
	fmt.Fprintf(&sql, "REVOKE ALL ON DATABASE %s FROM PUBLIC; GRANT CONNECT ON DATABASE %[1]s TO %s; REVOKE CREATE ON SCHEMA public FROM PUBLIC;", d.Name, Reader.Name)
	for _, schema := range schemas {
		fmt.Fprintf(&sql, "GRANT USAGE ON SCHEMA %s TO %s; GRANT SELECT ON ALL TABLES IN SCHEMA %[1]s TO %[2]s;", schema, Reader.Name)
	}
	d.Exec(t, sql.String())
}

// certificates makes an authority, the server's certificate and a client's for
// Certified, all for a day.
func (s *Server) certificates(dir string) error {
	sign := func(name, file string, ca *x509.Certificate, caKey *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey, error) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, nil, err
		}
		serial, _ := rand.Int(rand.Reader, big.NewInt(1<<62))
		c := &x509.Certificate{
			SerialNumber: serial, Subject: pkix.Name{CommonName: name},
			NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
			DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
			KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		}
		if ca == nil {
			c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
			ca, caKey = c, key
		}
		der, err := x509.CreateCertificate(rand.Reader, c, ca, &key.PublicKey, caKey)
		if err != nil {
			return nil, nil, err
		}
		keyDER, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			return nil, nil, err
		}
		cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
		if err := os.WriteFile(filepath.Join(dir, file+".pem"), cert, 0o644); err != nil {
			return nil, nil, err
		}
		return c, key, os.WriteFile(filepath.Join(dir, file+".key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), 0o600)
	}
	ca, key, err := sign("Veil test authority", "ca", nil, nil)
	if err != nil {
		return err
	}
	if _, _, err = sign("localhost", "server", ca, key); err != nil {
		return err
	}
	_, _, err = sign(Certified.Name, "client", ca, key)
	s.CA, s.Cert, s.Key = filepath.Join(dir, "ca.pem"), filepath.Join(dir, "client.pem"), filepath.Join(dir, "client.key")
	return err
}
