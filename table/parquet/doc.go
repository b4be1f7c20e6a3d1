// Package parquet masks Parquet files by the tables rules of a ruleset, as a format of
// jobs over files.
//
//	f := parquet.New(parquet.Config{Rules: rules, Options: options, Table: rules.OfFile})
//	job := &file.Job{Formats: []file.Format{f}, …}
//
// # Columns
//
// Rules name the leaves of the schema as columns, by their paths without the levels of
// lists: address.city, names.family, tags.key. Hidden columns are left out, and so are
// groups that have no other. A masked column is nullable, and has the type that the plan
// gives: [outputSchema].
//
// # Pages
//
// A file is masked page by page, so that memory does not grow with row groups. The pages
// of a column that passes are decoded, to check them and to compute their statistics, and
// copied unchanged; those of other columns are decoded, masked and written with their
// original version and compression. A dictionary is masked once if masking depends on the
// value alone. If it depends on neighbours, their pages are read in step ([sidePage]).
//
// # Metadata
//
// Everything in the output except copied pages is written anew: footer, statistics, page
// indexes, bloom filters, checksums. Of key-value metadata, only the known parts of
// known keys pass ([document.values]); the rest could contain anything.
//
// # Damaged files
//
// Every length and count is checked against the file before memory is allocated for it, and the
// decoders of package encoding never produce more from a page than its header says, which a limit
// bounds. The decoders of parquet-go trust the file, so only that module's structures, their
// encoding and the compression of pages are used. A file that contradicts itself is refused as a
// whole; its output does not appear. No error contains a value.
package parquet
