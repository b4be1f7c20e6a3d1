package fhir

import (
	"errors"
	"fmt"
	"slices"

	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/fhir/termhash"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/forms"
)

// elementRule is a method that acts on FHIR structure rather than on a single
// value: the walker knows what to do. It is a mask.Method so that a policy can
// hold it.
type elementRule struct {
	name  string
	op    op
	coded bool     // the object passes as a whole, its members decided together
	types []string // element types it fits
	inner mask.Method
	form  referenceForm
	// unit is the unit of a quantity that names none that is known.
	unit []byte
	// bare: a number without a unit that is known goes.
	bare bool
	// bound is "low" where the quantity is the lower bound of a range, "high" where it
	// is another one that can have no comparator.
	bound string
	// importedKey names the key of another tool that makes ids, in place of sealing.
	importedKey string
}

// Append is never called: the walker acts by the rule's op.
func (r *elementRule) Append(dst, _ []byte, _ *mask.Input) ([]byte, mask.Outcome, error) {
	return dst, mask.Removed, errors.New("method " + r.name + " acts on FHIR elements only")
}

// fit returns what the rule does to an element type.
func (r *elementRule) fit(e *schema.Element, et schema.ElementType) (op, error) {
	code := et.Code
	if et.Type != nil && isCodeList(et.Type) {
		code = "Coding" // it is judged like one
	}
	if len(r.types) > 0 && !slices.Contains(r.types, code) {
		return opRemove, fmt.Errorf("fits %v, not %s", r.types, et.Code)
	}
	if r.op == opDescend && (et.Type == nil || et.Type.Kind == schema.PrimitiveKind) {
		return opRemove, fmt.Errorf("acts on objects, and this is a %s", et.Code)
	}
	// A code without a value set to be in, or a form to have, cannot be told
	// from a name: it goes.
	if r.op == opCode && e.Binding.ValueSet == nil {
		return opRemove, nil
	}
	return r.op, nil
}

type referenceForm uint8

const (
	formReference referenceForm = iota // Reference.reference
	formFullURL                        // Bundle.entry.fullUrl
	formRequest                        // Bundle.entry.request.url, response.location
)

var quantityTypes = []string{"Quantity", "Age", "Count", "Distance", "Duration", "MoneyQuantity", "SimpleQuantity"}

// structureForms are the forms of methods on structure that others ask for. The engine
// compiles the element rule itself.
var structureForms = map[op]mask.Form{opWithhold: forms.Withhold{}, opLink: forms.Link{}}

