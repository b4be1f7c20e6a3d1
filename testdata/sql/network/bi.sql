-- What dashboards send: Metabase, Superset, Tableau, Power BI, Grafana.

--- metabase-count
--: masked
SELECT COUNT(*) AS "count" FROM "pcornet"."encounter"

--- metabase-by-month
--: masked
SELECT DATE_TRUNC('month', "pcornet"."encounter"."admit_date") AS "admit_date", COUNT(*) AS "count" FROM "pcornet"."encounter" GROUP BY DATE_TRUNC('month', "pcornet"."encounter"."admit_date") ORDER BY DATE_TRUNC('month', "pcornet"."encounter"."admit_date") ASC

--- metabase-week-start
--: masked
SELECT (CAST(DATE_TRUNC('week', (CAST("pcornet"."encounter"."admit_date" AS timestamp) + INTERVAL '1 day')) AS timestamp) + INTERVAL '-1 day') AS "admit_date", COUNT(*) AS "count" FROM "pcornet"."encounter" GROUP BY 1 ORDER BY 1 ASC

--- metabase-bin
--: masked
SELECT FLOOR(("pcornet"."lab_result_cm"."result_num" / 2.0)) * 2.0 AS "result_num", COUNT(*) AS "count" FROM "pcornet"."lab_result_cm" GROUP BY FLOOR(("pcornet"."lab_result_cm"."result_num" / 2.0)) * 2.0 ORDER BY 1 ASC

--- metabase-join-fk
--: masked
SELECT "Demographic"."sex" AS "Demographic__sex", COUNT(*) AS "count" FROM "pcornet"."encounter" LEFT JOIN "pcornet"."demographic" AS "Demographic" ON "pcornet"."encounter"."patid" = "Demographic"."patid" WHERE "pcornet"."encounter"."enc_type" = 'IP' GROUP BY "Demographic"."sex" ORDER BY "Demographic"."sex" ASC

--- metabase-nested-source
--: masked
SELECT "source"."enc_type" AS "enc_type", AVG("source"."n") AS "avg" FROM (SELECT "pcornet"."encounter"."patid" AS "patid", "pcornet"."encounter"."enc_type" AS "enc_type", COUNT(*) AS "n" FROM "pcornet"."encounter" GROUP BY "pcornet"."encounter"."patid", "pcornet"."encounter"."enc_type") AS "source" WHERE "source"."n" > 1 GROUP BY "source"."enc_type" ORDER BY "source"."enc_type" ASC

--- metabase-distinct-filter
--: masked
SELECT "pcornet"."encounter"."enc_type" AS "enc_type" FROM "pcornet"."encounter" GROUP BY "pcornet"."encounter"."enc_type" ORDER BY "pcornet"."encounter"."enc_type" ASC LIMIT 5000

--- metabase-substring-scan
--: shape
SELECT "source"."substring_a" AS "substring_a" FROM (SELECT SUBSTRING("pcornet"."diagnosis"."dx", 1, 1234) AS "substring_a" FROM "pcornet"."diagnosis") AS "source" LIMIT 10000

--- metabase-fingerprint
--: masked
SELECT COUNT(DISTINCT "pcornet"."vital"."smoking") AS "count", SUM(CASE WHEN "pcornet"."vital"."ht" IS NULL THEN 1 ELSE 0 END) AS "sum" FROM "pcornet"."vital"

--- metabase-detail
--: masked
SELECT "pcornet"."encounter"."encounterid" AS "encounterid", "pcornet"."encounter"."patid" AS "patid", "pcornet"."encounter"."admit_date" AS "admit_date", "pcornet"."encounter"."enc_type" AS "enc_type" FROM "pcornet"."encounter" WHERE "pcornet"."encounter"."encounterid" = '{{cell SELECT encounterid FROM pcornet.encounter ORDER BY load_seq OFFSET 99 LIMIT 1}}' LIMIT 2000

