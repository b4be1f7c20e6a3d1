package pgproxy

import (
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sort"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/veil-proxy/veil/proxy/pgproxy/wire"
)

// What the first message of a connection requests.
const (
	sslRequest    = 80877103
	gssRequest    = 80877104
	cancelRequest = 80877102
)

// mostStartupBytes is PostgreSQL's MAX_STARTUP_PACKET_LENGTH.
const mostStartupBytes = 10_000

// tlsHandshake is the first byte of a TLS connection without an SSLRequest
// (sslnegotiation=direct).
const tlsHandshake = 0x16

// protocolName is the ALPN name of the protocol, which direct TLS must name.
const protocolName = "postgresql"

var (
	errCancel   = errors.New("the connection is a cancel request")
	errEncrypts = errors.New("the client requested encryption twice")
)

// negotiate handles requests for encryption until the startup message comes, and encrypts
// the connection. Nothing is read beyond the message: a byte that was sent too early
// would be treated as part of the encrypted connection.
func (c *client) negotiate(config *tls.Config) (*wire.Startup, error) {
	requested := map[uint32]bool{}
	for {
		var head [8]byte
		if _, err := io.ReadFull(c.conn, head[:1]); err != nil {
			return nil, err
		}
		if head[0] == tlsHandshake && config != nil && c.tls == nil {
			if err := c.encrypt(&leadingByte{Conn: c.conn, first: head[:1]}, config, true); err != nil {
				return nil, err
			}
			continue
		}
		if _, err := io.ReadFull(c.conn, head[1:]); err != nil {
			return nil, err
		}
		n, code := binary.BigEndian.Uint32(head[:]), binary.BigEndian.Uint32(head[4:])
		if n < 8 || n > mostStartupBytes {
			return nil, wire.ErrMalformed
		}
		body := make([]byte, n-8)
		if _, err := io.ReadFull(c.conn, body); err != nil {
			return nil, err
		}
		switch code {
		case sslRequest, gssRequest:
			if requested[code] || c.tls != nil || len(body) > 0 {
				return nil, errEncrypts
			}
			requested[code] = true
			if code == gssRequest || config == nil {
				if _, err := c.conn.Write([]byte{'N'}); err != nil {
					return nil, err
				}
				continue
			}
			if _, err := c.conn.Write([]byte{'S'}); err != nil {
				return nil, err
			}
			if err := c.encrypt(c.conn, config, false); err != nil {
				return nil, err
			}
		case cancelRequest:
			return &wire.Startup{Cancel: body}, errCancel
		default:
			return wire.ParseStartup(code, body)
		}
	}
}

// encrypt starts TLS on the connection.
func (c *client) encrypt(conn net.Conn, config *tls.Config, direct bool) error {
	t := tls.Server(conn, config)
	if err := t.HandshakeContext(c.stopping); err != nil {
		return err
	}
	if direct && t.ConnectionState().NegotiatedProtocol != protocolName {
		return wire.ErrMalformed
	}
	c.conn, c.tls = t, t
	return nil
}

// leadingByte is a connection whose first byte has already been read.
type leadingByte struct {
	net.Conn
	first []byte
}

func (l *leadingByte) Read(p []byte) (int, error) {
	if len(l.first) > 0 && len(p) > 0 {
		n := copy(p, l.first)
		l.first = l.first[n:]
		return n, nil
	}
	return l.Conn.Read(p)
}

// agree tells the client about an unsupported version or unsupported options, and returns
// the version in use.
func (c *client) agree(st *wire.Startup) uint32 {
	version := min(st.Version, wire.NewestProtocol)
	if version < wire.NewestProtocol {
		version = wire.ProtocolMajor << 16
	}
	if st.Version > wire.NewestProtocol || len(st.Unknown) > 0 {
		sort.Strings(st.Unknown)
		c.send(&pgproto3.NegotiateProtocolVersion{NewestMinorProtocol: version, UnrecognizedOptions: st.Unknown})
	}
	return version
}
