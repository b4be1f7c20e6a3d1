-- Statements of dashboards, as tools write them.

--- bi-metabase-count
--: masked
SELECT COUNT(*) AS "count" FROM "cdm"."person"

--- bi-metabase-table
--: masked
SELECT "cdm"."visit_occurrence"."visit_occurrence_id" AS "visit_occurrence_id", "cdm"."visit_occurrence"."person_id" AS "person_id", "cdm"."visit_occurrence"."visit_start_date" AS "visit_start_date", "cdm"."visit_occurrence"."provider_id" AS "provider_id" FROM "cdm"."visit_occurrence" LIMIT 2000

--- bi-metabase-by-month
--: masked
SELECT DATE_TRUNC('month', "source"."visit_start_datetime") AS "visit_start_datetime", COUNT(*) AS "count" FROM (SELECT "cdm"."visit_occurrence"."visit_start_datetime" AS "visit_start_datetime" FROM "cdm"."visit_occurrence" WHERE "cdm"."visit_occurrence"."visit_concept_id" = 9201) AS "source" GROUP BY DATE_TRUNC('month', "source"."visit_start_datetime") ORDER BY DATE_TRUNC('month', "source"."visit_start_datetime") ASC

--- bi-metabase-by-week
--: masked
SELECT (DATE_TRUNC('week', ("cdm"."visit_occurrence"."visit_start_datetime" + INTERVAL '1 day')) + INTERVAL '-1 day') AS "w", COUNT(*) AS "count" FROM "cdm"."visit_occurrence" GROUP BY (DATE_TRUNC('week', ("cdm"."visit_occurrence"."visit_start_datetime" + INTERVAL '1 day')) + INTERVAL '-1 day') ORDER BY 1 ASC

--- bi-metabase-relative-filter
--: masked
SELECT COUNT(*) AS "count" FROM "cdm"."visit_occurrence" WHERE "cdm"."visit_occurrence"."visit_start_datetime" >= DATE_TRUNC('year', (timestamp '2023-05-05 00:00:00' + INTERVAL '-2 year')) AND "cdm"."visit_occurrence"."visit_start_datetime" < DATE_TRUNC('year', timestamp '2023-05-05 00:00:00')

--- bi-metabase-join
--: masked
SELECT "source"."gender" AS "gender", COUNT(distinct "source"."Visit__person_id") AS "count" FROM (SELECT "cdm"."person"."gender" AS "gender", "Visit"."person_id" AS "Visit__person_id" FROM "cdm"."person" LEFT JOIN "cdm"."visit_occurrence" AS "Visit" ON "cdm"."person"."person_id" = "Visit"."person_id") AS "source" GROUP BY "source"."gender" ORDER BY "count" DESC, "source"."gender" ASC

--- bi-metabase-bin
--: masked
SELECT FLOOR((("cdm"."person"."year_of_birth" - 1930) / 10)) * 10 + 1930 AS "year_of_birth", COUNT(*) FROM "cdm"."person" GROUP BY 1 ORDER BY 1

--- bi-metabase-distinct-values
--: masked
SELECT "cdm"."person"."care_site_id" AS "care_site_id" FROM "cdm"."person" GROUP BY "cdm"."person"."care_site_id" ORDER BY "cdm"."person"."care_site_id" ASC LIMIT 1000

--- bi-metabase-search-values
--: masked
SELECT DISTINCT "cdm"."concept"."concept_name" FROM "cdm"."concept" WHERE (LOWER("cdm"."concept"."concept_name") LIKE '%di%') ORDER BY 1 LIMIT 100

--- bi-metabase-fk-detail
--: masked
SELECT "cdm"."person"."person_id" AS "person_id", "cdm"."person"."gender" AS "gender", "cdm"."person"."birth_datetime" AS "birth_datetime" FROM "cdm"."person" WHERE "cdm"."person"."person_id" = '{{cell SELECT person_id FROM cdm.person ORDER BY person_id OFFSET 7 LIMIT 1}}' LIMIT 1

