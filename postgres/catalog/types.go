package catalog

// OIDs of built-in types (PostgreSQL, src/include/catalog/pg_type.dat).
const (
	OIDBool         = 16
	OIDBytea        = 17
	OIDChar         = 18
	OIDName         = 19
	OIDInt8         = 20
	OIDInt2         = 21
	OIDInt4         = 23
	OIDText         = 25
	OIDOID          = 26
	oidXID          = 28
	OIDJSON         = 114
	OIDXML          = 142
	OIDFloat4       = 700
	OIDFloat8       = 701
	oidUnknown      = 705
	oidInet         = 869
	OIDTextArray    = 1009
	OIDVarcharArray = 1015 // varchar[]
	OIDBpchar       = 1042
	OIDVarchar      = 1043
	OIDDate         = 1082
	oidTime         = 1083
	OIDTimestamp    = 1114
	oidTimestamps   = 1115 // timestamp[]
	oidDates        = 1182 // date[]
	OIDTimestamptz  = 1184
	oidMoments      = 1185 // timestamptz[]
	OIDInterval     = 1186
	OIDNumeric      = 1700
	OIDRecord       = 2249
	OIDUUID         = 2950
	OIDJSONB        = 3802
)

// Collations (pg_collation.dat).
const (
	CollationDefault = 100
	CollationC       = 950
)

func builtinTypes() []Type {
	var out []Type
	for _, t := range []struct {
		oid  uint32
		name string
		size int16
	}{
		{OIDBool, "bool", 1}, {OIDBytea, "bytea", -1}, {OIDChar, "char", 1}, {OIDName, "name", 64}, {OIDInt8, "int8", 8},
		{OIDInt2, "int2", 2}, {OIDInt4, "int4", 4}, {OIDText, "text", -1}, {OIDOID, "oid", 4}, {oidXID, "xid", 4}, {OIDJSON, "json", -1}, {OIDXML, "xml", -1},
		{OIDFloat4, "float4", 4}, {OIDFloat8, "float8", 8}, {oidInet, "inet", -1}, {OIDBpchar, "bpchar", -1},
		{OIDVarchar, "varchar", -1}, {OIDDate, "date", 4}, {oidTime, "time", 8}, {OIDTimestamp, "timestamp", 8},
		{OIDTimestamptz, "timestamptz", 8}, {OIDInterval, "interval", 16}, {OIDNumeric, "numeric", -1}, {OIDUUID, "uuid", 16}, {OIDJSONB, "jsonb", -1},
	} {
		out = append(out, Type{OID: t.oid, Schema: "pg_catalog", Name: t.name, Kind: 'b', Size: t.size})
	}
	for _, t := range out {
		if array := ArrayOf(t.OID); array != 0 {
			out = append(out, Type{OID: array, Schema: "pg_catalog", Name: "_" + t.Name, Kind: 'b', Element: t.OID, Size: -1})
		}
	}
	return out
}

// ArrayOf returns the array type of a text or time type; zero for other types.
func ArrayOf(element uint32) uint32 {
	switch element {
	case OIDText:
		return OIDTextArray
	case OIDVarchar:
		return OIDVarcharArray
	case OIDDate:
		return oidDates
	case OIDTimestamp:
		return oidTimestamps
	case OIDTimestamptz:
		return oidMoments
	}
	return 0
}

// IsInteger reports whether a type is an integer type.
func IsInteger(oid uint32) bool { return oid == OIDInt2 || oid == OIDInt4 || oid == OIDInt8 }

// IsNumber reports whether a type is an exact decimal number type.
func IsNumber(oid uint32) bool { return IsInteger(oid) || oid == OIDNumeric }

// IsFloat reports whether a type is a binary floating-point type.
func IsFloat(oid uint32) bool { return oid == OIDFloat4 || oid == OIDFloat8 }

// IsText reports whether a type is a text type.
func IsText(oid uint32) bool { return oid == OIDText || oid == OIDVarchar || oid == OIDBpchar }

// IsVarying reports whether a type is a text type that is not padded with spaces.
func IsVarying(oid uint32) bool { return oid == OIDText || oid == OIDVarchar }

// IsTime reports whether a type is a date or a timestamp.
func IsTime(oid uint32) bool { return oid == OIDDate || oid == OIDTimestamp || oid == OIDTimestamptz }

// ParameterType reports whether a client may declare a parameter to be of a type: one
// that is built in and does not look up names. A value of another type would run code
// of the database's owner (casts, constraints), or reveal which labels and relations
// exist.
func ParameterType(oid uint32) bool { return oid < FirstUser && !namingTypes[oid] }

// namingTypes are regproc, regprocedure, regoper, regoperator, regclass, regtype,
// regrole, regnamespace, regconfig, regdictionary, regcollation, and their arrays.
var namingTypes = map[uint32]bool{
	24: true, 2202: true, 2203: true, 2204: true, 2205: true, 2206: true, 4096: true, 4089: true, 3734: true, 3769: true, 4191: true,
	1008: true, 2207: true, 2208: true, 2209: true, 2210: true, 2211: true, 4097: true, 4090: true, 3735: true, 3770: true, 4192: true,
}

// FirstUser is the first OID that is not PostgreSQL's own (FirstNormalObjectId,
// src/include/access/transam.h).
const FirstUser = 16384
