// Package pgdump masks plain-text dumps of pg_dump and pg_dumpall, as a format of file jobs.
// The tables section of a ruleset applies to a dump as it does to the database behind the
// PostgreSQL proxy, and the same original gives the same masked text.
//
// # What is read
//
// A dump is a schema, rows, and then keys and indexes. [New]'s format reads it as a stream. It
// reads the schema when it opens the file (package script, batch), because a statement far after
// a table's own can decide how the table is treated. Then it reads rows in blocks, which workers
// mask (row, masker), and the statements after them once all rows are masked.
//
// # What is written
//
// No statement is copied. Each is split into tokens (package script), parsed by the package's own
// grammar of pg_dump's output (create, alter, constraint, view), and written anew from the parsed
// form. Statements that are not understood, and kinds of statements that can contain anything
// (functions, triggers, comments, passwords), are left out and counted (losses). An expression
// passes only if it consists of kept columns and of listed words and functions, without constants
// (expression). psql commands never pass.
//
// A constraint is written only if it holds on the masked rows: keys over columns that are
// kept or masked one to one, foreign keys between columns that are masked alike (constraint).
// A key that NULLs break is written if no value was removed, which is why it waits for the
// rows. So the output can be restored without errors.
//
// # Rows
//
// Cells are passed to package table as texts in the form of their type, and written back in
// the dump's form. Kept cells are copied unchanged, but only if they are spelled as
// PostgreSQL spells them: a COPY row with another escape could end the rows, and the text
// after it would be run as SQL.
package pgdump
