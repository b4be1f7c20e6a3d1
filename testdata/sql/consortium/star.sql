-- What a query tool sends over a star schema, and what analysts ask of it, of medical records
-- as observations and of a tumour registry.

--- query-tool-concept-panel
--: masked
SELECT count(DISTINCT f.patient_num) FROM i2b2data.observation_fact f WHERE f.concept_cd IN (SELECT concept_cd FROM i2b2data.concept_dimension WHERE concept_path LIKE '\\i2b2\\Diagnoses\\Diabetes\\%')

--- query-tool-panels-by-temp-counts
--: masked
WITH t AS (
  SELECT f.patient_num, 0 AS panel_count FROM i2b2data.observation_fact f WHERE f.concept_cd IN (SELECT concept_cd FROM i2b2data.concept_dimension WHERE concept_path LIKE '\\i2b2\\Diagnoses\\%') GROUP BY f.patient_num
  UNION ALL
  SELECT f.patient_num, 1 AS panel_count FROM i2b2data.observation_fact f WHERE f.concept_cd IN (SELECT concept_cd FROM i2b2data.concept_dimension WHERE concept_path LIKE '\\i2b2\\Labtests\\HBA1C\\%') AND f.valtype_cd = 'N' AND f.nval_num > 6.5 AND f.tval_char IN ('E', 'G') GROUP BY f.patient_num)
SELECT count(*) FROM (SELECT patient_num FROM t GROUP BY patient_num HAVING count(DISTINCT panel_count) = 2) d

--- query-tool-dimcode-in-patient-set
--: masked
SELECT p.sex_cd, count(DISTINCT p.patient_num) AS patient_count FROM i2b2data.patient_dimension p WHERE p.patient_num IN (SELECT c.patient_num FROM i2b2data.qt_patient_set_collection c WHERE c.result_instance_id = 77) GROUP BY p.sex_cd ORDER BY p.sex_cd

--- query-tool-numeric-with-flag
--: masked unordered
SELECT f.encounter_num, f.patient_num FROM i2b2data.observation_fact f WHERE f.concept_cd = 'LOINC:2160-0' AND ((valtype_cd = 'N' AND nval_num > 3 AND tval_char IN ('G', 'GE')) OR (valtype_cd = 'N' AND nval_num BETWEEN 2 AND 9 AND tval_char = 'E')) AND f.modifier_cd IN ('@') GROUP BY f.encounter_num, f.patient_num ORDER BY 1, 2

--- query-tool-excluded-panel
--: masked
SELECT count(*) FROM i2b2data.patient_dimension p WHERE p.vital_status_cd = 'N' AND NOT EXISTS (SELECT 1 FROM i2b2data.observation_fact f WHERE f.patient_num = p.patient_num AND f.concept_cd = 'ICD10:I10')

--- query-tool-temporal-first-before-any
--: masked
WITH first_dx AS (SELECT patient_num, min(start_date) AS first_start FROM i2b2data.observation_fact WHERE concept_cd = 'ICD10:E11.9' GROUP BY patient_num) SELECT count(DISTINCT x.patient_num) FROM first_dx x JOIN i2b2data.observation_fact f ON f.patient_num = x.patient_num AND f.concept_cd = 'RXNORM:6809' AND x.first_start < f.start_date

--- query-tool-same-visit
--: masked
SELECT count(DISTINCT a.patient_num) FROM i2b2data.observation_fact a JOIN i2b2data.observation_fact b ON a.encounter_num = b.encounter_num AND a.patient_num = b.patient_num WHERE a.concept_cd = 'ICD10:E11.9' AND b.concept_cd = 'LOINC:4548-4'

--- query-tool-breakdown-by-age
--: masked
SELECT CASE WHEN age_in_years_num < 18 THEN '0-17' WHEN age_in_years_num BETWEEN 18 AND 44 THEN '18-44' WHEN age_in_years_num BETWEEN 45 AND 64 THEN '45-64' ELSE '>=65' END AS patient_range, count(DISTINCT patient_num) AS patient_count FROM i2b2data.patient_dimension GROUP BY 1 ORDER BY 1

