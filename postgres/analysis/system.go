package analysis

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/veil-proxy/veil/postgres/catalog"
)

// The system catalogs and the information schema, by allow-list of relations and columns. A
// relation that is not listed does not exist; a listed column is NULL if it could contain
// values, definitions, statistics or privileges. Rows are filtered to PostgreSQL's own
// objects and to what the consumer may see.

// systemRelation describes what is visible of a system relation.
type systemRelation struct {
	// null has the columns that are NULL; replace has expressions for others.
	null string
	// keep, if set, has the only columns that are not NULL.
	keep    string
	replace map[string]string
	// where is the condition on rows; {relations}, {hidden}, {types}, {schemas}, {named},
	// {enums}, {tables}, {columns} and {settings} stand for arrays.
	where string
	// apart: rows that the condition excludes are secret. No condition of the statement may be
	// evaluated before it, nor take a measurable time on them.
	apart bool
}

const own = "oid < 16384"

var systemRelations = map[string]systemRelation{
	"pg_catalog.pg_class": {null: "relacl reloptions relpartbound relfrozenxid relminmxid", replace: map[string]string{"reltuples": "(-1)::pg_catalog.float4", "relpages": "0", "relallvisible": "0"},
		where: "oid < 16384 OR oid = ANY ({relations}) OR relkind = 'c' AND reltype = ANY ({types})"},
	"pg_catalog.pg_attribute": {null: "attacl attoptions attfdwoptions attmissingval attstattarget", replace: map[string]string{"atttypid": "{shown}", "atttypmod": "{modifier}"},
		where: "attrelid < 16384 OR attrelid = ANY ({relations}) AND attrelid::pg_catalog.int8 * 65536 + attnum <> ALL ({hidden})"},
	"pg_catalog.pg_type":                 {null: "typdefault typdefaultbin typacl", where: "oid < 16384 OR oid = ANY ({types})"},
	"pg_catalog.pg_namespace":            {null: "nspacl", where: "oid < 16384 OR nspname = ANY ({named})"},
	"pg_catalog.pg_index":                {null: "indexprs indpred", where: "indrelid < 16384 OR indrelid = ANY ({relations}) AND indexprs IS NULL AND indpred IS NULL"},
	"pg_catalog.pg_constraint":           {null: "conbin", where: "conrelid = ANY ({relations}) AND contype IN ('p', 'u', 'f') AND (contype = 'f' OR conindid = ANY ({indexes})) AND (confrelid = 0 OR confrelid = ANY ({relations}))"},
	"pg_catalog.pg_depend":               {where: "deptype = 'i' AND classid = 1259 AND objid = ANY ({indexes}) AND refclassid = 2606"}, // which key an index belongs to
	"pg_catalog.pg_attrdef":              {null: "adbin", where: "adrelid = ANY ({relations})"},
	"pg_catalog.pg_proc":                 {null: "prosrc probin prosqlbody proargdefaults proacl proconfig", where: own},
	"pg_catalog.pg_aggregate":            {null: "agginitval aggminitval", where: "aggfnoid::pg_catalog.oid < 16384"},
	"pg_catalog.pg_description":          {where: "objoid < 16384"},
	"pg_catalog.pg_shdescription":        {where: "objoid < 16384"},
	"pg_catalog.pg_database":             {null: "datacl datfrozenxid datminmxid", where: "datname = pg_catalog.current_database()"},
	"pg_catalog.pg_roles":                {null: "rolpassword rolconfig rolvaliduntil"},
	"pg_catalog.pg_user":                 {null: "passwd valuntil useconfig"},
	"pg_catalog.pg_group":                {},
	"pg_catalog.pg_auth_members":         {},
	"pg_catalog.pg_settings":             {null: "sourcefile sourceline boot_val reset_val", where: "name = ANY ({settings})", apart: true},
	"pg_catalog.pg_inherits":             {where: "inhrelid = ANY ({relations}) AND inhparent = ANY ({relations})"},
	"pg_catalog.pg_partitioned_table":    {null: "partexprs", where: "partrelid = ANY ({relations})"},
	"pg_catalog.pg_enum":                 {where: "enumtypid < 16384 OR enumtypid = ANY ({enums})", apart: true},
	"pg_catalog.pg_range":                {where: "rngtypid < 16384 OR rngtypid = ANY ({types})"},
	"pg_catalog.pg_am":                   {where: own},
	"pg_catalog.pg_amop":                 {where: own},
	"pg_catalog.pg_amproc":               {where: own},
	"pg_catalog.pg_opclass":              {where: own},
	"pg_catalog.pg_opfamily":             {where: own},
	"pg_catalog.pg_operator":             {where: own},
	"pg_catalog.pg_cast":                 {where: own},
	"pg_catalog.pg_collation":            {where: own},
	"pg_catalog.pg_conversion":           {where: own},
	"pg_catalog.pg_language":             {null: "lanacl", where: own},
	"pg_catalog.pg_tablespace":           {null: "spcacl spcoptions", where: own},
	"pg_catalog.pg_extension":            {null: "extconfig extcondition"},
	"pg_catalog.pg_available_extensions": {},
	"pg_catalog.pg_ts_config":            {where: own},
	"pg_catalog.pg_ts_dict":              {null: "dictinitoption", where: own},
	"pg_catalog.pg_ts_parser":            {where: own},
	"pg_catalog.pg_ts_template":          {where: own},
	"pg_catalog.pg_timezone_names":       {},
	"pg_catalog.pg_timezone_abbrevs":     {},
	"pg_catalog.pg_tables":               {where: "schemaname = ANY ('{pg_catalog,information_schema}') OR schemaname || '.' || tablename = ANY ({tables})"},
	"pg_catalog.pg_views":                {null: "definition", where: "schemaname = ANY ('{pg_catalog,information_schema}') OR schemaname || '.' || viewname = ANY ({tables})"},
	"pg_catalog.pg_matviews":             {null: "definition", where: "schemaname || '.' || matviewname = ANY ({tables})"},
	"pg_catalog.pg_indexes":              {where: "schemaname || '.' || indexname = ANY ({indexnames})"},

	"pg_catalog.pg_stat_user_indexes":     {keep: "relid indexrelid schemaname relname indexrelname", where: "indexrelid = ANY ({relations})"},
	"pg_catalog.pg_stat_all_indexes":      {keep: "relid indexrelid schemaname relname indexrelname", where: "indexrelid = ANY ({relations})"},
	"pg_catalog.pg_statio_user_indexes":   {keep: "relid indexrelid schemaname relname indexrelname", where: "indexrelid = ANY ({relations})"},
	"pg_catalog.pg_statio_all_indexes":    {keep: "relid indexrelid schemaname relname indexrelname", where: "indexrelid = ANY ({relations})"},
	"pg_catalog.pg_statio_all_tables":     {keep: "relid schemaname relname", where: "relid = ANY ({relations})"},
	"pg_catalog.pg_stat_xact_user_tables": {keep: "relid schemaname relname", where: "relid = ANY ({relations})"},
	"pg_catalog.pg_stat_database":         {keep: "datid datname", where: "datname = pg_catalog.current_database()"},

	"pg_catalog.pg_stat_user_tables":   {keep: "relid schemaname relname", where: "relid = ANY ({relations})"},
	"pg_catalog.pg_stat_all_tables":    {keep: "relid schemaname relname", where: "relid = ANY ({relations})"},
	"pg_catalog.pg_statio_user_tables": {keep: "relid schemaname relname", where: "relid = ANY ({relations})"},

	// Empty: what they list is hidden, but clients query them.
	"pg_catalog.pg_rewrite":               {null: "ev_qual ev_action", where: "false"},
	"pg_catalog.pg_trigger":               {null: "tgqual tgargs", where: "false"},
	"pg_catalog.pg_policy":                {null: "polqual polwithcheck", where: "false"},
	"pg_catalog.pg_policies":              {null: "qual with_check", where: "false"},
	"pg_catalog.pg_rules":                 {null: "definition", where: "false"},
	"pg_catalog.pg_sequence":              {where: "false"},
	"pg_catalog.pg_sequences":             {null: "last_value", where: "false"},
	"pg_catalog.pg_statistic_ext":         {null: "stxexprs", where: "false"},
	"pg_catalog.pg_publication":           {where: "false"},
	"pg_catalog.pg_publication_rel":       {null: "prqual", where: "false"},
	"pg_catalog.pg_publication_namespace": {where: "false"},
	"pg_catalog.pg_foreign_table":         {null: "ftoptions", where: "false"},
	"pg_catalog.pg_foreign_server":        {null: "srvoptions srvacl", where: "false"},
	"pg_catalog.pg_foreign_data_wrapper":  {null: "fdwoptions fdwacl", where: "false"},
	"pg_catalog.pg_user_mappings":         {null: "umoptions", where: "false"},
	"pg_catalog.pg_event_trigger":         {where: "false"},
	"pg_catalog.pg_default_acl":           {null: "defaclacl", where: "false"},
	"pg_catalog.pg_shdepend":              {where: "false"},
	"pg_catalog.pg_db_role_setting":       {null: "setconfig", where: "false"},
	"pg_catalog.pg_seclabels":             {null: "label", where: "false"},
	"pg_catalog.pg_cursors":               {null: "statement", where: "false"},
	"pg_catalog.pg_prepared_statements":   {null: "statement", where: "false"},

	"information_schema.tables":                  {replace: noWrites("is_insertable_into"), where: byTable},
	"information_schema.columns":                 {null: "column_default generation_expression", replace: columnsReplaced, where: "table_schema::pg_catalog.text = ANY ('{pg_catalog,information_schema}') OR (table_schema::pg_catalog.text || '.' || table_name::pg_catalog.text || '.' || column_name::pg_catalog.text) = ANY ({columns})"},
	"information_schema.views":                   {null: "view_definition", replace: noWrites("is_updatable is_insertable_into is_trigger_updatable is_trigger_deletable is_trigger_insertable_into"), where: byTable},
	"information_schema.schemata":                {where: "schema_name::pg_catalog.text = ANY ('{pg_catalog,information_schema}') OR schema_name::pg_catalog.text = ANY ({named})"},
	"information_schema.table_constraints":       {where: byTable + " AND constraint_type <> 'CHECK'"},
	"information_schema.key_column_usage":        {where: byTable},
	"information_schema.constraint_column_usage": {where: byTable},
	"information_schema.constraint_table_usage":  {where: byTable},
	"information_schema.referential_constraints": {where: "constraint_schema::pg_catalog.text = ANY ({schemas})"},
	"information_schema.table_privileges":        {replace: noWrites("is_grantable"), where: byTable + " AND privilege_type = 'SELECT'"},
	"information_schema.role_table_grants":       {replace: noWrites("is_grantable"), where: byTable + " AND privilege_type = 'SELECT'"},
	"information_schema.column_privileges":       {replace: noWrites("is_grantable"), where: "(table_schema::pg_catalog.text || '.' || table_name::pg_catalog.text || '.' || column_name::pg_catalog.text) = ANY ({columns}) AND privilege_type = 'SELECT'"},
	"information_schema.routines":                {null: "routine_definition", where: "specific_schema::pg_catalog.text = 'pg_catalog'"},
	"information_schema.parameters":              {null: "parameter_default", where: "specific_schema::pg_catalog.text = 'pg_catalog'"},
	"information_schema.sequences":               {null: "start_value minimum_value maximum_value", where: "false"},
	"information_schema.triggers":                {null: "action_statement action_condition", where: "false"},
	"information_schema.domains":                 {null: "domain_default", where: "domain_schema::pg_catalog.text = ANY ({schemas})"},
	"information_schema.character_sets":          {},
	"information_schema.sql_features":            {},
	"information_schema.enabled_roles":           {},
	"information_schema.applicable_roles":        {},
}

