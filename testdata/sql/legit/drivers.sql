-- What drivers and pools send of their own accord: when a connection begins, when
-- it goes back to its pool, and to learn a database's types. The statements have
-- the shape of those of the named programs and are written anew.

--- npgsql-reset
-- A pooled connection comes back: Npgsql, in one message of the simple protocol.
--: shape
--: simple
SET SESSION AUTHORIZATION DEFAULT; RESET ALL; CLOSE ALL; UNLISTEN *; SELECT pg_advisory_unlock_all(); DISCARD SEQUENCES; DISCARD TEMP

--- asyncpg-reset
--: shape
--: simple
SELECT pg_advisory_unlock_all(); CLOSE ALL; UNLISTEN *; RESET ALL

--- pgbouncer-reset
--: shape
--: simple
DISCARD ALL

--- pool-reset-in-steps
-- The same as statements of their own.
--: shape
CLOSE ALL
--;
UNLISTEN *
--;
RESET ALL
--;
DEALLOCATE ALL
--;
DISCARD PLANS
--;
DISCARD SEQUENCES
--;
DISCARD TEMP
--;
SELECT pg_advisory_unlock_all()

--- npgsql-types
-- Npgsql reads every type when it connects first.
--: shape
SELECT ns.nspname, t.oid, t.typname, t.typtype, t.typnotnull, t.elemtypoid
FROM (
  SELECT typ.oid, typ.typnamespace, typ.typname, typ.typtype, typ.typrelid, typ.typnotnull, typ.relkind,
    elemtyp.oid AS elemtypoid, elemtyp.typname AS elemtypname, elemcls.relkind AS elemrelkind,
    CASE WHEN elemproc.proname = 'array_recv' THEN 'a' ELSE elemtyp.typtype END AS elemtyptype
  FROM (
    SELECT typ.oid, typnamespace, typname, typrelid, typnotnull, relkind, typelem AS elemoid,
      CASE WHEN proc.proname = 'array_recv' THEN 'a' ELSE typ.typtype END AS typtype,
      CASE
        WHEN proc.proname = 'array_recv' THEN typ.typelem
        WHEN typ.typtype = 'r' THEN rngsubtype
        WHEN typ.typtype = 'm' THEN (SELECT rngtypid FROM pg_range WHERE rngmultitypid = typ.oid)
        WHEN typ.typtype = 'd' THEN typ.typbasetype
      END AS elemtypoid
    FROM pg_type AS typ
    LEFT JOIN pg_class AS cls ON (cls.oid = typ.typrelid)
    LEFT JOIN pg_proc AS proc ON proc.oid = typ.typreceive
    LEFT JOIN pg_range ON (pg_range.rngtypid = typ.oid)
  ) AS typ
  LEFT JOIN pg_type AS elemtyp ON elemtyp.oid = elemtypoid
  LEFT JOIN pg_class AS elemcls ON (elemcls.oid = elemtyp.typrelid)
  LEFT JOIN pg_proc AS elemproc ON elemproc.oid = elemtyp.typreceive
) AS t
JOIN pg_namespace AS ns ON (ns.oid = typnamespace)
WHERE typtype IN ('b', 'r', 'm', 'e', 'd')
  OR (typtype = 'c' AND relkind = 'c')
  OR (typtype = 'p' AND typname IN ('record', 'void'))
  OR (typtype = 'a' AND (elemtyptype IN ('b', 'r', 'm', 'e', 'd') OR (elemtyptype = 'p' AND elemtypname IN ('record', 'void')) OR (elemtyptype = 'c' AND elemrelkind = 'c')))
ORDER BY CASE
  WHEN typtype IN ('b', 'e', 'p') THEN 0
  WHEN typtype = 'r' THEN 1
  WHEN typtype = 'm' THEN 2
  WHEN typtype = 'c' THEN 3
  WHEN typtype = 'd' AND elemtyptype <> 'a' THEN 4
  WHEN typtype = 'a' THEN 5
  WHEN typtype = 'd' AND elemtyptype = 'a' THEN 6
END

--- npgsql-composites
--: shape
SELECT typ.oid, att.attname, att.atttypid
FROM pg_type AS typ
JOIN pg_namespace AS ns ON (ns.oid = typ.typnamespace)
JOIN pg_class AS cls ON (cls.oid = typ.typrelid)
JOIN pg_attribute AS att ON (att.attrelid = typ.typrelid)
WHERE (typ.typtype = 'c' AND cls.relkind = 'c') AND attnum > 0 AND NOT attisdropped
ORDER BY typ.oid, att.attnum

--- npgsql-enums
--: shape
SELECT pg_type.oid, enumlabel FROM pg_enum JOIN pg_type ON pg_type.oid = enumtypid ORDER BY oid, enumsortorder

--- psqlodbc-begin
-- The ODBC driver, which Tableau, Excel and Power BI connect by.
--: shape
--: simple
SET DateStyle = 'ISO'; SET extra_float_digits = 2; SHOW transaction_isolation

