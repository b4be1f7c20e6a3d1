package ruletree

import (
	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/forms"
	"github.com/veil-proxy/veil/mask/ruleset"
	"github.com/veil-proxy/veil/postgres/analysis"
	"github.com/veil-proxy/veil/safeharbor"
)

// Word says, in one word, how a value is treated.
type Word string

// The words.
const (
	Keep      Word = "keep"
	Remove    Word = "remove"
	Withhold  Word = "withhold" // the whole resource
	Date      Word = "date"     // cut to a period, or shifted
	Coarser   Word = "coarser"  // a part of the value, or a range
	Pseudonym Word = "pseudonym"
	Invented  Word = "invented"
	Text      Word = "text" // identifiers are removed from a text
	Code      Word = "code" // kept if it is known, such as a code
	Link      Word = "link"
	Parts     Word = "parts" // its elements are decided one by one
	Mixed     Word = "mixed" // by a condition on the row
	Hidden    Word = "hidden"
)

// Words returns the words with what they mean, in the order of a legend.
func Words() []struct {
	Word    Word
	Meaning string
} {
	return []struct {
		Word    Word
		Meaning string
	}{
		{Keep, "the value passes as it is"},
		{Code, "passes if it is a known code or word, else it is removed"},
		{Coarser, "a part of the value, or the range that it lies in"},
		{Date, "cut to a year or another period, or shifted"},
		{Pseudonym, "a keyed pseudonym or a sealed id"},
		{Invented, "another value in its place"},
		{Text, "identifiers are removed from the text"},
		{Remove, "the value is removed"},
		{Hidden, "the column does not exist"},
		{Withhold, "the whole resource is withheld"},
		{Link, "a link to Veil, or none"},
		{Mixed, "conditions on the row decide"},
		{Parts, "its members are decided one by one"},
	}
}

// ofTreatment is the word for a treatment of a FHIR element.
func ofTreatment(t fhir.Treatment, form mask.Form) Word {
	switch t.Effect() {
	case fhir.Removes:
		return Remove
	case fhir.Keeps:
		return Keep
	case fhir.Withholds:
		return Withhold
	case fhir.SealsID, fhir.SealsVersion, fhir.SealsReference, fhir.ReplacesIdentifier:
		return Pseudonym
	case fhir.ShowsCode, fhir.ShowsCanonical:
		return Code
	case fhir.ShowsCoded:
		if t.Method() == nil {
			return Code
		}
		return ofMethod(t.Label(), form)
	case fhir.Links:
		return Link
	case fhir.ByMethod:
		return ofMethod(t.Label(), form)
	}
	return Parts
}

// ofMethod is the word for a method with a form.
func ofMethod(label mask.Label, form mask.Form) Word {
	switch form.(type) {
	case forms.Period, forms.Shift:
		return Date
	case forms.Listed, forms.Match:
		return Code
	case forms.Remove:
		return Remove
	case forms.Hide:
		return Hidden
	case forms.Withhold:
		return Withhold
	case forms.Seal, forms.Pseudonym:
		return Pseudonym
	case forms.Document, forms.Members:
		return Parts
	}
	switch label {
	case mask.LabelNone:
		if _, all := form.(forms.Keep); all {
			return Keep
		}
		return Code // known values pass
	case mask.LabelRedacted:
		return Remove
	case mask.LabelAbstracted:
		return Coarser
	case mask.LabelPseudonymized:
		return Pseudonym
	case mask.LabelScrubbed:
		return Text
	}
	return Invented
}

// OfColumn returns the word for a column of a PostgreSQL upstream, and the rule that
// decides it, or nil if none or several do.
func OfColumn(p *ruleset.Policy, t analysis.Treatment, rule string) (Word, *ruleset.TableRule) {
	switch t {
	case analysis.Hidden:
		return Hidden, tableRule(p, rule)
	case analysis.Clear:
		return Keep, tableRule(p, rule)
	}
	r := tableRule(p, rule)
	if r == nil {
		return Mixed, nil
	}
	for i := range p.Ruleset.Tables.Rules {
		if r == &p.Ruleset.Tables.Rules[i] {
			_, def := p.TableMethod(i)
			return ofMethod(def.Label, r.Form), r
		}
	}
	return Mixed, r
}

func tableRule(p *ruleset.Policy, id string) *ruleset.TableRule {
	if p.Ruleset.Tables == nil {
		return nil
	}
	for i := range p.Ruleset.Tables.Rules {
		if r := &p.Ruleset.Tables.Rules[i]; r.ID == id {
			return r
		}
	}
	return nil
}

// Paragraph is one of the identifiers of 45 CFR 164.514(b)(2)(i).
type Paragraph struct{ Letter, Title, Text string }

// Cite returns it as the regulation is cited.
func (p Paragraph) Cite() string { return "45 CFR 164.514(b)(2)(i)(" + p.Letter + ")" }

// Paragraphs returns the paragraphs that the letters of a category stand for.
func Paragraphs(letters string) (out []Paragraph) {
	for _, c := range safeharbor.Categories() {
		for _, l := range letters {
			if string(l) == c.Letter {
				out = append(out, Paragraph{c.Letter, c.Title, c.Text})
			}
		}
	}
	return out
}
