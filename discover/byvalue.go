package discover

import (
	"fmt"
	"math"

	"github.com/veil-proxy/veil/discover/values"
)

// indication says how much values of a kind speak for a class. From the share least on,
// the evidence grows to the full weight at a share of 1. Weights are log-odds: a form
// that nothing else has (an e-mail address) weighs 8, one with a check digit 7, one that
// other things may have 3 to 5, a dictionary 4 to 6.
type indication struct {
	kind   values.Kind
	class  Class
	weight float64
	least  float64
}

var indications = []indication{
	{values.Email, Email, 9, 0.3},
	{values.URL, URL, 7, 0.5},
	{values.IP, IP, 7, 0.6},
	{values.MAC, Device, 7, 0.6},
	{values.SSN, SSN, 9, 0.25},
	{values.NationalChecked, NationalID, 7.5, 0.8},
	{values.NationalForm, NationalID, 4.5, 0.6},
	{values.MedicareID, MemberID, 5, 0.6},
	{values.NPI, License, 7.5, 0.8},
	{values.DEA, License, 7.5, 0.8},
	{values.IBANForm, Account, 8, 0.6},
	{values.IBANChecked, Account, 2, 0.6},
	{values.CardForm, Account, 5.5, 0.6},
	{values.CardChecked, Account, 3, 0.8},
	{values.VINForm, Vehicle, 6.5, 0.6},
	{values.VINChecked, Vehicle, 2, 0.6},
	{values.Plate, Vehicle, 5, 0.6},
	{values.UDI, Device, 8, 0.5},
	{values.Serial, Device, 5, 0.6},
	{values.Phone, Phone, 7, 0.3},
	{values.Phone, Fax, 6, 0.3},
	{values.Postcode, Zip, 5.5, 0.6},
	{values.Street, Street, 7.5, 0.4},
	{values.Unit, Street, 6, 0.5},
	{values.DistrictName, District, 5, 0.5},
	{values.StateName, State, 6.5, 0.6},
	{values.CountryName, Country, 6, 0.6},
	{values.PersonName, PersonName, 7, 0.35},
	{values.NameTitle, Other, 4, 0.8},
	{values.NameSuffix, Other, 4, 0.8},
	{values.Marital, Demographic, 5.5, 0.7},
	{values.Race, Demographic, 5, 0.7},
	{values.Language, Demographic, 5, 0.7},
	{values.LanguageCode, Demographic, 2.5, 0.9},
	{values.Religion, Demographic, 5, 0.6},
	{values.Occupation, Demographic, 5, 0.5},
	{values.ICD10, Code, 5.5, 0.6},
	{values.LOINC, Code, 6, 0.7},
	{values.ATC, Code, 5, 0.7},
	{values.NDC, Code, 3, 0.9},
	{values.MeasureUnit, Code, 4.5, 0.6},
	{values.Version, Other, 5, 0.6},
	{values.Path, Other, 5, 0.5},
	{values.FHIR, FHIRDocument, 9, 0.3},
	{values.HL7, FreeText, 8, 0.3},
	{values.ImageData, Photo, 7, 0.5},
	{values.ImageData, Biometric, 5.5, 0.5},
	{values.DocumentData, FreeText, 6, 0.5},
	{values.JSON, FreeText, 2.5, 0.5},
	{values.XML, FreeText, 2.5, 0.5},
}

// looked returns how much a sample is worth: little if it has only a few distinct values.
func looked(p *values.Profile) float64 { return math.Min(1, 0.35+float64(p.Tested)/20) }

// terms are kinds of which a column naturally has few distinct values: for them, rows are
// counted.
var terms = map[values.Kind]bool{
	values.Marital: true, values.Race: true, values.Language: true, values.Religion: true, values.Occupation: true,
	values.StateName: true, values.CountryName: true,
}

// share describes how many of the sampled values are of a kind.
func share(p *values.Profile, k values.Kind) string {
	return fmt.Sprintf("%.0f%% of %d different sampled values %s", 100*p.Share(k), p.Tested, k)
}

// byValues adds evidence from the sampled values.
func (t *tableState) byValues(i int) {
	p := t.Columns[i].Profile
	if p == nil || p.Tested == 0 {
		return
	}
	b, worth := t.boards[i], looked(p)
	for _, ind := range indications {
		if s := p.Share(ind.kind); s >= ind.least && (ind.kind != values.IP || p.Share(values.Version) < 0.8) {
			worth := worth
			if terms[ind.kind] && p.Tested > 2 {
				worth = math.Max(worth, math.Min(1, 0.4+float64(p.Filled)/60))
			}
			b.add(fromValues, ind.class, worth*ind.weight*(0.6+0.4*(s-ind.least)/(1.001-ind.least)), share(p, ind.kind))
		}
	}
	if t.Columns[i].family() == textType {
		b.textual(p, worth)
		b.names(p, worth)
		b.places(p, worth)
		b.vocabulary(p, worth)
	}
	b.dates(p, t.Columns[i].family(), worth)
	b.numeric(p, t.Columns[i].family(), worth)
	b.identifiers(p, t.Columns[i].family(), worth)
	b.contradictions(p, t.Columns[i].family(), worth)
	if p.Form != "" && p.FormShare > 0.8 {
		class, _, _ := b.best(fromValues)
		b.add(fromValues, class, 0.01, fmt.Sprintf("%.0f%% have the form %s", 100*p.FormShare, p.Form))
	}
}

