package rows

import (
	"bytes"
	"crypto/md5" //nolint:gosec // SQL's md5 of masked values, which protects nothing
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/veil-proxy/veil/table"
)

// A composed column is a text that is made of masked values, as by SQL's concat or lower.
// PostgreSQL has no masked values, so it sends a record of the parts, and Veil computes what
// the statement computes. A part is a text: a wrapper's, or behind a plus sign one that
// holds no original, or nothing for NULL.

// Composed is how the values of a composed column are made.
type Composed struct {
	Parts []Part
	Step  *Step
}

// Part is a part of a composed value.
type Part struct {
	// Masking masks the wrapper that the part may be; nil where it is none. Composed says
	// that the wrapper is a composed one in turn.
	Masking  *table.Masking
	Composed *Composed
	Action   int
	// Clear: the part may be a text that holds no original.
	Clear bool
}

// Step computes a text: of a part, or by a function of other steps.
type Step struct {
	Part     int
	Function string
	Of       []*Step
	// Numbers are the arguments of the function that are no texts.
	Numbers []int
}

// Same reports whether two columns are composed alike.
func (c *Composed) Same(o *Composed) bool {
	if c == nil || o == nil {
		return c == o
	}
	return c.Step.same(o.Step) && slices.EqualFunc(c.Parts, o.Parts, func(p, q Part) bool {
		return p.Clear == q.Clear && p.Action == q.Action && p.Composed.Same(q.Composed) &&
			(p.Masking == nil) == (q.Masking == nil) && (p.Masking == nil || p.Masking.Same(q.Masking))
	})
}

func (s *Step) same(o *Step) bool {
	return s.Part == o.Part && s.Function == o.Function && slices.Equal(s.Numbers, o.Numbers) && slices.EqualFunc(s.Of, o.Of, (*Step).same)
}

// clearPart begins a part that holds no original.
const clearPart = '+'

// MostParts is how many parts a composed value may have.
const MostParts = maxMembers - 1

// composer computes the values of a composed column.
type composer struct {
	*Composed
	parts  []cell
	read   wrapperReader
	values []*string
}

func newComposer(c *Composed) *composer {
	out := &composer{Composed: c, parts: make([]cell, len(c.Parts)), values: make([]*string, len(c.Parts))}
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
	for i, p := range o.Parts {
		src := o.read.members[i+1]
		o.values[i] = nil
		switch {
		case len(src) == 0:
		case src[0] == clearPart && p.Clear && !Tainted(src):
			s := string(src[1:])
			o.values[i] = &s
		case p.Masking == nil:
			return ErrTaint
		default:
			masked, null, err := m.mask(nil, src, &o.parts[i])
			if err != nil {
				return err
			}
			if s := string(masked); !null {
				o.values[i] = &s
			}
		}
	}
	e.Null = true
	if s := o.Step.text(o.values); s != nil {
		e.Masked, e.Null = m.encode(e.Masked[:0], c.shown, []byte(*s), c.binary)
		e.Null = !e.Null
	}
	e.Used = true
	return nil
}

// text is what a step computes; nil is NULL.
func (s *Step) text(parts []*string) *string {
	if s.Function == "" {
		return parts[s.Part]
	}
	args := make([]*string, len(s.Of))
	for i, a := range s.Of {
		args[i] = a.text(parts)
	}
	var out string
	switch s.Function {
	case "concat":
		return joined("", args)
	case "concat_ws":
		if args[0] == nil {
			return nil
		}
		return joined(*args[0], args[1:])
	}
	if slices.Contains(args, nil) {
		return nil
	}
	switch first := *args[0]; s.Function {
	case "||":
		out = first + *args[1]
	case "lower":
		out = strings.ToLower(first)
	case "upper":
		out = strings.ToUpper(first)
	case "replace":
		out = first
		if *args[1] != "" {
			out = strings.ReplaceAll(first, *args[1], *args[2])
		}
	case "btrim":
		out = strings.Trim(first, " ")
	case "ltrim":
		out = strings.TrimLeft(first, " ")
	case "rtrim":
		out = strings.TrimRight(first, " ")
	case "left":
		out = cut(first, 0, fromEnd(s.Numbers[0], first))
	case "right":
		n := utf8.RuneCountInString(first)
		out = cut(first, n-fromEnd(s.Numbers[0], first), n)
	case "substr":
		end := utf8.RuneCountInString(first)
		if len(s.Numbers) > 1 {
			end = min(end, s.Numbers[0]-1+s.Numbers[1])
		}
		out = cut(first, s.Numbers[0]-1, end)
	case "length":
		out = strconv.Itoa(utf8.RuneCountInString(first))
	case "octet_length":
		out = strconv.Itoa(len(first))
	case "md5":
		sum := md5.Sum([]byte(first)) //nolint:gosec // see the import
		out = hex.EncodeToString(sum[:])
	}
	return &out
}

// joined joins the texts that are not NULL.
func joined(between string, args []*string) *string {
	var all []string
	for _, a := range args {
		if a != nil {
			all = append(all, *a)
		}
	}
	out := strings.Join(all, between)
	return &out
}

// fromEnd is a number of characters, of which a negative one leaves out as many.
func fromEnd(n int, s string) int {
	if n < 0 {
		n += utf8.RuneCountInString(s)
	}
	return max(n, 0)
}

// cut returns the characters from one place to another, both within the text.
func cut(s string, from, to int) string {
	runes := []rune(s)
	from, to = max(from, 0), min(to, len(runes))
	if from >= to {
		return ""
	}
	return string(runes[from:to])
}
