package sqlflow

import (
	"errors"

	"github.com/veil-proxy/veil/mask"
)

// ErrTaint says that a row is not what the analysis expects: a carrier where none
// should be, none where one should, or a frame that cannot be read. The statement
// and its connection must end, and nothing of the row may pass.
var ErrTaint = errors.New("sqlflow: a row does not have the form that the analysis expects")

// RowMasker masks the rows of one execution of a plan. It belongs to one pass and is
// not for concurrent use. What it learned stays from row to row: equal originals
// are masked once.
type RowMasker struct{}

// Rows returns a masker for one execution: Bind with the formats that the client
// asked for (none, one for all, or one a column; 0 text, 1 binary).
func (p *Plan) Rows(pass *mask.Pass, formats []int16) (*RowMasker, error) {
	return nil, ErrTaint
}

// UpstreamFormats returns the result formats to ask upstream for: the client's, but
// text for sealed columns. It appends to dst one a column.
func (p *Plan) UpstreamFormats(dst, formats []int16) []int16 { return dst }

// AppendDataRow appends one whole DataRow message, type byte and length included.
// body is the upstream's message without them; it is neither changed nor kept.
// With an error dst must be thrown away.
func (m *RowMasker) AppendDataRow(dst, body []byte) ([]byte, error) { return dst, ErrTaint }

// AppendCopyData appends one whole CopyData message for one upstream CopyData body:
// a line of text or CSV, or one binary tuple, header or trailer.
func (m *RowMasker) AppendCopyData(dst, body []byte) ([]byte, error) { return dst, ErrTaint }

// AppendParam appends the value to bind upstream for parameter n (from 0), which is
// sealed: the opened pseudonym in text format. value is what the client bound, in
// the format it said; null reports that it is NULL and stays so. What does not open
// becomes a text that equals nothing.
func (p *Plan) AppendParam(dst []byte, n int, format int16, value []byte, keys *mask.Pseudonymizer) []byte {
	return dst
}

// Field is one field of the upstream's RowDescription.
type Field struct {
	Table  uint32
	Column int16
	Type   uint32
}

// CheckRow compares the upstream's RowDescription with the analysis: the number of
// columns, a record where a carrier is expected and nowhere else, and no column of a
// relation that is not clear. The statement ends with the error.
func (p *Plan) CheckRow(fields []Field) error { return ErrTaint }
