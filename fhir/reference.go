package fhir

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"strings"

	"github.com/veil-proxy/veil/fhir/lexical"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/mask"
)

// siteIndex is a Site made ready for the walk.
type siteIndex struct {
	of       *Site
	upstream []siteBase
	base     []byte
	link     func(dst, relation, url []byte) ([]byte, bool)
}

func newSiteIndex(s *Site) *siteIndex {
	ix := &siteIndex{of: s, base: []byte(DefaultBase)}
	if s == nil {
		return ix
	}
	for _, u := range s.Upstream {
		ix.upstream = append(ix.upstream, siteBases(u)...)
	}
	if base := strings.TrimRight(s.Base, "/"); base != "" {
		ix.base = []byte(base)
	}
	ix.link = s.Link
	return ix
}

// siteBase is a base URL with a slash at its end.
type siteBase struct {
	url []byte
	// host is the length of scheme, host and port, which have no case.
	host int
}

// siteBases are the spellings of a base URL: with the port of its scheme and
// without.
func siteBases(base string) []siteBase {
	base = strings.TrimRight(base, "/")
	scheme, rest, _ := strings.Cut(base, "://")
	host, path, _ := strings.Cut(rest, "/")
	if path != "" {
		path = "/" + path
	}
	with := func(host string) siteBase {
		authority := scheme + "://" + host
		return siteBase{[]byte(authority + path + "/"), len(authority)}
	}
	bases := []siteBase{with(host)}
	if port := map[string]string{"http": ":80", "https": ":443"}[strings.ToLower(scheme)]; port != "" {
		if bare, has := strings.CutSuffix(host, port); has {
			bases = append(bases, with(bare))
		} else if colon := strings.LastIndexByte(host, ':'); colon < strings.IndexByte(host, ']') || colon < 0 {
			bases = append(bases, with(host+port))
		}
	}
	return bases
}

// cut takes the base off a URL below it.
func (b *siteBase) cut(url []byte) (rest []byte, ok bool) {
	if len(url) < len(b.url) || !bytes.EqualFold(url[:b.host], b.url[:b.host]) || !bytes.Equal(url[b.host:len(b.url)], b.url[b.host:]) {
		return nil, false
	}
	return url[len(b.url):], true
}

// reference translates the reference val, at src[i:end]:
//
//	Type/id, Type/id/_history/v   Type/<sealed id>: of every version, the resource
//	<upstream>/Type/id            the same, relative
//	a fullUrl of its Bundle       as that is translated, relative
//	urn:uuid:…, urn:oid:…         urn:uuid:<pseudonym>
//	#id                           #<new id>, if that contained resource stays
//	Type?identifier=system|value  the same, with the identifier masked
//
// Everything else goes: other servers, which are counted by themselves, other
// conditional references, fragments, unknown types, ids that FHIR does not allow.
// A fullUrl that does not end in Type/id becomes urn:uuid:<pseudonym>. Source:
// FHIR R4, references.html#literal.
func (w *Walker) reference(d *decision, i, end int, val []byte) (int, bool) {
	// Computing the pseudonym of a URN takes no longer than remembering it.
	if len(val) >= 4 && string(val[:4]) == "urn:" {
		w.replace(i, end, func(dst []byte) []byte { return w.appendURN(dst, val) })
		w.count(d.action, d.label, mask.Replaced)
		return end, true
	}
	// A full URL is that of one entry.
	if d.rule.form == formFullURL {
		return w.translate(d, i, end, val, nil)
	}
	lately := w.translated.at(val)
	if !lately.has(w.translated.generation, d.rule.form, val) {
		return w.translate(d, i, end, val, lately)
	}
	w.flush(i)
	w.dst = append(w.dst, lately.out()...)
	w.last = end
	w.count(d.action, d.label, mask.Replaced)
	return end, true
}

