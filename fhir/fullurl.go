package fhir

import (
	"bytes"
	"hash/maphash"

	"github.com/veil-proxy/veil/fhir/fhirjson"
)

// A reference is resolved by the full URLs of its Bundle first (FHIR R4,
// bundle.html#references): an absolute one means the entry that has it as its
// fullUrl, whatever server it names. Both are translated in the same way then.

// UnknownBase is the number of the action that removes references to servers that
// the Site does not name.
func (a *Automaton) UnknownBase() int { return a.engine.foreign }

// fullURLs are the full URLs of one Bundle. They lie in the Bundle's text, and are let go of
// with it.
type fullURLs struct {
	of     int    // index of the Bundle, or -1
	serial uint64 // tells the Bundles apart that were read, from 1
	seed   maphash.Seed
	urls   []fullURL
	places []uint32 // 1 + the index in urls, a power of two that is at most half full
}

// fullURL is the full URL that ends in a type and id, or any other under itself. Two
// that end alike become one, so references to them cannot be distinguished: url is nil.
type fullURL struct {
	key, url []byte
	hash     uint64 // of the key
}

const (
	fewestFullURLs = 1 << 10
	mostFullURLs   = 1 << 16 // a larger table is not kept for the next Bundle
)

func (b *fullURLs) forget() {
	if len(b.places) > mostFullURLs {
		b.urls, b.places = nil, nil
	}
	if len(b.urls) > 0 {
		clear(b.urls)
		clear(b.places)
	}
	b.urls, b.of = b.urls[:0], -1
}

// find returns the full URL of a key, or nil, and the place where it is or goes.
func (b *fullURLs) find(key []byte, hash uint64) (f *fullURL, place *uint32) {
	mask := uint64(len(b.places) - 1)
	for at := hash; ; at++ {
		place = &b.places[at&mask]
		if *place == 0 {
			return nil, place
		}
		if f = &b.urls[*place-1]; f.hash == hash && bytes.Equal(f.key, key) {
			return f, place
		}
	}
}

func (b *fullURLs) add(key, url []byte) {
	if 2*len(b.urls) >= len(b.places) {
		b.grow()
	}
	hash := maphash.Bytes(b.seed, key)
	switch f, place := b.find(key, hash); {
	case f == nil:
		b.urls = append(b.urls, fullURL{key, url, hash})
		*place = uint32(len(b.urls))
	case !bytes.Equal(f.url, url):
		f.url = nil
	}
}

func (b *fullURLs) grow() {
	if b.places == nil {
		b.seed = maphash.MakeSeed()
	}
	b.places = make([]uint32, max(2*len(b.places), fewestFullURLs))
	mask := uint64(len(b.places) - 1)
	for k := range b.urls {
		at := b.urls[k].hash
		for b.places[at&mask] != 0 {
			at++
		}
		b.places[at&mask] = uint32(k + 1)
	}
}

// is reports whether a key stands for this URL and no other.
func (b *fullURLs) is(key, url []byte) bool {
	f, _ := b.find(key, maphash.Bytes(b.seed, key))
	return f != nil && bytes.Equal(f.url, url)
}

// has reports whether an absolute URL of a server that is not known is a full URL
// that names one resource only.
func (b *fullURLs) has(url []byte) bool {
	return len(b.urls) > 0 && (b.is(lastTwo(url), url) || b.is(url, url))
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
	if at == w.first && w.lacks() {
		return nil, false
	}
	b := &w.bundle
	if b.of != at {
		w.readFullURLs(at)
	}
	if ok = b.has(url); !ok {
		if h := bytes.Index(url, []byte("/_history/")); h >= 0 {
			url = url[:h]
			ok = b.has(url)
		}
	}
	return url, ok
}

// bundleNow returns the serial of the innermost Bundle around the walk if its full
// URLs are those that were read last, or 0.
func (w *Walker) bundleNow() uint64 {
	if at := w.bundleAround(); at < 0 || at != w.bundle.of {
		return 0
	}
	return w.bundle.serial
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

// readFullURLs reads the full URLs of a Bundle. It has to see all of them, also
// those behind the reference that asks, so it goes over the entries as fast as it can.
func (w *Walker) readFullURLs(bundle int) {
	b, src := &w.bundle, w.src
	b.forget()
	b.of, b.serial = bundle, b.serial+1
	i := w.find(bundle, "entry")
	if i < 0 || src[i] != '[' {
		w.addFullURL(i)
		return
	}
	for i = fhirjson.SkipSpace(src, i+1); i >= 0 && i < len(src) && src[i] != ']'; {
		if src[i] == '{' {
			w.addFullURL(i)
			i = fhirjson.SkimContainer(src, i)
		} else {
			var f fhirjson.Fault
			i = fhirjson.SkipValue(src, i, w.depth, &f)
		}
		if i < 0 {
			return // the walk finds what is wrong
		}
		if i = fhirjson.SkipSpace(src, i); i < len(src) && src[i] == ',' {
			i = fhirjson.SkipSpace(src, i+1)
		}
	}
}

const fullURLHead = `{"fullUrl":"`

// addFullURL notes the full URL of the entry at src[entry].
func (w *Walker) addFullURL(entry int) {
	var at int
	if entry >= 0 && len(w.src)-entry >= len(fullURLHead) && string(w.src[entry:entry+len(fullURLHead)]) == fullURLHead { // as most servers write it
		at = entry + len(fullURLHead) - 1
	} else {
		at = w.find(entry, "fullUrl")
	}
	full := w.text(at)
	if !isHTTP(full) {
		return
	}
	rel, known := w.relative(full)
	if !known {
		rel = lastTwo(full)
	}
	if _, _, ok := w.a.splitTarget(rel); !ok {
		rel = full
	}
	w.bundle.add(rel, full)
}

// isHTTP reports whether a text is an absolute http or https URL.
func isHTTP(url []byte) bool {
	const plain, safe = "http://", "https://"
	return len(url) >= len(plain) && string(url[:len(plain)]) == plain || len(url) >= len(safe) && string(url[:len(safe)]) == safe
}
