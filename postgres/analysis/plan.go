package analysis

import (
	"strings"

	"github.com/veil-proxy/veil/postgres/rows"
)

// Kind says how a listener must run a plan.
type Kind uint8

const (
	// Rows plans send SQL, and its rows have Columns: SELECT, VALUES, TABLE, EXPLAIN, SHOW.
	Rows Kind = iota
	// Empty plans have no statement: respond with EmptyQueryResponse.
	Empty
	// CopyOut plans send SQL, whose result is COPY data in the client's format.
	CopyOut
	// Declare plans send SQL; on success remember Inner under Name for Fetch.
	Declare
	// Fetch plans send SQL, and its rows are those of the cursor Name. Columns are the
	// cursor's. MOVE is a Fetch without Columns.
	Fetch
	// CloseCursor plans send SQL; forget the cursor Name, or all when Name is empty.
	CloseCursor
	// Prepare plans send SQL; on success remember Inner under Name for Execute.
	Prepare
	// Execute plans send SQL, and its rows are those of the statement Name.
	Execute
	// Deallocate plans send SQL; forget the statement Name, or all when it is empty.
	Deallocate
	// Transaction plans send SQL: BEGIN, COMMIT, ROLLBACK, SAVEPOINT and the like.
	Transaction
	// Set plans send SQL unless it is empty, and apply Setting to the session.
	Set
	// Local plans send nothing upstream: respond with Columns and Answer, then Command.
	Local
	// Discard plans send SQL; forget everything that DISCARD names.
	Discard
)

// Plan is the result of analysing one statement. It is immutable and may be shared by
// sessions, unless Session says otherwise.
type Plan struct {
	rows.Layout
	Kind Kind
	// SQL is the statement to send upstream.
	SQL string
	// Name is the cursor or prepared statement.
	Name string
	// Inner is the plan of the statement inside DECLARE or PREPARE.
	Inner *Plan
	// Setting is the parameter that a Set plan changes.
	Setting *Setting
	// Settings are the parameters that a query changes with set_config.
	Settings []Setting
	// Answer has the text cells of a Local plan's rows.
	Answer [][]string
	// CheckSQL returns one row with true if the relations that the plan reads are still those
	// of its catalog, and no row or false if not. It is empty if the plan reads none. Run it
	// after Bind or Parse of SQL, which take the locks that keep relations unchanged, in the
	// same transaction, and before the first row goes out: pipelined as Bind of SQL, Execute of
	// CheckSQL, Execute of SQL it costs no round trip and leaves no gap. If it is not true,
	// load the catalog and analyse the statement again.
	CheckSQL string
	// Command is the statement class as in command tags, such as SELECT or COPY.
	Command string
	// Fingerprint is libpg_query's fingerprint of the statement, without literals.
	Fingerprint string
	// Relations are the names of the relations read, in order, for the audit log.
	Relations []string
	// cached reports that the plan may be kept under the statement's text by the
	// listener, such as for a prepared statement of the extended protocol: it depends
	// on nothing but the text, catalog, policy and the session's search path.
	cached bool

	// forms are the parameters that the text of masked columns depends on.
	forms []string
}

// Same reports whether two plans of one statement, made for different catalogs, do the
// same: they differ only in their tags and in CheckSQL.
func (p *Plan) Same(o *Plan) bool {
	if p.Kind != o.Kind || len(p.Columns) != len(o.Columns) || len(p.Params) != len(o.Params) ||
		strings.ReplaceAll(p.SQL, string(p.Tag), "") != strings.ReplaceAll(o.SQL, string(o.Tag), "") {
		return false
	}
	for i, c := range p.Columns {
		d := o.Columns[i]
		if c.Name != d.Name || c.Keyed() != d.Keyed() || c.Bare != d.Bare || c.Type != d.Type || c.Origin != d.Origin || c.Source != d.Source || c.Action != d.Action ||
			c.Keyed() && (!c.Masking.Same(d.Masking) || !c.Composed.Same(d.Composed) || c.Masking.Action != d.Masking.Action) {
			return false
		}
	}
	for i, x := range p.Params {
		y := o.Params[i]
		if x.Sealed != y.Sealed || x.Type != y.Type || x.Sealed && (x.Domain != y.Domain || x.Shadow != y.Shadow) {
			return false
		}
	}
	return true
}

// Setting is a run-time parameter that a statement sets.
type Setting struct {
	// Name is the parameter in lower case; "" means all parameters (RESET ALL).
	Name string
	// Values are the words that it is set to; empty means its default.
	Values []string
	// Param is the number of the parameter that has the value, or 0: see Plan.Bound.
	Param int32
	// Shown is the result of SHOW for a search path that was given as one text.
	Shown *string
	// Local reports that the setting ends with the transaction.
	Local bool
}
