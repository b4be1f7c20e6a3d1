package fhirproxy

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/veil-proxy/veil/audit"
	"github.com/veil-proxy/veil/audit/index"
	"github.com/veil-proxy/veil/internal/fhirtest"
	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/proxy/metrics"
	"github.com/veil-proxy/veil/proxy/trace"
	"github.com/veil-proxy/veil/proxy/trace/collector"
)

// What is measured side by side runs in a process of its own: nginx, and the listener,
// for which the test's binary starts itself again.

// process is a proxy before the upstream of a benchmark.
type process struct {
	cmd *exec.Cmd
	// base is the URL of its FHIR server, addr its address.
	base, addr string
}

// listenerProcess names the kind of listener that a benchmark's binary becomes, and the
// address of its upstream.
const listenerProcess = "VEIL_BENCH_LISTENER"

// BenchmarkListenerProcess is no benchmark: it is the process that startListener starts.
func BenchmarkListenerProcess(b *testing.B) {
	kind, up, ok := strings.Cut(os.Getenv(listenerProcess), " ")
	if !ok {
		b.Skip("a benchmark starts it")
	}
	audit.SpareProcessor() // as veil run does
	var sink mask.Sink = dropped{}
	kind, with := kindOf(kind)
	var log *audit.Log
	dir := b.TempDir()
	if len(with) > 0 {
		var err error
		if log, err = audit.Open(dir, audit.Options{}); err != nil {
			b.Fatal(err)
		}
		defer log.Close()
		sink = log
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	base := "http://" + l.Addr().String() + "/fhir"
	automaton := safeHarbor(b)
	if strings.HasPrefix(kind, "scrubbed") {
		automaton = masktest.Shipped(b, "safe-harbor-text")
	}
	config := Config{
		Upstream: up, UpstreamAliases: []string{fhirtest.Base}, BaseURL: base,
		Policy: policyOf(b, automaton, ""), Sink: sink,
	}
	defer watch(b, &config, with, log, dir)()
	listener, err := New(config)
	if err != nil {
		b.Fatal(err)
	}
	if kind == "unmasked" {
		listener.http = listener.server(listener.unmasked)
	}
	go func() { _ = listener.Serve(l) }()
	fmt.Println("\nserving", l.Addr())
	_, _ = io.Copy(io.Discard, os.Stdin) // until the benchmark ends it
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = listener.Shutdown(ctx)
}

// kindOf divides a kind of listener at each "+". What comes behind the first one is audit, or
// one of those that need it: metrics, traces and index, and watched for all of them.
func kindOf(kind string) (masks string, with []string) {
	all := strings.Split(kind, "+")
	return all[0], all[1:]
}

// watch has a listener watched: counted by metrics, one in ten of its requests traced, its
// log indexed. VEIL_BENCH_COLLECTOR is the URL of the collector of traces.
func watch(b *testing.B, c *Config, with []string, log *audit.Log, dir string) (end func()) {
	b.Helper()
	var ends []func()
	has := func(name string) bool { return slices.Contains(with, name) || slices.Contains(with, "watched") }
	if has("metrics") {
		c.Metrics = metrics.New().Listener("fhir")
	}
	if has("traces") {
		var err error
		if c.Tracer, err = trace.New(b.Context(), trace.Config{SampleRatio: 0.1}, collector.New(os.Getenv(collectorURL), nil, nil)); err != nil {
			b.Fatal(err)
		}
	}
	if has("index") {
		ends = append(ends, index.Open(index.Options{Log: dir, Recent: log.Recent(), Dir: b.TempDir()}).Close)
	}
	return func() {
		for _, end := range ends {
			end()
		}
	}
}

// collectorURL names the collector of traces.
const collectorURL = "VEIL_BENCH_COLLECTOR"

// startListener starts a listener of a kind: masked, scrubbed or unmasked, and with what one
// of the first two is watched (kindOf).
func startListener(b *testing.B, kind, up string) *process {
	b.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$", "-test.bench=^BenchmarkListenerProcess$", "-test.benchtime=1x")
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	b.Cleanup(collector.Close)
	if profile := os.Getenv("VEIL_BENCH_PROFILE"); profile != "" { // of the listener started last
		cmd.Args = append(cmd.Args, "-test.cpuprofile="+profile)
	}
	cmd.Env = append(os.Environ(), listenerProcess+"="+kind+" "+up, collectorURL+"="+collector.URL+"/v1/traces")
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait()
	})
	var said strings.Builder
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		if addr, ok := strings.CutPrefix(lines.Text(), "serving "); ok {
			go func() { _, _ = io.Copy(io.Discard, stdout) }()
			return &process{cmd, "http://" + addr + "/fhir", addr}
		}
		fmt.Fprintln(&said, lines.Text())
	}
	b.Fatalf("the listener's process does not serve:\n%s", said.String())
	return nil
}

