-- Cohorts, characterisations and data quality as tools of observational research write them.

--- cohort-target-codesets
--: masked
WITH codesets AS (SELECT 0 AS codeset_id, c.concept_id FROM (SELECT DISTINCT I.concept_id FROM (SELECT concept_id FROM cdm.CONCEPT WHERE concept_id IN (201826, 201820) UNION SELECT c.concept_id FROM cdm.CONCEPT c JOIN cdm.CONCEPT_ANCESTOR ca ON c.concept_id = ca.descendant_concept_id AND ca.ancestor_concept_id IN (201820) AND c.standard_concept IS NOT NULL) I) C)
SELECT co.person_id, min(co.condition_start_date) AS cohort_start_date FROM cdm.condition_occurrence co JOIN codesets cs ON co.condition_concept_id = cs.concept_id AND cs.codeset_id = 0 GROUP BY co.person_id

--- cohort-qualified-events
--: masked
WITH primary_events (event_id, person_id, start_date, end_date, op_start_date, op_end_date, visit_occurrence_id) AS (SELECT P.ordinal, P.person_id, P.start_date, P.end_date, op_start_date, op_end_date, cast(P.visit_occurrence_id AS text) FROM (SELECT E.person_id, E.start_date, E.end_date, row_number() OVER (PARTITION BY E.person_id ORDER BY E.sort_date ASC, E.end_date, E.event_id) ordinal, OP.observation_period_start_date AS op_start_date, OP.observation_period_end_date AS op_end_date, E.visit_occurrence_id FROM (SELECT C.person_id, C.condition_occurrence_id AS event_id, C.condition_start_date AS start_date, COALESCE(C.condition_end_date, (C.condition_start_date + 1 * INTERVAL '1 day')) AS end_date, C.visit_occurrence_id, C.condition_start_date AS sort_date FROM cdm.condition_occurrence C WHERE C.condition_concept_id IN (201826, 201820)) E JOIN cdm.observation_period OP ON E.person_id = OP.person_id AND E.start_date >= OP.observation_period_start_date AND E.start_date <= op.observation_period_end_date WHERE (OP.observation_period_start_date + 0 * INTERVAL '1 day') <= E.START_DATE AND (E.START_DATE + 0 * INTERVAL '1 day') <= OP.observation_period_end_date) P WHERE P.ordinal = 1)
SELECT person_id, start_date, end_date, op_start_date, op_end_date FROM primary_events

--- cohort-first-exposure
--: masked
SELECT person_id, drug_concept_id, min(drug_exposure_start_date) AS first_use, count(*) AS n FROM cdm.drug_exposure GROUP BY person_id, drug_concept_id HAVING count(*) > 1

--- cohort-new-users-washout
--: masked
SELECT count(DISTINCT d.person_id) FROM cdm.drug_exposure d WHERE d.drug_concept_id = 1503297 AND NOT EXISTS (SELECT 1 FROM cdm.drug_exposure p WHERE p.person_id = d.person_id AND p.drug_concept_id = 1503297 AND p.drug_exposure_start_date < d.drug_exposure_start_date AND p.drug_exposure_start_date >= d.drug_exposure_start_date - interval '365 days')

--- cohort-inclusion-exclusion
--: masked
SELECT p.person_id FROM cdm.person p WHERE p.person_id IN (SELECT person_id FROM cdm.condition_occurrence WHERE condition_concept_id = 201826) AND p.person_id NOT IN (SELECT person_id FROM cdm.drug_exposure WHERE drug_concept_id = 1310149)

--- cohort-era-ends
--: masked
WITH cteEndDates (person_id, end_date) AS (SELECT person_id, event_date - 30 * INTERVAL '1 day' AS end_date FROM (SELECT person_id, event_date, event_type, SUM(event_type) OVER (PARTITION BY person_id ORDER BY event_date, event_type ROWS UNBOUNDED PRECEDING) AS interval_status FROM (SELECT person_id, drug_exposure_start_date::timestamp AS event_date, -1 AS event_type FROM cdm.drug_exposure UNION ALL SELECT person_id, coalesce(drug_exposure_end_date, drug_exposure_start_date + 1) + 30 * INTERVAL '1 day', 1 FROM cdm.drug_exposure) RAWDATA) e WHERE interval_status = 0)
SELECT count(*), count(DISTINCT person_id), max(end_date) FROM cteEndDates