--- metabase-not-null-or
--: masked
SELECT COUNT(*) AS "count" FROM "pcornet"."encounter" WHERE ("pcornet"."encounter"."providerid" IS NOT NULL AND ("pcornet"."encounter"."providerid" <> '' OR "pcornet"."encounter"."providerid" IS NULL)) AND ("pcornet"."encounter"."discharge_date" IS NOT NULL)

--- metabase-day-of-week
--: masked
SELECT (EXTRACT(dow FROM "pcornet"."encounter"."admit_date") + 1)::integer AS "admit_date", COUNT(*) AS "count" FROM "pcornet"."encounter" GROUP BY 1 ORDER BY 1 ASC

--- metabase-relative-date
--: masked
SELECT COUNT(*) AS "count" FROM "pcornet"."encounter" WHERE "pcornet"."encounter"."admit_date" >= CAST((CAST('2021-07-01 00:00:00Z' AS timestamp with time zone) + INTERVAL '-30 day') AS date) AND "pcornet"."encounter"."admit_date" < CAST('2021-12-01' AS date)

--- metabase-cumulative
--: masked
SELECT DATE_TRUNC('year', "crc"."visit_dimension"."start_date") AS "start_date", SUM(COUNT(*)) OVER (ORDER BY DATE_TRUNC('year', "crc"."visit_dimension"."start_date") ASC ROWS UNBOUNDED PRECEDING) AS "count" FROM "crc"."visit_dimension" GROUP BY DATE_TRUNC('year', "crc"."visit_dimension"."start_date") ORDER BY 1 ASC

--- superset-timeseries
--: masked
SELECT DATE_TRUNC('quarter', admit_date) AS __timestamp, enc_type AS enc_type, COUNT(*) AS count FROM pcornet.encounter WHERE admit_date >= TO_DATE('2018-06-01', 'YYYY-MM-DD') AND admit_date < TO_DATE('2022-01-01', 'YYYY-MM-DD') GROUP BY DATE_TRUNC('quarter', admit_date), enc_type ORDER BY count DESC, __timestamp, enc_type LIMIT 10000

--- superset-top-n-join
--: masked
SELECT DATE_TRUNC('year', result_date) AS __timestamp, lab_loinc AS lab_loinc, AVG(result_num) AS "AVG(result_num)" FROM pcornet.lab_result_cm JOIN (SELECT lab_loinc AS lab_loinc__, AVG(result_num) AS mme_inner__ FROM pcornet.lab_result_cm GROUP BY lab_loinc ORDER BY mme_inner__ DESC LIMIT 3) AS series_limit ON lab_loinc = lab_loinc__ GROUP BY 1, 2 ORDER BY 1, 2 LIMIT 1000

--- superset-virtual
--: masked
SELECT sex AS sex, sum(n) AS "SUM(n)" FROM (SELECT d.sex, e.enc_type, count(*) AS n FROM pcornet.encounter e JOIN pcornet.demographic d ON d.patid = e.patid GROUP BY 1, 2) AS virtual_table WHERE enc_type IN ('IP', 'ED') GROUP BY sex ORDER BY "SUM(n)" DESC LIMIT 100

--- superset-rowcount
--: masked
SELECT COUNT(*) AS rowcount FROM (SELECT patid FROM pcornet.diagnosis WHERE dx LIKE 'E%' GROUP BY patid) AS rowcount_qry

--- superset-filter-values
--: masked
SELECT DISTINCT race AS race FROM pcornet.demographic ORDER BY race LIMIT 1000

--- superset-percentile
--: masked
SELECT enc_type, percentile_cont(0.9) WITHIN GROUP (ORDER BY load_seq) AS p90 FROM pcornet.encounter GROUP BY enc_type ORDER BY p90 DESC LIMIT 50

--- superset-case-sql
--: masked
SELECT CASE WHEN systolic >= 140 THEN 'high' ELSE 'ok' END AS band, COUNT(DISTINCT patid) AS "COUNT_DISTINCT(patid)" FROM pcornet.vital GROUP BY CASE WHEN systolic >= 140 THEN 'high' ELSE 'ok' END ORDER BY band

