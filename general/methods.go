// Package general has the masking methods that know no regulation: keep,
// remove, fixed values, pseudonyms, sealed ids, surrogates, dates, numbers and
// texts. A ruleset says which element or column a method acts on.
//
// Every method is deterministic: its output depends on the value, its arguments, the
// key and, where it says so, on whom the value is about. A value that cannot be parsed
// is Removed.
package general

import (
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/forms"
	"github.com/veil-proxy/veil/mask/keys"
)

// Methods returns the methods of this package.
func Methods() []mask.Definition {
	domain := mask.Param{Name: "domain", Type: mask.StringParam, Doc: "key domain: equal values of one domain get equal pseudonyms"}
	return []mask.Definition{
		{Name: "keep", Summary: "lets the value pass", Form: constant(forms.Keep{}), New: func(mask.Env, mask.Args) (mask.Method, error) { return keep{}, nil }},
		{Name: "remove", Label: mask.LabelRedacted, Summary: "removes the value", Form: constant(forms.Remove{}), New: func(mask.Env, mask.Args) (mask.Method, error) { return remove{}, nil }},
		{
			Name: "fixed", Label: mask.LabelRedacted, Summary: "replaces every value by the same text",
			Params: []mask.Param{{Name: "value", Type: mask.StringParam, Required: true, Doc: "the text"}},
			Form:   func(args mask.Args) mask.Form { return forms.Fixed{Text: args.String("value", "")} },
			New:    func(_ mask.Env, args mask.Args) (mask.Method, error) { return fixed(args.String("value", "")), nil },
		},
		{
			Name: "pseudonym", Label: mask.LabelPseudonymized, Summary: "replaces the value by an irreversible keyed pseudonym",
			Params: []mask.Param{
				{Name: "shape", Type: mask.StringParam, OneOf: []string{"hex", "base32", "digits", "uuid", "int", "same"}, Doc: "form of the pseudonym; base32 by default"},
				{Name: "length", Type: mask.IntParam, Min: 4, Max: 64, Doc: "characters of hex, base32 and digits"},
				domain,
				{Name: "importedKey", Type: mask.StringParam, Doc: "name of another tool's key: HMAC-SHA-256 of the value in hex, as its pseudonyms are; only for files"},
			},
			Form: func(args mask.Args) mask.Form { return pseudonymForm(args) },
			New:  newPseudonym,
		},
		{
			Name: "seal", Label: mask.LabelPseudonymized, Summary: "seals an id, so that only Veil can open it",
			Params: []mask.Param{{Name: "domain", Type: mask.StringParam, Required: true, Doc: "key domain, such as the FHIR resource type whose ids these are"}},
			Form:   func(args mask.Args) mask.Form { return forms.Seal{Domain: args.String("domain", "")} },
			New: func(env mask.Env, args mask.Args) (mask.Method, error) {
				return seal{env.Keys.SealSlot(args.String("domain", ""))}, nil
			},
		},
		{
			Name: "surrogate", Label: mask.LabelMasked, PerEntity: true, Summary: "replaces the value by a realistic invented one, keyed by person",
			Params: []mask.Param{
				{Name: "kind", Type: mask.StringParam, Required: true, OneOf: surrogateKinds(), Doc: "what the value is"},
				{Name: "locale", Type: mask.StringParam, OneOf: locales(), Doc: "whose names; en-US by default"},
				{Name: "perValue", Type: mask.BoolParam, Doc: "key by the value alone where the person is not known, instead of removing it"},
			},
			Form: func(args mask.Args) mask.Form { return forms.Surrogate{PerValue: args.Bool("perValue", false)} },
			New:  newSurrogate,
		},
		{
			Name: "date", Label: mask.LabelAbstracted, PerEntity: true, Summary: "cuts a date to its year, quarter or month, or shifts all dates of a person by the same number of days",
			Params: []mask.Param{
				{Name: "mode", Type: mask.StringParam, Required: true, OneOf: []string{"year", "quarter", "month", "shift"}, Doc: "what is done"},
				{Name: "as", Type: mask.StringParam, OneOf: []string{"date", "number"}, Doc: "of mode year in tables: 1 January (default), or a whole number"},
				{Name: "window", Type: mask.IntParam, Min: 1, Max: 3660, Doc: "maximum shift in days, in either direction; 365 by default"},
				{Name: "weekday", Type: mask.BoolParam, Doc: "shift by whole weeks, so that weekdays are kept"},
				domain,
			},
			Form: dateForm,
			New:  newDate,
		},
		{
			Name: "generalize", Label: mask.LabelAbstracted, Summary: "replaces listed values by their group, or numbers by their band",
			Params: []mask.Param{
				{Name: "cases", Type: mask.MapParam, Doc: "value: group"},
				{Name: "bands", Type: mask.ListParam, Doc: "bands of whole numbers, such as 0-17, 18-64, 65+"},
				{Name: "default", Type: mask.StringParam, Doc: "group of other values; they are removed without it"},
			},
			Form: generalizeForm,
			New:  newGeneralize,
		},
		{
			Name: "round", Label: mask.LabelAbstracted, Summary: "rounds a number to a multiple",
			Params: []mask.Param{{Name: "to", Type: mask.StringParam, Required: true, Doc: "the multiple, a positive decimal number such as 10 or 0.5"}},
			Form:   func(args mask.Args) mask.Form { return forms.Multiple{Of: args.String("to", ""), Nearest: true} },
			New:    newRound,
		},
		{
			Name: "bucket", Label: mask.LabelAbstracted, Summary: "replaces a number by the lower bound of its bucket",
			Params: []mask.Param{{Name: "width", Type: mask.StringParam, Required: true, Doc: "width of a bucket, a positive decimal number"}},
			Form:   func(args mask.Args) mask.Form { return forms.Multiple{Of: args.String("width", "")} },
			New:    newBucket,
		},
		{
			Name: "noise", Label: mask.LabelMasked, PerEntity: true, Summary: "adds bounded, keyed noise to a number",
			Params: []mask.Param{
				{Name: "within", Type: mask.StringParam, Required: true, Doc: "maximum change in either direction, a positive decimal number"},
				domain,
			},
			Form: func(args mask.Args) mask.Form { return noiseForm(args) },
			New:  newNoise,
		},
		{
			Name: "substring", Label: mask.LabelAbstracted, Summary: "keeps some characters of a text",
			Params: []mask.Param{
				{Name: "from", Type: mask.IntParam, Min: 0, Max: 1 << 20, Doc: "first character, from 0"},
				{Name: "length", Type: mask.IntParam, Required: true, Min: 1, Max: 1 << 20, Doc: "number of characters"},
			},
			Form: func(args mask.Args) mask.Form {
				return forms.Substring{From: args.Int("from", 0), Length: args.Int("length", 0)}
			},
			New: func(_ mask.Env, args mask.Args) (mask.Method, error) {
				return substring{int(args.Int("from", 0)), int(args.Int("length", 0))}, nil
			},
		},
		{
			Name: "postalCode", Label: mask.LabelNone, Search: mask.SearchExact,
			Summary: "keeps what has the form of a postal code; other text is removed",
			New:     func(mask.Env, mask.Args) (mask.Method, error) { return postalCode{}, nil },
		},
		{
			Name: "postalArea", Label: mask.LabelAbstracted, Summary: "keeps the first characters of what has the form of a postal code; other text is removed",
			Params: []mask.Param{{Name: "length", Type: mask.IntParam, Required: true, Min: 1, Max: longestPostalCode, Doc: "number of characters"}},
			New: func(_ mask.Env, args mask.Args) (mask.Method, error) {
				return postalArea{int(args.Int("length", 0))}, nil
			},
		},
		{
			Name: "placeName", Label: mask.LabelNone, Search: mask.SearchExact,
			Summary: "keeps what has the form of the name of a town, region or country; other text is removed",
			New:     func(mask.Env, mask.Args) (mask.Method, error) { return placeName{}, nil },
		},
		{
			Name: "pattern", Label: mask.LabelNone, Search: mask.SearchExact, Summary: "keeps a text that a regular expression matches; other text is removed",
			Params: []mask.Param{{Name: "pattern", Type: mask.StringParam, Required: true, Doc: "the regular expression (RE2), which must match the whole text: M|F|U, or [0-9]{1,8}; it may have printable ASCII, classes, groups, | and repetitions"}},
			Form: func(args mask.Args) mask.Form {
				f, err := patternForm(args.String("pattern", ""))
				if err != nil {
					return nil // New says why
				}
				return f
			},
			New: newPattern,
		},
		{
			Name: "number", Label: mask.LabelNone, Search: mask.SearchExact, Summary: "keeps a number; other text is removed",
			Form: constant(numberForm),
			New:  func(mask.Env, mask.Args) (mask.Method, error) { return newMatch(numberForm), nil },
		},
		{
			Name: "term", Label: mask.LabelNone, Search: mask.SearchExact,
			Summary: "keeps a short text in words; a text with a telephone number, a date, an e-mail address, a URL or a number of seven digits is removed",
			Form:    constant(termForm),
			New:     func(mask.Env, mask.Args) (mask.Method, error) { return term{}, nil },
		},
		{
			Name: "characters", Label: mask.LabelRedacted, Summary: "keeps the first or last characters and fills the others",
			Params: []mask.Param{
				{Name: "keepFirst", Type: mask.IntParam, Min: 0, Max: 64, Doc: "characters kept at the start"},
				{Name: "keepLast", Type: mask.IntParam, Min: 0, Max: 64, Doc: "characters kept at the end"},
				{Name: "fill", Type: mask.StringParam, Doc: `what replaces each other character; "*" by default`},
			},
			Form: func(args mask.Args) mask.Form {
				return forms.Ends{First: args.Int("keepFirst", 0), Last: args.Int("keepLast", 0), Fill: args.String("fill", "*")}
			},
			New: newCharacters,
		},
		{
			Name: "imitate", Label: mask.LabelMasked, Summary: "replaces the number by one with a valid check digit that nobody has",
			Params: []mask.Param{
				{Name: "kind", Type: mask.StringParam, Required: true, OneOf: []string{"luhn", "npi", "nhs", "ssn"}, Doc: "what the number is"},
				domain,
			},
			Form: imitateForm,
			New:  newImitate,
		},
	}
}

