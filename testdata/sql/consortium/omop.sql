-- What study packages, cohort generators and characterisation send over the common data model.

--- circe-codesets-temp-table
-- A cohort generator writes its concept sets into a temporary table, then reads it.
--: masked or refused
CREATE TEMP TABLE codesets (codeset_id int NOT NULL, concept_id bigint NOT NULL)
--;
INSERT INTO codesets (codeset_id, concept_id) SELECT 0 AS codeset_id, c.concept_id FROM (SELECT DISTINCT i.concept_id FROM (SELECT concept_id FROM omop.concept WHERE concept_id IN (201820) UNION SELECT c.concept_id FROM omop.concept c JOIN omop.concept_ancestor ca ON c.concept_id = ca.descendant_concept_id AND ca.ancestor_concept_id IN (201820) AND c.invalid_reason IS NULL) i) c
--;
SELECT count(*) FROM codesets

--- circe-cohort-as-ctes
--: masked unordered
WITH codesets AS (
  SELECT 0 AS codeset_id, c.concept_id FROM (SELECT DISTINCT i.concept_id FROM (
    SELECT concept_id FROM omop.concept WHERE concept_id IN (201820)
    UNION SELECT c.concept_id FROM omop.concept c JOIN omop.concept_ancestor ca ON c.concept_id = ca.descendant_concept_id AND ca.ancestor_concept_id IN (201820) AND c.invalid_reason IS NULL) i
    LEFT JOIN (SELECT concept_id FROM omop.concept WHERE concept_id IN (201254)) e ON i.concept_id = e.concept_id WHERE e.concept_id IS NULL) c),
qualified_events AS (
  SELECT pe.event_id, pe.person_id, pe.start_date, pe.end_date, pe.op_start_date, pe.op_end_date, pe.visit_occurrence_id
  FROM (SELECT pe.event_id, pe.person_id, pe.start_date, pe.end_date, pe.op_start_date, pe.op_end_date, row_number() OVER (PARTITION BY pe.person_id ORDER BY pe.sort_date ASC, pe.event_id) AS ordinal, cast(pe.visit_occurrence_id AS text) AS visit_occurrence_id
    FROM (SELECT p.person_id, p.event_id, p.start_date, p.end_date, op.observation_period_start_date AS op_start_date, op.observation_period_end_date AS op_end_date, p.sort_date, p.visit_occurrence_id
      FROM (SELECT c.person_id, c.condition_occurrence_id AS event_id, c.start_date, c.end_date, c.visit_occurrence_id, c.start_date AS sort_date
        FROM (SELECT co.person_id, co.condition_occurrence_id, co.condition_concept_id, co.visit_occurrence_id, co.condition_start_date AS start_date, coalesce(co.condition_end_date, (co.condition_start_date + 1 * interval '1 day')::date) AS end_date
          FROM omop.condition_occurrence co JOIN codesets cs ON (co.condition_concept_id = cs.concept_id AND cs.codeset_id = 0)) c) p
      JOIN omop.observation_period op ON p.person_id = op.person_id AND p.start_date >= op.observation_period_start_date AND p.start_date <= op.observation_period_end_date
      WHERE (op.observation_period_start_date + 0 * interval '1 day') <= p.start_date AND (p.start_date + 0 * interval '1 day') <= op.observation_period_end_date) pe) pe
  WHERE pe.ordinal = 1)
SELECT person_id, start_date, end_date, op_start_date, op_end_date, visit_occurrence_id FROM qualified_events ORDER BY person_id, start_date

--- circe-inclusion-rule-bits
--: masked
WITH events AS (SELECT row_number() OVER (ORDER BY person_id) AS event_id, person_id, min(condition_start_date) AS start_date FROM omop.condition_occurrence WHERE condition_concept_id = 201826 GROUP BY person_id),
inclusion_0 AS (SELECT 0 AS inclusion_rule_id, e.person_id, e.event_id FROM events e JOIN omop.person p ON p.person_id = e.person_id WHERE extract(year FROM e.start_date) - p.year_of_birth >= 18),
inclusion_1 AS (SELECT 1 AS inclusion_rule_id, e.person_id, e.event_id FROM events e WHERE EXISTS (SELECT 1 FROM omop.drug_exposure d WHERE d.person_id = e.person_id AND d.drug_concept_id IN (1503297, 40163924) AND d.drug_exposure_start_date >= e.start_date)),
inclusion_events AS (SELECT * FROM inclusion_0 UNION ALL SELECT * FROM inclusion_1),
included AS (SELECT e.event_id, e.person_id, sum(coalesce(power(cast(2 AS bigint), i.inclusion_rule_id), 0)) AS inclusion_rule_mask FROM events e LEFT JOIN inclusion_events i ON i.person_id = e.person_id AND i.event_id = e.event_id GROUP BY e.event_id, e.person_id)
SELECT inclusion_rule_mask, count(*) AS persons FROM included GROUP BY inclusion_rule_mask ORDER BY inclusion_rule_mask