--- psqlodbc-largeobjects
--: shape
SELECT oid, typbasetype FROM pg_type WHERE typname = 'lo'

--- psqlodbc-tables
--: shape
SELECT relname, nspname, relkind FROM pg_catalog.pg_class c, pg_catalog.pg_namespace n
WHERE relkind IN ('r', 'v', 'm', 'f', 'p') AND nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'pg_temp_1')
  AND n.oid = relnamespace
ORDER BY nspname, relname

--- psqlodbc-columns
--: shape
SELECT n.nspname, c.relname, a.attname, a.atttypid, t.typname, a.attnum, a.attlen, a.atttypmod, a.attnotnull,
  c.relhasrules, c.relkind, c.oid, pg_get_expr(d.adbin, d.adrelid), CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE 0 END, t.typtypmod,
  0, attidentity, c.relhassubclass
FROM (((pg_catalog.pg_class c INNER JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND c.relname LIKE E'departments' AND n.nspname LIKE E'clinic')
  INNER JOIN pg_catalog.pg_attribute a ON (NOT a.attisdropped) AND a.attnum > 0 AND a.attrelid = c.oid)
  INNER JOIN pg_catalog.pg_type t ON t.oid = a.atttypid)
  LEFT OUTER JOIN pg_attrdef d ON a.atthasdef AND d.adrelid = a.attrelid AND d.adnum = a.attnum
ORDER BY n.nspname, c.relname, attnum

--- psqlodbc-primary-key
--: shape
SELECT ta.attname, ia.attnum, ic.relname, n.nspname, tc.relname
FROM pg_catalog.pg_attribute ta, pg_catalog.pg_attribute ia, pg_catalog.pg_class tc, pg_catalog.pg_index i, pg_catalog.pg_namespace n, pg_catalog.pg_class ic
WHERE tc.relname = E'departments' AND n.nspname = E'clinic' AND tc.oid = i.indrelid AND n.oid = tc.relnamespace AND i.indisprimary = 't'
  AND ia.attrelid = i.indexrelid AND ta.attrelid = i.indrelid AND ta.attnum = i.indkey[ia.attnum - 1]
  AND (NOT ta.attisdropped) AND (NOT ia.attisdropped) AND ic.oid = i.indexrelid
ORDER BY ia.attnum

--- tableau-begin
--: shape
SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY
--;
SELECT version()
--;
SELECT 1 AS "x" FROM (SELECT 1 AS "One") "subquery" WHERE 1 = 1 LIMIT 1

--- tableau-extract
-- Tableau names a sub-select, groups by every expression and casts texts.
--: masked
SELECT CAST("encounters"."class" AS TEXT) AS "class", SUM("encounters"."los_days") AS "sum:los_days:ok", COUNT(1) AS "cnt"
FROM "clinic"."encounters" "encounters"
  INNER JOIN "clinic"."departments" "departments" ON ("encounters"."department" = "departments"."name")
WHERE (("departments"."floor" >= 1) AND ("departments"."floor" <= 3))
GROUP BY 1
ORDER BY 1

--- tableau-domain
--: masked
SELECT "departments"."name" AS "name" FROM "clinic"."departments" "departments" GROUP BY 1 ORDER BY 1 ASC NULLS FIRST

--- powerbi-preview
--: masked unordered
select "$Table"."name" as "name", "$Table"."floor" as "floor", "$Table"."beds" as "beds" from "clinic"."departments" "$Table"

--- powerbi-folded
--: masked
select "rows"."class" as "class", count(distinct "rows"."department") as "n", sum("rows"."los_days") as "days"
from (select "_"."class", "_"."department", "_"."los_days" from "clinic"."encounters" "_" where "_"."los_days" is not null) "rows"
group by "class"
order by 1

--- powerbi-columns
--: shape
select COLUMN_NAME, ORDINAL_POSITION, IS_NULLABLE, case when (udt_schema != 'pg_catalog' or data_type = 'USER-DEFINED') then udt_name else data_type end as DATA_TYPE
from INFORMATION_SCHEMA.columns where TABLE_SCHEMA = 'clinic' and TABLE_NAME = 'departments'
order by TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION

--- datagrip-begin
--: shape
SET extra_float_digits = 3
--;
SET application_name = 'DataGrip'
--;
SELECT version()
--;
SELECT current_database(), current_schemas(true), current_user, session_user

--- datagrip-databases
--: shape
SELECT N.oid::bigint AS id, datname AS name, D.description, datistemplate AS is_template, datallowconn AS allow_connections, pg_catalog.pg_get_userbyid(N.datdba) AS "owner"
FROM pg_catalog.pg_database N LEFT JOIN pg_catalog.pg_shdescription D ON N.oid = D.objoid
ORDER BY CASE WHEN datname = pg_catalog.current_database() THEN -1::bigint ELSE N.oid::bigint END