--- cohort-drug-era
--: masked
WITH target AS (SELECT d.person_id, c.concept_id AS ingredient, d.drug_exposure_start_date AS s, COALESCE(d.drug_exposure_end_date, d.drug_exposure_start_date + d.days_supply) AS e FROM cdm.drug_exposure d JOIN cdm.concept c ON c.concept_id = d.drug_concept_id), grouped AS (SELECT *, CASE WHEN s <= max(e) OVER (PARTITION BY person_id, ingredient ORDER BY s, e ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) + 30 THEN 0 ELSE 1 END AS is_start FROM target), eras AS (SELECT *, sum(is_start) OVER (PARTITION BY person_id, ingredient ORDER BY s, e) AS era FROM grouped)
SELECT person_id, ingredient, era, min(s) AS era_start, max(e) AS era_end, count(*) AS exposures, sum(e - s) AS days FROM eras GROUP BY person_id, ingredient, era

--- cohort-person-years
--: masked
SELECT p.gender, sum(op.observation_period_end_date - op.observation_period_start_date) / 365.25 AS person_years, count(*) FROM cdm.observation_period op JOIN cdm.person p USING (person_id) GROUP BY p.gender ORDER BY p.gender

--- cohort-time-at-risk
--: masked
SELECT c.person_id, least(c.start + 365, op.observation_period_end_date) - c.start AS tar FROM (SELECT person_id, min(condition_start_date) AS start FROM cdm.condition_occurrence GROUP BY person_id) c JOIN cdm.observation_period op ON op.person_id = c.person_id AND c.start BETWEEN op.observation_period_start_date AND op.observation_period_end_date

--- cohort-incidence-by-year
--: masked
SELECT extract(year FROM first_dx) AS year, count(*) FROM (SELECT person_id, min(condition_start_date) AS first_dx FROM cdm.condition_occurrence WHERE condition_concept_id = 320128 GROUP BY person_id) x GROUP BY 1 ORDER BY 1

--- cohort-age-at-index
--: masked
SELECT width_bucket(extract(year FROM v.first_visit) - p.year_of_birth, 0, 100, 10) AS decade, count(*) FROM cdm.person p JOIN (SELECT person_id, min(visit_start_date) AS first_visit FROM cdm.visit_occurrence GROUP BY 1) v USING (person_id) GROUP BY 1 ORDER BY 1

--- cohort-overlap
--: masked
SELECT CASE WHEN a.person_id IS NULL THEN 'b only' WHEN b.person_id IS NULL THEN 'a only' ELSE 'both' END AS part, count(*) FROM (SELECT DISTINCT person_id FROM cdm.condition_occurrence WHERE condition_concept_id = 201826) a FULL OUTER JOIN (SELECT DISTINCT person_id FROM cdm.drug_exposure WHERE drug_concept_id = 1503297) b ON a.person_id = b.person_id GROUP BY 1 ORDER BY 1

--- cohort-union-intersect-except
--: masked
(SELECT person_id FROM cdm.condition_occurrence INTERSECT SELECT person_id FROM cdm.drug_exposure) EXCEPT SELECT person_id FROM cdm.death

--- cohort-death-within-year
--: masked
SELECT count(*) FROM cdm.death d JOIN (SELECT person_id, max(visit_start_date) AS last FROM cdm.visit_occurrence GROUP BY person_id) v ON v.person_id = d.person_id WHERE d.death_date - v.last <= 365

