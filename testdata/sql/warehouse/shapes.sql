-- Shapes of statements as cohort builders, concept repositories, dbt and dashboards write them.

--- shape-atlas-primary-events
--: masked unordered
WITH primary_events (event_id, person_id, start_date, end_date, op_start_date, op_end_date) AS (
  SELECT P.ordinal AS event_id, P.person_id, P.start_date, P.end_date, P.op_start_date, P.op_end_date FROM (
    SELECT E.person_id, E.start_date, E.end_date, row_number() OVER (PARTITION BY E.person_id ORDER BY E.sort_date ASC, E.visit_no) ordinal, OP.started AS op_start_date, OP.ended AS op_end_date
    FROM (SELECT V.person_id, V.visit_no, V.started AS start_date, V.ended AS end_date, V.started AS sort_date FROM omop.visit V WHERE V.ward = 'ICU') E
    JOIN (SELECT person_id, min(started) AS started, max(ended) AS ended FROM omop.visit GROUP BY person_id) OP ON E.person_id = OP.person_id AND E.start_date >= OP.started AND E.start_date <= OP.ended) P
  WHERE P.ordinal = 1)
SELECT count(*), count(DISTINCT person_id), min(start_date), max(op_end_date), avg(extract(epoch FROM op_end_date - start_date)) FROM primary_events

--- shape-atlas-inclusion-bits
--: masked
SELECT inclusion_rule_mask, count(*) FROM (
  SELECT p.person_id, sum(CASE WHEN i.rule IS NOT NULL THEN power(2, i.rule) ELSE 0 END)::bigint AS inclusion_rule_mask FROM omop.person p
  LEFT JOIN (SELECT DISTINCT person_id, 0 AS rule FROM omop.visit WHERE ward = 'ICU' UNION ALL SELECT DISTINCT person_id, 1 FROM omop.measurement WHERE value > 10 UNION ALL SELECT person_id, 2 FROM omop.fact GROUP BY person_id HAVING count(*) > 2) i ON i.person_id = p.person_id
  GROUP BY p.person_id) m GROUP BY 1 ORDER BY 1

