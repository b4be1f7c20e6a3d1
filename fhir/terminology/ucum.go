package terminology

import (
	"bytes"
	_ "embed"
	"maps"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/lexical"
)

// UCUM units (The Unified Code for Units of Measure, unitsofmeasure.org) are
// written by a grammar whose annotations, in braces, may hold any text. A unit
// passes when every atom of it is known, without the annotations that are not
// listed.

// ucumMetric are the atoms that take a prefix such as m or k.
var ucumMetric = lexical.Words(`m g s rad cd K C mol sr Hz N Pa J W A V F Ohm S Wb Cel T H lm lx Bq Gy Sv
	l L ar t bar u eV pc [hnsf'U] cal B Np [CFU] [FFU] [PFU] [iU] [IU] [arb'U] [USP'U] [GPL'U] [MPL'U] [APL'U]
	[beth'U] [anti'Xa'U] [todd'U] [dye'U] [smgy'U] [bdsk'U] [ka'U] [knk'U] [mclg'U] [tb'U] [CCID_50] [TCID_50] [EID_50]
	[PNU] [Lf] [D'ag'U] [FEU] [ELU] [EU] [Amb'a'1'U] [BAU] [AU] kat U osm eq m[H2O] m[Hg] st Bi Lmb Gb Mx G Oe dyn erg P Ky St Ci R RAD REM bit By Bd
	mho`)

// ucumPlain are the atoms that take none.
var ucumPlain = lexical.Words(`10* 10^ % [ppth] [ppm] [ppb] [pptr] [pi] deg ' '' gon min h d a_t a_j a_g a mo_s mo_j mo_g mo wk
	[in_i] [ft_i] [yd_i] [mi_i] [in_us] [ft_us] [mi_us] [acr_us] [gal_us] [qt_us] [pt_us] [gil_us] [foz_us] [fdr_us] [min_us] [crd_us] [bu_us]
	[tbs_us] [tsp_us] [cup_us] [foz_m] [cup_m] [tsp_m] [tbs_m] [gal_br] [pt_br] [qt_br] [foz_br] [gr] [lb_av] [oz_av] [dr_av] [lb_tr] [oz_tr]
	[lb_ap] [oz_ap] [dr_ap] [sc_ap] [pwt_tr] [stone_av] [ston_av] [degF] [degRe] [in_i'Hg] [in_i'H2O] [Cal] [HPF] [LPF] [PRU] [wood'U] [diop] [p'diop]
	[hp_X] [hp_C] [hp_M] [hp_Q] [drp] [Ch] [MET] [S] [pH] B[SPL] B[V] B[mV] B[W] B[kW] atm att
	[lbf_av] [psi] [nmi_i] [kn_i] [fth_i] [sft_i] [sin_i] [cin_i] [cft_i] [car_Au] [car_m] [mesh_i] [c] [h] [k] [e] [m_e] [m_p] [G] [g] [ly] gf [Btu] [HP] [rlk_us] [bf_i] [cml_i] [mil_i] [hd_i] m[H2O] m[Hg] [hnsf'U]`)

var ucumPrefixes = []string{"da", "Ki", "Mi", "Gi", "Ti", "Y", "Z", "E", "P", "T", "G", "M", "k", "h", "d", "c", "m", "u", "n", "p", "f", "a", "z", "y"}

// ucumFactors are the whole numbers that stand in units; any other could be a
// postal code or an age. Those below 90 are parts of a day or a week at most.
var ucumFactors = lexical.Words(`100 1000 10000 100000 1000000`)

func isUCUMFactor(text []byte) bool {
	return lexical.IsDigits(text, 1, 2) && text[0] > '0' && (len(text) == 1 || text[0] < '9') || ucumFactors[string(text)]
}

// ucumAnnotations are annotations of usual practice beside those of the common
// units that FHIR lists.
var ucumAnnotations = lexical.Words(`score Score beats beat breaths breath bpm cells cell RBC WBC RBCs WBCs count counts copies copy Copies CFU events event
	index INR ratio Ratio titer Titer mutation specimen spots tbl puff tablet tablets tab capsule capsules spray drop drops dose doses unit units
	creat creatinine Creat Creatinine hemoglobin Hgb Hb protein Protein albumin volume Volume weight mass Mass MoM SD sd fraction
	nominal steps step pack packs cigarettes drinks times year years age Age night week visits admissions TotalUnits
	IgG IgM IgA ISR ISI EIU EV APS GPL MPL Elisa'U Ehrlich'U Markov'U CAE'U KRONU'U KCT'U BoneCollagen'U Globules Rubella'virus Tscore Zscore
	mm/dd/yyyy Patient Normal normal CB RFU GlucoseLevel FIU French Each each CAG'repeats clock'time Hematocrit HematocritUnits PercentUnits Log log log_copies FractionExcretion
	CardiacIndex'Units Delta delta EgfrUnits 1.73_m2 BSA'd kg'ideal BMI`)

// ucumCommonText is HL7's value set ucum-common as it is.
//
//go:embed tables/ucum-common.txt
var ucumCommonText string

// ucumCommon are its codes; their annotations pass in other units too.
var ucumCommon = func() map[string]bool {
	codes := map[string]bool{}
	for _, line := range strings.Split(ucumCommonText, "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		codes[line] = true
		for {
			_, rest, found := strings.Cut(line, "{")
			note, rest, closed := strings.Cut(rest, "}")
			if !found || !closed {
				break
			}
			ucumAnnotations[note] = true
			line = rest
		}
	}
	return codes
}()

// ucumCommonTable finds them.
var ucumCommonTable = fhirjson.NewKeyTable(slices.Collect(maps.Keys(ucumCommon)))