--- cohort-index-event-json
--: masked
SELECT person_id, json_agg(visit_occurrence_id ORDER BY visit_start_date, visit_source_value) AS visits FROM cdm.visit_occurrence GROUP BY person_id

--- cohort-index-event-array
--: masked
SELECT person_id, array_agg(visit_occurrence_id) AS visits FROM (SELECT person_id, visit_occurrence_id FROM cdm.visit_occurrence ORDER BY visit_start_datetime, visit_source_value) v GROUP BY person_id

--- cohort-array-ordered
--: masked
SELECT person_id, array_agg(visit_occurrence_id ORDER BY visit_start_datetime, visit_source_value) AS visits, array_agg(visit_start_date ORDER BY visit_start_datetime, visit_source_value) AS days FROM cdm.visit_occurrence GROUP BY person_id

--- cohort-array-distinct
--: masked
SELECT care_site_id, array_agg(DISTINCT person_id) AS people FROM cdm.visit_occurrence GROUP BY care_site_id ORDER BY care_site_id

--- cohort-first-by-array
--: masked
SELECT person_id, (array_agg(visit_occurrence_id ORDER BY visit_start_datetime, visit_source_value))[1] AS first_visit, (array_agg(visit_occurrence_id ORDER BY visit_start_datetime DESC, visit_source_value))[1] AS last_visit FROM cdm.visit_occurrence GROUP BY person_id

--- cohort-string-of-ids
--: masked
SELECT care_site_id, string_agg(DISTINCT person_id::text, ',') AS people FROM cdm.visit_occurrence GROUP BY care_site_id

--- cohort-string-ordered
--: masked
SELECT person_id, string_agg(visit_occurrence_id::text, ' > ' ORDER BY visit_start_datetime, visit_source_value) AS path FROM cdm.visit_occurrence GROUP BY person_id

--- cohort-treatment-pathways
--: masked
SELECT path, count(*) FROM (SELECT person_id, string_agg(concept_name, '>' ORDER BY first, concept_name) AS path FROM (SELECT d.person_id, c.concept_name, min(d.drug_exposure_start_date) AS first FROM cdm.drug_exposure d JOIN cdm.concept c ON c.concept_id = d.drug_concept_id GROUP BY 1, 2) f GROUP BY person_id) p GROUP BY path ORDER BY count(*) DESC, path

--- cohort-sequence-lead
--: masked
SELECT person_id, visit_occurrence_id, lead(visit_occurrence_id) OVER w AS next_visit, lead(visit_start_date) OVER w - visit_end_date AS gap FROM cdm.visit_occurrence WINDOW w AS (PARTITION BY person_id ORDER BY visit_start_datetime, visit_source_value)

--- cohort-readmission
--: masked
SELECT count(*) FILTER (WHERE next_start - visit_end_date BETWEEN 0 AND 30) AS readmitted, count(*) AS all_stays FROM (SELECT visit_end_date, lead(visit_start_date) OVER (PARTITION BY person_id ORDER BY visit_start_date, visit_start_datetime) AS next_start FROM cdm.visit_occurrence WHERE visit_concept_id = 9201) v

--- cohort-self-join-preceding
--: masked
SELECT v.visit_occurrence_id, v.preceding_visit_occurrence_id, v.visit_start_date - p.visit_end_date AS days_between FROM cdm.visit_occurrence v JOIN cdm.visit_occurrence p ON p.visit_occurrence_id = v.preceding_visit_occurrence_id

--- cohort-chain-recursive
--: masked
WITH RECURSIVE chain AS (SELECT visit_occurrence_id, person_id, 1 AS depth FROM cdm.visit_occurrence WHERE preceding_visit_occurrence_id IS NULL UNION ALL SELECT v.visit_occurrence_id, v.person_id, c.depth + 1 FROM cdm.visit_occurrence v JOIN chain c ON v.preceding_visit_occurrence_id = c.visit_occurrence_id)
SELECT person_id, max(depth) FROM chain GROUP BY person_id

