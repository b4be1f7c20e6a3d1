package evidence

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/report/signed"
)

// segmentOf is the first segment of a log.
func segmentOf(dir string) string { return filepath.Join(dir, "veil-00000000000000000001.jsonl") }

// change changes the text of a file.
func change(t *testing.T, path string, f func(string) string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	after := f(string(b))
	if after == string(b) {
		t.Fatal("nothing was changed")
	}
	if err := os.WriteFile(path, []byte(after), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestBadLogsAreRefused(t *testing.T) {
	t.Parallel()
	signer, key := veiltest.Signer(t, "veil-audit")
	_, other := veiltest.Signer(t, "veil-audit")
	plain, signs := write(t, nil, random(5, 12)...), write(t, signer, random(5, 12)...)
	lines := func(f func([]string) []string) func(string) string {
		return func(s string) string { return strings.Join(f(strings.SplitAfter(s, "\n")), "") }
	}
	for name, c := range map[string]struct {
		log    string
		change func(string) string
		key    string
		want   string
	}{
		"empty segment":  {plain, func(string) string { return "" }, "", "the segment is empty"},
		"cut off":        {plain, func(s string) string { return s[:len(s)-20] }, "", "cut off"},
		"a byte flipped": {plain, func(s string) string { return strings.Replace(s, `"door":"f`, `"door":"g`, 1) }, "", "changed"},
		"a line removed": {plain, lines(func(l []string) []string { return append(l[:5:5], l[6:]...) }), "", "missing"},
		"end removed":    {signs, lines(func(l []string) []string { return l[:9] }), key, "its end was removed"},
		"another key":    {signs, nil, other, "the checkpoint is signed with another key, or was changed"},
		"no checkpoint":  {plain, nil, key, "no checkpoint"},
		"no log":         {t.TempDir(), nil, "", "there is no audit log"},
		"no folder":      {filepath.Join(t.TempDir(), "none"), nil, "", "no such file"},
		"no records":     {write(t, nil), nil, "", "no audit log"},
		"of old times": {
			write(t, nil, &mask.Record{Time: november.From.AddDate(-1, 0, 0), RequestID: "r", Door: "fhir"}), nil, "",
			"the log has no record between 2026-11-01T00:00:00Z and 2026-12-01T00:00:00Z: its first is from 2025-11-01",
		},
	} {
		dir := c.log
		if c.change != nil {
			dir = filepath.Join(t.TempDir(), "log")
			if err := os.CopyFS(dir, os.DirFS(c.log)); err != nil {
				t.Fatal(err)
			}
			change(t, segmentOf(dir), c.change)
		}
		e, err := Gather(context.Background(), &Options{Period: november, Logs: []string{dir}, CheckpointKey: c.key, NeedCheckpoint: true})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, %v", name, e, err)
		}
	}
}

func TestCheckpointIsCoveredIfItVerifies(t *testing.T) {
	t.Parallel()
	signer, key := veiltest.Signer(t, "veil-audit")
	records := random(6, 12)
	for _, signs := range []bool{true, false} {
		dir := write(t, nil, records...)
		if signs {
			dir = write(t, signer, records...)
		}
		e, err := Gather(context.Background(), &Options{Period: november, Logs: []string{dir}, CheckpointKey: key})
		if err != nil {
			t.Fatal(err)
		}
		l := e.Logs[0]
		if signs && (l.CheckpointBasis != Measured || l.Checkpoint != l.Lines || l.CheckpointKey != key) || !signs && (l.CheckpointBasis != NotCovered || l.Checkpoint != 0) {
			t.Errorf("signed %t: %+v", signs, l)
		}
		if e.basis("checkpoints") != l.CheckpointBasis {
			t.Errorf("signed %t: the section is %s", signs, e.basis("checkpoints"))
		}
	}
}

func TestRulesetsWithoutTheirFilesAreNotCovered(t *testing.T) {
	t.Parallel()
	computed := 0
	coverage := func() (*Coverage, error) {
		computed++
		return &Coverage{Paths: 8, Identifiers: []IdentifierRules{{Letter: "A", Rules: []string{"names", "more"}}}}, nil
	}
	e, err := Gather(context.Background(), &Options{Period: november, Logs: []string{write(t, nil, random(7, 30)...)}, Rulesets: []Known{
		{Name: "safe-harbor", SHA256: "sha-of-safe-harbor", Coverage: coverage},
		{Name: "other", SHA256: "sha-of-other", Coverage: func() (*Coverage, error) { return nil, errors.New("it is of no concern") }},
		{Name: "new", SHA256: "sha-of-new", Configured: true, Coverage: coverage},
	}})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]Basis{}
	for _, r := range e.Rulesets {
		got[r.Name+" "+string(r.Basis)] = r.CoverageBasis
	}
	want := map[string]Basis{"safe-harbor measured by Veil": Measured, "site measured by Veil": NotCovered, "new stated by the operator": Measured}
	if len(got) != 3 || computed != 2 {
		t.Errorf("%v, computed %d times", got, computed)
	}
	for name, basis := range want {
		if got[name] != basis {
			t.Errorf("%s: coverage is %q, want %q", name, got[name], basis)
		}
	}
	if e.basis("coverage") != NotCovered || e.Identifiers[0].ConfiguredRules != 2 {
		t.Errorf("coverage as a whole is %s, identifier A has %d rules", e.basis("coverage"), e.Identifiers[0].ConfiguredRules)
	}
}

