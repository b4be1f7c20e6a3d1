// Package rows masks the rows that PostgreSQL sends, in the frames they come in: DataRow
// messages in text and binary form, and COPY data in three formats.
//
// A [Layout] says what passes between Veil and the upstream for one statement. Before the
// first row [Layout.CheckRow] compares the upstream's RowDescription with it; then a
// [Masker] masks each row in append style, without allocating:
//
//	masker, err := layout.Masker(pass, formats)
//	frame, err = masker.AppendDataRow(frame, body)
//
// # Composite wrappers
//
// The original of a keyed column comes from PostgreSQL in a composite wrapper, an
// anonymous record of the statement's random tag, the original's text and the columns
// beside it that the method needs. A wrapper where none is expected, none where one is, a
// frame that cannot be read, or a tag anywhere else in it is [ErrTaint]: the statement and
// its connection end, and nothing of the row passes.
//
// The package knows the two frames of the protocol and no SQL; what a value becomes is
// for package table.
package rows
