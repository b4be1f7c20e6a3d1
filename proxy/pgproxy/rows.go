package pgproxy

import (
	"cmp"
	"context"
	"encoding/binary"
	"math"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/veil-proxy/veil/postgres/analysis"
	"github.com/veil-proxy/veil/postgres/rows"
	"github.com/veil-proxy/veil/proxy/pgproxy/pool"
	"github.com/veil-proxy/veil/proxy/pgproxy/wire"
)

// receive reads the upstream's response to the execution of a statement, masks its rows
// and passes them on. It reports whether the statement succeeded.
//
// The order of messages is RowDescription (of a simple query alone), rows, and one
// of CommandComplete, PortalSuspended, EmptyQueryResponse and ErrorResponse; or
// CopyOutResponse, data, CopyDone and CommandComplete.
func (x *session) receive(ex *execution, st *statement) (bool, error) {
	for {
		typ, n, err := x.up.In.Peek()
		if err != nil {
			return false, err
		}
		if ex.responded.IsZero() && ex.Span.Recording() {
			ex.responded = time.Now()
		}
		switch typ {
		case 'D', 'T', 'H', 'C', 's':
			if !ex.confirmed {
				if f := x.confirm(st); f != nil {
					return false, x.stop(ex, f)
				}
				ex.confirmed = true
			}
		}
		if typ == 'D' || typ == 'd' {
			if x.left(ex) == 0 {
				return false, x.stop(ex, &refusal{
					Error: wire.Error{Code: "54000", Text: "the statement returns more rows than the consumer may read at once",
						Hint: "Aggregate, or limit the result to " + strconv.FormatUint(x.view.rows, 10) + " rows with LIMIT."},
					reason: "row limit", plan: ex.plan,
				})
			}
			if err := x.data(ex, typ, n); err != nil {
				return false, err
			}
			continue
		}
		typ, body, err := x.up.In.Next()
		if err != nil {
			return false, err
		}
		switch typ {
		case 'N', 'A', 'S':
			err = x.unasked(typ, body)
		case 'T':
			err = x.columns(ex.plan, body, nil, false)
			ex.described = true
		case 'H':
			if ex.plan.Kind != analysis.CopyOut {
				return false, pool.ErrProtocol
			}
			ex.copying = true
			x.out = wire.AppendFrame(x.out, 'H', body)
		case 'c':
			if !ex.copying {
				return false, pool.ErrProtocol
			}
			ex.copying = false
			x.send(&pgproto3.CopyDone{})
		case 'C':
			return true, x.conclude(ex, st, body)
		case 's':
			x.finish(ex, "complete", "")
			x.send(&pgproto3.PortalSuspended{})
			return true, nil
		case 'I':
			if !isLocal(ex.plan) {
				return false, pool.ErrProtocol
			}
			x.sendLocal(ex, false)
			return true, x.conclude(ex, st, nil)
		case 'E':
			code, err := x.upstreamError(body)
			x.finish(ex, "failed", "upstream error "+code)
			x.broken = true
			return false, err
		default:
			return false, pool.ErrProtocol
		}
		if err != nil {
			return false, err
		}
	}
}

// copyFrames is how many pieces of COPY are not rows: the header and the trailer.
const copyFrames = 2

// left returns how many more rows of a statement the consumer may read.
func (x *session) left(ex *execution) int {
	if x.view.rows == 0 {
		return math.MaxInt
	}
	most := x.view.rows
	if ex.copying {
		most += copyFrames
	}
	return int(min(most-min(most, ex.count), math.MaxInt))
}