--- circe-group-criteria-having
--: masked unordered
SELECT pe.person_id, pe.visit_occurrence_id
FROM (SELECT e.person_id, e.visit_occurrence_id, count(g.index_id) AS n FROM omop.visit_occurrence e
  INNER JOIN (
    SELECT 0 AS index_id, v.person_id, v.visit_occurrence_id FROM omop.visit_occurrence v JOIN omop.condition_occurrence c ON c.visit_occurrence_id = v.visit_occurrence_id AND c.condition_concept_id = 320128 GROUP BY v.person_id, v.visit_occurrence_id HAVING count(c.condition_occurrence_id) >= 1
    UNION ALL
    SELECT 1 AS index_id, v.person_id, v.visit_occurrence_id FROM omop.visit_occurrence v LEFT JOIN omop.drug_exposure d ON d.visit_occurrence_id = v.visit_occurrence_id AND d.drug_concept_id = 1308216 GROUP BY v.person_id, v.visit_occurrence_id HAVING count(d.drug_exposure_id) = 0
  ) g ON e.person_id = g.person_id AND e.visit_occurrence_id = g.visit_occurrence_id
  GROUP BY e.person_id, e.visit_occurrence_id HAVING count(g.index_id) = 2) pe
ORDER BY 1, 2

--- circe-era-collapse
--: masked unordered
WITH cte_end_dates (person_id, end_date) AS (
  SELECT person_id, (event_date + -1 * 30 * interval '1 day')::date AS end_date FROM (
    SELECT person_id, event_date, event_type, sum(event_type) OVER (PARTITION BY person_id ORDER BY event_date, event_type ROWS UNBOUNDED PRECEDING) AS interval_status FROM (
      SELECT person_id, drug_exposure_start_date AS event_date, -1 AS event_type FROM omop.drug_exposure
      UNION ALL
      SELECT person_id, (drug_exposure_end_date + 30 * interval '1 day')::date AS end_date, 1 AS event_type FROM omop.drug_exposure) raw) e
  WHERE interval_status = 0),
cte_ends (person_id, start_date, end_date) AS (
  SELECT c.person_id, c.drug_exposure_start_date, min(e.end_date) AS end_date FROM omop.drug_exposure c JOIN cte_end_dates e ON c.person_id = e.person_id AND e.end_date >= c.drug_exposure_start_date GROUP BY c.person_id, c.drug_exposure_start_date)
SELECT person_id, min(start_date) AS era_start, end_date AS era_end, count(*) AS exposures FROM cte_ends GROUP BY person_id, end_date ORDER BY person_id, end_date

--- drug-era-stockpile
--: masked unordered
WITH target AS (SELECT d.drug_exposure_id, d.person_id, c.concept_id AS ingredient_concept_id, d.drug_exposure_start_date AS start_date, coalesce(nullif(drug_exposure_end_date, NULL), nullif(drug_exposure_start_date + (interval '1 day' * days_supply), drug_exposure_start_date), drug_exposure_start_date + interval '1 day') AS end_date
  FROM omop.drug_exposure d JOIN omop.concept_ancestor ca ON ca.descendant_concept_id = d.drug_concept_id JOIN omop.concept c ON ca.ancestor_concept_id = c.concept_id WHERE c.vocabulary_id = 'RxNorm' AND c.concept_class_id = 'Ingredient' AND d.drug_concept_id != 0 AND coalesce(d.days_supply, 0) >= 0),
gaps AS (SELECT *, CASE WHEN start_date <= lag(end_date) OVER (PARTITION BY person_id, ingredient_concept_id ORDER BY start_date, drug_exposure_id) + interval '30 days' THEN 0 ELSE 1 END AS new_era FROM target),
eras AS (SELECT *, sum(new_era) OVER (PARTITION BY person_id, ingredient_concept_id ORDER BY start_date, drug_exposure_id ROWS UNBOUNDED PRECEDING) AS era FROM gaps)
SELECT person_id, ingredient_concept_id, era, min(start_date)::date AS era_start, max(end_date)::date AS era_end, count(*) AS n FROM eras GROUP BY 1, 2, 3 ORDER BY 1, 2, 3

--- cohort-counts-per-definition
--: masked
SELECT cohort_definition_id, count(*) AS cohort_entries, count(DISTINCT subject_id) AS cohort_subjects FROM results.cohort GROUP BY cohort_definition_id ORDER BY cohort_definition_id

--- cohort-overlap
--: masked
SELECT count(*) FILTER (WHERE a.subject_id IS NOT NULL AND b.subject_id IS NOT NULL) AS both, count(*) FILTER (WHERE b.subject_id IS NULL) AS only_1, count(*) FILTER (WHERE a.subject_id IS NULL) AS only_2 FROM (SELECT DISTINCT subject_id FROM results.cohort WHERE cohort_definition_id = 1) a FULL JOIN (SELECT DISTINCT subject_id FROM results.cohort WHERE cohort_definition_id = 2) b ON a.subject_id = b.subject_id