// textual distinguishes sentences and phrases, which differ, from terms, which repeat.
func (b *board) textual(p *values.Profile, worth float64) {
	free := p.Share(values.Sentence) + 0.5*p.Share(values.Phrase)
	inside := p.Share(values.TextWithIdentifier)
	varied := float64(p.Distinct) / float64(max(p.Filled, 1))
	switch {
	case p.Share(values.Sentence) >= 0.5 && (varied > 0.25 || p.Distinct > 60):
		b.add(fromValues, FreeText, worth*6, share(p, values.Sentence))
	case free >= 0.5 && inside >= 0.15 && varied > 0.15 && p.Share(values.Street) < 0.3 && p.Share(values.PersonName) < 0.4:
		b.add(fromValues, FreeText, worth*4.5, share(p, values.TextWithIdentifier))
	case p.MeanWords >= 2 && varied < 0.2 && p.Distinct <= 40:
		b.add(fromValues, Other, worth*2, fmt.Sprintf("%d different texts of more than a word repeat", p.Distinct))
	}
	if inside >= 0.3 && p.MeanWords >= 4 && varied > 0.15 {
		b.add(fromValues, FreeText, worth*3, share(p, values.TextWithIdentifier))
	}
	if p.MeanLength > 120 && p.MeanWords > 12 {
		b.add(fromValues, FreeText, worth*3, "the values are long texts")
	}
	if varied < 0.25 && p.Distinct <= 50 && p.MeanWords < 2 && p.Share(values.Identifier) < 0.5 {
		b.add(fromValues, Code, worth*2, fmt.Sprintf("%d different values repeat %.0f times on average", p.Distinct, p.Repetition()))
	}
}

// names distinguishes given and family names. Since their lists overlap, the larger share
// decides.
func (b *board) names(p *values.Profile, worth float64) {
	given, family := p.Common(values.GivenName), p.Common(values.FamilyName)
	cities, terms := p.Common(values.CityName), p.Share(values.Term)
	if s := p.Share(values.OrgName); s >= 0.4 && p.Share(values.DistrictName) < 0.5 && p.Share(values.StateName) < 0.5 {
		b.add(fromValues, OrganizationName, worth*5.5*s, share(p, values.OrgName))
	}
	if p.Share(values.PersonName) > 0.5 || p.Share(values.OrgName) > 0.4 {
		return
	}
	single := p.Share(values.Token)
	few := math.Min(1, float64(p.Distinct)/15) // five "names" that repeat are brands or colours
	most := math.Max(given, family)
	if p.Share(values.Capitalized) > 0.9 && p.Distinct >= 30 && p.MeanWords < 1.6 {
		most += 0.25 // capitalized words that hardly repeat: most rare names are in no list
	}
	if most < 0.45 || terms > 0.4 || cities > most+0.1 || single > 0.7 {
		return
	}
	lead := given - family
	b.add(fromValues, GivenName, worth*few*(1+4*given+3*clamp(lead, -1, 1)), share(p, values.GivenName))
	b.add(fromValues, FamilyName, worth*few*(1+4*family-3*clamp(lead, -1, 1)), share(p, values.FamilyName))
	b.add(fromValues, Code, -worth*few*2*math.Max(given, family), "")
}

func clamp(x, low, high float64) float64 { return math.Min(math.Max(x, low), high) }

// places distinguishes cities from names, and ZIP codes from other short numbers.
func (b *board) places(p *values.Profile, worth float64) {
	cities := p.Common(values.CityName)
	surnames := math.Max(p.Common(values.FamilyName), p.Common(values.GivenName))
	few := math.Min(1, float64(p.Distinct)/12)
	if cities >= 0.5 && p.Share(values.Term) < 0.4 && p.Share(values.StateName) < cities {
		b.add(fromValues, City, worth*few*(7*cities-1+3*clamp(cities-surnames, -1, 1)), share(p, values.CityName))
	}
	zip, wide := p.Share(values.Zip), p.Distinct >= 20
	switch {
	case zip >= 0.5 && p.Share(values.Zip4) > 0.02 && zip+p.Share(values.Zip4) > 0.9:
		b.add(fromValues, Zip, worth*7, share(p, values.Zip))
	case zip >= 0.9 && wide && p.Spread > 3000:
		b.add(fromValues, Zip, worth*4, share(p, values.Zip))
		b.add(fromValues, District, worth*2.5, share(p, values.Zip))
	case zip >= 0.9 && wide:
		b.add(fromValues, Zip, worth*1.5, share(p, values.Zip))
	}
	if s := p.Share(values.StateCode); s >= 0.9 && p.Distinct >= 5 && p.MaxLength <= 3 {
		b.add(fromValues, State, worth*math.Min(5, 1+float64(p.Distinct)/4), share(p, values.StateCode))
	}
	if s := p.Share(values.CountryCode); s >= 0.9 && p.Distinct >= 3 && p.Share(values.StateCode) < 0.9 {
		b.add(fromValues, Country, worth*3, share(p, values.CountryCode))
	}
}

