package text

import "math/bits"

// flags has the meanings that a word can have. A word can have several: Jordan is a given
// name, a family name and a country.
type flags uint64

const (
	fGiven flags = 1 << iota
	fFamily
	fCity
	fCountry
	fState
	fCommon  // a frequent word that is not a name
	fWord    // any other word in lower case
	fForeign // a word of a language other than English
	fMedical // a medical word or abbreviation
	fDrug
	fTitle  // Dr., Mrs.
	fSuffix // MD, RN, Jr.
	fMonth  // in any language
	fWeekday
	fRelation     // wife, Tochter
	fParticle     // de, van, St.
	fStreetAfter  // Street, Ave
	fStreetBefore // Calle, rue
	fOrgHead      // Hospital, Clinic
	fOrgSuffix    // Inc., GmbH
	fOrg          // the name of a known organisation
	fEponymHead   // disease, sign, catheter
	fEponym       // Parkinson, Foley
	fEponymBefore // Morbus, enfermedad de
	fNameBefore   // seen by, daughter
	fStreetEnd    // the ending of a word: straße
	fNameLabel    // Patient, Attending
	fNameVerb     // seen by, says
	fIDLabel      // MRN, Acct
	fPhoneLabel   // Tel, fax, pager
	fDateLabel    // DOB, admitted
	fPlaceLabel   // Address, lives
	fAgeWord      // year-old
	fUnit         // mg, cm
	fUnitNo       // Apt, Suite
	fRoom         // room, bed
	fProfession
	fNumberWord // ninety
	fDrugBefore // takes, on
	fUncommon   // a rare name, without any other flag that says what it is
	fEnglish    // a function word of the language
	fGerman
	fSpanish
	fFrench
	fDutch
	fItalian
	fPortuguese
	fTown   // a small place, only where a place must follow
	fStarts // begins an entry of several words
	fAnchor // a word that a detector begins with, whatever else it is
)

// fKeyword has the flags that mark words as something other than a name.
const fKeyword = fTitle | fSuffix | fMonth | fWeekday | fRelation | fStreetAfter | fStreetBefore | fOrgHead | fOrgSuffix |
	fEponymHead | fNameLabel | fNameVerb | fIDLabel | fPhoneLabel | fDateLabel | fPlaceLabel | fAgeWord | fUnit | fUnitNo | fRoom |
	fFunction | fEponymBefore

// fFunction has the flags of the function words of all languages.
const fFunction = fEnglish | fGerman | fSpanish | fFrench | fDutch | fItalian | fPortuguese

// sections has the sections of the lexicon.
var sections = map[string]flags{
	"given": fGiven, "family": fFamily, "city": fCity, "town": fTown, "country": fCountry, "state": fState,
	"common": fCommon, "word": fWord, "foreign": fForeign, "medical": fMedical, "drug": fDrug, "title": fTitle, "suffix": fSuffix,
	"month": fMonth, "weekday": fWeekday, "relation": fRelation, "particle": fParticle,
	"street-after": fStreetAfter, "street-before": fStreetBefore, "org-head": fOrgHead, "org-suffix": fOrgSuffix, "org": fOrg,
	"eponym-head": fEponymHead, "eponym": fEponym, "eponym-before": fEponymBefore, "name-before": fNameBefore, "street-name": fStreetEnd, "name-label": fNameLabel, "name-verb": fNameVerb,
	"id-label": fIDLabel, "phone-label": fPhoneLabel, "date-label": fDateLabel, "place-label": fPlaceLabel,
	"age-word": fAgeWord, "unit": fUnit, "unit-number": fUnitNo, "room": fRoom, "profession": fProfession,
	"number-word": fNumberWord, "drug-before": fDrugBefore, "english": fEnglish, "german": fGerman, "spanish": fSpanish, "french": fFrench, "dutch": fDutch, "italian": fItalian, "portuguese": fPortuguese,
}

// language is the language of most function words in a text.
type language uint8

const (
	otherLanguage language = iota
	english
	german
	spanish
	french
	dutch
	italian
	portuguese
)

// languageCounts has the number of function words in a text, by language.
type languageCounts [7]int

// add counts a word n times.
func (c *languageCounts) add(f flags, n int) {
	for f &= fFunction; f != 0; f &= f - 1 {
		c[bits.TrailingZeros64(uint64(f/fEnglish))] += n
	}
}

// most returns the language with the most words.
func (c *languageCounts) most() language {
	lang, best := otherLanguage, 0
	for l, n := range c {
		if n > best {
			best, lang = n, language(l+1)
		}
	}
	return lang
}
