package fhir

import "bytes"

// A reference is resolved by the full URLs of its Bundle first (FHIR R4,
// bundle.html#references): an absolute one means the entry that has it as its
// fullUrl, whatever server it names. Both are translated in the same way then.

// UnknownBase is the number of the action that removes references to servers that
// the Site does not name.
func (a *Automaton) UnknownBase() int { return a.engine.foreign }

// fullURLs are the full URLs of one Bundle.
type fullURLs struct {
	of int // index of the Bundle, or -1
	// urls maps a full URL to whether it names one resource only. Two that end in
	// the same type and id become one, so references to them cannot be told apart.
	urls map[string]bool
}

// inBundle reports whether an absolute URL, of any version, is the full URL of an
// entry of the innermost Bundle around the walk.
func (w *Walker) inBundle(url []byte) (full []byte, ok bool) {
	if !isHTTP(url) {
		return nil, false
	}
	at := w.bundleAround()
	if at < 0 {
		return nil, false
	}
	b := &w.bundle
	if b.of != at {
		w.readFullURLs(at)
	}
	if ok = b.urls[string(url)]; !ok {
		if h := bytes.Index(url, []byte("/_history/")); h >= 0 {
			url = url[:h]
			ok = b.urls[string(url)]
		}
	}
	return url, ok
}

// bundleAround is the index of the innermost Bundle that the walk is in, or -1.
func (w *Walker) bundleAround() int {
	if w.res.node != nil && w.res.node.typ.Name == "Bundle" {
		return w.res.start
	}
	for k := len(w.frames) - 1; k >= 0; k-- {
		if n := w.frames[k].node; n != nil && n.typ.Name == "Bundle" {
			return w.frames[k].start
		}
	}
	if string(w.typeAt(w.first)) == "Bundle" {
		return w.first
	}
	return -1
}

func (w *Walker) readFullURLs(bundle int) {
	b := &w.bundle
	b.of = bundle
	if b.urls == nil {
		b.urls = map[string]bool{}
	}
	clear(b.urls)
	ends := map[string]string{} // the full URL by its type and id
	w.each(w.find(bundle, "entry"), func(item int) bool {
		full := w.text(w.find(item, "fullUrl"))
		if !isHTTP(full) {
			return false
		}
		url := string(full)
		rel, known := w.relative(full)
		if !known {
			rel = lastTwo(full)
		}
		if _, _, ok := w.a.splitTarget(rel); !ok {
			b.urls[url] = true
			return false
		}
		first, met := ends[string(rel)]
		b.urls[url] = !met || first == url
		if met && first != url {
			b.urls[first] = false
		} else {
			ends[string(rel)] = url
		}
		return false
	})
}

// isHTTP reports whether a text is an absolute http or https URL.
func isHTTP(url []byte) bool {
	return bytes.HasPrefix(url, []byte("http://")) || bytes.HasPrefix(url, []byte("https://"))
}
