package rows

import (
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/table"
)

// Layout describes the parameters that Veil binds for one statement, and the columns of
// the rows that come back. It is immutable.
type Layout struct {
	// Columns are the columns of the result, in order; nil if the statement returns no
	// rows.
	Columns []Column
	// Params are the statement's parameters, from $1.
	Params []Param
	// Actions numbers the rules that act. A mask.Pass is created from it.
	Actions *mask.Plan
	// Tag is the tag of the statement's wrappers.
	Tag []byte
	// Explain reports that the rows are lines of EXPLAIN, and Costs that they have costs
	// and row counts. Of these, only the order of magnitude is shown if Estimates is set,
	// and constants otherwise.
	Explain, Costs, Estimates bool
	// Copy is the format of the rows if the statement is a COPY; otherwise nil.
	Copy *CopyFormat
	// Clear are the columns of relations that the statement reads unmasked.
	Clear map[Origin]bool
}

// Column is one column of a result.
type Column struct {
	Name string
	// Type, Size and Modifier describe a keyed column in RowDescription.
	Type     uint32
	Size     int16
	Modifier int32

	// Masking says how a keyed column is masked; nil for others.
	Masking *table.Masking
	// Composed is set if the values are composed of several masked ones.
	Composed *Composed
	Origin   Origin
	// Source is the column of a relation that PostgreSQL would name in RowDescription for
	// this column if the tables were stored masked, if any.
	Source Origin
	// Bare reports that the original comes without a wrapper.
	Bare bool
	// Action is the number of the rule that acts, or -1.
	Action int
}

// Keyed reports whether Veil masks the column in the row: the upstream sends a wrapper, or
// the original itself. Request it in text format, and send the client Type, Size and
// Modifier.
func (c *Column) Keyed() bool { return c.Masking != nil }

// Param is a parameter of a statement.
type Param struct {
	// Sealed reports that the parameter is compared with a sealed column: it is
	// declared upstream as Type (text or text[]), whatever type the client gave,
	// and its value goes through AppendParam at Bind.
	Sealed bool
	Type   uint32

	// Domain is the domain of the pseudonym, and Shadow says how its original compares.
	Domain string
	Shadow ShadowKind
	Array  bool
	// Nulls reports that an element that does not open becomes NULL instead of being left
	// out.
	Nulls bool
}

// Origin identifies a column of a relation.
type Origin struct {
	Table  uint32
	Column int16
}
