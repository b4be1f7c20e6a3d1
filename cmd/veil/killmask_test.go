package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/veil-proxy/veil/internal/veiltest"
)

// visitRules mask the visits of tests.
const visitRules = `
veil: 1
name: visits
referenceDate: 2025-06-30
tables:
  rules:
    - {id: ids, match: {column: id}, method: pseudonym}
    - {id: facts, match: {column: "*"}, method: keep}
`

// visits makes a folder with a key, rules, and files of so many rows each.
func visits(t *testing.T, count, rows int) (dir string) {
	t.Helper()
	dir = t.TempDir()
	write(t, filepath.Join(dir, "rules.yaml"), visitRules)
	if r := veil(t, "", "keys", "new", filepath.Join(dir, "k")); r.code != 0 {
		t.Fatal(r.stderr)
	}
	for i := range count {
		var b strings.Builder
		b.WriteString("id,ward,note\n")
		for row := range rows {
			fmt.Fprintf(&b, "PLANTED%d-%d,%d,\"stable, going home\"\n", i, row, row%40)
		}
		folder(t, filepath.Join(dir, "in", fmt.Sprint("ward", i%3)))
		write(t, filepath.Join(dir, "in", fmt.Sprint("ward", i%3), fmt.Sprintf("visits%d.csv", i)), b.String())
	}
	return dir
}

// outputs are the files of a folder that could be taken for results.
func outputs(t *testing.T, dir string) map[string]string {
	t.Helper()
	if _, err := os.Stat(dir); err != nil {
		return nil
	}
	all := files(t, dir)
	for name := range all {
		if strings.HasPrefix(filepath.Base(name), ".") {
			delete(all, name)
		}
	}
	return all
}

// TestMaskKilled kills runs at every stage, again and again. Whatever has a name is whole,
// and runs that resume come to the same bytes as one that was not killed.
func TestMaskKilled(t *testing.T) {
	t.Parallel()
	dir := visits(t, 9, 10_000)
	args := func(out string, more ...string) []string {
		return append([]string{"mask", "--key-file", filepath.Join(dir, "k"), "--ruleset", filepath.Join(dir, "rules.yaml"), "--out", filepath.Join(dir, out), "--audit-dir", filepath.Join(dir, out+"-log"), filepath.Join(dir, "in")}, more...)
	}
	if out, err := veiltest.Command(t, veiltest.Works, "veil", args("whole")...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want := outputs(t, filepath.Join(dir, "whole"))
	if len(want) != 9 {
		t.Fatalf("%d outputs", len(want))
	}
	var all int
	for trial := range 6 {
		out := fmt.Sprint("killed", trial)
		exists := func(n int, pattern ...string) func() bool {
			return func() bool {
				found, err := filepath.Glob(filepath.Join(append([]string{dir}, pattern...)...))
				return err == nil && len(found) >= n
			}
		}
		stages := []func() bool{
			exists(1, out+"-log"), exists(1, out+"-log", "veil-*"), exists(1, out), exists(1, out, "*", ".veil-*"),
			exists(1, out, "*", "v*"), exists(3, out, "*", "v*"), exists(4, out, "*", "v*"), exists(7, out, "*", "v*"), exists(9, out, "*", "v*"),
		}
		killed := untilDone(t, args(out, "--resume"), stages, func(killed int) {
			for name, text := range outputs(t, filepath.Join(dir, out)) {
				if text != want[name] {
					t.Fatalf("after %d kills %s has %d bytes, want %d", killed, name, len(text), len(want[name]))
				}
			}
		})
		all += killed
		if got := files(t, filepath.Join(dir, out)); len(got) != len(want) {
			t.Errorf("%d files are left, want %d", len(got), len(want))
		}
		if r := veil(t, "", "runs", "verify", filepath.Join(dir, out+"-log"), filepath.Join(dir, out)); r.code != 0 || !strings.Contains(r.stdout, "9 outputs of run ") {
			t.Errorf("%+v", r)
		}
		if r := veil(t, "", "audit", "verify", filepath.Join(dir, out+"-log")); r.code != 0 {
			t.Errorf("%+v", r)
		}
	}
	if t.Logf("%d runs were killed", all); all == 0 {
		t.Error("no run was killed")
	}
}

// untilDone runs a command until it succeeds. It kills the first run soon after the first
// stage, the second after the second, and so on; then it calls check. It returns how many
// runs it killed.
func untilDone(t *testing.T, args []string, stages []func() bool, check func(killed int)) (killed int) {
	t.Helper()
	for run := 0; ; run++ {
		c := exec.Command("veil", args...)
		var stderr bytes.Buffer
		c.Stderr = &stderr
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- c.Wait() }()
		var err error
		if run < len(stages) {
			err = killAfter(c.Process, stages[run], ended)
		} else {
			err = <-ended
		}
		switch {
		case err == nil:
			check(killed)
			return killed
		case c.ProcessState.ExitCode() != -1:
			t.Fatalf("%v\n%s", err, stderr.String())
		}
		killed++
		check(killed)
	}
}