--- cohort-descendants-recursive
--: masked
WITH RECURSIVE d(concept_id, level) AS (SELECT 201820, 0 UNION SELECT a.descendant_concept_id, d.level + 1 FROM cdm.concept_ancestor a JOIN d ON a.ancestor_concept_id = d.concept_id WHERE a.min_levels_of_separation = 1)
SELECT c.concept_name, count(o.person_id), count(DISTINCT o.person_id) FROM d JOIN cdm.concept c USING (concept_id) LEFT JOIN cdm.condition_occurrence o ON o.condition_concept_id = d.concept_id GROUP BY 1 ORDER BY 1

--- cohort-feature-wide
--: masked
SELECT p.person_id, max(CASE WHEN o.condition_concept_id = 201826 THEN 1 ELSE 0 END) AS dm, max(CASE WHEN o.condition_concept_id = 320128 THEN 1 ELSE 0 END) AS htn, count(DISTINCT o.visit_occurrence_id) AS visits FROM cdm.person p LEFT JOIN cdm.condition_occurrence o ON o.person_id = p.person_id GROUP BY p.person_id

--- cohort-feature-json
--: masked
SELECT person_id, jsonb_object_agg(concept_name, n) FROM (SELECT o.person_id, c.concept_name, count(*) AS n FROM cdm.condition_occurrence o JOIN cdm.concept c ON c.concept_id = o.condition_concept_id GROUP BY 1, 2) x GROUP BY person_id

--- cohort-closest-measurement
--: masked unordered
SELECT DISTINCT ON (o.person_id) o.person_id, m.value_as_number, m.measurement_date - o.condition_start_date AS days FROM cdm.condition_occurrence o JOIN cdm.measurement m ON m.person_id = o.person_id AND m.measurement_concept_id = 3004410 AND m.measurement_date BETWEEN o.condition_start_date - 180 AND o.condition_start_date + 180 WHERE o.condition_concept_id = 201826 ORDER BY o.person_id, abs(m.measurement_date - o.condition_start_date), m.value_as_number, m.measurement_date

--- cohort-latest-lateral
--: masked
SELECT p.person_id, l.value_as_number, l.measurement_date FROM cdm.person p CROSS JOIN LATERAL (SELECT m.value_as_number, m.measurement_date FROM cdm.measurement m WHERE m.person_id = p.person_id ORDER BY m.measurement_date DESC, m.value_as_number LIMIT 1) l

--- cohort-latest-two-lateral-left
--: masked
SELECT p.person_id, l.rn, l.visit_occurrence_id FROM cdm.person p LEFT JOIN LATERAL (SELECT v.visit_occurrence_id, row_number() OVER (ORDER BY v.visit_start_datetime DESC, v.visit_source_value) AS rn FROM cdm.visit_occurrence v WHERE v.person_id = p.person_id ORDER BY v.visit_start_datetime DESC, v.visit_source_value LIMIT 2) l ON true

--- cohort-slope
--: masked
SELECT m.person_id, regr_slope(m.value_as_number, extract(epoch FROM m.measurement_datetime)) IS NOT NULL AS has_slope, count(*) FROM cdm.measurement m WHERE m.measurement_concept_id = 3016723 GROUP BY m.person_id

--- cohort-quantiles
--: masked
SELECT measurement_concept_id, percentile_cont(ARRAY[0.05, 0.25, 0.5, 0.75, 0.95]) WITHIN GROUP (ORDER BY value_as_number) AS q, mode() WITHIN GROUP (ORDER BY unit) FROM cdm.measurement GROUP BY 1 ORDER BY 1

--- cohort-achilles-length
--: masked
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY observation_period_end_date - observation_period_start_date) AS median, min(observation_period_end_date - observation_period_start_date), max(observation_period_end_date - observation_period_start_date), stddev(observation_period_end_date - observation_period_start_date) FROM cdm.observation_period

--- cohort-achilles-month
--: masked
SELECT extract(year FROM visit_start_date) * 100 + extract(month FROM visit_start_date) AS stratum_1, count(DISTINCT person_id) AS count_value FROM cdm.visit_occurrence GROUP BY 1 ORDER BY 1

