package evidence

// europe are the provisions of the GDPR, and the guidelines of the EDPB on pseudonymisation
// in the version for public consultation that was adopted on 16 January 2025. Source:
// Regulation (EU) 2016/679.
func europe() []Provision {
	const gdpr, edpb = "GDPR (Regulation (EU) 2016/679)", "EDPB Guidelines 01/2025 on Pseudonymisation (consultation version of 16 January 2025)"
	return []Provision{
		{
			Framework: gdpr, Reference: "Article 5(1)(b), (c)",
			Requires: "Purpose limitation, and data minimisation: adequate, relevant and limited to what is necessary for the purposes.",
			Shown: []Shown{
				shows("coverage", "what rulesets remove, replace and let pass"),
				shows("delivered", "how many resources and rows of which types were delivered"),
				shows("fidelity", "what the masked data still carries"),
			},
			Duties: []string{"The purposes are specified, and what passes is necessary for them."},
		},
		{
			Framework: gdpr, Reference: "Article 5(1)(f)",
			Requires: "Integrity and confidentiality: appropriate security, including protection against unauthorised processing.",
			Shown: []Shown{
				shows("refusals", "exchanges that were refused, by reason"),
				shows("selftest", "the outcome of attacks on the deployment from outside"),
			},
			Duties: []string{"Security of the systems behind Veil and of what recipients store."},
		},
		{
			Framework: gdpr, Reference: "Article 5(2)",
			Requires: "Accountability: the controller is responsible for compliance with paragraph 1 and able to demonstrate it.",
			Shown: []Shown{
				shows("logs", "the chain of hashes of the log from which the figures of this report come, verified from its first line to its last"),
				shows("checkpoints", "that the log up to its last signed checkpoint is the one that was signed"),
				shows("applications", "how often each rule was applied, by day"),
			},
			Duties: []string{"What this report does not cover is demonstrated otherwise."},
		},
		{
			Framework: gdpr, Reference: "Article 25",
			Requires: "Data protection by design and by default: measures, such as pseudonymisation, that implement the principles; by default, only personal data necessary for each purpose is processed.",
			Shown: []Shown{
				shows("coverage", "what rulesets do to elements and columns that no rule names"),
				shows("drift", "columns that no rule covers"),
			},
			Duties: []string{"The measures are appropriate to the state of the art, the cost, the processing and its risks."},
		},
		{
			Framework: gdpr, Reference: "Article 30(1)",
			Requires: "Records of processing activities: among others the purposes, categories of data subjects, data and recipients, time limits, and a general description of the security measures.",
			Shown: []Shown{
				shows("consumers", "the recipients that the log names"),
				shows("delivered", "the types of resources and rows that were delivered"),
				shows("rulesets", "the rulesets by which data was masked, as a description of a measure"),
			},
			Duties: []string{"The record is kept, with the controller, purposes, categories of data subjects, transfers and time limits, which this report does not know."},
		},
		{
			Framework: gdpr, Reference: "Article 32(1)(a), (b), (d)",
			Requires: "Security appropriate to the risk: among others pseudonymisation and encryption, ongoing confidentiality and integrity, and a process for regularly testing the effectiveness of measures.",
			Shown: []Shown{
				shows("applications", "how often rules were applied, pseudonymisation among them"),
				shows("keys", "the fingerprints of the keys in use, and when one replaced another"),
				shows("configuration", "whether the listeners use TLS"),
				shows("selftest", "the outcome of the last test of the deployment"),
			},
			Duties: []string{"Keys are stored apart from the data, and who has access to them is documented.", "The self-test is repeated: how often, and who acts on its findings."},
		},
		{
			Framework: gdpr, Reference: "Article 89(1)",
			Requires: "Safeguards for archiving in the public interest, research and statistics: data minimisation, pseudonymisation where the purpose allows, and no identification where the purpose can be fulfilled without it.",
			Shown: []Shown{
				shows("coverage", "the rules that remove and pseudonymise"),
				shows("fidelity", "what the masked data still carries for research"),
				shows("risk", "how many records are unique or in small groups"),
			},
			Duties: []string{"The purpose cannot be fulfilled with data that identifies less.", "Safeguards of Union or Member State law for the processing are in place."},
		},
		{
			Framework: edpb, Reference: "Pseudonymisation domain",
			Requires: "It is set who is to be precluded from attributing the data to persons; additional information is kept out of that domain.",
			Shown: []Shown{
				shows("keys", "one key for each project: pseudonyms of two projects have different keys"),
				shows("consumers", "who received data of which project"),
			},
			Duties: []string{"The domain is defined, with what those in it may know and can obtain.", "The key and the original data are kept out of the domain."},
		},
		{
			Framework: edpb, Reference: "Pseudonymising transformation and quasi-identifiers",
			Requires: "Direct identifiers are replaced by pseudonyms that cannot be computed or reversed without the secret; quasi-identifiers are removed or modified where they allow attribution.",
			Shown: []Shown{
				shows("applications", "the methods that were applied, by rule"),
				shows("risk", "what quasi-identifiers still single out"),
				shows("selftest", "whether attempts to reverse masking failed"),
			},
			Duties: []string{"Which quasi-identifiers allow attribution with the means reasonably available in the domain was assessed."},
		},
		{
			Framework: edpb, Reference: "Additional information kept separately; reversal controlled",
			Requires: "Secrets are protected by technical and organisational measures, and attribution happens only where it is authorised.",
			Shown: []Shown{
				shows("openings", "how often operators had pseudonyms opened"),
				shows("keys", "rotations of keys"),
			},
			Duties: []string{"Each opening of a pseudonym was authorised: by whom, and why.", "A breach of the secret is provided for."},
		},
	}
}
