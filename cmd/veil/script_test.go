package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "write the golden files of scripts anew")

// TestMain lets the test binary be the command: scripts, and tests that need a process
// of their own, find it as veil in $PATH.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"veil": main, "exits": exits})
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

// TestScripts runs the sessions of commands in testdata/script, each in a folder of its
// own that has project.key. The key is always the same, so that scripts can compare
// masked bytes.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                filepath.Join("testdata", "script"),
		UpdateScripts:      *update,
		RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			return os.WriteFile(filepath.Join(env.WorkDir, "project.key"), []byte("veil-key-1:dGhlIGtleSBvZiBzY3JpcHRzLCAzMiBieXRlcyBsb24=\n"), 0o600)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"json": scriptJSON, "windows": scriptWindows},
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
