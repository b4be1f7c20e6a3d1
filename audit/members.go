package audit

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/veil-proxy/veil/mask"
)

// appendMembers appends the members of a line that come between its number and its hash,
// each with a comma before it, as encoding/json writes them. A response waits for its
// record, which has about sixty applications, so this encoder is written by hand for
// speed. A test compares it with encoding/json.
func (l *Line) appendMembers(dst []byte) []byte {
	dst, _ = l.appendRecord(dst, nil)
	return dst
}

// appendRecord appends the members of a line with uses for the line's own applications, if
// there are any, and returns where these begin and end.
func (l *Line) appendRecord(dst []byte, used []mask.Use) (_ []byte, applied [2]int) {
	dst = appendText(dst, "kind", l.Kind)
	dst = append(dst, `,"time":"`...)
	dst = append(l.Time.UTC().AppendFormat(dst, time.RFC3339Nano), '"')
	dst = appendNumber(dst, "version", int64(l.Version))
	for _, m := range [...]struct{ name, text string }{
		{"requestId", l.RequestID}, {"consumer", l.Consumer}, {"client", l.Client}, {"project", l.Project}, {"door", l.Door},
		{"operation", l.Operation}, {"statement", l.Statement},
	} {
		dst = appendTextOrNone(dst, m.name, m.text)
	}
	if len(l.Relations) > 0 {
		dst = append(dst, `,"relations":[`...)
		for i, name := range l.Relations {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendString(dst, name)
		}
		dst = append(dst, ']')
	}
	for _, m := range [...]struct{ name, text string }{
		{"run", l.Run}, {"program", l.Program}, {"file", l.File}, {"fileName", l.FileName}, {"inputDigest", l.InputDigest}, {"outputDigest", l.OutputDigest},
		{"result", l.Result}, {"reason", l.Reason}, {"ruleset", l.Ruleset}, {"rulesetSha256", l.RulesetSHA256}, {"keyFingerprint", l.KeyFingerprint},
	} {
		dst = appendTextOrNone(dst, m.name, m.text)
	}
	if len(l.Resources) > 0 {
		dst = append(dst, `,"resources":[`...)
		for i, c := range l.Resources {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendString(append(dst, `{"name":`...), c.Name)
			dst = append(strconv.AppendUint(append(dst, `,"n":`...), c.N, 10), '}')
		}
		dst = append(dst, ']')
	}
	if len(used) > 0 {
		applied[0] = len(dst)
		dst = append(dst, appliedMember...)
		for i := range used {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = used[i].AppendJSON(dst)
		}
		dst = append(dst, ']')
		applied[1] = len(dst)
	} else if len(l.Applied) > 0 {
		dst = append(dst, appliedMember...)
		for i := range l.Applied {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendApplication(dst, &l.Applied[i])
			dst = append(strconv.AppendUint(dst, l.Applied[i].N, 10), '}')
		}
		dst = append(dst, ']')
	}
	if len(l.Found) > 0 {
		dst = append(dst, `,"found":[`...)
		for i := range l.Found {
			f := &l.Found[i]
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendString(append(dst, `{"detector":`...), f.Detector)
			dst = appendText(dst, "label", f.Label)
			dst = append(strconv.AppendUint(append(dst, `,"n":`...), f.N, 10), '}')
		}
		dst = append(dst, ']')
	}
	dst = appendNumber(dst, "durationMicros", l.DurationMicros)
	for _, m := range [...]struct{ name, text string }{
		{"resource", l.Resource}, {"path", l.Path}, {"rule", l.Rule}, {"outcome", l.Outcome},
	} {
		dst = appendTextOrNone(dst, m.name, m.text)
	}
	dst = appendNumber(dst, "tornBytes", l.TornBytes)
	dst = appendNumber(dst, "prunedSeq", int64(l.PrunedSeq)) //nolint:gosec // lines are numbered from 1
	return appendTextOrNone(dst, "prunedHash", l.PrunedHash), applied
}

// appendApplication appends an application up to its count.
func appendApplication(dst []byte, a *mask.Applied) []byte {
	dst = appendString(append(dst, `{"rule":`...), a.Rule)
	dst = appendTextOrNone(dst, "category", a.Category)
	dst = appendText(dst, "path", a.Path)
	dst = appendText(dst, "method", a.Method)
	return append(dst, beforeCount...)
}

const appliedMember = `,"applied":[`

func appendText(dst []byte, name, text string) []byte {
	dst = append(append(append(dst, ',', '"'), name...), '"', ':')
	return appendString(dst, text)
}

// appendTextOrNone omits an empty member.
func appendTextOrNone(dst []byte, name, text string) []byte {
	if text == "" {
		return dst
	}
	return appendText(dst, name, text)
}

// appendNumber omits a zero.
func appendNumber(dst []byte, name string, n int64) []byte {
	if n == 0 {
		return dst
	}
	dst = append(append(append(dst, ',', '"'), name...), '"', ':')
	return strconv.AppendInt(dst, n, 10)
}

// appendString appends a JSON string, by encoding/json if the text is not plain.
func appendString(dst []byte, s string) []byte {
	if !isPlain(s) {
		b, _ := json.Marshal(s) // encoding a string cannot fail
		return append(dst, b...)
	}
	return append(append(append(dst, '"'), s...), '"')
}

// isPlain reports whether a text needs no escapes in a JSON string.
func isPlain(s string) bool {
	for i := range len(s) {
		if !plain[s[i]] {
			return false
		}
	}
	return true
}

var plain = func() (t [256]bool) {
	for c := byte(0x20); c < 0x7f; c++ {
		t[c] = c != '"' && c != '\\' && c != '<' && c != '>' && c != '&'
	}
	return t
}()
