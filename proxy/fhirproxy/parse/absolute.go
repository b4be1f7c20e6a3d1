package parse

import (
	"errors"
	"net"
	"net/url"
	"strings"
)

// errOtherServer says that a target in absolute form names a server that is not this one.
var errOtherServer = errors.New("the request target names another server: Veil is not a forward proxy")

// OriginForm converts a target in absolute form (RFC 9112, 3.2.2) to origin form if it
// names this server: by the host of base, the URL that consumers reach it at, or by
// local, the address that the connection came to. Clients send it to proxies, and servers
// must accept it. Any other text is returned as it is.
func OriginForm(raw string, base *url.URL, local net.Addr) (string, error) {
	scheme, rest, ok := strings.Cut(raw, "://")
	if scheme = strings.ToLower(scheme); !ok || scheme != "http" && scheme != "https" {
		return raw, nil
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	named, rest := portOf(scheme, rest[:end]), rest[end:]
	if !named.is(portOf(base.Scheme, base.Host)) && !named.isLocal(local) {
		return "", errOtherServer
	}
	if !strings.HasPrefix(rest, "/") {
		rest = "/" + rest
	}
	return rest, nil
}

// server is a host and a port, as an authority names them.
type server struct{ host, port string }

// defaultPort represents both 80 and 443, since a proxy in front of the listener may
// terminate TLS.
const defaultPort = ""

// portOf parses an authority. One with a user is invalid.
func portOf(scheme, authority string) server {
	u, err := url.Parse(scheme + "://" + authority)
	if err != nil || u.User != nil || u.Host != authority || u.Hostname() == "" {
		return server{}
	}
	s := server{strings.TrimSuffix(strings.ToLower(u.Hostname()), "."), u.Port()}
	if scheme == "http" && s.port == "80" || scheme == "https" && s.port == "443" {
		s.port = defaultPort
	}
	return s
}

func (s server) is(other server) bool { return s == other && s.host != "" }

// isLocal reports whether a connection to local is one to the server.
func (s server) isLocal(local net.Addr) bool {
	addr, ok := local.(*net.TCPAddr)
	if !ok {
		return false
	}
	l := portOf("http", addr.String())
	return s.is(l) || addr.IP.IsLoopback() && s.is(server{"localhost", l.port})
}
