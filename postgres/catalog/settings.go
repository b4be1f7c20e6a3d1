package catalog

import "maps"

// SessionSettings returns the parameters that an upstream session must have before the
// first statement, and that no statement may change. In addition, DateStyle must be
// ISO, with any order of day, month and year.
func SessionSettings() map[string]string {
	return map[string]string{
		"search_path":                   "pg_catalog, pg_temp",
		"default_transaction_read_only": "on",
		"client_encoding":               "UTF8",
		"standard_conforming_strings":   "on",
		"backslash_quote":               "safe_encoding",
		"transform_null_equals":         "off",
		"xmloption":                     "content",
		"array_nulls":                   "on",
		"check_function_bodies":         "off",
		"enable_mergejoin":              "off",
	}
}

// FirstSettings returns the session parameters that a client may change.
func FirstSettings() map[string]string {
	return map[string]string{"bytea_output": "hex", "extra_float_digits": "1"}
}

// LoadSettings returns the parameters of the connection over which the catalog is read.
// They determine the form of constants in view definitions.
func LoadSettings() map[string]string {
	settings := SessionSettings()
	maps.Copy(settings, FirstSettings())
	settings["DateStyle"], settings["IntervalStyle"] = "ISO, YMD", "postgres"
	return settings
}

// VersionSettings returns further parameters that exist from some version on. They turn
// off plans that sort the input of aggregates, groups or DISTINCT by the originals,
// whose order another aggregate would then reveal. major is the upstream's version.
func VersionSettings(major int) map[string]string {
	settings := map[string]string{}
	for _, s := range []struct {
		since int
		name  string
	}{{16, "enable_presorted_aggregate"}, {17, "enable_group_by_reordering"}, {18, "enable_distinct_reordering"}} {
		if major >= s.since {
			settings[s.name] = "off"
		}
	}
	return settings
}