--- shape-atlas-era-collapse
--: masked
WITH e AS (SELECT person_id, started AS start_date, ended + interval '7 days' AS end_date FROM omop.visit),
 m AS (SELECT person_id, start_date, end_date, max(end_date) OVER (PARTITION BY person_id ORDER BY start_date ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS prev FROM e),
 g AS (SELECT person_id, start_date, end_date, sum(CASE WHEN prev IS NULL OR start_date > prev THEN 1 ELSE 0 END) OVER (PARTITION BY person_id ORDER BY start_date) AS grp FROM m)
SELECT n, count(*) FROM (SELECT person_id, grp, count(*) AS n, min(start_date) AS s, max(end_date) AS e FROM g GROUP BY person_id, grp) x GROUP BY n ORDER BY n

--- shape-achilles-age-at-first-visit
--: masked
WITH firsts AS (SELECT v.person_id, min(extract(year FROM v.started)) AS y FROM omop.visit v GROUP BY v.person_id)
SELECT p.gender, floor((f.y - extract(year FROM p.born)) / 10) AS decile, count(*) FROM omop.person p JOIN firsts f USING (person_id) GROUP BY 1, 2 ORDER BY 1, 2

--- shape-achilles-distribution
--: masked
WITH raw AS (SELECT concept AS stratum, value AS count_value FROM omop.measurement WHERE value IS NOT NULL),
overall AS (SELECT stratum, avg(count_value::numeric) AS avg_value, round(coalesce(stddev(count_value::numeric), 0), 6) AS stdev_value, min(count_value) AS min_value, max(count_value) AS max_value, count(*) AS total FROM raw GROUP BY stratum),
stats AS (SELECT stratum, count_value, count(*) AS total, row_number() OVER (PARTITION BY stratum ORDER BY count_value) AS rn FROM raw GROUP BY stratum, count_value),
prior AS (SELECT s.stratum, s.count_value, s.total, sum(p.total) AS accumulated FROM stats s JOIN stats p ON s.stratum = p.stratum AND p.rn <= s.rn GROUP BY s.stratum, s.count_value, s.total, s.rn)
SELECT o.stratum, o.total, o.min_value, o.max_value, o.avg_value, o.stdev_value,
 min(CASE WHEN p.accumulated >= .50 * o.total THEN count_value ELSE o.max_value END) AS median_value,
 min(CASE WHEN p.accumulated >= .10 * o.total THEN count_value ELSE o.max_value END) AS p10_value
FROM prior p JOIN overall o ON p.stratum = o.stratum GROUP BY o.stratum, o.total, o.min_value, o.max_value, o.avg_value, o.stdev_value ORDER BY 1

--- shape-achilles-months
--: masked
SELECT extract(year FROM started) * 100 + extract(month FROM started) AS stratum, count(DISTINCT person_id) FROM omop.visit GROUP BY 1 ORDER BY 1

--- shape-omop-observation-period
--: masked unordered
SELECT count(*), avg(days), percentile_cont(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY days) FROM (SELECT person_id, extract(day FROM max(ended) - min(started))::int AS days FROM omop.visit GROUP BY person_id) x

--- shape-omop-concept-ancestor
--: masked
WITH RECURSIVE a (ancestor, descendant, levels) AS (SELECT concept, concept, 0 FROM omop.concept_dim UNION ALL SELECT a.ancestor, c.concept, levels + 1 FROM a JOIN omop.concept_dim c ON c.parent = a.descendant AND c.concept <> c.parent WHERE levels < 5)
SELECT a.ancestor, count(DISTINCT m.person_id) FROM a JOIN omop.measurement m ON m.concept = a.descendant WHERE a.ancestor < 4 GROUP BY 1 ORDER BY 1

--- shape-mimic-icustay-detail
--: masked
SELECT v.person_id, v.visit_no, v.ward, round(extract(epoch FROM v.ended - v.started)::numeric / 3600, 2) AS los_hours, dense_rank() OVER (PARTITION BY v.person_id ORDER BY v.started) AS hospstay_seq,
 CASE WHEN dense_rank() OVER (PARTITION BY v.person_id ORDER BY v.started) = 1 THEN true ELSE false END AS first_stay, p.gender
FROM omop.visit v JOIN omop.person p ON p.person_id = v.person_id WHERE v.ward = 'ICU' ORDER BY v.cost, v.visit_no

--- shape-mimic-first-day-lab
--: masked
SELECT v.cost, min(CASE WHEN m.concept % 4 = 1 THEN m.value END) AS sodium_min, max(CASE WHEN m.concept % 4 = 1 THEN m.value END) AS sodium_max, avg(m.value) FILTER (WHERE m.concept % 4 = 0) AS glucose_mean
FROM omop.visit v LEFT JOIN omop.measurement m ON m.person_id = v.person_id AND m.visit_no = v.visit_no GROUP BY v.person_id, v.visit_no, v.started, v.cost ORDER BY v.cost

--- shape-mimic-hourly-grid
--: masked
WITH g AS (SELECT v.person_id, v.visit_no, v.started, v.ended, generate_series(0, ceil(extract(epoch FROM v.ended - v.started) / 3600)::int) AS hr FROM omop.visit v WHERE v.ward = 'ICU')
SELECT hr, count(*), count(DISTINCT person_id) FROM g GROUP BY hr ORDER BY hr

--- shape-mimic-readmission
--: masked
SELECT ward, count(*) AS n, sum(CASE WHEN next - ended <= interval '30 days' THEN 1 ELSE 0 END) AS readm, round(100.0 * sum((next - ended <= interval '30 days')::int) / count(*), 1) AS pct
FROM (SELECT ward, ended, lead(started) OVER (PARTITION BY person_id ORDER BY started) AS next FROM omop.visit) x GROUP BY ward ORDER BY ward

--- shape-mimic-sofa-like
--: masked
WITH worst AS (SELECT person_id, visit_no, max(value) FILTER (WHERE unit = 'mg/dL') AS hi, min(value) FILTER (WHERE unit = 'mmol/L') AS lo FROM omop.measurement GROUP BY 1, 2),
score AS (SELECT *, CASE WHEN hi >= 15 THEN 4 WHEN hi >= 10 THEN 3 WHEN hi >= 5 THEN 2 WHEN hi IS NULL THEN NULL ELSE 0 END AS s1, CASE WHEN lo < 2 THEN 2 WHEN lo < 6 THEN 1 ELSE 0 END AS s2 FROM worst)
SELECT coalesce(s1, 0) + coalesce(s2, 0) AS sofa, count(*) FROM score GROUP BY 1 ORDER BY 1

--- shape-mimic-age-icd
--: masked
SELECT width_bucket(EXTRACT(YEAR FROM v.started) - EXTRACT(YEAR FROM p.born), 0, 100, 10) AS b, count(*) FROM omop.visit v INNER JOIN omop.person p ON v.person_id = p.person_id GROUP BY b ORDER BY b

--- shape-mimic-datetime-diff
--: masked
SELECT ward, avg(DATE_PART('day', ended - started) * 24 + DATE_PART('hour', ended - started)) AS h FROM omop.visit GROUP BY ward ORDER BY 1

--- shape-dbt-unique-test
--: masked unordered
select count(*) as failures, count(*) != 0 as should_warn, count(*) != 0 as should_error from (select person_id as unique_field, count(*) as n_records from omop.person where person_id is not null group by person_id having count(*) > 1) dbt_internal_test

--- shape-dbt-relationships-test
--: masked unordered
with child as (select person_id as from_field from omop.visit where person_id is not null), parent as (select person_id as to_field from omop.person) select count(*) from (select from_field from child left join parent on child.from_field = parent.to_field where parent.to_field is null) t

--- shape-dbt-accepted-values
--: masked unordered
with all_values as (select ward as value_field, count(*) as n_records from omop.visit group by ward) select * from all_values where value_field not in ('ICU','Surgery')

--- shape-dbt-surrogate-key
--: masked unordered
select md5(cast(coalesce(cast(person_id as TEXT), '_dbt_utils_surrogate_key_null_') || '-' || coalesce(cast(visit_no as TEXT), '_dbt_utils_surrogate_key_null_') as TEXT)) as visit_key, ward from omop.visit

--- shape-dbt-staging
--: masked unordered
with source as (select * from omop.person), renamed as (select person_id as patient_key, gender::text as gender_code, upper(zip) as zip3, nullif(trim(zip), '') as zip, coalesce(bmi, 0) as bmi, case when height > 170 then 'tall' else 'short' end as stature from source) select * from renamed

--- shape-dbt-incremental
--: masked unordered
select * from (select id, person_id, value, at from omop.measurement) s where at >= (select coalesce(max(at), '1900-01-01') - interval '3 days' from omop.measurement where value < 3)

--- shape-dbt-deduplicate
--: masked unordered
with row_numbered as (select _inner.*, row_number() over (partition by person_id, ward order by cost desc) as rn from omop.visit as _inner) select distinct data.ward, data.cost from omop.visit as data natural join row_numbered where row_numbered.rn = 1

--- shape-dbt-date-spine
--: masked
with date_spine as (select (date '2020-01-01' + (interval '1 month' * n)) as date_month from generate_series(0, 47) n) select d.date_month, count(v.cost) from date_spine d left join omop.visit v on date_trunc('month', v.started) = d.date_month group by 1 order by 1

--- shape-dbt-pivot
--: masked
select ward, sum(case when gender = 'F' then 1 else 0 end) as "F", sum(case when gender = 'M' then 1 else 0 end) as "M" from omop.stays group by ward order by ward

--- shape-dbt-equal-rowcount
--: masked unordered
with a as (select 1 as id_x, count(*) as count_a from omop.person group by id_x), b as (select 1 as id_x, count(distinct person_id) as count_b from omop.visit group by id_x) select count_a, count_b, abs(count_a - count_b) as diff_count from a full join b on a.id_x = b.id_x

--- shape-metabase-count-by-month
--: masked
SELECT CAST(DATE_TRUNC('month', "omop"."visit"."started") AS date) AS "started", COUNT(*) AS "count" FROM "omop"."visit" WHERE "omop"."visit"."started" >= timestamp '2020-03-01 00:00:00' AND "omop"."visit"."started" < timestamp '2022-03-01 00:00:00' GROUP BY CAST(DATE_TRUNC('month', "omop"."visit"."started") AS date) ORDER BY CAST(DATE_TRUNC('month', "omop"."visit"."started") AS date) ASC

--- shape-metabase-day-of-week
--: masked
SELECT (CAST(extract(dow from "source"."started") AS integer) + 1) AS "started", count(*) FROM (SELECT * FROM omop.visit) AS "source" GROUP BY 1 ORDER BY 1

--- shape-metabase-joined
--: masked
SELECT "Person"."gender" AS "Person__gender", SUM("omop"."visit"."cost") AS "sum", COUNT(DISTINCT "omop"."visit"."person_id") AS "count" FROM "omop"."visit" LEFT JOIN "omop"."person" AS "Person" ON "omop"."visit"."person_id" = "Person"."person_id" GROUP BY "Person"."gender" ORDER BY "sum" DESC, "Person"."gender" ASC LIMIT 10

--- shape-metabase-binning
--: masked
SELECT ((FLOOR((("omop"."visit"."cost" - 100.0) / 100.0)) * 100.0) + 100.0) AS "cost", COUNT(*) AS "count" FROM "omop"."visit" GROUP BY ((FLOOR((("omop"."visit"."cost" - 100.0) / 100.0)) * 100.0) + 100.0) ORDER BY 1

--- shape-metabase-field-values
--: masked
SELECT "omop"."visit"."ward" AS "ward" FROM "omop"."visit" GROUP BY "omop"."visit"."ward" ORDER BY "omop"."visit"."ward" ASC LIMIT 1000

--- shape-metabase-fingerprint
--: masked unordered
SELECT SUBSTRING("source"."person_id", 1, 1234) AS "substring1", SUBSTRING("source"."ward", 1, 1234) AS "substring2", "source"."cost" FROM (SELECT "omop"."visit"."person_id", "omop"."visit"."ward", "omop"."visit"."cost" FROM "omop"."visit") AS "source" LIMIT 10000

--- shape-metabase-cumulative
--: masked
SELECT "m", SUM("n") OVER (ORDER BY "m" ROWS UNBOUNDED PRECEDING) FROM (SELECT date_trunc('quarter', started) AS "m", count(*) AS "n" FROM omop.visit GROUP BY 1) q ORDER BY "m"

--- shape-metabase-optional
--: param ICU
--: param 300
--: masked unordered
SELECT count(*) FROM omop.visit WHERE 1 = 1 AND ward = $1 AND cost > $2::numeric

--- shape-superset-timeseries
--: masked
SELECT DATE_TRUNC('week', started) AS __timestamp, ward AS ward, COUNT(*) AS count FROM omop.visit JOIN (SELECT ward AS ward__, COUNT(*) AS mme_inner__ FROM omop.visit WHERE started >= TO_TIMESTAMP('2020-01-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US') GROUP BY ward ORDER BY mme_inner__ DESC, ward LIMIT 2) AS anon_1 ON ward = ward__ WHERE started >= TO_TIMESTAMP('2020-01-01', 'YYYY-MM-DD') AND started < TO_TIMESTAMP('2021-01-01', 'YYYY-MM-DD') GROUP BY ward, DATE_TRUNC('week', started) ORDER BY 1, 2 LIMIT 10000

--- shape-superset-virtual
--: masked
SELECT gender AS gender, AVG(cost) AS "AVG(cost)", COUNT(DISTINCT person_id) AS "COUNT_DISTINCT(person_id)" FROM (SELECT p.person_id, p.gender, v.cost FROM omop.person p, omop.visit v WHERE p.person_id = v.person_id) AS virtual_table GROUP BY gender HAVING ((COUNT(*) > 5)) ORDER BY "AVG(cost)" DESC LIMIT 1000

--- shape-superset-samples
--: masked
SELECT person_id AS person_id, visit_no AS visit_no, started AS started, ward AS ward FROM omop.visit WHERE ward IN ('ICU', 'Surgery') AND cost >= 300 ORDER BY cost LIMIT 100 OFFSET 5

--- shape-superset-box
--: masked
SELECT ward, percentile_cont(0.25) WITHIN GROUP (ORDER BY cost) AS q1, percentile_cont(0.5) WITHIN GROUP (ORDER BY cost) AS med, min(cost), max(cost) FROM omop.visit GROUP BY ward ORDER BY ward

--- shape-superset-filter-values
--: masked
SELECT DISTINCT ward FROM omop.visit ORDER BY ward LIMIT 1000

--- shape-tableau-level-of-detail
--: masked
SELECT "t0"."__measure__0" AS "n", COUNT(1) AS "cnt" FROM (SELECT "visit"."person_id" AS "person_id", COUNT(1) AS "__measure__0" FROM "omop"."visit" "visit" GROUP BY 1) "t0" GROUP BY 1 ORDER BY 1

--- shape-tableau-extract
--: masked
SELECT "visit"."ward" AS "ward", CAST(DATE_TRUNC('MONTH', CAST("visit"."started" AS TIMESTAMP)) AS DATE) AS "tmn:started:ok", SUM("visit"."cost") AS "sum:cost:ok", CAST(COUNT(DISTINCT "visit"."person_id") AS BIGINT) AS "ctd" FROM "omop"."visit" "visit" GROUP BY 1, 2 HAVING (COUNT(1) > 0) ORDER BY 1, 2

--- shape-tableau-domain
--: masked unordered
SELECT MIN("visit"."started") AS "TEMP(attr)", MAX("visit"."started") AS "TEMP(attr2)" FROM "omop"."visit" "visit" HAVING (COUNT(1) > 0)

--- shape-tableau-date-parts
--: masked
SELECT CAST(EXTRACT(YEAR FROM "visit"."started") AS BIGINT) AS "yr", CAST(TRUNC((EXTRACT(MONTH FROM "visit"."started") - 1) / 3) + 1 AS BIGINT) AS "qr", SUM(CASE WHEN ("visit"."ward" = 'ICU') THEN 1 ELSE 0 END) FROM "omop"."visit" "visit" GROUP BY 1, 2 ORDER BY 1, 2

--- shape-tableau-age-calc
--: masked
SELECT FLOOR((CAST(CURRENT_DATE AS DATE) - CAST("person"."born" AS DATE)) / 365.25 / 200) AS "a", COUNT(*) FROM "omop"."person" "person" GROUP BY 1 ORDER BY 1

--- shape-tableau-in-set
--: masked unordered
SELECT SUM("c") FROM (SELECT "visit"."person_id" AS "p", SUM("visit"."cost") AS "c" FROM "omop"."visit" "visit" GROUP BY 1) "t" WHERE "t"."c" > 2000

--- shape-grafana-time-group
--: masked
SELECT floor(extract(epoch from started)/604800)*604800 AS "time", ward AS metric, count(*) AS value FROM omop.visit WHERE started BETWEEN '2020-01-01T00:00:00Z' AND '2021-06-01T00:00:00Z' GROUP BY 1, 2 ORDER BY 1, 2

--- shape-grafana-epoch-filter
--: masked
SELECT extract(epoch from at)::bigint * 1000 AS time, avg(value) FROM omop.measurement WHERE extract(epoch from at) >= 1546300800 AND extract(epoch from at) <= 1672531200 GROUP BY 1 ORDER BY 1

--- shape-grafana-lateral-last
--: masked
SELECT p.gender, avg(l.cost) FROM omop.person p CROSS JOIN LATERAL (SELECT cost FROM omop.visit v WHERE v.person_id = p.person_id ORDER BY started DESC LIMIT 1) l GROUP BY 1 ORDER BY 1

--- shape-grafana-variables
--: masked
SELECT ward AS __text, ward AS __value FROM omop.visit WHERE ward ILIKE '%' || 'u' || '%' GROUP BY 1, 2 ORDER BY 1

--- shape-survival-life-table
--: masked
WITH t AS (SELECT person_id, extract(day FROM max(ended) - min(started))::int / 100 AS time, (count(*) > 3)::int AS event FROM omop.visit GROUP BY person_id),
 r AS (SELECT time, sum(event) AS d, count(*) AS c FROM t GROUP BY time),
 n AS (SELECT time, d, sum(c) OVER (ORDER BY time DESC) AS at_risk FROM r)
SELECT time, d, at_risk, round(exp(sum(ln(greatest(1 - d::numeric / at_risk, 0.0001))) OVER (ORDER BY time))::numeric, 6) AS km FROM n ORDER BY time

--- shape-lab-trend-slope
--: masked
SELECT concept, count(*), round(regr_slope(value, extract(epoch FROM at) / 86400)::numeric, 6) FROM omop.measurement GROUP BY concept ORDER BY concept

--- shape-lab-delta
--: masked
SELECT concept, round(avg(value - prev)::numeric, 4) FROM (SELECT concept, value, lag(value) OVER (PARTITION BY person_id, concept ORDER BY id) AS prev FROM omop.measurement) x WHERE prev IS NOT NULL GROUP BY concept ORDER BY concept

--- shape-cohort-overlap
--: masked unordered
SELECT count(*) FILTER (WHERE a.person_id IS NOT NULL AND b.person_id IS NULL), count(*) FILTER (WHERE a.person_id IS NULL), count(*) FILTER (WHERE a.person_id = b.person_id) FROM (SELECT DISTINCT person_id FROM omop.visit WHERE ward = 'ICU' AND cost > 500) a FULL JOIN (SELECT DISTINCT person_id FROM omop.fact WHERE nval > 6) b ON a.person_id = b.person_id

--- shape-cohort-except
--: masked unordered
SELECT count(*) FROM (SELECT person_id FROM omop.person EXCEPT SELECT person_id FROM omop.measurement WHERE value > 17 INTERSECT SELECT person_id FROM omop.visit) x

--- shape-charlson-like
--: masked
SELECT score, count(*) FROM (SELECT person_id, sum(w) AS score FROM (SELECT person_id, code, max(w) AS w FROM omop.fact JOIN (VALUES ('ICD10:E10', 1), ('ICD10:E11', 2), ('ICD10:E12', 1), ('ICD10:E13', 6)) AS c(code, w) ON concept_cd = code GROUP BY person_id, code) y GROUP BY person_id) z GROUP BY score ORDER BY score

--- shape-episodes-of-care
--: masked
SELECT episodes, count(*) FROM (SELECT person_id, sum(new) AS episodes FROM (SELECT person_id, CASE WHEN started - lag(ended) OVER w > interval '90 days' OR lag(ended) OVER w IS NULL THEN 1 ELSE 0 END AS new FROM omop.visit WINDOW w AS (PARTITION BY person_id ORDER BY started)) a GROUP BY person_id) b GROUP BY episodes ORDER BY episodes

--- shape-matching-by-exact-strata
--: masked
SELECT a.gender, a.z, count(*) FROM (SELECT person_id, gender, zip AS z, row_number() OVER (PARTITION BY gender, zip ORDER BY height, bmi) AS r FROM omop.person WHERE vip) a JOIN (SELECT person_id, gender, zip AS z, row_number() OVER (PARTITION BY gender, zip ORDER BY height, bmi) AS r FROM omop.person WHERE NOT vip) b ON a.gender = b.gender AND a.z = b.z AND a.r = b.r GROUP BY 1, 2 ORDER BY 1, 2

--- shape-jsonb-of-aggregates
--: masked unordered
SELECT jsonb_object_agg(ward, n ORDER BY ward) FROM (SELECT ward, count(*) AS n FROM omop.visit GROUP BY ward) x

--- shape-array-of-wards
--: masked
SELECT n, count(*) FROM (SELECT person_id, array_length(array_agg(DISTINCT ward), 1) AS n FROM omop.visit GROUP BY person_id) x GROUP BY n ORDER BY n

--- shape-sequence-of-wards
--: masked
SELECT path, count(*) FROM (SELECT person_id, string_agg(left(ward, 1), '>' ORDER BY started) AS path FROM omop.visit GROUP BY person_id) x GROUP BY path ORDER BY 2 DESC, 1 LIMIT 10

--- shape-array-of-ids
--: masked unordered
SELECT ward, array_agg(DISTINCT person_id) FROM omop.visit WHERE cost > 800 GROUP BY ward

--- shape-ids-in-a-text
--: masked unordered
SELECT ward, string_agg(person_id, ', ' ORDER BY cost) FROM omop.visit WHERE cost > 850 GROUP BY ward

--- shape-id-as-json
--: masked unordered
SELECT json_build_object('person', person_id, 'ward', ward) FROM omop.visit WHERE cost > 850

--- shape-rows-as-json
--: masked unordered
SELECT row_to_json(x) FROM (SELECT person_id, ward, cost FROM omop.visit WHERE cost > 850) x

--- shape-ordered-by-alias-of-id
--: masked
SELECT person_id AS pid, count(*) AS n FROM omop.visit GROUP BY person_id ORDER BY n DESC, min(cost) LIMIT 5

--- shape-not-exists-later
--: masked unordered
SELECT count(*) FROM omop.visit a WHERE NOT EXISTS (SELECT 1 FROM omop.visit b WHERE b.person_id = a.person_id AND b.started > a.started)

--- shape-distinct-on-last
--: masked
SELECT ward, count(*) FROM (SELECT DISTINCT ON (person_id) person_id, ward FROM omop.visit ORDER BY person_id, started DESC) x GROUP BY ward ORDER BY ward

--- shape-time-in-range-overlap
--: masked unordered
SELECT count(*) FROM omop.visit a JOIN omop.visit b ON a.person_id = b.person_id AND a.visit_no < b.visit_no AND (a.started, a.ended) OVERLAPS (b.started, b.ended + interval '300 days')

--- shape-tsrange-multirange
--: masked
SELECT ward, count(*) FROM omop.visit WHERE tsrange(started, ended) && tsrange('2020-06-01', '2021-06-01') GROUP BY ward ORDER BY ward

--- shape-census-by-day
--: masked
SELECT d::date, count(v.person_id) FROM generate_series(date '2020-03-01', date '2020-04-15', interval '1 day') d LEFT JOIN omop.visit v ON v.started < d + interval '1 day' AND v.ended >= d GROUP BY 1 ORDER BY 1

--- shape-grouping-sets-of-dates
--: masked
SELECT extract(year FROM started) AS y, ward, count(*), grouping(ward) FROM omop.visit GROUP BY GROUPING SETS ((1, 2), (1), ()) ORDER BY 1, 2

--- shape-case-in-order
--: masked
SELECT ward, visit_no, cost FROM omop.visit ORDER BY CASE ward WHEN 'ICU' THEN 0 ELSE 1 END, cost DESC LIMIT 20

--- shape-coalesce-of-dates
--: masked unordered
SELECT count(*) FROM omop.visit WHERE coalesce(ended, started) - started > interval '20 hours'

--- shape-months-between
--: masked
SELECT (date_part('year', f) - 2020) * 12 + date_part('month', f) AS m, count(*) FROM (SELECT min(started) AS f FROM omop.visit GROUP BY person_id) x GROUP BY 1 ORDER BY 1

--- shape-to-char-week
--: masked
SELECT to_char(started, 'IYYY-IW') AS wk, count(*) FROM omop.visit GROUP BY wk ORDER BY wk LIMIT 20

--- shape-pseudonym-domain-part
--: masked
SELECT length(email), count(*) FROM omop.person GROUP BY 1 ORDER BY 1

--- shape-pseudonym-as-key
--: masked
SELECT p.email, count(v.cost) FROM omop.person p LEFT JOIN omop.visit v USING (person_id) WHERE p.email >= 'm' GROUP BY p.email ORDER BY p.email
