// Package catalog is what a PostgreSQL database says of its relations, columns, types
// and casts at one moment, and how it is read.
//
// A [Catalog] is immutable. [Load] reads one over a connection with the parameters of
// [LoadSettings]; [VersionSQL] tells whether it still holds. A test makes one of Go
// values with [New]. The package knows nothing of masking and of no statement.
package catalog