// TestResultsRestOnTheirSignatures: only what a key vouches for is measured.
func TestResultsRestOnTheirSignatures(t *testing.T) {
	t.Parallel()
	signer, key := veiltest.Signer(t, "veil-selftest")
	_, other := veiltest.Signer(t, "veil-audit")
	result := &signed.Result{Kind: "selftest", Version: "v", Time: november.To, Findings: []signed.Finding{{Name: "a", Outcome: signed.Pass}, {Name: "b", Outcome: signed.Fail}}}
	for range 400 {
		result.Figures = append(result.Figures, signed.Figure{Name: "f"})
	}
	file, err := result.Marshal(signer)
	if err != nil {
		t.Fatal(err)
	}
	disguised, err := signed.JSON("fidelity", result, signer)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := result.Marshal(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		file  []byte
		keys  []string
		basis Basis
		err   string
	}{
		"signed":                 {file, []string{other, key}, Measured, ""},
		"of another key":         {file, []string{other}, Stated, ""},
		"unsigned":               {plain, []string{key}, Stated, ""},
		"changed":                {bytes.Replace(file, []byte(`"fail"`), []byte(`"pass"`), 1), []string{other, key}, "", "does not verify"},
		"of another kind":        {bytes.Replace(plain, []byte("selftest"), []byte("selfless"), 1), nil, "", "expected a result of kind selftest"},
		"empty":                  {nil, nil, "", "empty"},
		"cut off":                {plain[:90], nil, "", "cut off"},
		"another document":       {[]byte(`{"columns":[]}`), nil, "", "no kind"},
		"signed as another kind": {disguised, []string{key}, "", "signed as a fidelity, not as a selftest"},
	} {
		e, err := Embed(c.file, "selftest", c.keys)
		if err != nil || c.err != "" {
			if err == nil || c.err == "" || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if e.Basis != c.basis || (e.Key != "") != (c.basis == Measured) || e.Findings[0].Name != "b" || len(e.Figures) != most || e.MoreFigures != 200 || e.File != digest(c.file) {
			t.Errorf("%s: %+v", name, e)
		}
	}
	for name, bad := range map[string]string{"empty": "", "cut off": `{"columns":[`, "another document": `{"uncovered":[]}`, "a list": "[]"} {
		if _, err := ReadDiscovery([]byte(bad), nil); err == nil {
			t.Errorf("discovery that is %s is read", name)
		}
		if _, err := ReadDrift([]byte(strings.ReplaceAll(bad, "uncovered", "columns")), nil); err == nil {
			t.Errorf("drift that is %s is read", name)
		}
	}
	if d, err := ReadDrift([]byte(`{"uncovered":[{}],"changed":[{},{}],"unused":[]}`), nil); err != nil || d.Uncovered != 1 || d.Changed != 2 || d.Basis != Stated {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestCompareFindsWhatDiffers(t *testing.T) {
	t.Parallel()
	records := random(8, 24)
	dir := write(t, nil, records...)
	e := gather(t, dir)
	if differ, err := e.Compare(context.Background(), []string{dir}, nil); err != nil || len(differ) > 0 {
		t.Errorf("the same log: %v, %v", differ, err)
	}
	if _, err := e.Compare(context.Background(), []string{dir, dir}, nil); err == nil || !strings.Contains(err.Error(), "covers 1 logs, but 2 were given") {
		t.Errorf("two logs: %v", err)
	}
	records[3].Time = records[3].Time.Add(time.Second)
	if differ, err := e.Compare(context.Background(), []string{write(t, nil, records...)}, nil); err != nil || len(differ) != 1 || !strings.Contains(differ[0], "has a different hash") {
		t.Errorf("a log that was written anew: %v, %v", differ, err)
	}
	if differ, err := e.Compare(context.Background(), []string{write(t, nil, records[:16]...)}, nil); err != nil || len(differ) != 1 || !strings.Contains(differ[0], "its end was removed") {
		t.Errorf("a shorter log: %v, %v", differ, err)
	}
	e.Totals.Refused++
	e.Requests[0].Complete++
	differ, err := e.Compare(context.Background(), []string{dir}, nil)
	if err != nil || len(differ) != 2 || !strings.Contains(differ[0], "totals") || !strings.Contains(differ[1], "requests") {
		t.Errorf("figures of another report: %v, %v", differ, err)
	}
}

// TestCompareOfALogThatHasGrown reads a log on which Veil wrote after the report.
func TestCompareOfALogThatHasGrown(t *testing.T) {
	t.Parallel()
	grown, short := write(t, nil, random(9, 30)...), t.TempDir()
	b, err := os.ReadFile(segmentOf(grown))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(b), "\n")
	if err := os.WriteFile(segmentOf(short), []byte(strings.Join(lines[:len(lines)/2], "")), 0o600); err != nil {
		t.Fatal(err)
	}
	e := gather(t, short)
	if differ, err := e.Compare(context.Background(), []string{grown}, nil); err != nil || len(differ) > 0 {
		t.Errorf("%v, %v", differ, err)
	}
}

func TestCompareRuleset(t *testing.T) {
	t.Parallel()
	text := []byte("veil: 1\n")
	e := &Evidence{Rulesets: []Ruleset{{}, {Coverage: &Coverage{Files: []signed.Input{{Name: "site.yaml", SHA256: digest(text)}}}}}}
	for name, c := range map[string]struct{ file, text, want string }{
		"the same":  {"site.yaml", "veil: 1\n", ""},
		"renamed":   {"copy.yaml", "veil: 1\n", ""},
		"changed":   {"site.yaml", "veil: 2\n", "site.yaml was changed"},
		"a comment": {"site.yaml", "veil: 1\n#\n", "site.yaml was changed"},
		"another":   {"other.yaml", "veil: 2\n", "does not belong to the report"},
	} {
		err := e.CompareRuleset(c.file, []byte(c.text))
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestProgressIsTold(t *testing.T) {
	t.Parallel()
	dir := write(t, nil, random(10, 10)...)
	var read, all int64
	if _, err := Gather(context.Background(), &Options{Period: november, Logs: []string{dir}, Progress: func(r, a int64) { read, all = r, a }}); err != nil {
		t.Fatal(err)
	}
	if read != all || all == 0 {
		t.Errorf("told %d of %d bytes", read, all)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Gather(ctx, &Options{Period: november, Logs: []string{dir}}); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}