func init() {
	for name := range unlistedRelations {
		systemRelations["pg_catalog."+name] = systemRelation{where: "false"}
	}
}

// unlistedRelations are empty, too: sessions, statistics of the server and its replication,
// which tools query incidentally.
var unlistedRelations = wordSet(`pg_stat_activity pg_stat_replication pg_stat_subscription pg_stat_ssl pg_stat_gssapi pg_locks pg_replication_slots
pg_stat_replication_slots pg_prepared_xacts pg_stat_archiver pg_stat_bgwriter pg_stat_wal pg_stat_slru pg_stat_database_conflicts
pg_stat_user_functions pg_statio_user_sequences pg_statio_all_sequences pg_stat_progress_vacuum pg_stat_progress_analyze
pg_stat_progress_create_index pg_stat_progress_cluster pg_stat_progress_basebackup pg_stat_progress_copy pg_stat_sys_tables
pg_stat_sys_indexes pg_stats pg_stats_ext pg_statistic_ext_data pg_largeobject_metadata pg_subscription pg_subscription_rel
pg_transform pg_init_privs pg_seclabel pg_shseclabel pg_replication_origin pg_replication_origin_status pg_publication_tables`)

const byTable = "(table_schema::pg_catalog.text = ANY ('{pg_catalog,information_schema}') OR (table_schema::pg_catalog.text || '.' || table_name::pg_catalog.text) = ANY ({tables}))"

