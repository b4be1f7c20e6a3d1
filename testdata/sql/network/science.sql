-- What dbt, data frames and quality tools of cohort studies send.

--- dbt-not-null
--: masked
select count(*) as failures, count(*) != 0 as should_warn, count(*) != 0 as should_error from (select patid from "pcornet"."encounter" where patid is null) dbt_internal_test

--- dbt-unique
--: masked
select count(*) as failures from (select encounterid as unique_field, count(*) as n_records from pcornet.encounter where encounterid is not null group by encounterid having count(*) > 1) dbt_internal_test

--- dbt-accepted-values
--: masked
with all_values as (select enc_type as value_field, count(*) as n_records from pcornet.encounter group by enc_type) select * from all_values where value_field not in ('AV','IP','ED')

--- dbt-relationships
--: masked
with child as (select patid as from_field from pcornet.lab_result_cm where patid is not null), parent as (select patid as to_field from pcornet.demographic) select count(from_field) from child left join parent on child.from_field = parent.to_field where parent.to_field is null

--- dbt-utils-recency
--: masked
select max(admit_date) < date '2100-01-01' as recent from pcornet.encounter

--- dbt-utils-equal-rowcount
--: masked
with a as (select count(*) as n from pcornet.encounter), b as (select count(*) as n from pcornet.vital) select a.n, b.n, abs(a.n - b.n) as diff from a cross join b

--- dbt-utils-unique-combination
--: masked
with validation_errors as (select patid, enr_start_date, enr_basis from pcornet.enrollment group by patid, enr_start_date, enr_basis having count(*) > 1) select count(*) from validation_errors

--- dbt-utils-at-least-one
--: masked
select count(*) from (select count(providerid) as filler_column from pcornet.encounter having count(providerid) = 0) x

--- dbt-surrogate-key
--: masked
select md5(cast(coalesce(cast(enc_type as TEXT), '_dbt_utils_surrogate_key_null_') || '-' || coalesce(cast(drg as TEXT), '_null_') as TEXT)) as sk, count(*) from pcornet.encounter group by 1

--- dbt-surrogate-id
--: masked
select md5(cast(coalesce(cast(patid as TEXT), '_null_') || '-' || coalesce(cast(encounterid as TEXT), '_null_') as TEXT)) as sk from pcornet.encounter where load_seq < 50

--- dbt-snapshot-dedupe
--: masked
select encounterid, enc_type from (select *, row_number() over (partition by encounterid order by load_seq desc) as rn from pcornet.encounter) r where rn = 1 and load_seq < 40

--- dbt-date-spine
--: masked
with spine as (select generate_series(date '2019-01-01', date '2019-12-01', interval '1 month')::date as m) select m, count(e.encounterid) from spine left join pcornet.encounter e on date_trunc('month', e.admit_date) = m group by m order by m

--- achilles-persons
--: masked
SELECT 1 AS analysis_id, CAST(NULL AS VARCHAR(255)) AS stratum_1, COUNT(DISTINCT patid) AS count_value FROM pcornet.demographic

--- achilles-age-first
--: masked
WITH rawData AS (SELECT d.sex AS stratum1, MIN(EXTRACT(YEAR FROM e.admit_date) - EXTRACT(YEAR FROM d.birth_date)) AS count_value FROM pcornet.demographic d JOIN pcornet.encounter e ON d.patid = e.patid WHERE d.birth_date IS NOT NULL GROUP BY d.patid, d.sex) SELECT stratum1, count(*), avg(count_value), min(count_value), max(count_value) FROM rawData GROUP BY stratum1 ORDER BY stratum1

--- achilles-distribution
--: masked
WITH rawData (count_value) AS (SELECT num FROM (SELECT patid, COUNT(encounterid) AS num FROM pcornet.encounter GROUP BY patid) x), overallStats AS (SELECT CAST(AVG(1.0 * count_value) AS numeric(20,6)) AS avg_value, CAST(STDDEV(count_value) AS numeric(20,6)) AS stdev_value, MIN(count_value) AS min_value, MAX(count_value) AS max_value, COUNT(*) AS total FROM rawData), statsView AS (SELECT count_value, COUNT(*) AS total, ROW_NUMBER() OVER (ORDER BY count_value) AS rn FROM rawData GROUP BY count_value), priorStats AS (SELECT s.count_value, s.total, SUM(p.total) AS accumulated FROM statsView s JOIN statsView p ON p.rn <= s.rn GROUP BY s.count_value, s.total, s.rn) SELECT o.total, o.min_value, o.max_value, o.avg_value, o.stdev_value, MIN(CASE WHEN p.accumulated >= .50 * o.total THEN count_value ELSE o.max_value END) AS median_value, MIN(CASE WHEN p.accumulated >= .90 * o.total THEN count_value ELSE o.max_value END) AS p90 FROM priorStats p CROSS JOIN overallStats o GROUP BY o.total, o.min_value, o.max_value, o.avg_value, o.stdev_value

