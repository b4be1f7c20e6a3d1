package ship

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/veil-proxy/veil/internal/veiltest"
)

// rsyslog is a real rsyslog, from Debian's packages.
type rsyslog struct {
	root, conf, out string
	cmd             *exec.Cmd
	ended           chan struct{}
}

// newRsyslog unpacks rsyslog and configures it as docs/operate.md has it: what it took is in
// its file when it ends a connection. drivers are settings of its network.
func newRsyslog(t *testing.T, addr, drivers string) *rsyslog {
	t.Helper()
	dir := t.TempDir()
	r := &rsyslog{root: filepath.Join(dir, "root"), conf: filepath.Join(dir, "rsyslog.conf"), out: filepath.Join(dir, "veil.log")}
	script := `apt-get -qq -o APT::Sandbox::User=root download rsyslog rsyslog-openssl libestr0 libfastjson4 && for p in *.deb; do dpkg -x "$p" root; done`
	cmd := veiltest.Command(t, veiltest.Installs, "sh", "-c", script)
	cmd.Dir = dir
	if said, err := cmd.CombinedOutput(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("rsyslog cannot be had: %v\n%s", err, said)
		}
		t.Skipf("rsyslog cannot be had: %v\n%s", err, said)
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf(`global(workDirectory=%q maxMessageSize="64k" %s)
template(name="line" type="string" string="%%msg%%\n")
ruleset(name="veil" queue.type="Direct") { action(type="omfile" file=%q template="line") }
input(type="imtcp" address=%q port=%q ruleset="veil")
`, dir, drivers, r.out, host, port)
	if err := os.WriteFile(r.conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r.start(t, addr)
	t.Cleanup(r.kill)
	return r
}

func (r *rsyslog) start(t *testing.T, addr string) {
	t.Helper()
	modules, err := filepath.Glob(filepath.Join(r.root, "usr/lib/*/rsyslog"))
	if err != nil || len(modules) != 1 {
		t.Fatal(modules, err)
	}
	said := &veiltest.Buffer{}
	r.cmd, r.ended = exec.Command(filepath.Join(r.root, "usr/sbin/rsyslogd"), "-n", "-f", r.conf, "-i", "NONE", "-M", modules[0]), make(chan struct{})
	r.cmd.Env = append(os.Environ(), "LD_LIBRARY_PATH="+filepath.Dir(modules[0]))
	r.cmd.Stdout, r.cmd.Stderr = said, said
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(r.ended)
		_ = r.cmd.Wait() // it is killed
	}()
	veiltest.Until(t, "rsyslog listens", func() bool {
		select {
		case <-r.ended:
			t.Fatal(said)
		default:
		}
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
}

func (r *rsyslog) kill() { r.end(syscall.SIGKILL) }

func (r *rsyslog) end(by os.Signal) {
	_ = r.cmd.Process.Signal(by) // it has ended otherwise
	<-r.ended
}

// took is the lines that are in its file. The last one is not whole while it is written.
func (r *rsyslog) took(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(r.out)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	return lines[:len(lines)-1]
}

// TestRealRsyslog ships a log to rsyslog, which ends again and again. Each line is there, whole
// and in order, once or more. Over TLS rsyslog is killed. Over TCP it is told to end: the kernel
// ends the connections of a killed program as the program itself would, so that nobody can tell
// whether it wrote what it had read.
func TestRealRsyslog(t *testing.T) {
	if os.Getenv("VEIL_TEST_ALL") != "1" {
		t.Skip("set VEIL_TEST_ALL=1 to run it with rsyslog")
	}
	ca := httptest.NewUnstartedServer(nil) // for its certificate
	ca.StartTLS()
	defer ca.Close()
	trust := ca.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	trust.ServerName = "example.com"
	certificate, key := filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	der, err := x509.MarshalPKCS8PrivateKey(ca.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	for path, block := range map[string]*pem.Block{certificate: {Type: "CERTIFICATE", Bytes: ca.Certificate().Raw}, key: {Type: "PRIVATE KEY", Bytes: der}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, tc := range map[string]struct {
		drivers string
		client  *tls.Config
		end     syscall.Signal
	}{
		"TCP": {")\nmodule(load=\"imtcp\"", nil, syscall.SIGTERM},
		"TLS": {fmt.Sprintf("defaultNetstreamDriver=\"ossl\" defaultNetstreamDriverCAFile=%[1]q defaultNetstreamDriverCertFile=%[1]q defaultNetstreamDriverKeyFile=%[2]q)\n"+
			"module(load=\"imtcp\" streamDriver.name=\"ossl\" streamDriver.mode=\"1\" streamDriver.authMode=\"anon\"", certificate, key), trust, syscall.SIGKILL},
	} {
		t.Run(name, func(t *testing.T) {
			addr := veiltest.FreeAddress(t)
			r := newRsyslog(t, addr, tc.drivers)
			j := newJournal(t, nil)
			o := options(j, NewSyslog(addr, tc.client))
			o.leastPause, o.mostPause = 10*time.Millisecond, 100*time.Millisecond
			s := begin(t, o)
			for range 4 {
				before := len(r.took(t))
				j.write(t, 1500)
				veiltest.Until(t, "some arrived", func() bool { return len(r.took(t)) > before })
				r.end(tc.end)
				j.write(t, 100)
				r.start(t, addr)
			}
			j.write(t, 100)
			veiltest.Until(t, "all were received", func() bool { return s.Shipped() >= uint64(j.n) && s.Lag() == 0 })
			sent := map[string]int{}
			segments, err := filepath.Glob(filepath.Join(j.dir, "*.jsonl"))
			if err != nil || len(segments) == 0 {
				t.Fatal(segments, err)
			}
			for _, segment := range segments {
				text, err := os.ReadFile(segment)
				if err != nil {
					t.Fatal(err)
				}
				for line := range strings.Lines(strings.TrimRight(string(text), "\x00")) {
					if strings.Contains(line, `"kind":"record"`) {
						sent[strings.TrimSuffix(line, "\n")] = len(sent) + 1
					}
				}
			}
			seen := map[string]bool{}
			last, torn := 0, 0
			for i, line := range r.took(t) {
				at, whole := sent[line]
				switch {
				case !whole && !json.Valid([]byte(line)) && torn < 4: // a kill cut what was written
					torn++
				case !whole:
					t.Fatalf("line %d is not of the log: %s", i, line)
				case !seen[line] && at != last+1:
					t.Fatalf("line %d is line %d of the log, behind %d", i, at, last)
				case !seen[line]:
					last, seen[line] = at, true
				}
			}
			if last != len(sent) || last != j.n {
				t.Errorf("%d of %d lines arrived", last, len(sent))
			}
			t.Logf("%d lines, %d arrived, %d torn", len(sent), len(r.took(t)), torn)
		})
	}
}