// columnsReplaced has the replacements for information_schema.columns.
var columnsReplaced = map[string]string{
	"is_updatable": "'NO'::information_schema.yes_or_no", "data_type": "{datatype}", "udt_name": "{udtname}", "udt_schema": "{udtschema}",
}

// noWrites returns NO for columns that say whether something may be changed.
func noWrites(columns string) map[string]string {
	replace := map[string]string{}
	for name := range wordSet(columns) {
		replace[name] = "'NO'::information_schema.yes_or_no"
	}
	return replace
}

// shownSettings has the run-time parameters that SHOW, current_setting and pg_settings
// return.
var shownSettings = wordSet(`application_name bytea_output client_encoding client_min_messages datestyle
default_table_access_method default_tablespace
default_transaction_isolation default_transaction_read_only default_transaction_deferrable extra_float_digits
idle_in_transaction_session_timeout integer_datetimes intervalstyle is_superuser lc_collate lc_ctype lc_messages lc_monetary
lc_numeric lc_time lock_timeout max_identifier_length max_index_keys search_path server_encoding server_version
server_version_num session_authorization standard_conforming_strings statement_timeout timezone
transaction_isolation transaction_read_only transaction_deferrable xmloption block_size escape_string_warning in_hot_standby jit role`)

// systemShape returns the shape of a system relation for the session; nil if it is not
// listed.
func (a *analysis) systemShape(r *catalog.Relation) *shape {
	s := a.over.systemShape(r)
	if r.Name == "pg_settings" {
		for _, c := range s.columns {
			if c.Name == "setting" {
				c.treatment, c.value, c.own = Pushed, a.settingCase(), true
			}
		}
	}
	return s
}

