package index

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/veiltest"
)

// killedIndex names the folders of the log and of the index that a process of the test builds
// until it is killed.
const killedIndex = "VEIL_AUDIT_KILLED_INDEX"

// TestBuildUntilKilled is no test but the process that TestKilledWhileItIsBuilt starts.
func TestBuildUntilKilled(t *testing.T) {
	log, dir, ok := strings.Cut(os.Getenv(killedIndex), "\n")
	if !ok {
		t.Skip("TestKilledWhileItIsBuilt starts it")
	}
	o := small(t, log)
	o.Dir = dir
	x := opened(t, o)
	fmt.Println(x.Status().Records)
	select {}
}

// TestKilledWhileItIsBuilt kills a process that builds an index, at sizes of its database that
// are further and further: within its making, within blocks, and behind the last one. What it
// leaves opens, is gone on with and not built again, and answers as the log says.
func TestKilledWhileItIsBuilt(t *testing.T) {
	t.Parallel()
	log := written(t, 12, 3000)
	dir := filepath.Join(t.TempDir(), "index")
	o := small(t, log)
	o.Dir = dir
	r := rand.New(rand.NewPCG(12, 1))
	blocks := 0
	for i, least := range []int64{0, 1, 100_000, 300_000, 600_000} {
		cmd := exec.Command(os.Args[0], "-test.run=^TestBuildUntilKilled$", "-test.timeout=2m")
		cmd.Env = append(os.Environ(), killedIndex+"="+log+"\n"+dir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Process.Kill() })
		least += r.Int64N(50_000) * int64(min(i, 1))
		veiltest.Until(t, "the index has grown", func() bool {
			var size int64
			for _, name := range []string{o.file(), o.file() + "-wal"} {
				if info, err := os.Stat(name); err == nil {
					size += info.Size()
				}
			}
			return size >= least
		})
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		s, err := openStore(dir)
		if err != nil {
			t.Fatalf("killed at %d bytes: %v", least, err)
		}
		c, err := s.load()
		if err != nil {
			t.Fatalf("killed at %d bytes: %v", least, err)
		}
		if len(c.blocks) < blocks {
			t.Errorf("%d blocks are left of %d", len(c.blocks), blocks)
		}
		blocks = len(c.blocks)
		if err := s.close(); err != nil {
			t.Fatal(err)
		}
	}
	if blocks == 0 {
		t.Error("no block was written before any kill")
	}
	x := opened(t, o)
	if s := x.Status(); s.Records != uint64(len(scan(t, log))) || s.Rebuilt != "" {
		t.Errorf("%+v", s)
	}
	checkSearch(t, x, log, 12, 20)
	checkSeries(t, x, log, 12, 10)
	x.Close()
}
