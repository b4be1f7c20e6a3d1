package fhir

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/fhirxml"
	"github.com/veil-proxy/veil/fhir/people"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/mask"
)

// Site describes the servers of masked resources: which absolute URLs mean the original
// server, and the URL of the masked view.
type Site struct {
	// Upstream are base URLs of the original server, without a slash at the
	// end. References under them become relative.
	Upstream []string
	// Base is the URL of the masked view, without a slash at the end. It is
	// written into Bundle.entry.fullUrl.
	Base string
	// Link rewrites Bundle.link URLs: it appends the URL that the consumer may follow, and
	// reports whether there is one. If it is nil, links are removed.
	Link func(dst, relation, url []byte) ([]byte, bool)
	// Subject appends the id of the patient that another resource of the original server
	// is about, and reports whether there is one. It is called for a resource that refers
	// to its patient only through another resource, if that one is not in the same Bundle.
	// typ is the type of the other resource; ids are originals. If Subject is nil or
	// reports false, the patient is unknown and the stricter rule applies. The result must
	// depend on the resource alone; Subject may be called often for the same one.
	Subject func(dst []byte, typ string, id []byte) ([]byte, bool)
	// People returns what another resource of the original server says about people. The
	// other resource is that of a person or an organisation that the current one refers
	// to; the facts are searched for in texts. They are empty if the resource does not
	// exist. An error means that it could not be read; texts are then removed. If People
	// is nil, only the current input is known.
	People func(typ, id string) (people.Facts, error)
	// Relatives returns what the RelatedPersons of a patient, given by its id, say about
	// people. If it is nil, only those in the current input are known.
	Relatives func(patient string) (people.Facts, error)
	// Later takes work that methods leave for later, such as scrubbing texts. Whoever sets
	// it must do that work and mask again.
	Later mask.Later
}

// DefaultBase is the base URL in masked files. Its domain is reserved by RFC 2606, so
// that it can never be reached.
const DefaultBase = "https://masked.invalid/fhir"

// WithheldError says that a rule withholds the whole resource. Nothing of it may be
// delivered.
type WithheldError struct {
	// Rule is the id of the rule, Path the element that it matched.
	Rule, Path string
}

func (e *WithheldError) Error() string {
	return fmt.Sprintf("resource is withheld by rule %q at %s", e.Rule, e.Path)
}

// The paths of actions on resource types and elements that the schema does not know. A
// WithheldError can have the first one, too.
const (
	UnknownResource = "(unknown resource type)"
	UnknownElement  = "(unknown element)"
	// UnknownBase is the path of references to servers that the Site does not name.
	UnknownBase = "(reference under an unknown base URL)"
)

