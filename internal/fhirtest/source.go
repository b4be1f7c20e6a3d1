package fhirtest

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Source serves a Population as a FHIR R4 server that can be read but not written to:
// read, vread, search by GET and by POST, Patient/[id]/$everything and metadata. It is
// honest but careless: its OperationOutcomes repeat ids and values, its headers reveal
// what it runs on, its page links contain what was searched for. It is safe for
// concurrent use.
type Source struct {
	pop   *Population
	base  string // without a slash at its end
	path  string // of base
	types map[string]*typeIndex

	mu       sync.Mutex
	requests []Request
}

// Request is one request that a Source received.
type Request struct {
	Method string
	// URL is the path and query as they came.
	URL    string
	Header http.Header
	// Body has at most the first megabyte.
	Body []byte
}

// maxBody is how much of a request's body is read.
const maxBody = 1 << 20

// NewSource makes a Source that is reached at an absolute base URL, such as
// "http://127.0.0.1:8080/fhir". Resources that refer to each other under Base do so
// under this one when they are served.
func NewSource(p *Population, base string) (*Source, error) {
	u, err := url.Parse(base)
	if err != nil || !u.IsAbs() || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("fhirtest: want an absolute URL as the base of a Source")
	}
	base = strings.TrimSuffix(base, "/")
	s := &Source{pop: p, base: base, path: strings.TrimSuffix(u.Path, "/"), types: map[string]*typeIndex{}}
	for _, typ := range p.Types() {
		s.types[typ] = &typeIndex{}
	}
	return s, nil
}

// Requests returns the requests received so far, oldest first.
func (s *Source) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Forget clears the list that Requests returns.
func (s *Source) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
}

// ServeHTTP responds to a request and records it.
func (s *Source) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	s.mu.Lock()
	s.requests = append(s.requests, Request{r.Method, r.URL.RequestURI(), r.Header.Clone(), body})
	number := len(s.requests)
	s.mu.Unlock()

	h := w.Header()
	h.Set("Server", "Apache-Coyote/1.1")
	h.Set("X-Powered-By", "HAPI FHIR 6.8.3 REST Server (FHIR Server; FHIR 4.0.1/R4)")
	h.Set("Set-Cookie", "JSESSIONID=7F3A"+strconv.Itoa(number)+"; Path=/; HttpOnly")
	h.Set("X-Request-Id", "upstream-"+strconv.Itoa(number))
	h.Set("Via", "1.1 ehr-lb-03.bramblewood.example")

	rest, ok := strings.CutPrefix(r.URL.Path, s.path)
	if err != nil || !ok || rest != "" && rest[0] != '/' {
		s.fail(w, r, http.StatusNotFound, "not-found", "no such path: "+r.URL.Path)
		return
	}
	steps := strings.Split(strings.Trim(rest, "/"), "/")
	if r.Method == http.MethodPost && len(steps) == 2 && steps[1] == "_search" {
		s.postSearch(w, r, steps[0], body)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD, POST")
		s.fail(w, r, http.StatusMethodNotAllowed, "not-supported", r.Method+" of "+rest+" is not supported")
		return
	}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		s.fail(w, r, http.StatusBadRequest, "invalid", "cannot read the query "+r.URL.RawQuery)
		return
	}
	s.get(w, r, steps, values)
}

// get answers a GET by the steps of its path.
func (s *Source) get(w http.ResponseWriter, r *http.Request, steps []string, values url.Values) {
	switch {
	case len(steps) == 1 && steps[0] == "metadata":
		s.send(w, r, http.StatusOK, s.capability())
	case len(steps) == 1:
		s.search(w, r, steps[0], values)
	case len(steps) == 2, len(steps) == 4 && steps[2] == "_history" && steps[3] == "1":
		s.read(w, r, steps[0], steps[1])
	case len(steps) == 3 && steps[0] == "Patient" && steps[2] == "$everything":
		s.everything(w, r, steps[1], values)
	default:
		s.fail(w, r, http.StatusNotFound, "not-found", "nothing at "+strings.Join(steps, "/"))
	}
}

func (s *Source) read(w http.ResponseWriter, r *http.Request, typ, id string) {
	res, ok := s.pop.Get(typ, id)
	if !ok {
		s.fail(w, r, http.StatusNotFound, "not-found", fmt.Sprintf("Resource %s/%s is not known", typ, id))
		return
	}
	h := w.Header()
	h.Set("ETag", `W/"1"`)
	h.Set("Content-Location", s.base+"/"+typ+"/"+id+"/_history/1")
	if updated, ok := lastUpdated(res.JSON); ok {
		h.Set("Last-Modified", updated.UTC().Format(http.TimeFormat))
	}
	s.send(w, r, http.StatusOK, s.local(res.JSON))
}

// lastUpdated reads meta.lastUpdated, which Generate writes near the start.
func lastUpdated(resource []byte) (time.Time, bool) {
	const name = `"lastUpdated":"`
	i := bytes.Index(resource, []byte(name))
	if i < 0 {
		return time.Time{}, false
	}
	text, _, _ := bytes.Cut(resource[i+len(name):], []byte(`"`))
	t, err := time.Parse(time.RFC3339, string(text))
	return t, err == nil
}

// local puts the address of the Source in the place of Base.
func (s *Source) local(resource []byte) []byte {
	return bytes.ReplaceAll(resource, []byte(Base), []byte(s.base))
}

