package analysis

import "strings"

// allowedFunctions has the functions of pg_catalog that may be called with values that are
// not keyed. Their arguments are masked values, so their results reveal no more. Functions
// are left out if they read files, other sessions, settings or definitions, run SQL given as
// text, wait, lock, or change something. (current_query would show the rewritten statement;
// ts_stat and ts_rewrite run SQL.)
var allowedFunctions = wordSet(`
abbrev abs acldefault aclexplode acos acosd acosh age area array_agg array_append array_cat array_dims
array_fill array_larger array_length array_lower array_ndims array_position array_positions array_prepend
array_remove array_replace array_to_json array_to_string array_to_tsvector array_upper ascii asin asind
asinh atan atan2 atan2d atand atanh avg bit_and bit_count bit_length bit_or bit_xor bool bool_and bool_or
broadcast btrim cardinality cbrt ceil ceiling center char_length character_length chr clock_timestamp concat
concat_ws convert convert_from convert_to corr cos cosd cosh cot cotd count covar_pop covar_samp cume_dist
current_database date date_bin date_part date_trunc datemultirange daterange decode degrees dense_rank
diameter div encode every exp extract factorial family first_value float4 float8 floor format format_type
gcd gen_random_uuid generate_series generate_subscripts get_bit get_byte getdatabaseencoding hashint4 hashint8 hashint8extended hashtext hashtextextended height host
hostmask initcap int2 int4 int4multirange int4range int8 int8multirange int8range interval is_normalized
isempty isfinite json_agg json_array_elements json_array_elements_text json_array_length json_build_array
json_build_object json_each json_each_text json_extract_path json_extract_path_text json_object
json_object_agg json_object_keys json_strip_nulls json_to_record json_to_recordset json_typeof jsonb_agg
jsonb_array_elements jsonb_array_elements_text jsonb_array_length jsonb_build_array jsonb_build_object
jsonb_each jsonb_each_text jsonb_extract_path jsonb_extract_path_text jsonb_insert jsonb_object
jsonb_object_agg jsonb_object_keys jsonb_path_exists jsonb_path_exists_tz jsonb_path_match
jsonb_path_match_tz jsonb_path_query jsonb_path_query_array jsonb_path_query_array_tz jsonb_path_query_first
jsonb_path_query_first_tz jsonb_path_query_tz jsonb_pretty jsonb_set jsonb_set_lax jsonb_strip_nulls
jsonb_to_record jsonb_to_recordset jsonb_typeof justify_days justify_hours justify_interval lag last_value
lcm lead left length like_escape ln log log10 lower lower_inc lower_inf lpad ltrim make_date make_interval
make_time make_timestamp make_timestamptz masklen max md5 min min_scale mod mode multirange netmask network
normalize now nth_value ntile num_nonnulls num_nulls numeric nummultirange numnode numrange octet_length
oidvectortypes overlaps overlay parse_ident percent_rank percentile_cont percentile_disc pg_advisory_unlock_all
pg_backend_pid
pg_char_to_encoding pg_client_encoding pg_collation_for pg_encoding_max_length pg_encoding_to_char
pg_get_keywords pg_get_userbyid pg_index_column_has_property pg_index_has_property pg_indexam_has_property
pg_is_in_recovery pg_is_other_temp_schema pg_my_temp_schema pg_options_to_table pg_relation_is_publishable
pg_size_bytes pg_size_pretty pg_timezone_abbrevs pg_timezone_names pg_type_is_visible pg_typeof phraseto_tsquery pi
plainto_tsquery point position pow power quote_ident quote_literal quote_nullable radians random range_agg
range_intersect_agg range_merge rank regexp_count regexp_instr regexp_like regexp_match regexp_matches
regexp_replace regexp_split_to_array regexp_split_to_table regexp_substr regr_avgx regr_avgy regr_count
regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy repeat replace reverse right round row_number
row_to_json rpad rtrim scale setweight sha224 sha256 sha384 sha512 sign similar_escape similar_to_escape sin
sind sinh split_part sqrt starts_with statement_timestamp stddev stddev_pop stddev_samp string_agg
string_to_array string_to_table strip strpos substr substring sum tan tand tanh text textlen time timeofday
timestamp timestamptz timezone to_char to_date to_hex to_json to_jsonb to_number to_timestamp to_tsquery
to_tsvector transaction_timestamp translate trim_array trim_scale trunc ts_headline ts_rank ts_rank_cd
tsmultirange tsrange tstzmultirange tstzrange unistr unnest upper upper_inc upper_inf var_pop var_samp
varchar variance version websearch_to_tsquery width width_bucket xml_is_well_formed
xml_is_well_formed_content xml_is_well_formed_document xmlagg xmlcomment xmlconcat2 xmlexists xpath
xpath_exists
`)