// vocabulary adds evidence from short terms: sex, yes and no.
func (b *board) vocabulary(p *values.Profile, worth float64) {
	if s := p.Share(values.Sex); s >= 0.8 && p.Distinct >= 2 && p.Distinct <= 10 && p.Share(values.YesNo) < 1 {
		b.add(fromValues, Demographic, 3.5*s, share(p, values.Sex))
	}
	if s := p.Share(values.YesNo); s >= 0.95 && p.Distinct <= 4 {
		b.add(fromValues, Flag, 4, share(p, values.YesNo))
	}
	if s := p.Share(values.Term); s >= 0.6 && s > p.Share(values.Race)+0.2 {
		b.add(fromValues, Code, worth*2.5, share(p, values.Term))
		b.against(fromValues, 2*s, "", GivenName, FamilyName, City, PersonName)
	}
}

// contradictions adds what the values rule out, whatever the name says.
func (b *board) contradictions(p *values.Profile, f family, worth float64) {
	if p.Tested < 5 || f != textType && f != integerType && f != numberType && f != otherType {
		return
	}
	deny := func(share, least, weight float64, classes ...Class) {
		if share < least {
			b.against(fromValues, worth*weight*(least-share)/least, "", classes...)
		}
	}
	deny(p.Share(values.Email), 0.4, 8, Email)
	deny(p.Share(values.URL)+p.Share(values.Path), 0.4, 6, URL)
	deny(p.Share(values.IP), 0.4, 7, IP)
	deny(p.Share(values.Phone)+p.Share(values.PhoneDigits)+0.5*p.Share(values.Integer), 0.3, 6, Phone, Fax)
	deny(p.Share(values.SSN)+p.Share(values.SSNDigits)+p.Share(values.Token), 0.3, 6, SSN)
	deny(p.Share(values.Date)+p.Share(values.CompactDate)+p.Share(values.Time)+p.Share(values.Year)+b.smallNumbers(p), 0.4, 7, BirthDate, DeathDate, EventDate)
	digits := p.Share(values.Identifier) + p.Share(values.Token) + p.Share(values.Integer) + p.Share(values.UUID) + p.Share(values.Hex)
	deny(digits, 0.3, 6, NationalID, MRN, MemberID, Account, License, Device, EventKey)
	deny(digits+p.Share(values.Plate)+p.Share(values.VINForm), 0.3, 6, Vehicle)
	deny(digits+p.Share(values.Username)+p.Share(values.Word), 0.3, 5, PersonKey)
	letters := 1 - p.Share(values.Integer) - p.Share(values.Decimal) - p.Share(values.UUID) - p.Share(values.Date) - p.Share(values.Time) - p.Share(values.Hex) - p.Share(values.Email) - p.Share(values.Phone)
	deny(letters, 0.6, 9, GivenName, FamilyName, PersonName, OrganizationName, City, FreeText, Username, Street)
	deny(1-p.Share(values.Sentence), 0.7, 5, GivenName, FamilyName, PersonName, City, State, Country, Zip, Username, Code, Flag, Demographic)
	deny(math.Max(p.Common(values.GivenName), p.Common(values.FamilyName))+0.5*p.Share(values.Token)+0.15*p.Share(values.Capitalized), 0.25, 7, GivenName, FamilyName)
	deny(p.Share(values.PersonName)+p.Share(values.FamilyName)+0.7*p.Share(values.GivenName), 0.3, 4, PersonName)
	deny(p.Common(values.CityName), 0.15, 2.5, City)
	deny(p.Share(values.Street)+p.Share(values.Unit)+0.3*p.Share(values.Token), 0.2, 5, Street)
	deny(p.Share(values.Integer)+p.Share(values.Decimal)+p.Share(values.Token), 0.4, 5, Age, Measure)
	deny(p.Share(values.Zip)+p.Share(values.Zip4)+p.Share(values.Postcode)+p.Share(values.Integer)+p.Share(values.Token), 0.3, 5, Zip)
	deny(p.Share(values.YesNo)+p.Share(values.Token), 0.5, 5, Flag)
	if p.Share(values.Integer) > 0.9 && (p.Max > 130 || p.Min < 0) {
		b.against(fromValues, 6, "", Age)
	}
	if p.Distinct > 12 && p.Share(values.Identifier)+p.Share(values.Integer)+p.Share(values.Decimal) > 0.5 {
		b.against(fromValues, worth*5, "", Flag)
	}
	if p.Distinct > 40 && p.Repetition() < 1.7 && p.MeanLength > 6 {
		b.against(fromValues, worth*3, "", Demographic, Code, State, Country)
	}
}

// smallNumbers is 1 if all values are whole numbers up to 31: they could be days or
// months.
func (b *board) smallNumbers(p *values.Profile) float64 {
	if p.Share(values.Integer) > 0.95 && p.Min >= 1 && p.Max <= 31 {
		return 1
	}
	return 0
}
