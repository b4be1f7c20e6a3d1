package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/veil-proxy/veil/internal/fhirtest"
	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/proxy/consumer"
)

// site is an operator's: a FHIR server with synthetic patients, a folder, and
// what veil serve is to be configured with.
type site struct {
	dir        string
	source     *fhirtest.Server
	population *fhirtest.Population
	addr, base string
	key        string
}

func newSite(t *testing.T) *site {
	t.Helper()
	p := fhirtest.Generate(3, 6)
	source, err := fhirtest.NewServer(p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { source.Close() })
	s := &site{dir: t.TempDir(), source: source, population: p, addr: veiltest.FreeAddress(t), key: newKey(t)}
	s.base = "http://" + s.addr + "/fhir"
	return s
}

func (s *site) path(name string) string { return filepath.Join(s.dir, name) }

// config writes a configuration file: with further settings of fhir, indented by
// two, and further sections.
func (s *site) config(t *testing.T, fhir, sections string) string {
	t.Helper()
	return write(t, s.path("veil.yaml"), s.text(fhir, sections))
}

func (s *site) text(fhir, sections string) string {
	return fmt.Sprintf("veil: 1\nkeyFile: %s\nproject: trial\naudit: {dir: %s}\nfhir:\n  upstream: %s\n  listen: %s\n  baseURL: %s\n%s%s",
		s.key, s.path("audit"), s.source.URL, s.addr, s.base, fhir, sections)
}

// serve starts the command with a configuration and waits for it to serve.
func (s *site) serve(t *testing.T, config string, args ...string) *background {
	t.Helper()
	b := start(t, append([]string{"serve", "--config", config}, args...)...)
	b.until(t, "msg=consumers")
	return b
}

// process is the command in a process of its own.
type process struct {
	*background
	cmd *exec.Cmd
}

func (s *site) process(t *testing.T, config string) *process {
	t.Helper()
	return serving(t, exec.Command("veil", "serve", "--config", config))
}

// serving starts a process and waits until it serves.
func serving(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	p, err := launch(t, cmd)
	if err != nil {
		t.Fatal(err)
	}
	p.until(t, "msg=consumers")
	return p
}

// launch starts a process, which is killed at the end of the test.
func launch(t *testing.T, cmd *exec.Cmd) (*process, error) {
	t.Helper()
	b := &background{done: make(chan error, 1), out: &veiltest.Buffer{}}
	cmd.Stdout, cmd.Stderr = b.out, b.out
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() { b.done <- cmd.Wait() }()
	b.cancel = func() { _ = cmd.Process.Signal(syscall.SIGTERM) }
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return &process{b, cmd}, nil
}

// reload sends SIGHUP and waits for what comes of it, and for texts of it: the lines of
// the log since.
func (p *process) reload(t *testing.T, want ...string) (since string) {
	t.Helper()
	before := len(p.out.String())
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	done := regexp.MustCompile(`msg=reloaded(.*\n)+.*msg=consumers|msg="not reloaded`)
	for deadline := time.Now().Add(veiltest.Patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		since = p.out.String()[before:]
		missing := func(text string) bool { return !strings.Contains(since, text) }
		if done.MatchString(since) && !slices.ContainsFunc(want, missing) {
			return since
		}
	}
	if !done.MatchString(since) {
		t.Fatalf("SIGHUP came to nothing:\n%s", p.out.String())
	}
	return since // without what was wanted
}

// answer is a response of the door.
type answer struct {
	status int
	body   string
	header http.Header
}

// ask asks for a path below the base, with headers as names and values.
func (s *site) ask(t *testing.T, path string, header ...string) answer {
	t.Helper()
	return ask(t, http.DefaultClient, s.base+path, header...)
}

func ask(t *testing.T, client *http.Client, url string, header ...string) answer {
	t.Helper()
	a, err := try(client, url, header...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func try(client *http.Client, url string, header ...string) (answer, error) {
	req, err := http.NewRequest("GET", url, nil)
	if err != nil {
		return answer{}, err
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, string(body), resp.Header}, err
}

// pseudonym seals an id as a view with a key and a project does.
func pseudonym(t *testing.T, keyFile, project, typ, id string) string {
	t.Helper()
	secret, err := keys.ReadFile(keyFile)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := keys.NewKeyring(secret, project)
	if err != nil {
		t.Fatal(err)
	}
	out, _ := keys.NewPseudonymizer().AppendSealed(nil, keys.SealSlot(typ), []byte(id))
	return string(out)
}

// patient is the path of the first patient as a project of the site sees it.
func (s *site) patient(t *testing.T, project string) string {
	t.Helper()
	return "/Patient/" + pseudonym(t, s.key, project, "Patient", s.population.PatientIDs()[0])
}

// nextPage is the next link of a Bundle; empty for none.
func nextPage(t *testing.T, body string) string {
	t.Helper()
	var b struct {
		Link []struct{ Relation, URL string }
	}
	if err := json.Unmarshal([]byte(body), &b); err != nil {
		t.Fatal(err, body)
	}
	for _, l := range b.Link {
		if l.Relation == "next" {
			return l.URL
		}
	}
	return ""
}

// apiKey makes a key and the lines that configure it.
func apiKey(name, more string) (key, yaml string) {
	key, sum := consumer.NewKey()
	return key, fmt.Sprintf("    - {name: %s, sha256: %s%s}\n", name, sum, more)
}

// authority signs certificates of a test.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	ends time.Duration // from now, of the certificates that it signs
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{ends: time.Hour}
	a.cert, a.key = a.sign(t, "authority", true)
	return a
}

// sign makes a certificate for this machine and a name.
func (a *authority) sign(t *testing.T, name string, isCA bool) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serial, _ := rand.Int(rand.Reader, big.NewInt(1<<62))
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(a.ends),
		IsCA: isCA, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	parent, signer := a.cert, a.key
	if isCA {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}

// pair writes a certificate and its key as PEM.
func (a *authority) pair(t *testing.T, s *site, name string) (certFile, keyFile, spki string) {
	t.Helper()
	cert, key := a.sign(t, name, false)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(cert.RawSubjectPublicKeyInfo)
	return write(t, s.path(name+".pem"), encode("CERTIFICATE", cert.Raw)), write(t, s.path(name+".key"), encode("PRIVATE KEY", der)), hex.EncodeToString(sum[:])
}

func encode(kind string, der []byte) string {
	return strings.TrimSpace(string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))) + "\n"
}
