package xml

import (
	"encoding/xml"
	"errors"
	"io"

	"github.com/veil-proxy/veil/document"
)

// shapeBytes is how much of a file is read to find its places.
const shapeBytes = 8 << 20

// Shapes returns the places of the values at the beginning of the file, with what becomes
// of them.
func (d *xmlFile) Shapes() ([]document.Shape, error) {
	in := &io.LimitedReader{R: d.in, N: shapeBytes}
	s := d.plan.XML.NewShapes(d.names)
	m := s.Masker()
	type open struct {
		path  string
		node  *document.Node
		named bool
	}
	stack := []open{{"", m.Root(), true}}
	decoder := xml.NewDecoder(in)
	for {
		token, err := decoder.Token()
		switch {
		case errors.Is(err, io.EOF), err != nil && in.N == 0:
			return s.List(), nil
		case err != nil:
			return s.List(), errors.New("not well-formed XML")
		}
		top := stack[len(stack)-1]
		switch k := token.(type) {
		case xml.Directive:
			return s.List(), errors.New("document type and entity declarations are refused")
		case xml.StartElement:
			n := m.Child(top.node, false, k.Name.Space, []byte(k.Name.Local))
			one := open{top.path + "/" + s.Name(k.Name.Local), n, top.named && n.NamePasses()}
			stack = append(stack, one)
			for _, a := range k.Attr {
				if a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns" {
					continue
				}
				at := m.Child(n, true, a.Name.Space, []byte(a.Name.Local))
				s.Add(one.path+"/@"+s.Name(a.Name.Local), at, at.Decision(), one.named && at.NamePasses())
			}
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			if t := (&node{text: k}); len(stack) == 1 || t.isSpace() {
				continue
			}
			d := top.node.Decision()
			if own := m.Text(top.node).Decision(); own != nil {
				d = own
			}
			s.Add(top.path, top.node, d, top.named)
		}
	}
}
