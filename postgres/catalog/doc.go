// Package catalog describes the relations, columns, types and casts of a PostgreSQL
// database at one moment, and reads them.
//
// A [Catalog] is immutable. [Load] reads one over a connection with the parameters of
// [LoadSettings]; [VersionSQL] tells whether it is still current. Tests build one from
// Go values with [New]. The package knows nothing of masking or statements.
package catalog
