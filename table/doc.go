// Package table masks rows of tables, wherever they come from: a database, a file of
// comma-separated values, a columnar file. It knows the tables section of a ruleset, but
// no file format, protocol or SQL.
//
// # Rules
//
// [Rules] is a ruleset's tables section. It finds the rules that act on a column: by how
// specific they are, through classes of columns and, if conditions on other columns of
// the row decide, as a [Chain]. A rule may use neighbours from the row, such as whom it
// is about or the unit of a number; [Neighbours] names them. A [Masking] is a rule at a
// column, with its method and everything that the method may know. An [Applier] applies
// maskings to values. These parts serve any engine, including one that masks in SQL.
//
// # Rows of cells
//
// A source with rows of cells only has to describe itself:
//
//	plan, err := table.NewRules(policy).Plan(source, table.Options{Document: fhirMethod})
//	masker := plan.Masker(mask.NewPass(plan.Actions)) // one for each goroutine
//	for row := range rows {
//		masker.Begin(row)
//		for _, column := range plan.Out {
//			buf, ok, err = masker.AppendCell(buf, column) // !ok: NULL
//		}
//	}
//
// [Source] names the columns of a row and gives each a neutral [Type]; a [Row] returns
// the text of a cell on request. So a format reads, or converts to text, only the cells
// of masked columns and their neighbours. It can copy the columns that pass ([Clear]) in
// its own way, and can mask one column of a batch of rows without the others. Output is
// appended, so that nothing is allocated per row. A [Batch] holds masked rows if that is
// simpler ([Masker.AppendRow]).
//
// # Nested columns
//
// The leaves of records, lists and maps are columns, named by their paths ([Join]): the
// levels of lists have no name, and a map has the leaves key and value. A source lists
// the records that contain each leaf ([Column.Within]), and says which leaves can have
// any number of values in a row ([Column.Repeated]): the row then returns these one by
// one as its cell, and AppendCell masks each.
//
// # Texts
//
// Methods work on text, so a cell is the text of its value in a fixed form for each type,
// the one that PostgreSQL uses: numbers in decimal digits, true and false, 2006-01-02
// 15:04:05.999999, followed by +00 (UTC) if the type has a time zone. A source that writes
// its values differently converts them, and converts masked values back by the type that
// the plan gives for the column ([Treated.Masked]). So the same ruleset and key give the
// same texts for the same originals in every source, and in the PostgreSQL proxy.
//
// Columns that cannot be masked are hidden or removed, and the plan says why. If rules
// name single fields of a column, the column is removed, because this package does not
// read records.
package table
