-- What DBeaver asks when a connection is opened and its tree unfolded.

--- dbeaver-session
--: shape
SELECT current_schema(), session_user

--- dbeaver-settings
--: shape
SELECT version(), current_database(), current_user, pg_catalog.pg_encoding_to_char(6)

--- dbeaver-databases
--: shape
SELECT db.oid,db.* FROM pg_catalog.pg_database db WHERE datallowconn AND NOT datistemplate OR db.datname = current_database() ORDER BY db.datname

--- dbeaver-schemas
--: shape
SELECT n.oid,n.*,d.description FROM pg_catalog.pg_namespace n
LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=n.oid AND d.objsubid=0 AND d.classoid='pg_namespace'::regclass
 ORDER BY nspname

--- dbeaver-types
--: shape
SELECT t.oid,t.*,c.relkind,format_type(nullif(t.typbasetype, 0), t.typtypmod) as base_type_name, d.description
FROM pg_catalog.pg_type t
LEFT OUTER JOIN pg_catalog.pg_type et ON et.oid=t.typelem
LEFT OUTER JOIN pg_catalog.pg_class c ON c.oid=t.typrelid
LEFT OUTER JOIN pg_catalog.pg_description d ON t.oid=d.objoid
WHERE t.typname IS NOT NULL
AND (c.relkind IS NULL OR c.relkind = 'c') AND (et.typcategory IS NULL OR et.typcategory <> 'C')

--- dbeaver-tables
--: shape
SELECT c.oid,c.*,d.description,pg_catalog.pg_get_expr(c.relpartbound, c.oid) as partition_expr,  pg_catalog.pg_get_partkeydef(c.oid) as partition_key
FROM pg_catalog.pg_class c
LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=c.oid AND d.objsubid=0 AND d.classoid='pg_class'::regclass
WHERE c.relnamespace='clinic'::regnamespace AND c.relkind not in ('i','I','c')

--- dbeaver-columns
--: shape
SELECT c.relname,a.*,pg_catalog.pg_get_expr(ad.adbin, ad.adrelid, true) as def_value,dsc.description,dep.objid
FROM pg_catalog.pg_attribute a
INNER JOIN pg_catalog.pg_class c ON (a.attrelid=c.oid)
LEFT OUTER JOIN pg_catalog.pg_attrdef ad ON (a.attrelid=ad.adrelid AND a.attnum = ad.adnum)
LEFT OUTER JOIN pg_catalog.pg_description dsc ON (c.oid=dsc.objoid AND a.attnum = dsc.objsubid)
LEFT OUTER JOIN pg_depend dep on dep.refobjid = a.attrelid AND dep.deptype = 'i' and dep.refobjsubid = a.attnum and dep.classid = dep.refclassid
WHERE NOT a.attisdropped AND c.relkind not in ('i','I','c') AND c.oid={{oid clinic.departments}}
ORDER BY a.attnum

--- dbeaver-constraints
--: shape
SELECT c.oid,c.*,t.relname as tabrelname,rt.relnamespace as refnamespace,d.description, pg_catalog.pg_get_expr(c.conbin, c.conrelid) as consrc_copy
FROM pg_catalog.pg_constraint c
INNER JOIN pg_catalog.pg_class t ON t.oid=c.conrelid
LEFT OUTER JOIN pg_catalog.pg_class rt ON rt.oid=c.confrelid
LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=c.oid AND d.objsubid=0 AND d.classoid='pg_constraint'::regclass
WHERE c.conrelid={{oid clinic.departments}}
ORDER BY c.oid

--- dbeaver-indexes
--: shape
SELECT i.*,i.indkey as keys,c.relname,c.relnamespace,c.relam,c.reltablespace,tc.relname as tabrelname,dsc.description,pg_catalog.pg_get_expr(i.indpred, i.indrelid) as pred_expr,pg_catalog.pg_get_expr(i.indexprs, i.indrelid, true) as expr
FROM pg_catalog.pg_index i
INNER JOIN pg_catalog.pg_class c ON c.oid=i.indexrelid
INNER JOIN pg_catalog.pg_class tc ON tc.oid=i.indrelid
LEFT OUTER JOIN pg_catalog.pg_description dsc ON i.indexrelid=dsc.objoid
WHERE i.indrelid={{oid clinic.departments}} ORDER BY tabrelname, c.relname

--- dbeaver-roles
--: shape
SELECT a.oid,a.*,pd.description FROM pg_catalog.pg_roles a
left join pg_catalog.pg_shdescription pd on a.oid = pd.objoid
ORDER BY a.rolname

--- dbeaver-access-methods
--: shape
SELECT oid,* FROM pg_catalog.pg_am ORDER BY oid

--- dbeaver-languages
--: shape
SELECT l.oid,l.* FROM pg_catalog.pg_language l ORDER BY l.oid

--- dbeaver-tablespaces
--: shape
SELECT t.oid,t.spcname FROM pg_catalog.pg_tablespace t ORDER BY t.oid

--- dbeaver-collations
--: shape
SELECT c.oid,c.collname FROM pg_catalog.pg_collation c WHERE c.collnamespace='pg_catalog'::regnamespace ORDER BY c.oid LIMIT 10

--- dbeaver-inheritance
--: shape
SELECT i.*,c.relnamespace FROM pg_catalog.pg_inherits i,pg_catalog.pg_class c WHERE i.inhrelid={{oid clinic.staff}} AND c.oid=i.inhparent ORDER BY i.inhseqno

--- dbeaver-search-path
--: shape
SHOW search_path

--- dbeaver-data
-- The data tab of a table: the first 200 rows.
--: masked
SELECT count(*) FROM (SELECT * FROM clinic.encounters LIMIT 200 OFFSET 0) x
