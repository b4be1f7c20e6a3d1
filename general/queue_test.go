package general

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/veil-proxy/veil/mask"
)

// TestQueue: every method that hashes queues what Append takes from the queue, and nothing
// else, for all vectors.
func TestQueue(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("..", "testdata", "vectors", "general-*.json"))
	if err != nil || len(files) == 0 {
		t.Fatal("no vectors", err)
	}
	ring := testKeys(t)
	queued := map[string]int{}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var f vectorFile
		if err := json.Unmarshal(text, &f); err != nil {
			t.Fatal(err)
		}
		for _, v := range f.Vectors {
			m := makeMethod(t, f.Method, v.Args, ring)
			q, ok := m.(mask.Queuer)
			if !ok {
				continue
			}
			states := ring.NewPseudonymizer()
			in := &mask.Input{Keys: states, Entity: []byte(v.Entity)}
			states.BeginQueue()
			q.Queue([]byte(v.In), in)
			n := states.QueueLeft()
			out, outcome, err := m.Append(nil, []byte(v.In), in)
			if err != nil || string(out) != v.Out || outcome.String() != v.Outcome {
				t.Errorf("%s, %s: %q, %v, %v after a queue; want %q, %s", f.Method, v.Name, out, outcome, err, v.Out, v.Outcome)
			}
			if outcome == mask.Replaced && states.QueueLeft() > 0 {
				t.Errorf("%s, %s: what was queued was not needed", f.Method, v.Name)
			}
			queued[f.Method] += n
		}
	}
	for _, method := range []string{"pseudonym", "surrogate", "date", "noise", "imitate"} {
		if queued[method] == 0 {
			t.Errorf("%s queued nothing", method)
		}
	}
}
