package file

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// jobFiles are the files of a job that could be lost.
var jobFiles = map[string]string{
	"keys/k": "key", "site.yaml": "rules", "in/p.txt": "p\n", "in/deep/q.txt": "q\n",
	"log/veil-00000000000000000001.jsonl": "{}\n", "done/old.txt": "OLD\n",
}

// conflicted returns a job over the folder in, with a key and a ruleset.
func conflicted(t *testing.T) (j *Job, dir string) {
	t.Helper()
	j, dir, _ = testJob(t, jobFiles)
	j.Uses = []Use{{"the key", filepath.Join(dir, "keys/k")}, {"the ruleset", filepath.Join(dir, "site.yaml")}}
	return j, dir
}

// refused runs a job that must be refused for a field, without a change to any file.
func refused(t *testing.T, j *Job, dir, field string) error {
	t.Helper()
	before := tree(t, dir)
	_, err := j.Run(t.Context())
	var p Problem
	if !errors.As(err, &p) || p.Field != field || strings.Contains(p.Error(), "\n") {
		t.Errorf("%v, want one line about %s", err, field)
	}
	same(t, "files", tree(t, dir), before)
	return err
}

// TestNothingOfTheJobIsOverwritten: whatever of a job's files an output, a reject file or
// an audit log is sent to, by whatever name, the job is refused, and every file is as it
// was.
func TestNothingOfTheJobIsOverwritten(t *testing.T) {
	t.Parallel()
	symlink := func(t *testing.T, from, to string) string {
		if err := os.Symlink(from, to); err != nil {
			t.Fatal(err)
		}
		return to
	}
	// Each spelling makes another name for the file at path.
	spellings := map[string]func(t *testing.T, dir, path string) string{
		"itself": func(_ *testing.T, _, path string) string { return path },
		"by a detour": func(_ *testing.T, dir, path string) string {
			return dir + "/./in/..//" + strings.TrimPrefix(path, dir+"/")
		},
		"by a symbolic link": func(t *testing.T, dir, path string) string { return symlink(t, path, dir+"/other") },
		"by a link to a link": func(t *testing.T, dir, path string) string {
			symlink(t, path, dir+"/first")
			return symlink(t, "first", dir+"/other")
		},
		"by a hard link": func(t *testing.T, dir, path string) string {
			if err := os.Link(path, dir+"/other"); err != nil {
				t.Fatal(err)
			}
			return dir + "/other"
		},
		"through a linked folder": func(t *testing.T, dir, path string) string {
			return filepath.Join(symlink(t, filepath.Dir(path), dir+"/folder"), filepath.Base(path))
		},
		"by its descriptor": func(t *testing.T, _, path string) string {
			if runtime.GOOS != "linux" {
				return path
			}
			f, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = f.Close() })
			return fmt.Sprintf("/dev/fd/%d", f.Fd())
		},
	}
	for victim := range jobFiles {
		for spelling, name := range spellings {
			for _, field := range []string{"Rejects", "Out", "AuditDir"} {
				t.Run(field+" to "+strings.ReplaceAll(victim, "/", "_")+" "+spelling, func(t *testing.T) {
					t.Parallel()
					j, dir := conflicted(t)
					path := name(t, dir, filepath.Join(dir, victim))
					switch field {
					case "Rejects":
						j.Rejects, j.AuditDir = path, filepath.Join(dir, "log")
						if strings.HasPrefix(victim, "log/") && !strings.Contains(path, "log") && !strings.Contains(path, "folder") {
							j.AuditDir = "" // the log of another run, whose file is one that exists
						}
					case "Out":
						j.Out = path
					case "AuditDir":
						j.AuditDir = path
					}
					refused(t, j, dir, field)
				})
			}
		}
	}
}

// TestOutputsDoNotReplaceFiles: an output whose name is that of an input, a key or any
// file, by a link too, is refused before anything is opened.
func TestOutputsDoNotReplaceFiles(t *testing.T) {
	t.Parallel()
	for victim, want := range map[string]string{
		"keys/k": "would overwrite the key", "site.yaml": "would overwrite the ruleset", "in/deep/q.txt": "would overwrite the input",
		"done/old.txt": "already exists and will not be overwritten", "nowhere": "already exists and will not be overwritten",
	} {
		for how, link := range map[string]func(string, string) error{"symbolic": os.Symlink, "hard": os.Link} {
			if victim == "nowhere" && how == "hard" {
				continue
			}
			t.Run(how+" link to "+strings.ReplaceAll(victim, "/", "_"), func(t *testing.T) {
				t.Parallel()
				j, dir := conflicted(t)
				if err := os.Mkdir(j.Out, 0o755); err != nil {
					t.Fatal(err)
				}
				if err := link(filepath.Join(dir, victim), filepath.Join(j.Out, "p.txt")); err != nil {
					t.Fatal(err)
				}
				if err := refused(t, j, dir, "Out"); err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%v, want %q", err, want)
				}
			})
		}
	}
}

