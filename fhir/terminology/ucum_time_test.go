package terminology

import "testing"

// TestUnitsOfNoTime: no unit whose powers of time come to one passes as one of no
// time.
func TestUnitsOfNoTime(t *testing.T) {
	for _, unit := range []string{"mg", "kg", "mm[Hg]", "mg/dL", "/min", "{beats}/min", "mL/min/{1.73_m2}", "10*3/uL", "10^9/L", "kg/m2", "mmol/L", "%", "Cel", "[degF]",
		"ug/kg/min", "m3", "[lb_av]", "mL/kg/h", "[iU]/L", "meq/L", "cm"} {
		if !IsNoTime(unit) || !IsUCUM([]byte(unit)) {
			t.Errorf("%q is not understood", unit)
		}
	}
	for _, unit := range []string{"", "1", "{age}", "{score}", "/{age}", "a", "ha", "Gs", "mo", "d", "ks", "Ms", "wk", "10*3.d", "d.10*3", "100.a", "12.mo", "Hz-1", "/Hz", "/kHz", "Bq-1", "J/W",
		"m/(m/s)", "(m/m).s", "g/g.s", "mol/kat", "C/A", "Wb/V", "Ohm.F", "mL/mL.a", "kg/kg.a", "a/1", "1/Hz", "s2/s", "m2/m/m.s", "a.m/m", "g.s/g", "/s-1", "s-1", "m/s-1", "%.a", "10*.a", "10*"} {
		if IsNoTime(unit) {
			t.Errorf("%q passes as a unit of no time", unit)
		}
	}
}