--- feature-extraction-demographics
--: masked
SELECT cast(gender_concept_id AS bigint) * 1000 + 1 AS covariate_id, sum(covariate_value) AS sum_value, avg(covariate_value)::numeric(6,3) AS average FROM (SELECT p.gender_concept_id, 1 AS covariate_value FROM results.cohort c INNER JOIN omop.person p ON c.subject_id = p.person_id WHERE c.cohort_definition_id IN (1, 2)) raw GROUP BY gender_concept_id ORDER BY 1

--- feature-extraction-age-groups
--: masked
SELECT floor((extract(year FROM c.cohort_start_date) - p.year_of_birth) / 5) * 1000 + 3 AS covariate_id, count(*) FROM results.cohort c JOIN omop.person p ON p.person_id = c.subject_id GROUP BY 1 ORDER BY 1

--- feature-extraction-distribution
--: masked
SELECT cohort_definition_id, count(*) AS count_value, min(days) AS min_value, max(days) AS max_value, avg(days)::numeric(10,2) AS average_value, round(stddev(days)::numeric, 3) AS sd, percentile_disc(0.5) WITHIN GROUP (ORDER BY days) AS median_value, percentile_disc(0.25) WITHIN GROUP (ORDER BY days) AS p25, percentile_cont(0.9) WITHIN GROUP (ORDER BY days) AS p90 FROM (SELECT cohort_definition_id, cohort_end_date - cohort_start_date AS days FROM results.cohort) t GROUP BY cohort_definition_id ORDER BY 1

--- achilles-age-decile-by-gender
--: masked
SELECT CAST(NULL AS varchar(255)) AS stratum_2, p.gender_concept_id::varchar AS stratum_1, floor((extract(year FROM op.index_date) - p.year_of_birth) / 10) AS age_decile, count(p.person_id) AS count_value FROM omop.person p JOIN (SELECT person_id, min(observation_period_start_date) AS index_date FROM omop.observation_period GROUP BY person_id) op ON p.person_id = op.person_id GROUP BY p.gender_concept_id, floor((extract(year FROM op.index_date) - p.year_of_birth) / 10) ORDER BY 2, 3

--- achilles-records-per-person-distribution
--: masked
WITH raw AS (SELECT num_observations AS count_value FROM (SELECT p.person_id, count(v.visit_occurrence_id) AS num_observations FROM omop.person p LEFT JOIN omop.visit_occurrence v ON v.person_id = p.person_id GROUP BY p.person_id) t),
overall_stats (avg_value, stdev_value, min_value, max_value, total) AS (SELECT CAST(avg(count_value * 1.0) AS float), CAST(stddev(count_value) AS float), min(count_value), max(count_value), count(*) FROM raw),
stats (count_value, total, rn) AS (SELECT count_value, count(*) AS total, row_number() OVER (ORDER BY count_value) AS rn FROM raw GROUP BY count_value),
prior (count_value, total, accumulated) AS (SELECT s.count_value, s.total, sum(p.total) AS accumulated FROM stats s JOIN stats p ON p.rn <= s.rn GROUP BY s.count_value, s.total, s.rn)
SELECT o.total AS count_value, o.min_value, o.max_value, round(o.avg_value::numeric, 4) AS avg_value, round(o.stdev_value::numeric, 4) AS stdev_value, min(CASE WHEN p.accumulated >= .50 * o.total THEN count_value ELSE o.max_value END) AS median_value, min(CASE WHEN p.accumulated >= .10 * o.total THEN count_value ELSE o.max_value END) AS p10_value FROM prior p CROSS JOIN overall_stats o GROUP BY o.total, o.min_value, o.max_value, o.avg_value, o.stdev_value

--- data-quality-not-null-check
--: masked
SELECT num_violated_rows, CASE WHEN denominator.num_rows = 0 THEN 0 ELSE 1.0 * num_violated_rows / denominator.num_rows END AS pct_violated_rows, denominator.num_rows AS num_denominator_rows FROM (SELECT count(violated_rows.violating_field) AS num_violated_rows FROM (SELECT 'person.provider_id' AS violating_field, cdmTable.* FROM omop.person cdmTable WHERE cdmTable.provider_id IS NULL) violated_rows) violated_row_count CROSS JOIN (SELECT count(*) AS num_rows FROM omop.person cdmTable) denominator

--- data-quality-foreign-key-check
--: masked
SELECT count(*) AS violations FROM omop.condition_occurrence c LEFT JOIN omop.visit_occurrence v ON c.visit_occurrence_id = v.visit_occurrence_id WHERE c.visit_occurrence_id IS NOT NULL AND v.visit_occurrence_id IS NULL

--- data-quality-plausible-temporal
--: masked
SELECT count(*) FROM omop.visit_occurrence WHERE visit_end_date < visit_start_date

