package deploy

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/veil-proxy/veil/internal/config"
	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/proxy/metrics"
)

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestImageHasAllSources: the build of the image sees each package that the command needs.
func TestImageHasAllSources(t *testing.T) {
	t.Parallel()
	var sent []string
	for line := range strings.Lines(read(t, "../.dockerignore")) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "!"); ok {
			sent = append(sent, name)
		}
	}
	cmd := veiltest.Command(t, veiltest.Works, "go", "list", "-deps", "-f", "{{if .Module}}{{if .Module.Main}}{{.ImportPath}}{{end}}{{end}}", "./cmd/veil")
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range strings.Fields(string(out)) {
		top, _, _ := strings.Cut(strings.TrimPrefix(path, "github.com/veil-proxy/veil/"), "/")
		if !slices.Contains(sent, top) {
			t.Errorf(".dockerignore keeps %s from the build", path)
		}
	}
}

// TestMonitoringNamesRealMetrics: each metric of the alerts and the dashboard is one that
// Veil writes.
func TestMonitoringNamesRealMetrics(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, name := range metrics.Names("fhir", "postgres", "operator") {
		known[name] = true
	}
	names := regexp.MustCompile(`veil_[a-z_]+`)
	families := regexp.MustCompile(`veil_\(fhir\|postgres\|operator\)_([a-z_]+)`)
	for _, file := range []string{"monitoring/alerts.yaml", "monitoring/dashboard.json", "monitoring/alerts_test.yaml"} {
		text := read(t, file)
		found := names.FindAllString(families.ReplaceAllString(text, "veil_fhir_$1 veil_postgres_$1 veil_operator_$1"), -1)
		if len(found) == 0 {
			t.Errorf("%s names no metric", file)
		}
		for _, name := range found {
			for _, suffix := range []string{"_bucket", "_count", "_sum"} {
				name = strings.TrimSuffix(name, suffix)
			}
			if !known[name] {
				t.Errorf("%s: Veil has no metric %s", file, name)
			}
		}
	}
	if !json.Valid([]byte(read(t, "monitoring/dashboard.json"))) {
		t.Error("the dashboard is not JSON")
	}
}

// TestConfigurationsAreRead: those of the compose file and of the chart are ones that Veil
// takes.
func TestConfigurationsAreRead(t *testing.T) {
	t.Parallel()
	if _, err := config.Parse("veil.yaml", []byte(read(t, "compose/veil.yaml"))); err != nil {
		t.Error(err)
	}
	values := read(t, "helm/veil/values.yaml")
	_, rest, ok := strings.Cut(values, "\nconfig:\n")
	if !ok {
		t.Fatal("the chart has no config")
	}
	var own strings.Builder
	for line := range strings.Lines(rest) {
		inner, ok := strings.CutPrefix(line, "  ")
		if !ok {
			break
		}
		own.WriteString(inner)
	}
	if _, err := config.Parse("values.yaml", []byte(own.String())); err != nil {
		t.Error(err)
	}
}

// TestOriginalsStayInside: in the compose file, what holds originals publishes no port and
// is on the internal network alone.
func TestOriginalsStayInside(t *testing.T) {
	t.Parallel()
	text := read(t, "compose/compose.yaml")
	for _, service := range []string{"hapi", "postgres"} {
		_, rest, ok := strings.Cut(text, "\n  "+service+":\n")
		if !ok {
			t.Fatalf("no service %s", service)
		}
		end := regexp.MustCompile(`\n(  )?[a-z]+:`).FindStringIndex(rest)
		own := rest[:end[0]]
		if strings.Contains(own, "ports:") || !strings.Contains(own, "networks: [upstream]") {
			t.Errorf("%s can be reached past Veil:\n%s", service, own)
		}
	}
	if !strings.Contains(text, "upstream: {internal: true}") {
		t.Error("the network of the upstreams is not internal")
	}
}

// tools are programs that check a deployment, each a Go module at one version.
const (
	helm     = "helm.sh/helm/v3/cmd/helm@v3.22.0"
	promtool = "github.com/prometheus/prometheus/cmd/promtool@v0.316.0"
	validate = "sigs.k8s.io/kubectl-validate@v0.0.4"
)

