package terminology

import (
	"golang.org/x/text/currency"
	bcp47 "golang.org/x/text/language"

	"github.com/veil-proxy/veil/fhir/lexical"
)

// usual are tags and codes that come so often that parsing each would tell.
var usual = struct{ languages, countries, currencies map[string]bool }{
	lexical.Words(`en en-US en-GB en-CA en-AU de de-DE de-AT de-CH fr fr-FR fr-CA es es-ES es-US es-MX it it-IT nl nl-NL pt pt-BR pl ru zh zh-CN ja ja-JP ko ko-KR ar hi vi tl`),
	lexical.Words(`US USA 840 CA DE DEU GB GBR FR AU NL`),
	lexical.Words(`USD EUR GBP CAD AUD CHF JPY`),
}

// IsLanguage checks a language tag: language, script and region from the registry of
// subtags (BCP 47). Variants and extensions do not pass, because they can contain
// anything.
func IsLanguage(c []byte) bool {
	if usual.languages[string(c)] {
		return true
	}
	if len(c) < 2 || len(c) > len("zho-Hans-419") {
		return false
	}
	parts := 0
	for from, i := 0, 0; i <= len(c); i++ {
		if i < len(c) && c[i] != '-' {
			continue
		}
		part := string(c[from:i])
		from = i + 1
		var err error
		switch {
		case parts == 0 && part == lower(part):
			_, err = bcp47.ParseBase(part)
		case parts == 1 && len(part) == 4 && part[0] >= 'A' && part[0] <= 'Z' && part[1:] == lower(part[1:]):
			_, err = bcp47.ParseScript(part)
		case parts >= 1 && parts <= 2 && (lexical.IsUpper([]byte(part), 2, 2) || lexical.IsDigits([]byte(part), 3, 3)):
			_, err = bcp47.ParseRegion(part)
			parts = 2
		default:
			return false
		}
		if err != nil {
			return false
		}
		parts++
	}
	return true
}

func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// isCountry checks a code of ISO 3166-1.
func isCountry(c []byte) bool {
	if usual.countries[string(c)] {
		return true
	}
	if !lexical.IsUpper(c, 2, 3) && !lexical.IsDigits(c, 3, 3) {
		return false
	}
	r, err := bcp47.ParseRegion(string(c))
	return err == nil && r.IsCountry()
}

// isCurrency checks a code of ISO 4217.
func isCurrency(c []byte) bool {
	if usual.currencies[string(c)] {
		return true
	}
	if !lexical.IsUpper(c, 3, 3) {
		return false
	}
	_, err := currency.ParseISO(string(c))
	return err == nil
}

// manufacturers are the codes of CDC's list of vaccine manufacturers (MVX).
var manufacturers = lexical.Words(`AB ACA AD AKR ALP AP AR ASZ AVB AVI BA BAH BAY BLU BN BP BPC BRR BVX CEN CHI CMP CNJ CON CRU CSL DEV DVC DVX EVN GEO GRE GRF IAG IDB IM INN
	IUS JNJ JPN JSN KED KGC LED MA MBL MED MIL MIP MOD MSD NAB NAV NOV NVX NYB ORT OTC OTH PAX PD PFR PMC PRX PSC PWJ RB SAN SCL SI SKB SOL SNV SPI TAL UNK USA VAL VBT VXG WA WAL ZLB`)

// modalities are the acquisition modalities of DICOM (PS3.16, CID 29 and 33).
var modalities = lexical.Words(`AR AS AU BDUS BI BMD CD CF CP CR CS CT DD DF DG DM DS DX EC ECG EEG EMG EOG EPS ES FA FID FS GM HC HD IO IOL IVOCT IVUS KER KO LEN LP LS MA MG MR MS NM
	OAM OCT OP OPM OPR OPT OPTBSV OPTENF OPV OSS OT PA PLAN POS PR PT PX REG RESP RF RG RTDOSE RTIMAGE RTINTENT RTPLAN RTRAD RTRECORD RTSEGANN RTSTRUCT SEG SM SMR SR SRF ST STAIN TEXTUREMAP TG US VA VF XA XC`)