--- query-tool-visits-with-length
--: masked
SELECT v.inout_cd, round(avg(v.length_of_stay), 3) AS los, count(*) FROM i2b2data.visit_dimension v JOIN i2b2data.qt_patient_set_collection s USING (patient_num) WHERE s.result_instance_id = 77 AND s.set_index BETWEEN 1 AND 30 GROUP BY v.inout_cd ORDER BY v.inout_cd

--- query-tool-fact-dump-page
--: masked unordered
SELECT obs.encounter_num, obs.patient_num, obs.concept_cd, obs.provider_id, obs.start_date, obs.nval_num, cd.name_char FROM i2b2data.observation_fact obs JOIN i2b2data.concept_dimension cd ON cd.concept_cd = obs.concept_cd WHERE obs.valtype_cd = 'N' ORDER BY obs.patient_num, obs.encounter_num, obs.concept_cd, obs.instance_num

--- facts-per-provider
--: masked
SELECT provider_id, count(*) AS facts, count(DISTINCT patient_num) AS patients FROM i2b2data.observation_fact GROUP BY provider_id ORDER BY facts DESC, provider_id

--- fact-wide-by-patient
--: masked unordered
SELECT f.patient_num, sum(CASE WHEN concept_cd = 'ICD10:I10' THEN 1 ELSE 0 END) AS hypertension, sum(CASE WHEN concept_cd LIKE 'ICD10:E11%' THEN 1 ELSE 0 END) AS diabetes, max(CASE WHEN concept_cd = 'LOINC:4548-4' THEN nval_num END) AS max_hba1c, bool_or(concept_cd LIKE 'RXNORM:%') AS treated FROM i2b2data.observation_fact f GROUP BY f.patient_num ORDER BY f.patient_num

