package analysis

import "fmt"

// SQLSTATEs of refusals.
const (
	codeReadOnly     = "25006" // read_only_sql_transaction
	codeForbidden    = "42501" // insufficient_privilege
	codeSyntax       = "42601"
	codeNoTable      = "42P01"
	codeNoColumn     = "42703"
	codeAmbiguous    = "42702"
	codeDuplicate    = "42712"
	codeNoFunction   = "42883"
	codeUnknownSet   = "42704"
	codeLimit        = "54001" // statement_too_complex
	codeNoCursor     = "34000"
	codeNoPrepared   = "26000"
	codeInvalidValue = "22023"
	codeDatatype     = "42804"
	codeWindowing    = "42P20"
)

// Refusal says why a statement does not run, in the form of PostgreSQL's errors. It
// contains no value of the database and no literal of the statement.
type Refusal struct {
	// Code is the SQLSTATE.
	Code string
	// Message is one line that says what is refused. Detail says why, if that is not
	// obvious, and Hint what would work; both are complete sentences.
	Message, Detail, Hint string
	// Position is the position in the statement in characters, from 1; 0 if there is none.
	Position int
	// Rule and Column name the rule and the column that the refusal is about, if any.
	Rule, Column string
	// Object is the function or relation that the refusal is about, with its schema; empty
	// unless the database has one of that name, so that a value written as a name is never
	// in it.
	Object string
	// Reason is a fixed word for the audit log.
	Reason string
	// Stack has the functions that led to a bug in the analysis, for the log.
	Stack string
	// keying is how the column is masked.
	keying *keying
}

// Error implements error.
func (r *Refusal) Error() string { return fmt.Sprintf("%s: %s", r.Code, r.Message) }
