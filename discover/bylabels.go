package discover

import (
	"fmt"

	"github.com/veil-proxy/veil/discover/values"
)

// byLabels adds evidence from the values that a check or an enum allows. A column with a
// list of values is a code, a flag or demographic data; it does not identify anyone.
func (t *tableState) byLabels(i int) {
	p := t.Columns[i].Labels
	if p == nil || p.Distinct == 0 {
		return
	}
	b := t.boards[i]
	reason := fmt.Sprintf("a check or enum allows %d values", p.Distinct)
	b.add(fromLabels, Code, 3, reason)
	switch {
	case p.Share(values.YesNo) > 0.9 && p.Distinct <= 4:
		b.add(fromLabels, Flag, 3, reason)
	case p.Share(values.Sex) >= 0.6, p.Share(values.Marital) >= 0.6, p.Share(values.Race) >= 0.6, p.Share(values.Religion) >= 0.6:
		b.add(fromLabels, Demographic, 5, reason+", terms for demographic data")
	}
	b.against(fromLabels, 4, reason, GivenName, FamilyName, PersonName, FreeText, PersonKey, EventKey, Username, SSN, Street)
}
