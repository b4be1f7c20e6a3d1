package pgproxy

import (
	"maps"
	"strings"

	"github.com/veil-proxy/veil/postgres/analysis"
	"github.com/veil-proxy/veil/postgres/catalog"
)

// statement is a prepared statement: by Parse, or by PREPARE. PostgreSQL has them
// under the same names.
type statement struct {
	text string // as analyzed
	plan *analysis.Plan
	// whole is the plan of the whole text, if plan is a part of it (PREPARE).
	whole *analysis.Plan
	// prepared is the statement that an EXECUTE runs.
	prepared *statement
	// catalog is the catalog that the plan was made for; check is the query of whether its
	// relations are unchanged.
	catalog *catalog.Catalog
	check   string
	// checked: the upstream's columns have been compared with the plan's, or will be before
	// any row arrives.
	checked bool
	// analysis is when the statement was analysed, up to its first execution.
	analysis duration
	// declared are the types that the client gave to sealed parameters, which are text
	// upstream.
	declared map[int]uint32
}

// portal is a bound statement, or a cursor of DECLARE. PostgreSQL has them under
// the same names.
type portal struct {
	st      *statement
	formats []int16 // of the results, as the client requested them
	cursor  bool    // of DECLARE
	holds   bool    // its plan was verified after it was bound
	ex      *execution
}

// vars are the session's settings that Veil keeps instead of the upstream.
type vars struct {
	searchPath  []string
	path        *string // the search path as one text, if it was set that way
	application string
	encoding    string // the client's name for UTF-8
	// forms are the parameters that the text of a type depends on and that differ from those
	// under which columns are masked. A map is never changed.
	forms map[string]string
}

// settings are the current vars, and the vars after the transaction is committed: SET
// LOCAL changes only the former.
type settings struct{ now, kept vars }

// savepoint has the settings at a savepoint.
type savepoint struct {
	name     string
	settings settings
}

// state is what the meaning of a statement can depend on. The statements of one query
// string are analyzed before the first of them runs, so the changes that they will make
// are kept in a temporary state over the session's.
type state struct {
	under      *state // nil for the session's own
	statements map[string]*statement
	portals    map[string]*portal // in a state over another, nil means removed
	settings   settings
	initial    vars // what RESET restores
	// begun has the settings at the beginning of the transaction; nil outside one.
	begun      *settings
	savepoints []savepoint
}

// over returns an empty state over s.
func (s *state) over() *state {
	o := *s
	o.under = s
	o.statements, o.portals = map[string]*statement{}, map[string]*portal{}
	o.savepoints = append([]savepoint(nil), s.savepoints...)
	return &o
}

func (s *state) statement(name string) *statement {
	for ; s != nil; s = s.under {
		if st, ok := s.statements[name]; ok {
			return st
		}
	}
	return nil
}

func (s *state) portal(name string) *portal {
	for ; s != nil; s = s.under {
		if p, ok := s.portals[name]; ok {
			return p
		}
	}
	return nil
}

// forget removes a statement.
func (s *state) forget(name string) {
	if s.under != nil {
		s.statements[name] = nil
		return
	}
	delete(s.statements, name)
}

// forgetPortal removes a portal.
func (s *state) forgetPortal(name string) {
	if s.under != nil {
		s.portals[name] = nil
		return
	}
	delete(s.portals, name)
}

// forgetAll removes all statements.
func (s *state) forgetAll() {
	for u := s.under; u != nil; u = u.under {
		for name := range u.statements {
			s.statements[name] = nil
		}
	}
	for name := range s.statements {
		s.forget(name)
	}
}

// forgetPortals removes all portals.
func (s *state) forgetPortals() {
	for u := s.under; u != nil; u = u.under {
		for name := range u.portals {
			s.portals[name] = nil
		}
	}
	for name := range s.portals {
		s.forgetPortal(name)
	}
}

// changes reports whether a statement with this plan may change the meaning of later
// ones.
func changes(p *analysis.Plan) bool {
	switch p.Kind {
	case analysis.Rows, analysis.Empty, analysis.CopyOut, analysis.Fetch, analysis.Execute, analysis.Local:
		return len(p.Settings) > 0
	}
	return true
}

