package sqltest

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/veil-proxy/veil/audit"
	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/pgtest"
	"github.com/veil-proxy/veil/internal/veiltest"
)

const (
	// benchRows is how many rows a table has; VEIL_BENCH_ROWS says another number.
	benchRows = 1_000_000
	// benchRounds is how often each way is taken, in turn; the best counts.
	benchRounds = 3
	// benchSeconds is how long pgbench runs for each way.
	benchSeconds = 6
)

// benchRuleset seals three of ten columns, in both tables.
const benchRuleset = `veil: 1
name: bench
extends: safe-harbor
tables:
  default: keep
  rules:
    - id: sealed
      match: [{table: distinct_rows, column: "c[123]"}, {table: repeated_rows, column: "c[123]"}]
      method: pseudonym
      domain: bench
`

// bench has the database of benchmarks and a listener before it.
type bench struct {
	pg       *pgtest.Server
	db       *pgtest.Database
	listener *listener
}

func startBench(b *testing.B, sql string) *bench {
	b.Helper()
	x := &bench{pg: pgtest.Start(b)}
	x.db = x.pg.CreateDatabase(b, fmt.Sprintf("bench_%d", time.Now().UnixNano()))
	x.db.Exec(b, sql)
	x.listener = openListener(b, x.db.DSN(pgtest.Owner), masktest.Policy(b, benchRuleset), nil)
	return x
}

// BenchmarkRows reads tables of ten text columns whole, straight from PostgreSQL
// and through Veil, and reports Veil's speed as a part of PostgreSQL's: with no
// column sealed, with three of distinct values, and with three of a thousand
// values.
func BenchmarkRows(b *testing.B) {
	rows := setting(b, "VEIL_BENCH_ROWS", benchRows)
	table := func(name, value string) string {
		cols := make([]string, 10)
		for i := range cols {
			cols[i] = fmt.Sprintf("md5(%s || '%d')::text AS c%d", value, i, i+1)
		}
		return fmt.Sprintf("CREATE TABLE public.%s AS SELECT %s FROM generate_series(1, %d) n;", name, strings.Join(cols, ", "), rows)
	}
	x := startBench(b, "SET synchronize_seqscans = off;"+table("clear_rows", "n")+table("distinct_rows", "n")+table("repeated_rows", "n % 1000")+"ANALYZE")
	ways := []struct{ name, dsn, table string }{
		{"direct", x.db.DSN(pgtest.Owner), "clear_rows"},
		{"none sealed", x.listener.dsn(), "clear_rows"},
		{"3 sealed, distinct", x.listener.dsn(), "distinct_rows"},
		{"3 sealed, 1000 values", x.listener.dsn(), "repeated_rows"},
	}
	best, cpu := make([]float64, len(ways)), make([]time.Duration, len(ways))
	for b.Loop() {
		for range benchRounds {
			for i, w := range ways {
				before := veiltest.CPU(b)
				seconds, n := drain(b, w.dsn, "SELECT * FROM public."+w.table)
				if spent := veiltest.CPU(b) - before; cpu[i] == 0 || spent < cpu[i] {
					cpu[i] = spent
				}
				if n != rows {
					b.Fatalf("%s: %d rows, want %d", w.name, n, rows)
				}
				if best[i] == 0 || seconds < best[i] {
					best[i] = seconds
				}
			}
		}
	}
	for i, w := range ways {
		b.Logf("%-24s %6.2f s %9.0f rows/s %6.2f x direct, %s of CPU a row for proxy and client", w.name, best[i], float64(rows)/best[i], best[0]/best[i], cpu[i]/time.Duration(rows))
	}
	b.ReportMetric(best[0]/best[1], "none/direct")
	b.ReportMetric(best[0]/best[2], "distinct/direct")
	b.ReportMetric(best[0]/best[3], "repeated/direct")
}

// drain reads a query's rows as fast as they come, looking at nothing but the
// heads of messages, and returns how long it took and how many rows came.
func drain(b *testing.B, dsn, sql string) (seconds float64, rows int) {
	b.Helper()
	conn, err := pgconn.Connect(context.Background(), dsn)
	if err != nil {
		b.Fatal(err)
	}
	if err := conn.SyncConn(b.Context()); err != nil {
		b.Fatal(err)
	}
	hijacked, err := conn.Hijack()
	if err != nil {
		b.Fatal(err)
	}
	defer hijacked.Conn.Close()
	query, err := (&pgproto3.Query{String: sql}).Encode(nil)
	if err != nil {
		b.Fatal(err)
	}
	start := time.Now()
	if _, err := hijacked.Conn.Write(query); err != nil {
		b.Fatal(err)
	}
	buf := make([]byte, 256<<10)
	have := 0
	for {
		n, err := hijacked.Conn.Read(buf[have:])
		if err != nil {
			b.Fatal(err)
		}
		have += n
		at := 0
		for have-at >= 5 {
			size := 1 + int(binary.BigEndian.Uint32(buf[at+1:]))
			if size > len(buf) {
				b.Fatalf("message of %d bytes", size)
			}
			if have-at < size {
				break
			}
			switch buf[at] {
			case 'D':
				rows++
			case 'E':
				b.Fatalf("error: %q", buf[at:at+size])
			case 'Z':
				return time.Since(start).Seconds(), rows
			}
			at += size
		}
		have = copy(buf, buf[at:have])
	}
}