// expression returns what replaces a pushed column. What depends on the session is not
// cached.
func (c *shapeColumn) expression(a *analysis) *pg.Node {
	if c.own {
		return parseFragment(c.value)
	}
	return a.fragment(c.value)
}

// settingCase returns the expression of the value in a row of pg_settings.
func (a *analysis) settingCase() string {
	var b strings.Builder
	b.WriteString("CASE name")
	for _, own := range ownSettings {
		if value, ok := a.keptSetting(own); ok {
			fmt.Fprintf(&b, " WHEN %s THEN %s", catalog.QuoteLiteral(own), catalog.QuoteLiteral(value))
		}
	}
	b.WriteString(" ELSE setting END")
	return b.String()
}

// shows reports whether all given columns of a relation are visible.
func (s *shape) shows(columns []int16) bool {
	for _, n := range columns {
		if !slices.ContainsFunc(s.columns, func(c *shapeColumn) bool { return c.Number == n && c.treatment != Hidden }) {
			return false
		}
	}
	return true
}

// toldCase returns the expression of a column of information_schema.columns, with the type
// that a masked column is returned as.
func toldCase(c *catalog.Catalog, told map[uint32][]string, column string, name func(*catalog.Type) string) string {
	oids := slices.Sorted(maps.Keys(told))
	if len(oids) == 0 {
		return column
	}
	var b strings.Builder
	b.WriteString("(CASE")
	for _, oid := range oids {
		fmt.Fprintf(&b, " WHEN (table_schema::pg_catalog.text || '.' || table_name::pg_catalog.text || '.' || column_name::pg_catalog.text) = ANY (%s) THEN %s",
			arraySQL(told[oid], "text"), catalog.QuoteLiteral(name(c.Type(oid))))
	}
	b.WriteString(" ELSE " + column + "::pg_catalog.text END)::information_schema." + map[bool]string{true: "character_data", false: "sql_identifier"}[column == "data_type"])
	return b.String()
}

