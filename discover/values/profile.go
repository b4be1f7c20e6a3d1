// Package values examines the sampled values of a column, each by itself and all
// together, and keeps what they look like: counts and shares, never a value.
//
//	s := values.NewSample()
//	s.Add("078-05-1120")
//	p := s.Profile()
//	p.Share(values.SSN) // 1
package values

import (
	"hash/fnv"
	"math"
	"slices"
	"strings"
)

// Sample collects the values of a column. It is not safe for concurrent use.
type Sample struct {
	counts map[string]int
	nulls  int
	rows   int
	// repeated are rows with a value that was taken, it is not known which.
	repeated int
}

// most is how many different values of a sample are looked at one by one.
const most = 400

// longest is how much of a value is looked at, in bytes.
const longest = 4096

// NewSample returns an empty sample.
func NewSample() *Sample { return &Sample{counts: map[string]int{}} }

// Null adds a NULL.
func (s *Sample) Null() { s.nulls++; s.rows++ }

// Add adds a value.
func (s *Sample) Add(text string) {
	s.rows++
	if len(text) > longest {
		text = strings.Clone(text[:longest])
	}
	s.counts[text]++
}

// Profile is what the values of a column look like. It contains no value.
type Profile struct {
	// Rows is the number of sampled values, including NULLs. Nulls, Empty and Placeholders
	// ("N/A") count those that carry no information.
	Rows, Nulls, Empty, Placeholders int
	// Distinct is the number of distinct values that carry information, Filled the number
	// of rows that have one.
	Distinct, Filled int
	// Tested is the number of values that shares refer to.
	Tested int
	shares [numKinds]float64
	// common are the shares of the rows rather than of the different values.
	common [numKinds]float64
	// Form is the form of the values, such as 999-99-9999, if most have the same.
	Form      string
	FormShare float64
	// MinLength and MaxLength are lengths in characters. MeanLength and MeanWords are
	// means.
	MinLength, MaxLength  int
	MeanLength, MeanWords float64
	// Min, Max and Mean are for values that are numbers. Decimals is the maximum number of
	// digits after the decimal point, LeadingZero the share with a leading zero.
	Min, Max, Mean, Spread float64
	Decimals               int
	LeadingZero            float64
	// Years of dates: the first, the last, and the quartiles.
	FirstYear, LastYear, LowerYear, MedianYear, UpperYear int
	// Dated is the number of values that were dates with a year.
	Dated int
	// Unsealable is the number of distinct values that cannot be sealed because they are not
	// FHIR ids.
	Unsealable int
	// Sketch are the smallest hashes of the values, to tell whether columns share them.
	Sketch []uint64
}

// Share returns the share of the tested values that are of a kind, from 0 to 1.
func (p *Profile) Share(k Kind) float64 { return p.shares[k] }

// Common returns the share of the sampled rows whose value is of a kind, not counting
// those that carry no information. Rare names are in no list, but most rows have a
// common one.
func (p *Profile) Common(k Kind) float64 { return max(p.common[k], p.shares[k]) }

// Repetition returns how often a value occurs on average; 1 if no value occurs twice.
func (p *Profile) Repetition() float64 {
	if p.Distinct == 0 {
		return 1
	}
	return float64(p.Filled) / float64(p.Distinct)
}

// Repeat adds n more rows whose values are among those added.
func (s *Sample) Repeat(n int) { s.repeated += max(n, 0) }

// Profile returns the profile of the sample. The sample can be discarded afterwards.
func (s *Sample) Profile() *Profile {
	p := &Profile{Rows: s.rows, Nulls: s.nulls, MinLength: math.MaxInt}
	texts := make([]string, 0, len(s.counts))
	for text, n := range s.counts {
		if text != "" && !sealable(text) {
			p.Unsealable++
		}
		switch trimmed := strings.TrimSpace(text); {
		case trimmed == "":
			p.Empty += n
		case len(trimmed) <= 16 && within("placeholder", strings.ToLower(trimmed)):
			p.Placeholders += n
		default:
			texts = append(texts, text)
			p.Filled += n
		}
	}
	p.Distinct = len(texts)
	if p.Distinct > 0 {
		p.Rows, p.Filled = p.Rows+s.repeated, p.Filled+s.repeated
	}
	slices.Sort(texts)
	p.sketch(texts)
	if step := float64(len(texts)) / most; step > 1 {
		picked := make([]string, most)
		for i := range picked {
			picked[i] = texts[int(float64(i)*step)]
		}
		texts = picked
	}
	p.look(texts, s.counts)
	return p
}

// sealable reports whether a text has the form of a FHIR id.
func sealable(text string) bool {
	return len(text) <= 64 && strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.") == ""
}

