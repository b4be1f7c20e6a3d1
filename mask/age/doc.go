// Package age defines ages over 89: the greatest age that may be shown, and the units
// and words in which people write ages. The methods that cap ages and the guard of
// searches by age share it.
package age

// Oldest is the greatest age in completed years that may be shown: "all ages over 89"
// are one category, "age 90 or older" (45 CFR 164.514(b)(2)(i)(C)).
const Oldest = 89
