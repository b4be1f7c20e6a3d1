// Package safeharbor is the HIPAA Safe Harbor method of de-identification, 45 CFR
// 164.514(b)(2), as masking methods and facts. It knows the eighteen categories of
// identifiers, what may remain of a date, an age and a postal code, and the states and
// countries that may pass. It knows no FHIR and no SQL: a ruleset says which element or
// column a method acts on.
//
// The regulation, 164.514(b)(2)(i)(C): "All elements of dates (except year) for
// dates directly related to an individual, including birth date, admission date,
// discharge date, death date; and all ages over 89 and all elements of dates
// (including year) indicative of such age, except that such ages and elements
// may be aggregated into a single category of age 90 or older".
//
// Ages are counted as of the ruleset's reference date, never today's, and by calendar
// years: a person who turns 90 in the reference year counts as over 89. That is the
// stricter reading, it needs no month or day, and what a search by year can reveal is
// then exactly what the masked data reveals.
//
// Entry points are Methods and Categories.
package safeharbor

import (
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/age"
	"github.com/veil-proxy/veil/mask/forms"
)

// Methods returns the methods of this package.
func Methods() []mask.Definition {
	return []mask.Definition{
		{
			Name: "year", Label: mask.LabelAbstracted, Search: mask.SearchYear,
			Form:    yearForm(forms.AnyEvent),
			Summary: "cuts a date to its year; a year more than 89 years before the reference year is removed",
			Params: []mask.Param{{Name: "as", Type: mask.StringParam, OneOf: []string{"date", "instant", "number"},
				Doc: "date (default) writes YYYY, instant writes YYYY-01-01T00:00:00Z, number is date, and a whole number in tables"}},
			New: func(env mask.Env, args mask.Args) (mask.Method, error) {
				return &year{reference: env.ReferenceDate.Year, instant: args.String("as", "date") == "instant"}, nil
			},
		},
		{
			Name: "birthYear", Label: mask.LabelAbstracted, PerPerson: true, Search: mask.SearchYear,
			Form:    yearForm(forms.Birth),
			Summary: "cuts a birth date to its year, and removes it where it reveals an age over 89",
			Params:  asNumber(),
			New: func(env mask.Env, _ mask.Args) (mask.Method, error) {
				return &birthYear{reference: env.ReferenceDate.Year}, nil
			},
		},
		{
			Name: "deathYear", Label: mask.LabelAbstracted, PerPerson: true,
			Form:    yearForm(forms.Death),
			Summary: "cuts a date of death to its year, and removes it where the age at death is over 89 or unknown",
			Params:  asNumber(),
			New:     func(mask.Env, mask.Args) (mask.Method, error) { return deathYear{}, nil },
		},
		{
			Name: "ageCap", Label: mask.LabelAbstracted, Search: mask.SearchAmount, AtLeast: true,
			Form:    capForm,
			Summary: "puts a time of more than 89 years into the single category of 90 years or more",
			Params:  []mask.Param{{Name: "unit", Type: mask.StringParam, Doc: "UCUM unit of a number that has none of its own"}},
			New: func(_ mask.Env, args mask.Args) (mask.Method, error) {
				return &ageCap{unit: []byte(args.String("unit", ""))}, nil
			},
		},
		{
			Name: "zip3", Label: mask.LabelAbstracted, Search: mask.SearchPrefix,
			Summary: "keeps the first three digits of a US postal code, 000 where at most 20,000 people live in their area",
			Params: []mask.Param{{Name: "census", Type: mask.StringParam, OneOf: []string{"2000", "2010", "2020"},
				Doc: "the census whose populations count; 2020 by default"},
				{Name: "missingCountry", Type: mask.StringParam, OneOf: []string{"us", "state", "remove"},
					Doc: "what an address without a country is: us (default), one of the US where its state is (state), or none (remove); a state outside the US decides in each case"}},
			Form: func(args mask.Args) mask.Form {
				z := zip3Of(args)
				return forms.Prefix{Hidden: z.hidden(), Abroad: z.missing != missingIsUS}
			},
			New: func(_ mask.Env, args mask.Args) (mask.Method, error) { return zip3Of(args), nil },
		},
		{
			Name: "state", Label: mask.LabelNone, Search: mask.SearchExact,
			Summary: "keeps a US state, territory or military region; others are removed",
			Form:    func(mask.Args) mask.Form { return forms.Listed{Values: newState().known.list()} },
			New:     func(mask.Env, mask.Args) (mask.Method, error) { return newState(), nil },
		},
		{
			Name: "country", Label: mask.LabelNone, Search: mask.SearchExact,
			Summary: "keeps an ISO 3166-1 code or country name; others are removed",
			Form:    func(mask.Args) mask.Form { return forms.Listed{Values: newCountry().known.list()} },
			New:     func(mask.Env, mask.Args) (mask.Method, error) { return newCountry(), nil },
		},
	}
}

// asNumber is the argument that makes a year a whole number in tables, which cannot be
// mistaken for a date.
func asNumber() []mask.Param {
	return []mask.Param{{Name: "as", Type: mask.StringParam, OneOf: []string{"date", "number"},
		Doc: "date (default) writes YYYY; number is a whole number in tables, where date is 1 January"}}
}

// yearForm is the year of a date, which is removed if it reveals an age above the limit.
func yearForm(of forms.Event) func(mask.Args) mask.Form {
	return func(args mask.Args) mask.Form {
		return forms.Period{Unit: forms.Year, MaxAge: age.Oldest, Of: of, Number: args.String("as", "date") == "number"}
	}
}

// capForm has the limit of each unit of time.
func capForm(args mask.Args) mask.Form {
	limit := func(u *age.Unit) forms.Limit { return forms.Limit{From: u.From(), To: u.Cap} }
	out := forms.Cap{Units: map[string]forms.Limit{}, Ages: age.Words()}
	for word, u := range age.UnitWords() {
		out.Units[word] = limit(u)
	}
	if u := age.UnitOf([]byte(args.String("unit", ""))); u != nil {
		l := limit(u)
		out.Default = &l
	}
	return out
}