// Walker masks resources in one pass over their bytes: it copies spans that pass,
// leaves out members that are removed, and writes masked values in place. It builds no
// tree. A Walker keeps its buffers and remembers objects of earlier resources. It is
// not safe for concurrent use.
type Walker struct {
	a    *Automaton
	pass *mask.Pass
	site *siteIndex
	in   mask.Input
	// inMore: in has more than what every value has.
	inMore bool

	src []byte
	dst []byte
	// last is the start of the bytes of src that pass and are not in dst yet.
	// Everything of src before it is either in dst or gone.
	last  int
	stops fhirjson.Stops // of src, where the walk is
	depth int
	fault fhirjson.Fault
	at    string // path of the innermost field, for errors

	res resourceState
	// frames are those of the resources that hold the one being walked,
	// outermost first.
	frames []resourceState
	coded  codedState
	// shown are the displays that passed in the concepts being walked.
	shown [][]byte
	// unitWalked is the unit of the quantity that the walk left last.
	unitWalked []byte
	// unwinding: the resource being walked is given up; end < 0 on the way.
	unwinding bool
	withheld  *decision // why the last resource was not kept

	// guesses has, by node and by 1 + the field met last, the field that came
	// next the last time.
	guesses [][]uint16

	// holders are the indexes of the objects that the walk is in, the outermost first.
	holders []int
	// testedAt is the index of the value that the conditions of the object at
	// testedObj begin with, where it has been met already.
	testedObj, testedAt int

	capped                 bool // the date masked last was beyond what may be told
	memo                   memo
	sealed                 sealedIDs
	translated             translatedReferences
	systems                namedSystems
	judged                 judgedCodes
	units                  judgedUnits
	concept                usualConcept // read last
	recording              int          // how many objects to be remembered are being walked
	volatile               bool         // something that their own bytes do not decide was used
	bundled                bool         // the full URLs of the Bundle were
	outside                bool         // something outside of the resource being walked was
	entriesFrom, entriesTo int          // see Entries
	entriesRead            entriesRead  // of the text to be masked
	elsewhere              bool         // something that is not in the text at all was
	noting                 bool         // the resource being walked is to be remembered
	urls                   []foreignURL // that it has
	about                  bool         // it is about entityNoted, which decided what became of it
	trail                  []uint16     // actions counted while recording

	entityNoted []byte

	contained  containedIDs
	bundle     fullURLs
	holder     int // index of the include or group of codes that the walk is in
	part       bundlePart
	inner      *innerWalk // made when it is needed
	first      int        // index of the outermost resource
	lastIndex  int        // the type of the resource walked last
	lastType   string
	labelsLeft labelSet // what was done to the resource walked last

	detail bool
	// path has the indexed paths of the resources being walked one behind the
	// other, in detail mode; the innermost begins at res.pathFrom.
	path   []byte
	val    []byte // unescaped text of the value being masked
	out    []byte // its masked text, where it needs escaping
	mended []byte // what becomes of the code being walked
	name   []byte // unescaped names and texts of look-ups
	uuid   [16]byte
	person personState
	people peopleState

	read, masked []byte // JSON forms of a resource in XML, as read and masked
	reader       *fhirxml.Reader
	writer       *fhirxml.Writer
}

// resourceState is all that belongs to the resource being walked. The walk of a
// resource inside it has one of its own, and puts this one back.
//
// What belongs to an object, such as the place of the labels, is told by the
// index where the object begins in src. An index names one object of the text,
// so there is nothing to put back for it.
type resourceState struct {
	node      *node
	start     int // index of its opening brace
	root      int // that of the resource that contains it, or its own
	rootFrame int // index in frames of the resource that contains it
	entry     int // index of the Bundle entry it is in, or -1
	contained bool
	labels    labelSet // what was done to it
	present   labelSet // labels that its own meta.security has
	metaAt    int      // index of its own meta, or -1
	labelAt   int      // index of the item of its own meta.security met last, or -1
	meta      metaMark
	depth     int
	pathFrom  int    // where its path begins in Walker.path
	identity  []byte // masked, in detail mode
	person    person
	ages      agesKnown // see observedAges
}

// Memory says how much a walker remembers of the objects it has masked.
type Memory uint8

const (
	// RememberAlways remembers objects across resources and requests.
	RememberAlways Memory = iota
	// RememberNothing masks every object anew.
	RememberNothing
)

// NewWalker returns a walker for an automaton.
func NewWalker(a *Automaton, memory Memory) *Walker {
	w := &Walker{a: a, guesses: make([][]uint16, len(a.nodes))}
	for i, n := range a.nodes {
		w.guesses[i] = make([]uint16, len(n.fields)+1)
	}
	if memory == RememberAlways {
		w.memo.init(len(a.nodes), a.InParts())
	}
	return w
}

// ResourceType returns the type of the resource that AppendJSON masked last.
func (w *Walker) ResourceType() string { return w.lastType }

// ErrEmpty is returned if nothing of a resource passes.
var ErrEmpty = errors.New("nothing of the resource passes")

// AppendJSON masks the one resource in src and appends it to dst. It counts every
// application in pass. src may begin with a byte order mark and have white space around
// the resource. On an error it returns dst unchanged; the error is a
// *fhirjson.SyntaxError, a *WithheldError, ErrEmpty or one of a method.
func (w *Walker) AppendJSON(dst, src []byte, pass *mask.Pass, site *Site) ([]byte, error) {
	src = bytes.TrimPrefix(src, fhirjson.ByteOrderMark)
	w.begin(dst, src, pass, site)
	return w.appendResource(dst, src)
}