// translate is reference where the text had none of this form yet, which goes to a place.
func (w *Walker) translate(d *decision, i, end int, val []byte, lately *translatedReference) (int, bool) {
	slot := w.memo.text(d, val)
	if w.recallText(slot, d, i, end, val) {
		return end, true
	}
	before := w.mark()
	w.flush(i)
	from := len(w.dst)
	w.dst = append(w.dst, '"')
	ok := false
	action := d.action
	if len(val) > 0 && val[0] == '#' {
		w.volatile = true
		slot, lately = nil, nil
		ok = d.rule.form == formReference && w.appendFragment(val[1:])
	} else {
		foreign := d.rule.form != formFullURL && w.isForeign(val)
		if ok = w.appendTarget(d.rule.form, val); !ok {
			w.dst = w.dst[:from+1]
			ok = w.appendConditional(val)
		}
		if foreign { // the Bundle decides
			slot, lately = nil, nil
			w.bundled = true
			w.volatile = w.volatile || w.bundleNow() == 0
			w.noteURL(i, end, val)
		}
		if !ok && foreign && d.rule.form == formReference {
			action = w.a.engine.foreign
		}
	}
	if !ok {
		w.reset(before)
		w.count(action, mask.LabelRedacted, mask.Removed)
		return end, false
	}
	w.dst = append(w.dst, '"')
	w.last = end
	slot.keep(d, val, w.dst[from:])
	lately.keep(w.translated.generation, d.rule.form, val, w.dst[from:])
	w.count(d.action, d.label, mask.Replaced)
	return end, true
}

// appendURN appends the pseudonym of a URN. A UUID goes through a keyed
// permutation of 16 bytes, so two of them never fall together; any other URN
// becomes a UUID by a keyed hash cut to 122 bits.
func (w *Walker) appendURN(dst, urn []byte) []byte {
	dst = append(dst, lexical.URNUUID...)
	if !bytes.HasPrefix(urn, []byte(lexical.URNUUID)) || !lexical.ParseUUID(&w.uuid, urn[len(lexical.URNUUID):]) {
		return lexical.AppendHashUUID(dst, w.pass.Keys.MAC1(w.a.urnSlot, urn)[:16])
	}
	w.pass.Keys.PermuteUUID(w.a.uuidSlot, &w.uuid)
	return lexical.AppendUUID(dst, &w.uuid)
}

// link replaces the URL of a Bundle link by what the site says the consumer may
// follow.
func (w *Walker) link(d *decision, obj, i, end int, val []byte) (int, bool) {
	// Links of a Bundle inside another are not of this search.
	w.volatile = true
	if w.site.link != nil && w.res.start == w.first {
		before := w.mark()
		w.flush(i)
		from := len(w.dst) + 1
		if dst, ok := w.site.link(append(w.dst, '"'), w.text(w.find(obj, "relation")), val); ok {
			w.dst, w.last = dst, end
			w.finish(schema.JSONString, from)
			w.count(d.action, d.label, mask.Replaced)
			return end, true
		}
		w.reset(before)
	}
	w.count(d.action, mask.LabelRedacted, mask.Removed)
	return end, false
}

// appendFragment appends a reference to a contained resource that stays, or to
// the container itself.
func (w *Walker) appendFragment(id []byte) bool {
	if len(id) == 0 {
		w.dst = append(w.dst, '#')
		return true
	}
	if !w.stays(id) {
		return false
	}
	w.dst = w.appendContained(append(w.dst, '#'), id)
	return true
}

// canonicalFragment translates a canonical that leads to a contained resource.
func (w *Walker) canonicalFragment(d *decision, i, end int, id []byte) (int, bool) {
	w.volatile = true
	before := w.mark()
	w.flush(i)
	w.dst = append(w.dst, '"')
	if !w.appendFragment(id) {
		w.reset(before)
		w.count(d.action, mask.LabelRedacted, mask.Removed)
		return end, false
	}
	w.dst = append(w.dst, '"')
	w.last = end
	w.count(d.action, mask.LabelPseudonymized, mask.Replaced)
	return end, true
}

// stays reports whether the contained resource of an id stays. The ids are read
// once for each resource that contains others.
func (w *Walker) stays(id []byte) bool {
	c := &w.contained
	if c.root != w.res.root {
		c.root, c.few, c.many = w.res.root, c.few[:0], nil
		w.each(w.find(c.root, "contained"), func(item int) bool {
			if _, withheld := w.nodeAt(item); withheld == nil {
				c.add(w.text(w.find(item, "id")))
			}
			return false
		})
	}
	return c.has(id)
}

// containedIDs are the ids of the contained resources that stay, of the resource
// at root: a few in a list, many in a map.
type containedIDs struct {
	root int
	few  [][]byte
	many map[string]struct{}
}