// dataTypeName returns the name of a type in information_schema.
func dataTypeName(t *catalog.Type) string {
	names := map[string]string{"int2": "smallint", "int4": "integer", "int8": "bigint", "float4": "real", "float8": "double precision", "bool": "boolean",
		"bpchar": "character", "varchar": "character varying", "timestamp": "timestamp without time zone", "timestamptz": "timestamp with time zone",
		"time": "time without time zone", "timetz": "time with time zone"}
	switch {
	case t.Element != 0:
		return "ARRAY"
	case t.Schema != "pg_catalog":
		return "USER-DEFINED"
	case names[t.Name] != "":
		return names[t.Name]
	}
	return t.Name
}

// arraySQL returns a constant array.
func arraySQL(elements []string, typ string) string {
	var b strings.Builder
	for i, e := range elements {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('"')
		b.WriteString(strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(e))
		b.WriteByte('"')
	}
	return catalog.QuoteLiteral("{"+b.String()+"}") + "::pg_catalog." + typ + "[]"
}

// systemShape returns the shape of a system relation, or nil if it is not listed.
func (o *overlay) systemShape(r *catalog.Relation) *shape {
	sys, ok := systemRelations[r.Schema+"."+r.Name]
	if !ok {
		return nil
	}
	gone, kept := wordSet(sys.null), wordSet(sys.keep)
	s := &shape{relation: r, apart: sys.apart}
	for _, a := range r.Columns {
		c := &shapeColumn{Attribute: a, treatment: Clear, shown: a.Type}
		if sys.where == "false" || gone[a.Name] || sys.keep != "" && !kept[a.Name] {
			c.treatment = Pushed
			c.value = "NULL::pg_catalog.text"
			if t := o.catalog.Type(a.Type); t.Kind != 'p' {
				c.value = "NULL::" + typeSQL(t)
			}
		}
		if e, ok := sys.replace[a.Name]; ok {
			c.treatment, c.value = Pushed, o.system.arrays.Replace(e)
			if c.value == a.Name {
				c.treatment = Clear
			}
		}
		c.guarded = sys.where != "" && sys.where != "false" && !sys.apart && c.value == "" && o.isWord(a.Type)
		c.joined = c.guarded && r.Kind == 'v' && !mentions(sys.where, a.Name)
		s.guarded = s.guarded || c.guarded
		s.columns = append(s.columns, c)
	}
	s.where = o.system.arrays.Replace(sys.where)
	return s
}

// mentions reports whether a condition contains a name.
func mentions(condition, name string) bool {
	return slices.Contains(strings.FieldsFunc(condition, func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') }), name)
}

// isWord reports whether values of a type can be names and other words. Names of hidden
// objects are secret.
func (o *overlay) isWord(oid uint32) bool {
	t := o.catalog.Base(oid)
	return t != nil && (t.OID == catalog.OIDName || t.OID == catalog.OIDText)
}
