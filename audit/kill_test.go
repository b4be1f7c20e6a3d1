package audit

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/mask"
)

// requestIDs are those of the records of a log, which must be whole.
func requestIDs(t *testing.T, dir string) map[string]bool {
	t.Helper()
	if _, err := Verify(dir, ""); err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for l, err := range Read(dir) {
		if err != nil {
			t.Fatal(err)
		}
		if l.Kind == "record" {
			ids[l.RequestID] = true
		}
	}
	return ids
}

// TestUnusedSpace: the zeros behind the text of a log that was not closed are no part
// of it. They do not stay, and none are left by Close.
func TestUnusedSpace(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Append(t.Context(), testRecord(1)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, segmentName(1))
	open, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasSuffix(open, make([]byte, leastReserved)) {
		t.Errorf("%d bytes, none reserved", len(open))
	}
	if ids := requestIDs(t, dir); !ids["req-1"] {
		t.Errorf("read while it is written: %v", ids)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	closed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(closed, bytes.TrimRight(open, "\x00")) {
		t.Error("closing changed more than the reserved space")
	}
	// As a crash leaves it.
	crashed := t.TempDir()
	path = filepath.Join(crashed, segmentName(1))
	if err := os.WriteFile(path, open, 0o600); err != nil {
		t.Fatal(err)
	}
	if ids := requestIDs(t, crashed); !ids["req-1"] {
		t.Errorf("read after a crash: %v", ids)
	}
	writeLog(t, crashed, 1, Options{})
	if ids := requestIDs(t, crashed); len(ids) != 2 {
		t.Errorf("read after it was opened again: %v", ids)
	}
	if _, err := os.Stat(path + ".torn"); err == nil {
		t.Error("unused space was set aside as a line")
	}
}

// TestCrashWithinAGroup: of what was being written when the power failed, any sectors may
// have reached the disk. What was acknowledged before stays, and the log goes on.
func TestCrashWithinAGroup(t *testing.T) {
	t.Parallel()
	const sector = 512
	origin := t.TempDir()
	writeLog(t, origin, 40, Options{})
	text, err := os.ReadFile(filepath.Join(origin, segmentName(1)))
	if err != nil {
		t.Fatal(err)
	}
	ends := []int{}
	for i, c := range text {
		if c == '\n' {
			ends = append(ends, i+1)
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		acknowledged := rng.IntN(len(ends)-1) + 1 // lines, with the header
		written := acknowledged + rng.IntN(len(ends)-acknowledged)
		disk := make([]byte, ends[written]+rng.IntN(3000))
		copy(disk, text[:ends[acknowledged-1]])
		for at := ends[acknowledged-1]; at < ends[written]; {
			end := min((at/sector+1)*sector, ends[written])
			if rng.IntN(2) == 0 {
				copy(disk[at:end], text[at:end])
			}
			at = end
		}
		dir := t.TempDir()
		path := filepath.Join(dir, segmentName(1))
		if err := os.WriteFile(path, disk, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Verify(dir, ""); err != nil && !strings.Contains(err.Error(), "the line is cut off") {
			t.Errorf("verify: %v", err)
		}
		writeLog(t, dir, 1, Options{})
		ids := requestIDs(t, dir)
		for i := range acknowledged - 1 {
			if id := fmt.Sprintf("req-%d", i); !ids[id] {
				t.Fatalf("%s was acknowledged and is lost", id)
			}
		}
	}
}

// TestDamageIsNoCrash: zeros in the middle of a log, with more behind them than is ever
// written at once, did not come from a crash. Nothing is set aside.
func TestDamageIsNoCrash(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := testRecord(1)
	r.Details = make([]mask.Detail, 9000)
	if err := l.Append(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, segmentName(1))
	text, err := os.ReadFile(path)
	if err != nil || len(text) < mostAtOnce*3/2 {
		t.Fatal(len(text), err)
	}
	clear(text[5000:5100])
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, Options{}); err == nil || !strings.Contains(err.Error(), "veil audit verify") {
		t.Errorf("got %v", err)
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, text) {
		t.Errorf("the log was changed: %v", err)
	}
}

// killedLog names the folder of the log that a process of the test writes until it is
// killed.
const killedLog = "VEIL_AUDIT_KILLED_LOG"

// TestWriteUntilKilled is no test but the process that TestKill starts: it says which
// records were acknowledged.
func TestWriteUntilKilled(t *testing.T) {
	dir := os.Getenv(killedLog)
	if dir == "" {
		t.Skip("TestKill starts it")
	}
	l, err := Open(dir, Options{segmentBytes: 100_000})
	if err != nil {
		t.Fatal(err)
	}
	for g := range 8 {
		go func() {
			for n := 0; ; n++ {
				r := testRecord(0)
				r.RequestID = fmt.Sprintf("%d-%d-%d", os.Getpid(), g, n)
				if err := l.Append(t.Context(), r); err != nil {
					fmt.Println("failed", err)
					return
				}
				fmt.Println("acknowledged", r.RequestID)
			}
		}()
	}
	select {}
}

// TestKill kills a process that writes a log, several times, and finds every record in
// it that was acknowledged.
func TestKill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(3, 4))
	var acknowledged []string
	for range 4 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestWriteUntilKilled$", "-test.timeout=1m")
		cmd.Env = append(os.Environ(), killedLog+"="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		kill := sync.OnceFunc(func() { _ = cmd.Process.Kill() })
		t.Cleanup(kill)
		// It is killed at a random point, which its own output times.
		after := len(acknowledged) + 1 + rng.IntN(400)
		lines := bufio.NewReader(out)
		for {
			line, err := lines.ReadString('\n')
			if err == io.EOF {
				break // what is cut off was not said
			}
			if err != nil {
				t.Fatal(err)
			}
			id, ok := strings.CutPrefix(line, "acknowledged ")
			if !ok {
				t.Fatal(line)
			}
			acknowledged = append(acknowledged, strings.TrimSpace(id))
			if len(acknowledged) >= after {
				kill()
			}
		}
		_ = cmd.Wait()
	}
	writeLog(t, dir, 1, Options{})
	ids := requestIDs(t, dir)
	for _, id := range acknowledged {
		if !ids[id] {
			t.Fatalf("%s was acknowledged and is lost", id)
		}
	}
}

// TestCheckpointOverwritesNothing: a file that a crash left beside the checkpoint is not
// truncated, nor one of somebody else.
func TestCheckpointOverwritesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	other := filepath.Join(dir, checkpointFile+".new")
	if err := os.WriteFile(other, []byte("of somebody else"), 0o600); err != nil {
		t.Fatal(err)
	}
	signer, verifier := veiltest.Signer(t, "test")
	writeLog(t, dir, 2, Options{Signer: signer})
	if _, err := Verify(dir, verifier); err != nil {
		t.Error(err)
	}
	if got, err := os.ReadFile(other); err != nil || string(got) != "of somebody else" {
		t.Errorf("%q, %v", got, err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, checkpointFile+"*")); err != nil || len(left) != 2 {
		t.Errorf("%v, %v", left, err)
	}
}
