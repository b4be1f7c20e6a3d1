package csv

// Dialect writes the input of tests that stand outside of the package.
type Dialect = dialect

// Standard is the dialect of RFC 4180.
var Standard = standardDialect
