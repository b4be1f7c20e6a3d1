package evidence

// unitedStates are the provisions of HIPAA. Source: 45 CFR 164.312, 164.502 and 164.514.
func unitedStates() []Provision {
	const name = "HIPAA (45 CFR Part 164)"
	return []Provision{
		{
			Framework: name, Reference: "164.514(b)(2)(i)",
			Requires: "Safe Harbor: the eighteen identifiers of the individual, and of relatives, employers and household members, are removed.",
			Shown: []Shown{
				shows("coverage", "the rules of each identifier, the element paths that they act on, and the number of paths whose original value can pass"),
				shows("applications", "how often each rule was applied, by day"),
				shows("drift", "columns that no rule covers, or that a rule lets pass although they look identifying"),
				shows("selftest", "whether planted identifiers came through, as seen from outside"),
			},
			Duties: []string{
				"The ruleset in force follows Safe Harbor, with no rule added that lets an identifier pass.",
				"All data that was disclosed went through Veil; no other path to the recipient exists.",
				"Free text, images and attachments that were let through were reviewed for identifiers.",
			},
		},
		{
			Framework: name, Reference: "164.514(b)(2)(ii)",
			Requires: "Safe Harbor: the covered entity has no actual knowledge that the information could be used, alone or with other information, to identify an individual.",
			Shown:    []Shown{shows("risk", "how many records are unique or in small groups by the quasi-identifiers that were named")},
			Duties:   []string{"The covered entity has no actual knowledge that the remaining information could identify an individual."},
		},
		{
			Framework: name, Reference: "164.514(c)",
			Requires: "A code for re-identification is not derived from or related to information about the individual and cannot otherwise be translated to identify the individual; it is not used or disclosed for any other purpose, and the mechanism for re-identification is not disclosed.",
			Shown: []Shown{
				shows("keys", "the fingerprints of the keys in use, and when one replaced another"),
				shows("openings", "how often operators had pseudonyms opened"),
			},
			Duties: []string{
				"Whether pseudonyms that are computed with a secret key from identifiers may be used under this paragraph was decided, by whom, and on which advice.",
				"Keys are kept from recipients of the data.",
			},
		},
		{
			Framework: name, Reference: "164.312(b)",
			Requires: "Audit controls: mechanisms that record and examine activity in systems that contain or use electronic protected health information.",
			Shown: []Shown{
				shows("logs", "the chain of hashes of the log, verified from its first line to its last"),
				shows("checkpoints", "that the log up to its last signed checkpoint is the one that was signed"),
				shows("requests", "every exchange that the log has, by kind and outcome"),
				shows("consumers", "who received data, and when"),
			},
			Duties: []string{
				"The log is examined regularly: by whom, and how often.",
				"Activity in the systems behind Veil, and by those who reach them without Veil, is recorded and examined too.",
			},
		},
		{
			Framework: name, Reference: "164.312(a)(1), (d), (e)(1)",
			Requires: "Access control, authentication of persons or entities, and security of transmission.",
			Shown: []Shown{
				shows("configuration", "how consumers authenticate and whether the listeners use TLS"),
				shows("refusals", "exchanges that were refused, by reason"),
			},
			Duties: []string{"Credentials are issued to the right persons, reviewed, and withdrawn when no longer needed."},
		},
	}
}

// california are the provisions of the CCPA as amended by the CPRA and by AB 713. Source:
// California Civil Code.
func california() []Provision {
	const name = "CCPA and CPRA (Cal. Civ. Code)"
	return []Provision{
		{
			Framework: name, Reference: "1798.146(a)(4)(A)",
			Requires: "Patient information is outside of the title if it is deidentified under 45 CFR 164.514 and derives from patient information of an entity under HIPAA, the CMIA or the Common Rule.",
			Shown: []Shown{
				shows("coverage", "the rules of each Safe Harbor identifier"),
				shows("applications", "how often each rule was applied"),
			},
			Duties: []string{"The information derives from patient information as the paragraph demands, and 164.514 is met (see HIPAA)."},
		},
		{
			Framework: name, Reference: "1798.140(m)",
			Requires: "Deidentified information cannot reasonably be used to infer information about, or be linked to, a consumer, if the business takes reasonable measures, commits publicly, and obliges recipients by contract.",
			Shown: []Shown{
				shows("risk", "how many records are unique or in small groups by the quasi-identifiers that were named"),
				shows("selftest", "whether attempts to get at original values failed"),
			},
			Duties: []string{
				"Reasonable measures are taken that the information cannot be associated with a consumer or household.",
				"The business has publicly committed to keep and use the information in deidentified form, and not to attempt to reidentify it.",
				"Recipients are obliged by contract to comply with these provisions.",
			},
		},
		{
			Framework: name, Reference: "1798.148",
			Requires: "Deidentified patient information is not reidentified but for listed purposes; contracts of sale or license say so.",
			Shown:    []Shown{shows("openings", "how often operators had pseudonyms opened")},
			Duties: []string{
				"Each opening of a pseudonym served a purpose that the section lists.",
				"Contracts of sale or license contain the statements of 1798.148(c).",
			},
		},
		{
			Framework: name, Reference: "1798.130(a)(5)(D)",
			Requires: "A privacy policy says whether deidentified patient information is sold or disclosed, and by which method of 45 CFR 164.514(b) it was deidentified.",
			Duties:   []string{"The privacy policy says so."},
		},
	}
}