// apply applies the changes made by a successful statement with this text.
func (s *state) apply(p *analysis.Plan, text string, catalog *catalog.Catalog) {
	for i := range p.Settings {
		s.set(&p.Settings[i])
	}
	switch p.Kind {
	case analysis.Declare:
		s.portals[p.Name] = &portal{st: &statement{plan: p.Inner}, cursor: true}
	case analysis.CloseCursor:
		if p.Name == "" {
			s.forgetPortals()
		} else {
			s.forgetPortal(p.Name)
		}
	case analysis.Prepare:
		s.statements[p.Name] = &statement{text: text, plan: p.Inner, whole: p, catalog: catalog, check: p.CheckSQL}
	case analysis.Deallocate:
		if p.Name == "" {
			s.forgetAll()
		} else {
			s.forget(p.Name)
		}
	case analysis.Discard:
		if p.Command == "DISCARD ALL" {
			s.forgetAll()
			s.forgetPortals()
			s.settings = settings{s.initial, s.initial}
		}
	case analysis.Set:
		if p.Setting != nil {
			s.set(p.Setting)
		}
	case analysis.Transaction:
		s.transaction(p)
	}
}

// set sets a setting that Veil keeps.
func (s *state) set(set *analysis.Setting) {
	now := &s.settings.now
	switch set.Name {
	case "": // RESET ALL
		*now = s.initial
	case "search_path":
		now.searchPath, now.path = s.initial.searchPath, s.initial.path
		if len(set.Values) > 0 {
			now.searchPath, now.path = set.Values, set.Shown
		}
	case "application_name":
		now.application = s.initial.application
		if len(set.Values) > 0 {
			now.application = strings.Join(set.Values, ", ")
		}
	case "client_encoding":
		now.encoding = s.initial.encoding
		if len(set.Values) > 0 {
			now.encoding = strings.Join(set.Values, ", ")
		}
	default:
		form := s.initial.forms[set.Name]
		if len(set.Values) > 0 {
			form = analysis.FormOf(set.Name, set.Values)
		}
		now.setForm(set.Name, form)
	}
	if !set.Local {
		s.settings.kept = s.settings.now
	}
}

// setForm notes the value of a parameter that the text of a type depends on.
func (v *vars) setForm(name, form string) {
	if v.forms[name] == form {
		return
	}
	forms := map[string]string{}
	maps.Copy(forms, v.forms)
	forms[name] = form
	v.forms = forms
}

// transaction updates the settings when a transaction, or a part of it, begins or ends.
func (s *state) transaction(p *analysis.Plan) {
	switch p.Command {
	case "BEGIN", "START TRANSACTION":
		if s.begun == nil {
			begun := s.settings
			s.begun, s.savepoints = &begun, nil
		}
	case "COMMIT":
		s.settings.now = s.settings.kept
		s.begun, s.savepoints = nil, nil
	case "ROLLBACK":
		s.rollback()
	case "SAVEPOINT":
		if len(s.savepoints) < mostSavepoints {
			s.savepoints = append(s.savepoints, savepoint{p.Name, s.settings})
		}
	case "RELEASE":
		if i := s.savepoint(p.Name); i >= 0 {
			s.savepoints = s.savepoints[:i]
		}
	case "ROLLBACK TO":
		if i := s.savepoint(p.Name); i >= 0 {
			s.settings = s.savepoints[i].settings
			s.savepoints = s.savepoints[:i+1]
		}
	}
}

// mostSavepoints bounds the savepoints that are remembered. Beyond it, rolling back to a
// savepoint does not undo changes to settings.
const mostSavepoints = 1000

// savepoint returns the index of the last savepoint with a name, or -1.
func (s *state) savepoint(name string) int {
	for i := len(s.savepoints) - 1; i >= 0; i-- {
		if s.savepoints[i].name == name {
			return i
		}
	}
	return -1
}

// rollback undoes the settings of a transaction.
func (s *state) rollback() {
	if s.begun != nil {
		s.settings = *s.begun
	}
	s.begun, s.savepoints = nil, nil
}
