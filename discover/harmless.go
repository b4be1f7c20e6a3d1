package discover

import "github.com/veil-proxy/veil/discover/values"

// Harmless reports whether the values of a column look as if they could pass: numbers,
// dates, yes and no, or texts that repeat. Texts that differ from row to row could be
// anything, whatever the column's name says.
func (c *Column) Harmless() bool {
	if c.Seen != nil {
		return c.Seen.Harmless
	}
	switch c.family() {
	case integerType, numberType, boolType, dateType, timestampType, timeType:
		return true
	case textType:
	default:
		return false
	}
	if c.Labels != nil {
		return true
	}
	p := c.Profile
	if p == nil {
		return false
	}
	if p.Filled == 0 {
		return false // nothing to examine yet
	}
	few := p.Distinct <= 20 || p.Repetition() >= 3
	plain := p.Share(values.Integer)+p.Share(values.Decimal)+p.Share(values.ICD10)+p.Share(values.LOINC)+p.Share(values.SNOMED)+p.Share(values.MeasureUnit) > 0.9
	return (few || plain || p.MaxLength <= 6) && p.Share(values.TextWithIdentifier) < 0.05
}
