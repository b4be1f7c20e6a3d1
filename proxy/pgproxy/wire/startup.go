package wire

import (
	"errors"
	"strings"
)

const (
	// ProtocolMajor is the only major version of the protocol that is supported.
	ProtocolMajor = 3
	// NewestProtocol has cancel keys of up to 256 bytes; in 3.0 they have 4.
	NewestProtocol = 3<<16 | 2
)

// ErrMalformed is returned for a message that does not conform to the protocol.
var ErrMalformed = errors.New("the message does not conform to the PostgreSQL protocol")

// Startup says what a client opened the connection for.
type Startup struct {
	Version    uint32
	User       string
	Database   string
	Parameters map[string]string // the others, by name in lower case
	Unknown    []string          // names of protocol options that are not known
	Cancel     []byte            // of a cancel request: process id and key
}

// ParseStartup reads a startup message without its length and version.
func ParseStartup(version uint32, body []byte) (*Startup, error) {
	st := &Startup{Version: version, Parameters: map[string]string{}}
	if version>>16 != ProtocolMajor {
		return st, &Error{Code: "0A000", Text: "unsupported frontend protocol", Hint: "Veil supports protocol versions 3.0 and 3.2"}
	}
	parts := strings.Split(string(body), "\x00")
	// Pairs, each part ended by a zero byte, and one more zero byte.
	if len(parts) < 2 || len(parts)%2 != 0 || parts[len(parts)-1] != "" || parts[len(parts)-2] != "" {
		return st, ErrMalformed
	}
	for i := 0; i+3 < len(parts); i += 2 {
		name, value := strings.ToLower(parts[i]), parts[i+1]
		switch {
		case name == "":
			return st, ErrMalformed
		case name == "user":
			st.User = value
		case name == "database":
			st.Database = value
		case strings.HasPrefix(name, "_pq_."):
			st.Unknown = append(st.Unknown, parts[i])
		default:
			if _, twice := st.Parameters[name]; twice {
				return st, ErrMalformed
			}
			st.Parameters[name] = value
		}
	}
	if st.User == "" {
		return st, &Error{Code: "28000", Text: "no PostgreSQL user name specified in startup packet"}
	}
	return st, nil
}

// Options parses the options parameter of a startup message: a command line of -c
// name=value or --name=value, in which a backslash escapes the next character.
func (st *Startup) Options() (map[string]string, error) {
	bad := &Error{Code: "42601", Text: "the startup parameter \"options\" is not a list of -c name=value"}
	settings := map[string]string{}
	words := splitOptions(st.Parameters["options"])
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
