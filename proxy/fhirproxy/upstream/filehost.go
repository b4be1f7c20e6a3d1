package upstream

import (
	"fmt"
	"net/url"
	"strings"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"
	"github.com/valyala/fasthttp"

	"github.com/veil-proxy/veil/proxy/fhirproxy/outcome"
)

// Many servers put the files of an export into a separate store, under URLs that are
// signed for a limited time. From configured stores, Veil requests exactly these URLs,
// without its credentials for the upstream: the URL itself is the permission. No other
// host is ever contacted.

// fileHost is a store of files.
type fileHost struct {
	place
	base   string // scheme and host as configured
	client *fasthttp.HostClient
}

// FileAt returns where an export file is: the path below the upstream's base, or the
// URL at a file host.
func (u *Server) FileAt(ref, requested string) (path string, p *outcome.Problem) {
	if path, ok := u.hosted(ref); ok {
		return path, nil
	}
	path, ok := u.Below(ref, requested, true)
	if !ok {
		return "", outcome.Failed(502, models.IssueTypeProcessing, "upstream manifest",
			"the export's files are at an address that is not configured: if the FHIR server serves them itself, list the base URL that it writes "+
				"into its links in fhir.upstreamAliases; if another host does, list that host in fhir.fileHosts")
	}
	return path, nil
}

// hosted returns the URL of a file as it is requested, if it is at a file host: path and
// query exactly as in ref, since they may be signed.
func (u *Server) hosted(ref string) (string, bool) {
	ref, _, _ = strings.Cut(strings.TrimSpace(ref), "#")
	text, ok := tidyURL(ref)
	at, err := url.Parse(text)
	if !ok || err != nil || at.User != nil || len(ref) > MaxLink {
		return "", false
	}
	for _, segment := range strings.Split(at.Path, "/") {
		if segment == "." || segment == ".." {
			return "", false
		}
	}
	for i := range len(ref) {
		if ref[i] <= ' ' || ref[i] >= 0x7f || ref[i] == '\\' {
			return "", false
		}
	}
	for _, h := range u.hosts {
		tail, under := strings.CutPrefix(at.EscapedPath(), h.path)
		if h.scheme != at.Scheme || h.host != authority(at) || !under || tail != "" && tail[0] != '/' {
			continue
		}
		_, rest, _ := strings.Cut(ref, "://")
		slash := strings.IndexAny(rest, "/?")
		if slash < 0 {
			return "", false
		}
		return h.base + rest[slash:], true
	}
	return "", false
}

// Hosted reports whether a path is at a file host, not below the upstream's base.
func (u *Server) Hosted(path string) bool { return u.hostOf(path) != nil }

// hostOf returns the store of a URL that hosted returned, or nil for a path below the
// upstream's base.
func (u *Server) hostOf(path string) *fileHost {
	if strings.HasPrefix(path, "/") || strings.HasPrefix(path, "?") {
		return nil
	}
	for i := range u.hosts {
		if h := &u.hosts[i]; strings.HasPrefix(path, h.base+"/") || strings.HasPrefix(path, h.base+"?") {
			return h
		}
	}
	return nil
}

// addFileHosts creates a client for each file host.
func (u *Server) addFileHosts(hosts []string) error {
	for _, base := range hosts {
		at, err := BaseURL("file host", base)
		if err != nil {
			return err
		}
		h := fileHost{place: placeOf(base), base: at.Scheme + "://" + at.Host, client: u.hostClient(at, nil)}
		u.patient(h.client)
		u.hosts = append(u.hosts, h)
	}
	return nil
}

// HostFailure says what a file host did instead of returning a file.
func (r *Response) HostFailure() *outcome.Problem {
	switch r.Status {
	case 400, 401, 403, 404, 410:
		return outcome.Failed(502, models.IssueTypeNotFound, "file host", fmt.Sprintf("the file host responded with status %d: the file is gone, or its URL is no longer valid; request the export's status again", r.Status))
	}
	return r.Failure()
}
