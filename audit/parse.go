package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/veil-proxy/veil/mask"
)

// parser reads lines. It keeps recurring texts, such as the names of rules. It must not
// be used concurrently.
type parser struct {
	texts map[string]string
	// last are the last texts of members, which usually recur.
	last         [lastMembers]string
	applications applications
	// uses are those of the line that was read last. A lean line has neither applications
	// nor hashes: hash is its own.
	uses []Use
	hash []byte
	lean bool
	mark mark // of the line
	// plans are the applications of plans' actions by number, as far as they are known.
	plans map[*mask.Plan][]*Application
}

// mostPlans bounds the known plans, since they come and go.
const mostPlans = 256

// mark has the applications of a line that are not in its text. Without a plan, there are none.
type mark struct {
	plan *mask.Plan
	uses []shortUse
}

// The members whose texts recur in other lines, by their index in parser.last.
const (
	lastKind = iota
	lastConsumer
	lastClient
	lastProject
	lastDoor
	lastOperation
	lastStatement
	lastRun
	lastProgram
	lastResult
	lastReason
	lastRuleset
	lastRulesetSHA256
	lastKeyFingerprint
	lastResource // and those after it
	lastMembers  = lastResource + resourceTexts
)

// resourceTexts is the number of resources in a record whose names are remembered by
// position.
const resourceTexts = 8

// mostTexts bounds the texts that a parser keeps, and longestKept the length of one.
const (
	mostTexts   = 1 << 16
	longestKept = 128
)

func newParser() *parser {
	return &parser{texts: map[string]string{}, applications: newApplications(), plans: map[*mask.Plan][]*Application{}}
}

// parse reads a line without its line feed and checks its hash.
func (p *parser) parse(b []byte) (*Line, error) {
	l := new(Line)
	if err := p.parseInto(l, b); err != nil {
		return nil, err
	}
	return l, nil
}

// parseInto is like parse, but reuses the memory of a line.
func (p *parser) parseInto(l *Line, b []byte) error {
	const tail = 64 + len(`"}`)
	n := len(b) - tail - len(hashMember)
	if n < 0 || !bytes.Equal(b[n:n+len(hashMember)], hashMember) || b[len(b)-2] != '"' || b[len(b)-1] != '}' {
		return errLineForm
	}
	sum := sha256.Sum256(b[:n])
	var stated [2 * sha256.Size]byte
	if hex.Encode(stated[:], sum[:]); !bytes.Equal(stated[:], b[n+len(hashMember):len(b)-2]) {
		return errLineHash
	}
	return p.decode(l, b)
}

// decode reads the members of a line whose hash has been checked. Lines in the form that
// this package writes are parsed by hand, with the memory of l; anything else is left to
// encoding/json.
func (p *parser) decode(l *Line, b []byte) error {
	s := scan{p: p, b: b}
	if s.line(l) {
		return nil
	}
	*l = Line{}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(l); err != nil || d.More() {
		return errLineForm
	}
	if p.uses = p.uses[:0]; p.mark.plan != nil {
		p.uses = p.marked(p.uses)
	} else {
		p.uses = p.usesOf(p.uses, l.Applied)
	}
	p.hash = append(p.hash[:0], l.Hash...)
	return nil
}

