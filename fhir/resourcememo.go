package fhir

import "bytes"

// A walker also remembers whole resources, for a proxy is read from again and again: the
// page that a dashboard polls, the practitioner that every page includes. What is said of
// objects in memo.go holds here too, and one thing more: nothing outside of the resource
// decided what became of it, but which of its references are full URLs of the Bundle, and
// whom it is about. Both are looked up again before it is recalled.

const (
	resourceLargest = 16 << 10 // bytes of a resource that is remembered
	resourceMemory  = 24 << 20 // bytes of all that are
)

type rememberedResource struct {
	depth  int // at which it was walked: it may not lie deeper
	urls   []foreignURL
	labels labelSet
	trail  []uint16
	text   []byte // the resource, and what became of it
	srcEnd int
	// entity is whom the resource is about, which decided what became of it if about is set.
	about  bool
	entity []byte
}

// foreignURL is a reference to a server that is not known, from the beginning of the
// resource on, and how much of it was found to be a full URL of the Bundle, or -1.
type foreignURL struct{ from, to, full int }

// rememberedResource masks the resource at src[i] as it was masked before, or walks it
// and remembers how that went.
func (w *Walker) rememberedResource(n *node, i, entry int) (end int, kept bool) {
	s, come := w.memo.resources.Find(w.src[i:], n.id)
	if of := s.Of; of != nil && bytes.HasPrefix(w.src[i:], of.text[:of.srcEnd]) && w.depth <= of.depth && w.sameURLs(of, i) && w.sameEntity(of, n, i, entry) {
		return w.recallResource(n, of, i), true
	}
	if !come {
		return w.anyResource(n, i, entry, false)
	}
	w.flush(i)
	from, trailFrom, depth := len(w.dst), len(w.trail), w.depth
	outerVolatile, outerBundled := w.volatile, w.bundled
	w.volatile, w.bundled, w.outside, w.urls, w.about = false, false, false, w.urls[:0], false
	w.recording++
	w.noting = true
	end, kept = w.anyResource(n, i, entry, false)
	w.recording--
	w.noting = false
	if kept && end-i <= resourceLargest && !w.outside {
		w.flush(end)
		of := &rememberedResource{depth: depth, labels: w.labelsLeft, srcEnd: end - i, about: w.about}
		if s.Of != nil { // another state of the resource
			of.text, of.trail = s.Of.text, s.Of.trail[:0]
		}
		of.text = append(append(roomFor(of.text, end-i+len(w.dst)-from), w.src[i:end]...), w.dst[from:]...)
		of.trail = append(of.trail, w.trail[trailFrom:]...)
		if w.about {
			of.entity = append(of.entity, w.entityNoted...)
		}
		for _, u := range w.urls {
			of.urls = append(of.urls, foreignURL{u.from - i, u.to - i, u.full})
		}
		w.memo.resources.Keep(s, of, len(of.text))
	}
	if w.recording == 0 {
		w.trail = w.trail[:0]
	}
	w.volatile, w.bundled = w.volatile || outerVolatile, w.bundled || outerBundled
	return end, kept
}

// roomFor returns an empty buffer of a size: the one of what is no longer remembered, where
// that is about as large.
func roomFor(old []byte, size int) []byte {
	if cap(old) < size || cap(old) > 2*size {
		return make([]byte, 0, size)
	}
	return old[:0]
}

// noteURL notes that the Bundle decided on the reference val, at src[i:end].
func (w *Walker) noteURL(i, end int, val []byte) {
	switch {
	case !w.noting:
	case len(val) != end-i-2: // it has escapes
		w.outside = true
	default:
		w.urls = append(w.urls, foreignURL{i + 1, end - 1, w.fullLength(val)})
	}
}

// sameURLs reports whether the Bundle says of the resource at src[i] what was said when it
// was walked.
func (w *Walker) sameURLs(of *rememberedResource, i int) bool {
	for _, u := range of.urls {
		if w.fullLength(w.src[i+u.from:i+u.to]) != u.full {
			return false
		}
	}
	return true
}

// fullLength returns how much of an absolute URL is a full URL of the Bundle, or -1.
func (w *Walker) fullLength(url []byte) int {
	if full, ok := w.inBundle(url); ok {
		return len(full)
	}
	return -1
}

func (w *Walker) recallResource(n *node, of *rememberedResource, i int) (end int) {
	for _, a := range of.trail {
		w.pass.Counts[a]++
	}
	w.pass.CountResource(n.typ.Name)
	w.res.labels |= of.labels
	w.bundled = w.bundled || len(of.urls) > 0
	w.lastIndex = n.index
	w.flush(i)
	w.dst = append(w.dst, of.text[of.srcEnd:]...)
	w.last = i + of.srcEnd
	return w.last
}

// noteEntity returns whom a resource that none contains is about. That the Bundle was asked
// is no reason not to remember the resource: it is asked again.
func (w *Walker) noteEntity(r *resourceState) []byte {
	outside, elsewhere := w.outside, w.elsewhere
	w.elsewhere = false
	entity := w.entity(r)
	if w.noting && !w.elsewhere && !w.part.missed {
		w.outside, w.about = outside, true
		w.entityNoted = append(w.entityNoted[:0], entity...)
	}
	w.elsewhere = w.elsewhere || elsewhere
	return entity
}

// sameEntity reports whether the resource of n at src[i] is about whom it was about when it
// was walked.
func (w *Walker) sameEntity(of *rememberedResource, n *node, i, entry int) bool {
	if !of.about {
		return true
	}
	from := len(w.person.buf)
	same := bytes.Equal(w.entity(&resourceState{node: n, start: i, entry: entry}), of.entity)
	w.person.buf = w.person.buf[:from]
	return same
}
