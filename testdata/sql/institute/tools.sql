-- What dbt, Looker, Power BI, Hex, data frames, drivers and pools generate.

--- tools-dbt-unique
--: masked
select count(*) as failures, count(*) != 0 as should_warn, count(*) != 0 as should_error from (select claim_id as unique_field, count(*) as n_records from "rx"."claim" where claim_id is not null group by claim_id having count(*) > 1) dbt_internal_test

--- tools-dbt-relationships
--: masked
with child as (select member_id as from_field from rx.claim where member_id is not null), parent as (select member_id as to_field from rx.member) select count(*) from (select from_field from child left join parent on child.from_field = parent.to_field where parent.to_field is null) dbt_internal_test

--- tools-dbt-surrogate-key
--: masked
with s as (select md5(cast(coalesce(cast(usubjid as text), '_dbt_utils_surrogate_key_null_') || '-' || coalesce(cast(aeseq as text), '_dbt_utils_surrogate_key_null_') as text)) as ae_key, aedecod from sdtm.ae) select count(ae_key), count(*) from s

--- tools-dbt-surrogate-key-unique
--: masked
with s as (select md5(cast(coalesce(cast(usubjid as text), '') || '-' || coalesce(cast(aeseq as text), '') as text)) as ae_key from sdtm.ae) select ae_key, count(*) from s group by ae_key having count(*) > 1

--- tools-dbt-not-null-proportion
--: masked
with validation as (select sum(case when prescriber_npi is null then 0 else 1 end) / cast(count(*) as numeric) as not_null_proportion from rx.claim) select round(not_null_proportion, 4) from validation where not_null_proportion < 1.0

--- tools-dbt-accepted
--: masked
select value_field, n_records from (select status as value_field, count(*) as n_records from rx.claim group by status) a where value_field not in ('P', 'R')

--- tools-looker-explore
--: masked
SELECT (TO_CHAR(DATE_TRUNC('month', claim."fill_date" ), 'YYYY-MM')) AS "claim.fill_month", member."gender" AS "member.gender", COUNT(DISTINCT claim.claim_id ) AS "claim.count", COUNT(DISTINCT member.member_id ) AS "member.count" FROM "rx"."claim" AS claim LEFT JOIN "rx"."member" AS member ON (claim."member_id") = (member."member_id") WHERE ((claim."status" = 'P')) GROUP BY (DATE_TRUNC('month', claim."fill_date" )), 2 ORDER BY 1 DESC, 2 FETCH NEXT 500 ROWS ONLY

--- tools-looker-symmetric
--: masked
SELECT member.gender AS "member.gender", COALESCE(COUNT(DISTINCT CASE WHEN (claim.status = 'R') THEN claim.member_id ELSE NULL END), 0) AS "rejected_members", COUNT(DISTINCT CASE WHEN claim.refill > 0 THEN claim.claim_id END) AS refills FROM rx.claim AS claim LEFT JOIN rx.member AS member ON claim.member_id = member.member_id GROUP BY 1 ORDER BY 2 DESC LIMIT 500

--- tools-looker-tiers
--: masked
SELECT CASE WHEN dm.age < 30 THEN 'Below 30' WHEN dm.age >= 30 AND dm.age < 50 THEN '30 to 49' WHEN dm.age >= 50 THEN '50 or Above' ELSE 'Undefined' END AS "dm.age_tier", COUNT(*) AS "dm.count" FROM sdtm.dm AS dm WHERE (UPPER(dm.country) = UPPER('dnk') OR dm.country IS NULL) GROUP BY 1 ORDER BY 1

--- tools-looker-link
--: masked unordered
SELECT dm.usubjid AS "dm.usubjid", CONCAT('/dashboards/12?subject=', dm.usubjid) AS "dm.link" FROM sdtm.dm AS dm WHERE dm.siteid = 'S01' GROUP BY 1, 2 ORDER BY dm.usubjid LIMIT 500

--- tools-powerbi-native
--: masked unordered
select "_"."usubjid", "_"."a0" from (select "rows"."usubjid" as "usubjid", count(1) as "a0" from "sdtm"."ae" "rows" group by "usubjid") "_" where not "_"."a0" is null limit 1000001

--- tools-powerbi-direct-query
--: masked unordered
SELECT "t0"."trt01p", COUNT(DISTINCT "t1"."usubjid") AS "a0", SUM(CASE WHEN "t1"."aeser" = 'Y' THEN 1 ELSE 0 END) AS "a1" FROM ((select "_"."usubjid" as "usubjid", "_"."aeser" as "aeser" from "sdtm"."ae" "_") AS "t1" LEFT OUTER JOIN (select "$Table"."usubjid" as "usubjid", "$Table"."trt01p" as "trt01p" from "adam"."adsl" "$Table") AS "t0" on ("t1"."usubjid" = "t0"."usubjid")) GROUP BY "t0"."trt01p" LIMIT 1000001 OFFSET 0