// killAfter kills a process a little after a stage, if it does not end before, and returns
// how it ended.
func killAfter(p *os.Process, stage func() bool, ended <-chan error) error {
	for {
		select {
		case err := <-ended:
			return err
		case <-time.After(rand.N(time.Millisecond)):
		}
		if stage() {
			time.Sleep(rand.N(3 * time.Millisecond))
			_ = p.Kill() // it may have ended
			return <-ended
		}
	}
}

// TestTwoRunsIntoOneFolder: of two processes that write to one folder at once, what is
// there is whole, and one that cannot go on says so in one line.
func TestTwoRunsIntoOneFolder(t *testing.T) {
	t.Parallel()
	dir := visits(t, 6, 5_000)
	type ended struct {
		code   int
		stderr string
	}
	ends := make(chan ended)
	for i := range 2 {
		go func() {
			c := exec.Command("veil", "mask", "--key-file", filepath.Join(dir, "k"), "--ruleset", filepath.Join(dir, "rules.yaml"), "--out", filepath.Join(dir, "out"), "--audit-dir", filepath.Join(dir, fmt.Sprint("log", i)), filepath.Join(dir, "in"))
			var stderr bytes.Buffer
			c.Stderr = &stderr
			_ = c.Run() // the status says it
			ends <- ended{c.ProcessState.ExitCode(), stderr.String()}
		}()
	}
	succeeded := 0
	for range 2 {
		switch e := <-ends; {
		case e.code == 0 && e.stderr == "":
			succeeded++
		case e.code != 1 || strings.Count(e.stderr, "\n") != 1 || !strings.Contains(e.stderr, "already exists and will not be overwritten"):
			t.Errorf("%+v", e)
		}
	}
	if succeeded != 1 {
		t.Errorf("%d runs succeeded", succeeded)
	}
	got := files(t, filepath.Join(dir, "out"))
	if len(got) != 6 {
		t.Errorf("%d files", len(got))
	}
	for name, text := range got {
		if strings.Count(text, "\n") != 5_001 || strings.Contains(text, "PLANTED") {
			t.Errorf("%s has %d lines", name, strings.Count(text, "\n"))
		}
	}
	// One audit log has one writer.
	hold := exec.Command("veil", "mask", "--key-file", filepath.Join(dir, "k"), "--ruleset", filepath.Join(dir, "rules.yaml"), "--format", "csv", "--table", "visits", "--out", filepath.Join(dir, "out2"), "--audit-dir", filepath.Join(dir, "log"))
	stdin, err := hold.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := hold.Start(); err != nil {
		t.Fatal(err)
	}
	veiltest.Until(t, "the log is open", func() bool {
		segments, err := filepath.Glob(filepath.Join(dir, "log", "veil-*.jsonl"))
		return err == nil && len(segments) == 1
	})
	r := veil(t, "", "mask", "--key-file", filepath.Join(dir, "k"), "--ruleset", filepath.Join(dir, "rules.yaml"), "--out", filepath.Join(dir, "out3"), "--audit-dir", filepath.Join(dir, "log"), filepath.Join(dir, "in"))
	if r.code != 1 || strings.Count(r.stderr, "\n") != 1 || !strings.Contains(r.stderr, "another process") {
		t.Errorf("%+v", r)
	}
	if _, err := fmt.Fprint(stdin, "id,ward\n1,2\n"); err != nil {
		t.Error(err)
	}
	_ = stdin.Close()
	if err := hold.Wait(); err != nil {
		t.Error(err)
	}
}
