// Package analysis decides what an SQL statement may do over a masked database, and
// rewrites it so that it computes over masked values. It knows no wire protocol and no
// FHIR.
//
// A listener does, in this order:
//
//	cat, err := catalog.Load(ctx, conn)                     // once, and again when its version changes
//	policy, err := analysis.NewPolicy(maskPolicy, options)  // once for a consumer's policy
//	statements, refusal := analysis.Split(text)             // a simple query may have several
//	plan, refusal := analyzer.Analyze(statement, cat, policy, session)
//	// send plan.SQL upstream; plan.CheckRow compares its RowDescription
//	masker, err := plan.Masker(pass, formats)
//	frame, err = masker.AppendDataRow(frame, body)          // for each row
//
// # One package
//
// The analysis is one package because its phases call one another: to resolve a name one
// must analyse the query that it stands for, to judge an expression one must know how its
// operands are written, and what is written depends on what the rest of the statement
// turns out to use. Its files, by phase:
//
//   - Treat: policy, treatment, family, where, pushdown, agecap, keying, findings. Before
//     any statement, a policy is laid over a catalog.
//   - Read: analyze, analyzer, statement, session, plan, refusal, prepared, parameter,
//     settings, copyoptions, query.
//   - Resolve: scope, from, relation, table, with, target, result, names, columnname, field,
//     system, systemview, special, privilege.
//   - Judge: expr, compare, equality, list, cast, call, functions, sublink, setop, group,
//     dated, interval, cohort, restricted, foreign, exact, floatsum.
//   - Order, which must show nothing of originals: order, ownorder, place, first, tiebreak.
//   - Emit: node, tree, bare, zone, barrier, depth, check.
//
// # Treatments
//
// Each column of each relation has one treatment, by the ruleset's tables rules:
//
//   - Clear: the column is what it is.
//   - Pushed down: an SQL expression masks it (NULL, a constant, the year, three
//     digits of a postal code, a rounded number).
//   - Keyed: masking that SQL cannot do. PostgreSQL works with the original, and a
//     [rows.Masker] replaces it in the row. A keyed column is sealed where Veil can open
//     its values.
//   - Hidden: the column is not there.
//
// # Rewriting
//
// Every reference to a relation becomes a sub-select in which pushed-down columns are
// masked, hidden ones are gone, and a keyed one is a composite wrapper, the anonymous record
//
//	CASE WHEN v IS NOT NULL AND … THEN ROW('<tag>', v::text COLLATE "C", entity) END
//
// of the plan's random tag, the original's text and, where the method is keyed by person,
// the person's key. A value that the method would remove is NULL already there, so that IS
// NULL and count are those of the masked rows. A keyed column that may be compared also has
// a shadow column, under a name that holds the tag: the bare original, which only the
// rewriter refers to, in equality and GROUP BY, so that indexes and hash joins work. Every
// FROM item and WITH query gets a name of Veil's own, and every reference is written with
// it, so that PostgreSQL cannot resolve a name in another way than the analysis did.
//
// # Flow
//
// A keyed value may be selected, passed on through sub-selects, CTEs and set operations,
// compared for equality with a keyed value of its class or with a pseudonym (which is
// opened here or at Bind), grouped, counted and tested for NULL. What the analysis has no
// rule for is refused: an unknown node of the parse tree, function, relation, column or
// parameter.
//
// Equality is that of masked values. A method of which equal outputs mean equal originals
// (seal, pseudonym, imitate) may be compared, grouped and counted distinct. One that is
// keyed by person (surrogate, a shifted date) may be only together with that person's
// sealed id, for its outputs coincide. Where originals would be sorted to be grouped,
// united or partitioned, an order by a seeded hash takes the place (order.go,
// tiebreak.go). A type with casts of the database's own is restricted: a cast is a
// function that PostgreSQL calls where none is written (restricted.go).
//
// The rewritten text is parsed again and must give the very tree that was checked, and an
// independent checker must find every relation inside a sub-select of Veil's. A row whose
// frame holds a tag more often than it has wrappers ends the statement.
//
// The upstream session must have the parameters of [catalog.SessionSettings]: search_path
// holds only pg_catalog there, so no operator or function of a user shadows one.
package analysis
