package evidence

import "slices"

// Provision is a provision of a law or a standard, with what the report shows for it, and
// what the organisation must ensure and sign itself.
type Provision struct {
	Framework string `json:"framework"`
	Reference string `json:"reference"`
	// Requires summarizes what it requires. It is not the text of the provision.
	Requires string   `json:"requires"`
	Shown    []Shown  `json:"shown"`
	Duties   []string `json:"duties"`
}

// Shown is what a section of the report shows for a provision.
type Shown struct {
	Basis   Basis  `json:"basis"`
	Section string `json:"section"`
	Text    string `json:"text"`
}

// provisions returns all known provisions, each line with the basis of its section in
// this report.
func (e *Evidence) provisions() []Provision {
	all := slices.Concat(unitedStates(), california(), europe(), australia(), international())
	for i := range all {
		for j := range all[i].Shown {
			s := &all[i].Shown[j]
			s.Basis = e.basis(s.Section)
		}
	}
	return all
}

// basis returns the basis of a section: not covered if the report was created without it.
func (e *Evidence) basis(section string) Basis {
	embedded := func(r *Embedded) Basis {
		if r == nil {
			return NotCovered
		}
		return r.Basis
	}
	switch section {
	case "checkpoints":
		for _, l := range e.Logs {
			if l.CheckpointBasis != Measured {
				return NotCovered
			}
		}
	case "coverage":
		for _, r := range e.Rulesets {
			if r.Coverage == nil {
				return NotCovered
			}
		}
	case "configuration":
		if e.Configuration == nil {
			return NotCovered
		}
		return Stated
	case "discovery":
		if e.Discovery == nil {
			return NotCovered
		}
		return e.Discovery.Basis
	case "drift":
		if e.Drift == nil {
			return NotCovered
		}
		return e.Drift.Basis
	case "selftest":
		return embedded(e.SelfTest)
	case "fidelity":
		return embedded(e.Fidelity)
	case "risk":
		return embedded(e.Risk)
	}
	return Measured
}

// shows is a line of a provision.
func shows(section, text string) Shown { return Shown{Section: section, Text: text} }