--- person-concepts-named
--: masked unordered
SELECT p.person_id, g.concept_name AS gender, r.concept_name AS race, e.concept_name AS ethnicity, p.year_of_birth FROM omop.person p LEFT JOIN omop.concept g ON g.concept_id = p.gender_concept_id LEFT JOIN omop.concept r ON r.concept_id = p.race_concept_id LEFT JOIN omop.concept e ON e.concept_id = p.ethnicity_concept_id ORDER BY p.person_id

--- top-conditions-with-persons
--: masked
SELECT c.concept_name, count(*) AS records, count(DISTINCT co.person_id) AS persons, round(100.0 * count(DISTINCT co.person_id) / (SELECT count(*) FROM omop.person), 1) AS pct FROM omop.condition_occurrence co JOIN omop.concept c ON c.concept_id = co.condition_concept_id GROUP BY c.concept_name ORDER BY records DESC, c.concept_name LIMIT 10

--- concept-set-descendants
--: masked
SELECT DISTINCT c.concept_id, c.concept_name FROM omop.concept c JOIN omop.concept_ancestor ca ON c.concept_id = ca.descendant_concept_id WHERE ca.ancestor_concept_id = ANY (ARRAY[201820, 316866]) AND c.standard_concept = 'S' ORDER BY c.concept_name

--- concept-maps-to
--: masked
SELECT s.concept_code, t.concept_id, t.concept_name FROM omop.concept s JOIN omop.concept_relationship r ON r.concept_id_1 = s.concept_id AND r.relationship_id = 'Maps to' AND r.invalid_reason IS NULL JOIN omop.concept t ON t.concept_id = r.concept_id_2 AND t.standard_concept = 'S' WHERE s.vocabulary_id LIKE 'ICD%' ORDER BY 1, 2

--- hierarchy-recursive
--: masked
WITH RECURSIVE tree AS (SELECT ancestor_concept_id, descendant_concept_id, 1 AS depth, ARRAY[ancestor_concept_id, descendant_concept_id] AS path FROM omop.concept_ancestor WHERE ancestor_concept_id = 201820 AND min_levels_of_separation = 1 UNION ALL SELECT t.ancestor_concept_id, a.descendant_concept_id, t.depth + 1, t.path || a.descendant_concept_id FROM tree t JOIN omop.concept_ancestor a ON a.ancestor_concept_id = t.descendant_concept_id AND a.min_levels_of_separation = 1 WHERE t.depth < 5) SELECT * FROM tree ORDER BY path

--- incidence-rate
--: masked
WITH tar AS (SELECT c.subject_id, c.cohort_start_date AS start_date, least(op.observation_period_end_date, c.cohort_start_date + 365) AS end_date FROM results.cohort c JOIN omop.observation_period op ON op.person_id = c.subject_id AND c.cohort_start_date BETWEEN op.observation_period_start_date AND op.observation_period_end_date WHERE c.cohort_definition_id = 1),
outcome AS (SELECT person_id, min(condition_start_date) AS first_date FROM omop.condition_occurrence WHERE condition_concept_id = 4329847 GROUP BY person_id)
SELECT count(DISTINCT t.subject_id) AS persons_at_risk, sum(least(t.end_date, coalesce(o.first_date, t.end_date)) - t.start_date) AS person_days, count(*) FILTER (WHERE o.first_date BETWEEN t.start_date AND t.end_date) AS cases, round(1000.0 * 365.25 * count(*) FILTER (WHERE o.first_date BETWEEN t.start_date AND t.end_date) / nullif(sum(least(t.end_date, coalesce(o.first_date, t.end_date)) - t.start_date), 0), 3) AS ir FROM tar t LEFT JOIN outcome o ON o.person_id = t.subject_id AND o.first_date >= t.start_date

--- readmission-30-days
--: masked
WITH stays AS (SELECT person_id, visit_occurrence_id, visit_start_date, visit_end_date, lead(visit_start_date) OVER (PARTITION BY person_id ORDER BY visit_start_date, visit_occurrence_id) AS next_start FROM omop.visit_occurrence WHERE visit_concept_id IN (9201, 9203))
SELECT count(*) AS discharges, count(*) FILTER (WHERE next_start - visit_end_date <= 30) AS readmissions, round(avg((next_start - visit_end_date <= 30)::int), 4) AS rate FROM stays

--- readmission-self-join
--: masked unordered
SELECT a.person_id, a.visit_occurrence_id AS index_visit, b.visit_occurrence_id AS readmit_visit, b.visit_start_date - a.visit_end_date AS gap FROM omop.visit_occurrence a JOIN omop.visit_occurrence b ON a.person_id = b.person_id AND b.visit_start_date > a.visit_end_date AND b.visit_start_date <= a.visit_end_date + interval '90 days' WHERE a.visit_concept_id = 9201 ORDER BY 1, 2, 3