--- cohort-achilles-orphans
--: masked
SELECT count(*) FROM cdm.visit_occurrence v LEFT JOIN cdm.person p ON p.person_id = v.person_id WHERE p.person_id IS NULL

--- cohort-dqd-not-null
--: masked
SELECT num_violated_rows, CASE WHEN denominator.num_rows = 0 THEN 0 ELSE 1.0 * num_violated_rows / denominator.num_rows END AS pct_violated_rows, denominator.num_rows FROM (SELECT COUNT(violated_rows.violating_field) AS num_violated_rows FROM (SELECT 'VISIT_OCCURRENCE.person_id' AS violating_field, cdmTable.* FROM cdm.visit_occurrence cdmTable WHERE cdmTable.person_id IS NULL) violated_rows) violated_row_count, (SELECT COUNT(*) AS num_rows FROM cdm.visit_occurrence cdmTable) denominator

--- cohort-dqd-end-before-start
--: masked
SELECT count(*) FROM cdm.visit_occurrence WHERE visit_end_date < visit_start_date

--- cohort-dqd-after-death
--: masked
SELECT count(*) FROM cdm.visit_occurrence v JOIN cdm.death d ON v.person_id = d.person_id WHERE v.visit_start_date > d.death_date + interval '60 days'

--- cohort-dqd-unique-key
--: masked
SELECT count(*) FROM (SELECT visit_occurrence_id FROM cdm.visit_occurrence GROUP BY visit_occurrence_id HAVING count(*) > 1) d

--- cohort-overlaps
--: masked
SELECT count(*) FROM cdm.visit_occurrence a JOIN cdm.visit_occurrence b ON a.person_id = b.person_id AND a.visit_occurrence_id <> b.visit_occurrence_id WHERE (a.visit_start_date, a.visit_end_date) OVERLAPS (b.visit_start_date, b.visit_end_date)

--- cohort-daterange
--: masked
SELECT count(*) FROM cdm.visit_occurrence a JOIN cdm.condition_occurrence c ON c.person_id = a.person_id WHERE daterange(a.visit_start_date, a.visit_end_date, '[]') @> c.condition_start_date

--- cohort-range-agg
--: masked
SELECT person_id, range_agg(daterange(visit_start_date, visit_end_date, '[]')) AS covered FROM cdm.visit_occurrence GROUP BY person_id

--- cohort-calendar
--: masked
SELECT d::date AS day, count(v.visit_occurrence_id) AS census FROM generate_series('2021-01-01'::date, '2021-03-31'::date, '1 week') d LEFT JOIN cdm.visit_occurrence v ON v.visit_start_date <= d AND v.visit_end_date >= d GROUP BY d ORDER BY d

--- cohort-calendar-from-data
--: masked
SELECT m, count(v.person_id) FROM generate_series((SELECT date_trunc('year', min(visit_start_date)) FROM cdm.visit_occurrence), (SELECT max(visit_start_date) FROM cdm.visit_occurrence)::timestamptz, interval '1 year') m LEFT JOIN cdm.visit_occurrence v ON date_trunc('year', v.visit_start_date) = m GROUP BY m ORDER BY m

--- cohort-survival
--: masked
SELECT t, sum(events) OVER (ORDER BY t) AS cumulative FROM (SELECT d.death_date - f.first AS t, count(*) AS events FROM cdm.death d JOIN (SELECT person_id, min(visit_start_date) AS first FROM cdm.visit_occurrence GROUP BY person_id) f USING (person_id) GROUP BY 1) x ORDER BY t

--- cohort-charlson
--: masked
SELECT person_id, sum(weight) AS score FROM (SELECT DISTINCT o.person_id, w.concept_id, w.weight FROM cdm.condition_occurrence o JOIN (VALUES (201826, 1), (313217, 2), (320128, 1)) AS w (concept_id, weight) ON w.concept_id = o.condition_concept_id) s GROUP BY person_id

