package values

import (
	"strings"

	"github.com/veil-proxy/veil/discover/dict"
)

// vocabularies are the sections of terms that values are looked up in.
var vocabularies = []struct {
	section string
	kind    Kind
}{
	{"sex", Sex}, {"marital", Marital}, {"race", Race}, {"language", Language}, {"religion", Religion}, {"occupation", Occupation},
	{"yesno", YesNo}, {"term", Term},
}

// term adds what a value is of common terms.
func (v *value) term(k *kinds) {
	if v.sum > 50 {
		return
	}
	for _, voc := range vocabularies {
		if within(voc.section, v.folded) {
			k.add(voc.kind)
		}
	}
	if len(v.text) == 5 && (v.text[2] == '-' || v.text[2] == '_') && languageCodes[v.folded[:2]] && dict.CountryCode.Has(v.folded[3:]) || len(v.text) == 2 && languageCodes[v.folded] {
		k.add(LanguageCode)
	}
	if measureUnit(v) {
		k.add(MeasureUnit)
	}
}

// languageCodes are common codes of ISO 639-1.
var languageCodes = func() map[string]bool {
	m := map[string]bool{}
	for c := range strings.FieldsSeq("en es de fr it pt nl ru zh ja ko ar hi ur bn pa ta te gu vi tl pl uk tr fa he el ro hu cs sk sv no nb nn da fi so sw am ht km lo th my ne sr hr bs sq bg hy yi ku ps ms id ca gl eu") {
		m[c] = true
	}
	return m
}()

// measureUnit reports whether a value is a unit of measure, as UCUM or people write it.
func measureUnit(v *value) bool {
	if v.sum > 14 || v.spaces > 1 || len(v.digits) > 3 || v.sum == 1 && v.upper == 1 {
		return false
	}
	if v.text == "%" || strings.HasPrefix(v.text, "[") && strings.HasSuffix(v.text, "]") || strings.HasPrefix(v.text, "{") && strings.HasSuffix(v.text, "}") {
		return true
	}
	for part := range strings.FieldsFuncSeq(v.folded, func(r rune) bool { return strings.ContainsRune("/.*^0123456789", r) }) {
		if !unitNames[strings.TrimSpace(part)] {
			return false
		}
	}
	return v.letters > 0
}

var unitNames = func() map[string]bool {
	m := map[string]bool{}
	for u := range strings.FieldsSeq("g mg ug mcg ng pg kg l dl ml ul fl mmol umol nmol pmol mol meq eq iu u mu miu uiu units unit mm cm m km in ft lb lbs oz cel f degf degc c bpm mmhg kpa hr h min s sec ms d day days wk week mo month a yr year years mosm k x10e3 x10e6 copies cells ratio score index tablet tablets tab capsule puff drop drops patch g/dl %") {
		m[u] = true
	}
	return m
}()
