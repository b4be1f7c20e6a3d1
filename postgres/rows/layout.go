package rows

import (
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/table"
)

// Layout is what passes between Veil and the upstream for one statement: the parameters
// that are bound, and the columns of the rows that come back. It is immutable.
type Layout struct {
	// Columns are the result's, in order; nil where the statement has no rows.
	Columns []Column
	// Params are the statement's $1 and following.
	Params []Param
	// Actions are the rules that act, by number: a mask.Pass is made of it.
	Actions *mask.Plan
	// tag is the mark of the statement's wrappers.
	Tag []byte
	// Explain: the rows are lines of EXPLAIN. Costs: with costs and numbers of rows, of
	// which Estimates shows the order of magnitude, and no more; otherwise constants.
	Explain, Costs, Estimates bool
	// copy is how COPY writes the rows, if it does.
	Copy *CopyFormat
	// clear are the columns of relations that the statement reads as they are.
	Clear map[Origin]bool
}

// Column is one column of a result.
type Column struct {
	Name string
	// Type, Size and Modifier are what RowDescription says of a keyed column.
	Type     uint32
	Size     int16
	Modifier int32

	// masking is how a keyed column is masked; nil for others.
	Masking *table.Masking
	// Composed is set where the values are made of several masked ones.
	Composed *Composed
	Origin   Origin
	// bare: the original comes, and no wrapper.
	Bare bool
	// action is the number of the rule that acts, or -1.
	Action int
}

// Keyed reports that Veil masks the column in the row: the upstream sends a wrapper in it,
// or the original itself. Ask for it in text format, and give the client Type, Size and
// Modifier.
func (c *Column) Keyed() bool { return c.Masking != nil }

// Param is a parameter of a statement.
type Param struct {
	// Sealed reports that the parameter is compared with a sealed column: it is
	// declared upstream as Type (text or text[]), whatever type the client gave,
	// and its value goes through AppendParam at Bind.
	Sealed bool
	Type   uint32

	// domain is that of the pseudonym, shadow how its original compares.
	Domain string
	Shadow ShadowKind
	Array  bool
	// nulls: an element that does not open is NULL, and is not left out.
	Nulls bool
}

// Origin is a column of a relation.
type Origin struct {
	Table  uint32
	Column int16
}
