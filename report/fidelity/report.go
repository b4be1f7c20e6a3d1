// Package fidelity compares originals with their masked form: whether distributions have
// drifted, joins have broken, and edge cases have been lost. Run it where the originals
// may be seen. Its results have figures and names of columns, never a value.
//
//	r, err := fidelity.Compare(ctx, original, masked, fidelity.Options{})
//	r.WriteText(os.Stdout)
//
// It reads each side twice: the first pass finds what the columns contain, and the second
// counts what depends on that: relations between columns, and times between dates. Its
// memory does not grow with the data. Up to a limit of distinct values, it counts exactly;
// beyond that, each figure has a tolerance. The same inputs give the same figures.
package fidelity

import "github.com/veil-proxy/veil/report/signed"

// Report says how far the masked side is from the originals.
type Report struct {
	// Original and Masked are the two sides compared.
	Original string `json:"original"`
	Masked   string `json:"masked"`
	// Limit is the distance at which a column has drifted.
	Limit    float64   `json:"limit"`
	Verdicts []Verdict `json:"verdicts"`
	Tables   []Table   `json:"tables"`
	Joins    []Join    `json:"joins"`
	// Missing are tables of the originals that the masked side lacks, Added the reverse.
	Missing []string `json:"missingTables,omitempty"`
	Added   []string `json:"addedTables,omitempty"`
}

// Verdict says whether one of the failures that masking must not cause can be ruled
// out.
type Verdict struct {
	Name    string         `json:"name"`
	Outcome signed.Outcome `json:"outcome"`
	Reason  string         `json:"reason"`
	Faults  []string       `json:"faults,omitempty"` // columns and what is wrong with each
}

// Both is a figure for both sides.
type Both struct {
	Original float64 `json:"original"`
	Masked   float64 `json:"masked"`
}

// Distance is a distance between distributions, with its tolerance. The tolerance of an
// exact figure is 0.
type Distance struct {
	Value     float64 `json:"value"`
	Tolerance float64 `json:"tolerance"`
}

// Table is a table that both sides have.
type Table struct {
	Name    string   `json:"name"`
	Rows    Both     `json:"rows"`
	Columns []Column `json:"columns"`
	// Missing are columns of the originals that the masked side lacks, Added the reverse.
	Missing   []string   `json:"missingColumns,omitempty"`
	Added     []string   `json:"addedColumns,omitempty"`
	Pairs     []Pair     `json:"pairs"`
	PairRows  Both       `json:"pairRows"` // of which relations were counted
	Unrelated int        `json:"columnsNotRelated"`
	Intervals []Interval `json:"intervals"`
}

// Column is a column or element that both sides have.
type Column struct {
	Name    string `json:"name"`
	Kind    string `json:"kind"`    // number, date, category or empty
	Outcome string `json:"outcome"` // kept, removed, replaced, generalized or changed
	Nulls   Both   `json:"nulls"`   // shares of rows
	// Distinct are the numbers of distinct values, and DistinctTolerance their relative
	// tolerance.
	Distinct          Both    `json:"distinct"`
	DistinctTolerance float64 `json:"distinctTolerance"`
	// Others are the shares of values that are not of the column's kind.
	Others Both `json:"others"`
	// KS is the Kolmogorov-Smirnov distance. The Wasserstein distance is in units of the
	// column (days for dates) and in standard deviations of the originals.
	KS                    *Distance `json:"ks,omitempty"`
	Wasserstein           *Distance `json:"wasserstein,omitempty"`
	WassersteinDeviations float64   `json:"wassersteinDeviations,omitempty"`
	// TV is the total variation value by value, TVByRank that by rank: the most frequent
	// value of one side against that of the other, and so on.
	TV       *Distance `json:"tv,omitempty"`
	TVByRank *Distance `json:"tvByRank,omitempty"`
	// Precision of dates, and the distance of the originals truncated to the precision of
	// the masked side.
	Precision    *[2]string `json:"precision,omitempty"`
	KSFloored    *Distance  `json:"ksAtMaskedPrecision,omitempty"`
	Rare         *Kept      `json:"rare,omitempty"`
	Tails        *Tails     `json:"tails,omitempty"`
	shapes       [2][]float64
	unordered    bool // shapes are of categories
	keyOriginals bool
}

// Kept is how many items of the originals the masked side still has.
type Kept struct {
	Original float64 `json:"original"`
	Kept     float64 `json:"kept"`
}

// Tails are the shares of values at or beyond the originals' first and last percentile.
type Tails struct {
	Low  Both `json:"low"`
	High Both `json:"high"`
}

// Pair is the relation between two columns. Correlations are absent if a column has no
// numbers.
type Pair struct {
	X           string `json:"x"`
	Y           string `json:"y"`
	Pearson     *Both  `json:"pearson,omitempty"`
	Spearman    *Both  `json:"spearman,omitempty"`
	Information Both   `json:"mutualInformation"` // in nats, of at most 21 classes each
}

// Interval is the time between dates: of two columns in a row, or of one from each date of a
// person to the next.
type Interval struct {
	Name  string   `json:"name"`
	Count Both     `json:"count"`
	KS    Distance `json:"ks"`
	// Wasserstein is in days.
	Wasserstein Distance `json:"wasserstein"`
	shapes      [2][]float64
}

// Join is a pair of columns, one of which refers to the other.
type Join struct {
	From string `json:"from"`
	To   string `json:"to"`
	// Rows are the shares of values that find a match, Unique whether each value of To
	// occurs in one row.
	Rows      Both    `json:"rows"`
	Tolerance float64 `json:"tolerance"`
	Unique    [2]bool `json:"unique"`
}