--- achilles-month
--: masked
SELECT EXTRACT(YEAR FROM e.admit_date) * 100 + EXTRACT(MONTH FROM e.admit_date) AS stratum_1, e.enc_type AS stratum_2, COUNT(DISTINCT patid) AS count_value FROM pcornet.encounter e GROUP BY 1, 2 ORDER BY 1, 2

--- dqd-field-missing
--: masked
SELECT num_violated_rows, CASE WHEN denominator.num_rows = 0 THEN 0 ELSE 1.0 * num_violated_rows / denominator.num_rows END AS pct_violated_rows, denominator.num_rows AS num_denominator_rows FROM (SELECT COUNT(violated_rows.violating_field) AS num_violated_rows FROM (SELECT 'ENCOUNTER.PROVIDERID' AS violating_field, cdmTable.load_seq FROM pcornet.encounter cdmTable WHERE cdmTable.providerid IS NULL) violated_rows) violated_row_count, (SELECT COUNT(*) AS num_rows FROM pcornet.encounter cdmTable) denominator

--- dqd-plausible-after
--: masked
SELECT COUNT(*) FROM pcornet.encounter cdmTable JOIN pcornet.demographic p ON cdmTable.patid = p.patid WHERE cdmTable.admit_date < p.birth_date

--- dqd-fk
--: masked
SELECT COUNT(*) FROM pcornet.vital cdmTable LEFT JOIN pcornet.encounter fkTable ON cdmTable.encounterid = fkTable.encounterid WHERE fkTable.encounterid IS NULL AND cdmTable.encounterid IS NOT NULL

--- dqd-datatype
--: masked
SELECT COUNT(*) FROM pcornet.diagnosis WHERE (CASE WHEN CAST(dx_type AS VARCHAR) ~ '^[0-9]+ *$' THEN 1 ELSE 0 END) = 0 AND dx_type IS NOT NULL

--- dqd-value-low
--: masked
SELECT COUNT(*) FROM pcornet.lab_result_cm m WHERE m.lab_loinc = '4548-4' AND m.result_num IS NOT NULL AND m.result_num < 4.5

--- diag-incidence
--: masked
SELECT FLOOR((EXTRACT(YEAR FROM c.ix) - EXTRACT(YEAR FROM d.birth_date)) / 10) AS age_group, d.sex, EXTRACT(YEAR FROM c.ix) AS y, COUNT(*) FROM (SELECT patid, MIN(admit_date) AS ix FROM pcornet.diagnosis WHERE dx = 'J44.1' GROUP BY patid) c JOIN pcornet.demographic d ON d.patid = c.patid GROUP BY 1, 2, 3 ORDER BY 1, 2, 3

--- diag-overlap
--: masked
SELECT SUM(CASE WHEN t.patid IS NOT NULL AND c.patid IS NULL THEN 1 ELSE 0 END) AS t_only, SUM(CASE WHEN t.patid IS NOT NULL AND c.patid IS NOT NULL THEN 1 ELSE 0 END) AS both, SUM(CASE WHEN t.patid IS NULL THEN 1 ELSE 0 END) AS c_only FROM (SELECT DISTINCT patid FROM pcornet.diagnosis WHERE dx = 'I10') t FULL JOIN (SELECT DISTINCT patid FROM pcornet.diagnosis WHERE dx = 'E78.5') c ON t.patid = c.patid

--- diag-time-distribution
--: masked
SELECT MIN(d) AS min_value, MAX(d) AS max_value, AVG(d) AS average, percentile_disc(0.5) WITHIN GROUP (ORDER BY d) AS median FROM (SELECT e.admit_date - i.ix AS d FROM pcornet.encounter e JOIN (SELECT patid, MIN(admit_date) AS ix FROM pcornet.encounter GROUP BY patid) i ON i.patid = e.patid) x

--- atlas-inclusion
--: masked
WITH primary_events AS (SELECT ROW_NUMBER() OVER (PARTITION BY e.patid ORDER BY e.admit_date, e.load_seq) AS event_id, e.patid, e.admit_date AS start_date, e.load_seq FROM pcornet.diagnosis e WHERE e.dx = 'I10'), qualified AS (SELECT * FROM primary_events WHERE event_id = 1), inc AS (SELECT q.patid, CASE WHEN EXISTS (SELECT 1 FROM pcornet.prescribing p WHERE p.patid = q.patid AND p.rx_order_date >= q.start_date AND p.rx_order_date <= q.start_date + 180) THEN 1 ELSE 0 END AS rule1, CASE WHEN (SELECT COUNT(*) FROM pcornet.lab_result_cm l WHERE l.patid = q.patid AND l.lab_loinc = '2160-0' AND l.result_date < q.start_date) >= 1 THEN 2 ELSE 0 END AS rule2 FROM qualified q) SELECT rule1 + rule2 AS mask, COUNT(*) FROM inc GROUP BY 1 ORDER BY 1

