// Package risk measures how likely people are to be found in masked data by what others
// may know about them: the quasi-identifiers. It sees masked data only.
//
//	r, err := risk.Measure(ctx, set, risk.Options{Quasi: []string{"sex", "birth_year", "zip3"}, Sensitive: []string{"diagnosis"}, K: 5})
//	r.WriteText(os.Stdout)
//
// Rows that agree in all quasi-identifiers are a class; NULL agrees with NULL. Figures are
// exact, whatever the number of rows: beyond a limit, what matters of each row goes to
// temporary files, partitioned by class, and each part is counted separately.
package risk

// Report is the risk of a table.
type Report struct {
	Name      string   `json:"name"`
	Table     string   `json:"table"`
	Quasi     []string `json:"quasi"`
	K         uint64   `json:"k"` // that is wanted
	Rows      uint64   `json:"rows"`
	Classes   uint64   `json:"classes"`
	Smallest  uint64   `json:"kAnonymity"` // the size of the smallest class
	Unique    uint64   `json:"uniqueRows"` // rows that are alone in their class
	Below     uint64   `json:"rowsBelowK"` // rows in classes of fewer than K
	BelowOf   uint64   `json:"classesBelowK"`
	Highest   float64  `json:"highestRisk"` // probability that a row is the right one in its class
	Average   float64  `json:"averageRisk"`
	Sizes     []Size   `json:"sizes"`
	Sensitive []Spread `json:"sensitive,omitempty"`
	// Population is an estimate for the population from which the rows are a sample.
	Population *Population `json:"population,omitempty"`
	// Presence says how surely a person's presence can be inferred with a register.
	Presence *Presence `json:"presence,omitempty"`
	Worst    []Class   `json:"worst"`
	Advice   *Advice   `json:"advice,omitempty"`
	// OnDisk says that classes were counted in parts.
	OnDisk bool `json:"onDisk"`
}

// Size is the number of classes in a range of sizes.
type Size struct {
	From    uint64 `json:"from"`
	To      uint64 `json:"to"` // 0 for no end
	Classes uint64 `json:"classes"`
	Rows    uint64 `json:"rows"`
}

// Spread says how much the values of a sensitive column differ within classes.
type Spread struct {
	Column string `json:"column"`
	// Distinct is the smallest number of distinct values in a class, Entropy the smallest
	// effective number of them: e to the power of the entropy.
	Distinct uint64  `json:"lDiversity"`
	Entropy  float64 `json:"entropyLDiversity"`
	// Closeness is the largest distance of a class from all rows.
	Closeness float64 `json:"tCloseness"`
	// Single is the number of rows in classes with a single value: anyone found there has
	// it for certain.
	Single uint64 `json:"rowsWithOneValue"`
}

// Population is an estimate of uniqueness in a population.
type Population struct {
	Size uint64 `json:"size"`
	// Unique is the probability that a row that is unique here is unique in the population
	// too, after Zayatz. Rows is the expected number of such rows.
	Unique float64 `json:"uniqueIfUniqueHere"`
	Rows   float64 `json:"expectedUniqueRows"`
}

// Presence is δ-presence against a register of the population: the smallest and largest
// share of a class of the register that is in the table.
type Presence struct {
	Rows     uint64  `json:"registerRows"`
	Least    float64 `json:"least"`
	Largest  float64 `json:"largest"`
	Certain  uint64  `json:"rowsOfWhichPresenceIsCertain"`
	Unlisted uint64  `json:"rowsNotInRegister"`
}

// Class is a class with its masked values.
type Class struct {
	Values []string `json:"values"` // of the quasi-identifiers, in order; NULL for NULL
	Rows   uint64   `json:"rows"`
}

// Advice says what to generalize to reach K.
type Advice struct {
	Steps []Step `json:"steps"`
	// Reached is the size of the smallest class afterwards, counted over all rows.
	Reached uint64 `json:"reached"`
	Classes uint64 `json:"classes"`
	// Suppress is the alternative: to leave out the rows in classes below K.
	Suppress uint64 `json:"orSuppressRows"`
}

// Step says what to do with a column.
type Step struct {
	Column string `json:"column"`
	To     string `json:"to"`
}