// Methods returns the masking methods that depend on FHIR's structure.
func Methods() []mask.Definition {
	simple := func(name, summary string, label mask.Label, r elementRule) mask.Definition {
		r.name = name
		return mask.Definition{Name: name, Kind: mask.StructureMethod, Label: label, Summary: summary,
			Form: func(mask.Args) mask.Form { return structureForms[r.op] },
			New:  func(mask.Env, mask.Args) (mask.Method, error) { rule := r; return &rule, nil }}
	}
	return []mask.Definition{
		simple("descend", "walks into the object: its members are decided by their own rules", mask.LabelNone, elementRule{op: opDescend}),
		simple("withhold", "withholds the whole resource that has the element", mask.LabelRedacted, elementRule{op: opWithhold}),
		{
			Name: "resourceId", Kind: mask.StructureMethod, Label: mask.LabelPseudonymized,
			Summary: "seals a resource id, so that only Veil can open it; renames the id of a contained resource",
			Params:  []mask.Param{{Name: "importedKey", Type: mask.StringParam, Doc: "name of another tool's key: ids, and the references to them, become HMAC-SHA-256 in hex, as that tool's do, and do not open; only for files"}},
			Form:    func(mask.Args) mask.Form { return structureForms[opID] },
			New: func(env mask.Env, args mask.Args) (mask.Method, error) {
				name := args.String("importedKey", "")
				if name != "" {
					if err := env.Keys.NeedImportedKey(name); err != nil {
						return nil, err
					}
				}
				return &elementRule{name: "resourceId", op: opID, importedKey: name, types: []string{"id", "string", "http://hl7.org/fhirpath/System.String"}}, nil
			},
		},
		simple("versionId", "seals a version id, so that only Veil can open it; that of a contained resource is removed", mask.LabelPseudonymized,
			elementRule{op: opVersion, types: []string{"id"}}),
		simple("code", "lets a code pass that is in the value set its element is bound to, or has the form that the binding names; others are removed", mask.LabelNone,
			elementRule{op: opCode, types: []string{"code", "string", "uri"}}),
		simple("link", "replaces a Bundle's link with one to Veil, or removes it in files", mask.LabelPseudonymized,
			elementRule{op: opLink, types: []string{"uri"}}),
		simple("identifierKey", "replaces an Identifier by a keyed pseudonym of its system and value, which references by that identifier have, too", mask.LabelPseudonymized,
			elementRule{op: opIdentifier, types: []string{"Identifier"}}),
		simple("canonical", "keeps a canonical URL of a definition that begins with one of the ruleset's canonicals or names one of its code systems, and renames that of a contained resource; a CodeSystem's own URL is treated like those of codings; others are removed", mask.LabelNone,
			elementRule{op: opCanonical, types: []string{"canonical", "uri", "url"}}),
		simple("coding", "lets a code of a known system pass in the form its system has; pseudonymizes others; keeps a display only where it is verified", mask.LabelNone,
			elementRule{op: opDescend, coded: true, types: []string{"Coding"}}),
		simple("concept", "walks into a CodeableConcept and keeps its text only where it equals a display that passed", mask.LabelNone,
			elementRule{op: opDescend, coded: true, types: []string{"CodeableConcept"}}),
		{
			Name: "quantity", Kind: mask.StructureMethod, Summary: "keeps number and comparator, a unit that is a UCUM unit or a plain unit word, and a code of a known system",
			Params: []mask.Param{{Name: "unit", Type: mask.StringParam, Doc: "UCUM unit that a value without a known time unit is in, where the element holds an age"},
				{Name: "bare", Type: mask.StringParam, OneOf: []string{"keep", "remove"}, Doc: "what happens to a number without a known unit; keep by default"}},
			New: func(_ mask.Env, args mask.Args) (mask.Method, error) {
				return &elementRule{name: "quantity", op: opDescend, coded: true, types: quantityTypes, unit: []byte(args.String("unit", "")),
					bare: args.String("bare", "keep") == "remove"}, nil
			},
		},
		{
			Name: "reference", Kind: mask.StructureMethod, Label: mask.LabelPseudonymized,
			Summary: "translates a reference: the id is sealed, urn:uuid and contained ids are renamed, and what cannot be resolved here is removed",
			Params: []mask.Param{{Name: "form", Type: mask.StringParam, OneOf: []string{"reference", "fullUrl", "request"},
				Doc: "what the URL is: Reference.reference (default), a Bundle entry's fullUrl, or a request URL, which may also be a bare type"}},
			New: func(_ mask.Env, args mask.Args) (mask.Method, error) {
				forms := map[string]referenceForm{"reference": formReference, "fullUrl": formFullURL, "request": formRequest}
				return &elementRule{name: "reference", op: opReference, types: []string{"string", "uri", "url"},
					form: forms[args.String("form", "reference")]}, nil
			},
		},
		{
			Name: "listed", Summary: "keeps a text that is in the list; others are removed",
			Params: []mask.Param{{Name: "values", Type: mask.ListParam, Required: true, Doc: "the texts that may pass"},
				{Name: "ignoreCase", Type: mask.BoolParam, Doc: "in any case and spacing; false by default"}},
			New: func(_ mask.Env, args mask.Args) (mask.Method, error) {
				if args.Bool("ignoreCase", false) {
					return listedWords(args.List("values")), nil
				}
				return listed(args.List("values")), nil
			},
		},
		{
			Name: "resourceType", Summary: "keeps the name of a resource type; others are removed",
			New: func(mask.Env, mask.Args) (mask.Method, error) { return typeNames{resourceTypes(schema.R4())}, nil },
		},
	}
}

// typeNames keeps the names of resource types: R4's, or, in rules for FHIR, those of
// the ruleset's version.
type typeNames struct{ listed }

func resourceTypes(s *schema.Schema) (names listed) {
	for _, t := range s.Types() {
		if t.Kind == schema.ResourceKind && !t.Abstract {
			names = append(names, t.Name)
		}
	}
	return names
}

// listed keeps what is one of its texts and removes the rest.
type listed []string

// Results implements mask.Finite.
func (l listed) Results() []string { return l }

// Append implements mask.Method.
func (l listed) Append(dst, src []byte, _ *mask.Input) ([]byte, mask.Outcome, error) {
	for _, s := range l {
		if string(src) == s {
			return dst, mask.Kept, nil
		}
	}
	return dst, mask.Removed, nil
}

// listedWords keeps what is one of its texts in any case and spacing.
type listedWords []string

// Append implements mask.Method.
func (l listedWords) Append(dst, src []byte, _ *mask.Input) ([]byte, mask.Outcome, error) {
	for _, s := range l {
		if termhash.Same([]byte(s), src) {
			return dst, mask.Kept, nil
		}
	}
	return dst, mask.Removed, nil
}
