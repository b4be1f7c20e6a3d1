package general

import (
	"encoding/binary"
	"errors"
	"math/big"
	"sort"
	"strconv"
	"strings"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/forms"
	"github.com/veil-proxy/veil/mask/keys"
)

// longestNumber bounds the numbers that are computed with; a longer one is
// Removed.
const longestNumber = 64

// readNumber reads a decimal number exactly, with or without an exponent.
func readNumber(s string) (*big.Rat, bool) {
	if len(s) == 0 || len(s) > longestNumber || strings.ContainsAny(s, "/_xXpPbBoOnN ") {
		return nil, false
	}
	if i := strings.IndexAny(s, "eE"); i >= 0 && len(s)-i > 4 {
		return nil, false
	}
	return new(big.Rat).SetString(s)
}

// step is a positive decimal number and its number of decimal places.
type step struct {
	value  *big.Rat
	digits int
}

var errStep = errors.New("expected a positive decimal number, such as 10 or 0.5")

func readStep(s string) (step, error) {
	r, ok := readNumber(s)
	if !ok || r.Sign() <= 0 || strings.ContainsAny(s, "eE") {
		return step{}, errStep
	}
	_, frac, _ := strings.Cut(s, ".")
	return step{r, len(frac)}, nil
}

// floor returns n for the greatest multiple n·step that is not above v.
func (s step) floor(v *big.Rat) *big.Int {
	q := new(big.Rat).Quo(v, s.value)
	return new(big.Int).Div(q.Num(), q.Denom()) // rounds down: the divisor is positive
}

func (s step) append(dst []byte, n *big.Int) []byte {
	v := new(big.Rat).Mul(s.value, new(big.Rat).SetInt(n))
	return append(dst, v.FloatString(s.digits)...)
}

// round rounds a number to the nearest multiple of a step, halves up, and writes
// it with as many decimal places as the step has. Exact for numbers of
// up to 64 characters; others, and what is no number, are Removed.
type round struct{ step step }

func newRound(_ mask.Env, args mask.Args) (mask.Method, error) {
	s, err := readStep(args.String("to", ""))
	return &round{s}, err
}

// Append implements mask.Method.
func (m *round) Append(dst, src []byte, _ *mask.Input) ([]byte, mask.Outcome, error) {
	v, ok := readNumber(string(src))
	if !ok {
		return dst, mask.Removed, nil
	}
	half := new(big.Rat).Quo(m.step.value, big.NewRat(2, 1))
	return m.step.append(dst, m.step.floor(v.Add(v, half))), mask.Replaced, nil
}

// bucket replaces a number by the lower bound of its bucket, [n·width,
// (n+1)·width). Bounds and exactness are those of round.
type bucket struct{ width step }

func newBucket(_ mask.Env, args mask.Args) (mask.Method, error) {
	s, err := readStep(args.String("width", ""))
	return &bucket{s}, err
}

// Append implements mask.Method.
func (m *bucket) Append(dst, src []byte, _ *mask.Input) ([]byte, mask.Outcome, error) {
	v, ok := readNumber(string(src))
	if !ok {
		return dst, mask.Removed, nil
	}
	return m.width.append(dst, m.width.floor(v)), mask.Replaced, nil
}

// noise gives a number that is uniform among the multiples of the last digit of within
// that lie no farther than within from the original, keyed by person and value: the
// same value always gets the same noise, so it averages out over many persons, as
// intended, but not over repeated requests. The result has as many digits behind the point as
// within: more would be the original's. It is no differential privacy. What is no number
// is Removed.
type noise struct {
	slot   keys.Slot
	within step
}

func newNoise(env mask.Env, args mask.Args) (mask.Method, error) {
	f := noiseForm(args)
	s, err := readStep(f.Within)
	return &noise{env.Keys.MACSlot(f.Purpose, f.Domain), s}, err
}

func noiseForm(args mask.Args) forms.Noise {
	return forms.Noise{Keyed: forms.Keyed{Purpose: "noise", Domain: args.String("domain", "")}, Within: args.String("within", "")}
}

