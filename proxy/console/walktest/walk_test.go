package walktest

import (
	"bytes"
	"context"
	"flag"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/veil-proxy/veil/internal/veiltest"
)

var update = flag.Bool("update", false, "write the screenshots of docs/console")

// mostOfShot bounds a screenshot, in bytes.
const mostOfShot = 200 << 10

// TestRealWalk: no page of the console has a serious or critical finding by axe, light and
// dark, wide and on a phone, none logs an error or meets its Content-Security-Policy, and
// none is wider than its window.
func TestRealWalk(t *testing.T) {
	dir := modules(t)
	out := startDemo(t, dir)
	browse(t, out)
	console := regexp.MustCompile(`password (\S+):\n(http://\S+/console)/`).FindStringSubmatch(out)
	if console == nil {
		t.Fatalf("the demo printed\n%s", out)
	}
	shots := filepath.Join(dir, "shots")
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", "walk.mjs", console[2], "demo", console[1], "pages.txt", shots)
	cmd.Dir = dir
	cmd.WaitDelay = 10 * time.Second // a browser that outlives it has its pipes
	var walked bytes.Buffer
	cmd.Stderr = &walked
	found, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, walked.String())
	}
	t.Log(walked.String())
	for line := range strings.Lines(string(found)) {
		t.Error(strings.TrimSpace(line))
	}
	for _, page := range []string{"login", "overview", "keys", "new-key"} {
		if !strings.Contains(walked.String(), "walked "+page+" ") {
			t.Errorf("the page %s was not walked: %s", page, walked.String())
		}
	}
	noOriginals(t, filepath.Join(dir, "seen.html"), out)
	keep(t, shots)
}

// noOriginals looks for ids and record numbers of the upstream's patients in what the pages
// had.
func noOriginals(t *testing.T, seen, demo string) {
	t.Helper()
	source := regexp.MustCompile(`Source.*(http://\S+)`).FindStringSubmatch(demo)
	resp, err := http.Get(source[1] + "/Patient?_count=100")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	patients, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	originals := regexp.MustCompile(`"(?:id|value)"\s*:\s*"([0-9a-f]{8}-[0-9a-f-]{27}|MRN[0-9]{6})"`).FindAllSubmatch(patients, -1)
	if len(originals) < 20 {
		t.Fatalf("%d originals in %.500s", len(originals), patients)
	}
	pages, err := os.ReadFile(seen)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(pages, []byte("Consumers and keys")) {
		t.Fatal("nothing was seen")
	}
	for _, one := range originals {
		if bytes.Contains(pages, one[1]) {
			t.Errorf("a page has the original %s", one[1])
		}
	}
}

// modules installs what the walk needs in a directory of its own.
func modules(t *testing.T) string {
	t.Helper()
	if os.Getenv("VEIL_TEST_ALL") != "1" {
		t.Skip("set VEIL_TEST_ALL=1 to walk the console in a browser")
	}
	dir := t.TempDir()
	for _, name := range []string{"package.json", "package-lock.json", "walk.mjs", "pages.txt", "provider.mjs", "login.mjs"} {
		b, err := os.ReadFile(name)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("npm ci: %v\n%s", err, out)
	}
	return dir
}

// startDemo starts veil demo and returns what it prints.
func startDemo(t *testing.T, dir string) string {
	t.Helper()
	veil := filepath.Join(dir, "veil")
	if out, err := veiltest.Command(t, veiltest.Works, "go", "build", "-o", veil, "../../../cmd/veil").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var out veiltest.Buffer
	const free = "127.0.0.1:0"
	cmd := exec.Command(veil, "demo", "--patients", "60", "--seed", "77", "--listen", free, "--source-listen", free, "--postgres-listen", free, "--console-listen", free)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait() // it ends with what the signal makes of it
	})
	veiltest.Until(t, "the demo runs", func() bool { return strings.Contains(out.String(), "Ctrl-C") })
	return out.String()
}

// browse makes requests and statements, so that pages have something to show.
func browse(t *testing.T, demo string) {
	t.Helper()
	base := regexp.MustCompile(`Masked view.*(http://\S+)`).FindStringSubmatch(demo)
	if base == nil {
		t.Fatalf("the demo printed\n%s", demo)
	}
	for range 4 {
		for _, path := range []string{"/Patient?_count=20", "/Observation?code=http://loinc.org|8867-4&_count=30", "/Encounter?_count=20", "/Condition?_count=20", "/Patient?family=Smith", "/Patient/none"} {
			resp, err := http.Get(base[1] + path)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
		}
	}
	dsn := regexp.MustCompile(`postgres://demo:demo@[^']+`).FindString(demo)
	if dsn == "" {
		return // the machine has no PostgreSQL
	}
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for _, sql := range []string{"SELECT id, mrn, family, birth_date FROM patients", "SELECT count(*) FROM observations", "SELECT count(*) FROM patients WHERE family LIKE 'Smi%'"} {
		_, _ = conn.Exec(t.Context(), sql) // the last one is refused
	}
}

// keep copies the screenshots into docs, with -update. Each page has two.
func keep(t *testing.T, shots string) {
	t.Helper()
	all, err := os.ReadDir(shots)
	if err != nil {
		t.Fatal(err)
	}
	docs := filepath.Join("..", "..", "..", "docs", "console")
	for _, shot := range all {
		b, err := os.ReadFile(filepath.Join(shots, shot.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if len(b) > mostOfShot {
			t.Errorf("%s has %d bytes", shot.Name(), len(b))
		}
		if *update {
			if err := os.WriteFile(filepath.Join(docs, shot.Name()), b, 0o600); err != nil {
				t.Fatal(err)
			}
		} else if _, err := os.Stat(filepath.Join(docs, shot.Name())); err != nil {
			t.Errorf("%s is not in the docs: run the test with -update", shot.Name())
		}
	}
}

// TestRealVendored: the files that are not ours are those of the npm packages, byte for byte.
func TestRealVendored(t *testing.T) {
	dir := modules(t)
	for vendored, source := range map[string]string{"uPlot.iife.min.js": "uplot/dist/uPlot.iife.min.js", "uPlot.min.css": "uplot/dist/uPlot.min.css", "uPlot.LICENSE.txt": "uplot/LICENSE"} {
		got, err := os.ReadFile(filepath.Join("..", "assets", "vendored", vendored))
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(filepath.Join(dir, "node_modules", source))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not that of the package", vendored)
		}
	}
}
