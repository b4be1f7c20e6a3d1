// Package analysis decides what an SQL statement may do over a masked database, and
// rewrites it so that it computes over masked values. It knows no wire protocol and no
// FHIR.
//
// A listener uses it in this order:
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
// The analysis is one package because its phases call each other: resolving a name
// requires analysing the query that it stands for, judging an expression requires knowing
// how its operands are written, and the text that is written depends on what the rest of
// the statement uses. Its files, by phase:
//
//   - Treat: policy, treatment, family, where, pushdown, agecap, keying, findings. Before
//     any statement, a policy is applied to a catalog.
//   - Read: analyze, analyzer, statement, session, plan, refusal, prepared, parameter,
//     settings, planner, copyoptions, query.
//   - Resolve: scope, from, relation, table, with, target, result, names, columnname, field,
//     system, systemview, special, privilege.
//   - Judge: expr, compare, equality, list, cast, call, functions, sublink, setop, group,
//     dated, interval, cohort, restricted, foreign, exact, floatsum,
//     compose, madekey, nulls, collect, idlist, indexed.
//   - Order, which must reveal nothing about originals: order, ownorder, place, first,
//     tiebreak.
//   - Emit: node, tree, bare, zone, barrier, depth, check.
//
// # Treatments
//
// Each column of each relation has one treatment, by the ruleset's tables rules:
//
//   - Clear: the column is unchanged.
//   - Pushed down: an SQL expression masks it (NULL, a constant, the year, three
//     digits of a postal code, a rounded number).
//   - Keyed: masking that SQL cannot do. PostgreSQL works with the original, and a
//     [rows.Masker] replaces it in the row. A keyed column is sealed if Veil can open
//     its values.
//   - Hidden: the column does not exist.
//
// # Rewriting
//
// Every reference to a relation becomes a sub-select in which pushed-down columns are
// masked, hidden ones are gone, and a keyed one is a composite wrapper, the anonymous record
//
//	CASE WHEN v IS NOT NULL AND … THEN ROW('<tag>', v::text COLLATE "C", entity) END
//
// of the plan's random tag, the original's text and, if the method is keyed by person, the
// person's key. A value that the method would remove is already NULL there, so that IS NULL
// and count are those of the masked rows. A keyed column that may be compared also has a
// shadow column, whose name contains the tag: the bare original, which only the rewriter
// refers to, in equality and GROUP BY, so that indexes and hash joins work. Every FROM item
// and WITH query gets a name of Veil's own, and every reference is written with it, so that
// PostgreSQL cannot resolve a name differently than the analysis.
//
// # Flow
//
// A keyed value may be selected, passed on through sub-selects, CTEs and set operations,
// compared for equality with a keyed value of its class or with a pseudonym (which is
// opened here or at Bind), grouped, counted and tested for NULL. Anything that the
// analysis has no rule for is refused: an unknown node of the parse tree, function,
// relation, column or parameter.
//
// Equality is that of masked values. If equal outputs of a method mean equal originals
// (seal, pseudonym, imitate), its columns may be compared, grouped and counted distinct.
// If it is keyed by person (surrogate, a shifted date), they may be only together with
// that person's sealed id, because its outputs coincide. If originals would be sorted for
// grouping, UNION or PARTITION BY, they are ordered by a seeded hash instead (order.go,
// tiebreak.go). A type with casts defined in the database is restricted, because
// PostgreSQL calls such functions implicitly (restricted.go).
//
// The rewritten text is parsed again and must give exactly the tree that was checked, and
// an independent checker must find every relation inside one of Veil's sub-selects. A row
// whose frame holds a tag more often than it has wrappers ends the statement.
//
// The upstream session must have the parameters of [catalog.SessionSettings]: its
// search_path is only pg_catalog, so that no user's operator or function shadows a
// built-in one.
package analysis