--- bi-metabase-case-breakout
--: masked
SELECT CASE WHEN "cdm"."person"."year_of_birth" < 1950 THEN 'old' ELSE 'young' END AS "g", AVG("cdm"."person"."year_of_birth") AS "avg" FROM "cdm"."person" GROUP BY CASE WHEN "cdm"."person"."year_of_birth" < 1950 THEN 'old' ELSE 'young' END ORDER BY 1

--- bi-metabase-cumulative
--: masked
SELECT "source"."m" AS "m", SUM(COUNT(*)) OVER (ORDER BY "source"."m" ASC ROWS UNBOUNDED PRECEDING) AS "count" FROM (SELECT DATE_TRUNC('quarter', "cdm"."visit_occurrence"."visit_start_date") AS "m" FROM "cdm"."visit_occurrence") AS "source" GROUP BY "source"."m" ORDER BY "source"."m" ASC

--- bi-metabase-day-of-week
--: masked
SELECT (((CAST(extract(dow from "cdm"."visit_occurrence"."visit_start_datetime") AS integer) + 1)::integer % 7) + 1) AS "d", COUNT(*) FROM "cdm"."visit_occurrence" GROUP BY 1 ORDER BY 1

--- bi-metabase-date-cast
--: masked
SELECT CAST("cdm"."visit_occurrence"."visit_start_datetime" AS date) AS "d", COUNT(*) AS "count" FROM "cdm"."visit_occurrence" GROUP BY CAST("cdm"."visit_occurrence"."visit_start_datetime" AS date) ORDER BY CAST("cdm"."visit_occurrence"."visit_start_datetime" AS date) ASC

--- bi-metabase-null-segment
--: masked
SELECT COUNT(CASE WHEN "cdm"."visit_occurrence"."visit_end_datetime" IS NULL THEN 1 ELSE NULL END) AS "open", CAST(SUM(CASE WHEN "cdm"."visit_occurrence"."days" > 3 THEN 1 ELSE 0.0 END) AS float) / CASE WHEN COUNT(*) = 0 THEN NULL ELSE COUNT(*) END AS "share" FROM "cdm"."visit_occurrence"

--- bi-superset-top
--: masked
SELECT visit_source_value AS visit_source_value, count(*) AS count FROM cdm.visit_occurrence GROUP BY visit_source_value ORDER BY count DESC, visit_source_value LIMIT 50

--- bi-superset-timeseries
--: masked
SELECT DATE_TRUNC('day', visit_start_datetime) AS __timestamp, gender AS gender, COUNT(*) AS count FROM (SELECT v.visit_start_datetime, p.gender FROM cdm.visit_occurrence v JOIN cdm.person p ON p.person_id = v.person_id) AS virtual_table WHERE visit_start_datetime >= TO_TIMESTAMP('2020-01-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US') AND visit_start_datetime < TO_TIMESTAMP('2024-01-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US') GROUP BY DATE_TRUNC('day', visit_start_datetime), gender ORDER BY count DESC, 1, 2 LIMIT 50000

--- bi-superset-series-limit
--: masked
SELECT DATE_TRUNC('month', visit_start_datetime) AS __timestamp, care_site_id, count(*) FROM cdm.visit_occurrence JOIN (SELECT care_site_id AS care_site_id__, count(*) AS mme_inner__ FROM cdm.visit_occurrence GROUP BY care_site_id ORDER BY mme_inner__ DESC, care_site_id LIMIT 3) AS series_limit ON care_site_id = care_site_id__ GROUP BY DATE_TRUNC('month', visit_start_datetime), care_site_id ORDER BY 1, 2

--- bi-superset-having
--: masked
SELECT person_source_value AS psv, COUNT(DISTINCT visit_occurrence_id) AS v FROM cdm.person JOIN cdm.visit_occurrence USING (person_id) GROUP BY person_source_value HAVING COUNT(DISTINCT visit_occurrence_id) >= 4 ORDER BY v DESC, psv LIMIT 100