func (s *Source) postSearch(w http.ResponseWriter, r *http.Request, typ string, body []byte) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		s.fail(w, r, http.StatusUnsupportedMediaType, "not-supported", "cannot search by "+r.Header.Get("Content-Type"))
		return
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		s.fail(w, r, http.StatusBadRequest, "invalid", "cannot read the form "+string(body))
		return
	}
	for name, v := range r.URL.Query() {
		values[name] = append(values[name], v...)
	}
	s.search(w, r, typ, values)
}

func (s *Source) search(w http.ResponseWriter, r *http.Request, typ string, values url.Values) {
	if s.types[typ] == nil {
		s.fail(w, r, http.StatusNotFound, "not-supported", fmt.Sprintf("unknown resource type %q", typ))
		return
	}
	q, err := s.parse(typ, values)
	if err != nil {
		s.fail(w, r, http.StatusBadRequest, "invalid", err.Error())
		return
	}
	s.page(w, r, typ, q, s.run(q))
}

// everything answers with a patient's whole record, in pages if _count asks.
func (s *Source) everything(w http.ResponseWriter, r *http.Request, id string, values url.Values) {
	first, ok := s.pop.byKey["Patient/"+id]
	if !ok {
		s.fail(w, r, http.StatusNotFound, "not-found", "Resource Patient/"+id+" is not known")
		return
	}
	q, err := s.parse("Patient", values)
	if err == nil && len(q.tests) > 0 {
		err = fmt.Errorf("$everything takes no such parameter: %s", values.Encode())
	}
	if err != nil {
		s.fail(w, r, http.StatusBadRequest, "invalid", err.Error())
		return
	}
	if !q.values.Has("_count") {
		q.count = len(s.pop.resources)
	}
	var rows []row
	for _, i := range s.pop.closure(first) {
		rows = append(rows, row{r: &s.pop.resources[i]})
	}
	q.include, q.revinclude = nil, nil
	s.page(w, r, "Patient/"+id+"/$everything", q, rows)
}

// page answers with one page of a result.
func (s *Source) page(w http.ResponseWriter, r *http.Request, path string, q *query, found []row) {
	from := min(q.offset, len(found))
	to := min(from+q.count, len(found))
	if q.summary == "count" {
		to = from
	}
	page := found[from:to]
	b := []byte(`{"resourceType":"Bundle","type":"searchset"`)
	if q.total != "none" {
		b = fmt.Appendf(b, `,"total":%d`, len(found))
	}
	link := func(relation, query string) {
		address := s.base + "/" + path
		if query != "" {
			address += "?" + query
		}
		b = fmt.Appendf(b, `{"relation":%q,"url":%s}`, relation, quote(address))
	}
	b = append(b, `,"link":[`...)
	link("self", q.values.Encode())
	if to < len(found) && len(page) > 0 {
		b = append(b, ',')
		link("next", "_page="+pageToken(q.values, to))
	}
	b = append(b, ']')
	for i, row := range page {
		b = s.appendFound(b, row.r, q, "match", i == 0)
	}
	for _, res := range s.included(q, page) {
		b = s.appendFound(b, res, q, "include", false)
	}
	if len(page) > 0 {
		b = append(b, ']')
	}
	s.send(w, r, http.StatusOK, append(b, '}'))
}

func (s *Source) appendFound(b []byte, res *Resource, q *query, mode string, first bool) []byte {
	if first {
		b = append(b, `,"entry":[`...)
	} else {
		b = append(b, ',')
	}
	b = fmt.Appendf(b, `{"fullUrl":%s,"resource":`, quote(s.base+"/"+res.Type+"/"+res.ID))
	b = append(b, s.local(subset(res.JSON, q))...)
	return fmt.Appendf(b, `,"search":{"mode":%q}}`, mode)
}

// fail answers with an OperationOutcome that says too much.
func (s *Source) fail(w http.ResponseWriter, r *http.Request, status int, code, text string) {
	b := fmt.Appendf(nil, `{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":%q,"diagnostics":%s}]}`, code, quote(text))
	s.send(w, r, status, b)
}

// send writes a FHIR answer, compressed where the client takes gzip.
func (s *Source) send(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/fhir+json;charset=UTF-8")
	h.Set("Vary", "Accept-Encoding")
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, err := z.Write(body)
		if err = errors.Join(err, z.Close()); err != nil {
			panic(err) // a bytes.Buffer takes all
		}
		body = b.Bytes()
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	// A client that is gone is no concern of ours.
	_, _ = w.Write(body)
}

// Server is a Source that listens on a port of the loopback interface.
type Server struct {
	// URL is the base address of the Source.
	URL    string
	Source *Source

	http *http.Server
	done chan struct{}
}

// NewServer starts a Server on a free port. The caller must Close it.
func NewServer(p *Population) (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := "http://" + l.Addr().String() + "/fhir"
	source, err := NewSource(p, address)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	s := &Server{
		URL: address, Source: source,
		http: &http.Server{Handler: source, ReadHeaderTimeout: 10 * time.Second},
		done: make(chan struct{}),
	}
	go func() {
		defer close(s.done)
		// Serve ends with an error when the Server is closed.
		_ = s.http.Serve(l)
	}()
	return s, nil
}

// Close ends the Server and its connections.
func (s *Server) Close() error {
	err := s.http.Close()
	<-s.done
	return err
}