--- superset-totals
--: masked
SELECT COUNT(*) AS count, SUM(diastolic) AS "SUM(diastolic)", MIN(measure_date) <= MAX(measure_date) AS sane FROM pcornet.vital LIMIT 50000

--- superset-explain-select
--: masked
SELECT * FROM (SELECT enc_type, count(*) AS n FROM pcornet.encounter GROUP BY enc_type) AS sub ORDER BY n DESC LIMIT 101

--- tableau-sum
--: masked
SELECT "encounter"."enc_type" AS "enc_type", SUM(1) AS "cnt:encounter:ok" FROM "pcornet"."encounter" "encounter" GROUP BY 1

--- tableau-year
--: masked
SELECT CAST(TRUNC(EXTRACT(YEAR FROM "encounter"."admit_date")) AS INTEGER) AS "yr:admit_date:ok", COUNT(DISTINCT "encounter"."patid") AS "ctd:patid:ok" FROM "pcornet"."encounter" "encounter" GROUP BY 1

--- tableau-cast-text
--: masked
SELECT CAST("encounter"."enc_type" AS TEXT) AS "enc_type", CAST("encounter"."patid" AS TEXT) AS "patid" FROM "pcornet"."encounter" "encounter" WHERE ("encounter"."load_seq" < 30) GROUP BY 1, 2

--- tableau-having-in
--: masked
SELECT "demographic"."race" AS "race", COUNT("encounter"."encounterid") AS "cnt" FROM "pcornet"."encounter" "encounter" INNER JOIN "pcornet"."demographic" "demographic" ON ("encounter"."patid" = "demographic"."patid") WHERE (("demographic"."sex" IN ('F', 'M')) AND ("encounter"."enc_type" = 'IP')) GROUP BY 1 HAVING (COUNT(1) > 0)

--- tableau-domain
--: masked
SELECT "t0"."enc_type" AS "enc_type" FROM (SELECT "encounter"."enc_type" AS "enc_type", COUNT(1) AS "x_measure" FROM "pcornet"."encounter" "encounter" GROUP BY 1) "t0" WHERE ("t0"."x_measure" > 10) GROUP BY 1 ORDER BY 1 ASC NULLS FIRST

--- tableau-lod
--: masked
SELECT "t0"."visits" AS "visits", COUNT("t0"."patid") AS "cnt" FROM (SELECT "encounter"."patid" AS "patid", COUNT(1) AS "visits" FROM "pcornet"."encounter" "encounter" GROUP BY 1) "t0" GROUP BY 1

--- tableau-max-min-date
--: masked
SELECT MIN("encounter"."admit_date") AS "TEMP(a)", MAX("encounter"."admit_date") AS "TEMP(b)", COUNT(*) AS "n" FROM "pcornet"."encounter" "encounter" HAVING (COUNT(1) > 0)

--- tableau-null-safe-join
--: masked
SELECT COUNT(*) FROM (SELECT "enc_type" AS "k", COUNT(*) AS "n" FROM "pcornet"."encounter" GROUP BY 1) "t0" INNER JOIN (SELECT "enc_type" AS "k", COUNT(*) AS "n" FROM "pcornet"."diagnosis" GROUP BY 1) "t1" ON (("t0"."k" = "t1"."k") OR (("t0"."k" IS NULL) AND ("t1"."k" IS NULL)))

--- tableau-null-safe-ids
--: masked
SELECT COUNT(1) FROM "pcornet"."encounter" "e" INNER JOIN "pcornet"."death" "d" ON ("e"."patid" IS NOT DISTINCT FROM "d"."patid")

--- tableau-datediff
--: masked
SELECT (CAST("e"."discharge_date" AS DATE) - CAST("e"."admit_date" AS DATE)) AS "los", COUNT(*) FROM "pcornet"."encounter" "e" GROUP BY 1 ORDER BY 1

--- tableau-string-calc
--: masked
SELECT (LOWER(CAST("d"."dx" AS TEXT)) || '-' || "d"."pdx") AS "calc", COUNT(1) FROM "pcornet"."diagnosis" "d" GROUP BY 1