--- bi-superset-time-range-max
--: masked
SELECT min(visit_start_datetime) AS min, max(visit_start_datetime) AS max FROM cdm.visit_occurrence

--- bi-superset-samples
--: masked
SELECT * FROM cdm.measurement LIMIT 1000

--- bi-superset-adhoc-metric
--: masked
SELECT unit AS unit, PERCENTILE_CONT(0.95) WITHIN GROUP (ORDER BY value_as_number) AS p95, SUM(value_as_number) / NULLIF(COUNT(value_as_number), 0) AS mean FROM cdm.measurement GROUP BY unit ORDER BY p95 DESC LIMIT 1000

--- bi-tableau-extract
--: masked
SELECT "visit_occurrence"."visit_occurrence_id" AS "visit_occurrence_id", CAST("visit_occurrence"."visit_source_value" AS TEXT) AS "visit_source_value", "visit_occurrence"."visit_start_date" AS "visit_start_date" FROM "cdm"."visit_occurrence" "visit_occurrence"

--- bi-tableau-sum-yr
--: masked
SELECT CAST(TRUNC(EXTRACT(YEAR FROM "measurement"."measurement_datetime")) AS INTEGER) AS "yr:measurement_datetime:ok", SUM("measurement"."value_as_number") AS "sum:value:ok" FROM "cdm"."measurement" "measurement" GROUP BY 1 ORDER BY 1

--- bi-tableau-lod
--: masked
SELECT "t0"."gender" AS "gender", AVG(CAST("t0"."n" AS DOUBLE PRECISION)) AS "avg" FROM (SELECT "p"."gender" AS "gender", "p"."person_id" AS "person_id", COUNT(1) AS "n" FROM "cdm"."person" "p" INNER JOIN "cdm"."visit_occurrence" "v" ON ("p"."person_id" = "v"."person_id") GROUP BY 1, 2) "t0" GROUP BY 1 ORDER BY 1

--- bi-tableau-top-1
--: masked
SELECT SUM(1) AS "cnt:Orders:ok" FROM "Klinik Süd"."order" "order" HAVING COUNT(1) > 0

--- bi-tableau-datediff
--: masked
SELECT (CAST("v"."visit_end_datetime" AS DATE) - CAST("v"."visit_start_datetime" AS DATE)) AS "days", COUNT(DISTINCT "v"."visit_occurrence_id") AS "ctd" FROM "cdm"."visit_occurrence" "v" GROUP BY 1 ORDER BY 1

--- bi-tableau-quick-filter
--: masked
SELECT "p"."gender" AS "gender" FROM "cdm"."person" "p" WHERE ("p"."gender" IN ('female', 'male')) GROUP BY 1 ORDER BY 1 ASC

--- bi-tableau-in-set
--: masked
SELECT COUNT(DISTINCT "v"."person_id") FROM "cdm"."visit_occurrence" "v" INNER JOIN (SELECT "v"."person_id" AS "person_id", COUNT(*) AS "x" FROM "cdm"."visit_occurrence" "v" GROUP BY 1 ORDER BY 2 DESC LIMIT 1000) "t0" ON (NOT ("v"."person_id" IS DISTINCT FROM "t0"."person_id"))

--- bi-powerbi-page
--: masked
select "_"."care_site_id", "_"."a0" from (select "rows"."care_site_id" as "care_site_id", count(distinct "rows"."person_id") as "a0" from (select "_"."person_id", "_"."care_site_id" from "cdm"."visit_occurrence" "_") "rows" group by "care_site_id") "_" where not "_"."a0" is null order by 1 limit 1001