// columns compares the upstream's columns with those of the plan, and sends the plan's to
// the client.
func (x *session) columns(p *analysis.Plan, body []byte, formats []int16, silent bool) error {
	var m pgproto3.RowDescription
	if err := m.Decode(body); err != nil {
		return pool.ErrProtocol
	}
	fields := make([]rows.Field, len(m.Fields))
	for i, f := range m.Fields {
		fields[i] = rows.Field{Table: f.TableOID, Column: int16(f.TableAttributeNumber), Type: f.DataTypeOID}
	}
	if len(m.Fields) != len(p.Columns) || p.CheckRow(fields) != nil {
		// The database may have changed since the catalog was read: make the next statement
		// read it again.
		_, _ = x.s.catalogs.Look(context.Background())
		return errDisagrees
	}
	if silent {
		return nil
	}
	for i, c := range p.Columns {
		f := &m.Fields[i]
		f.Name = []byte(c.Name)
		if c.Keyed() || c.Source.Table != 0 {
			f.TableOID, f.TableAttributeNumber = c.Source.Table, uint16(c.Source.Column) //nolint:gosec // the number of a column, in its bits
		}
		if c.Keyed() {
			f.DataTypeOID, f.DataTypeSize, f.TypeModifier = c.Type, c.Size, c.Modifier
			f.Format = format(formats, i)
		}
	}
	x.send(&m)
	return nil
}

// format returns the format of column i; a client can request none, one for all, or one
// per column.
func format(formats []int16, i int) int16 {
	switch {
	case len(formats) == 0:
		return 0
	case len(formats) == 1:
		return formats[0]
	}
	return formats[i]
}

// lookAhead bounds the rows that are examined before they are masked: see
// rows.Masker.LookAhead.
const lookAhead = 128

// data masks a row or a piece of COPY, or passes on all of those in the buffer.
func (x *session) data(ex *execution, typ byte, n int) error {
	if typ == 'D' && !ex.described || typ == 'd' && !ex.copying {
		return pool.ErrProtocol
	}
	if len(x.out) >= flushAt {
		x.announce(ex)
		if err := x.flush(); err != nil {
			return err
		}
	}
	if ex.rows != nil {
		if ex.ahead == 0 {
			run, count := x.up.In.Standing(typ, lookAhead)
			ex.ahead = cmp.Or(ex.rows.LookAhead(run), count)
		}
		ex.ahead = max(ex.ahead-1, 0)
		_, body, err := x.up.In.Next()
		if err != nil {
			return err
		}
		if typ == 'D' {
			x.out, err = ex.rows.AppendDataRow(x.out, body)
		} else {
			x.out, err = ex.rows.AppendCopyData(x.out, body)
		}
		if err != nil {
			return errDisagrees
		}
		ex.count++
		return nil
	}
	run, count := x.up.In.Run(typ, x.left(ex))
	if count == 0 && wire.HeaderBytes+n <= pool.ReadAhead {
		if err := x.up.In.Fill(wire.HeaderBytes + n); err != nil {
			return err
		}
		run, count = x.up.In.Run(typ, 1)
	}
	if count == 0 {
		return x.large(ex)
	}
	if rows.Tainted(run) {
		return errDisagrees
	}
	ex.count += uint64(count)
	if len(x.out)+len(run) <= flushAt {
		x.out = append(x.out, run...)
		return nil
	}
	x.announce(ex)
	if err := x.flush(); err != nil {
		return err
	}
	return x.write(run)
}

// large passes on a row that does not fit into the buffer, in pieces that overlap, so
// that forbidden text is found across their borders.
func (x *session) large(ex *execution) error {
	x.announce(ex)
	if err := x.flush(); err != nil {
		return err
	}
	ex.count++
	w := &taintWriter{dst: &x.client}
	x.torn = true
	if err := x.up.In.Pass(w); err != nil {
		return err
	}
	if err := w.close(); err != nil {
		return err
	}
	x.torn = false
	return nil
}

// taintWriter passes bytes on with a delay: what could be the beginning of forbidden text
// is held back until that is known.
type taintWriter struct {
	dst  *client
	held []byte
}

func (w *taintWriter) Write(b []byte) (int, error) {
	w.held = append(w.held, b...)
	if rows.Tainted(w.held) {
		return 0, errDisagrees
	}
	if n := len(w.held) - rows.TaintBytes; n > 0 {
		if err := w.dst.write(w.held[:n]); err != nil {
			return 0, err
		}
		w.held = append(w.held[:0], w.held[n:]...)
	}
	return len(b), nil
}

