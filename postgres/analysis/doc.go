// Package analysis knows SQL: it decides what a statement may do over a masked
// database, rewrites it so that it computes over masked values, and masks the
// rows that come back. It knows no wire protocol beyond the two frames that
// carry rows, and no FHIR.
//
// A listener does, in this order:
//
//	catalog, err := catalog.Load(ctx, conn)                 // once, and again when Version changes
//	policy, err := analysis.NewPolicy(maskPolicy, options)   // once a consumer's policy
//	statements, refusal := analysis.Split(text)              // a simple query may have several
//	plan, refusal := analyzer.Analyze(statement, catalog, policy, session)
//	// send plan.SQL upstream; plan.CheckRow its RowDescription
//	rows, err := plan.Rows(pass, formats)
//	frame, err = rows.AppendDataRow(frame, body)            // once a row
//
// # Treatments
//
// Each column of each relation has one treatment, by the ruleset's tables rules:
//
//   - Clear: the column is what it is.
//   - Pushed down: an SQL expression masks it (NULL, a constant, the year, three
//     digits of a postal code, a rounded number).
//   - Keyed: keyed masking, which SQL cannot do. PostgreSQL carries the original
//     and RowMasker replaces it in the row.
//   - Hidden: the column is not there.
//
// # Rewriting
//
// Every reference to a relation becomes a sub-select in which pushed-down columns
// are masked, hidden ones are gone and a keyed one is a wrapper, the anonymous
// record
//
//	CASE WHEN v IS NOT NULL AND … THEN ROW('<tag>', v::text COLLATE "C", entity) END
//
// with the plan's random tag, the original's text and, where the method is keyed
// by person, the person's key. A value that the method would remove is NULL
// already there, so that IS NULL and count are those of the masked rows. Beside
// its wrapper a keyed column that may be compared has a shadow column under a name that
// holds the tag: the bare original, which only the rewriter refers to, in
// equality and GROUP BY, so that indexes and hash joins work. Every FROM item and
// WITH query gets a name of Veil's own, and every reference is written out with it,
// so that PostgreSQL cannot resolve a name in another way than the analysis did.
//
// # Flow
//
// A keyed value may be selected, carried through sub-selects, CTEs and set
// operations, compared for equality with a keyed value of its class or with a
// pseudonym (which is opened here or at Bind), grouped, counted and tested for
// NULL. What the analysis has no rule for is refused: an unknown node of the
// parse tree, function, relation, column or parameter.
//
// Equality is that of masked values. A method of which equal outputs mean equal
// originals (seal, pseudonym, imitate) may be compared, grouped and counted distinct;
// one that is keyed by person (surrogate, a shifted date) only beside that person's
// sealed id, for its outputs fall together. Where originals would be sorted to be
// grouped, united or partitioned, an order by a seeded hash is put in place (order.go,
// tiebreak.go). A value of a type that the database has casts for is restricted: a cast is
// a function that PostgreSQL calls unasked (restriction.go).
//
// The rewritten text is parsed again and must give the very tree that was
// checked, and an independent checker must find every relation inside a sub-select
// of ours. A row whose frame holds a tag more often than it has wrappers ends the
// statement.
//
// The upstream session must have the parameters of SessionSettings: search_path
// holds only pg_catalog there, so no operator or function of a user shadows one.
package analysis
