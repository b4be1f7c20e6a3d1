package analysis

// OIDs of built-in types (PostgreSQL, src/include/catalog/pg_type.dat).
const (
	oidBool        = 16
	oidBytea       = 17
	oidChar        = 18
	oidName        = 19
	oidInt8        = 20
	oidInt2        = 21
	oidInt4        = 23
	oidText        = 25
	oidOID         = 26
	oidXID         = 28
	oidJSON        = 114
	oidXML         = 142
	oidFloat4      = 700
	oidFloat8      = 701
	oidUnknown     = 705
	oidInet        = 869
	oidTextArray   = 1009
	oidBpchar      = 1042
	oidVarchar     = 1043
	oidDate        = 1082
	oidTime        = 1083
	oidTimestamp   = 1114
	oidTimestamptz = 1184
	oidInterval    = 1186
	oidNumeric     = 1700
	oidRecord      = 2249
	oidUUID        = 2950
	oidJSONB       = 3802
)

// Collations (pg_collation.dat).
const (
	collationDefault = 100
	collationC       = 950
)

func builtinTypes() []Type {
	var out []Type
	for _, t := range []struct {
		oid  uint32
		name string
		size int16
	}{
		{oidBool, "bool", 1}, {oidBytea, "bytea", -1}, {oidChar, "char", 1}, {oidName, "name", 64}, {oidInt8, "int8", 8},
		{oidInt2, "int2", 2}, {oidInt4, "int4", 4}, {oidText, "text", -1}, {oidOID, "oid", 4}, {oidXID, "xid", 4}, {oidJSON, "json", -1}, {oidXML, "xml", -1},
		{oidFloat4, "float4", 4}, {oidFloat8, "float8", 8}, {oidInet, "inet", -1}, {oidBpchar, "bpchar", -1},
		{oidVarchar, "varchar", -1}, {oidDate, "date", 4}, {oidTime, "time", 8}, {oidTimestamp, "timestamp", 8},
		{oidTimestamptz, "timestamptz", 8}, {oidInterval, "interval", 16}, {oidNumeric, "numeric", -1}, {oidUUID, "uuid", 16}, {oidJSONB, "jsonb", -1},
	} {
		out = append(out, Type{OID: t.oid, Schema: "pg_catalog", Name: t.name, Kind: 'b', Size: t.size})
	}
	return append(out, Type{OID: oidTextArray, Schema: "pg_catalog", Name: "_text", Kind: 'b', Element: oidText, Size: -1})
}

// isInteger reports whether a type has whole numbers.
func isInteger(oid uint32) bool { return oid == oidInt2 || oid == oidInt4 || oid == oidInt8 }

// isNumber reports whether a type has exact decimal numbers.
func isNumber(oid uint32) bool { return isInteger(oid) || oid == oidNumeric }

// isFloat reports whether a type has binary numbers.
func isFloat(oid uint32) bool { return oid == oidFloat4 || oid == oidFloat8 }

// isText reports whether a type has texts.
func isText(oid uint32) bool { return oid == oidText || oid == oidVarchar || oid == oidBpchar }

// isVarying reports whether a type has texts of any length without filling space.
func isVarying(oid uint32) bool { return oid == oidText || oid == oidVarchar }

// isTime reports whether a type has days.
func isTime(oid uint32) bool { return oid == oidDate || oid == oidTimestamp || oid == oidTimestamptz }

// ParameterType reports whether a client may declare a parameter to be of a type: one
// that is built in and looks no name up. A value of another type would run what the
// database's owner made for it (casts, constraints), or tell which labels and relations
// there are.
func ParameterType(oid uint32) bool { return oid < firstUser && !namingTypes[oid] }

// namingTypes are regproc, regprocedure, regoper, regoperator, regclass, regtype,
// regrole, regnamespace, regconfig, regdictionary, regcollation, and their arrays.
var namingTypes = map[uint32]bool{
	24: true, 2202: true, 2203: true, 2204: true, 2205: true, 2206: true, 4096: true, 4089: true, 3734: true, 3769: true, 4191: true,
	1008: true, 2207: true, 2208: true, 2209: true, 2210: true, 2211: true, 4097: true, 4090: true, 3735: true, 3770: true, 4192: true,
}

// firstUser is the first OID that is not PostgreSQL's own (FirstNormalObjectId,
// src/include/access/transam.h).
const firstUser = 16384
