package fhir

import "bytes"

// UCUM units (The Unified Code for Units of Measure, unitsofmeasure.org) are
// written by a grammar whose annotations, in braces, may hold any text. A unit
// passes when every atom of it is known and every annotation is a listed one.

// ucumMetric are the atoms that take a prefix such as m or k.
var ucumMetric = set(`m g s rad cd K C mol sr Hz N Pa J W A V F Ohm S Wb Cel T H lm lx Bq Gy Sv
	l L ar t bar u eV pc [hnsf'U] cal B Np [CFU] [FFU] [PFU] [iU] [IU] [arb'U] [USP'U] [GPL'U] [MPL'U] [APL'U]
	[beth'U] [anti'Xa'U] [todd'U] [dye'U] [smgy'U] [bdsk'U] [ka'U] [knk'U] [mclg'U] [tb'U] [CCID_50] [TCID_50] [EID_50]
	[PNU] [Lf] [D'ag'U] [FEU] [ELU] [EU] [Amb'a'1'U] [BAU] [AU] kat U osm eq m[H2O] m[Hg] st Bi Lmb Gb Mx G Oe dyn erg P Ky St Ci R RAD REM bit By Bd
	mho`)

// ucumPlain are the atoms that take none.
var ucumPlain = set(`10* 10^ % [ppth] [ppm] [ppb] [pptr] [pi] deg ' '' gon min h d a_t a_j a_g a mo_s mo_j mo_g mo wk
	[in_i] [ft_i] [yd_i] [mi_i] [in_us] [ft_us] [mi_us] [acr_us] [gal_us] [qt_us] [pt_us] [gil_us] [foz_us] [fdr_us] [min_us] [crd_us] [bu_us]
	[tbs_us] [tsp_us] [cup_us] [foz_m] [cup_m] [tsp_m] [tbs_m] [gal_br] [pt_br] [qt_br] [foz_br] [gr] [lb_av] [oz_av] [dr_av] [lb_tr] [oz_tr]
	[lb_ap] [oz_ap] [dr_ap] [sc_ap] [pwt_tr] [stone_av] [ston_av] [degF] [degRe] [in_i'Hg] [in_i'H2O] [Cal] [HPF] [LPF] [PRU] [wood'U] [diop] [p'diop]
	[hp_X] [hp_C] [hp_M] [hp_Q] [drp] [Ch] [MET] [S] [pH] B[SPL] B[V] B[mV] B[W] B[kW] atm att
	[lbf_av] [psi] [nmi_i] [kn_i] [fth_i] [sft_i] [sin_i] [cin_i] [cft_i] [car_Au] [car_m] [mesh_i] [c] [h] [k] [e] [m_e] [m_p] [G] [g] [ly] gf [Btu] [HP] [rlk_us] [bf_i] [cml_i] [mil_i] [hd_i] m[H2O] m[Hg] [hnsf'U]`)

var ucumPrefixes = []string{"da", "Ki", "Mi", "Gi", "Ti", "Y", "Z", "E", "P", "T", "G", "M", "k", "h", "d", "c", "m", "u", "n", "p", "f", "a", "z", "y"}

// ucumFactors are the whole numbers that stand in units; any other could be a
// postal code.
var ucumFactors = set(`1 2 5 10 12 24 48 72 100 1000 1000000`)

// ucumAnnotations are the annotations of the common units that FHIR lists
// (value set ucum-common) and of usual practice.
var ucumAnnotations = set(`score Score beats beat breaths breath bpm cells cell RBC WBC RBCs WBCs count counts copies copy Copies CFU events event
	index INR ratio Ratio titer Titer mutation specimen spots tbl puff tablet tablets tab capsule capsules spray drop drops dose doses unit units
	creat creatinine Creat Creatinine hemoglobin Hgb Hb protein Protein albumin volume Volume weight mass Mass MoM SD sd fraction
	nominal steps step pack packs cigarettes drinks times year years age Age night week visits admissions TotalUnits
	IgG IgM IgA ISR ISI EIU EV APS GPL MPL Elisa'U Ehrlich'U Markov'U CAE'U KRONU'U KCT'U BoneCollagen'U Globules Rubella'virus Tscore Zscore
	mm/dd/yyyy Patient Normal normal CB RFU GlucoseLevel FIU French Each each CAG'repeats clock'time Hematocrit HematocritUnits PercentUnits Log log log_copies FractionExcretion
	CardiacIndex'Units Delta delta EgfrUnits 1.73_m2 BSA'd kg'ideal BMI`)

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range bytes.Fields([]byte(words)) {
		m[string(w)] = true
	}
	return m
}

// isUCUM checks a unit: components joined by "." and "/", in parentheses or
// not, each an integer or a known atom with prefix and exponent, with listed
// annotations.
func isUCUM(c []byte) bool {
	if len(c) == 0 || len(c) > 40 {
		return false
	}
	if c[0] == '/' {
		c = c[1:]
	}
	rest, ok := ucumTerm(c, 0)
	return ok && len(rest) == 0
}

func ucumTerm(c []byte, depth int) (rest []byte, ok bool) {
	for {
		if len(c) > 0 && c[0] == '(' {
			if depth > 3 {
				return nil, false
			}
			if c, ok = ucumTerm(c[1:], depth+1); !ok || len(c) == 0 || c[0] != ')' {
				return nil, false
			}
			c = c[1:]
		} else if c, ok = ucumComponent(c); !ok {
			return nil, false
		}
		if len(c) == 0 || c[0] != '.' && c[0] != '/' {
			return c, true
		}
		c = c[1:]
	}
}

func ucumComponent(c []byte) (rest []byte, ok bool) {
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
	annotated := false
	if len(rest) > 0 && rest[0] == '{' {
		end := bytes.IndexByte(rest, '}')
		if end < 0 || !ucumAnnotations[string(rest[1:end])] {
			return nil, false
		}
		rest, annotated = rest[end+1:], true
	}
	if len(text) == 0 {
		return rest, annotated
	}
	return rest, ucumAtom(text) || ucumFactors[string(text)]
}

func ucumAtom(text []byte) bool {
	if ucumUnit(text) {
		return true
	}
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
	return n > 0 && ucumUnit(text[:n])
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

// unitWords are unit texts that are not UCUM and name no one.
var unitWords = set(`years year yr yrs y months month mos weeks week wks wk days day hours hour hr hrs minutes minute mins seconds second sec
	cm mm in inch inches ft feet kg lb lbs oz C F degC degF Cel celsius fahrenheit % percent bpm /min mmHg mEq/L IU U units unit score
	mcg ug tablet tablets capsule capsules puff puffs drop drops ml mL L dL g mg ng pg mmol umol nmol pmol USD EUR count ratio
	beats/minute beats/min breaths/minute breaths/min centimeter kilogram pound mm[Hg] mm/h kg/m2 cigarettes/d packs/d {score} {#}`)

// isUnitText reports whether the text of Quantity.unit is a UCUM unit or a
// plain unit word.
func isUnitText(text []byte) bool { return unitWords[string(text)] || isUCUM(text) }