// text returns a text, if possible one that it already has.
func (p *parser) text(b []byte) string {
	if s, ok := p.texts[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(b) <= longestKept && len(p.texts) < mostTexts {
		p.texts[s] = s
	}
	return s
}

// scan is a position in a line. After bad, it no longer moves.
type scan struct {
	p   *parser
	b   []byte
	bad bool
}

// line reads a whole line, in the order in which appendMembers writes.
func (s *scan) line(l *Line) bool {
	resources, applied, found, relations := l.Resources[:0], l.Applied[:0], l.Found[:0], l.Relations[:0]
	*l = Line{}
	if !s.skip(`{"seq":`) {
		return false
	}
	l.Seq = s.number()
	l.Prev = s.hash(`,"prev":`)
	l.Kind = s.again(lastKind, `,"kind":`)
	l.Time = s.time()
	l.Version = int(s.numberOf(`,"version":`))
	l.RequestID = s.once(`,"requestId":`)
	l.Consumer = s.again(lastConsumer, `,"consumer":`)
	l.Client = s.again(lastClient, `,"client":`)
	l.Project = s.again(lastProject, `,"project":`)
	l.Door = s.again(lastDoor, `,"door":`)
	l.Operation = s.again(lastOperation, `,"operation":`)
	l.Statement = s.again(lastStatement, `,"statement":`)
	if s.skip(`,"relations":[`) {
		for more := true; more && !s.bad; more = s.more() {
			relations = append(relations, s.string(true))
		}
		l.Relations = relations
	}
	l.Run = s.again(lastRun, `,"run":`)
	l.Program = s.again(lastProgram, `,"program":`)
	l.File = s.once(`,"file":`)
	l.FileName = s.once(`,"fileName":`)
	l.InputDigest = s.once(`,"inputDigest":`)
	l.OutputDigest = s.once(`,"outputDigest":`)
	l.Result = s.again(lastResult, `,"result":`)
	l.Reason = s.again(lastReason, `,"reason":`)
	l.Ruleset = s.again(lastRuleset, `,"ruleset":`)
	l.RulesetSHA256 = s.again(lastRulesetSHA256, `,"rulesetSha256":`)
	l.KeyFingerprint = s.again(lastKeyFingerprint, `,"keyFingerprint":`)
	if s.skip(`,"resources":[`) {
		for more := true; more && !s.bad; more = s.more() {
			resources = append(resources, mask.Count{Name: s.again(lastResource+len(resources)%resourceTexts, `{"name":`), N: s.last()})
		}
		l.Resources = resources
	}
	s.p.uses = s.p.uses[:0]
	if s.p.mark.plan != nil {
		s.p.uses = s.p.marked(s.p.uses)
	} else if s.skip(appliedMember) {
		s.p.uses = s.uses(s.p.uses)
		if !s.p.lean {
			for _, u := range s.p.uses {
				applied = append(applied, mask.Applied{Rule: u.Rule, Category: u.Category, Path: u.Path, Method: u.Method, N: u.N})
			}
			l.Applied = applied
		}
	}
	if s.skip(`,"found":[`) {
		for more := true; more && !s.bad; more = s.more() {
			found = append(found, mask.FoundCount{Detector: s.must(`{"detector":`), Label: s.must(`,"label":`), N: s.last()})
		}
		l.Found = found
	}
	l.DurationMicros = int64(s.numberOf(`,"durationMicros":`))
	l.Resource = s.once(`,"resource":`)
	l.Path = s.text(`,"path":`)
	l.Rule = s.text(`,"rule":`)
	l.Outcome = s.text(`,"outcome":`)
	l.TornBytes = int64(s.numberOf(`,"tornBytes":`))
	l.PrunedSeq = s.numberOf(`,"prunedSeq":`)
	l.PrunedHash = s.once(`,"prunedHash":`)
	l.Hash = s.hash(`,"hash":`)
	return s.skip(`}`) && len(s.b) == 0 && !s.bad
}

// skip skips a text if it comes next.
func (s *scan) skip(text string) bool {
	if s.bad || len(s.b) < len(text) || string(s.b[:len(text)]) != text {
		return false
	}
	s.b = s.b[len(text):]
	return true
}

// text returns the text of an optional member whose texts recur in other lines.
func (s *scan) text(member string) string {
	if !s.skip(member) {
		return ""
	}
	return s.string(true)
}

// again is like text, for a member that usually has the same text as in the previous
// line.
func (s *scan) again(member int, name string) string {
	if !s.skip(name) {
		s.bad = s.bad || member >= lastResource // a mandatory member
		return ""
	}
	last := s.p.last[member] // plain, so that it needs no escapes
	if n := len(last) + 2; len(s.b) >= n && s.b[0] == '"' && s.b[n-1] == '"' && string(s.b[1:n-1]) == last {
		s.b = s.b[n:]
		return last
	}
	text := s.string(true)
	if s.p.last[member] = text; !isPlain(text) {
		s.p.last[member] = ""
	}
	return text
}

// hash is like text, for a hash. A lean line omits it; the parser has its bytes.
func (s *scan) hash(member string) string {
	if !s.p.lean {
		return s.once(member)
	}
	if !s.skip(member) {
		return ""
	}
	text, ok := s.plain()
	if !ok {
		text = []byte(s.string(false))
	}
	s.p.hash = append(s.p.hash[:0], text...)
	return ""
}

// once is like text, for a member whose texts do not recur.
func (s *scan) once(member string) string {
	if !s.skip(member) {
		return ""
	}
	return s.string(false)
}

// must is like text, for a mandatory member.
func (s *scan) must(member string) string {
	if !s.skip(member) {
		s.bad = true
		return ""
	}
	return s.string(true)
}

// string reads a string.
func (s *scan) string(again bool) string {
	text, ok := s.plain()
	switch {
	case !ok:
		return s.escaped()
	case again:
		return s.p.text(text)
	}
	return string(text)
}

// plain reads a string without escapes, if it is one.
func (s *scan) plain() (text []byte, ok bool) {
	if len(s.b) == 0 || s.b[0] != '"' {
		s.bad = true
		return nil, true
	}
	n := 1
	for n < len(s.b) && plain[s.b[n]] {
		n++
	}
	if n == len(s.b) || s.b[n] != '"' {
		return nil, false
	}
	text, s.b = s.b[1:n], s.b[n+1:]
	return text, true
}

// escaped reads a string that is not plain.
func (s *scan) escaped() string {
	n := 1
	for n < len(s.b) && s.b[n] != '"' {
		if s.b[n] == '\\' {
			n++
		}
		n++
	}
	var text string
	if n >= len(s.b) || json.Unmarshal(s.b[:n+1], &text) != nil {
		s.bad = true
		return ""
	}
	s.b = s.b[n+1:]
	return text
}

// more reports whether a list continues.
func (s *scan) more() bool {
	if s.skip(`,`) {
		return true
	}
	s.bad = s.bad || !s.skip(`]`)
	return false
}

// last reads the count that ends an object.
func (s *scan) last() uint64 {
	if !s.skip(`,"n":`) {
		s.bad = true
		return 0
	}
	n := s.number()
	s.bad = s.bad || !s.skip(`}`)
	return n
}

func (s *scan) numberOf(member string) uint64 {
	if !s.skip(member) {
		return 0
	}
	n := s.number()
	s.bad = s.bad || n > 1<<62 // signed
	return n
}

// number reads a number of at most 18 digits; longer ones, fractions and signs are left
// to the slow path.
func (s *scan) number() (n uint64) {
	i := 0
	for i < len(s.b) && s.b[i]-'0' <= 9 {
		n = 10*n + uint64(s.b[i]-'0')
		i++
	}
	s.bad = s.bad || i == 0 || i > 18 || i > 1 && s.b[0] == '0'
	s.b = s.b[i:]
	return n
}

func (s *scan) time() (t time.Time) {
	if !s.skip(`,"time":"`) {
		return t
	}
	n := bytes.IndexByte(s.b, '"')
	if n < 0 || t.UnmarshalText(s.b[:n]) != nil {
		s.bad = true
		return t
	}
	s.b = s.b[n+1:]
	return t
}
