package textcmd

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/text"
)

// presidio is Presidio's analyzer with spaCy's small English model, in a virtual
// environment that it shares with later runs.
type presidio struct{ python string }

func newPresidio(t *testing.T) *presidio {
	t.Helper()
	return &presidio{python: veiltest.Python(t, "presidio-requirements.txt")}
}

// evaluate scores what Presidio finds in the texts.
func (p *presidio) evaluate(t *testing.T, texts []*marked) *counts {
	t.Helper()
	var in, errors bytes.Buffer
	for _, m := range texts {
		if err := json.NewEncoder(&in).Encode(map[string]any{"id": m.ID, "text": m.Text}); err != nil {
			t.Fatal(err)
		}
	}
	cmd := veiltest.Command(t, veiltest.Works, p.python, "presidio.py")
	cmd.Stdin, cmd.Stderr = &in, &errors
	raw, err := cmd.Output()
	if err != nil {
		t.Fatalf("Presidio: %v\n%s", err, errors.String())
	}
	c := &counts{labels: map[string]*[3]int{}}
	answers := json.NewDecoder(bytes.NewReader(raw))
	for _, m := range texts {
		var answer struct {
			ID    json.RawMessage
			Spans []struct{ Start, End int }
		}
		if err := answers.Decode(&answer); err != nil || !bytes.Equal(answer.ID, m.ID) {
			t.Fatalf("Presidio answered %s for %s: %v", answer.ID, m.ID, err)
		}
		var places []place
		for _, s := range answer.Spans {
			places = append(places, place{s.Start, s.End, text.Other})
		}
		c.texts++
		c.count(m, places)
	}
	said := strings.Fields(errors.String())
	if c.speed, err = strconv.ParseFloat(said[len(said)-1], 64); err != nil {
		t.Fatal("Presidio's speed: ", err)
	}
	return c
}