// accounts are the tables of pgbench.
const accounts = `CREATE TABLE public.pgbench_accounts (aid int PRIMARY KEY, bid int, abalance int, filler char(84));
	CREATE TABLE public.pgbench_branches (bid int PRIMARY KEY, bbalance int, filler char(88));
	CREATE TABLE public.pgbench_tellers (tid int PRIMARY KEY, bid int, tbalance int, filler char(84));
	INSERT INTO public.pgbench_accounts SELECT n, 1, 0, '' FROM generate_series(1, 100000) n;
	INSERT INTO public.pgbench_branches VALUES (1, 0, ''); INSERT INTO public.pgbench_tellers SELECT n, 1, 0, '' FROM generate_series(1, 10) n;
	ANALYZE`

// BenchmarkPgbench runs pgbench's select-only script with prepared statements,
// straight, through pgbouncer and through Veil with its log on disk, and reports Veil's transactions a
// second as a part of the others'.
func BenchmarkPgbench(b *testing.B) {
	pgbench := tool(b, "pgbench", "postgresql-contrib", filepath.Join(pgtest.Start(b).Bin, "pgbench"))
	x := startBench(b, accounts)
	log, err := audit.Open(b.TempDir(), audit.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = log.Close() })
	x.listener.records.log = log
	audit.SpareProcessor() // as veil run does
	ways := []struct{ name, addr, user, password, database string }{
		{"direct", net.JoinHostPort(x.pg.Host, strconv.Itoa(x.pg.Port)), pgtest.Owner.Name, pgtest.Owner.Password, x.db.Name},
		{"pgbouncer", x.pgbouncer(b), pgtest.Owner.Name, pgtest.Owner.Password, x.db.Name},
		{"veil", x.listener.addr, consumerName, password, x.db.Name},
	}
	best := make([]float64, len(ways))
	for b.Loop() {
		for range benchRounds {
			for i, w := range ways {
				host, port, _ := net.SplitHostPort(w.addr)
				cmd := exec.Command(pgbench, "-n", "-S", "-M", "prepared", "-c", "32", "-j", "2", "-s", "1", "-T", strconv.Itoa(benchSeconds), w.database)
				cmd.Env = append(os.Environ(), "PGHOST="+host, "PGPORT="+port, "PGUSER="+w.user, "PGPASSWORD="+w.password, "PGSSLMODE=disable")
				out, err := cmd.CombinedOutput()
				m := tpsForm.FindSubmatch(out)
				if err != nil || m == nil {
					b.Fatalf("%s: pgbench: %v\n%s", w.name, err, out)
				}
				tps, _ := strconv.ParseFloat(string(m[1]), 64)
				best[i] = math.Max(best[i], tps)
			}
		}
	}
	for i, w := range ways {
		b.Logf("%-10s %8.0f tps %6.2f x direct %6.2f x pgbouncer", w.name, best[i], best[i]/best[0], best[i]/best[1])
	}
	b.ReportMetric(best[2]/best[0], "veil/direct")
	b.ReportMetric(best[2]/best[1], "veil/pgbouncer")
}

var tpsForm = regexp.MustCompile(`tps = ([0-9.]+)`)

// tool finds a program, and installs Debian's package of it where it may.
func tool(b *testing.B, name, pkg string, places ...string) string {
	b.Helper()
	for try := range 2 {
		for _, place := range append(places, "/usr/sbin/"+name) {
			if _, err := os.Stat(place); err == nil {
				return place
			}
		}
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
		if try == 0 && os.Geteuid() == 0 {
			install := exec.Command("apt-get", "install", "-y", "-qq", "--no-install-recommends", pkg)
			install.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
			if out, err := install.CombinedOutput(); err != nil {
				b.Logf("apt-get install %s: %v: %s", pkg, err, out)
			}
		}
	}
	b.Fatalf("%s is not on this machine: install Debian's package %s", name, pkg)
	return ""
}

// pgbouncer starts pgbouncer before the database and returns its address.
func (x *bench) pgbouncer(b *testing.B) string {
	b.Helper()
	program := tool(b, "pgbouncer", "pgbouncer")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	_, port, _ := net.SplitHostPort(addr)
	dir, err := os.MkdirTemp("", "veil-pgbouncer-")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { os.RemoveAll(dir) })
	users := filepath.Join(dir, "users")
	config := filepath.Join(dir, "pgbouncer.ini")
	for file, text := range map[string]string{
		users: fmt.Sprintf("%q %q\n", pgtest.Owner.Name, pgtest.Owner.Password),
		config: fmt.Sprintf("[databases]\n%s = host=%s port=%d user=%s password=%s\n[pgbouncer]\nlisten_addr=127.0.0.1\nlisten_port=%s\nunix_socket_dir=\nauth_type=plain\nauth_file=%s\npool_mode=session\ndefault_pool_size=64\nignore_startup_parameters=extra_float_digits\n",
			x.db.Name, x.pg.Host, x.pg.Port, pgtest.Owner.Name, pgtest.Owner.Password, port, users),
	} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		b.Fatal(err)
	}
	args := []string{program, "-q", config}
	if os.Geteuid() == 0 { // which pgbouncer refuses to run as
		u, err := user.Lookup("nobody")
		if err != nil {
			b.Fatal(err)
		}
		args = append([]string{"setpriv", "--reuid=" + u.Uid, "--regid=" + u.Gid, "--clear-groups"}, args...)
	}
	cmd := exec.Command(args[0], args[1:]...)
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for range 100 {
		if conn, err := net.Dial("tcp", addr); err == nil {
			conn.Close()
			return addr
		}
		time.Sleep(50 * time.Millisecond)
	}
	b.Fatalf("pgbouncer did not start: %s", log.String())
	return ""
}
