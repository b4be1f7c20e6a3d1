package trace

import (
	"encoding/binary"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// Field numbers of OTLP (opentelemetry/proto/trace/v1/trace.proto).
const (
	fieldSpans = 2 // of ScopeSpans

	fieldTraceID    = 1 // of Span
	fieldSpanID     = 2
	fieldParent     = 4
	fieldName       = 5
	fieldKind       = 6
	fieldBegun      = 7
	fieldEnded      = 8
	fieldAttributes = 9
	fieldLinks      = 13
	fieldFlags      = 16

	fieldLinkTrace = 1 // of Link
	fieldLinkSpan  = 2
	fieldLinkFlags = 6

	fieldKey   = 1 // of KeyValue
	fieldValue = 2

	fieldString = 1 // of AnyValue
	fieldInt    = 3
)

// Flags of spans and links in addition to those of W3C: whether it is known if the parent
// is remote, and whether it is.
const (
	flagSampled  = 0x001
	flagKnown    = 0x100
	flagIsRemote = 0x200
)

// append appends a span as a field of a ScopeSpans message.
func (d *data) append(dst []byte) []byte {
	dst, at := open(dst, fieldSpans)
	dst = appendBytes(dst, fieldTraceID, d.id.trace[:])
	dst = appendBytes(dst, fieldSpanID, d.id.span[:])
	flags := uint32(flagSampled | flagKnown)
	if d.hasParent {
		dst = appendBytes(dst, fieldParent, d.parent[:])
	}
	if d.remote {
		flags |= flagIsRemote
	}
	dst = appendText(dst, fieldName, string(d.name))
	dst = protowire.AppendTag(dst, fieldKind, protowire.VarintType)
	dst = protowire.AppendVarint(dst, uint64(kindOf(d.name))) //nolint:gosec // a small number
	dst = appendTime(dst, fieldBegun, d.begun)
	dst = appendTime(dst, fieldEnded, d.ended)
	dst = d.facts.append(dst)
	if d.linked {
		var link int
		dst, link = open(dst, fieldLinks)
		dst = appendBytes(dst, fieldLinkTrace, d.link.trace[:])
		dst = appendBytes(dst, fieldLinkSpan, d.link.span[:])
		linkFlags := uint32(flagKnown)
		if d.link.sampled {
			linkFlags |= flagSampled
		}
		dst = protowire.AppendTag(dst, fieldLinkFlags, protowire.Fixed32Type)
		dst = closed(protowire.AppendFixed32(dst, linkFlags), link)
	}
	dst = protowire.AppendTag(dst, fieldFlags, protowire.Fixed32Type)
	return closed(protowire.AppendFixed32(dst, flags), at)
}

// append appends the attributes of a span.
func (f *Facts) append(dst []byte) []byte {
	operation, typ, _ := strings.Cut(f.Operation, " ")
	for _, w := range [...]struct{ key, value string }{
		{"veil.operation", operation}, {"veil.resource.type", typ}, {"veil.outcome", f.Outcome}, {"veil.reason", f.Reason},
		{"veil.view", f.View}, {"veil.ruleset.sha256", f.Ruleset},
	} {
		if w.value == "" {
			continue
		}
		var attribute, value int
		dst, attribute = open(dst, fieldAttributes)
		dst = appendText(dst, fieldKey, w.key)
		dst, value = open(dst, fieldValue)
		dst = closed(appendText(dst, fieldString, fixed(w.value)), value)
		dst = closed(dst, attribute)
	}
	for _, c := range [...]struct {
		key string
		n   uint64
	}{
		{"http.response.status_code", uint64(max(f.Status, 0))}, {"veil.resources", f.Resources}, {"veil.applications", f.Applications},
	} {
		if c.n == 0 {
			continue
		}
		var attribute, value int
		dst, attribute = open(dst, fieldAttributes)
		dst = appendText(dst, fieldKey, c.key)
		dst, value = open(dst, fieldValue)
		dst = protowire.AppendTag(dst, fieldInt, protowire.VarintType)
		dst = closed(protowire.AppendVarint(dst, c.n), value)
		dst = closed(dst, attribute)
	}
	return dst
}

// open begins a message within another one, and closed ends it: its length precedes it,
// always in two bytes, which are enough for the contents of a span.
func open(dst []byte, field protowire.Number) ([]byte, int) {
	dst = protowire.AppendTag(dst, field, protowire.BytesType)
	return append(dst, 0, 0), len(dst) + 2
}

func closed(dst []byte, at int) []byte {
	n := len(dst) - at
	dst[at-2], dst[at-1] = byte(n&0x7f|0x80), byte(n>>7)
	return dst
}

func appendBytes(dst []byte, field protowire.Number, b []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(dst, field, protowire.BytesType), b)
}

func appendText(dst []byte, field protowire.Number, s string) []byte {
	return protowire.AppendString(protowire.AppendTag(dst, field, protowire.BytesType), s)
}

func appendTime(dst []byte, field protowire.Number, t time.Time) []byte {
	dst = protowire.AppendTag(dst, field, protowire.Fixed64Type)
	return binary.LittleEndian.AppendUint64(dst, uint64(max(t.UnixNano(), 0))) //nolint:gosec // not negative
}

// longest bounds a word.
const longest = 128

var fixedBytes = func() (t [256]bool) {
	for _, c := range "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 $._@-,/()" {
		t[c] = true
	}
	return t
}()

// fixed returns a text that has the form of fixed words in the code or of a configured
// name, and "other" for anything else.
func fixed(s string) string {
	if len(s) > longest {
		return "other"
	}
	for i := range len(s) {
		if !fixedBytes[s[i]] {
			return "other"
		}
	}
	return s
}
