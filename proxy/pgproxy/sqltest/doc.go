// Package sqltest proves the PostgreSQL listener: it runs the corpora of
// testdata/sql and random SELECTs through a listener before a real server and holds
// two things.
//
//   - No original leaves: nothing that a client receives (rows, errors, notices,
//     parameters) and nothing that Veil logs looks like one (see Canary).
//   - What is accepted is right: it has the response that the same statement has
//     over a copy of the tables that was masked beforehand, cell by cell, by
//     Veil's methods and not by its rewriter (see copyTables).
//
// testdata/sql/README.md says how a corpus is written.
package sqltest