// look tests values one by one.
func (p *Profile) look(texts []string, counts map[string]int) {
	p.Tested = len(texts)
	if p.Tested == 0 {
		p.MinLength = 0
		return
	}
	forms := map[string]int{}
	var years []int
	var numbers numbers
	rows := 0.0
	for _, text := range texts {
		v := newValue(text)
		k, year := v.kinds()
		for kind := range numKinds {
			if k.has(kind) {
				p.shares[kind]++
				p.common[kind] += float64(counts[text])
			}
		}
		rows += float64(counts[text])
		if form := v.form(); form != "" {
			forms[form]++
		}
		if year > 0 {
			years = append(years, year)
		}
		numbers.add(&v)
		p.MinLength, p.MaxLength = min(p.MinLength, v.sum), max(p.MaxLength, v.sum)
		p.MeanLength += float64(v.sum)
		p.MeanWords += float64(len(v.words))
	}
	n := float64(p.Tested)
	for kind := range p.shares {
		p.shares[kind] /= n
		p.common[kind] /= rows
	}
	p.MeanLength /= n
	p.MeanWords /= n
	p.commonForm(forms)
	p.spread(years)
	numbers.into(p)
}

// commonForm keeps the form that most values have. That of a few values would say too
// much of them.
func (p *Profile) commonForm(forms map[string]int) {
	form, most := "", 0
	for f, n := range forms {
		if n > most || n == most && f < form {
			form, most = f, n
		}
	}
	if share := float64(most) / float64(p.Tested); most >= 10 && share >= 0.5 {
		p.Form, p.FormShare = form, share
	}
}

func (p *Profile) spread(years []int) {
	if p.Dated = len(years); p.Dated == 0 {
		return
	}
	slices.Sort(years)
	p.FirstYear, p.LastYear = years[len(years)/50], years[len(years)-1-len(years)/50]
	p.LowerYear, p.MedianYear, p.UpperYear = years[len(years)/4], years[len(years)/2], years[len(years)*3/4]
}

// sketchSize is how many hashes of values are kept of a column.
const sketchSize = 128

// sketch keeps the smallest hashes of the values. Two columns share values as they share
// hashes.
func (p *Profile) sketch(texts []string) {
	hashes := make([]uint64, 0, len(texts))
	for _, text := range texts {
		h := fnv.New64a()
		_, _ = h.Write([]byte(text))
		hashes = append(hashes, h.Sum64()*0x9e3779b97f4a7c15)
	}
	slices.Sort(hashes)
	if len(hashes) > sketchSize {
		hashes = hashes[:sketchSize]
	}
	p.Sketch = slices.Clone(hashes)
}

// kinds are what a value can be, and the year that it is in if it is a date.
func (v *value) kinds() (k kinds, year int) {
	year = v.dateAndNumber(&k)
	flags := []struct {
		kind Kind
		ok   func(*value) bool
	}{{Email, email}, {URL, isURL}, {IP, ip}, {MAC, mac}, {UUID, isUUID}, {Hex, hex}, {Version, version}, {MedicareID, medicareID}, {Plate, plate}, {UDI, udi}, {Serial, serial}}
	for _, f := range flags {
		if f.ok(v) {
			k.add(f.kind)
		}
	}
	pairs := []struct {
		form, checked Kind
		test          func(*value) (bool, bool)
	}{{Phone, PhoneDigits, phone}, {SSN, SSNDigits, ssn}, {NationalForm, NationalChecked, national}, {IBANForm, IBANChecked, iban}, {CardForm, CardChecked, card}, {VINForm, VINChecked, vin}}
	for _, f := range pairs {
		form, checked := f.test(v)
		if form {
			k.add(f.form)
		}
		if checked {
			k.add(f.checked)
		}
	}
	if _, checked := npi(v); checked {
		k.add(NPI)
	}
	if _, checked := dea(v); checked {
		k.add(DEA)
	}
	v.place(&k)
	v.person(&k)
	v.term(&k)
	v.code(&k)
	v.document(&k)
	v.prose(&k)
	return k, year
}

// dateAndNumber adds what a value is as a date or a number.
func (v *value) dateAndNumber(k *kinds) (year int) {
	year, kind := parseDate(v)
	switch kind {
	case fullDate, yearMonth:
		k.add(Date)
	case withTime:
		k.add(Date)
		k.add(Timestamp)
	case timeOfDay:
		k.add(Time)
	case compact:
		k.add(CompactDate)
	}
	if v.allDigits || len(v.text) > 1 && v.text[0] == '-' && len(v.digits) == len(v.text)-1 {
		k.add(Integer)
		if len(v.digits) == 4 && v.allDigits {
			if y := number(v.digits); y >= 1900 && y <= 2040 {
				k.add(Year)
				year = y
				if y >= 1905 && y <= 2026 {
					k.add(PersonYear)
				}
			}
		}
	} else if decimal(v) {
		k.add(Decimal)
	}
	return year
}