// appendResource walks the one resource in src.
func (w *Walker) appendResource(dst, src []byte) ([]byte, error) {
	i := fhirjson.SkipSpace(src, 0)
	w.last, w.first = i, i
	end, kept := w.walkResource(i, -1, false)
	if end >= 0 {
		if rest := fhirjson.SkipSpace(src, end); rest != len(src) {
			end = w.fail(rest, "unexpected data after the resource")
		}
	}
	w.forgetInput()
	if end < 0 {
		return dst, w.err()
	}
	if !kept {
		if w.withheld != nil {
			return dst, w.err()
		}
		return dst, ErrEmpty
	}
	out := append(w.dst, src[w.last:end]...)
	w.dst = nil
	w.lastType = w.a.types[w.lastIndex]
	return out, nil
}

// forgetInput lets go of everything that lies in src: it is the caller's.
func (w *Walker) forgetInput() {
	w.src, w.pass, w.in = nil, nil, mask.Input{}
	w.coded, w.unitWalked = codedState{}, nil
	w.res = resourceState{}
	clear(w.frames[:cap(w.frames)])
	clear(w.person.refs[:cap(w.person.refs)])
	clear(w.contained.few)
	w.bundle.forget()
	clear(w.shown[:cap(w.shown)])
	clear(w.systems[:])
	w.concept = usualConcept{}
}

func (w *Walker) begin(dst, src []byte, pass *mask.Pass, site *Site) {
	w.start(dst, src, site)
	w.pass, w.in = pass, mask.Input{Keys: pass.Keys, Found: &pass.Found}
	w.detail = pass.Detail
}

// start makes the walker read a text.
func (w *Walker) start(dst, src []byte, site *Site) {
	w.src, w.dst = src, dst
	w.depth, w.fault, w.at = 0, fhirjson.Fault{}, ""
	w.res, w.frames = resourceState{entry: -1}, w.frames[:0]
	w.coded, w.shown = codedState{}, w.shown[:0]
	w.unwinding, w.withheld, w.capped = false, nil, false
	w.recording, w.volatile, w.bundled, w.outside, w.noting, w.trail = 0, false, false, false, false, w.trail[:0]
	w.entriesFrom, w.entriesTo = 0, 0
	w.person.indexed, w.person.buf = false, w.person.buf[:0]
	w.people = peopleState{}
	w.testedObj, w.contained.root, w.bundle.of = -1, -1, -1
	w.sealed.generation++
	w.translated.generation++
	w.judged.generation++
	w.units.generation++
	w.concept.end = 0
	w.stops.Forget()
	w.holders = w.holders[:0]
	w.path, w.part = w.path[:0], bundlePart{}
	if w.site == nil || w.site.of != site {
		w.site = newSiteIndex(site)
		w.memo.reset() // references may be written otherwise now
	}
}

// err returns what stopped the walk.
func (w *Walker) err() error {
	switch {
	case w.fault.What != "":
		return &fhirjson.SyntaxError{Offset: w.fault.Offset, Path: w.at, What: w.fault.What}
	case w.withheld != nil:
		a := w.a.Actions[w.withheld.action]
		return &WithheldError{Rule: a.Rule, Path: a.Path}
	}
	return errors.New("masking stopped without a reason")
}

func (w *Walker) fail(offset int, what string) int { return fhirjson.Fail(&w.fault, offset, what) }

// flush copies what passes up to src[end] to dst.
func (w *Walker) flush(end int) {
	if w.last < end {
		w.copyTo(end)
	}
}

//go:noinline
func (w *Walker) copyTo(end int) {
	w.dst = append(w.dst, w.src[w.last:end]...)
	w.last = end
}

// mark is a state of the output to go back to.
type mark struct{ dst, last int }

func (w *Walker) mark() mark { return mark{len(w.dst), w.last} }

func (w *Walker) reset(m mark) { w.dst, w.last = w.dst[:m.dst], m.last }

// count notes one application of an action.
func (w *Walker) count(action int, label mask.Label, outcome mask.Outcome) {
	w.pass.Counts[action]++
	w.res.labels |= labelBit(label)
	if w.recording > 0 || w.detail {
		w.note(action, outcome)
	}
}

// note keeps an application for what is to be remembered, or in detail.
//
//go:noinline
func (w *Walker) note(action int, outcome mask.Outcome) {
	if w.recording > 0 {
		w.trail = append(w.trail, uint16(action))
	}
	if w.detail {
		w.pass.Details = append(w.pass.Details, mask.Detail{
			Resource: string(w.res.identity), Path: string(w.path[w.res.pathFrom:]), Rule: w.a.Actions[action].Rule, Outcome: outcome,
		})
	}
}