// LongestUnit is the maximum length in bytes of a text that is read as a unit.
const LongestUnit = 64

// IsUCUM reports whether a unit passes unchanged.
func IsUCUM(c []byte) bool {
	if len(c) == 0 || len(c) > LongestUnit {
		return false
	}
	if ucumCommonTable.Find(c) >= 0 {
		return true
	}
	var buf [LongestUnit]byte
	out, ok := AppendMendedUCUM(buf[:0], c)
	return ok && len(out) == len(c)
}

// AppendMendedUCUM appends a unit without annotations that are not listed, and reports
// whether it is one: components joined by "." and "/", with or without parentheses, each
// a whole number or a known atom with prefix and exponent, and optionally an annotation
// (UCUM, 2.1 to 2.3). A unit of nothing but annotations becomes "1". Units of time with a
// factor do not pass, because 0.95 times 100 years would hide an age.
func AppendMendedUCUM(dst, c []byte) ([]byte, bool) {
	if len(c) == 0 || len(c) > LongestUnit {
		return dst, false
	}
	if ucumCommonTable.Find(c) >= 0 {
		return append(dst, c...), true
	}
	p := ucumParser{dst: dst}
	from := len(dst)
	if c[0] == '/' {
		p.dst, c = append(p.dst, '/'), c[1:]
		p.below = true
	}
	rest, ok := p.term(c, 0)
	if !ok || len(rest) > 0 || p.scaled && p.time || p.factors > 1 {
		return dst, false
	}
	if out := p.dst[from:]; c[0] == '{' && len(out) > 2 && out[0] == '1' && out[1] == '/' { // "{Breaths}/min" is "/min"
		p.dst = append(p.dst[:from], out[1:]...)
	}
	return p.dst, true
}

// ucumParser writes what of a unit may stay.
type ucumParser struct {
	dst          []byte
	below        bool // the component stands below the line
	scaled, time bool // above the line: a factor, a unit of time
	factors      int
}

func (p *ucumParser) term(c []byte, depth int) (rest []byte, ok bool) {
	for {
		if len(c) > 0 && c[0] == '(' {
			if depth > 3 {
				return nil, false
			}
			below := p.below
			p.dst = append(p.dst, '(')
			if c, ok = p.term(c[1:], depth+1); !ok || len(c) == 0 || c[0] != ')' {
				return nil, false
			}
			p.dst, c = append(p.dst, ')'), c[1:]
			p.below = below
		} else if c, ok = p.component(c); !ok {
			return nil, false
		}
		if len(c) == 0 || c[0] != '.' && c[0] != '/' {
			return c, true
		}
		p.below = c[0] == '/'
		p.dst, c = append(p.dst, c[0]), c[1:]
	}
}

func (p *ucumParser) component(c []byte) (rest []byte, ok bool) {
	// The atom's text goes up to an operator outside brackets, or a brace.
	n, bracket := 0, false
	for n < len(c) {
		b := c[n]
		if b == '[' {
			bracket = true
		} else if b == ']' {
			bracket = false
		} else if !bracket && (b == '.' || b == '/' || b == '(' || b == ')' || b == '{') {
			break
		}
		n++
	}
	text := c[:n]
	rest = c[n:]
	if len(text) > 0 {
		switch {
		case isUCUMFactor(text):
			p.factors++
			p.scaled = p.scaled || !p.below && string(text) != "1"
		case !p.atom(text):
			return nil, false
		}
		p.dst = append(p.dst, text...)
	}
	annotated := false
	if len(rest) > 0 && rest[0] == '{' {
		end := bytes.IndexByte(rest, '}')
		if end < 0 || bytes.IndexByte(rest[1:end], '{') >= 0 {
			return nil, false
		}
		switch {
		case ucumAnnotations[string(rest[1:end])]:
			p.dst = append(p.dst, rest[:end+1]...)
		case len(text) == 0: // what goes leaves unity behind
			p.dst = append(p.dst, '1')
		}
		rest, annotated = rest[end+1:], true
	}
	return rest, len(text) > 0 || annotated
}

// atom reports whether text is a known atom with a prefix and an exponent, or
// without.
func (p *ucumParser) atom(text []byte) bool {
	unit := text
	if !ucumUnit(unit) {
		// Cut an exponent: digits with an optional sign.
		n := len(text)
		for n > 0 && text[n-1] >= '0' && text[n-1] <= '9' {
			n--
		}
		if n == len(text) || len(text)-n > 2 {
			return false
		}
		if n > 0 && (text[n-1] == '-' || text[n-1] == '+') {
			n--
		}
		if unit = text[:n]; n == 0 || !ucumUnit(unit) {
			return false
		}
	}
	if p.below {
		return true
	}
	if ageUnits[string(unit)] {
		p.time = true
	}
	if n := len(unit); unit[n-1] == 's' && n > 1 && !shortTimes[string(unit)] && ucumPrefixOf(unit[:n-1]) {
		p.time, p.scaled = true, true // ks, Ms, Gs
	}
	if string(unit) == "10*" || string(unit) == "10^" {
		p.scaled = true
	}
	return true
}

func ucumPrefixOf(text []byte) bool {
	for _, p := range ucumPrefixes {
		if string(text) == p {
			return true
		}
	}
	return false
}

func ucumUnit(text []byte) bool {
	if ucumPlain[string(text)] || ucumMetric[string(text)] {
		return true
	}
	for _, p := range ucumPrefixes {
		if len(text) > len(p) && string(text[:len(p)]) == p && ucumMetric[string(text[len(p):])] {
			return true
		}
	}
	return false
}

// Code systems that are treated specially.
const (
	LOINC  = "http://loinc.org"
	SNOMED = "http://snomed.info/sct"
	UCUM   = "http://unitsofmeasure.org"
)