--- atlas-collapse-eras
--: masked
SELECT n, count(*) FROM (SELECT patid, count(*) AS n FROM (SELECT patid, admit_date, MAX(end_date) OVER (PARTITION BY patid ORDER BY admit_date, load_seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS prev_end FROM (SELECT patid, admit_date, coalesce(discharge_date, admit_date) + 90 AS end_date, load_seq FROM pcornet.encounter) x) y WHERE prev_end IS NULL OR prev_end < admit_date GROUP BY patid) z GROUP BY n ORDER BY n

--- dbplyr-count
--: masked
SELECT "enc_type", COUNT(*) AS "n" FROM "pcornet"."encounter" GROUP BY "enc_type" ORDER BY "n" DESC, "enc_type"

--- dbplyr-mutate-filter
--: masked
SELECT "q01".* FROM (SELECT "patid", "admit_date", "load_seq", ROW_NUMBER() OVER (PARTITION BY "patid" ORDER BY "admit_date", "load_seq") AS "col01" FROM "pcornet"."encounter") AS "q01" WHERE ("col01" <= 1)

--- dbplyr-left-join
--: masked
SELECT "RHS"."sex" AS "sex", AVG("LHS"."systolic") AS "m" FROM "pcornet"."vital" AS "LHS" LEFT JOIN "pcornet"."demographic" AS "RHS" ON ("LHS"."patid" = "RHS"."patid") GROUP BY "RHS"."sex"

--- dbplyr-semi-join
--: masked
SELECT COUNT(*) AS "n" FROM (SELECT "LHS".* FROM "pcornet"."demographic" AS "LHS" WHERE EXISTS (SELECT 1 FROM "pcornet"."death" AS "RHS" WHERE ("LHS"."patid" = "RHS"."patid"))) AS "q01"

--- dbplyr-anti-join
--: masked
SELECT "LHS"."sex", COUNT(*) AS "n" FROM "pcornet"."demographic" AS "LHS" WHERE NOT EXISTS (SELECT 1 FROM "pcornet"."encounter" AS "RHS" WHERE ("LHS"."patid" = "RHS"."patid")) GROUP BY "LHS"."sex"

--- dbplyr-case-when
--: masked
SELECT "patid", CASE WHEN ("n" = 1) THEN 'one' WHEN ("n" > 1) THEN 'many' END AS "grp" FROM (SELECT "patid", COUNT(*) AS "n" FROM "pcornet"."vital" GROUP BY "patid") AS "q01"

--- dbplyr-head-zero
--: masked
SELECT * FROM (SELECT * FROM "pcornet"."encounter") AS "q01" WHERE (0 = 1)

--- dbplyr-distinct
--: masked
SELECT DISTINCT "patid", "enc_type" FROM "pcornet"."encounter" WHERE "load_seq" < 200

--- dbplyr-lag
--: masked
SELECT "load_seq", "systolic" - LAG("systolic", 1, NULL) OVER (PARTITION BY "patid" ORDER BY "measure_date", "load_seq") AS "d" FROM "pcornet"."vital"

--- pandas-read-sql-table
--: masked
SELECT pcornet.harvest.networkid, pcornet.harvest.network_name FROM pcornet.harvest

--- polars-partition
--: masked
SELECT * FROM (SELECT load_seq, enc_type, patid FROM pcornet.encounter) AS CXTMPTAB_PART WHERE 1 <= CXTMPTAB_PART.load_seq AND CXTMPTAB_PART.load_seq < 120

--- spark-jdbc-partition
--: masked
SELECT "load_seq","patid","result_num" FROM (SELECT * FROM pcornet.lab_result_cm WHERE lab_loinc = '2160-0') SPARK_GEN_SUBQ_0 WHERE "load_seq" >= 500 AND "load_seq" < 900

--- spark-jdbc-schema
--: masked
SELECT * FROM pcornet.encounter WHERE 1=0

--- looker-measure
--: masked
SELECT (TO_CHAR(DATE_TRUNC('month', encounter.admit_date), 'YYYY-MM')) AS "encounter.admit_month", COUNT(DISTINCT encounter.patid) AS "encounter.patients" FROM pcornet.encounter AS encounter WHERE (encounter.enc_type) = 'IP' GROUP BY 1 ORDER BY 1 DESC FETCH NEXT 500 ROWS ONLY

--- looker-symmetric-sum
--: masked
SELECT demographic.sex, COALESCE(SUM(v.systolic), 0) AS total FROM pcornet.demographic AS demographic LEFT JOIN (SELECT patid, max(systolic) AS systolic FROM pcornet.vital GROUP BY 1) AS v ON v.patid = demographic.patid GROUP BY 1 ORDER BY 1