// walkResource masks the resource whose text begins at src[i]; entry is the
// index of the Bundle entry that holds it, or -1. It returns the index behind
// it and whether it stays.
func (w *Walker) walkResource(i, entry int, contained bool) (end int, kept bool) {
	src := w.src
	if i >= len(src) || src[i] != '{' {
		return w.fail(i, "expected a JSON object, a FHIR resource"), false
	}
	n, withheld := w.nodeAt(i)
	if withheld != nil {
		w.withheld = withheld
		w.pushResource(n, i, entry, contained)
		w.count(withheld.action, mask.LabelRedacted, mask.Removed)
		w.popResource()
		return w.stops.SkipValue(src, i, w.depth, &w.fault), false
	}
	if w.memo.objects != nil && !contained && !w.detail && w.recording == 0 && !n.ofResources {
		return w.rememberedResource(n, i, entry)
	}
	return w.anyResource(n, i, entry, contained)
}

// anyResource walks a resource that is not withheld.
func (w *Walker) anyResource(n *node, i, entry int, contained bool) (end int, kept bool) {
	src := w.src
	w.pushResource(n, i, entry, contained)
	before := w.mark()
	end, kept = w.object(n, i)
	switch {
	case end < 0 && w.unwinding && !contained:
		// A contained resource is part of what contains it: both go.
		w.unwinding = false
		w.reset(before)
		w.depth = w.res.depth
		end, kept = w.stops.SkipValue(src, i, w.depth, &w.fault), false
	case end >= 0 && kept:
		if !contained {
			w.writeLabels(end)
			w.pass.CountResource(n.typ.Name)
		}
	}
	w.popResource()
	w.lastIndex = n.index
	return end, kept
}

// pushResource begins the state of the resource at src[i].
func (w *Walker) pushResource(n *node, i, entry int, contained bool) {
	r := resourceState{node: n, start: i, root: i, rootFrame: len(w.frames) + 1, entry: entry, contained: contained,
		metaAt: -1, labelAt: -1, depth: w.depth, pathFrom: len(w.path)}
	if contained {
		r.root, r.rootFrame = w.res.root, w.res.rootFrame
	}
	r.person.from = len(w.person.buf)
	w.frames = append(w.frames, w.res)
	w.res = r
	if w.detail {
		w.res.identity = w.identify(n, i)
		w.path = append(w.path, n.typ.Name...)
	}
}

// popResource puts the state of the resource around the walked one back.
func (w *Walker) popResource() {
	inner := &w.res
	w.path = w.path[:inner.pathFrom]
	if !inner.contained {
		w.person.buf = w.person.buf[:inner.person.from]
	}
	last := len(w.frames) - 1
	w.labelsLeft = inner.labels
	w.res = w.frames[last]
	w.frames = w.frames[:last]
	w.res.labels |= w.labelsLeft
}

// nodeAt finds the node of the resource at src[i], and the decision that
// withholds it if one does.
func (w *Walker) nodeAt(i int) (*node, *decision) {
	k := w.a.rootKeys.Find(w.typeAt(i))
	if k < 0 {
		return unknownNode, &w.a.unknownResource
	}
	n := w.a.rootNodes[k]
	return n, n.withheld
}

// unknownNode stands for a type that is none of FHIR's: its name could be anything.
var unknownNode = &node{typ: &schema.Type{Name: "(unknown resource type)"}, index: -1}

const resourceTypeMember = `{"resourceType":"`

// typeAt returns the resourceType of the resource at src[i], wherever it
// stands among the members; empty when it has none.
func (w *Walker) typeAt(i int) []byte {
	src := w.src
	if bytes.HasPrefix(src[i:], []byte(resourceTypeMember)) {
		rest := src[i+len(resourceTypeMember):]
		if n := bytes.IndexByte(rest, '"'); n >= 0 && bytes.IndexByte(rest[:n], '\\') < 0 {
			return rest[:n]
		}
	}
	return w.text(w.find(i, "resourceType"))
}

// labelSet is a set of mask.Label as bits.
type labelSet uint8

func labelBit(l mask.Label) labelSet { return 1 << l >> 1 }