--- treatment-pathway-sequence
--: masked
WITH ordered AS (SELECT person_id, c.concept_name, row_number() OVER (PARTITION BY person_id ORDER BY min(drug_exposure_start_date), c.concept_name) AS step FROM omop.drug_exposure d JOIN omop.concept c ON c.concept_id = d.drug_concept_id GROUP BY person_id, c.concept_name) SELECT pathway, count(*) AS persons FROM (SELECT person_id, string_agg(concept_name, ' > ' ORDER BY step) AS pathway FROM ordered GROUP BY person_id) p GROUP BY pathway ORDER BY persons DESC, pathway

--- proportion-of-days-covered
--: masked unordered
SELECT person_id, drug_concept_id, count(DISTINCT day)::numeric / 365 AS pdc FROM omop.drug_exposure d CROSS JOIN LATERAL generate_series(d.drug_exposure_start_date, d.drug_exposure_end_date, interval '1 day') AS g(day) GROUP BY person_id, drug_concept_id ORDER BY person_id, drug_concept_id

--- last-measurement-before-index
--: masked unordered
SELECT c.subject_id, m.value_as_number AS last_value, m.measurement_date FROM results.cohort c LEFT JOIN LATERAL (SELECT value_as_number, measurement_date FROM omop.measurement m WHERE m.person_id = c.subject_id AND m.measurement_concept_id = 3004410 AND m.measurement_date <= c.cohort_end_date ORDER BY m.measurement_date DESC, m.value_as_number DESC NULLS LAST LIMIT 1) m ON true WHERE c.cohort_definition_id = 1 ORDER BY c.subject_id

--- distinct-on-first-lab
--: masked unordered
SELECT DISTINCT ON (person_id) person_id, measurement_date, value_as_number, measurement_id FROM omop.measurement WHERE measurement_concept_id = 3016723 ORDER BY person_id, measurement_date, measurement_id

--- abnormal-by-range
--: masked
SELECT measurement_concept_id, CASE WHEN value_as_number < range_low THEN 'low' WHEN value_as_number > range_high THEN 'high' WHEN value_as_number IS NULL THEN 'missing' ELSE 'normal' END AS category, count(*) FROM omop.measurement GROUP BY 1, 2 ORDER BY 1, 2

--- lab-histogram-width-bucket
--: masked
SELECT width_bucket(value_as_number, 4, 12, 8) AS bucket, min(value_as_number), max(value_as_number), count(*) FROM omop.measurement WHERE measurement_concept_id = 3004410 AND value_as_number IS NOT NULL GROUP BY bucket ORDER BY bucket

--- monthly-visits-calendar
--: masked
SELECT to_char(m.month, 'YYYY-MM') AS month, count(v.visit_occurrence_id) AS visits FROM generate_series(date '2018-01-01', date '2018-12-01', interval '1 month') AS m(month) LEFT JOIN omop.visit_occurrence v ON date_trunc('month', v.visit_start_date) = m.month GROUP BY m.month ORDER BY m.month

--- visits-grouping-sets
--: masked
SELECT coalesce(c.concept_name, 'All') AS visit, coalesce(extract(year FROM v.visit_start_date)::text, 'All') AS year, count(*), grouping(c.concept_name, extract(year FROM v.visit_start_date)) AS g FROM omop.visit_occurrence v JOIN omop.concept c ON c.concept_id = v.visit_concept_id GROUP BY GROUPING SETS ((c.concept_name, extract(year FROM v.visit_start_date)), (c.concept_name), ()) ORDER BY 4, 1, 2

--- cube-of-demographics
--: masked
SELECT gender_concept_id, race_concept_id, count(*) FROM omop.person GROUP BY CUBE (gender_concept_id, race_concept_id) ORDER BY gender_concept_id NULLS LAST, race_concept_id NULLS LAST

--- cohort-matching-by-year-and-sex
-- Who is matched with whom depends on the order of sealed ids.
--: shape
WITH cases AS (SELECT p.person_id, p.gender_concept_id, p.race_concept_id, row_number() OVER (PARTITION BY p.gender_concept_id, p.race_concept_id ORDER BY p.person_id) AS rn FROM omop.person p WHERE EXISTS (SELECT 1 FROM results.cohort c WHERE c.subject_id = p.person_id AND c.cohort_definition_id = 1)),
controls AS (SELECT p.person_id, p.gender_concept_id, p.race_concept_id, row_number() OVER (PARTITION BY p.gender_concept_id, p.race_concept_id ORDER BY p.person_id) AS rn FROM omop.person p WHERE NOT EXISTS (SELECT 1 FROM results.cohort c WHERE c.subject_id = p.person_id AND c.cohort_definition_id = 1))
SELECT a.person_id AS case_id, b.person_id AS control_id FROM cases a JOIN controls b USING (gender_concept_id, race_concept_id, rn) ORDER BY 1

--- new-users-washout
--: masked
SELECT count(*) FROM (SELECT d.person_id, min(d.drug_exposure_start_date) AS index_date FROM omop.drug_exposure d WHERE d.drug_concept_id = 1308216 GROUP BY d.person_id) i JOIN omop.observation_period op ON op.person_id = i.person_id WHERE i.index_date - op.observation_period_start_date >= 180

