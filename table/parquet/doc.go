// Package parquet masks Parquet files by the tables rules of a ruleset, as a format of
// jobs over files.
//
//	f := parquet.New(parquet.Config{Rules: rules, Options: options, Table: rules.OfFile})
//	job := &file.Job{Formats: []file.Format{f}, …}
//
// # Columns
//
// The leaves of the schema are the columns that rules name, by their paths without the
// levels of lists: address.city, names.family, tags.key. Hidden columns are left out with
// the groups that have no other. A column that is masked may have nulls then, and has the
// type that the plan gives: [outputSchema].
//
// # Pages
//
// A file is masked page by page, so that memory does not grow with row groups. The pages
// of a column that passes are copied as they are, after they were decoded to check them
// and to compute their statistics; those of other columns are decoded, masked and written
// in the version and with the compression that they had. A dictionary is masked once where
// masking depends on the value alone. Where it depends on neighbours, the pages of these
// are read in step ([sidePage]).
//
// # What a file says of itself
//
// Everything in the output besides pages that are copied is written anew: footer,
// statistics, page indexes, bloom filters, checksums. Of key-value metadata only what is
// known passes, in the parts that are known ([document.values]); the rest could hold
// anything.
//
// # Damaged files
//
// Every length and count is compared with the file before memory is taken for it, and the
// decoders of package encoding never make more of a page than it says, which a limit
// bounds. Those of parquet-go trust the file, so of that module only the structures, their
// encoding and the compression of pages are used. A file that contradicts itself is refused as a whole;
// its output does not appear. No error has a value.
package parquet
