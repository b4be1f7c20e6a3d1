package pgproxy

import (
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sort"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"
)

// What the first message of a connection asks for.
const (
	sslRequest    = 80877103
	gssRequest    = 80877104
	cancelRequest = 80877102
	// protocolMajor is the only major version that is spoken.
	protocolMajor = 3
	// newestProtocol has cancel keys of up to 256 bytes; 3.0 has those of 4.
	newestProtocol = 3<<16 | 2
)

// mostStartupBytes is PostgreSQL's MAX_STARTUP_PACKET_LENGTH.
const mostStartupBytes = 10_000

// tlsHandshake is the first byte of a TLS connection that was not asked for by
// SSLRequest (sslnegotiation=direct).
const tlsHandshake = 0x16

// protocolName is the ALPN name of the protocol, which direct TLS must name.
const protocolName = "postgresql"

var (
	errCancel   = errors.New("the connection is a cancel request")
	errStartup  = errors.New("the first message is not one of the PostgreSQL protocol")
	errEncrypts = errors.New("the client asks for encryption twice")
)

// startup is what a client opened the connection for.
type startup struct {
	version    uint32
	user       string
	database   string
	parameters map[string]string // the others, by name in lower case
	unknown    []string          // names of protocol options that are not known
	cancel     []byte            // of a cancel request: process id and key
}

// negotiate answers requests for encryption until the startup message comes, and
// puts the encrypted connection in place. Nothing is read beyond the message: a
// byte that came too early would be taken as one of the encrypted connection's.
func (c *client) negotiate(config *tls.Config) (*startup, error) {
	asked := map[uint32]bool{}
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
			return nil, errStartup
		}
		body := make([]byte, n-8)
		if _, err := io.ReadFull(c.conn, body); err != nil {
			return nil, err
		}
		switch code {
		case sslRequest, gssRequest:
			if asked[code] || c.tls != nil || len(body) > 0 {
				return nil, errEncrypts
			}
			asked[code] = true
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
			return &startup{cancel: body}, errCancel
		default:
			return parseStartup(code, body)
		}
	}
}

// encrypt puts TLS on the connection.
func (c *client) encrypt(conn net.Conn, config *tls.Config, direct bool) error {
	config = config.Clone()
	config.NextProtos = []string{protocolName}
	t := tls.Server(conn, config)
	if err := t.Handshake(); err != nil {
		return err
	}
	if direct && t.ConnectionState().NegotiatedProtocol != protocolName {
		return errStartup
	}
	c.conn, c.tls = t, t
	return nil
}

// leadingByte is a connection of which the first byte was read already.
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

// parseStartup reads a startup message without its length and version.
func parseStartup(version uint32, body []byte) (*startup, error) {
	st := &startup{version: version, parameters: map[string]string{}}
	if version>>16 != protocolMajor {
		return st, &sessionError{code: "0A000", text: "unsupported frontend protocol", hint: "Veil supports protocol versions 3.0 and 3.2"}
	}
	parts := strings.Split(string(body), "\x00")
	// Pairs, each part ended by a zero byte, and one more zero byte.
	if len(parts) < 2 || len(parts)%2 != 0 || parts[len(parts)-1] != "" || parts[len(parts)-2] != "" {
		return st, errStartup
	}
	for i := 0; i+3 < len(parts); i += 2 {
		name, value := strings.ToLower(parts[i]), parts[i+1]
		switch {
		case name == "":
			return st, errStartup
		case name == "user":
			st.user = value
		case name == "database":
			st.database = value
		case strings.HasPrefix(name, "_pq_."):
			st.unknown = append(st.unknown, parts[i])
		default:
			if _, twice := st.parameters[name]; twice {
				return st, errStartup
			}
			st.parameters[name] = value
		}
	}
	if st.user == "" {
		return st, &sessionError{code: "28000", text: "no PostgreSQL user name specified in startup packet"}
	}
	return st, nil
}

// agree tells the client of a version or options that are not spoken, and
// returns the version that is.
func (c *client) agree(st *startup) uint32 {
	version := min(st.version, newestProtocol)
	if version < newestProtocol {
		version = protocolMajor << 16
	}
	if st.version > newestProtocol || len(st.unknown) > 0 {
		sort.Strings(st.unknown)
		c.send(&pgproto3.NegotiateProtocolVersion{NewestMinorProtocol: version, UnrecognizedOptions: st.unknown})
	}
	return version
}

// options are the settings of a startup's options parameter: a command line of
// -c name=value or --name=value, where a backslash keeps the next character.
func (st *startup) options() (map[string]string, error) {
	bad := &sessionError{code: "42601", text: "the startup parameter \"options\" is not a list of -c name=value"}
	settings := map[string]string{}
	words := splitOptions(st.parameters["options"])
	for i := 0; i < len(words); i++ {
		var pair string
		switch w := words[i]; {
		case w == "-c" && i+1 < len(words):
			i++
			pair = words[i]
		case strings.HasPrefix(w, "--"):
			pair = w[2:]
		case strings.HasPrefix(w, "-c"):
			pair = w[2:]
		default:
			return nil, bad
		}
		name, value, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return nil, bad
		}
		settings[strings.ToLower(strings.ReplaceAll(name, "-", "_"))] = value
	}
	return settings, nil
}

func splitOptions(s string) []string {
	var words []string
	var word []byte
	in := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == ' ' || c >= '\t' && c <= '\r':
			if in {
				words, word, in = append(words, string(word)), nil, false
			}
		case c == '\\' && i+1 < len(s):
			i++
			word, in = append(word, s[i]), true
		default:
			word, in = append(word, c), true
		}
	}
	if in {
		words = append(words, string(word))
	}
	return words
}
