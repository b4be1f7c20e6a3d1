package fhirsource

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// maxResource is the largest resource or response that is read, in bytes.
const maxResource = 64 << 20

// ReadLines examines up to a number of resources of each type in NDJSON, and counts the
// others.
func (s *Scan) ReadLines(r io.Reader, name string, most int) error {
	in := bufio.NewReaderSize(r, 1<<20)
	bad, line := 0, 0
	for {
		text, err := in.ReadBytes('\n')
		line++
		if len(text) > maxResource {
			return fmt.Errorf("%s: line %d is longer than %d bytes", name, line, maxResource)
		}
		if text = bytes.TrimSpace(text); len(text) > 0 {
			if typ := typeOf(text); typ != "" && s.types[typ] != nil && s.types[typ].Count >= most {
				s.types[typ].Count++
			} else if s.Add(text) != nil {
				bad++
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if bad > 0 {
		s.addUnread("%s: %d lines are not FHIR resources", name, bad)
	}
	return nil
}

// typeOf returns the type of a resource if it is at the beginning, or "".
func typeOf(text []byte) string {
	head := text[:min(len(text), 200)]
	if i := bytes.Index(head, []byte(`"resourceType"`)); i >= 0 {
		if parts := strings.SplitN(string(head[i+14:]), `"`, 3); len(parts) == 3 && strings.Trim(parts[0], " :\t") == "" {
			return parts[1]
		}
	}
	return ""
}

// Server is a FHIR server to examine.
type Server struct {
	Base   string
	Client *http.Client
	// Token is a bearer token, or empty.
	Token string
	// Most is how many resources of each type are examined.
	Most int
	// Progress is called after each type, unless nil.
	Progress func(done, total int)
}

// Read examines a server: its CapabilityStatement lists the types; a count and a search
// for each type give the rest. A type that cannot be searched is reported.
func (s *Scan) Read(ctx context.Context, srv Server) error {
	var statement struct {
		Rest []struct {
			Resource []struct {
				Type        string
				Interaction []struct{ Code string }
			}
		}
	}
	text, err := srv.get(ctx, "metadata")
	if err != nil {
		return fmt.Errorf("%s/metadata: %w", srv.Base, err)
	}
	if json.Unmarshal(text, &statement) != nil || len(statement.Rest) == 0 {
		return fmt.Errorf("%s/metadata is not a CapabilityStatement in JSON", srv.Base)
	}
	resources := statement.Rest[0].Resource
	for i, r := range resources {
		if typeName.MatchString(r.Type) {
			s.search(ctx, srv, r.Type)
		}
		if srv.Progress != nil {
			srv.Progress(i+1, len(resources))
		}
	}
	return nil
}

// search counts the resources of a type and examines some.
func (s *Scan) search(ctx context.Context, srv Server, typ string) {
	var bundle struct {
		Total *int
		Entry []struct{ Resource json.RawMessage }
	}
	text, err := srv.get(ctx, typ+"?_summary=count")
	if err == nil {
		_ = json.Unmarshal(text, &bundle) // without a total, count the entries
	}
	total := bundle.Total
	if total != nil && *total == 0 {
		return
	}
	if text, err = srv.get(ctx, fmt.Sprintf("%s?_count=%d", typ, srv.Most)); err != nil {
		s.addUnread("%s: %v", typ, err)
		return
	}
	if json.Unmarshal(text, &bundle) != nil {
		s.addUnread("%s: the search did not return a Bundle in JSON", typ)
		return
	}
	for i := range bundle.Entry {
		if i < srv.Most && len(bundle.Entry[i].Resource) > 0 {
			_ = s.Add(bundle.Entry[i].Resource) // an entry without a resource says nothing
		}
	}
	if total != nil && *total > 0 {
		s.countType(typ, *total)
	}
}

func (srv *Server) get(ctx context.Context, path string) ([]byte, error) {
	base, err := url.Parse(srv.Base)
	if err != nil || base.Scheme != "http" && base.Scheme != "https" {
		return nil, errors.New("expected a URL such as https://fhir.example.org/r4")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(srv.Base, "/")+"/"+path, nil)
	if err != nil {
		return nil, errors.New("expected a URL such as https://fhir.example.org/r4")
	}
	req.Header.Set("Accept", "application/fhir+json")
	if srv.Token != "" {
		req.Header.Set("Authorization", "Bearer "+srv.Token)
	}
	resp, err := srv.Client.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, errors.New("the time ran out")
		}
		return nil, errors.New("no connection: check the URL, TLS and the network")
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the server responded with status %d", resp.StatusCode)
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxResource+1))
	if err != nil {
		return nil, errors.New("the response was cut off")
	}
	if len(text) > maxResource {
		return nil, fmt.Errorf("the response has more than %d bytes", maxResource)
	}
	return text, nil
}
