package sqltest

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/veil-proxy/veil/audit"
	"github.com/veil-proxy/veil/audit/index"
	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/pgtest"
	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/proxy/metrics"
	"github.com/veil-proxy/veil/proxy/pgproxy"
	"github.com/veil-proxy/veil/proxy/trace"
	"github.com/veil-proxy/veil/proxy/trace/collector"
)

const (
	// watchedRounds is how often pgbench runs through each listener, in turns, and
	// watchedTransactions how many transactions each of its clients has then.
	watchedRounds       = 9
	watchedTransactions = 400
)

// BenchmarkWatched runs pgbench's select-only script with prepared statements through two
// listeners with a log on disk each, in turns: one without, and one with metrics, one trace in
// ten and an index of the log. It reports the processor time of a transaction in this process,
// the median of all rounds: with the receiver of the traces, and without PostgreSQL and pgbench.
func BenchmarkWatched(b *testing.B) {
	pgbench := tool(b, "pgbench", "postgresql-contrib", filepath.Join(pgtest.Start(b).Bin, "pgbench"))
	x := startBench(b, accounts)
	audit.SpareProcessor() // as veil run does
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	defer receiver.Close()
	logOf := func(dir string) *audit.Log {
		log, err := audit.Open(dir, audit.Options{})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = log.Close() })
		return log
	}
	dir := b.TempDir()
	watched := openWatched(b, x.db.DSN(pgtest.Owner), masktest.Policy(b, benchRuleset), nil, func(c *pgproxy.Config) {
		var err error
		if c.Tracer, err = trace.New(b.Context(), trace.Config{SampleRatio: 0.1}, collector.New(receiver.URL+"/v1/traces", nil, nil)); err != nil {
			b.Fatal(err)
		}
		c.Metrics = metrics.New().Listener("postgres")
	})
	x.listener.records.log, watched.records.log = logOf(b.TempDir()), logOf(dir)
	defer index.Open(index.Options{Log: dir, Recent: watched.records.log.Recent(), Dir: b.TempDir()}).Close()
	listeners := []*listener{x.listener, watched}
	spent := make([][]float64, len(listeners))
	for b.Loop() {
		for range watchedRounds {
			for i, l := range listeners {
				host, port, _ := net.SplitHostPort(l.addr)
				cmd := exec.Command(pgbench, "-n", "-S", "-M", "prepared", "-c", "8", "-s", "1", "-t", strconv.Itoa(watchedTransactions), x.db.Name)
				cmd.Env = append(os.Environ(), "PGHOST="+host, "PGPORT="+port, "PGUSER="+consumerName, "PGPASSWORD="+password, "PGSSLMODE=disable")
				before := veiltest.CPU(b)
				out, err := cmd.CombinedOutput()
				cpu := veiltest.CPU(b) - before
				done := processedForm.FindSubmatch(out)
				if err != nil || done == nil {
					b.Fatalf("pgbench: %v\n%s", err, out)
				}
				n, _ := strconv.Atoi(string(done[1]))
				spent[i] = append(spent[i], float64(cpu)/float64(time.Microsecond)/float64(n))
			}
		}
	}
	for i := range spent {
		slices.Sort(spent[i])
	}
	median := len(spent[0]) / 2
	b.Logf("µs of CPU a transaction, with a log: %.1f; watched: %.1f", spent[0], spent[1])
	b.ReportMetric(spent[0][median], "log-cpu-µs")
	b.ReportMetric(spent[1][median], "watched-cpu-µs")
	b.ReportMetric(spent[1][median]/spent[0][median], "watched/log")
}

var processedForm = regexp.MustCompile(`transactions actually processed: ([0-9]+)`)