// constant is a form that does not depend on arguments.
func constant(f mask.Form) func(mask.Args) mask.Form {
	return func(mask.Args) mask.Form { return f }
}

// keep lets every value pass as it is.
type keep struct{}

// Append implements mask.Method.
func (keep) Append(dst, _ []byte, _ *mask.Input) ([]byte, mask.Outcome, error) {
	return dst, mask.Kept, nil
}

// remove takes every value out.
type remove struct{}

// Append implements mask.Method.
func (remove) Append(dst, _ []byte, _ *mask.Input) ([]byte, mask.Outcome, error) {
	return dst, mask.Removed, nil
}

// fixed puts the same text in the place of every value.
type fixed string

// Results implements mask.Finite.
func (f fixed) Results() []string { return []string{string(f)} }

// Append implements mask.Method.
func (f fixed) Append(dst, _ []byte, _ *mask.Input) ([]byte, mask.Outcome, error) {
	return append(dst, f...), mask.Replaced, nil
}

// seal seals ids: see keys.Pseudonymizer.AppendSealed. What is no FHIR id (1 to
// 64 of A-Z a-z 0-9 - .) is Removed.
type seal struct{ slot keys.Slot }

// Append implements mask.Method.
func (s seal) Append(dst, src []byte, in *mask.Input) ([]byte, mask.Outcome, error) {
	dst, ok := in.Keys.AppendSealed(dst, s.slot, src)
	if !ok {
		return dst, mask.Removed, nil
	}
	return dst, mask.Replaced, nil
}
