// Package arrow masks Apache Arrow: streams and files in the IPC format, which pyarrow,
// Polars, DuckDB and Spark read and write. It knows the format and its types, and masks by
// the tables section of a ruleset, through package table.
//
//	format, err := arrow.New(arrow.Config{Rules: rules, Table: rules.OfFile})
//	job := &file.Job{Formats: []file.Format{format}, …}
//
// # How a batch is masked
//
// messages reads the stream message by message, within limits, before anything is
// decoded. schema presents the fields as columns of a [table.Source]: a column is a field
// that has values, and a nested one is named by its path (see package table). A tree of
// nodes masks the columns of each batch, whole or in parts: a node has an input array and
// appends elements of it to an output. Nothing else of an input reaches the output: not
// values under NULLs, bytes between or after values, or dictionary entries that no row
// uses.
//
// # Dictionaries
//
// The reader keeps the dictionary entries that rows have used so far, and the merger
// writes a dictionary again when there are more, so that an output has no entry that none
// of its rows uses. In a file, a dictionary appears only once, so a file with
// dictionaries is read twice. Masked entries are sorted, because the order of the
// originals would reveal something about them.
package arrow