--- datagrip-schemas
--: shape
SELECT N.oid::bigint AS id, N.xmin AS state_number, nspname AS name, D.description, pg_catalog.pg_get_userbyid(N.nspowner) AS "owner"
FROM pg_catalog.pg_namespace N LEFT JOIN pg_catalog.pg_description D ON N.oid = D.objoid
ORDER BY CASE WHEN nspname = pg_catalog.current_schema() THEN -1::bigint ELSE N.oid::bigint END

--- datagrip-tables
--: shape
SELECT T.relkind AS table_kind, T.relname AS table_name, T.oid AS table_id, T.xmin AS table_state_number, false AS table_with_oids,
  T.reltablespace AS tablespace_id, T.reloptions AS options, T.relpersistence AS persistence,
  (SELECT pg_catalog.array_agg(inhparent::bigint ORDER BY inhseqno)::varchar FROM pg_catalog.pg_inherits WHERE T.oid = inhrelid) AS ancestors,
  (SELECT pg_catalog.array_agg(inhrelid::bigint ORDER BY inhrelid)::varchar FROM pg_catalog.pg_inherits WHERE T.oid = inhparent) AS successors,
  T.relispartition AS is_partition, pg_catalog.pg_get_userbyid(T.relowner) AS "owner"
FROM pg_catalog.pg_class T
WHERE relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = 'clinic') AND relkind IN ('r', 'm', 'v', 'f', 'p')
ORDER BY table_kind, table_id

--- datagrip-keepalive
--: shape
SELECT 'keep alive'

--- jdbc-isvalid
-- HikariCP and the JDBC driver's isValid send an empty statement.
--: shape
--: simple
;

--- superset-preview
--: masked
SELECT "name" AS "name", "floor" AS "floor" FROM "clinic"."departments" ORDER BY "name" LIMIT 101

--- grafana-time-series
--: masked
SELECT floor((extract(epoch from "opened"))/31536000)*31536000 AS "time", count(*) AS "n"
FROM clinic.departments WHERE "opened" BETWEEN '1900-01-01T00:00:00Z' AND '2100-01-01T00:00:00Z' GROUP BY time ORDER BY time

--- grafana-settings
--: shape
SELECT CASE WHEN quote_ident(table_schema) IN (SELECT CASE WHEN trim(s[i]) = '"$user"' THEN user ELSE trim(s[i]) END
  FROM generate_series(array_lower(string_to_array(current_setting('search_path'), ','), 1), array_upper(string_to_array(current_setting('search_path'), ','), 1)) AS i,
  string_to_array(current_setting('search_path'), ',') s) THEN quote_ident(table_name) ELSE quote_ident(table_schema) || '.' || quote_ident(table_name) END AS "table"
FROM information_schema.tables WHERE quote_ident(table_schema) NOT IN ('information_schema', 'pg_catalog') ORDER BY 1

--- pgadmin-begin
--: shape
--: simple
SET DateStyle=ISO; SET client_min_messages=notice; SELECT set_config('bytea_output','hex',false) FROM pg_show_all_settings() WHERE name = 'bytea_output'; SET client_encoding='utf-8'

--- pgadmin-server
--: shape
SELECT db.oid AS did, db.datname, db.datallowconn, pg_encoding_to_char(db.encoding) AS serverencoding, has_database_privilege(db.oid, 'CREATE') AS cancreate, datistemplate
FROM pg_catalog.pg_database db WHERE db.datname = current_database()

--- pgadmin-role
--: shape
SELECT roles.oid AS id, roles.rolname AS name, roles.rolsuper AS is_superuser, CASE WHEN roles.rolsuper THEN true ELSE roles.rolcreaterole END AS can_create_role,
  CASE WHEN roles.rolsuper THEN true ELSE roles.rolcreatedb END AS can_create_db
FROM pg_catalog.pg_roles AS roles WHERE rolname = current_user

--- pgadmin-dashboard
--: shape
SELECT 'session_stats' AS chart_name, pg_catalog.row_to_json(t) AS chart_data
FROM (SELECT (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE datname = 'x') AS "Total") t

--- pgadmin-tables
--: shape
SELECT rel.oid, rel.relname AS name, (SELECT count(*) FROM pg_trigger WHERE tgrelid = rel.oid AND tgisinternal = FALSE) AS triggercount,
  (SELECT count(1) FROM pg_inherits WHERE inhrelid = rel.oid LIMIT 1) AS is_inherits
FROM pg_catalog.pg_class rel
WHERE rel.relkind IN ('r', 's', 't', 'p') AND rel.relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = 'clinic') AND NOT rel.relispartition
ORDER BY rel.relname

--- postgres-fdw-begin
--: shape
--: simple
SET search_path = pg_catalog; SET timezone = 'GMT'; SET datestyle = ISO; SET intervalstyle = postgres; SET extra_float_digits = 3; START TRANSACTION ISOLATION LEVEL REPEATABLE READ; COMMIT

--- postgres-fdw-cursor
--: masked
START TRANSACTION ISOLATION LEVEL REPEATABLE READ
--;
DECLARE c1 CURSOR FOR SELECT name, floor FROM clinic.departments ORDER BY name ASC NULLS LAST
--;
FETCH 100 FROM c1
