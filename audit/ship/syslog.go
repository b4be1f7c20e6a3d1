package ship

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"time"
)

// Syslog sends lines to a syslog server as messages of RFC 5424, over TCP (RFC 6587, octet
// counting) or TLS (RFC 5425).
//
// Syslog has no acknowledgement. So each batch has a connection of its own: Veil ends its
// side, and the entries count as received when the server, having read to the end, ends
// its side too (with TLS, by close_notify). An interrupted connection proves nothing, and
// the entries are sent again.
//
// Without TLS, a server that is killed after reading everything ends the connection just as one
// that continues: what it had read but not written is lost.
type Syslog struct {
	address string
	tls     *tls.Config
	host    string
	timeout time.Duration
}

// syslogTime bounds the time for a server to accept entries.
const syslogTime = 30 * time.Second

// NewSyslog returns a target for a server. A nil TLS configuration means no TLS.
func NewSyslog(address string, conf *tls.Config) *Syslog {
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "-"
	}
	return &Syslog{address: address, tls: conf, host: host, timeout: syslogTime}
}

var errNotEnded = errors.New("the syslog server did not confirm by ending the connection")

// Send sends entries.
func (s *Syslog) Send(ctx context.Context, entries []Entry) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	conn, ended, err := s.dial(ctx)
	if err != nil {
		return &networkError{"the syslog server does not respond", err}
	}
	defer func() { _ = conn.Close() }() // after its end
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	w := bufio.NewWriter(conn)
	var message []byte
	for i := range entries {
		message = s.append(message[:0], &entries[i])
		_, _ = w.WriteString(strconv.Itoa(len(message))) // Flush returns the error
		_ = w.WriteByte(' ')
		_, _ = w.Write(message)
	}
	if err := w.Flush(); err != nil {
		return &networkError{"the connection to the syslog server was interrupted", err}
	}
	if err := conn.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		return &networkError{"the connection to the syslog server was interrupted", err}
	}
	switch n, err := io.Copy(io.Discard, io.LimitReader(conn, 64<<10)); {
	case err != nil:
		return &networkError{errNotEnded.Error(), err}
	case !ended():
		return errNotEnded
	case n > 0:
		return errors.New("the server sent data, which a syslog server never does")
	}
	return nil
}

// dial connects. ended reports, once nothing more can be read, whether the server ended the
// connection properly.
func (s *Syslog) dial(ctx context.Context) (conn net.Conn, ended func() bool, err error) {
	raw, err := new(net.Dialer).DialContext(ctx, "tcp", s.address)
	if err != nil || s.tls == nil {
		return raw, func() bool { return true }, err
	}
	conf := s.tls.Clone()
	if conf.ServerName == "" {
		conf.ServerName, _, _ = net.SplitHostPort(s.address)
	}
	records := &records{Conn: raw}
	secured := tls.Client(records, conf)
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = raw.Close() // nothing was sent
		return nil, nil, err
	}
	return secured, func() bool { return records.alert }, nil
}

// records watches the records of TLS that arrive. The library treats the end of a
// connection as an orderly end, but only an alert proves that (RFC 8446, 6.1).
type records struct {
	net.Conn
	head  []byte
	left  int  // of the record's body
	alert bool // the last record can be an alert
}

// The types of records, and the length of an alert that is encrypted: two bytes, its type,
// and the tag of the cipher.
const (
	alertRecord, dataRecord = 21, 23
	encryptedAlert          = 2 + 1 + 16
	recordHead              = 5
)

func (r *records) Read(b []byte) (int, error) {
	n, err := r.Conn.Read(b)
	for seen := b[:n]; len(seen) > 0; {
		if r.left > 0 {
			skip := min(r.left, len(seen))
			seen, r.left = seen[skip:], r.left-skip
			continue
		}
		take := min(recordHead-len(r.head), len(seen))
		r.head, seen = append(r.head, seen[:take]...), seen[take:]
		if len(r.head) == recordHead {
			r.left = int(binary.BigEndian.Uint16(r.head[3:]))
			r.alert = r.head[0] == alertRecord || r.head[0] == dataRecord && r.left == encryptedAlert
			r.head = r.head[:0]
		}
	}
	return n, err
}

// Facility 13 is "log audit" (RFC 5424, 6.2.1).
const facility = 13

// append appends a message.
func (s *Syslog) append(dst []byte, e *Entry) []byte {
	severity := 6 // informational
	switch e.Result {
	case "refused":
		severity = 4
	case "failed":
		severity = 3
	}
	dst = strconv.AppendInt(append(dst, '<'), int64(8*facility+severity), 10)
	dst = e.Time.UTC().AppendFormat(append(dst, ">1 "...), "2006-01-02T15:04:05.000000Z")
	dst = append(append(append(dst, ' '), s.host...), " veil - "...)
	dst = append(append(dst, e.Kind...), " - "...)
	return append(dst, e.Text...)
}

// Close does nothing.
func (s *Syslog) Close() {}

// networkError says what failed, in fixed words without addresses.
type networkError struct {
	text string
	err  error
}

func (e *networkError) Error() string { return e.text }

func (e *networkError) Unwrap() error { return e.err }
