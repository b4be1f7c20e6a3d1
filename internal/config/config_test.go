package config

import (
	_ "embed"
	"log/slog"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/proxy/consumer"
	"github.com/veil-proxy/veil/proxy/fhirproxy"
	"github.com/veil-proxy/veil/proxy/pgproxy"
	"github.com/veil-proxy/veil/proxy/signin"
)

// everySetting has a value of its own for each setting that can be read without
// its files.
//
//go:embed testdata/every.yaml
var everySetting string

// TestEverySettingIsPrinted with its value.
func TestEverySettingIsPrinted(t *testing.T) {
	c, err := Parse("veil.yaml", []byte(everySetting))
	if err != nil {
		t.Fatal(err)
	}
	var printed strings.Builder
	if err := c.Write(&printed); err != nil {
		t.Fatal(err)
	}
	for _, word := range regexp.MustCompile(`[A-Za-z0-9.:/*_=-]{4,}`).FindAllString(everySetting, -1) {
		if !strings.Contains(printed.String(), strings.TrimSuffix(word, ":")) {
			t.Errorf("%s is not printed", word)
		}
	}
	for what, text := range map[string]string{"printed is read as": printed.String(), "read was changed by printing it into": everySetting} {
		other, err := Parse("veil.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		c.problems, other.problems, c.text, other.text = problems{}, problems{}, nil, nil
		if !reflect.DeepEqual(c, other) {
			t.Errorf("what is %s something else", what)
		}
	}
}

// TestEverySettingStandsInEvery: each setting that the reference lists has a value there, so
// that the tests of the file, of what is printed and of what is fuzzed have all of them.
func TestEverySettingStandsInEvery(t *testing.T) {
	t.Parallel()
	c, err := Parse("veil.yaml", []byte(everySetting))
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	names := regexp.MustCompile(`^views\.[^.]+`)
	items := regexp.MustCompile(`\[\d+\]`)
	for path := range c.problems.at {
		there[items.ReplaceAllString(names.ReplaceAllString(path, "views.NAME"), "[]")] = true
	}
	var table strings.Builder
	if err := Reference(&table); err != nil {
		t.Fatal(err)
	}
	paths := regexp.MustCompile("(?m)^\\| `([^`]+)`").FindAllStringSubmatch(table.String(), -1)
	for _, p := range paths {
		if !there[p[1]] {
			t.Errorf("%s is not in testdata/every.yaml", p[1])
		}
	}
	if len(paths) < 250 {
		t.Errorf("%d settings", len(paths))
	}
}

// TestEverythingCanBeConfigured: each field that the door, the consumers and the
// upstream's credentials have is a setting.
func TestEverythingCanBeConfigured(t *testing.T) {
	var printed strings.Builder
	if err := Default(nil).Write(&printed); err != nil {
		t.Fatal(err)
	}
	names := strings.ToLower(printed.String())
	var walk func(typ reflect.Type)
	walk = func(typ reflect.Type) {
		switch typ.Kind() {
		case reflect.Slice, reflect.Pointer:
			walk(typ.Elem())
			return
		case reflect.Struct:
		default:
			return
		}
		for f := range typ.Fields() {
			if f.Type == reflect.TypeFor[*slog.Logger]() || f.Type == reflect.TypeFor[*http.Client]() || !f.IsExported() {
				continue
			}
			if !f.Anonymous && !strings.Contains(names, strings.ToLower(f.Name)+":") {
				t.Errorf("%s.%s cannot be set", typ, f.Name)
			}
			walk(f.Type)
		}
	}
	for _, typ := range []reflect.Type{reflect.TypeFor[fhirproxy.Limits](), reflect.TypeFor[consumer.Config](), reflect.TypeFor[signin.Config](), reflect.TypeFor[signin.TLS](), reflect.TypeFor[pgproxy.Limits](), reflect.TypeFor[Postgres](), reflect.TypeFor[PostgresView]()} {
		walk(typ)
	}
}

// TestDocumentedConfigurations: what docs/operate.md shows can be read.
func TestDocumentedConfigurations(t *testing.T) {
	text, err := os.ReadFile("../../docs/operate.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(blocks) < 3 {
		t.Fatalf("%d configurations", len(blocks))
	}
	for _, b := range blocks {
		whole := "veil: 1\n" + strings.TrimPrefix(b[1], "veil: 1\n")
		whole = regexp.MustCompile(`[0-9a-f]{4}…`).ReplaceAllString(whole, strings.Repeat("a", 64))
		if _, err := Parse("operate.md", []byte(whole)); err != nil {
			t.Errorf("%v\n%s", err, whole)
		}
	}
}

// FuzzConfig: a configuration that has no problems is printed as one that
// is read as the same, and nothing that looks like a secret is reported.
func FuzzConfig(f *testing.F) {
	f.Add(everySetting)
	f.Add("veil: 1\nviews: {a: {}, a: {}}\n")
	f.Add("veil: 1\nfhir: {origins: x, limits: [], credentials: {basic: null}}\n")
	f.Add("veil: 1\nconsumers: {keys: [{name: veil_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}]}\n")
	f.Add("veil: 1\nproject: \"\\x01\\u00e9'\\\"# x\"\nkeyFile: |\n  a\n  b\n")
	f.Fuzz(func(t *testing.T, text string) {
		read := func(text string) (*Config, string) {
			c, err := Parse("veil.yaml", []byte(text))
			if err != nil {
				return nil, err.Error()
			}
			var printed strings.Builder
			if err := c.Write(&printed); err != nil {
				t.Fatal(err)
			}
			return c, printed.String()
		}
		c, told := read(text)
		if isSecret(told) {
			t.Errorf("a secret is told: %s", told)
		}
		if c == nil {
			return
		}
		if _, again := read(told); again != told {
			t.Errorf("printed as\n%s\nread back as\n%s", told, again)
		}
	})
}

func TestOperatorAddress(t *testing.T) {
	for listen, want := range map[string]string{"": "", "9090": "127.0.0.1:9090", ":9090": "127.0.0.1:9090", "0.0.0.0:9090": "0.0.0.0:9090", "[::1]:9090": "[::1]:9090"} {
		if got, err := OperatorAddress(listen); err != nil || got != want {
			t.Errorf("%q is %q, %v; want %q", listen, got, err, want)
		}
	}
}

// TestReferenceIsCurrent: docs/settings.md has every setting, as it is declared.
func TestReferenceIsCurrent(t *testing.T) {
	t.Parallel()
	const page = "../../docs/settings.md"
	var table strings.Builder
	if err := Reference(&table); err != nil {
		t.Fatal(err)
	}
	want := `# Settings

The settings of ` + "`veil serve`" + `, in a YAML file that begins with ` + "`veil: 1`" + `. [Operate](operate.md) explains how to use
them, and ` + "`veil serve --print-config`" + ` prints them as a file. Where a changed value takes effect on a reload (SIGHUP),
the last column says reload. Sections and lists are bold; NAME stands for a name that you choose.

` + table.String()
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not current: run go test ./internal/config -run TestReferenceIsCurrent -update", page)
	}
	for _, name := range []string{"views.NAME.ruleset", "consumers.keys[].limits.burst", "fhir.credentials.basic.password.file", "fhir.limits.exchanges"} {
		if !strings.Contains(want, "`"+name+"`") {
			t.Errorf("no %s", name)
		}
	}
}

// TestReplicaName: only a console that shares its sessions is named after its host.
func TestReplicaName(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for want, c := range map[string]Console{
		"": {}, host: {Database: "postgres://db/console"}, "veil-1": {Database: "postgres://db/console", Replica: "veil-1"}, "one": {Replica: "one"},
	} {
		if got := c.ReplicaName(); got != want {
			t.Errorf("%+v is %q, want %q", c, got, want)
		}
	}
}
