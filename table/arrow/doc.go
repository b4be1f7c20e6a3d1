// Package arrow masks Apache Arrow: streams and files in the IPC format, which pyarrow,
// Polars, DuckDB and Spark read and write. It knows the format and its types, and masks by
// the tables section of a ruleset, through package table.
//
//	format, err := arrow.New(arrow.Config{Rules: rules, Table: rules.OfFile})
//	job := &file.Job{Formats: []file.Format{format}, …}
//
// # How a batch is masked
//
// messages reads the stream message by message, within limits, before anything is made of
// it. schema lays the fields out as columns of a [table.Source]: a column is a field that
// has values, and one below others is named by its path (see package table). Of each
// batch, whole or in parts, a tree of nodes makes the masked columns: a node has an input
// array and appends elements of it to an output. Nothing of an input passes but by that:
// values under NULLs, bytes between values and behind them, and entries of dictionaries
// that no row uses stay behind.
//
// # Dictionaries
//
// The reader keeps the entries of dictionaries that rows have used so far, and the merger
// writes a dictionary again if there are more: so an output has no entry that none of its
// rows uses. In a file a dictionary stands once, so a file with dictionaries is read
// twice. Masked entries are sorted, since the order of the originals would tell of them.
package arrow