--- deaths-within-year
--: masked unordered
SELECT d.person_id, d.death_date - c.cohort_start_date AS days_to_death, coalesce(k.concept_name, 'unknown') AS cause FROM results.cohort c JOIN omop.death d ON d.person_id = c.subject_id LEFT JOIN omop.concept k ON k.concept_id = d.cause_concept_id WHERE c.cohort_definition_id = 2 ORDER BY 1

--- except-and-intersect-of-persons
--: masked unordered
(SELECT person_id FROM omop.drug_exposure WHERE drug_concept_id = 1308216 INTERSECT SELECT person_id FROM omop.condition_occurrence WHERE condition_concept_id = 320128) EXCEPT SELECT person_id FROM omop.death ORDER BY person_id

--- collected-ids-unnested
-- Ids are collected, then expanded again.
--: masked unordered
WITH ids AS (SELECT array_agg(DISTINCT person_id ORDER BY person_id) AS persons FROM omop.condition_occurrence WHERE condition_concept_id = 4329847) SELECT u.person_id, p.gender_concept_id FROM ids, unnest(ids.persons) AS u(person_id) JOIN omop.person p ON p.person_id = u.person_id ORDER BY 1

--- collected-ids-any
--: masked
WITH ids AS (SELECT array_agg(person_id) AS persons FROM omop.condition_occurrence WHERE condition_concept_id = 4329847) SELECT count(*) FROM omop.visit_occurrence v, ids WHERE v.person_id = ANY (ids.persons)

--- collected-ids-position
--: masked
SELECT array_position(a.visits, v.visit_occurrence_id) AS nth, count(*) FROM omop.visit_occurrence v JOIN (SELECT person_id, array_agg(visit_occurrence_id ORDER BY visit_start_date, visit_occurrence_id) AS visits FROM omop.visit_occurrence GROUP BY person_id) a USING (person_id) GROUP BY 1 ORDER BY 1

--- collected-ids-cardinality
--: masked unordered
SELECT person_id, cardinality(array_agg(DISTINCT visit_occurrence_id)) AS visits, (array_agg(visit_concept_id ORDER BY visit_start_date, visit_concept_id))[1] AS first_kind FROM omop.visit_occurrence GROUP BY person_id ORDER BY person_id

--- persons-by-ids
--: masked unordered
--: param {{cell SELECT person_id FROM omop.person ORDER BY person_id LIMIT 1}}
--: param {{cell SELECT person_id FROM omop.person ORDER BY person_id DESC LIMIT 1}}
SELECT person_id, gender_concept_id, year_of_birth FROM omop.person WHERE person_id IN ($1, $2) ORDER BY person_id

--- persons-any-parameter
--: masked
--: param {{{cell SELECT person_id FROM omop.person ORDER BY person_id LIMIT 1}}}
SELECT person_id, gender_concept_id FROM omop.person WHERE person_id = ANY ($1)

--- persons-unnest-ordinality
--: masked
--: param {{{cell SELECT string_agg(person_id, ',' ORDER BY person_id DESC) FROM omop.person WHERE gender_concept_id = 8507}}}
SELECT u.ord, p.person_id, p.race_concept_id FROM unnest($1::text[]) WITH ORDINALITY AS u(id, ord) JOIN omop.person p ON p.person_id = u.id ORDER BY u.ord

--- keyset-paging-by-id
--: shape
--: param {{cell SELECT person_id FROM omop.person ORDER BY person_id OFFSET 20 LIMIT 1}}
SELECT person_id, race_concept_id FROM omop.person WHERE person_id > $1 ORDER BY person_id LIMIT 10

--- visits-between-shifted-dates
--: masked unordered
SELECT visit_occurrence_id, visit_start_date FROM omop.visit_occurrence WHERE visit_start_date BETWEEN '2019-01-01' AND '2019-12-31' AND visit_concept_id = 9201 ORDER BY visit_start_date, visit_occurrence_id

--- age-view-summary
--: masked
SELECT visit_concept_id, CASE WHEN age < 18 THEN '0-17' WHEN age < 45 THEN '18-44' WHEN age < 65 THEN '45-64' ELSE '65+' END AS age_group, count(DISTINCT person_id) FROM omop.v_age_at_visit GROUP BY 1, 2 ORDER BY 1, 2

--- correlated-visit-count
--: masked unordered
SELECT p.person_id, (SELECT count(*) FROM omop.visit_occurrence v WHERE v.person_id = p.person_id) AS visits, (SELECT max(v.visit_start_date) FROM omop.visit_occurrence v WHERE v.person_id = p.person_id) AS last_visit FROM omop.person p ORDER BY visits DESC, p.person_id

