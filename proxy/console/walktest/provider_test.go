package walktest

import (
	"bufio"
	"context"
	"log/slog"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/proxy/console"
	"github.com/veil-proxy/veil/proxy/console/login"
	"github.com/veil-proxy/veil/proxy/metrics"
)

// TestRealProvider logs in with a browser at an OpenID Connect provider that we did not
// write: who is of the group gets in, who is not does not; a logout is one at the provider,
// too.
func TestRealProvider(t *testing.T) {
	dir := modules(t)
	sink := &masktest.Sink{}
	c, err := console.New(console.Config{Sink: sink, Logger: slog.New(slog.DiscardHandler), Metrics: metrics.New()})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(c)
	defer server.Close()
	base := server.URL + console.Path
	const client, secret = "veil-console", "a secret of the test"
	file := filepath.Join(dir, "secret")
	if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := login.New(login.Config{Provider: &login.Provider{
		Name: "hospital", Issuer: startProvider(t, dir, client, secret, base+login.CallbackPath, base+"/login"), ClientID: client, SecretFile: file, URL: base, GroupsClaim: "groups", Groups: []string{"ops"}, ReturnAfterLogout: true,
	}})
	if err != nil {
		t.Fatal(err)
	}
	c.Force(d, console.DefaultLimits())
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	browser := exec.CommandContext(ctx, "node", "login.mjs", base, "ann", "ben")
	browser.Dir = dir
	browser.WaitDelay = 10 * time.Second
	out, err := browser.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if s := string(out); !strings.Contains(s, "ann: hospital:ann\n") || !strings.Contains(s, "ben: The login was refused") ||
		!strings.Contains(s, "ann is at /login\nann sees /login\nann is asked for a password: true\n") {
		t.Errorf("%s", s)
	}
	if first, last := sink.At(0), sink.Last(); first.Consumer != "hospital:ann" || first.Result != "complete" || last.Consumer != "unknown" || last.Result != "refused" {
		t.Errorf("records %+v, %+v", first, last)
	}
}

// startProvider starts a provider with one client, and returns its issuer.
func startProvider(t *testing.T, dir, client, secret, redirect, afterLogout string) string {
	t.Helper()
	cmd := exec.Command("node", "provider.mjs", client, secret, redirect, afterLogout)
	cmd.Dir = dir
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}
