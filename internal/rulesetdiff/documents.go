package rulesetdiff

import (
	"encoding/json"
	"strings"

	"github.com/veil-proxy/veil/mask/ruleset"
)

// documentRules are the treatments of what the rules of the documents section match.
func documentRules(rs *ruleset.Ruleset) treatments {
	out := treatments{}
	if rs.Documents == nil {
		return out
	}
	for prefix, uri := range rs.Documents.Namespaces {
		out["namespace "+prefix] = Treatment{Text: uri}
	}
	for _, f := range rs.Documents.Files {
		out["files "+f.File] = Treatment{Text: "document " + f.Document}
	}
	for _, r := range rs.Documents.Rules {
		t := Treatment{Rule: r.ID, Text: r.Method}
		if len(r.Args) > 0 {
			t.Text += " " + words(r.Args)
		}
		if r.Keys != nil {
			t.Text = strings.TrimPrefix(t.Text+", names: "+r.Keys.Method, ", ")
			if len(r.Keys.Args) > 0 {
				t.Text += " " + words(r.Keys.Args)
			}
		}
		for _, beside := range []struct {
			name  string
			paths []ruleset.RelativePath
		}{{"entity", r.Entity}, {"birth", r.Birth}, {"death", r.Death}, {"country", r.Country}, {"unit", r.Unit}} {
			for i, p := range beside.paths {
				t.Text += []string{", " + beside.name + " ", " or "}[min(i, 1)] + p.Path
			}
		}
		where := ""
		if len(r.Where) > 0 {
			text, _ := json.Marshal(r.Where) // strings: cannot fail
			where = " where " + string(text)
		}
		for _, m := range r.Match {
			out[m.String()+where] = t
		}
	}
	return out
}
