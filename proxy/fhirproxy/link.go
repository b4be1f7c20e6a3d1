package fhirproxy

import (
	"bytes"
	"encoding/binary"
	"time"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"github.com/veil-proxy/veil/fhir/guard"
	"github.com/veil-proxy/veil/proxy/fhirproxy/outcome"
	"github.com/veil-proxy/veil/proxy/fhirproxy/parse"
)

// A link is a URL of the upstream that a consumer may follow through Veil: a
// page of a search, the status of a bulk export or one of its files. The
// consumer gets it as a token, sealed with the project's key and bound to the
// kind of link, the ruleset and the consumer; it tells nothing of the URL, opens
// on every replica that has the key, and ends with its time. What is sealed:
//
//	1 byte     the format's version, 1
//	4 bytes    the hour it ends, since 1970 in UTC, big-endian
//	3 ×        2 bytes of length and text: what it belongs to; the consumer's
//	           parameters, as a query; the path and query below the upstream's
//	           base
type link struct {
	// at is the resource type of a search, or the path of an export such as
	// "Patient/$export", preceded by the type for an export's file.
	at string
	// shape are the consumer's parameters that narrow the response, or all parameters of an
	// export's kick-off.
	shape []guard.Param
	// path and query below the upstream's base.
	path string
	// ends is the hour when it expires; 0 in a new link means Config.LinkAge from now.
	ends uint32
}

// linkKind says what a link leads to. It is also the name of the parameter with its
// token. A token of one kind never opens as one of another.
type linkKind string

const (
	linkPage    linkKind = "_page"
	linkStatus  linkKind = "_export"
	linkFile    linkKind = "_file"    // of an export
	linkDeleted linkKind = "_deleted" // a file of deleted resources
	linkErrors  linkKind = "_errors"  // a file of OperationOutcomes
)

const linkVersion = 1

// maxShape is how long the parameters in a link may be as a query. The token of a
// link of maxLink and maxShape still fits into a request line.
const maxShape = 2 << 10

// linkable refuses parameters that would make the links of the response too long to
// follow.
func linkable(shape []guard.Param) *outcome.Problem {
	if len(parse.AppendQuery(nil, shape)) > maxShape {
		return outcome.Refused(400, models.IssueTypeTooLong, "parameters too long", "the parameters that the links of the response must carry are too long")
	}
	return nil
}

// scope is what a token is bound to.
func (x *exchange) scope(kind linkKind) []byte {
	return []byte(string(kind) + "\x00" + x.view.automaton.Policy.Ruleset.SHA256() + "\x00" + x.Who.Name)
}

// appendToken appends the token of a link. No part of one is longer than maxLink.
func (m *masker) appendToken(dst []byte, l *link, scope []byte) []byte {
	ends := l.ends
	if ends == 0 {
		ends = hour(m.s.now().Add(m.s.linkAge))
	}
	plain := append(m.plain[:0], linkVersion)
	plain = binary.BigEndian.AppendUint32(plain, ends)
	for _, part := range []string{l.at, string(parse.AppendQuery(nil, l.shape)), l.path} {
		plain = binary.BigEndian.AppendUint16(plain, uint16(len(part)))
		plain = append(plain, part...)
	}
	m.plain = plain
	return m.pass.Keys.AppendSealedToken(dst, m.view.linkSlot, plain, scope)
}

// hour rounds a time up to full hours, so that the links of one hour are alike.
func hour(t time.Time) uint32 { return uint32((t.Unix() + 3599) / 3600) }

// openLink opens the token of a link of a kind. For any invalid token, the response is
// that there is no such resource.
func (x *exchange) openLink(kind linkKind, token string) (*link, *outcome.Problem) {
	plain, ok := x.keys.AppendOpenedToken(nil, x.view.linkSlot, []byte(token), x.scope(kind))
	if !ok || len(plain) < 5 || plain[0] != linkVersion || hour(x.s.now()) > binary.BigEndian.Uint32(plain[1:]) {
		return nil, outcome.NotFound()
	}
	l := &link{}
	var shape string
	rest := plain[5:]
	for _, part := range []*string{&l.at, &shape, &l.path} {
		if len(rest) < 2 || len(rest)-2 < int(binary.BigEndian.Uint16(rest)) {
			return nil, outcome.NotFound()
		}
		n := int(binary.BigEndian.Uint16(rest))
		*part, rest = string(rest[2:2+n]), rest[2+n:]
	}
	var err error
	if l.shape, err = parse.Query(string(bytes.TrimPrefix([]byte(shape), []byte("?")))); err != nil || len(rest) > 0 {
		return nil, outcome.NotFound()
	}
	return l, nil
}

// shaping returns the parameters that select the parts of each resource.
func shaping(params []guard.Param) []guard.Param {
	var out []guard.Param
	for _, p := range params {
		if p.Name == "_elements" || p.Name == "_summary" && p.Value != "count" && p.Value != "false" {
			out = append(out, p)
		}
	}
	return out
}
