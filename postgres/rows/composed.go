package rows

import (
	"bytes"
	"slices"

	"github.com/veil-proxy/veil/table"
)

// A composed column has values that are computed from masked ones, for instance by SQL's
// concat, array_agg or json_build_object. PostgreSQL does not have the masked values, so
// it sends a record of the parts, and Veil computes what the statement computes. A part
// is a text: a wrapper's, or behind a plus sign one that holds no original, or nothing
// for NULL. A list is an array of such texts.

// Composed says how the values of a composed column are made.
type Composed struct {
	Parts []Part
	Step  *Step
}

// Part is a part of a composed value.
type Part struct {
	// Masking masks the wrapper that the part may be; nil if it cannot be one. Composed is
	// set if the wrapper is itself composed.
	Masking  *table.Masking
	Composed *Composed
	Action   int
	// Clear reports that the part may be a text that contains no original.
	Clear bool
	// List reports that the part is an array of such parts.
	List bool
}

// Same reports whether two columns are composed alike.
func (c *Composed) Same(o *Composed) bool {
	if c == nil || o == nil {
		return c == o
	}
	return c.Step.same(o.Step) && slices.EqualFunc(c.Parts, o.Parts, func(p, q Part) bool {
		return p.Clear == q.Clear && p.List == q.List && p.Action == q.Action && p.Composed.Same(q.Composed) &&
			(p.Masking == nil) == (q.Masking == nil) && (p.Masking == nil || p.Masking.Same(q.Masking))
	})
}

// clearPart begins a part that contains no original.
const clearPart = '+'

// MostParts is the maximum number of parts of a composed value.
const MostParts = 120

// composer computes the values of a composed column.
type composer struct {
	*Composed
	parts  []cell
	read   wrapperReader
	values []datum
}

func newComposer(c *Composed) *composer {
	out := &composer{Composed: c, parts: make([]cell, len(c.Parts)), values: make([]datum, len(c.Parts))}
	for i, p := range c.Parts {
		if p.Masking != nil {
			out.parts[i] = newCell(p.Masking, p.Composed, p.Action)
		}
	}
	return out
}

// compose computes the value of a record that the composer has read into an entry of a memo.
func (m *Masker) compose(e *table.Remembered, c *cell) error {
	o := c.composed
	if o.read.n != 1+len(o.Parts) || !bytes.Equal(o.read.members[0], m.plan.Tag) {
		return ErrTaint
	}
	for i := range o.Parts {
		var err error
		if o.values[i], err = m.part(o.read.members[i+1], o, i); err != nil {
			return err
		}
	}
	e.Null = true
	if v := o.Step.value(o.values); v.text != nil {
		e.Masked, e.Null = m.encode(e.Masked[:0], c.shown, []byte(*v.text), c.binary)
		e.Null = !e.Null
	}
	e.Used = true
	return nil
}

// part reads a part of a record.
func (m *Masker) part(src []byte, o *composer, i int) (datum, error) {
	if !o.Parts[i].List || len(src) == 0 {
		text, err := m.single(src, o, i)
		return datum{text: text}, err
	}
	elements, ok := ParseArray(src)
	if !ok {
		return datum{}, ErrTaint
	}
	out := datum{list: make([]*string, len(elements)), isList: true}
	for k, e := range elements {
		if e == nil {
			continue
		}
		var err error
		if out.list[k], err = m.single(e, o, i); err != nil {
			return datum{}, err
		}
	}
	return out, nil
}

// single returns the masked text of a part, or of an element of one; nil is NULL.
func (m *Masker) single(src []byte, o *composer, i int) (*string, error) {
	p := &o.Parts[i]
	switch {
	case len(src) == 0:
		return nil, nil
	case src[0] == clearPart && p.Clear && !Tainted(src):
		s := string(src[1:])
		return &s, nil
	case p.Masking == nil:
		return nil, ErrTaint
	}
	masked, null, err := m.mask(nil, src, &o.parts[i])
	if err != nil || null {
		return nil, err
	}
	s := string(masked)
	return &s, nil
}