// clockTick is the unit of processor time in /proc, on every Linux.
const clockTick = time.Second / 100

// cpu is the processor time that the process and its children have had.
func (p *process) cpu(b *testing.B) time.Duration {
	b.Helper()
	pids := []string{strconv.Itoa(p.cmd.Process.Pid)}
	children, err := os.ReadFile(fmt.Sprintf("/proc/%[1]s/task/%[1]s/children", pids[0]))
	if err != nil {
		b.Skipf("the time of a process is read from /proc: %v", err)
	}
	var ticks int
	for _, pid := range append(pids, strings.Fields(string(children))...) {
		text, err := os.ReadFile("/proc/" + pid + "/stat")
		if err != nil {
			b.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(text), ") ")
		for _, field := range strings.Fields(rest)[11:13] { // utime, stime
			n, err := strconv.Atoi(field)
			if err != nil {
				b.Fatal(err)
			}
			ticks += n
		}
	}
	return time.Duration(ticks) * clockTick
}

// forgetPeak has peak begin anew (proc(5), clear_refs).
func (p *process) forgetPeak(b *testing.B) {
	b.Helper()
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.cmd.Process.Pid), []byte("5"), 0); err != nil {
		b.Skipf("the memory of a process is read from /proc: %v", err)
	}
}

// peak is the most memory that the process has had since forgetPeak, in bytes.
func (p *process) peak(b *testing.B) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		b.Skipf("the memory of a process is read from /proc: %v", err)
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	kib, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	n, err := strconv.Atoi(kib)
	if err != nil {
		b.Fatal(err)
	}
	return float64(n) * 1024
}

// nginxConfig is a reverse proxy as an operator would tune it for these responses:
// connections are kept, answers stay in memory, nothing is logged. %s are the
// folder, the upstream's address, and the proxy's own.
const nginxConfig = `daemon off;
worker_processes auto;
pid %[1]s/pid;
error_log stderr error;
events { worker_connections 512; }
http {
  access_log off;
  client_body_temp_path %[1]s/body;
  proxy_temp_path %[1]s/proxy;
  fastcgi_temp_path %[1]s/fastcgi;
  uwsgi_temp_path %[1]s/uwsgi;
  scgi_temp_path %[1]s/scgi;
  proxy_buffers 16 64k;
  keepalive_requests 1000000;
  upstream fhir { server %[2]s; keepalive 32; keepalive_requests 1000000; }
  server {
    listen %[3]s;
    location / {
      proxy_pass http://fhir;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
  }
}
`

// startNginx starts nginx before an upstream: the one that $BENCH_NGINX names, or
// the system's.
func startNginx(b *testing.B, up string) *process {
	b.Helper()
	binary := os.Getenv("BENCH_NGINX")
	if binary == "" {
		var err error
		if binary, err = exec.LookPath("nginx"); err != nil {
			b.Skip("no nginx: .ci/bench-proxy gets one")
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	dir := b.TempDir()
	config := filepath.Join(dir, "nginx.conf")
	text := fmt.Sprintf(nginxConfig, dir, strings.TrimPrefix(up, "http://"), addr)
	if os.Geteuid() == 0 {
		text = "user root;\n" + text // the folder is root's
	}
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(binary, "-e", "stderr", "-p", dir, "-c", config)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	})
	for range 100 {
		if resp, err := http.Get("http://" + addr + "/"); err == nil {
			resp.Body.Close()
			return &process{cmd, "http://" + addr, addr}
		}
		time.Sleep(20 * time.Millisecond)
	}
	b.Fatal("nginx does not answer")
	return nil
}

// startProxy starts a proxy of a kind before an upstream.
func startProxy(b *testing.B, kind, up string) *process {
	if kind == "nginx" {
		return startNginx(b, up)
	}
	return startListener(b, kind, up)
}
