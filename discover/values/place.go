package values

import (
	"strings"

	"github.com/veil-proxy/veil/discover/dict"
)

// place adds what a value is of an address.
func (v *value) place(k *kinds) {
	switch {
	case matches(v.text, "99999"):
		k.add(Zip)
	case matches(v.text, "99999-9999"):
		k.add(Zip)
		k.add(Zip4)
	case matches(v.text, "999999999"):
		k.add(Zip4)
	case postcode(v):
		k.add(Postcode)
	}
	if v.sum < 2 || v.sum > 80 || v.letters == 0 {
		return
	}
	if street(v) {
		k.add(Street)
	}
	if unit(v) {
		k.add(Unit)
	}
	if len(v.digits) > 0 {
		return
	}
	if v.sum <= 3 {
		if dict.CountryCode.Has(v.folded) && v.upper == v.sum {
			k.add(CountryCode)
		}
		if within("statecode", v.folded) && v.upper == v.sum {
			k.add(StateCode)
		}
	}
	if within("state", v.folded) {
		k.add(StateName)
	}
	if dict.Country.Has(v.folded) {
		k.add(CountryName)
	}
	if city(v.folded) {
		k.add(CityName)
	}
	if district(v) {
		k.add(DistrictName)
	}
}

// postcode reports whether a value is a postcode of another country than the United
// States, in a form that is not digits alone.
func postcode(v *value) bool {
	s := strings.ToUpper(v.text)
	if len(s) < 5 || len(s) > 9 {
		return false
	}
	return matchesAny(s, "A9A 9A9", "A9A9A9", "9999 AA", "9999AA", "9999-999", "99999-999", "99-999", "999 99", "A99 9AA", "A9 9AA", "AA9 9AA", "AA99 9AA", "A9A 9AA", "AA9A 9AA", "D-99999", "A-9999", "CH-9999")
}

// city reports whether a text is the name of a city, also with a state, region or river
// behind it, as in "Halle (Saale)" or "Springfield, IL".
func city(folded string) bool {
	if dict.City.Has(folded) {
		return true
	}
	for _, sign := range []string{" (", ",", "  ", "/", " im ", " am ", " an der "} {
		if head, rest, ok := strings.Cut(folded, sign); ok && len(rest) > 0 && dict.City.Has(strings.TrimSpace(head)) {
			return true
		}
	}
	for _, pair := range [][2]string{{"saint ", "st. "}, {"saint-", "st. "}, {"st ", "st. "}, {"st. ", "saint "}, {"fort ", "ft. "}} {
		if rest, ok := strings.CutPrefix(folded, pair[0]); ok && dict.City.Has(pair[1]+rest) {
			return true
		}
	}
	return false
}

// district reports whether a text names a county or the like by its last or first word,
// or is a Spanish province.
func district(v *value) bool {
	if within("province", v.folded) {
		return true
	}
	if len(v.words) < 2 || len(v.words) > 5 {
		return false
	}
	switch v.words[len(v.words)-1] {
	case "county", "parish", "borough", "kreis", "landkreis":
		return true
	}
	switch v.words[0] {
	case "county", "landkreis", "kreis", "district", "distrito", "bezirk":
		return true
	}
	return false
}

// street reports whether a text is a street, usually with a number: a word for a street
// beside a number, a German street ending, or a post-office box.
func street(v *value) bool {
	if len(v.digits) == 0 && len(v.words) > 5 || len(v.words) > 9 || len(v.digits) > 9 {
		return false
	}
	hasNumber := len(v.digits) > 0
	streetWord := false
	for i, w := range v.words {
		w = strings.Trim(w, ",;()")
		if within("streetword", w) || within("streetword", strings.TrimSuffix(w, ".")) {
			streetWord = streetWord || hasNumber || i > 0 && i == len(v.words)-1 || i == 0 && len(w) > 2
		}
		for _, end := range []string{"strasse", "str", "str.", "weg", "gasse", "allee", "platz", "ring", "damm", "ufer", "straat", "laan", "plein", "gracht", "kade", "singel", "dijk", "gatan", "vagen", "gade", "vej", "gata", "veien", "katu", "utca"} {
			if stem, ok := strings.CutSuffix(w, end); ok && len(stem) >= 3 {
				streetWord = true
			}
		}
	}
	first := v.words[0]
	switch {
	case streetWord && (hasNumber || len(v.words) > 1):
		return true
	case strings.HasPrefix(v.folded, "p.o. box"), strings.HasPrefix(v.folded, "po box"), first == "postfach", first == "apartado", strings.HasPrefix(v.folded, "caixa postal"):
		return hasNumber
	case hasNumber && len(v.words) >= 2 && len(v.words) <= 5 && countDigits(first) >= 1 && countDigits(first) <= 5 && strings.TrimRight(first, "0123456789abc,") == "":
		// "12 Old Quarry": a number, then words with capitals.
		return v.upper >= len(v.words)-1 && v.letters >= 4
	case hasNumber && len(v.words) >= 2 && (first == "am" || first == "an" || first == "im" || first == "zum" || first == "auf"):
		return true
	}
	return false
}

// unit reports whether a text is a second line of an address.
func unit(v *value) bool {
	if len(v.words) < 2 || len(v.words) > 5 {
		return strings.HasPrefix(v.text, "#") && len(v.digits) > 0 && v.letters < 2 || strings.HasPrefix(v.folded, "c/o")
	}
	if len(v.digits) == 0 && v.words[0] != "c/o" {
		return false
	}
	for _, w := range v.words {
		if within("unitword", strings.Trim(w, ",")) {
			return true
		}
	}
	return false
}
