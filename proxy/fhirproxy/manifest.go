package fhirproxy

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"github.com/veil-proxy/veil/proxy/fhirproxy/outcome"
	"github.com/veil-proxy/veil/proxy/fhirproxy/parse"
)

// manifest is the list of an export's files. Other members, such as extensions, do not
// pass.
type manifest struct {
	TransactionTime     string           `json:"transactionTime,omitempty"`
	Request             string           `json:"request"`
	RequiresAccessToken bool             `json:"requiresAccessToken"`
	Output              []manifestOutput `json:"output"`
	Deleted             []manifestOutput `json:"deleted,omitempty"`
	Error               []manifestOutput `json:"error"`
	Link                []manifestLink   `json:"link,omitempty"`
}

type manifestOutput struct {
	Type  string `json:"type"`
	URL   string `json:"url"`
	Count *int64 `json:"count,omitempty"`
}

// manifestLink leads to a further part of the list.
type manifestLink struct {
	Relation string `json:"relation"`
	URL      string `json:"url"`
}

// upstreamManifest is the part of the upstream's list that Veil reads. Members that only
// inform may have any form, so that an export does not fail because of them.
type upstreamManifest struct {
	TransactionTime any
	Output          []upstreamFile
	Deleted         []upstreamFile
	Error           []upstreamFile
	Link            []struct{ Relation, URL string }
}

type upstreamFile struct {
	Type, URL string
	Count     any
}

var errManifest = outcome.Failed(502, models.IssueTypeStructure, "upstream manifest", "the FHIR server's list of the export's files is not valid: expected output, deleted and error as lists of files with type and url")

// rebuild writes the manifest with links of Veil's own, less the types that the
// consumer may not read.
func (x *exchange) rebuild(l *link, body []byte) ([]byte, *outcome.Problem) {
	var in upstreamManifest
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.UseNumber() // a count has no fraction
	if d.Decode(&in) != nil {
		return nil, errManifest
	}
	out := manifest{
		Request:             x.s.base + "/" + l.at + string(parse.AppendQuery(nil, l.shape)),
		RequiresAccessToken: x.credentialed,
		Output:              []manifestOutput{}, Error: []manifestOutput{},
	}
	var exact bool
	if out.TransactionTime, exact = transactionTime(in.TransactionTime); !exact {
		x.mended("transactionTime", out.TransactionTime == "")
	}
	for _, part := range []struct {
		kind linkKind
		from []upstreamFile
		to   *[]manifestOutput
	}{{linkFile, in.Output, &out.Output}, {linkDeleted, in.Deleted, &out.Deleted}, {linkErrors, in.Error, &out.Error}} {
		for _, o := range part.from {
			switch part.kind {
			case linkDeleted:
				o.Type = "Bundle"
			case linkErrors:
				o.Type = "OperationOutcome"
			default:
				if x.readable(o.Type) != nil {
					continue
				}
			}
			path, p := x.s.up.FileAt(o.URL, l.path)
			if p != nil {
				return nil, p
			}
			file := manifestOutput{Type: o.Type, URL: x.url(part.kind, &link{at: o.Type + " " + l.at, shape: l.shape, path: path})}
			if n, ok := fileCount(o.Count); ok {
				file.Count = &n
			} else if o.Count != nil {
				x.mended("count", true)
			}
			*part.to = append(*part.to, file)
		}
	}
	for _, next := range in.Link {
		if !strings.EqualFold(next.Relation, "next") {
			continue
		}
		path, ok := x.s.up.Below(next.URL, l.path, false)
		if !ok {
			return nil, outcome.Failed(502, models.IssueTypeProcessing, "incomplete without the next manifest",
				"the FHIR server's list of the export's files continues at an address that is not below its base URL: add the base URL of its links to fhir.upstreamAliases")
		}
		out.Link = append(out.Link, manifestLink{Relation: "next", URL: x.url(linkStatus, &link{at: l.at, shape: l.shape, path: path})})
	}
	b, err := json.Marshal(out)
	if err != nil {
		return nil, outcome.Failed(500, models.IssueTypeException, "internal", "the list of the export's files could not be written")
	}
	return b, nil
}

// mended logs that an informative part of a manifest did not have the form that FHIR
// requires.
func (x *exchange) mended(member string, gone bool) {
	x.s.shared.Log().Warn("a part of the upstream's export manifest is not valid", "request_id", x.ID, "door", "fhir",
		"operation", x.Operation, "member", member, "left_out", gone)
}

// transactionTime is the time of an export as FHIR writes it, and whether the upstream
// wrote it so. A time without a zone becomes the earliest time it can mean, since the
// next export begins where this one ended, and repeated resources do less harm than
// missing ones. Anything else is left out.
func transactionTime(written any) (instant string, exact bool) {
	text, _ := written.(string)
	t, err := time.Parse(time.RFC3339, text)
	if exact = err == nil; !exact {
		for _, layout := range []string{"2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04", time.DateOnly} {
			if t, err = time.Parse(layout, text); err == nil {
				t = t.Add(-earliestZone)
				break
			}
		}
	}
	if err != nil {
		for _, layout := range []string{"2006-01-02 15:04:05.999999999Z07:00", "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04Z07:00", time.RFC1123} {
			if t, err = time.Parse(layout, text); err == nil {
				break
			}
		}
	}
	if err != nil {
		return "", false
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z"), exact
}

// earliestZone is how far ahead of UTC the first zone of the earth is.
const earliestZone = 14 * time.Hour

// fileCount reads a number of resources.
func fileCount(written any) (int64, bool) {
	var text string
	switch v := written.(type) {
	case json.Number:
		text = v.String()
	case string:
		text = v
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil && n >= 0
}