// TestStandardOutputIsNoFileOfTheJob: a redirection into a file that the job reads is
// refused.
func TestStandardOutputIsNoFileOfTheJob(t *testing.T) {
	t.Parallel()
	for _, victim := range []string{"keys/k", "site.yaml", "in/p.txt", "log/veil-00000000000000000001.jsonl"} {
		j, dir := conflicted(t)
		f, err := os.OpenFile(filepath.Join(dir, victim), os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			t.Fatal(err)
		}
		j.Inputs, j.Out, j.Stdout, j.AuditDir = []string{filepath.Join(dir, "in/p.txt")}, "", f, filepath.Join(dir, "log")
		refused(t, j, dir, "Stdout")
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestPlacesOfOneJobAreApart: outputs, rejects, audit log and inputs of one job do not
// lie in one another, whether or not they are there yet.
func TestPlacesOfOneJobAreApart(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ in, out, rejects, log, field, want string }{
		{"in", "o", "", "o", "Out", "must contain nothing else"},
		{"in", "new/o", "", "new", "Out", "must contain nothing else"},
		{"in", "NEW/o", "", "new", "Out", "must contain nothing else"},
		{"in", "o", "", "", "AuditDir", ""}, // below: an empty log is none
		{"in", "o", "", "o/log", "AuditDir", "must not be among the outputs"},
		{"in", "o", "", "in", "AuditDir", "must not be among the inputs"},
		{"in", "o", "", "in/deep", "AuditDir", "must not be among the inputs"},
		{"in", "o", "", "in/new", "AuditDir", "must not be among the inputs"},
		{"in/deep/q.txt", "o", "", "in/deep", "AuditDir", "has the input"},
		{"in/deep/q.txt", "o", "", "in/deep/../deep", "AuditDir", "has the input"},
		{"in/deep/q.txt", "", "", "keys", "AuditDir", "has the key"},
		{"in/deep/q.txt", "", "", "linked", "AuditDir", "has the key"},
		{"in/p.txt", "in", "", "", "Out", "would overwrite the input"},
		{"in", "o", "o", "", "Rejects", "is also the output directory"},
		{"in", "r/o", "r", "", "Rejects", "is also the output directory"},
		{"in", "o", "o/p.txt", "", "Rejects", "is the output of"},
		{"in", "o", "O/P.TXT", "", "Rejects", "is the output of"},
		{"in", "o", "o/deep", "", "Rejects", "is the output of"},
		{"in", "o", "o/../o/./deep/q.txt", "", "Rejects", "is the output of"},
		{"in", "o", "o/p.txt/x", "", "Rejects", "is the output of"},
		{"in", "o", "new/r", "new", "Rejects", "must contain nothing else"},
		{"in", "o", "new", "new", "Rejects", "must contain nothing else"},
		{"in", "o", "dangling", "", "Rejects", "already exists"},
		{"in", "o", "/dev/null", "", "Rejects", "already exists"},
	} {
		t.Run(fmt.Sprintf("%+v", tc), func(t *testing.T) {
			t.Parallel()
			j, dir := conflicted(t)
			for link, to := range map[string]string{"linked": "keys", "dangling": "nowhere"} {
				if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
					t.Fatal(err)
				}
			}
			at := func(path string) string {
				if path == "" || filepath.IsAbs(path) {
					return path
				}
				return dir + "/" + path
			}
			j.Inputs, j.Out, j.Rejects, j.AuditDir = []string{at(tc.in)}, at(tc.out), at(tc.rejects), at(tc.log)
			if tc.want == "" {
				if err := j.Check(t.Context()); err != nil {
					t.Error(err)
				}
				return
			}
			if err := refused(t, j, dir, tc.field); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v, want %q", err, tc.want)
			}
		})
	}
}
