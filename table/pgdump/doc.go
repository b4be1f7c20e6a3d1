// Package pgdump masks dumps that pg_dump and pg_dumpall write as plain text, as a format of
// jobs over files. The tables section of a ruleset holds for a dump as it does for the
// database behind the PostgreSQL proxy, and the same original gives the same masked text.
//
// # What is read
//
// A dump is a schema, rows, and then keys and indexes. [New]'s format reads it as a stream:
// the schema when it opens the file (package script, batch), since what becomes of a table may be
// said by a statement far behind its own; then rows in blocks, which workers mask (row,
// masker); then the statements behind them, once all rows are masked.
//
// # What is written
//
// No statement is copied. Each is split into tokens (package script), parsed by the package's own
// grammar of what pg_dump writes (create, alter, constraint, view), and written anew from
// what was understood. What is not understood, and kinds of statements that can hold
// anything (functions, triggers, comments, passwords), are left out and counted
// (losses). An expression passes only if it is made of columns that are kept, and of words
// and functions of a list, without constants (expression). Commands of psql never pass.
//
// A constraint is written only if it holds on the masked rows: keys over columns that are
// kept or masked one to one, foreign keys between columns that are masked alike (constraint).
// A key that NULLs break is written if no value was removed, which is why it waits for the
// rows. So the output restores without an error.
//
// # Rows
//
// Cells are handed to package table as texts in the form of their type, and written back as
// the dump writes them. Cells that are kept are copied as they are, but only if they are
// written as PostgreSQL writes them: a row of COPY with another escape could end the rows,
// and what follows would be read as SQL.
package pgdump