--- cohort-values-of-ids
--: masked
SELECT v.visit_occurrence_id, x.label FROM cdm.visit_occurrence v JOIN (VALUES ('{{cell SELECT person_id FROM cdm.person ORDER BY person_id LIMIT 1}}', 'case'), ('{{cell SELECT person_id FROM cdm.person ORDER BY person_id OFFSET 3 LIMIT 1}}', 'control')) x (person_id, label) ON x.person_id = v.person_id

--- cohort-in-list
--: masked
SELECT person_id, gender, year_of_birth FROM cdm.person WHERE person_id IN ('{{cell SELECT person_id FROM cdm.person ORDER BY person_id LIMIT 1}}', '{{cell SELECT person_id FROM cdm.person ORDER BY person_id OFFSET 9 LIMIT 1}}', 'nobody')

--- cohort-any-param
--: masked
--: param {"{{cell SELECT person_id FROM cdm.person ORDER BY person_id LIMIT 1}}","{{cell SELECT person_id FROM cdm.person ORDER BY person_id OFFSET 4 LIMIT 1}}"}
SELECT person_id, count(*) FROM cdm.visit_occurrence WHERE person_id = ANY($1::text[]) GROUP BY person_id

--- cohort-unnest-param
--: masked
--: param {"{{cell SELECT person_id FROM cdm.person ORDER BY person_id LIMIT 1}}","{{cell SELECT person_id FROM cdm.person ORDER BY person_id OFFSET 4 LIMIT 1}}"}
SELECT c.person_id, v.visit_occurrence_id FROM unnest($1::text[]) AS c (person_id) JOIN cdm.visit_occurrence v USING (person_id)

--- cohort-cte-list
--: masked
WITH cohort AS (SELECT person_id, min(visit_start_date) AS index_date FROM cdm.visit_occurrence WHERE visit_concept_id = 9203 GROUP BY person_id), outcome AS (SELECT c.person_id, min(o.condition_start_date) AS outcome_date FROM cohort c JOIN cdm.condition_occurrence o ON o.person_id = c.person_id AND o.condition_start_date > c.index_date AND o.condition_concept_id = 313217 GROUP BY c.person_id)
SELECT count(*) AS n, count(o.person_id) AS events, round(avg(o.outcome_date - c.index_date), 1) AS mean_days FROM cohort c LEFT JOIN outcome o USING (person_id)

--- cohort-matched-controls
--: masked
WITH cases AS (SELECT p.person_id, p.gender, p.year_of_birth / 10 AS decade, row_number() OVER (PARTITION BY p.gender, p.year_of_birth / 10 ORDER BY p.year_of_birth, p.person_id) AS rn FROM cdm.person p WHERE EXISTS (SELECT FROM cdm.drug_exposure d WHERE d.person_id = p.person_id AND d.drug_concept_id = 1310149)), controls AS (SELECT p.person_id, p.gender, p.year_of_birth / 10 AS decade, row_number() OVER (PARTITION BY p.gender, p.year_of_birth / 10 ORDER BY p.year_of_birth, p.person_id) AS rn FROM cdm.person p WHERE NOT EXISTS (SELECT FROM cdm.drug_exposure d WHERE d.person_id = p.person_id AND d.drug_concept_id = 1310149))
SELECT count(*) FROM cases JOIN controls USING (gender, decade, rn)

--- cohort-rollup
--: masked
SELECT gender, care_site_id, grouping(gender, care_site_id) AS g, count(DISTINCT person_id) FROM cdm.person GROUP BY ROLLUP (gender, care_site_id) ORDER BY g, gender, care_site_id

--- cohort-cube-dates
--: masked
SELECT extract(year FROM visit_start_date) AS y, visit_concept_id, count(*), sum(days) FROM cdm.visit_occurrence GROUP BY CUBE (1, 2) ORDER BY 1, 2

