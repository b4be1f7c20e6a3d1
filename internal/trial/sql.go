package trial

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/veil-proxy/veil/internal/stack"
	"github.com/veil-proxy/veil/internal/views"
	"github.com/veil-proxy/veil/postgres/analysis"
	"github.com/veil-proxy/veil/postgres/catalog"
	"github.com/veil-proxy/veil/postgres/script"
)

// Session is what statements would do in one view.
type Session struct {
	View       *views.View
	Statements []Statement
	// Refused says why the whole text is refused, such as for its syntax.
	Refused *Refused
}

// Statement is what the PostgreSQL listener would do with a statement. It is not run.
type Statement struct {
	// Number counts from 1.
	Number int
	// Command is its class, such as SELECT, and Relations what it reads.
	Command   string
	Relations []string
	Refused   *Refused
	Columns   []Column
	// Upstream is the statement that would be sent to the upstream, without its literals;
	// empty if nothing would be sent.
	Upstream string
	// Note says what else there is to know.
	Note string
}

// Allowed reports whether the statement runs.
func (s *Statement) Allowed() bool { return s.Refused == nil }

// Refused is why a statement is refused, as its client would see it.
type Refused struct {
	Code, Message, Detail, Hint string
	Problem                     // its place
	Reason                      // of the rule that the refusal is about, if there is one
}

// Column is a column of a statement's result.
type Column struct {
	Name string
	// How is clear, pushed down or keyed.
	How string
	Reason
}

// the session of a trial.
const trialUser = "trial"

// SQL analyses statements as the PostgreSQL listener does for each view. The schema is the
// one given, or that which the listener knows if it is nil.
func SQL(ctx context.Context, s *views.State, text string, schema *catalog.Catalog) ([]Session, error) {
	switch {
	case len(text) > MostBytes:
		return nil, ErrTooLarge
	case strings.TrimSpace(text) == "":
		return nil, &Nothing{"a SQL statement"}
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		return nil, &Nothing{"text in UTF-8"}
	}
	ctx, cancel := context.WithTimeout(ctx, MostTime)
	defer cancel()
	if schema == nil {
		if s.Catalog == nil {
			return nil, errors.New("no PostgreSQL upstream is configured: give the definitions of tables")
		}
		var err error
		if schema, err = s.Catalog(ctx); err != nil {
			return nil, errors.New("the schema of the PostgreSQL upstream cannot be read: give the definitions of tables")
		}
	}
	var out []Session
	for i := range s.Views {
		v := &s.Views[i]
		x := Session{View: v}
		switch {
		case v.SQL == nil:
			x.Refused = &Refused{Message: "the view has no PostgreSQL listener"}
		case ctx.Err() != nil:
			x.Refused = &Refused{Message: "the time limit was reached"}
		default:
			x.analyse(s, text, schema)
		}
		out = append(out, x)
	}
	return out, nil
}

// analyse processes the statements of a text as a session of the view would.
func (x *Session) analyse(s *views.State, text string, schema *catalog.Catalog) {
	defer func() {
		if recover() != nil {
			x.Refused = &Refused{Message: "the analysis failed: internal error in " + stack.OfPanic()}
		}
	}()
	statements, refusal := analysis.Split(text)
	if refusal != nil {
		x.Refused = x.refused(text, 0, refusal)
		return
	}
	prepared, cursors := map[string]*analysis.Plan{}, map[string]*analysis.Plan{}
	session := &analysis.Session{
		SearchPath: s.SearchPath, User: trialUser, Database: s.Database, Timeout: x.View.Timeout,
		Prepared: func(name string) *analysis.Plan { return prepared[name] },
		Cursor:   func(name string) *analysis.Plan { return cursors[name] },
		Setting:  func(string) (string, bool) { return "", false },
	}
	analyzer := analysis.NewAnalyzer(1) // plans of trials are not cached
	defer analyzer.Close()
	for i, one := range statements {
		st := Statement{Number: i + 1}
		plan, refusal := analyzer.Analyze(one.SQL, schema, x.View.SQL, session)
		if refusal != nil {
			st.Refused = x.refused(text, one.Offset, refusal)
			x.Statements = append(x.Statements, st)
			return // the rest of the text is not run
		}
		x.describe(&st, plan)
		x.Statements = append(x.Statements, st)
		switch {
		case plan.Kind == analysis.Prepare:
			prepared[plan.Name] = plan.Inner
		case plan.Kind == analysis.Declare:
			cursors[plan.Name] = plan.Inner
		case plan.Setting != nil && plan.Setting.Name == "search_path" && len(plan.Setting.Values) > 0:
			session.SearchPath = plan.Setting.Values
		}
	}
}

// describe describes what a plan does.
func (x *Session) describe(st *Statement, p *analysis.Plan) {
	st.Command, st.Relations = p.Command, p.Relations
	switch {
	case p.SQL == "":
		st.Note = "Veil responds by itself; nothing is sent upstream."
	default:
		shown, err := withoutLiterals(strings.ReplaceAll(p.SQL, string(p.Tag), "tag"))
		if err != nil {
			st.Note = "The upstream statement cannot be shown: " + err.Error() + "."
		}
		st.Upstream = shown
	}
	columns := p
	if p.Inner != nil {
		columns = p.Inner
	}
	why := tableReasons(x.View.Automaton)
	for i := range columns.Columns {
		c := &columns.Columns[i]
		col := Column{Name: c.Name, How: analysis.Clear.String()}
		if c.Action >= 0 && columns.Actions != nil && c.Action < len(columns.Actions.Actions) {
			col.Reason = why.of(columns.Actions.Actions[c.Action])
			col.How = analysis.Pushed.String()
		}
		if c.Keyed() || c.Composed != nil {
			col.How = analysis.Keyed.String()
		}
		st.Columns = append(st.Columns, col)
	}
}

// refused describes a refusal of a statement that begins at an offset of the text, in
// characters.
func (x *Session) refused(text string, offset int, r *analysis.Refusal) *Refused {
	out := &Refused{Code: r.Code, Message: r.Message, Detail: r.Detail, Hint: r.Hint}
	if r.Rule != "" {
		out.Reason = tableReasons(x.View.Automaton)[r.Rule]
		out.Reason.Rule = r.Rule
	}
	if r.Position > 0 {
		runes := []rune(text)
		before := string(runes[:min(len(runes), offset+r.Position-1)])
		out.Line = 1 + strings.Count(before, "\n")
		out.Column = 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
	}
	return out
}

// withoutLiterals writes a statement with a question mark in the place of every string and
// number: pseudonyms that were opened stand there as originals.
func withoutLiterals(sql string) (string, error) {
	var out strings.Builder
	text := []byte(sql + "\n") // the last token has been read
	for i := 0; i < len(sql); {
		if text[i] == '$' && text[i+1] >= '0' && text[i+1] <= '9' { // a parameter
			out.Write(text[i : i+2])
			for i += 2; text[i] >= '0' && text[i] <= '9'; i++ {
				out.WriteByte(text[i])
			}
			continue
		}
		kind, end, err := script.Scan(text, i, true)
		if err != nil || end <= i {
			return "", errors.New("it cannot be split into words")
		}
		switch kind {
		case script.Text, script.Bits, script.Number:
			out.WriteByte('?')
		default:
			out.Write(text[i:end])
		}
		i = end
	}
	return out.String(), nil
}