// Append implements mask.Method.
func (m *noise) Append(dst, src []byte, in *mask.Input) ([]byte, mask.Outcome, error) {
	v, ok := readNumber(string(src))
	if !ok || strings.ContainsAny(string(src), "eE") {
		return dst, mask.Removed, nil
	}
	unit := new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(m.within.digits)), nil))
	steps := new(big.Rat).Quo(m.within.value, unit).Num().Int64()
	if steps > 1<<40 {
		return dst, mask.Removed, nil
	}
	r := binary.BigEndian.Uint64(in.Keys.MAC2(m.slot, in.Entity, src)[:8])
	// The multiples from low to low+n-1. Where the original is one they are 2·steps+1.
	scaled := v.Quo(v, unit)
	low := new(big.Int).Div(scaled.Num(), scaled.Denom())
	n := uint64(2*steps + 1)
	if !scaled.IsInt() {
		low.Add(low, big.NewInt(1))
		n--
	}
	low.Add(low, new(big.Int).SetUint64(r%n)).Sub(low, big.NewInt(steps))
	return append(dst, unit.Mul(unit, new(big.Rat).SetInt(low)).FloatString(m.within.digits)...), mask.Replaced, nil
}

// Queue implements mask.Queuer.
func (m *noise) Queue(src []byte, in *mask.Input) {
	if len(src) > 0 {
		in.Keys.Queue2(m.slot, in.Entity, src)
	}
}

// generalize replaces a value by its group: one of the listed cases, or else the
// band a whole number falls in, written as the band is. What falls in none is the
// default, or is Removed.
type generalize struct {
	cases    map[string]string
	bands    []forms.Band
	fallback string
}

func newGeneralize(_ mask.Env, args mask.Args) (mask.Method, error) {
	bands, err := readBands(args.List("bands"))
	if err != nil {
		return nil, err
	}
	g := &generalize{cases: args.Map("cases"), bands: bands, fallback: args.String("default", "")}
	if len(g.cases) == 0 && len(g.bands) == 0 {
		return nil, errors.New("expected cases or bands")
	}
	return g, nil
}

func generalizeForm(args mask.Args) mask.Form {
	bands, err := readBands(args.List("bands"))
	if err != nil {
		return nil
	}
	return forms.Groups{Cases: args.Map("cases"), Bands: bands, Default: args.String("default", "")}
}

func readBands(texts []string) (bands []forms.Band, _ error) {
	for _, text := range texts {
		b := forms.Band{Text: text, High: 1<<63 - 1}
		low, high, isRange := strings.Cut(text, "-")
		low, open := strings.CutSuffix(low, "+")
		var err, err2 error
		b.Low, err = strconv.ParseInt(low, 10, 64)
		if isRange {
			b.High, err2 = strconv.ParseInt(high, 10, 64)
		}
		if err != nil || err2 != nil || isRange == open || b.High < b.Low {
			return nil, errors.New("expected bands such as 0-17, 18-64, 65+")
		}
		bands = append(bands, b)
	}
	return bands, nil
}

// Results implements mask.Finite.
func (g *generalize) Results() []string {
	var all []string
	for _, to := range g.cases {
		all = append(all, to)
	}
	for _, b := range g.bands {
		all = append(all, b.Text)
	}
	if g.fallback != "" {
		all = append(all, g.fallback)
	}
	sort.Strings(all)
	return all
}

// Append implements mask.Method.
func (g *generalize) Append(dst, src []byte, _ *mask.Input) ([]byte, mask.Outcome, error) {
	if to, ok := g.cases[string(src)]; ok {
		return append(dst, to...), mask.Replaced, nil
	}
	if len(g.bands) > 0 {
		whole, _, _ := strings.Cut(string(src), ".")
		if n, err := strconv.ParseInt(whole, 10, 64); err == nil {
			for _, b := range g.bands {
				if n >= b.Low && n <= b.High {
					return append(dst, b.Text...), mask.Replaced, nil
				}
			}
		}
	}
	if g.fallback == "" {
		return dst, mask.Removed, nil
	}
	return append(dst, g.fallback...), mask.Replaced, nil
}