--- powerbi-top
--: masked
select "$Table"."enc_type" as "enc_type", "$Table"."discharge_status" as "discharge_status", "$Table"."drg" as "drg" from "pcornet"."encounter" "$Table" where "$Table"."load_seq" <= 200

--- powerbi-directquery
--: masked
select "_"."enc_type" as "c3", "_"."a0" as "a0" from (select "rows"."enc_type" as "enc_type", count(distinct "rows"."patid") as "a0" from (select "_"."patid", "_"."enc_type" from "pcornet"."encounter" "_" where "_"."enc_type" in ('IP', 'AV')) "rows" group by "enc_type") "_" where not "_"."a0" is null limit 1000001

--- powerbi-join
--: masked
select "_"."c4", count(*) as "a0" from (select "$Outer"."patid", "$Inner"."sex" as "c4" from (select "_"."patid" as "patid" from "pcornet"."encounter" "_") "$Outer" left outer join "pcornet"."demographic" "$Inner" on ("$Outer"."patid" = "$Inner"."patid")) "_" group by "_"."c4" order by "_"."c4" limit 501

--- powerbi-date-hierarchy
--: masked
select extract(year from "_"."admit_date")::int4 as "y", 'Qtr ' || cast(extract(quarter from "_"."admit_date") as int4) as "q", count(1) as "a0" from "pcornet"."encounter" "_" group by 1, 2 order by 1, 2

--- powerbi-blank-filter
--: masked
select count(*) as "a0" from (select "_"."providerid" from "pcornet"."encounter" "_" where ("_"."providerid" is null)) "x"

--- powerbi-min-max
--: masked
select min("rows"."result_num") as "a0", max("rows"."result_num") as "a1", cast(sum("rows"."result_num") as decimal(38, 4)) as "a2" from "pcornet"."lab_result_cm" "rows" where "rows"."lab_loinc" = '2160-0'

--- powerbi-parameter
--: masked
--: param {{cell SELECT patid FROM pcornet.demographic ORDER BY load_seq OFFSET 17 LIMIT 1}}
select "enc_type", count(*) from "pcornet"."encounter" where "patid" = $1 group by "enc_type" order by "enc_type"

--- grafana-timegroup
--: masked
SELECT floor(extract(epoch from start_date) / 2592000) * 2592000 AS "time", inout_cd AS metric, count(*) AS value FROM crc.visit_dimension WHERE start_date BETWEEN '2018-06-01T00:00:00Z' AND '2021-12-31T23:59:59.999Z' GROUP BY 1, 2 ORDER BY 1, 2

--- grafana-macro
--: masked
SELECT date_trunc('day', start_date) AS time, avg(nval_num) AS glucose FROM crc.observation_fact WHERE start_date >= '2019-01-01T00:00:00Z' AND start_date <= '2019-03-31T00:00:00Z' AND concept_cd = 'LOINC:2345-7' GROUP BY 1 ORDER BY 1

--- grafana-variable
--: masked
SELECT DISTINCT concept_cd AS __text, concept_cd AS __value FROM crc.observation_fact ORDER BY 1

--- grafana-stat
--: masked
SELECT count(*) FILTER (WHERE vital_status_cd = 'Y') AS dead, count(*) AS total FROM crc.patient_dimension

--- grafana-table
--: masked
SELECT location_cd, count(*) AS visits, round(avg(length_of_stay), 2) AS los FROM crc.visit_dimension GROUP BY location_cd ORDER BY visits DESC, location_cd LIMIT 20

--- grafana-heatmap
--: masked
SELECT extract(isodow FROM start_date)::int AS dow, extract(hour FROM start_date)::int AS hour, count(*) FROM crc.visit_dimension GROUP BY 1, 2 ORDER BY 1, 2

--- grafana-gapfill
--: masked
SELECT d::date AS time, coalesce(n, 0) AS value FROM generate_series(date '2019-01-01', date '2019-03-01', interval '1 week') d LEFT JOIN (SELECT date_trunc('week', admit_date) AS w, count(*) AS n FROM pcornet.encounter GROUP BY 1) e ON e.w = date_trunc('week', d) ORDER BY 1