--- tools-powerbi-preview
--: shape
select "$Table"."kontakt_id" as "kontakt_id", "$Table"."cpr" as "cpr", "$Table"."start" as "start" from "lpr"."kontakt" "$Table" limit 200

--- tools-powerbi-is-null
--: masked
select sum(case when "t"."parent_id" is null then 1 else 0 end) as "c0", count(distinct "t"."parent_id") + max(case when "t"."parent_id" is null then 1 else 0 end) as "c1" from "lims"."sample" "t"

--- tools-hex-chart
--: masked
WITH hex_input AS (SELECT * FROM lims.result WHERE value IS NOT NULL) SELECT assay AS x, width_bucket(value, 0, 10, 5) AS series, COUNT(*) AS y FROM hex_input GROUP BY 1, 2 ORDER BY 1, 2

--- tools-hex-wrapped-count
--: masked
SELECT COUNT(*) FROM (SELECT s.*, r.value FROM lims.sample s JOIN lims.result r ON s.sample_id = r.sample_id) AS "hex_pagination"

--- tools-hex-stats
--: masked
SELECT COUNT(*) AS n, COUNT(patient_ref) AS c1, COUNT(DISTINCT patient_ref) AS d1, COUNT(barcode) AS c2, COUNT(DISTINCT barcode) AS d2, COUNT(DISTINCT material) AS d3 FROM lims.sample

--- tools-metabase-fingerprint
--: shape
SELECT SUBSTRING("source"."usubjid", 1, 1234) AS "substring1", "source"."arm" FROM (SELECT "sdtm"."dm"."usubjid", "sdtm"."dm"."arm" FROM "sdtm"."dm") AS "source" LIMIT 10000

--- tools-metabase-field-values
--: masked
SELECT "sdtm"."dm"."siteid" AS "siteid" FROM "sdtm"."dm" GROUP BY "sdtm"."dm"."siteid" ORDER BY "sdtm"."dm"."siteid" ASC LIMIT 1001