// run runs a tool. What it says is in the failure.
func run(t *testing.T, stdin string, tool string, args ...string) string {
	t.Helper()
	return output(t, stdin, "go", append([]string{"run", tool}, args...)...)
}

// runPromtool runs promtool: a prebuilt one, or its module where there is none, which takes
// minutes to compile.
func runPromtool(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	path, err := veiltest.Command(t, veiltest.Installs, "testdata/promtool").Output()
	if err != nil {
		return run(t, stdin, promtool, args...)
	}
	return output(t, stdin, strings.TrimSpace(string(path)), args...)
}

// output runs a program and returns what it prints.
func output(t *testing.T, stdin string, name string, args ...string) string {
	t.Helper()
	cmd := veiltest.Command(t, veiltest.Installs, name, args...)
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod -trimpath -ldflags=-s", "GOWORK=off")
	cmd.Stdin = strings.NewReader(stdin)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %v: %v\n%s%s", name, args, err, &out, &said)
	}
	return out.String()
}

// TestRealDeployment checks the files with the tools of their fields: promtool, Helm,
// Kubernetes's schemas, and systemd where it is installed.
func TestRealDeployment(t *testing.T) {
	if os.Getenv("VEIL_TEST_ALL") != "1" {
		t.Skip("set VEIL_TEST_ALL=1 to run it with promtool, Helm and Kubernetes's schemas")
	}
	t.Run("alerts", func(t *testing.T) {
		t.Parallel()
		runPromtool(t, "", "check", "rules", "monitoring/alerts.yaml")
		runPromtool(t, "", "test", "rules", "monitoring/alerts_test.yaml")
		s := metrics.New()
		for _, name := range []string{"fhir", "postgres", "operator"} {
			l := s.Listener(name)
			l.Request("read Patient", 200, time.Second)
			l.Problem("refused", "credentials")
		}
		var text bytes.Buffer
		s.Write(&text)
		runPromtool(t, text.String(), "check", "metrics")
	})
	t.Run("chart", func(t *testing.T) {
		t.Parallel()
		run(t, "", helm, "lint", "--strict", "helm/veil")
		for name, args := range map[string][]string{
			"as it is": nil,
			"with everything": {"--set", "autoscaling.enabled=true,service.postgres=true,serviceMonitor.enabled=true,prometheusRule.enabled=true,audit.storageClassName=fast",
				"--set-json", `networkPolicy.monitoring=[{"namespaceSelector":{"matchLabels":{"name":"monitoring"}}}]`,
				"--set-json", `rulesets={"own.yaml":"veil: 1\nname: own\nextends: safe-harbor\n"}`},
		} {
			rendered := run(t, "", helm, append([]string{"template", "trial", "helm/veil"}, args...)...)
			file := filepath.Join(t.TempDir(), "rendered.yaml")
			// Kinds of Prometheus's operator are not Kubernetes's own.
			var own []string
			for _, doc := range strings.Split(rendered, "\n---\n") {
				if !strings.Contains(doc, "monitoring.coreos.com") {
					own = append(own, doc)
				}
			}
			if err := os.WriteFile(file, []byte(strings.Join(own, "\n---\n")), 0o600); err != nil {
				t.Fatal(err)
			}
			if said := run(t, "", validate, "--version", "1.30", file); strings.Count(said, "OK") == 0 {
				t.Errorf("%s: %s", name, said)
			}
			for _, want := range []string{"runAsNonRoot: true", "readOnlyRootFilesystem: true", "defaultMode: 0440", "automountServiceAccountToken: false"} {
				if !strings.Contains(rendered, want) {
					t.Errorf("%s: without %s", name, want)
				}
			}
		}
	})
	t.Run("unit", func(t *testing.T) {
		t.Parallel()
		if _, err := exec.LookPath("systemd-analyze"); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatal(err)
			}
			t.Skip(err)
		}
		out, err := veiltest.Command(t, veiltest.Works, "systemd-analyze", "verify", "systemd/veil.service", "systemd/veil.socket").CombinedOutput()
		for line := range strings.Lines(string(out)) {
			if !strings.Contains(line, "is not executable") {
				t.Errorf("systemd-analyze: %v: %s", err, line)
			}
		}
	})
}
