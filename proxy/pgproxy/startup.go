package pgproxy

import (
	"errors"
	"strings"
)

const (
	// protocolMajor is the only major version that is spoken.
	protocolMajor = 3
	// newestProtocol has cancel keys of up to 256 bytes; 3.0 has those of 4.
	newestProtocol = 3<<16 | 2
)

var (
	errStartup = errors.New("the first message is not one of the PostgreSQL protocol")
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
