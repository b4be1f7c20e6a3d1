package safeharbor

import (
	"bytes"
	_ "embed"
	"fmt"
	"strings"

	"github.com/veil-proxy/veil/mask"
)

//go:embed tables/zip3.txt
var zip3Text string

// restricted are the three-digit prefixes whose area has 20,000 people or fewer,
// by census. 2000: HHS, Guidance Regarding Methods for De-identification of
// Protected Health Information, question "What are the … ZIP codes", which lists
// these 17. 2010 and 2020: population of the ZIP Code Tabulation Areas, summed by
// prefix; the two censuses give the same 18.
var restricted = map[string]string{
	"2000": "036 059 063 102 203 556 692 790 821 823 830 831 878 879 884 890 893",
	"2010": "036 059 102 202 203 204 205 369 556 692 753 772 821 823 878 879 884 893",
	"2020": "036 059 102 202 203 204 205 369 556 692 753 772 821 823 878 879 884 893",
}

// zip3 keeps the first three digits of a US postal code, or writes 000 where 20,000
// people or fewer live in the area they form by the chosen census, and where they form
// none. Input is five digits, or nine with or without a hyphen, or three, which pass if
// they may; what else it is, it is Removed. So is the code of an address outside the US.
// Where an address names no country, a state that is not in the US shows that it is
// abroad; otherwise missingCountry decides, since codes of many countries have five
// digits. Source: 45 CFR 164.514(b)(2)(i)(B).
type zip3 struct {
	open    [1000]bool
	states  places
	missing missingCountry
}

// missingCountry says how to treat an address without a country.
type missingCountry uint8

const (
	missingIsUS    missingCountry = iota // in the US, unless its state is not
	missingByState                       // in the US if its state is
	missingIsNot                         // not in the US
)

var missingCountries = map[string]missingCountry{"us": missingIsUS, "state": missingByState, "remove": missingIsNot}

// isHome reports whether an address is in the US.
func (z *zip3) isHome(in *mask.Input) bool {
	switch {
	case len(in.Country) > 0:
		return isUS(in.Country)
	case len(in.State) > 0 && !z.states.has(in.State):
		return false
	case z.missing == missingByState:
		return len(in.State) > 0
	}
	return z.missing == missingIsUS
}

func zip3Of(args mask.Args) *zip3 {
	return newZip3(args.String("census", "2020"), missingCountries[args.String("missingCountry", "us")])
}

// hidden returns the prefixes that become 000.
func (z *zip3) hidden() []string {
	var out []string
	for n, open := range z.open {
		if !open && n > 0 { // hidden ones become 000
			out = append(out, fmt.Sprintf("%03d", n))
		}
	}
	return out
}

func newZip3(census string, missing missingCountry) *zip3 {
	z := &zip3{states: readPlaces(statesText), missing: missing}
	for _, line := range strings.Split(zip3Text, "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		for _, p := range strings.Fields(line) {
			z.open[prefix([]byte(p))] = true
		}
	}
	for _, p := range strings.Fields(restricted[census]) {
		z.open[prefix([]byte(p))] = false
	}
	return z
}

func prefix(p []byte) int { return int(p[0]-'0')*100 + int(p[1]-'0')*10 + int(p[2]-'0') }

// Append implements mask.Method.
func (z *zip3) Append(dst, src []byte, in *mask.Input) ([]byte, mask.Outcome, error) {
	code := bytes.TrimSpace(src)
	if !z.isHome(in) {
		return dst, mask.Removed, nil
	}
	switch {
	case len(code) == 10 && code[5] == '-' && digits(code[:5]) && digits(code[6:]):
	case (len(code) == 5 || len(code) == 9) && digits(code):
	case len(code) == 3 && digits(code):
		if z.open[prefix(code)] || string(code) == "000" {
			return dst, mask.Kept, nil
		}
	default:
		return dst, mask.Removed, nil
	}
	if !z.open[prefix(code)] {
		return append(dst, "000"...), mask.Replaced, nil
	}
	return append(dst, code[:3]...), mask.Replaced, nil
}

// isUS reports whether a country, as addresses write it, is the United States
// or one of its territories.
func isUS(country []byte) bool {
	switch strings.ToUpper(strings.Trim(string(bytes.TrimSpace(country)), ".")) {
	case "US", "USA", "U.S", "U.S.A", "840", "UNITED STATES", "UNITED STATES OF AMERICA",
		"PR", "PRI", "PUERTO RICO", "GU", "GUM", "GUAM", "VI", "VIR", "AS", "ASM", "MP", "MNP", "UM", "UMI":
		return true
	}
	return false
}
