package evidence

// australia are the Australian Privacy Principles (Privacy Act 1988 (Cth), Schedule 1) and
// the De-Identification Decision-Making Framework of the OAIC and CSIRO's Data61.
func australia() []Provision {
	const app, ddf = "Privacy Act 1988 (Cth)", "De-Identification Decision-Making Framework (OAIC and CSIRO's Data61)"
	return []Provision{
		{
			Framework: app, Reference: "APP 3; section 16B(2)",
			Requires: "Personal information is collected only if reasonably necessary; for research without consent, health information is collected only if de-identified information cannot serve the purpose.",
			Shown:    []Shown{shows("coverage", "what recipients are given in place of originals")},
			Duties: []string{
				"Collection is reasonably necessary for, and for agencies may be directly related to, a function or activity.",
				"Where section 16B(2) is relied on: its conditions are met, with the guidelines under section 95A.",
			},
		},
		{
			Framework: app, Reference: "APP 6, APP 6.4",
			Requires: "Use and disclosure only for the purpose of collection or by an exception; what was collected under section 16B(2) is de-identified, by reasonable steps, before it is disclosed.",
			Shown: []Shown{
				shows("consumers", "to whom masked data was disclosed"),
				shows("applications", "the steps of masking that were applied"),
				shows("risk", "how many records are unique or in small groups"),
			},
			Duties: []string{"The information disclosed is not about an individual who is reasonably identifiable in the recipient's hands, or an exception applies (section 6(1), APP 6.2)."},
		},
		{
			Framework: app, Reference: "APP 11.1, 11.2, 11.3",
			Requires: "Reasonable steps, technical and organisational ones among them, protect personal information; what is no longer needed is destroyed or de-identified.",
			Shown: []Shown{
				shows("refusals", "exchanges that were refused, by reason"),
				shows("selftest", "the outcome of attacks on the deployment from outside"),
				shows("runs", "jobs that masked files"),
			},
			Duties: []string{"Originals that are no longer needed are destroyed or de-identified: Veil masks copies and views, and deletes nothing."},
		},
		{
			Framework: ddf, Reference: "Data situation audit (components 1 to 5)",
			Requires: "Describe the data situation, understand legal responsibilities, know the data, understand the use case, meet ethical obligations.",
			Shown: []Shown{
				shows("discovery", "the columns that were looked at, and how many identify persons"),
				shows("delivered", "the types of data that were delivered"),
			},
			Duties: []string{"The data situation, the use case and the approval of an ethics committee, where one is needed, are documented."},
		},
		{
			Framework: ddf, Reference: "Risk analysis and control (components 6 and 7)",
			Requires: "Identify the processes that assess disclosure risk, and the disclosure control processes that fit the data situation.",
			Shown: []Shown{
				shows("risk", "uniqueness, k-anonymity and l-diversity of the data that was measured"),
				shows("coverage", "the controls on the data: rules by identifier"),
				shows("selftest", "attempts to get at originals, and their outcome"),
			},
			Duties: []string{"The risk that remains in the environment of the recipient was assessed and accepted: by whom."},
		},
		{
			Framework: ddf, Reference: "Impact management (components 8 to 10)",
			Requires: "Identify stakeholders, plan what happens after sharing or release, and what to do if things go wrong.",
			Shown:    []Shown{shows("logs", "a log from which what was disclosed, and by which rules, can be found again")},
			Duties:   []string{"Stakeholders are informed, the data is monitored after release, and a plan for incidents exists."},
		},
	}
}

// international is ISO/IEC 27559:2022, by its clauses.
func international() []Provision {
	const iso = "ISO/IEC 27559:2022, privacy enhancing data de-identification framework"
	return []Provision{
		{
			Framework: iso, Reference: "Clause 6, context assessment",
			Requires: "Threat modelling of the environment in which data is made available, transparency and impact assessment.",
			Shown: []Shown{
				shows("consumers", "to whom data was made available"),
				shows("configuration", "how consumers authenticate"),
			},
			Duties: []string{"Threats, the capacity and motives of recipients to re-identify, and possible harms were assessed."},
		},
		{
			Framework: iso, Reference: "Clause 7, data assessment",
			Requires: "Features of the data: data principals, types of data and attributes, properties of the dataset; modelling of attacks.",
			Shown: []Shown{
				shows("discovery", "the columns that were looked at, by what they identify"),
				shows("risk", "the quasi-identifiers that were named, and the groups that they form"),
			},
			Duties: []string{"The choice of attributes that an attacker may know was justified."},
		},
		{
			Framework: iso, Reference: "Clause 8, identifiability assessment and mitigation",
			Requires: "Quantify identifiability, test adversarially, mitigate by the environment and by transforming the data, evaluate again.",
			Shown: []Shown{
				shows("risk", "identifiability in numbers"),
				shows("selftest", "adversarial tests and their outcome"),
				shows("applications", "the transformations that were applied"),
			},
			Duties: []string{"The threshold of acceptable identifiability was set, and what remains is below it."},
		},
		{
			Framework: iso, Reference: "Clause 9, de-identification governance",
			Requires: "Roles, policies and procedures before data is made available; monitoring, and response to incidents, after.",
			Shown: []Shown{
				shows("logs", "a verified log of what was made available"),
				shows("drift", "change of the source against the ruleset"),
			},
			Duties: []string{"Roles and procedures are assigned in writing, and reviewed: by whom, and when."},
		},
	}
}
