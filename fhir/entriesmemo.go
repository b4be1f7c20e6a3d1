package fhir

import (
	"bytes"

	"github.com/veil-proxy/veil/fhir/recall"
	"github.com/veil-proxy/veil/mask"
)

// A walker remembers all entries of a Bundle, too: a page that is read again differs in its
// id, its time and its links, which are outside of them. What is said of resources in
// resourcememo.go holds here, with the entries for the resource: since they have all full
// URLs of the Bundle, references among them need no second look.

const (
	entriesLargest = 256 << 10 // bytes of entries that are remembered
	entriesMemory  = 16 << 20  // bytes of all that are
)

type rememberedEntries struct {
	depth  int // at which they were walked
	labels labelSet
	tally  mask.Tally
	text   []byte // the array, and what became of it
	srcEnd int
	serial uint64 // see entriesRead
}

// entriesRead is where in the text to be masked the array of the entries is, and a number
// that another array does not have, if it was read from XML: then equal numbers mean equal
// arrays, which need not be compared. The number is 0 where nothing is known.
type entriesRead struct {
	at     int
	serial uint64
}

// isAgain reports whether the array of entries at src[i] is the remembered one.
func (w *Walker) isAgain(of *rememberedEntries, i int) bool {
	serial := uint64(0)
	if w.entriesRead.at == i {
		serial = w.entriesRead.serial
	}
	if serial != 0 && of.serial == serial {
		return true
	}
	if !bytes.HasPrefix(w.src[i:], of.text[:of.srcEnd]) {
		return false
	}
	if serial != 0 {
		of.serial = serial
	}
	return true
}

// entriesMemo is what a walker remembers of arrays of entries.
type entriesMemo struct {
	remember bool
	table    *recall.Table[rememberedEntries] // nil before the first
	// before is what was counted before the entries that are being walked.
	before mask.Snapshot
}

func (m *entriesMemo) find(text []byte, kind int) (s *recall.Slot[rememberedEntries], come bool) {
	if m.table == nil {
		m.table = recall.New[rememberedEntries](entriesMemory)
	}
	return m.table.Find(text, kind)
}

func (m *entriesMemo) reset() {
	if m.table != nil {
		m.table.Reset()
	}
}

// rememberedArray masks the array of entries at src[i], which field f of the outermost
// Bundle at src[obj] has, as it was masked before, or walks it and remembers how that went.
func (w *Walker) rememberedArray(n *node, f *field, obj, i int) (end int, kept bool) {
	defer func() { w.entriesFrom, w.entriesTo = i, max(end, 0) }()
	s, come := w.memo.entries.find(w.src[i:], n.id)
	if of := s.Of; of != nil && w.depth == of.depth && w.isAgain(of, i) {
		w.pass.Count(&of.tally)
		w.res.labels |= of.labels
		w.flush(i)
		w.dst = append(w.dst, of.text[of.srcEnd:]...)
		w.last = i + of.srcEnd
		return w.last, true
	}
	if !come {
		return w.array(n, f, obj, i)
	}
	w.flush(i)
	w.pass.Snapshot(&w.memo.entries.before)
	from, depth, outer := len(w.dst), w.depth, w.res.labels
	w.res.labels, w.elsewhere = 0, false
	end, kept = w.array(n, f, obj, i)
	if kept && end-i <= entriesLargest && !w.elsewhere {
		w.flush(end)
		of := &rememberedEntries{depth: depth, labels: w.res.labels, tally: w.pass.Since(&w.memo.entries.before), srcEnd: end - i}
		if s.Of != nil { // another page that begins alike
			of.text = s.Of.text
		}
		of.text = append(append(roomFor(of.text, end-i+len(w.dst)-from), w.src[i:end]...), w.dst[from:]...)
		w.memo.entries.table.Keep(s, of, len(of.text)+of.tally.Size())
	}
	w.res.labels |= outer
	return end, kept
}

// Entries returns the position of the entries of the Bundle that AppendJSON masked last, in
// the original text without its byte order mark; to is 0 if it is not known.
func (w *Walker) Entries() (from, to int) { return w.entriesFrom, w.entriesTo }

// remembersArray reports whether the values of a field of the object at src[obj] are all
// entries of the outermost Bundle, which are remembered.
func (w *Walker) remembersArray(n *node, f *field, obj int) bool {
	return f.element == "entry" && w.memo.entries.remember && obj == w.first && n == w.a.roots["Bundle"] &&
		w.part == (bundlePart{}) && !w.detail
}