--- tools-metabase-json-field
--: masked
SELECT (("rx"."member"."preferences"#>> array['refill','auto']::text[])::boolean) AS "auto", COUNT(*) FROM "rx"."member" GROUP BY (("rx"."member"."preferences"#>> array['refill','auto']::text[])::boolean) ORDER BY 1

--- tools-metabase-drill
--: masked unordered
--: param {{cell SELECT patient_ref FROM lims.sample GROUP BY 1 ORDER BY count(*) DESC, sum(volume_ml), count(DISTINCT material) LIMIT 1}}
SELECT "lims"."sample"."sample_id", "lims"."sample"."material" FROM "lims"."sample" WHERE "lims"."sample"."patient_ref" = $1 LIMIT 2000

--- tools-tableau-extract
--: masked
SELECT "dm"."country" AS "country", COUNT(DISTINCT "dm"."usubjid") AS "ctd:usubjid:ok", SUM(1) AS "cnt" FROM "sdtm"."dm" "dm" INNER JOIN (SELECT "ae"."usubjid" AS "usubjid", COUNT(1) AS "x" FROM "sdtm"."ae" "ae" GROUP BY 1) "t0" ON (("dm"."usubjid" = "t0"."usubjid") OR (("dm"."usubjid" IS NULL) AND ("t0"."usubjid" IS NULL))) GROUP BY 1 ORDER BY 1

--- tools-superset-adhoc
--: masked
SELECT siteid AS siteid, COUNT(DISTINCT usubjid) AS "COUNT_DISTINCT(usubjid)" FROM (SELECT usubjid, siteid FROM sdtm.dm WHERE race IN ('ASIAN', 'WHITE')) AS virtual_table GROUP BY siteid ORDER BY "COUNT_DISTINCT(usubjid)" DESC, siteid LIMIT 1000

--- tools-grafana-series
--: masked
SELECT floor(extract(epoch from collected_at)/86400)*86400 AS "time", status::text AS metric, count(*) AS value FROM lims.sample WHERE collected_at BETWEEN '2022-01-01T00:00:00Z' AND '2023-06-01T00:00:00Z' GROUP BY 1, 2 ORDER BY 1, 2

--- tools-grafana-variable
--: masked
SELECT DISTINCT material AS __text, material AS __value FROM lims.sample ORDER BY 1

--- tools-ibis-schema
--: masked
SELECT "t0"."member_id", CAST("t0"."preferences" AS JSONB) AS "preferences", "t0"."preferences" -> 'refill' AS "refill" FROM "rx"."member" AS "t0" WHERE "t0"."gender" = 'U'

--- tools-ibis-nunique
--: masked
SELECT COUNT(DISTINCT "t1"."usubjid") AS "n", COUNT("t1"."key") AS "keys" FROM (SELECT "t0"."usubjid", "t0"."studyid" || '.' || "t0"."usubjid" AS "key" FROM "sdtm"."dm" AS "t0") AS "t1"

--- tools-ibis-window
--: masked unordered
SELECT "t1"."usubjid", "t1"."rn" FROM (SELECT "t0"."usubjid", "t0"."visitnum", ROW_NUMBER() OVER (PARTITION BY "t0"."usubjid" ORDER BY "t0"."visitnum" DESC, "t0"."vsseq" ASC) - 1 AS "rn" FROM "sdtm"."vs" AS "t0") AS "t1" WHERE "t1"."rn" = CAST(0 AS SMALLINT)

--- tools-sqlalchemy-cast
--: masked unordered
SELECT CAST(lims.sample.sample_id AS VARCHAR) AS sid, CAST(lims.sample.meta AS TEXT) AS meta FROM lims.sample WHERE lims.sample.status = 'RUNNING'

--- tools-sqlalchemy-in-cast
--: masked
SELECT count(*) FROM lims.sample WHERE lims.sample.requester IN ('{{cell SELECT min(requester) FROM lims.sample}}'::VARCHAR, 'none'::VARCHAR)

--- tools-dbplyr-slice
--: masked unordered
SELECT "usubjid", "aval" FROM (SELECT "adlb".*, ROW_NUMBER() OVER (PARTITION BY "usubjid" ORDER BY "aval" DESC, "avisitn") AS "col01" FROM "adam"."adlb" WHERE ("paramcd" = 'CREAT')) AS "q01" WHERE ("col01" <= 1)

--- tools-dbplyr-anti-join
--: masked
SELECT COUNT(*) AS "n" FROM (SELECT "LHS".* FROM "adam"."adsl" AS "LHS" WHERE NOT EXISTS (SELECT 1 FROM "sdtm"."ae" AS "RHS" WHERE ("LHS"."usubjid" = "RHS"."usubjid") AND ("RHS"."aeser" = 'Y'))) AS "q01"

--- tools-pool-reset
--: masked
BEGIN
--;
SELECT count(*) FROM sdtm.dm
--;
ROLLBACK
--;
RESET ALL
--;
SELECT count(*) FROM sdtm.ae

--- tools-plan-cache
--: masked
SET plan_cache_mode = 'force_custom_plan'
--;
SELECT count(*) FROM sdtm.ex

--- tools-planner-settings
--: masked
SET enable_nestloop = off
--;
SET work_mem = '64MB'
--;
SELECT count(*) FROM sdtm.ae a JOIN sdtm.dm d USING (usubjid)

--- tools-parallel-settings
--: masked
SET LOCAL max_parallel_workers_per_gather = 0
--;
SELECT count(*) FROM lims.result

--- tools-read-only-session
--: masked
SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY
--;
BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ
--;
SELECT count(*) FROM lims.sample

--- tools-npgsql-startup
--: shape
SELECT version(), pg_backend_pid() > 0, current_setting('server_version_num'), current_setting('TimeZone'), current_schema(), current_database(), current_user

--- tools-odbc-startup
--: masked
SET DateStyle = 'ISO'
--;
SET extra_float_digits = 2
--;
SET client_encoding TO 'UTF8'
--;
SHOW transaction_isolation

--- tools-redash-schema
--: shape
SELECT s.nspname as table_schema, c.relname as table_name, a.attname as column_name, null as column_type FROM pg_class c JOIN pg_namespace s ON c.relnamespace = s.oid AND s.nspname NOT IN ('pg_catalog', 'information_schema') JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped WHERE c.relkind IN ('m', 'f', 'p') OR (c.relkind IN ('r', 'v') AND has_table_privilege(s.nspname || '."' || c.relname || '"', 'select'))

--- tools-pandas-schema
--: masked
SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'lims' AND table_name = 'assay' ORDER BY ordinal_position

--- tools-duckdb-postgres-scan
--: masked copy
COPY (SELECT "assay", "label", "loinc" FROM "lims"."assay" ORDER BY "assay") TO STDOUT
