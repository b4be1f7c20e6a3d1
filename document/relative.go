package document

import (
	"errors"
	"fmt"
	"strings"
)

// Relative is a path from the object that contains a value to another value. Arrays do
// not count as steps: they stand for their elements.
type Relative struct {
	// Root says that the path begins at the outermost object; otherwise it begins Up
	// objects further out.
	Root bool
	Up   int
	// Names are the steps from there to the value.
	Names []Name
}

// Name is a step of a Relative path.
type Name struct {
	Text string
	// Attribute and Space are for XML: whether it is an attribute, and the namespace of
	// its prefix. Without Space, an element may be in any known namespace.
	Attribute bool
	Space     *string
}

// parseRelative reads a relative path: id, ../id, ../patient/id, ../['odd name'], @id, or
// one from the outermost object: /patient/id, $.patient.id, $[*].patient.id.
func parseRelative(s string, spaces Namespaces) (*Relative, error) {
	if strings.HasPrefix(s, "$") {
		return rootRelative(s)
	}
	r := &Relative{}
	rest, root := strings.CutPrefix(s, "/")
	r.Root = root
	for !root && strings.HasPrefix(rest, "../") {
		r.Up++
		rest = rest[len("../"):]
	}
	for {
		name, tail, err := relativeName(rest, spaces)
		if err != nil {
			return nil, err
		}
		r.Names = append(r.Names, name)
		if tail == "" {
			return r, nil
		}
		if tail[0] != '/' || name.Attribute {
			return nil, errors.New("expected names with / between them, such as ../patient/id")
		}
		rest = tail[1:]
	}
}

// rootRelative reads a path of JSON that selects at most one value per record.
func rootRelative(s string) (*Relative, error) {
	p, err := parseJSONPath(s)
	if err != nil {
		return nil, err
	}
	r := &Relative{Root: true}
	for i, st := range p.steps {
		switch {
		case i == 0 && st.kind == anyChild && !st.descendant: // the record itself
		case st.kind != literal || st.descendant:
			return nil, errors.New("a path to a neighbouring value consists of names only, such as $.patient.id or ../id")
		default:
			r.Names = append(r.Names, Name{Text: st.name})
		}
	}
	if len(r.Names) == 0 {
		return nil, errors.New("expected a name")
	}
	return r, nil
}

// relativeName reads the first name of s and returns what follows it.
func relativeName(s string, spaces Namespaces) (n Name, tail string, err error) {
	if strings.HasPrefix(s, "['") || strings.HasPrefix(s, `["`) {
		p := &jsonPath{text: s}
		var st step
		err = p.bracket(&st)
		return Name{Text: st.name}, p.rest(), err
	}
	end := strings.IndexByte(s, '/')
	if end < 0 {
		end = len(s)
	}
	text, tail := s[:end], s[end:]
	switch {
	case text == "" || text == ".":
		return n, tail, errors.New("expected a name")
	case text == "..":
		return n, tail, errors.New(".. is allowed only at the start of a path, followed by a name")
	case strings.ContainsAny(text, "*?[]()|$"):
		return n, tail, fmt.Errorf("a path to a neighbouring value consists of names only: write %s", `['…'] for a name with other characters`)
	}
	n.Text, n.Attribute = strings.CutPrefix(text, "@")
	if prefix, local, ok := strings.Cut(n.Text, ":"); ok {
		uri, known := spaces[prefix]
		if !known {
			return n, tail, fmt.Errorf("unknown prefix %q: declare namespaces under documents.namespaces, and write other names with a colon as ['…']", prefix)
		}
		n.Space, n.Text = &uri, local
	} else if n.Attribute {
		none := ""
		n.Space = &none
	}
	if n.Text == "" {
		return n, tail, errors.New("expected a name")
	}
	return n, tail, nil
}