--- bi-powerbi-join
--: masked
select "$Outer"."person_id", "$Inner"."t0.gender" from (select "_"."person_id" as "person_id", "_"."visit_start_date" as "visit_start_date" from "cdm"."visit_occurrence" "_") "$Outer" left outer join (select "_"."person_id" as "person_id2", "_"."gender" as "t0.gender" from "cdm"."person" "_") "$Inner" on ("$Outer"."person_id" = "$Inner"."person_id2")

--- bi-powerbi-case-text
--: masked
select "rows"."ord" as "ord", count(*) as "a0" from (select case when "_"."days" is null then 'n/a' else cast("_"."days" as varchar) end as "ord" from "cdm"."visit_occurrence" "_") "rows" group by "ord" order by "ord"

--- bi-powerbi-top
--: masked
select "visit_occurrence_id", "visit_start_datetime" from (select "visit_occurrence_id", "visit_start_datetime" from "cdm"."visit_occurrence" "$Table" where "visit_start_datetime" >= timestamp '2021-01-01 00:00:00' and "visit_start_datetime" < timestamp '2022-01-01 00:00:00') "_" order by "visit_start_datetime" limit 4096

--- bi-grafana-time
--: masked
SELECT floor(extract(epoch from "charttime")/86400)*86400 AS "time", avg("valuenum")::numeric(12,4) AS "hr" FROM icu.chartevents WHERE "charttime" BETWEEN '2019-01-01T00:00:00Z' AND '2024-01-01T00:00:00Z' AND itemid = 220045 GROUP BY 1 ORDER BY 1

--- bi-grafana-metric-column
--: masked
SELECT date_trunc('month', admittime) AS "time", insurance AS metric, count(*) AS value FROM icu.admissions WHERE extract(epoch from admittime) > 1500000000 GROUP BY 1, 2 ORDER BY 1, 2

--- bi-grafana-variable
--: masked
SELECT DISTINCT first_careunit AS __text, first_careunit AS __value FROM icu.icustays ORDER BY 1

--- bi-grafana-gapfill
--: masked
SELECT g AS "time", coalesce(n, 0) AS n FROM generate_series(timestamp '2020-01-01', timestamp '2020-12-01', '1 month') g LEFT JOIN (SELECT date_trunc('month', admittime) AS m, count(*) AS n FROM icu.admissions GROUP BY 1) a ON a.m = g ORDER BY 1

--- bi-redash-params
--: masked
--: param 2021-01-01
--: param 2022-12-31
SELECT date_trunc('month', visit_start_date)::date AS month, count(*) AS visits FROM cdm.visit_occurrence WHERE visit_start_date BETWEEN $1::date AND $2::date GROUP BY 1 ORDER BY 1

--- bi-redash-cohort
--: masked
SELECT date_trunc('month', first)::date AS cohort, (extract(year FROM v.visit_start_date) - extract(year FROM first)) AS period, count(DISTINCT v.person_id) FROM cdm.visit_occurrence v JOIN (SELECT person_id, min(visit_start_date) AS first FROM cdm.visit_occurrence GROUP BY 1) f USING (person_id) GROUP BY 1, 2 ORDER BY 1, 2

--- bi-looker-dimension
--: masked
SELECT (DATE(person.birth_datetime )) AS "person.birth_date", COUNT(DISTINCT person.person_id ) AS "person.count" FROM cdm.person AS person GROUP BY (DATE(person.birth_datetime )) ORDER BY 2 DESC, 1 FETCH NEXT 500 ROWS ONLY

--- bi-looker-symmetric-aggregate
--: masked
SELECT COALESCE(SUM(c.total_charge), 0) AS charge, COUNT(DISTINCT CASE WHEN v.days > 2 THEN v.visit_occurrence_id ELSE NULL END) AS long_stays FROM cdm.visit_occurrence AS v LEFT JOIN cdm.cost AS c ON c.visit_occurrence_id = v.visit_occurrence_id

