package table

import (
	"fmt"
	"slices"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/mask/ruleset"
)

// Masking says how the values of one column are masked: by which method, and with which
// other values of the row. It is immutable.
type Masking struct {
	Method mask.Method
	// Action names the rule, for the record.
	Action mask.Action
	// Class is equal for columns whose values are masked alike: given the same neighbours,
	// the same original has the same masked value in both.
	Class string
	// As is the type with which the value is passed to the method.
	As mask.Type
	// Type is the type of masked values. A date that is truncated to a year or month stays
	// a date: its first day.
	Type Type
	// Array reports that a value is an array of texts, which are masked one by one.
	Array bool

	Neighbours
	// Known are the columns of the row with known values of the people that a text may
	// name. PerKnown says that the method needs them; the masked value is then not
	// remembered here, because the method counts what it finds.
	Known    []ruleset.KnownColumn
	PerKnown bool
	// Related are rows of other tables with further known values.
	Related []Related
	// collects says that the column is read for related rows, and not masked.
	collects []collected
	// Prefix, such as "Patient/", precedes the entity's value in the name of the person that
	// a row is about.
	Prefix string
}

// Queues reports whether queueing pays: the method is a mask.Queuer, and the processor
// computes several hashes in parallel.
func (m *Masking) Queues() bool {
	_, ok := m.Method.(mask.Queuer)
	return ok && keys.LanesPay()
}

// Same reports whether values of both may be in one column: they are masked alike and
// use the same kinds of neighbours.
func (m *Masking) Same(o *Masking) bool {
	return m.Class == o.Class && m.Array == o.Array && m.Prefix == o.Prefix && m.has() == o.has() &&
		slices.EqualFunc(m.Known, o.Known, sameKind) && slices.EqualFunc(m.Related, o.Related, Related.same)
}

// Names returns the columns that the method needs besides its own: those of
// Neighbours.Names and, after all five of them, those of Known and those that identify
// the rows of Related.
func (m *Masking) Names() []string {
	if len(m.Known) == 0 && len(m.Related) == 0 {
		return m.Neighbours.Names()
	}
	all := m.all()
	names := all[:]
	for _, k := range m.Known {
		names = append(names, k.Column)
	}
	for _, r := range m.Related {
		names = append(names, r.by)
	}
	return names
}

// Neighbours names the other columns of a row that a method may need; a name is empty
// if there is none.
type Neighbours struct {
	Entity, Birth, Death, Country, Unit string
}

// neighbours is their number. mostBeside is how many columns a method may need.
const (
	neighbours = 5
	mostBeside = neighbours + ruleset.MostKnown + ruleset.MostRelated
)

func (n *Neighbours) all() [neighbours]string {
	return [neighbours]string{n.Entity, n.Birth, n.Death, n.Country, n.Unit}
}

func (n *Neighbours) has() (out [neighbours]bool) {
	for i, name := range n.all() {
		out[i] = name != ""
	}
	return out
}

// Names returns the columns in order: entity, birth, death, country, unit. A name is
// empty if there is none; empty names at the end are left out.
func (n *Neighbours) Names() []string {
	all := n.all()
	names := all[:]
	for len(names) > 0 && names[len(names)-1] == "" {
		names = names[:len(names)-1]
	}
	return names
}

// Applier applies maskings to values. It belongs to one pass and is not safe for
// concurrent use.
type Applier struct {
	in     mask.Input
	entity []byte
	// alone: in has only the type of a masking, and nothing of a row.
	alone bool
	known knownRow
}

// NewApplier returns an applier with the hash states and the counts of a pass.
func NewApplier(pass *mask.Pass) *Applier {
	return &Applier{in: mask.Input{Keys: pass.Keys, Found: &pass.Found}}
}

// Row sets the neighbours of the next values. values are those of m.Names(), in that
// order; an empty or nil one is unknown. They must not change until the last Append of
// the row.
func (a *Applier) Row(m *Masking, values [][]byte) {
	in, alone := &a.in, len(values) == 0 && !m.PerKnown
	if alone && a.alone {
		in.Type = m.As
		return
	}
	*in = mask.Input{Keys: in.Keys, Found: in.Found, Type: m.As}
	a.alone = alone
	for i, name := range m.all() {
		if name == "" || i >= len(values) || len(values[i]) == 0 {
			continue
		}
		v := values[i]
		switch i {
		case 0:
			a.entity = append(append(a.entity[:0], m.Prefix...), v...)
			in.Entity = a.entity
		case 1:
			in.Birth = v
		case 2:
			in.Death, in.Dead = v, true
		case 3:
			in.Country = v
		case 4:
			in.Unit = v
		}
	}
	if m.PerKnown {
		in.Known = a.known.of(m, values)
	}
}

// Queue queues the keyed hashes that Append will need for a value, so that they are
// computed together with those of other rows. It does nothing for a method that is not a
// mask.Queuer.
func (a *Applier) Queue(src []byte, m *Masking) {
	if q, ok := m.Method.(mask.Queuer); ok {
		q.Queue(src, &a.in)
	}
}

// Append appends the masked form of one value, or of one element of an array. ok is false
// if the result is NULL. src is neither changed nor kept. The error contains no value.
func (a *Applier) Append(dst, src []byte, m *Masking) (out []byte, ok bool, err error) {
	from := len(dst)
	dst, outcome, err := m.Method.Append(dst, src, &a.in)
	switch {
	case err != nil:
		return dst[:from], false, fmt.Errorf("column %s: method %s failed", m.Action.Path, m.Action.Method)
	case outcome == mask.Kept:
		dst = append(dst, src...)
	case outcome != mask.Replaced:
		return dst, false, nil
	}
	if m.Type.IsTime() {
		dst = appendFirst(dst, len(dst)-from, m.Type)
	}
	return dst, true, nil
}

// appendFirst completes a date that was truncated to a year or month, in the last n bytes
// of dst, to its first moment.
func appendFirst(dst []byte, n int, t Type) []byte {
	switch n {
	case len("2006"):
		dst = append(dst, "-01-01"...)
	case len("2006-01"):
		dst = append(dst, "-01"...)
	default:
		return dst
	}
	switch t {
	case Timestamp:
		dst = append(dst, " 00:00:00"...)
	case TimestampTZ:
		dst = append(dst, " 00:00:00+00"...)
	}
	return dst
}
