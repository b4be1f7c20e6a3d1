// Package rows masks the rows that PostgreSQL sends, in the form of protocol messages:
// DataRow messages in text and binary form, and COPY data in three formats.
//
// A [Layout] describes the parameters and rows of one statement between Veil and the
// upstream. Before the first row [Layout.CheckRow] compares the upstream's RowDescription
// with it; then a [Masker] masks each row in append style, without allocating:
//
//	masker, err := layout.Masker(pass, formats)
//	frame, err = masker.AppendDataRow(frame, body)
//
// # Composite wrappers
//
// The original of a keyed column comes from PostgreSQL in a composite wrapper, an
// anonymous record of the statement's random tag, the original's text and the columns
// beside it that the method needs. An unexpected wrapper, a missing one, a message that
// cannot be read, or a tag anywhere else in it is [ErrTaint]: the statement and its
// connection end, and no part of the row passes.
//
// The package knows these two kinds of messages, but no SQL; package table masks the
// values.
package rows
