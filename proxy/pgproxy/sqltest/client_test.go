package sqltest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// mode is a way to send a statement and take its response.
type mode struct {
	name           string
	simple, binary bool
}

var modes = []mode{{"simple", true, false}, {"extended text", false, false}, {"extended binary", false, true}}

// statementTimeout is how long a statement of a corpus may take.
const statementTimeout = 3 * time.Minute

// answer is what came back of one statement.
type answer struct {
	names []string
	types []uint32
	// sources are the columns that they are said to come from.
	sources []origin
	rows    [][][]byte // nil is NULL
	copy    []byte
	err     error
}

// code is the SQLSTATE of an error of the server's, or empty.
func (a *answer) code() string {
	var e *pgconn.PgError
	if errors.As(a.err, &e) {
		return e.Code
	}
	return ""
}

// said is the error as the client sees it.
func (a *answer) said() string {
	var e *pgconn.PgError
	if errors.As(a.err, &e) {
		return fmt.Sprintf("%s %s|%s|%s|%d", e.Code, e.Message, e.Detail, e.Hint, e.Position)
	}
	if a.err != nil {
		return "no error of the server's: " + a.err.Error()
	}
	return ""
}

// session is a client's connection that keeps what it receives.
type session struct {
	conn *pgconn.PgConn
	tap  *tap
}

// tap keeps what is read from a connection.
type tap struct {
	net.Conn
	got bytes.Buffer
}

func (c *tap) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.got.Write(p[:n])
	return n, err
}

func connect(t testing.TB, dsn string) *session {
	t.Helper()
	config, err := pgconn.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	s := &session{}
	dial := config.DialFunc
	config.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := dial(ctx, network, addr)
		if err != nil || s.conn != nil { // a request to cancel has a connection of its own
			return c, err
		}
		s.tap = &tap{Conn: c}
		return s.tap, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), statementTimeout)
	defer cancel()
	if s.conn, err = pgconn.ConnectConfig(ctx, config); err != nil {
		t.Fatalf("connect: %v", err)
	}
	return s
}

func (s *session) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = s.conn.Close(ctx)
}

// received returns the bytes that came since it was called last.
func (s *session) received() []byte {
	b := bytes.Clone(s.tap.got.Bytes())
	s.tap.got.Reset()
	return b
}

// run sends a statement and reads its response to the end. Of several statements
// the last that has rows counts.
func (s *session) run(m mode, sql string, params []string) *answer {
	ctx, cancel := context.WithTimeout(context.Background(), statementTimeout)
	defer cancel()
	a := &answer{}
	if words := strings.Fields(strings.ToUpper(sql)); words[0] == "COPY" && slices.Contains(words, "STDOUT") {
		var out bytes.Buffer
		_, a.err = s.conn.CopyTo(ctx, &out, sql)
		a.copy = out.Bytes()
		return a
	}
	if !m.simple {
		values := make([][]byte, len(params))
		for i, p := range params {
			values[i] = []byte(p)
		}
		format := int16(0)
		if m.binary {
			format = 1
		}
		a.read(s.conn.ExecParams(ctx, sql, values, nil, nil, []int16{format}))
		return a
	}
	all := s.conn.Exec(ctx, sql)
	for all.NextResult() {
		if b := (&answer{}); b.read(all.ResultReader()) || a.names == nil {
			*a = *b
		}
	}
	a.err = all.Close()
	return a
}

// read takes a result and reports whether it has columns.
func (a *answer) read(r *pgconn.ResultReader) bool {
	for _, f := range r.FieldDescriptions() {
		a.names, a.types = append(a.names, f.Name), append(a.types, f.DataTypeOID)
		a.sources = append(a.sources, origin{f.TableOID, f.TableAttributeNumber})
	}
	for r.NextRow() {
		row := make([][]byte, len(r.Values()))
		for i, v := range r.Values() {
			if v != nil {
				row[i] = append([]byte{}, v...)
			}
		}
		a.rows = append(a.rows, row)
	}
	if _, err := r.Close(); err != nil {
		a.err = err
	}
	return a.names != nil
}

// firstUserOID is the first OID of what is not built in: such OIDs differ between
// databases.
const firstUserOID = 16384

// diff says how a differs from want, or nothing. Rows are compared in their order
// where it is requested, JSON by its value.
func (a *answer) diff(want *answer, ordered bool, ignore []string) string {
	if !slices.Equal(a.names, want.names) {
		return fmt.Sprintf("columns %q, want %q", a.names, want.names)
	}
	for i, oid := range a.types {
		if w := want.types[i]; oid != w && (oid < firstUserOID || w < firstUserOID) && !slices.Contains(ignore, a.names[i]) {
			return fmt.Sprintf("column %q has type %d, want %d", a.names[i], oid, w)
		}
	}
	if !bytes.Equal(a.sortedCopy(ordered), want.sortedCopy(ordered)) {
		return fmt.Sprintf("COPY data %.200q, want %.200q", a.copy, want.copy)
	}
	if len(a.rows) != len(want.rows) {
		return fmt.Sprintf("%d rows, want %d", len(a.rows), len(want.rows))
	}
	got, wanted := a.lines(ignore), want.lines(ignore)
	if !ordered {
		slices.Sort(got)
		slices.Sort(wanted)
	}
	for i := range got {
		if got[i] != wanted[i] {
			return fmt.Sprintf("row %d is %s, want %s", i+1, got[i], wanted[i])
		}
	}
	return ""
}

func (a *answer) sortedCopy(ordered bool) []byte {
	if ordered || a.copy == nil {
		return a.copy
	}
	lines := bytes.Split(a.copy, []byte("\n"))
	slices.SortFunc(lines, bytes.Compare)
	return bytes.Join(lines, []byte("\n"))
}

// lines writes each row as one text.
func (a *answer) lines(ignore []string) []string {
	out := make([]string, len(a.rows))
	for i, row := range a.rows {
		var b strings.Builder
		for k, v := range row {
			switch {
			case slices.Contains(ignore, a.names[k]):
				b.WriteString("-, ")
			case v == nil:
				b.WriteString("NULL, ")
			default:
				fmt.Fprintf(&b, "%q, ", canonical(a.types[k], v))
			}
		}
		out[i] = b.String()
	}
	return out
}

const (
	oidJSON  = 114
	oidJSONB = 3802
)

// canonical writes JSON with its members in order and without space.
func canonical(oid uint32, v []byte) []byte {
	if oid != oidJSON && oid != oidJSONB {
		return v
	}
	text := bytes.TrimPrefix(v, []byte{1}) // the version of binary JSONB
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var value any
	if d.Decode(&value) != nil {
		return v
	}
	out, err := json.Marshal(value)
	if err != nil {
		return v
	}
	return out
}