--- comorbidity-score
--: masked unordered
SELECT person_id, sum(weight) AS score FROM (SELECT DISTINCT co.person_id, w.concept_id, w.weight FROM omop.condition_occurrence co JOIN omop.concept_ancestor ca ON ca.descendant_concept_id = co.condition_concept_id JOIN (VALUES (201820, 1), (4329847, 1), (316866, 2)) AS w(concept_id, weight) ON w.concept_id = ca.ancestor_concept_id) s GROUP BY person_id ORDER BY score DESC, person_id

--- measurement-pivot
--: masked unordered
SELECT visit_occurrence_id, max(value_as_number) FILTER (WHERE measurement_concept_id = 3004410) AS hba1c, max(value_as_number) FILTER (WHERE measurement_concept_id = 3016723) AS creatinine FROM omop.measurement GROUP BY visit_occurrence_id ORDER BY visit_occurrence_id

--- creatinine-ratio-to-baseline
--: masked unordered
SELECT person_id, measurement_id, value_as_number / nullif(first_value(value_as_number) OVER w, 0) AS ratio, value_as_number - lag(value_as_number) OVER w AS delta FROM omop.measurement WHERE measurement_concept_id = 3016723 AND value_as_number IS NOT NULL WINDOW w AS (PARTITION BY person_id ORDER BY measurement_date, value_as_number) ORDER BY person_id, measurement_id

--- rolling-average-of-three
--: masked unordered
SELECT person_id, measurement_date, round(avg(value_as_number) OVER (PARTITION BY person_id ORDER BY measurement_date, value_as_number ROWS BETWEEN 2 PRECEDING AND CURRENT ROW), 3) AS ma3 FROM omop.measurement WHERE measurement_concept_id = 3004410 ORDER BY person_id, measurement_date

--- rows-in-date-range-frame
--: masked unordered
SELECT person_id, visit_start_date, count(*) OVER (PARTITION BY person_id ORDER BY visit_start_date RANGE BETWEEN interval '365 days' PRECEDING AND CURRENT ROW) AS visits_last_year FROM omop.visit_occurrence ORDER BY person_id, visit_start_date, 3

--- persons-without-any-visit
--: masked
SELECT count(*) FROM omop.person p WHERE p.person_id NOT IN (SELECT person_id FROM omop.visit_occurrence)

--- sccs-eras-json
--: masked
SELECT json_agg(row_to_json(t)) FROM (SELECT drug_concept_id, count(*) AS eras, sum(drug_exposure_count) AS exposures FROM omop.drug_era GROUP BY drug_concept_id ORDER BY drug_concept_id) t

--- location-by-state
--: masked
SELECT l.state, l.zip, count(*) AS persons FROM omop.person p JOIN omop.location l USING (location_id) GROUP BY l.state, l.zip HAVING count(*) >= 2 ORDER BY 1, 2

--- dbplyr-head-of-joined
--: masked unordered
SELECT "LHS".*, "concept_name" FROM (SELECT "person_id", "condition_concept_id", COUNT(*) AS "n" FROM "omop"."condition_occurrence" WHERE (NOT((("condition_concept_id") IS NULL))) GROUP BY "person_id", "condition_concept_id") AS "LHS" LEFT JOIN "omop"."concept" ON ("LHS"."condition_concept_id" = "concept"."concept_id") ORDER BY "person_id", "condition_concept_id"

--- dbplyr-mutate-in-subqueries
--: masked unordered
SELECT "q01".*, CASE WHEN ("los" > 3.0) THEN 'long' WHEN NOT ("los" > 3.0) THEN 'short' END AS "kind" FROM (SELECT "visit_occurrence_id", "visit_end_date" - "visit_start_date" AS "los" FROM "omop"."visit_occurrence") AS "q01" WHERE ("los" > 0) ORDER BY "visit_occurrence_id"

--- dbplyr-window-mutate
--: masked unordered
SELECT "person_id", "n", "n" / SUM("n") OVER () AS "share", RANK() OVER (ORDER BY "n" DESC) AS "r" FROM (SELECT "person_id", COUNT(*)::numeric AS "n" FROM "omop"."drug_exposure" GROUP BY "person_id") AS "q01" ORDER BY "r", "person_id"

--- ibis-aliases-everywhere
--: masked
SELECT "t3"."gender_concept_id", "t3"."n", "t3"."mean_value" FROM (SELECT "t2"."gender_concept_id", COUNT(*) AS "n", CAST(AVG("t2"."value_as_number") AS DECIMAL(12, 4)) AS "mean_value" FROM (SELECT "t0"."person_id", "t0"."value_as_number", "t1"."gender_concept_id" FROM "omop"."measurement" AS "t0" INNER JOIN "omop"."person" AS "t1" ON "t0"."person_id" = "t1"."person_id" WHERE "t0"."measurement_concept_id" = CAST(3004410 AS INT)) AS "t2" GROUP BY 1) AS "t3" ORDER BY "t3"."n" DESC NULLS LAST, 1 ASC

--- condition-cooccurrence
--: masked
SELECT a.condition_concept_id AS c1, b.condition_concept_id AS c2, count(DISTINCT a.person_id) AS persons FROM omop.condition_occurrence a JOIN omop.condition_occurrence b ON a.person_id = b.person_id AND a.condition_concept_id < b.condition_concept_id GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2

