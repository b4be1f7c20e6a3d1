package terminology

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"github.com/veil-proxy/veil/fhir/lexical"
)

// Units as people write them in Quantity.unit, where UCUM's code is for machines:
// "x10E3/uL", "IU/mL", "mg/hr", "beats per minute", "µg/L". Such a text passes when
// each part of it is a UCUM unit in any case or a listed word, joined by "/", "per",
// "." or a space. All parts are listed, so none of them names anyone.

var unitWords = lexical.Words(`years year yr yrs y months month mos weeks week wks wk days day hours hour hr hrs minutes minute mins seconds second sec secs
	inch inches foot feet in ft kg kgs lb lbs oz c f k degc degf °c °f cel celsius fahrenheit % percent bpm brpm mmhg cmh2o cm[h2o] meq meqs iu u units unit score scores index
	mcg mcl ug microgram micrograms milligram milligrams gram grams gm gms kilogram kilograms kilo kilos pound pounds ounce ounces tablet tablets tab tabs capsule capsules cap caps
	puff puffs drop drops gtt spray sprays patch patches vial vials ampule ampules ampoule ampoules suppository suppositories lozenge lozenges application applications dose doses each ea
	ml l dl cc liter liters litre litres milliliter milliliters millilitre millilitres microliter microliters deciliter deciliters cubic
	mole moles mmole mmoles millimole millimoles mmols micromole micromoles umole nmole mosm mosmol mosmols osm
	meter meters metre metres centimeter centimeters centimetre centimetres millimeter millimeters millimetre millimetres mile miles km yard yards square
	beats beat breaths breath respirations resp cycles steps step times time count counts copies copy cells cell ratio titer titre
	usd eur gbp aud cad chf dollars euros kcal cal calories kilocalories joule joules kj watt watts met mets
	miu muiu uiu kiu ku mu nu eu au ru rlu cfu pfu ffu gpl mpl apl inr sd mom pct ppm ppb ppt pg fl fmol nmol umol mmol mol ng mg g um nm mm cm m
	cigarette cigarettes pack packs drink drinks beer glass glasses cup cups teaspoon teaspoons tsp tablespoon tablespoons tbsp serving servings
	hpf lpf field fields hp lp wbc wbcs rbc rbcs hgb hb creat creatinine cr 1.73 m2 m^2 m² 1.73m2 1.73m² 1.73m^2 kg/m2 kg/m² kg/m^2 volume weight mass body surface area high low power
	thousand thousands million millions thou mil milli billion 10e3 10e6 10e9 10e12 10^3 10^6 10^9 10^12 10*3 10*6 10*9 10*12 10³ 10⁶ 10⁹ 10¹² 1000 x103 x106 x109 x1000
	x10e3 x10e6 x10e9 x10e12 x10^3 x10^6 x10^9 x10^12 x10*3 x10*6 x10*9 x10*12 x10³ x10⁶ x10⁹ x10¹² e3 e6 e9 e12 {score} {#} # ul uL
	s h d m h2o hg o2 deg degree degrees 24h 24hr 24hrs 12h 8h 6h x10 3 6 9 12 co coi cutoff value log log10 feu ddu ivu of total saturation vol
	stück stueck tablette tabletten kapsel kapseln tropfen hub hübe hübe einheit einheiten ie schläge atemzüge prozent punkte points point pts comprimé comprimés gélule gélules gouttes
	comprimido comprimidos cápsula cápsulas gotas latidos respiraciones stunden stunde tag tage minuten jahre jahr monate wochen woche monat heures jours`)

// IsUnitText reports whether the text of Quantity.unit is a UCUM unit or a unit as
// people write it.
func IsUnitText(text []byte) bool {
	if IsUCUM(text) {
		return true
	}
	if len(text) == 0 || len(text) > LongestUnit {
		return false
	}
	var buf [2 * LongestUnit]byte
	lower := lowerUnit(buf[:0], text)
	parts := 0
	for len(lower) > 0 {
		n := bytes.IndexAny(lower, "/ ()")
		if n < 0 {
			n = len(lower)
		}
		part := lower[:n]
		lower = lower[min(n+1, len(lower)):]
		if len(part) == 0 || string(part) == "per" || string(part) == "x" {
			continue
		}
		parts++
		if parts > 6 || !isUnitWord(part) {
			return false
		}
	}
	return parts > 0
}

// isUnitWord looks a part up; a point behind it is one of an abbreviation.
func isUnitWord(part []byte) bool {
	if unitWords[string(part)] {
		return true
	}
	if p, ok := bytes.CutSuffix(part, []byte(".")); ok && unitWords[string(p)] {
		return true
	}
	return len(part) > 1 && IsUCUM(part)
}

// lowerUnit appends text in lower case, with one letter for both forms of micro.
func lowerUnit(dst, text []byte) []byte {
	for text = bytes.TrimSpace(text); len(text) > 0 && len(dst) < LongestUnit; {
		r, n := utf8.DecodeRune(text)
		text = text[n:]
		if r == 'µ' || r == 'μ' {
			r = 'u'
		}
		dst = utf8.AppendRune(dst, unicode.ToLower(r))
	}
	return dst
}