--- cohort-grouping-sets-ids
--: masked
SELECT person_id, care_site_id, count(*) FROM cdm.visit_occurrence GROUP BY GROUPING SETS ((person_id), (care_site_id), ())

--- cohort-person-source-value
--: masked
SELECT person_source_value, count(v.*) FROM cdm.person p LEFT JOIN cdm.visit_occurrence v USING (person_id) GROUP BY person_source_value ORDER BY person_source_value

--- cohort-table-one
--: masked
SELECT 'age' AS characteristic, avg(2022 - year_of_birth)::numeric(10,2)::text AS value FROM cdm.person UNION ALL SELECT 'female', count(*)::text FROM cdm.person WHERE gender = 'female' UNION ALL SELECT 'n', count(DISTINCT person_id)::text FROM cdm.person

--- cohort-provider-load
--: masked
SELECT provider_id, count(DISTINCT person_id) AS patients, count(*) AS visits FROM cdm.visit_occurrence GROUP BY provider_id HAVING count(*) > 3

--- cohort-provider-sorted
--: masked
SELECT provider_id, count(*) FROM cdm.visit_occurrence WHERE provider_id IS NOT NULL GROUP BY provider_id ORDER BY provider_id

--- cohort-provider-range
--: masked
SELECT count(*) FROM cdm.person WHERE provider_id BETWEEN 100000000000000000 AND 700000000000000000

--- cohort-provider-modulo
--: masked
SELECT provider_id % 10 AS shard, count(*) FROM cdm.visit_occurrence GROUP BY 1 ORDER BY 1

--- cohort-provider-max
--: masked
SELECT care_site_id, max(provider_id), min(provider_id) FROM cdm.visit_occurrence GROUP BY 1 ORDER BY 1

--- cohort-provider-literal
--: masked
SELECT count(*) FROM cdm.visit_occurrence WHERE provider_id = {{cell SELECT min(provider_id) FROM cdm.person}}

--- cohort-provider-text
--: masked
SELECT DISTINCT 'dr-' || provider_id AS label FROM cdm.person WHERE provider_id IS NOT NULL ORDER BY 1

--- cohort-provider-array
--: masked
SELECT person_id, array_agg(DISTINCT provider_id ORDER BY provider_id) FROM cdm.visit_occurrence GROUP BY person_id

--- cohort-hash-split
--: masked
SELECT count(*) FROM cdm.person WHERE mod(abs(hashtext(person_source_value)), 10) < 8

--- cohort-tags
--: masked
SELECT t, count(*) FROM cdm.person, unnest(tags) AS t GROUP BY t ORDER BY t

--- cohort-traits
--: masked
SELECT traits->>'smoker' AS smoker, avg((traits->>'bmi')::numeric) FROM cdm.person GROUP BY 1 ORDER BY 1

--- cohort-traits-path
--: masked
SELECT count(*) FROM cdm.person WHERE traits @? '$.bmi ? (@ > 25)' AND traits @> '{"smoker": true}'

--- cohort-langs
--: masked
SELECT l, count(*) FROM cdm.person, jsonb_array_elements_text(traits->'langs') AS l GROUP BY l ORDER BY l

--- cohort-costs
--: masked
SELECT date_trunc('month', c.billed_on) AS month, c.currency, sum(c.total_charge - c.total_paid) AS open, round(avg(c.share), 2) FROM cdm.cost c GROUP BY 1, 2 ORDER BY 1, 2

--- cohort-costs-by-visit
--: masked
SELECT v.visit_concept_id, count(c.cost_id), sum(c.total_charge) FROM cdm.visit_occurrence v LEFT JOIN cdm.cost c ON c.visit_occurrence_id = v.visit_occurrence_id GROUP BY 1 ORDER BY 1

--- cohort-cost-top
--: masked
SELECT cost_id, total_charge, rank() OVER (ORDER BY total_charge DESC) FROM cdm.cost ORDER BY total_charge DESC, cost_id LIMIT 15