--- concept-path-split
--: masked
SELECT split_part(trim(both '\' from concept_path), '\', 2) AS category, count(*), string_agg(concept_cd, ', ' ORDER BY concept_cd) FROM i2b2data.concept_dimension GROUP BY 1 ORDER BY 1

--- patients-by-zip
--: masked
SELECT zip_cd, language_cd, count(*) FROM i2b2data.patient_dimension GROUP BY zip_cd, language_cd ORDER BY 1, 2

--- obs-as-columns
--: masked unordered
SELECT e.encounter_id, max(CASE WHEN o.concept_id = 5089 THEN o.value_numeric END) AS weight, max(CASE WHEN o.concept_id = 5090 THEN o.value_numeric END) AS height, round((max(o.value_numeric) FILTER (WHERE o.concept_id = 5089) / power(max(o.value_numeric) FILTER (WHERE o.concept_id = 5090) / 100, 2))::numeric, 2) AS bmi FROM openmrs.encounter e JOIN openmrs.obs o ON o.encounter_id = e.encounter_id AND NOT o.voided WHERE NOT e.voided GROUP BY e.encounter_id ORDER BY e.encounter_id

--- obs-coded-answers
--: masked
SELECT q.name AS question, a.name AS answer, count(*) FROM openmrs.obs o JOIN openmrs.concept_name q ON q.concept_id = o.concept_id AND q.locale = 'en' JOIN openmrs.concept_name a ON a.concept_id = o.value_coded AND a.locale = 'en' WHERE o.voided = false GROUP BY 1, 2 ORDER BY 3 DESC, 2

--- obs-latest-per-person-and-concept
--: masked unordered
SELECT DISTINCT ON (o.person_id, o.concept_id) o.person_id, o.concept_id, o.value_numeric FROM openmrs.obs o WHERE o.value_numeric IS NOT NULL ORDER BY o.person_id, o.concept_id, o.obs_datetime DESC, o.value_numeric

--- retention-in-care
--: masked
WITH last_visit AS (SELECT person_id, max(encounter_datetime) AS last FROM openmrs.encounter WHERE NOT voided GROUP BY person_id) SELECT CASE WHEN last >= timestamp '2021-06-01' - interval '90 days' THEN 'active' ELSE 'lost' END AS state, count(*) FROM last_visit GROUP BY 1 ORDER BY 1

--- persons-with-their-name
--: masked unordered
SELECT n.person_id, n.family_name, count(e.encounter_id) FROM openmrs.person_name n LEFT JOIN openmrs.encounter e USING (person_id) WHERE n.preferred AND NOT n.voided GROUP BY n.person_id, n.family_name ORDER BY n.person_id

--- encounter-by-uuid
--: masked
--: param {{cell SELECT uuid FROM openmrs.encounter ORDER BY encounter_id LIMIT 1}}
SELECT encounter_id, encounter_type, encounter_datetime FROM openmrs.encounter WHERE uuid = $1

--- missed-return-visits
--: masked unordered
SELECT o.person_id, o.value_datetime::date AS due, min(e.encounter_datetime)::date AS came FROM openmrs.obs o LEFT JOIN openmrs.encounter e ON e.person_id = o.person_id AND e.encounter_datetime > o.obs_datetime WHERE o.concept_id = 5096 GROUP BY o.person_id, o.obs_id, o.value_datetime ORDER BY o.person_id, due, came

--- tumours-by-site-and-stage
--: masked
SELECT topography, count(*) FILTER (WHERE stage = 'I') AS i, count(*) FILTER (WHERE stage LIKE 'II%') AS ii_iii, count(*) FILTER (WHERE stage = 'IV') AS iv, count(*) FILTER (WHERE stage IS NULL) AS unknown FROM tumor.tumour GROUP BY topography ORDER BY topography

--- kaplan-meier
--: masked
WITH s AS (SELECT days, event FROM tumor.v_survival WHERE days >= 0),
t AS (SELECT days, sum(event) AS d, count(*) AS leaving FROM s GROUP BY days),
n AS (SELECT days, d, (SELECT count(*) FROM s) - coalesce(sum(leaving) OVER (ORDER BY days ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS at_risk FROM t)
SELECT days, d, at_risk, round(exp(sum(ln(1 - d::numeric / nullif(at_risk, 0))) OVER (ORDER BY days)), 6) AS survival FROM n WHERE d < at_risk ORDER BY days

--- survival-median-by-stage
--: masked
SELECT stage, count(*) AS n, sum(event) AS events, percentile_cont(0.5) WITHIN GROUP (ORDER BY days) AS median_days FROM tumor.v_survival GROUP BY stage ORDER BY stage

--- age-standardised-rate
--: masked
WITH c AS (SELECT extract(year FROM diagnosed_on)::int AS year, topography, count(*) AS cases FROM tumor.tumour GROUP BY 1, 2), p AS (SELECT year, sum(persons) AS persons FROM tumor.population GROUP BY year) SELECT c.year, c.topography, c.cases, round(c.cases * 100000.0 / p.persons, 3) AS rate FROM c JOIN p ON p.year = c.year ORDER BY 1, 2

--- time-to-first-treatment
--: masked
SELECT t.topography, count(*) AS n, avg(x.days)::numeric(8,2) AS mean_days FROM tumor.tumour t JOIN LATERAL (SELECT min(tr.started_on) - t.diagnosed_on AS days FROM tumor.treatment tr WHERE tr.tumour_id = t.tumour_id) x ON x.days IS NOT NULL GROUP BY t.topography ORDER BY t.topography

--- treatment-lines-as-text
--: masked unordered
SELECT tumour_id, string_agg(modality || coalesce(' x' || cycles, ''), ' -> ' ORDER BY seq) AS line FROM tumor.treatment GROUP BY tumour_id ORDER BY tumour_id

--- multiple-primaries
--: masked unordered
SELECT patient_no, count(*) AS tumours, array_agg(topography ORDER BY topography) AS sites FROM tumor.tumour GROUP BY patient_no HAVING count(*) > 1 ORDER BY patient_no

--- synchronous-primaries
--: masked
SELECT a.patient_no, a.tumour_id, b.tumour_id AS other FROM tumor.tumour a JOIN tumor.tumour b ON b.patient_no = a.patient_no AND b.tumour_id <> a.tumour_id AND abs(a.diagnosed_on - b.diagnosed_on) <= 180 ORDER BY 1, 2, 3

--- ntile-of-ki67
--: masked
SELECT quartile, min(ki67), max(ki67), count(*) FROM (SELECT ki67, ntile(4) OVER (ORDER BY ki67, tumour_id) AS quartile FROM tumor.tumour WHERE ki67 IS NOT NULL) q GROUP BY quartile ORDER BY quartile

--- dose-statistics
--: masked
SELECT intent, count(dose_gy), round(avg(dose_gy)::numeric, 3), round(stddev_samp(dose_gy)::numeric, 3), mode() WITHIN GROUP (ORDER BY cycles) AS usual_cycles FROM tumor.treatment GROUP BY intent ORDER BY intent

--- completeness-report
--: masked
SELECT hospital_code, count(*) AS n, round(100.0 * count(stage) / count(*), 1) AS staged, round(100.0 * count(*) FILTER (WHERE er_status IS NOT NULL AND topography = 'C509') / nullif(count(*) FILTER (WHERE topography = 'C509'), 0), 1) AS er_known FROM tumor.tumour GROUP BY hospital_code ORDER BY hospital_code

--- alive-at-five-years
--: masked
SELECT count(*) FILTER (WHERE f.died_on IS NULL OR f.died_on > t.diagnosed_on + interval '5 years') AS alive, count(*) AS n FROM tumor.v_first_tumour t JOIN tumor.followup f ON f.patient_no = t.patient_no WHERE t.diagnosed_on < date '2018-01-01'

--- moving-incidence-by-quarter
--: masked
SELECT quarter, n, avg(n) OVER (ORDER BY quarter ROWS 3 PRECEDING)::numeric(8,3) AS smooth FROM (SELECT date_trunc('quarter', diagnosed_on)::date AS quarter, count(*) AS n FROM tumor.tumour GROUP BY 1) q ORDER BY quarter

--- stage-shift-crosstab
--: masked
SELECT CASE WHEN grade >= 3 THEN 'high' ELSE 'low' END AS g, sum((laterality = 'L')::int) AS left_side, sum((laterality = 'R')::int) AS right_side, sum(CASE WHEN laterality IS NULL THEN 1 END) AS none FROM tumor.tumour GROUP BY ROLLUP (1) ORDER BY g NULLS LAST

--- size-regressed
--: masked
SELECT topography, regr_count(size_mm, ki67), round(covar_pop(size_mm::float8, ki67::float8)::numeric, 3) FROM tumor.tumour GROUP BY topography ORDER BY topography

--- values-join-labels
--: masked
SELECT l.label, count(t.tumour_id) FROM (VALUES ('C509', 'Breast'), ('C619', 'Prostate'), ('C341', 'Lung'), ('C999', 'Other')) AS l(code, label) LEFT JOIN tumor.tumour t ON t.topography = l.code GROUP BY l.label ORDER BY l.label

--- tumours-per-postcode-area
--: masked
SELECT left(postcode, 2) AS area, count(*) FROM tumor.tumour GROUP BY 1 ORDER BY 1

--- median-by-hand
--: masked
SELECT topography, avg(size_mm)::numeric(8,2) AS median FROM (SELECT topography, size_mm, row_number() OVER (PARTITION BY topography ORDER BY size_mm, tumour_id) AS rn, count(*) OVER (PARTITION BY topography) AS n FROM tumor.tumour) t WHERE rn IN ((n + 1) / 2, (n + 2) / 2) GROUP BY topography ORDER BY topography

--- log-rank-inputs
--: masked
SELECT s.days, count(*) FILTER (WHERE r.stage = 'I') AS risk_1, count(*) FILTER (WHERE r.stage = 'IV') AS risk_4 FROM (SELECT DISTINCT days FROM tumor.v_survival WHERE event = 1) s JOIN tumor.v_survival r ON r.days >= s.days GROUP BY s.days ORDER BY s.days

--- star-over-view-of-view
--: masked unordered
SELECT * FROM tumor.v_survival ORDER BY patient_no

--- copy-out-survival
--: masked copy
--: simple
COPY (SELECT tumour_id, stage, days, event FROM tumor.v_survival ORDER BY tumour_id) TO STDOUT WITH (FORMAT csv, HEADER)
