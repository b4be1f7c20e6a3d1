package fhir

import (
	"slices"

	"github.com/veil-proxy/veil/internal/strictyaml"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/forms"
	"github.com/veil-proxy/veil/mask/ruleset"
)

// The engine's own actions, for what no rule of the ruleset decides.
type engineActions struct {
	unknownElement, unknownResource, unknownExtension, unknownModifier, wrongShape, wrongForm, unknownSystem, absent, label, extension, typeName, content, foreign int
}

func (c *compiler) engineActions() {
	add := func(rule, path, method string, label mask.Label) int {
		n, err := c.a.Plan.Add(mask.Action{Rule: rule, Path: path, Method: method, Label: label})
		if err != nil {
			c.problems.Add(strictyaml.Position{}, "%v", err)
		}
		return n
	}
	c.a.engine = engineActions{
		unknownElement:   add("fhir.unknown", UnknownElement, "remove", mask.LabelRedacted),
		unknownResource:  add("fhir.unknown", UnknownResource, "remove", mask.LabelRedacted),
		unknownExtension: add("fhir.unknown", "(unknown extension)", "remove", mask.LabelRedacted),
		unknownModifier:  add("fhir.unknown", "(unknown modifierExtension)", "withhold", mask.LabelRedacted),
		wrongShape:       add("fhir.unknown", "(wrong JSON type)", "remove", mask.LabelRedacted),
		wrongForm:        add("fhir.unknown", "(not of the form of its type)", "remove", mask.LabelRedacted),
		unknownSystem:    add("fhir.codeSystems", "(unknown code system)", "pseudonym", mask.LabelPseudonymized),
		absent:           add("fhir.required", "(required element)", "data-absent-reason", mask.LabelNone),
		label:            add("fhir.label", "Resource.meta.security", "label", mask.LabelNone),
		extension:        add("fhir.extension", "Extension.url", "keep", mask.LabelNone),
		typeName:         add("fhir.resourceType", "Resource.resourceType", "keep", mask.LabelNone),
		foreign:          add("fhir.references", UnknownBase, "remove", mask.LabelRedacted),
		content:          add("fhir.contentTypes", "(content of a Binary)", "keep", mask.LabelNone),
	}
}

func (c *compiler) action(a mask.Action) int {
	n, err := c.a.Plan.Add(a)
	if err != nil {
		c.problems.Add(strictyaml.Position{}, "%v", err)
	}
	return n
}

// Withholds reports whether an action removes a whole resource.
func (a *Automaton) Withholds(action int) bool {
	if action == a.engine.unknownModifier {
		return true
	}
	id := a.Actions[action].Rule
	return slices.ContainsFunc(a.Policy.Ruleset.FHIR.Rules, func(r ruleset.Rule) bool {
		_, withholds := r.Form.(forms.Withhold)
		return withholds && r.ID == id
	})
}
