// Package table masks rows of tables, whatever holds them: a database, a file of
// comma-separated values, a file of columns. It knows the tables section of a ruleset and
// no format, no protocol and no SQL.
//
// # Rules
//
// [Rules] are a ruleset's tables section, ready to be asked which of its rules act on
// which column: by exactness, through classes of columns, and where conditions on other
// columns of the row decide, as a [Chain]. A rule may take neighbours from the row, such
// as whom it is about or the unit of a number: [Neighbours] has them by name, and a
// [Masking] is a rule at a column, with its method and all that the method may know. An
// [Applier] applies maskings to values. These parts serve any engine, one that masks in
// SQL too.
//
// # Rows of cells
//
// A source that has rows of cells needs no more than to describe itself:
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
// [Source] names the columns of a row and gives each a neutral [Type]; a [Row] gives the
// text of a cell when it is asked for it. So a format reads, or turns into text, only the
// cells of columns that are masked and the neighbours of these: the columns that pass
// ([Clear]) it can copy in its own way, and a column of a batch of rows can be masked
// without its others. What comes out is appended, so that nothing is allocated per row. A
// [Batch] holds masked rows where that is simpler ([Masker.AppendRow]).
//
// # Nested columns
//
// Of records, lists and maps the leaves are columns, named by their paths ([Join]): the
// levels of lists have no name, and a map has the leaves key and value. A source gives
// each leaf the records that it lies in ([Column.Within]), and says which have any number
// of values in a row ([Column.Repeated]): the row then gives them one by one, as its
// cell, and AppendCell masks each.
//
// # Texts
//
// Methods work on texts, so a cell is the text of its value in the one form that its type
// has here, which is also how PostgreSQL writes it: numbers in decimal digits, true and
// false, 2006-01-02 15:04:05.999999, with +00 in UTC where there is a time zone. A source
// that writes its values in another way converts them, and converts masked values back by
// the type that the plan gives for the column ([Treated.Masked]). The same ruleset and key
// give the same texts for the same originals, whatever the source: that is what the
// PostgreSQL proxy shows too.
//
// What cannot be masked is hidden or removed, and the plan says why. A column of which
// rules name single fields is removed here, since the package knows no records.
package table