func wordSet(s string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(s) {
		set[w] = true
	}
	return set
}

// carryFunctions return the value of one row: a keyed first argument stays keyed.
var carryFunctions = wordSet("lag lead first_value last_value nth_value")

// functionColumns has the columns of functions that return more than one.
var functionColumns = map[string][]string{
	"json_array_elements": {"value"}, "json_array_elements_text": {"value"},
	"jsonb_array_elements": {"value"}, "jsonb_array_elements_text": {"value"},
	"json_each": {"key", "value"}, "json_each_text": {"key", "value"},
	"jsonb_each": {"key", "value"}, "jsonb_each_text": {"key", "value"},
	"pg_options_to_table": {"option_name", "option_value"},
	"pg_get_keywords":     {"word", "catcode", "barelabel", "catdesc", "baredesc"},
	"aclexplode":          {"grantor", "grantee", "privilege_type", "is_grantable"},
	"pg_timezone_names":   {"name", "abbrev", "utc_offset", "is_dst"}, "pg_timezone_abbrevs": {"abbrev", "utc_offset", "is_dst"},
	"_pg_expandarray": {"x", "n"}, "pg_partition_ancestors": {"relid"},
}

// constantFunctions has functions about the system whose result is replaced by a constant,
// since the true one would contain values, definitions or names: a type and an SQL
// expression. Their arguments are analysed and dropped.
var constantFunctions = map[string]string{
	"pg_get_expr": "NULL::pg_catalog.text", "pg_get_viewdef": "NULL::pg_catalog.text",
	"pg_get_functiondef": "NULL::pg_catalog.text", "pg_get_ruledef": "NULL::pg_catalog.text", "pg_get_triggerdef": "NULL::pg_catalog.text",
	"pg_get_partition_constraintdef": "NULL::pg_catalog.text",
	"pg_get_statisticsobjdef":        "NULL::pg_catalog.text", "pg_get_statisticsobjdef_columns": "NULL::pg_catalog.text",
	"pg_get_function_arg_default": "NULL::pg_catalog.text", "pg_get_function_sqlbody": "NULL::pg_catalog.text",
	"pg_get_function_arguments": "NULL::pg_catalog.text", "pg_get_function_identity_arguments": "NULL::pg_catalog.text",
	"pg_get_function_result": "NULL::pg_catalog.text", "pg_get_serial_sequence": "NULL::pg_catalog.text",
	"col_description": "NULL::pg_catalog.text", "obj_description": "NULL::pg_catalog.text", "shobj_description": "NULL::pg_catalog.text",
	"pg_relation_size": "NULL::pg_catalog.int8", "pg_table_size": "NULL::pg_catalog.int8", "pg_indexes_size": "NULL::pg_catalog.int8",
	"pg_total_relation_size": "NULL::pg_catalog.int8", "pg_database_size": "NULL::pg_catalog.int8", "pg_tablespace_size": "NULL::pg_catalog.int8",
	"pg_tablespace_location": "''::pg_catalog.text", "pg_relation_filenode": "NULL::pg_catalog.oid", "pg_relation_filepath": "NULL::pg_catalog.text",
	"pg_column_is_updatable": "false", "pg_relation_is_updatable": "0", "row_security_active": "false",
	"pg_function_is_visible": "true", "pg_operator_is_visible": "true",
	"pg_opclass_is_visible": "true", "pg_opfamily_is_visible": "true", "pg_collation_is_visible": "true", "pg_conversion_is_visible": "true",
	"pg_statistics_obj_is_visible": "true", "pg_ts_config_is_visible": "true", "pg_ts_dict_is_visible": "true",
	"pg_ts_parser_is_visible": "true", "pg_ts_template_is_visible": "true",
	"inet_server_addr": "NULL::pg_catalog.inet", "inet_server_port": "NULL::pg_catalog.int4",
	"inet_client_addr": "NULL::pg_catalog.inet", "inet_client_port": "NULL::pg_catalog.int4",
	"pg_postmaster_start_time": "NULL::pg_catalog.timestamptz", "pg_conf_load_time": "NULL::pg_catalog.timestamptz",
	"pg_is_wal_replay_paused": "false", "txid_current_if_assigned": "NULL::pg_catalog.int8",
	"pg_blocking_pids": "'{}'::pg_catalog.int4[]", "pg_safe_snapshot_blocking_pids": "'{}'::pg_catalog.int4[]",
	"pg_stat_get_numscans": "NULL::pg_catalog.int8",
}