func (w *taintWriter) close() error { return w.dst.write(w.held) }

// stop ends an execution that the upstream would continue: the client is told why, and
// the rest is dropped.
func (x *session) stop(ex *execution, f *refusal) error {
	x.cancelUpstream()
	x.finish(ex, "refused", f.reason)
	x.send(f.Response("ERROR"))
	x.broken = true
	if n := len(x.expected); n > 0 && x.expected[n-1].kind != 'S' {
		// In the extended protocol, without a Sync so far: Veil sends one, so that the
		// upstream's state is known. The client's own Sync is still to come.
		x.up.Out = wire.AppendFrame(x.up.Out, 'S', nil)
		if err := x.sendUpstream(); err != nil {
			return err
		}
		return x.untilReady()
	}
	return nil
}

// conclude ends an execution that succeeded: its changes to the session are applied, its
// record is noted, and the client is told. body is the body of the upstream's
// CommandComplete; nil if Veil responded itself.
func (x *session) conclude(ex *execution, st *statement, body []byte) error {
	if ex.copying || body == nil && !isLocal(ex.plan) {
		return pool.ErrProtocol
	}
	p := ex.plan
	x.transacted = x.transacted || p.Kind == analysis.Transaction
	before := x.state.settings.now
	x.state.apply(p, st.text, st.catalog)
	x.finish(ex, "complete", "")
	if p.Kind == analysis.Empty {
		x.send(&pgproto3.EmptyQueryResponse{})
		return nil
	}
	tag := p.Command
	if body != nil {
		var ok bool
		if tag, ok = cString(body); !ok {
			return pool.ErrProtocol
		}
		x.out = wire.AppendFrame(x.out, 'C', body)
	} else {
		if tag == "SELECT" {
			tag = "SELECT " + strconv.Itoa(len(p.Answer))
		}
		x.send(&pgproto3.CommandComplete{CommandTag: []byte(tag)})
	}
	switch {
	case p.Kind == analysis.Transaction && tag == "ROLLBACK" && p.Command == "COMMIT":
		x.state.rollback() // in a transaction that had failed
	case p.Kind == analysis.Deallocate && p.Name == "", p.Kind == analysis.Discard:
		clear(x.checks.byText)
	}
	x.tellKept(before)
	return nil
}

// textType and anyLength are the type and size of columns that Veil serves itself.
const (
	textType  = 25
	anyLength = -1
)

// describeLocal sends the columns of what Veil serves itself.
func (x *session) describeLocal(p *analysis.Plan, formats []int16) {
	if len(p.Columns) == 0 {
		x.send(&pgproto3.NoData{})
		return
	}
	m := pgproto3.RowDescription{}
	for i, c := range p.Columns {
		m.Fields = append(m.Fields, pgproto3.FieldDescription{
			Name: []byte(c.Name), DataTypeOID: textType, DataTypeSize: anyLength, TypeModifier: -1, Format: format(formats, i),
		})
	}
	x.send(&m)
}

// sendLocal sends the rows of what Veil serves itself, and their columns
// if asked to. A text has the same bytes in both formats.
func (x *session) sendLocal(ex *execution, describe bool) {
	if describe && len(ex.plan.Columns) > 0 {
		x.describeLocal(ex.plan, nil)
	}
	for _, row := range ex.plan.Answer {
		start := len(x.out)
		x.out = append(x.out, 'D', 0, 0, 0, 0)
		x.out = binary.BigEndian.AppendUint16(x.out, uint16(len(row)))
		for _, cell := range row {
			x.out = binary.BigEndian.AppendUint32(x.out, uint32(len(cell)))
			x.out = append(x.out, cell...)
		}
		binary.BigEndian.PutUint32(x.out[start+1:], uint32(len(x.out)-start-1))
		ex.count++
	}
}