--- bi-looker-tier
--: masked
SELECT CASE WHEN v.days < 2 THEN '0 to 1' WHEN v.days < 5 THEN '2 to 4' ELSE '5 or more' END AS tier, to_char(date_trunc('month', v.visit_start_date), 'YYYY-MM') AS month, count(*) FROM cdm.visit_occurrence v GROUP BY 1, 2 ORDER BY 1, 2

--- bi-cube-js
--: masked
SELECT date_trunc('year', ("v".visit_start_datetime::timestamptz AT TIME ZONE 'UTC')) "v__year", count(distinct "v".person_id) "v__people" FROM cdm.visit_occurrence AS "v" WHERE ("v".visit_start_datetime >= '2019-01-01T00:00:00.000'::timestamp AND "v".visit_start_datetime <= '2025-01-01T00:00:00.000'::timestamp) GROUP BY 1 ORDER BY 1 ASC LIMIT 10000

--- bi-qlik
--: masked
SELECT "person_id", "visit_start_date", to_char("visit_start_date", 'DD.MM.YYYY') AS d FROM "cdm"."visit_occurrence"

--- bi-sas
--: masked
select TXT_1."gender", count(*) as COUNT from "cdm"."person" TXT_1 where TXT_1."year_of_birth" >= 1960 group by TXT_1."gender" order by 1

--- bi-csv-export
--: masked
COPY (SELECT visit_occurrence_id, person_id, visit_start_date, days FROM cdm.visit_occurrence ORDER BY visit_start_datetime, visit_source_value) TO STDOUT WITH (FORMAT csv, HEADER)

--- bi-csv-export-arrays
--: masked
COPY (SELECT person_id, array_agg(visit_occurrence_id ORDER BY visit_start_datetime, visit_source_value) FROM cdm.visit_occurrence GROUP BY person_id ORDER BY min(visit_source_value)) TO STDOUT WITH (FORMAT csv)

--- bi-explore-columns
--: masked
SELECT count(*) AS rows, count(person_source_value) AS filled, count(DISTINCT person_source_value) AS distinct_values, min(length(person_source_value)) AS shortest FROM cdm.person

--- bi-profile-dates
--: masked
SELECT min(visit_start_date), max(visit_start_date), count(DISTINCT visit_start_date), avg(days)::numeric(10,3) FROM cdm.visit_occurrence

--- bi-pivot-json
--: masked
SELECT care_site_id, jsonb_object_agg(visit_concept_id, n ORDER BY visit_concept_id) FROM (SELECT care_site_id, visit_concept_id, count(*) AS n FROM cdm.visit_occurrence GROUP BY 1, 2) x GROUP BY 1 ORDER BY 1

--- bi-drill-array-of-rows
--: masked
SELECT care_site_id, json_agg(json_build_object('visit', visit_occurrence_id, 'days', days) ORDER BY visit_start_datetime, visit_source_value) AS visits FROM cdm.visit_occurrence GROUP BY care_site_id ORDER BY care_site_id

--- bi-drill-jsonb-rows
--: masked
SELECT person_id, jsonb_agg(jsonb_build_object('visit', visit_occurrence_id, 'start', visit_start_date, 'site', care_site_id) ORDER BY visit_start_datetime, visit_source_value) AS visits FROM cdm.visit_occurrence GROUP BY person_id

--- bi-json-by-id
--: masked
SELECT jsonb_object_agg(person_id, gender) AS genders FROM cdm.person WHERE year_of_birth > 2005

--- bi-hierarchy
--: masked
WITH RECURSIVE tree AS (SELECT care_site_id, care_site_name, ARRAY[care_site_id] AS path, care_site_name AS label FROM cdm.care_site WHERE parent_id IS NULL UNION ALL SELECT c.care_site_id, c.care_site_name, t.path || c.care_site_id, t.label || ' / ' || c.care_site_name FROM cdm.care_site c JOIN tree t ON c.parent_id = t.care_site_id)
SELECT t.label, count(p.person_id) FROM tree t LEFT JOIN cdm.person p USING (care_site_id) GROUP BY t.label, t.path ORDER BY t.path