--- source-values-joined
--: masked
SELECT p.person_source_value, count(*) FROM omop.person p JOIN omop.visit_occurrence v ON v.person_id = p.person_id GROUP BY p.person_source_value ORDER BY count(*) DESC, p.person_source_value LIMIT 5

--- previous-visit-chain
--: masked unordered
WITH RECURSIVE chain AS (SELECT visit_occurrence_id, preceding_visit_occurrence_id, person_id, 1 AS pos FROM omop.visit_occurrence WHERE preceding_visit_occurrence_id IS NULL UNION ALL SELECT v.visit_occurrence_id, v.preceding_visit_occurrence_id, v.person_id, c.pos + 1 FROM omop.visit_occurrence v JOIN chain c ON v.preceding_visit_occurrence_id = c.visit_occurrence_id) SELECT person_id, max(pos) AS longest FROM chain GROUP BY person_id ORDER BY longest DESC, person_id

--- chi-square-cells
--: masked
SELECT (d.person_id IS NOT NULL) AS exposed, (m.person_id IS NOT NULL) AS outcome, count(*) FROM omop.person p LEFT JOIN (SELECT DISTINCT person_id FROM omop.drug_exposure WHERE drug_concept_id = 1308216) d ON d.person_id = p.person_id LEFT JOIN (SELECT DISTINCT person_id FROM omop.condition_occurrence WHERE condition_concept_id = 4329847) m ON m.person_id = p.person_id GROUP BY 1, 2 ORDER BY 1, 2

--- regression-slope-of-labs
--: masked unordered
SELECT person_id, count(*) AS n, round(regr_slope(value_as_number::float8, extract(epoch FROM measurement_date)::float8)::numeric, 12) AS slope, round(corr(value_as_number::float8, days_supply::float8)::numeric, 6) AS r FROM omop.measurement JOIN omop.drug_exposure USING (person_id) WHERE measurement_concept_id = 3004410 GROUP BY person_id HAVING count(*) > 3 ORDER BY person_id

--- collected-ids-counted-outside
--: masked unordered
SELECT a.gender_concept_id, cardinality(a.ids), array_length(a.ids, 1), a.ids IS NULL AS none FROM (SELECT gender_concept_id, array_agg(person_id) AS ids FROM omop.person GROUP BY gender_concept_id) a

--- collected-ids-in-two-queries
--: masked
WITH cohort AS (SELECT array_agg(DISTINCT subject_id) AS ids FROM results.cohort WHERE cohort_definition_id = 2), small AS (SELECT ids FROM cohort) SELECT count(*), count(DISTINCT d.person_id) FROM small s JOIN omop.drug_exposure d ON d.person_id = ANY (s.ids)

--- collected-ids-not-in
--: masked
SELECT count(*) FROM omop.person p, (SELECT array_agg(subject_id) AS ids FROM results.cohort) c WHERE p.person_id <> ALL (c.ids)

--- collected-ids-lateral-with-rows
--: masked unordered
SELECT a.gender_concept_id, u.id, d.death_date FROM (SELECT gender_concept_id, array_agg(person_id ORDER BY year_of_birth) AS ids FROM omop.person GROUP BY 1) a CROSS JOIN LATERAL unnest(a.ids) AS u(id) LEFT JOIN omop.death d ON d.person_id = u.id

--- unpivoted-by-values
--: masked
SELECT x.kind, count(*), count(DISTINCT x.id) FROM omop.visit_occurrence p CROSS JOIN LATERAL (VALUES ('cur', p.visit_occurrence_id), ('prev', p.preceding_visit_occurrence_id), ('none', NULL)) AS x(kind, id) GROUP BY x.kind ORDER BY x.kind

--- unpivoted-by-values-and-joined
--: masked
SELECT count(*) FROM omop.visit_occurrence v, LATERAL (VALUES (v.visit_occurrence_id), (v.preceding_visit_occurrence_id)) AS x(id) JOIN omop.measurement m ON m.visit_occurrence_id = x.id WHERE v.visit_concept_id = 9201

--- distinct-pairs-counted
--: masked
SELECT visit_concept_id, count(DISTINCT (person_id, care_site_id)) AS pairs, count(DISTINCT (person_id, provider_id, visit_start_date)) AS days FROM omop.visit_occurrence GROUP BY visit_concept_id ORDER BY visit_concept_id

--- collected-ids-element
--: masked
WITH seq AS (SELECT person_id, array_agg(visit_occurrence_id ORDER BY visit_concept_id, visit_start_date) AS ids FROM omop.visit_occurrence GROUP BY person_id) SELECT v.visit_concept_id, count(*), count(s.ids[3]), count(s.ids[array_upper(s.ids, 1)]) FROM seq s JOIN omop.visit_occurrence v ON v.visit_occurrence_id = s.ids[1] GROUP BY 1 ORDER BY 1
