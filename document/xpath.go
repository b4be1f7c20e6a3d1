package document

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/internal/suggest"
)

// Namespaces that every ruleset knows, by their usual prefixes.
var knownNamespaces = map[string]string{
	"xml": "http://www.w3.org/XML/1998/namespace",
	"xsi": "http://www.w3.org/2001/XMLSchema-instance",
}

// Namespaces are the namespaces of XML that paths know, by prefix.
type Namespaces map[string]string

// newNamespaces adds those of a ruleset to the ones that are always known.
func newNamespaces(own map[string]string) (Namespaces, error) {
	out := maps.Clone(Namespaces(knownNamespaces))
	for _, prefix := range slices.Sorted(maps.Keys(own)) {
		uri := own[prefix]
		switch known := knownNamespaces[prefix]; {
		case !ncName.MatchString(prefix) || strings.HasPrefix(strings.ToLower(prefix), "xml") && known != uri:
			return nil, fmt.Errorf("namespaces: %q cannot be a prefix", prefix)
		case uri == "" || uri == "http://www.w3.org/2000/xmlns/" || known == "" && slices.Contains(slices.Collect(maps.Values(knownNamespaces)), uri):
			return nil, fmt.Errorf("namespaces: %s: %q cannot be used as a namespace", prefix, uri)
		}
		for other, u := range out {
			if u == uri && other != prefix {
				return nil, fmt.Errorf("namespaces: %s and %s are the same namespace: name it once", min(prefix, other), max(prefix, other))
			}
		}
		out[prefix] = uri
	}
	return out, nil
}

// Prefix returns the prefix of a namespace, and whether the namespace is known.
func (n Namespaces) Prefix(uri string) (string, bool) {
	for prefix, u := range n {
		if u == uri {
			return prefix, true
		}
	}
	return "", false
}

const (
	nameStart = `A-Z_a-z\x{C0}-\x{D6}\x{D8}-\x{F6}\x{F8}-\x{2FF}\x{370}-\x{37D}\x{37F}-\x{1FFF}\x{200C}-\x{200D}\x{2070}-\x{218F}\x{2C00}-\x{2FEF}\x{3001}-\x{D7FF}\x{F900}-\x{FDCF}\x{FDF0}-\x{FFFD}\x{10000}-\x{EFFFF}`
	nameChar  = nameStart + `.0-9\x{B7}\x{0300}-\x{036F}\x{203F}-\x{2040}-`
)

var (
	// ncName is a name without a colon (Namespaces in XML 1.0, 3).
	ncName = regexp.MustCompile(`^[` + nameStart + `][` + nameChar + `]*$`)
	// ncPattern is such a name with * and ?.
	ncPattern = regexp.MustCompile(`^[` + nameStart + `*?][` + nameChar + `*?]*$`)
)

// parseXPath reads a path of XML: the part of XPath that selects elements, attributes and
// text by name, plus patterns of * and ? in names.
func parseXPath(s string, spaces Namespaces) (*Path, error) {
	if s == "" || s[0] != '/' {
		return nil, errors.New("a path of XML begins with /")
	}
	out := &Path{xml: true}
	for rest := s; rest != ""; {
		var st step
		rest = rest[1:]
		if strings.HasPrefix(rest, "/") {
			st.descendant, rest = true, rest[1:]
		}
		end := strings.IndexByte(rest, '/')
		if end < 0 {
			end = len(rest)
		}
		if err := st.parseXML(rest[:end], spaces); err != nil {
			return nil, err
		}
		if n := len(out.steps); n > 0 && out.steps[n-1].leaf() {
			return nil, errors.New("an attribute or text() has nothing below it")
		}
		out.steps = append(out.steps, st)
		rest = rest[end:]
	}
	switch first := out.steps[0]; {
	case len(out.steps) > maxSteps:
		return nil, fmt.Errorf("the path has more than %d steps", maxSteps)
	case first.leaf() && !first.descendant:
		return nil, errors.New("a path of XML begins with an element")
	}
	return out, nil
}

func (st *step) parseXML(s string, spaces Namespaces) error {
	switch {
	case s == "":
		return errors.New("expected a name after the slash")
	case s == "text()":
		st.kind = text
		return nil
	case s == "." || s == "..":
		return fmt.Errorf("%s is not supported in a match: use entity, birth and the like for neighbouring values", s)
	case strings.Contains(s, "::"):
		return fmt.Errorf("the axis %s is not supported", s[:strings.Index(s, "::")+2])
	case strings.ContainsRune(s, '['):
		return errors.New("predicates […] are not supported: use where")
	case strings.HasSuffix(s, ")"):
		return fmt.Errorf("%s is not supported: comments and processing instructions are always removed", s)
	case strings.ContainsAny(s, "|"):
		return errors.New("alternatives | are not supported: list two paths")
	}
	s, st.attribute = strings.CutPrefix(s, "@")
	if prefix, local, ok := strings.Cut(s, ":"); ok {
		uri, known := spaces[prefix]
		if !known {
			return fmt.Errorf("unknown prefix %q%s: declare namespaces under documents.namespaces", prefix, suggest.DidYouMean(prefix, slices.Sorted(maps.Keys(spaces))))
		}
		st.space, s = &uri, local
	} else if st.attribute {
		none := ""
		st.space = &none
	}
	switch {
	case s == "*":
		st.kind = anyChild
	case ncName.MatchString(s):
		st.kind, st.name = literal, s
	case ncPattern.MatchString(s):
		st.kind, st.name = pattern, s
	default:
		return fmt.Errorf("%q is not a name of XML", s)
	}
	if len(s) > maxName {
		return fmt.Errorf("a name has more than %d bytes", maxName)
	}
	return nil
}
