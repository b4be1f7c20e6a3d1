package pgdump

// loss is a kind of thing that a masked dump leaves out.
type loss uint8

const (
	lostTables loss = iota
	lostColumns
	lostViews
	lostMaterialized
	lostForeign
	lostKeys
	lostForeignKeys
	lostChecks
	lostExclusions
	lostDefaults
	lostIdentities
	lostGenerated
	lostBounds
	lostIndexes
	lostSequences
	lostPositions
	lostTypes
	lostFunctions
	lostTriggers
	lostPolicies
	lostStatistics
	lostPublications
	lostComments
	lostOwners
	lostGrants
	lostLabels
	lostRoles
	lostDatabases
	lostDrops
	lostObjects
	lostSettings
	lostOther
	losses // the number of them
)

// lossNames say what is left out, in the order of the constants.
var lossNames = []string{
	"table that no rule covers", "column that cannot be shown", "view", "materialized view", "foreign table, server or user mapping",
	"primary key or unique constraint that may not hold", "foreign key that may not hold", "check constraint", "exclusion constraint",
	"default", "identity of a masked column", "generated column", "partition bound over masked columns", "index", "sequence",
	"position of a sequence", "type or domain check", "function, procedure or aggregate", "trigger or rule", "row security policy", "statistics object",
	"publication or subscription", "comment", "owner", "grant", "security label", "role or tablespace", "statement about a whole database", "DROP statement",
	"large object statement", "storage or session setting", "other statement",
}
