package console

import (
	"bytes"
	"encoding/json"
	"net/http"
	"time"

	"github.com/veil-proxy/veil/internal/stack"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/proxy"
	"github.com/veil-proxy/veil/proxy/console/login"
)

// Request is the request of an operator who has logged in.
type Request struct {
	*http.Request

	console   *Console
	session   *operatorSession
	x         *proxy.Exchange
	status    int // of the response, for the log
	committed bool
	notes     []func(*mask.Record)
}

// Operator returns the name of the user.
func (r *Request) Operator() string { return r.session.who.Name }

// MayAct reports whether the user is an operator, not a viewer.
func (r *Request) MayAct() bool { return r.session.role == login.Operator }

// ID names the request in records and log lines.
func (r *Request) ID() string { return r.x.ID }

// Commit writes the record of an action now, instead of after its handler: before
// something that cannot be undone. If it returns an error, the action must not be done,
// and the handler returns that error.
func (r *Request) Commit(result, reason string) error {
	r.committed = true
	if r.status == 0 {
		r.status = http.StatusOK
	}
	notes := r.notes
	if len(notes) == 0 {
		notes = []func(*mask.Record){func(*mask.Record) {}}
	}
	var entries []proxy.Entry
	for _, note := range notes {
		record := r.x.Record(result, reason, "")
		note(record)
		entries = append(entries, r.x.Entry(record, r.status))
	}
	if r.console.shared.Commit(entries...) != nil {
		return errNotRecorded
	}
	return nil
}

// Note registers a function that completes the record of the action, with counts and
// the names and hashes of rulesets, never a value. An action with several notes has as
// many records.
func (r *Request) Note(f func(*mask.Record)) { r.notes = append(r.notes, f) }

// Problem says why a request is refused. Its text is shown; of the request, it contains
// at most the operator's own input.
type Problem struct {
	Status int
	// Reason says why, in fixed words, for the record; "input" if it is empty.
	Reason string
	Text   string

	form []field // input that was not processed, to be shown to its sender
}

// shownProblem is what the page of a Problem shows.
type shownProblem struct {
	Text  string
	Typed []field
}

func (p *Problem) Error() string { return p.Text }

func (p *Problem) reason() string {
	if p.Reason == "" {
		return "input"
	}
	return p.Reason
}

var errNoSessions = &Problem{Status: http.StatusServiceUnavailable, Text: "The session database cannot be reached, so nobody is logged in and nothing was done. Try again later. Veil's log gives the reason."}

var errNotRecorded = &Problem{Status: http.StatusServiceUnavailable, Text: "The audit record could not be written, so nothing was done. Veil's log gives the reason."}

// Render responds with a page: the template "content" of a page's templates, with data,
// inside the layout.
func (r *Request) Render(w http.ResponseWriter, t Templates, title string, data any) error {
	return r.render(w, http.StatusOK, t, title, data)
}

// RenderStatus is Render with a status other than 200, such as for a form that was not
// accepted.
func (r *Request) RenderStatus(w http.ResponseWriter, status int, t Templates, title string, data any) error {
	return r.render(w, status, t, title, data)
}

func (r *Request) render(w http.ResponseWriter, status int, t Templates, title string, data any) error {
	f := frame{Title: title, Operator: r.Operator(), Replica: r.console.replica, MayAct: r.MayAct(), CSRF: r.session.token, Notice: r.console.takeNotice(w, r), Groups: r.console.navigation(r.URL.Path, r.MayAct()), Data: data}
	return write(w, status, t, "layout", f)
}

// write executes a template and responds with the result.
func write(w http.ResponseWriter, status int, t Templates, name string, data any) error {
	var b bytes.Buffer
	if err := t().ExecuteTemplate(&b, name, data); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = b.WriteTo(w) // the browser has disconnected
	return nil
}

// JSON responds with a value for a script of the console.
func (r *Request) JSON(w http.ResponseWriter, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(b) // the browser has disconnected
	return nil
}

// Redirect sends the browser to a page of the console after an action, such as "/keys".
// That page shows the notice, if there is one.
func (r *Request) Redirect(w http.ResponseWriter, path, notice string) error {
	if notice != "" {
		r.console.note(w, r.session, notice)
	}
	http.Redirect(w, r.Request, Path+path, http.StatusSeeOther)
	return nil
}

// fail responds with the page of an error. Unless it is a Problem, its text may contain a
// value, so it is neither shown nor logged.
func (c *Console) fail(w *response, r *Request, err error) {
	w.drop()
	problem, ok := err.(*Problem) //nolint:errorlint // what a handler returns, not what it wraps
	if !ok {
		c.shared.Log().Error("internal error", "request_id", r.ID(), "door", "console", "page", r.Pattern)
		problem = &Problem{Status: http.StatusInternalServerError, Text: "Internal error. Veil's log has the request " + r.ID() + "."}
	}
	if accepts(r.Request, "application/json") {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(problem.Status)
		_ = json.NewEncoder(w).Encode(map[string]string{"error": problem.Text}) // the browser has disconnected
		return
	}
	if r.render(w, problem.Status, problemPage, "Error "+http.StatusText(problem.Status), shownProblem{problem.Text, problem.form}) != nil {
		http.Error(w, problem.Text, problem.Status)
	}
}

// watched counts the requests of a handler, and survives its panics.
func (c *Console) watched(serve func(*response, *http.Request, *proxy.Exchange)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		x := c.shared.Begin(proxy.Address(r.RemoteAddr))
		out := &response{ResponseWriter: w}
		done := c.shared.Metrics().Begin()
		defer func() {
			// http.ErrAbortHandler deliberately aborts a response that has begun.
			if fault := recover(); fault != nil && fault != any(http.ErrAbortHandler) {
				// Its text can contain a value.
				c.shared.Log().Error("internal error", "request_id", x.ID, "door", "console", "stack", stack.OfPanic())
				out.drop()
				if !out.begun {
					_ = x.Commit(x.Record("failed", "fault", ""), http.StatusInternalServerError) // responds with an error in any case
					http.Error(out, "Internal error. Veil's log has the request "+x.ID+".", http.StatusInternalServerError)
				}
			}
			done()
			c.shared.Responded(x.Operation, out.status, time.Since(x.Started))
		}()
		serve(out, r, &x)
	}
}

// response notes the status of a response, and holds the response back if its record must
// be written first.
type response struct {
	http.ResponseWriter
	status int
	begun  bool // part of the response has been sent
	held   *bytes.Buffer
}

// hold starts to hold back what is written.
func (r *response) hold() { r.held = &bytes.Buffer{} }

// drop discards what was held back.
func (r *response) drop() {
	if r.held != nil {
		r.held, r.status = nil, 0
		for _, name := range []string{"Content-Type", "Content-Disposition", "Location", "Content-Length", "Set-Cookie"} {
			r.Header().Del(name)
		}
	}
}

// release sends what was held back.
func (r *response) release() {
	kept := r.held
	if kept == nil {
		return
	}
	r.held = nil
	if r.status != 0 || kept.Len() > 0 {
		r.begun = true
		r.ResponseWriter.WriteHeader(max(r.status, http.StatusOK))
		_, _ = kept.WriteTo(r.ResponseWriter) // the browser has disconnected
	}
}

func (r *response) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	if r.held == nil {
		r.begun = true
		r.ResponseWriter.WriteHeader(status)
	}
}

func (r *response) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	if r.held != nil {
		return r.held.Write(b)
	}
	r.begun = true
	return r.ResponseWriter.Write(b)
}

// Unwrap lets an http.ResponseController reach the connection.
func (r *response) Unwrap() http.ResponseWriter { return r.ResponseWriter }
