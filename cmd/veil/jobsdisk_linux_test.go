package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/veiltest"
)

// TestJobsDiskFull: a job whose disk is full fails with one clear message, and what has a name
// is whole.
func TestJobsDiskFull(t *testing.T) {
	t.Parallel()
	s := newJobSite(t, 4, 3_000)
	const script = `mount -t tmpfs -o size=%d,mode=700 tmpfs "$1" || exit 99
exec veil serve --config "$2"`
	args := []string{"--mount", "sh", "-c", fmt.Sprintf(script, diskBytes), "sh", s.path("out"), s.conf}
	if os.Geteuid() != 0 {
		args = append([]string{"--user", "--map-root-user"}, args...)
	}
	b, err := launch(t, exec.Command("unshare", args...))
	if err != nil {
		unmountable(t, err)
	}
	ended := false
	veiltest.Until(t, "Veil serves, or no file system can be mounted", func() bool {
		select {
		case <-b.done:
			ended = true
		default:
		}
		return ended || strings.Contains(b.out.String(), "msg=consumers")
	})
	if ended {
		unmountable(t, b.out)
	}
	var job jobState
	s.api(t, "POST", "/jobs", visitOrder, &job)
	job = s.over(t, job.ID)
	if job.State != "failed" || job.Error != "the disk of the target is full: free some space and submit the job again, with resume to keep what is finished" || job.Starts != 1 {
		t.Errorf("%+v", job)
	}
	disk := filepath.Join("/proc", fmt.Sprint(b.cmd.Process.Pid), "root", s.path("out"))
	left := files(t, disk)
	if len(left) == 0 || len(left) == 4 {
		t.Errorf("%d files are left", len(left))
	}
	for name, text := range left {
		if strings.Count(text, "\n") != 3_001 || strings.Contains(text, "PLANTED") {
			t.Errorf("%s has %d lines", name, strings.Count(text, "\n"))
		}
	}
	b.stop(t)
}

// unmountable skips a test where no file system can be mounted, but not in CI.
func unmountable(t *testing.T, why any) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal("no file system can be mounted: ", why)
	}
	t.Skip("no file system can be mounted: ", why)
}