func (c *containedIDs) add(id []byte) {
	const few = 16
	if c.many == nil && len(c.few) < few {
		c.few = append(c.few, id)
		return
	}
	if c.many == nil {
		c.many = map[string]struct{}{}
	}
	c.many[string(id)] = struct{}{}
}

func (c *containedIDs) has(id []byte) bool {
	for _, known := range c.few {
		if string(known) == string(id) {
			return true
		}
	}
	_, ok := c.many[string(id)]
	return ok
}

// appendTarget appends the masked form of a literal reference to a resource.
func (w *Walker) appendTarget(form referenceForm, val []byte) bool {
	rel, known := w.relative(val)
	inBundle := form == formFullURL && isHTTP(val)
	if !known {
		if !inBundle {
			if val, inBundle = w.inBundle(val); !inBundle {
				return false
			}
		}
		// The base of a full URL need not be known (FHIR R4,
		// bundle.html#bundle-unique).
		rel = lastTwo(val)
	}
	if typ, id, ok := w.a.cutTarget(rel); ok {
		from := len(w.dst)
		if form == formFullURL {
			w.dst = append(append(w.dst, w.site.base...), '/')
		}
		w.dst = append(append(w.dst, typ.typ.Name...), '/')
		if w.dst, ok = w.appendSealedID(w.dst, w.a.sealSlots[typ.index], id); ok {
			return true
		}
		w.dst = w.dst[:from]
	}
	if inBundle {
		w.dst = w.appendURN(w.dst, val)
		return true
	}
	if form == formRequest {
		if n := w.a.roots[string(rel)]; n != nil {
			w.dst = append(w.dst, rel...)
			return true
		}
	}
	return false
}

// relative takes the base of this server off an absolute URL. known is false
// for URLs of other servers.
func (w *Walker) relative(val []byte) (rel []byte, known bool) { return w.site.relative(val) }

func (ix *siteIndex) relative(val []byte) (rel []byte, known bool) {
	for k := range ix.upstream {
		base := &ix.upstream[k]
		if rest, ok := base.cut(val); ok {
			return rest, true
		}
	}
	return val, bytes.IndexByte(val, ':') < 0 && (len(val) == 0 || val[0] != '/')
}

// isForeign reports whether a reference is to a server that is not known.
func (w *Walker) isForeign(val []byte) bool {
	if !isHTTP(val) {
		return false
	}
	_, known := w.relative(val)
	return !known
}

// lastTwo returns the last two segments of an http(s) URL.
func lastTwo(url []byte) []byte {
	if !isHTTP(url) {
		return nil
	}
	typ := lastSlash(url[:lastSlash(url)])
	if typ < len("https:/") {
		return nil
	}
	return url[typ+1:]
}

// lastSlash returns the index of the last slash of a text, or -1. It looks at eight bytes at a
// time.
func lastSlash(text []byte) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	n := len(text)
	for ; n >= 8; n -= 8 {
		x := binary.LittleEndian.Uint64(text[n-8:]) ^ ones*'/'
		// The top bit of each byte that is zero, and of no other.
		if zeros := ^((x &^ highs) + ^uint64(highs) | x) & highs; zeros != 0 {
			return n - 1 - bits.LeadingZeros64(zeros)/8
		}
	}
	return bytes.LastIndexByte(text[:n], '/')
}

// splitTarget takes Type/id or Type/id/_history/version apart.
func (a *Automaton) splitTarget(rel []byte) (n *node, id []byte, ok bool) {
	n, id, ok = a.cutTarget(rel)
	if ok && !lexical.IsID(id) {
		return nil, id, false
	}
	return n, id, ok
}

// cutTarget is splitTarget for any id, be it one that FHIR allows or not.
func (a *Automaton) cutTarget(rel []byte) (n *node, id []byte, ok bool) {
	slash := bytes.IndexByte(rel, '/')
	if slash < 0 {
		return nil, nil, false
	}
	id = rel[slash+1:]
	if h := bytes.IndexByte(id, '/'); h >= 0 {
		version, ok := bytes.CutPrefix(id[h:], []byte("/_history/"))
		if !ok || !lexical.IsID(version) {
			return nil, nil, false
		}
		id = id[:h]
	}
	k := a.rootKeys.Find(rel[:slash])
	if k < 0 {
		return nil, id, false
	}
	return a.rootNodes[k], id, true
}
