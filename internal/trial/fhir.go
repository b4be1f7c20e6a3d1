package trial

import (
	"bytes"
	"context"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/fhirfile"
	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/internal/views"
	"github.com/veil-proxy/veil/mask"
)

// FHIR masks a resource or a Bundle, in JSON or XML, as each view shows it. Links of a
// Bundle are left out: they would lead nowhere.
func FHIR(ctx context.Context, s *views.State, text []byte) ([]Result, error) {
	if len(text) > MostBytes {
		return nil, ErrTooLarge
	}
	if len(bytes.TrimSpace(bytes.TrimPrefix(text, fhirjson.ByteOrderMark))) == 0 {
		return nil, &Nothing{"a FHIR resource or Bundle, in JSON or XML"}
	}
	ctx, cancel := context.WithTimeout(ctx, MostTime)
	defer cancel()
	return each(ctx, s, func(v *views.View, r *Result) {
		site := s.Site
		format := resourceFormat(v.Automaton, &site, text)
		_, pass := throughFormat(format, "resource", text, true, r)
		if pass == nil {
			return
		}
		r.Masked = bytes.TrimSuffix(r.Masked, []byte("\n")) // a file's end of line
		r.explain(v.Automaton, pass)
	}), nil
}

// explain lists the applications of a pass, those without a value of their own last.
func (r *Result) explain(a *fhir.Automaton, pass *mask.Pass) {
	why := reasonsOf(a)
	add := func(x Applied, rule mask.Action) {
		if len(r.Applied) == MostApplied {
			r.Left++
			return
		}
		x.Reason = why.of(rule)
		r.Applied = append(r.Applied, x)
	}
	told := map[string]uint64{}
	for _, d := range pass.Details {
		told[d.Rule]++
		add(Applied{Resource: d.Resource, Path: d.Path, Outcome: d.Outcome.String()}, mask.Action{Rule: d.Rule})
	}
	for i, n := range pass.Counts {
		act := a.Actions[i]
		known := min(n, told[act.Rule])
		told[act.Rule] -= known
		for range n - known { // such as security labels
			add(Applied{Path: act.Path, Outcome: "added"}, act)
		}
	}
}

// resourceFormat is the format of one resource, XML or JSON.
func resourceFormat(a *fhir.Automaton, site *fhir.Site, text []byte) file.Format {
	list := fhirfile.Formats(a, site)
	form := fhirjson.OneResource
	if fhirjson.DetectForm(text) == fhirjson.OneXMLResource {
		form = fhirjson.OneXMLResource
	}
	for _, f := range list {
		if (form == fhirjson.OneXMLResource) == (f.Info().Extension == ".xml") && f.Info().Name != "FHIR NDJSON" {
			return f
		}
	}
	return list[0] // cannot happen: there is one of each form
}

// Nothing is the error for an empty text.
type Nothing struct{ expected string }

func (n *Nothing) Error() string { return "there is no text: expected " + n.expected }
