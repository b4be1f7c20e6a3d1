package values

import (
	"math"
	"strconv"
	"strings"
)

// decimal reports whether a value is a number with a point or a comma.
func decimal(v *value) bool {
	if len(v.digits) == 0 || v.letters > 1 || v.spaces > 0 || v.sum > 30 {
		return false
	}
	_, err := strconv.ParseFloat(strings.Replace(v.text, ",", ".", 1), 64)
	return err == nil
}

// numbers gathers how numbers are spread.
type numbers struct {
	n, zeros    int
	min, max    float64
	sum, square float64
	decimals    int
}

func (d *numbers) add(v *value) {
	if len(v.digits) == 0 || v.letters > 1 || v.spaces > 0 || len(v.digits) > 18 {
		return
	}
	f, err := strconv.ParseFloat(strings.Replace(v.text, ",", ".", 1), 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return
	}
	if d.n == 0 {
		d.min, d.max = f, f
	}
	d.n++
	d.min, d.max = min(d.min, f), max(d.max, f)
	d.sum += f
	d.square += f * f
	if i := strings.LastIndexAny(v.text, ".,"); i >= 0 {
		d.decimals = max(d.decimals, len(strings.TrimRight(v.text[i+1:], "0")))
	}
	if v.allDigits && len(v.digits) > 1 && v.digits[0] == '0' {
		d.zeros++
	}
}

// into puts what was gathered into a profile.
func (d *numbers) into(p *Profile) {
	if d.n == 0 {
		return
	}
	n := float64(d.n)
	p.Min, p.Max, p.Mean, p.Decimals = d.min, d.max, d.sum/n, d.decimals
	p.Spread = math.Sqrt(max(d.square/n-p.Mean*p.Mean, 0))
	p.LeadingZero = float64(d.zeros) / n
}
