package scrub

import (
	"runtime"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/text"
)

// WaitRemembered waits until what was remembered is found.
func WaitRemembered() { remembered().Wait() }

// Remembered reports whether a text is remembered.
func Remembered(m mask.Method, src []byte, known *text.Known) bool {
	s := m.(*method)
	w := s.workers.Get().(*worker)
	defer s.workers.Put(w)
	return recall(w.keyOf(&job{src: src, known: known})) != nil
}

// Leaves reports whether long texts are left for later.
func Leaves() bool { return runtime.GOMAXPROCS(0) > 1 }
