package wire

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
)

// errPause is what a connection returns on which nothing comes.
var errPause = errors.New("nothing comes")

// halting has bytes that come in pieces, with pauses between them.
type halting struct {
	rest   []byte
	random *rand.Rand
}

func (h *halting) Read(p []byte) (int, error) {
	if h.random.IntN(3) == 0 {
		return 0, errPause
	}
	n := copy(p, h.rest[:min(len(h.rest), 1+h.random.IntN(40))])
	h.rest = h.rest[n:]
	return n, nil
}

// TestFramesThatRest: whoever gives the buffer back between any two pieces that come gets the
// messages that were sent.
func TestFramesThatRest(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		var sent []string
		var all []byte
		for i := range 20 {
			body := bytes.Repeat([]byte{byte('a' + i)}, random.IntN(100))
			all = AppendFrame(all, 'Q', body)
			sent = append(sent, string(body))
		}
		f := NewFrames(&halting{all, random}, 64, 1000)
		var got []string
		for len(got) < len(sent) {
			_, body, err := f.Next()
			switch {
			case err == nil:
				got = append(got, string(body))
			case errors.Is(err, errPause):
				unread := f.Buffered()
				f.Rest()
				if f.Buffered() != unread || f.Resting() != (unread == 0) {
					t.Fatalf("seed %d: %d bytes unread, %d after a rest in a buffer of %d", seed, unread, f.Buffered(), len(f.buf))
				}
			default:
				t.Fatal(err)
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(sent) {
			t.Errorf("seed %d: got %q, want %q", seed, got, sent)
		}
	}
	for range 100 {
		if b := *buffersOf(64).Get().(*[]byte); !bytes.Equal(b, make([]byte, 64)) {
			t.Fatal("a buffer that was given back has something in it")
		}
	}
}
