package main

import (
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/veil-proxy/veil/internal/pgtest"
	"github.com/veil-proxy/veil/internal/veiltest"
)

var update = flag.Bool("update", false, "write the golden files of scripts anew")

// TestMain lets the test binary be the command: scripts, and tests that need a process
// of their own, find it as veil in $PATH.
func TestMain(m *testing.M) {
	testscript.Main(veiltest.Roomy{M: m, Bytes: 2 << 30}, map[string]func(){"veil": main, "exits": exits})
}

// exits is a command of scripts: "exits 2 veil mask" runs veil mask, and succeeds if that
// exits with status 2. A panic is no exit, whatever its status.
func exits() {
	if len(os.Args) < 3 || os.Args[2] != "veil" {
		fmt.Fprintln(os.Stderr, "usage: exits STATUS veil ARGUMENTS")
		os.Exit(1)
	}
	if code := run(os.Args[3:], os.Stdin, os.Stdout, os.Stderr); strconv.Itoa(code) != os.Args[1] {
		fmt.Fprintf(os.Stderr, "veil exited with status %d, not with %s\n", code, os.Args[1])
		os.Exit(1)
	}
}

// TestScripts runs the sessions of commands in testdata/script.
func TestScripts(t *testing.T) {
	t.Parallel()
	runScripts(t, "script")
}

// TestMistakesOfOperators: what an operator can get wrong, as the tables of attacks have
// what an attacker can try. Each mistake ends with one line that says what, where and
// what to do, with a status that is not 0, and no file that was there before is changed.
func TestMistakesOfOperators(t *testing.T) {
	t.Parallel()
	runScripts(t, "mistakes")
}

// runScripts runs the scripts of a folder of testdata, each in a folder of its own that
// has project.key. The key is always the same, so that scripts can compare masked bytes.
func runScripts(t *testing.T, dir string) {
	testscript.Run(t, testscript.Params{
		Dir:                filepath.Join("testdata", dir),
		UpdateScripts:      *update,
		RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			root, err := filepath.Abs(filepath.Join("..", ".."))
			if err != nil {
				return err
			}
			env.Setenv("REPO", root)
			env.Setenv("GOGC", "400") // commands are short
			env.Values[testingTB{}] = env.T()
			return os.WriteFile(filepath.Join(env.WorkDir, "project.key"), []byte("veil-key-1:dGhlIGtleSBvZiBzY3JpcHRzLCAzMiBieXRlcyBsb24=\n"), 0o600)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"json": scriptJSON, "windows": scriptWindows, "utf16": scriptUTF16, "link": scriptLink, "append": scriptAppend, "mistake": scriptMistake, "clinic": scriptClinic,
		},
	})
}

// scriptJSON is a command of scripts: "json stdout" fails if the file is not one JSON
// value.
func scriptJSON(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: [!] json FILE")
	}
	if valid := json.Valid([]byte(ts.ReadFile(args[0]))); valid == neg {
		ts.Fatalf("%s: valid JSON: %t", args[0], valid)
	}
}

// scriptWindows is a command of scripts: "windows FILE" gives a text file the byte order
// mark and the line ends that editors on Windows write.
func scriptWindows(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 || neg {
		ts.Fatalf("usage: windows FILE")
	}
	text := "\xef\xbb\xbf" + strings.ReplaceAll(ts.ReadFile(args[0]), "\n", "\r\n")
	// The mode stays, as that of a key has to.
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

// scriptUTF16 is a command of scripts: "utf16 FILE TO" writes a text as UTF-16.
func scriptUTF16(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 || neg {
		ts.Fatalf("usage: utf16 FILE TO")
	}
	out := []byte{0xff, 0xfe}
	for _, c := range utf16.Encode([]rune(ts.ReadFile(args[0]))) {
		out = binary.LittleEndian.AppendUint16(out, c)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), out, 0o600))
}

// scriptLink is a command of scripts: "link FILE NAME" gives a file a second name.
func scriptLink(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 || neg {
		ts.Fatalf("usage: link FILE NAME")
	}
	ts.Check(os.Link(ts.MkAbs(args[0]), ts.MkAbs(args[1])))
}

// scriptAppend is a command of scripts: "append FILE TEXT" adds a text to the end of a file,
// without a line feed.
func scriptAppend(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 || neg {
		ts.Fatalf("usage: append FILE TEXT")
	}
	// The mode stays.
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(ts.ReadFile(args[0])+args[1]), 0o600))
}

// scriptMistake is a command of scripts: "mistake STATUS TEXT ARGUMENTS" runs veil, which
// must exit with the status, after one line on standard error that has the text. Neither
// shows the SECRET of the script's files. No file that there was is changed, and with
// status 2 there is no new one.
func scriptMistake(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 3 || neg {
		ts.Fatalf("usage: mistake STATUS TEXT ARGUMENTS")
	}
	before := filesOf(ts)
	ts.Check(ts.Exec("exits", append([]string{args[0], "veil"}, args[2:]...)...))
	after := filesOf(ts)
	for name, text := range before {
		if now, ok := after[name]; !ok || now != text {
			ts.Fatalf("%s was changed: %q", name, now)
		}
		delete(after, name)
	}
	if args[0] == "2" && len(after) > 0 {
		ts.Fatalf("left behind: %q", after)
	}
	stdout, stderr := ts.ReadFile("stdout"), ts.ReadFile("stderr")
	switch {
	case !strings.Contains(stderr, args[1]):
		ts.Fatalf("standard error has no %s", args[1])
	case strings.Count(stderr, "\n") != 1:
		ts.Fatalf("standard error is not one line")
	case strings.Contains(stdout+stderr, "SECRET"):
		ts.Fatalf("a value is shown")
	}
}

// filesOf are the files of a script, by name.
func filesOf(ts *testscript.TestScript) map[string]string {
	all, err := readFiles(ts.MkAbs("."))
	ts.Check(err)
	return all
}

// testingTB is the key of a script's testing.TB among its values.
type testingTB struct{}

// scriptClinic is a command of scripts: "clinic reader" or "clinic owner" writes veil.yaml
// for a listener before the tests' PostgreSQL, with that role.
func scriptClinic(ts *testscript.TestScript, neg bool, args []string) {
	roles := map[string]pgtest.User{"reader": pgtest.Reader, "owner": pgtest.Owner}
	if len(args) != 1 || neg || roles[args[0]].Name == "" {
		ts.Fatalf("usage: clinic reader|owner")
	}
	t, ok := ts.Value(testingTB{}).(testing.TB)
	if !ok {
		ts.Fatalf("the script has no testing.TB")
	}
	writeClinicConfig(t, ts.MkAbs("."), roles[args[0]], "correct horse\n")
}
