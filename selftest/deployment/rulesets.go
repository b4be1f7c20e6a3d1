package deployment

import (
	"fmt"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/mask/ruleset"
	"github.com/veil-proxy/veil/selftest"
)

// identifying are elements that identify a person by themselves.
var identifying = []string{
	"Patient.name", "HumanName.family", "HumanName.given", "HumanName.text", "Address.line", "Address.text", "ContactPoint.value", "Identifier.value",
	"Patient.birthDate", "Patient.identifier", "Patient.telecom", "Patient.contact.name", "RelatedPerson.name", "Person.name", "Practitioner.name", "Narrative.div",
}

// contents are elements that contain documents and pictures.
var contents = []string{"Attachment.data", "Attachment.url", "Patient.photo", "Binary.data", "DocumentReference.content", "Media.content", "DiagnosticReport.presentedForm"}

// checkRulesets checks the FHIR rules of each view.
func (d *Deployment) checkRulesets() {
	if d.prepared == nil {
		return
	}
	for _, v := range d.prepared.FHIR.Views {
		rs := v.Automaton.Policy.Ruleset
		at := viewName(v.Name)
		for _, list := range []struct {
			id, seen, do string
			paths        []string
		}{
			{"ruleset.kept-identifier", "elements that identify a person are kept as they are", "mask them", identifying},
			{"ruleset.kept-content", "whole documents or pictures are kept as they are", "remove them", contents},
		} {
			kept := keptOf(v.Automaton, list.paths)
			p := probe{id: list.id, kind: "rulesets", of: at, severity: selftest.High, seen: list.seen + ": " + strings.Join(kept, ", "), do: list.do}
			d.add(p, len(kept) > 0)
		}
		d.checkCodeSystems(at, rs)
		d.add(probe{id: "ruleset.content-types", kind: "rulesets", of: at, severity: selftest.High, seen: "content passes that no rule can mask: fhir.contentTypes", do: "remove the content types"}, len(rs.FHIR.ContentTypes) > 0)
		if d.MinCount > 0 && d.config.FHIR.Upstream != "" {
			d.add(probe{id: "view.min-count", kind: "rulesets", of: at, severity: selftest.Medium, seen: fmt.Sprintf("searches may find fewer than %d", d.MinCount), do: "set minCount of the view"}, v.MinCount < d.MinCount)
		}
	}
	for _, v := range d.config.ServedViews() {
		at := viewName(v.Name)
		if d.config.Postgres.Upstream == "" {
			continue
		}
		d.add(probe{id: "view.explain", kind: "rulesets", of: at, severity: selftest.Low, seen: "plans are shown, which depend on statistics", do: "remove sql.explain of the view"}, v.Postgres.Explain)
		if d.MinCount > 0 {
			d.add(probe{id: "view.min-count", kind: "rulesets", of: at + " (SQL)", severity: selftest.Medium, seen: fmt.Sprintf("groups of fewer than %d are shown", d.MinCount), do: "set sql.minCount of the view"}, v.Postgres.MinCount < d.MinCount)
		}
	}
}

// keptOf returns the elements that pass unchanged.
func keptOf(a *fhir.Automaton, paths []string) (kept []string) {
	for _, path := range paths {
		found, err := a.Explain(path)
		if err != nil {
			continue // this version of FHIR does not have it, or a rule removes the element around it
		}
		if slices.ContainsFunc(found, func(e fhir.Explanation) bool { return e.Method == "keep" }) {
			kept = append(kept, path)
		}
	}
	return kept
}

// checkCodeSystems looks for displays that pass unverified, since they can contain
// anything.
func (d *Deployment) checkCodeSystems(at string, rs *ruleset.Ruleset) {
	var trusted []string
	for _, s := range rs.FHIR.CodeSystems {
		if s.Display == "trust" {
			trusted = append(trusted, s.System)
		}
	}
	d.add(probe{id: "ruleset.display-trust", kind: "rulesets", of: at, severity: selftest.Medium, seen: "displays pass unverified, and can contain names: " + strings.Join(trusted, ", "), do: "use display: verify, and import the terminology"}, len(trusted) > 0)
}
