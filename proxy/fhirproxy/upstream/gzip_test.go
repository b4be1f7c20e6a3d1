package upstream

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
)

func packed(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestInflate(t *testing.T) {
	text := `{"resourceType":"Patient","id":"1"}`
	whole := packed(t, text)
	// 4 MB of one letter become about 4 KB.
	bomb := packed(t, strings.Repeat("a", 4<<20))
	flipped := bytes.Clone(whole)
	flipped[len(flipped)-6] ^= 1
	var f inflater
	for _, c := range []struct {
		name  string
		src   []byte
		limit int
		want  string
		err   error
		bad   bool
	}{
		{name: "whole", src: whole, limit: 1 << 20, want: text},
		{name: "as large as may be", src: whole, limit: len(text), want: text},
		{name: "one byte too large", src: whole, limit: len(text) - 1, err: errInflated},
		{name: "too dense", src: bomb, limit: 64 << 20, err: errInflated},
		{name: "two members", src: append(bytes.Clone(whole), whole...), limit: 1 << 20, want: text + text},
		{name: "cut off", src: whole[:len(whole)-9], limit: 1 << 20, bad: true},
		{name: "wrong sum", src: flipped, limit: 1 << 20, bad: true},
		{name: "more behind it", src: append(bytes.Clone(whole), "more"...), limit: 1 << 20, bad: true},
		{name: "none", src: []byte(text), limit: 1 << 20, bad: true},
		{name: "empty", limit: 1 << 20, bad: true},
		{name: "whole again", src: whole, limit: 1 << 20, want: text},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := f.inflate(c.src, c.limit)
			if c.bad != (err != nil && !errors.Is(err, errInflated)) || c.err != nil && !errors.Is(err, c.err) {
				t.Fatalf("error %v", err)
			}
			if err == nil && string(f.out) != c.want {
				t.Errorf("got %q", f.out)
			}
			if cap(f.out) > 2<<20 {
				t.Errorf("the buffer grew to %d bytes", cap(f.out))
			}
		})
	}
}
