package discover

import (
	"fmt"

	"github.com/veil-proxy/veil/discover/values"
)

// dates distinguishes dates of birth from other dates by their spread: births cover many
// decades, recorded events a few years.
func (b *board) dates(p *values.Profile, f family, worth float64) {
	typed := f == dateType || f == timestampType
	s := p.Share(values.Date)
	what := values.Date
	if compact := p.Share(values.CompactDate); compact > s {
		s, what = compact, values.CompactDate
	}
	if !typed {
		if times := p.Share(values.Time); times >= 0.7 && f == textType {
			b.add(fromValues, EventDate, worth*4, share(p, values.Time))
			return
		}
		if s < 0.6 {
			return
		}
		b.add(fromValues, EventDate, worth*5*s, share(p, what))
		b.add(fromValues, BirthDate, worth*4.5*s, share(p, what))
		b.add(fromValues, DeathDate, worth*4.5*s, share(p, what))
		b.against(fromValues, worth*4, "", Code, Measure, Flag, Other, EventKey, PersonKey, Phone, MRN, Account, License)
	}
	if p.Dated < 10 {
		return
	}
	decades := p.UpperYear - p.LowerYear
	switch {
	case decades >= 18 && p.LastYear-p.FirstYear >= 45 && p.MedianYear < 2005 && p.LastYear < 2030:
		b.add(fromValues, BirthDate, worth*5, fmt.Sprintf("the dates are spread over %d years, like dates of birth", p.LastYear-p.FirstYear))
	case p.LastYear-p.FirstYear <= 30:
		b.add(fromValues, BirthDate, -worth*3, "")
		b.add(fromValues, EventDate, worth*1, fmt.Sprintf("the dates lie within %d years", p.LastYear-p.FirstYear+1))
	}
}

// numeric distinguishes measures, ages, years, coordinates, codes and flags among
// numbers.
func (b *board) numeric(p *values.Profile, f family, worth float64) {
	whole := p.Share(values.Integer)
	if p.Share(values.Decimal) >= 0.3 && p.Decimals == 0 {
		whole += p.Share(values.Decimal) // 1.0 is a whole number
	} else if p.Share(values.Decimal) >= 0.3 && whole+p.Share(values.Decimal) > 0.9 {
		b.decimals(p, worth)
		return
	}
	if whole < 0.95 || f == dateType || p.Share(values.CompactDate) > 0.6 {
		return
	}
	varied := float64(p.Distinct) / float64(max(p.Filled, 1))
	switch {
	case p.Share(values.Year) >= 0.95 && p.Tested >= 3:
		b.years(p, worth)
	case p.Distinct <= 2 && p.Min >= 0 && p.Max <= 1:
		b.add(fromValues, Flag, 3, "the values are 0 and 1")
	case p.Min >= 1 && p.Max >= 12 && p.Max <= 31 && p.Distinct >= 10:
		b.add(fromValues, Measure, worth*1.5, "the values are small whole numbers")
		b.add(fromValues, Code, worth*1, "the values are small whole numbers")
	case p.Distinct <= 15 && p.Filled >= 40:
		b.add(fromValues, Code, worth*2, fmt.Sprintf("%d different numbers repeat", p.Distinct))
		b.add(fromValues, Measure, worth*1.5, fmt.Sprintf("%d different numbers repeat", p.Distinct))
	case p.Max < 1000 && p.Min > -1000:
		b.add(fromValues, Measure, worth*2.5, "the values are numbers of up to three digits")
	case p.Min < 0:
		b.add(fromValues, Measure, worth*3.5, "some values are negative")
	case f != textType && p.Min < 1000 && p.Max > 1000 && varied > 0.3 && p.Spread > p.Mean/4:
		b.add(fromValues, Measure, worth*2, "the values are numbers of any length")
	}
}

func (b *board) years(p *values.Profile, worth float64) {
	if p.LastYear-p.FirstYear >= 45 && p.MedianYear < 2000 && p.UpperYear-p.LowerYear >= 18 {
		b.add(fromValues, BirthDate, worth*3, "the values are years, spread like years of birth")
		b.add(fromValues, Measure, worth*2.5, share(p, values.Year))
		return
	}
	b.add(fromValues, Measure, worth*3, share(p, values.Year))
	b.add(fromValues, EventDate, worth*2, share(p, values.Year))
}

// decimals distinguishes coordinates from other measures: four or more digits after the
// point, within the bounds of latitude or longitude.
func (b *board) decimals(p *values.Profile, worth float64) {
	b.against(fromValues, worth*4, "", PersonKey, EventKey, Code, Flag)
	if p.Decimals >= 4 && p.Min >= -180 && p.Max <= 180 && p.Spread > 0.001 && (p.Mean > 20 || p.Mean < -20) {
		b.add(fromValues, Geo, worth*8, "the numbers have the digits and bounds of coordinates")
		return
	}
	b.add(fromValues, Measure, worth*4.5, share(p, values.Decimal))
}

// identifier adds that a column identifies something. Names and tables say what; the rows
// of its own table are slightly more likely than those of any other.
func (b *board) identifier(from source, weight float64, reason string) {
	b.add(from, EventKey, weight, reason)
	b.add(from, PersonKey, weight-0.3, reason)
	for _, c := range []Class{MRN, MemberID, License, NationalID, Account, Device} {
		b.add(from, c, weight-0.8, reason)
	}
}

// identifiers recognizes keys and numbers of persons and records: values with digits that
// hardly repeat. The tables say whose they are.
func (b *board) identifiers(p *values.Profile, f family, worth float64) {
	varied := float64(p.Distinct) / float64(max(p.Filled, 1))
	switch {
	case f == uuidType || p.Share(values.UUID) >= 0.8:
		b.identifier(fromValues, worth*2.5, share(p, values.UUID))
	case f == textType && p.Share(values.Identifier) >= 0.8 && p.Share(values.CompactDate) < 0.6 && p.Share(values.Path) < 0.5 && p.Share(values.Version) < 0.5 && p.Share(values.Phone) < 0.3 && varied >= 0.3:
		b.identifier(fromValues, worth*2.5, share(p, values.Identifier))
		b.against(fromValues, worth*1, "", Code)
		if p.Share(values.Hex) > 0.8 && p.MinLength >= 32 {
			b.add(fromValues, Other, worth*5, share(p, values.Hex))
		}
	case (f == integerType || f == numberType) && p.Min >= 1000 && varied >= 0.3 && p.Share(values.CompactDate) < 0.6 && p.Share(values.Year) < 0.9 && p.Decimals == 0:
		b.identifier(fromValues, worth*2.5, "the values are whole numbers of four digits and more that hardly repeat")
	}
	if s := p.Share(values.SSNDigits); s >= 0.9 && varied > 0.5 && p.MinLength == 9 {
		b.add(fromValues, SSN, worth*1.5, share(p, values.SSNDigits))
		b.add(fromValues, NationalID, worth*2, share(p, values.SSNDigits))
	}
	if s := p.Share(values.PhoneDigits); s >= 0.95 && varied > 0.5 && p.MinLength >= 10 && p.LeadingZero < 0.05 {
		b.add(fromValues, Phone, worth*1, share(p, values.PhoneDigits))
	}
	if s := p.Share(values.Username); s >= 0.4 && f == textType && varied > 0.4 && p.Share(values.GivenName) < 0.5 && p.Share(values.FamilyName) < 0.5 && p.Share(values.CityName) < 0.5 {
		b.add(fromValues, Username, worth*5*s, share(p, values.Username))
	}
}
