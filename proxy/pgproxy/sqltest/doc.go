// Package sqltest tests the PostgreSQL listener: it runs the corpora of testdata/sql
// and random SELECTs through a listener in front of a real server, and asserts two
// properties.
//
//   - No original leaves: nothing that a client receives (rows, errors, notices,
//     parameters) or that Veil logs looks like one (see Canary).
//   - What is accepted is correct: the response is the one that the same statement has
//     over a copy of the tables that was masked beforehand, cell by cell, with Veil's
//     methods but without its rewriter (see copyTables).
//
// testdata/sql/README.md describes the format of a corpus.
package sqltest
