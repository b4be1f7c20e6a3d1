package upstream

import (
	"net/url"
	"strings"

	"github.com/veil-proxy/veil/proxy/fhirproxy/parse"
)

// The upstream's responses contain URLs of its own: the next page, the status of an
// export, its files. Servers write such URLs in many ways: relative, with their own idea
// of scheme and host, more or less escaped. Veil sends requests only to its configured
// upstream, so only the path and query below the upstream's base matter. Whatever host it
// names, no other is ever contacted.

// MaxLink is the maximum length of an upstream link. Its token is a third longer and
// must fit into a request line.
const MaxLink = 6 << 10

// place is a parsed base URL.
type place struct{ scheme, host, path string }

// placeOf parses a URL that BaseURL has checked.
func placeOf(base string) place {
	text, _ := tidyURL(base)
	u, err := url.Parse(text)
	if err != nil {
		return place{}
	}
	return place{u.Scheme, authority(u), strings.TrimSuffix(u.EscapedPath(), "/")}
}

// authority is the host of a URL in lower case with its port.
func authority(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return strings.ToLower(u.Hostname()) + ":" + port
}

// Below finds the path and query, below the upstream's base, that a URL in the response
// to a request leads to. requested is the path and query of that request, against which
// the URL is resolved (RFC 3986, 5). A URL with exactly the scheme and host of the
// upstream or an alias is looked up under those first. sameHost refuses other hosts if
// the base has no path of its own: then nothing else distinguishes the upstream from
// another server.
func (u *Server) Below(ref, requested string, sameHost bool) (rest string, ok bool) {
	at := u.resolve(ref, requested)
	if at == nil {
		return "", false
	}
	path, host := at.EscapedPath(), authority(at)
	lower := strings.ToLower(path)
	if strings.Contains(lower, "%2f") || strings.Contains(lower, "%5c") {
		return "", false // some servers treat it as a slash
	}
	best := -1
	for i, p := range u.places {
		same := p.scheme == at.Scheme && p.host == host
		tail, under := strings.CutPrefix(path, p.path)
		if !under || tail != "" && tail[0] != '/' {
			continue
		}
		if p.path == "" && !same && (sameHost && p.host != host || i > 0) {
			continue
		}
		n := 2 * len(p.path)
		if same {
			n += 2 * MaxLink
		}
		if i == 0 {
			n++
		}
		if n > best {
			best, rest = n, tail
		}
	}
	if at.RawQuery != "" {
		rest += "?" + at.RawQuery
	}
	return rest, best >= 0 && rest != "" && len(rest) <= MaxLink
}

// resolve returns a URL in a response as an absolute http or https URL, or nil.
func (u *Server) resolve(ref, requested string) *url.URL {
	text, ok := tidyURL(ref)
	if !ok {
		return nil
	}
	at, err := url.Parse(text)
	if err != nil {
		return nil
	}
	base, _ := tidyURL(u.base + requested)
	from, err := url.Parse(base)
	if err != nil {
		return nil
	}
	at = from.ResolveReference(at)
	if at.Scheme != "http" && at.Scheme != "https" || at.Opaque != "" || at.Host == "" {
		return nil
	}
	return at
}

// tidyURL normalizes a URL: no fragment, no unnecessary escapes in its path, and all
// necessary ones everywhere. It reports false if the URL is empty or has control
// characters.
func tidyURL(ref string) (string, bool) {
	ref, _, _ = strings.Cut(strings.Trim(ref, " \t\r\n"), "#")
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	query := false
	for i := 0; i < len(ref); i++ {
		c := ref[i]
		switch {
		case c < ' ' || c == 0x7f:
			return "", false
		case c == ' ' || c > 0x7f || strings.IndexByte("\"<>\\^`{|}", c) >= 0:
			b.WriteString(string([]byte{'%', digits[c>>4], digits[c&15]}))
			continue
		case c == '?':
			query = true
		case c == '%' && !query && i+2 < len(ref) && parse.HexDigit(ref[i+1]) >= 0 && parse.HexDigit(ref[i+2]) >= 0:
			if d := byte(parse.HexDigit(ref[i+1])<<4 | parse.HexDigit(ref[i+2])); parse.Unreserved(d) {
				b.WriteByte(d)
				i += 2
				continue
			}
		}
		b.WriteByte(c)
	}
	return b.String(), b.Len() > 0
}

// Known reports whether a URL is below a configured base, or is not a URL.
func (u *Server) Known(ref string) (*url.URL, bool) {
	text, _ := tidyURL(ref)
	at, err := url.Parse(text)
	if err != nil || at.Scheme != "http" && at.Scheme != "https" || at.Host == "" {
		return at, true
	}
	for _, p := range u.places {
		tail, under := strings.CutPrefix(at.EscapedPath(), p.path)
		if p.scheme == at.Scheme && p.host == authority(at) && under && (tail == "" || tail[0] == '/') {
			return at, true
		}
	}
	return at, false
}
