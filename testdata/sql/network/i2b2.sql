-- What i2b2's query tool and its users send over a star of facts.

--- i2-patient-count
--: masked
SELECT count(DISTINCT patient_num) AS patient_count FROM crc.observation_fact WHERE concept_cd IN (SELECT concept_cd FROM crc.concept_dimension WHERE concept_path LIKE '\i2b2\\Diagnoses\\Circulatory%')

--- i2-two-panels
--: masked
SELECT count(*) FROM (SELECT patient_num FROM crc.observation_fact WHERE concept_cd = 'ICD9:401' GROUP BY patient_num INTERSECT SELECT patient_num FROM crc.observation_fact WHERE concept_cd = 'ICD9:250' GROUP BY patient_num) t

--- i2-excluded-panel
--: masked
SELECT count(*) FROM (SELECT patient_num FROM crc.observation_fact WHERE concept_cd = 'ICD9:401' EXCEPT SELECT patient_num FROM crc.observation_fact WHERE concept_cd = 'ICD9:428') t

--- i2-occurs-twice
--: masked
SELECT count(*) FROM (SELECT patient_num FROM crc.observation_fact WHERE concept_cd = 'ICD9:428' GROUP BY patient_num HAVING count(DISTINCT start_date) >= 3) t

--- i2-same-encounter
--: masked
SELECT count(DISTINCT a.patient_num) FROM crc.observation_fact a WHERE a.concept_cd = 'ICD9:401' AND EXISTS (SELECT 1 FROM crc.observation_fact b WHERE b.patient_num = a.patient_num AND b.encounter_num = a.encounter_num AND b.concept_cd = 'LOINC:2093-3')

--- i2-value-constraint
--: masked
SELECT count(DISTINCT patient_num) FROM crc.observation_fact WHERE concept_cd = 'LOINC:2345-7' AND modifier_cd = '@' AND ((valtype_cd = 'N' AND nval_num > 180 AND tval_char IN ('E', 'GE')) OR (valtype_cd = 'N' AND nval_num >= 180 AND tval_char = 'G'))

--- i2-date-constraint
--: masked
SELECT count(DISTINCT patient_num) FROM crc.observation_fact WHERE concept_cd = 'ICD9:250' AND start_date >= to_timestamp('01-Jan-2019 00:00:00', 'DD-Mon-YYYY HH24:MI:SS')::timestamp AND start_date < timestamp '2020-07-01'

--- i2-temp-set
--: masked
WITH t AS (SELECT encounter_num, patient_num, min(start_date) AS temporal_start_date, max(start_date) AS temporal_end_date FROM crc.observation_fact WHERE concept_cd = 'ICD9:401' GROUP BY encounter_num, patient_num) SELECT count(*), count(DISTINCT patient_num) FROM t

--- i2-temporal-before
--: masked
SELECT count(DISTINCT a.patient_num) FROM (SELECT patient_num, min(start_date) AS d FROM crc.observation_fact WHERE concept_cd = 'ICD9:401' GROUP BY patient_num) a JOIN (SELECT patient_num, max(start_date) AS d FROM crc.observation_fact WHERE concept_cd = 'ICD9:428' GROUP BY patient_num) b ON a.patient_num = b.patient_num AND a.d < b.d

--- i2-within-90-days
--: masked
SELECT count(DISTINCT a.patient_num) FROM crc.observation_fact a JOIN crc.observation_fact b ON b.patient_num = a.patient_num AND b.start_date BETWEEN a.start_date AND a.start_date + interval '90 days' WHERE a.concept_cd = 'ICD9:401' AND b.concept_cd = 'NDC:00087606005'

--- i2-age-breakdown
--: masked
SELECT CASE WHEN age_in_years_num < 18 THEN '0-17' WHEN age_in_years_num < 35 THEN '18-34' WHEN age_in_years_num < 65 THEN '35-64' ELSE '65+' END AS patient_range, count(*) AS patient_count FROM crc.patient_dimension WHERE patient_num IN (SELECT patient_num FROM crc.qt_patient_set_collection WHERE result_instance_id = 2) GROUP BY 1 ORDER BY 1

--- i2-sex-breakdown
--: masked
SELECT sex_cd, count(DISTINCT p.patient_num) FROM crc.patient_dimension p JOIN crc.qt_patient_set_collection q ON q.patient_num = p.patient_num AND q.result_instance_id = 1 GROUP BY sex_cd ORDER BY sex_cd

--- i2-vital
--: masked
SELECT vital_status_cd, count(*), count(death_date) FROM crc.patient_dimension GROUP BY vital_status_cd ORDER BY vital_status_cd

--- i2-pdo-patients
--: masked
SELECT patient_num, vital_status_cd, birth_date, sex_cd, race_cd, zip_cd FROM crc.patient_dimension WHERE patient_num IN (SELECT patient_num FROM crc.qt_patient_set_collection WHERE result_instance_id = 1 AND set_index BETWEEN 1 AND 5)

--- i2-pdo-facts
--: masked
SELECT f.encounter_num, f.patient_num, f.concept_cd, f.provider_id, f.start_date, f.modifier_cd, f.valtype_cd, f.nval_num FROM crc.observation_fact f WHERE f.patient_num IN (SELECT q.patient_num FROM crc.qt_patient_set_collection q WHERE q.set_index < 4) AND f.concept_cd = 'LOINC:2345-7'

--- i2-pdo-visits
--: masked
SELECT v.* FROM crc.visit_dimension v JOIN crc.qt_patient_set_collection q ON q.patient_num = v.patient_num WHERE q.result_instance_id = 3 AND v.inout_cd = 'I'

--- i2-mapping
--: masked
SELECT count(*) FROM crc.patient_mapping m JOIN crc.patient_dimension p ON p.patient_num = m.patient_num WHERE m.patient_ide_source = 'EHR'

--- i2-mapping-rows
--: masked
SELECT patient_ide, patient_ide_source, patient_num FROM crc.patient_mapping

--- i2-mapping-distinct
--: masked
SELECT patient_ide_source, count(DISTINCT patient_ide), count(DISTINCT patient_num) FROM crc.patient_mapping GROUP BY 1 ORDER BY 1

--- i2-concept-tree
--: masked
SELECT c.name_char, count(DISTINCT f.patient_num) FROM crc.concept_dimension c LEFT JOIN crc.concept_dimension d ON d.concept_path LIKE replace(c.concept_path, '\', '\\') || '%' LEFT JOIN crc.observation_fact f ON f.concept_cd = d.concept_cd GROUP BY c.name_char ORDER BY c.name_char

--- i2-concept-depth
--: masked
SELECT length(concept_path) - length(replace(concept_path, '\', '')) AS depth, name_char FROM crc.concept_dimension ORDER BY depth, name_char

--- i2-first-of-each
--: masked
SELECT concept_cd, patient_num, min(start_date) AS first_date FROM crc.observation_fact WHERE concept_cd LIKE 'ICD9:%' GROUP BY concept_cd, patient_num

--- i2-last-value
--: masked
SELECT patient_num, nval_num FROM (SELECT patient_num, nval_num, row_number() OVER (PARTITION BY patient_num ORDER BY start_date DESC, text_search_index) AS r FROM crc.observation_fact WHERE concept_cd = 'LOINC:2093-3') x WHERE r = 1

--- i2-provider-load
--: masked
SELECT provider_id, count(*) AS facts, count(DISTINCT patient_num) AS patients FROM crc.observation_fact GROUP BY provider_id ORDER BY provider_id

--- i2-provider-join
--: masked
SELECT count(*) FROM crc.observation_fact f JOIN crc.provider_dimension p ON p.provider_id = f.provider_id WHERE f.valtype_cd = 'N'

--- i2-one-partition
--: masked
SELECT concept_cd, count(*), round(avg(nval_num), 2) FROM crc.observation_fact WHERE valtype_cd = 'N' GROUP BY 1 ORDER BY 1

--- i2-modifier
--: masked
SELECT modifier_cd, count(*), count(DISTINCT encounter_num) FROM crc.observation_fact WHERE concept_cd LIKE 'ICD9%' GROUP BY modifier_cd ORDER BY 1

--- i2-los
--: masked
SELECT inout_cd, avg(length_of_stay), avg(extract(epoch FROM end_date - start_date) / 3600)::numeric(12,3) FROM crc.visit_dimension GROUP BY inout_cd ORDER BY inout_cd

--- i2-visits-by-hour
--: masked
SELECT extract(hour FROM start_date)::int AS h, count(*) FROM crc.visit_dimension GROUP BY h ORDER BY h

--- i2-open-visits
--: masked
SELECT count(*) FROM crc.visit_dimension WHERE end_date IS NULL OR end_date < start_date

--- i2-visit-sequence
--: masked
SELECT encounter_num, start_date - lag(end_date) OVER (PARTITION BY patient_num ORDER BY start_date, location_cd, length_of_stay) AS gap FROM crc.visit_dimension

--- i2-active-at
--: masked
SELECT count(*) FROM crc.visit_dimension WHERE tsrange(start_date, end_date) @> timestamp '2019-06-15 12:00' AND start_date <= end_date

--- i2-fact-named-view
--: masked
SELECT concept, count(*), count(nval_num), round(avg(nval_num), 3) FROM crc.v_fact_named GROUP BY concept ORDER BY concept

--- i2-one-patient
--: masked
SELECT concept, start_date, nval_num FROM crc.v_fact_named WHERE patient_num = '{{cell SELECT patient_num FROM crc.patient_dimension ORDER BY update_date OFFSET 5 LIMIT 1}}'

--- i2-keyset
--: masked
SELECT patient_num, sex_cd FROM crc.patient_dimension WHERE sex_cd = 'F' AND patient_num = ANY (ARRAY['{{cell SELECT patient_num FROM crc.patient_dimension ORDER BY update_date OFFSET 5 LIMIT 1}}', 'none'])

--- i2-set-index
--: masked
SELECT set_index, count(*) FROM crc.qt_patient_set_collection c WHERE EXISTS (SELECT 1 FROM crc.observation_fact f WHERE f.patient_num = c.patient_num AND f.concept_cd = 'ICD9:250') GROUP BY set_index ORDER BY set_index LIMIT 10

--- i2-bulk-set
--: masked
SELECT DISTINCT patient_num FROM crc.observation_fact WHERE concept_cd IN ('ICD9:401', 'ICD9:428') AND start_date BETWEEN '2019-01-01' AND '2019-12-31'

--- i2-union-sets
--: masked
SELECT patient_num, count(*) AS hits FROM (SELECT patient_num FROM crc.observation_fact WHERE concept_cd = 'ICD9:401' GROUP BY 1 UNION ALL SELECT patient_num FROM crc.observation_fact WHERE concept_cd = 'ICD9:250' GROUP BY 1 UNION ALL SELECT patient_num FROM crc.patient_dimension WHERE age_in_years_num > 60) u GROUP BY patient_num HAVING count(*) = 3

--- i2-panel-count
--: masked
SELECT sum(panel1) AS p1, sum(panel2) AS p2, sum(panel1 * panel2) AS both FROM (SELECT p.patient_num, max(CASE WHEN f.concept_cd = 'ICD9:401' THEN 1 ELSE 0 END) AS panel1, max(CASE WHEN f.concept_cd = 'ICD9:428' THEN 1 ELSE 0 END) AS panel2 FROM crc.patient_dimension p LEFT JOIN crc.observation_fact f USING (patient_num) GROUP BY p.patient_num) x

--- i2-pivot
--: masked
SELECT patient_num, max(nval_num) FILTER (WHERE concept_cd = 'LOINC:2093-3') AS chol, max(nval_num) FILTER (WHERE concept_cd = 'LOINC:2345-7') AS glu FROM crc.observation_fact WHERE valtype_cd = 'N' GROUP BY patient_num

--- i2-income-race
--: masked
SELECT income_cd, race_cd, count(*) FROM crc.patient_dimension GROUP BY ROLLUP (income_cd, race_cd) ORDER BY income_cd NULLS FIRST, race_cd NULLS FIRST

--- i2-crosstab
--: masked
SELECT race_cd, sum((sex_cd = 'F')::int) AS f, sum((sex_cd = 'M')::int) AS m FROM crc.patient_dimension GROUP BY race_cd ORDER BY race_cd

--- i2-age-at-death
--: masked
SELECT count(*), min(extract(year FROM death_date) - extract(year FROM birth_date)) >= 0 AS sane FROM crc.patient_dimension WHERE death_date IS NOT NULL AND birth_date IS NOT NULL

--- i2-update-window
--: masked
SELECT count(*) FROM crc.patient_dimension WHERE update_date > timestamp '2023-02-01 05:00' AND sourcesystem_cd = 'DEMO'

--- i2-facts-before-birth
--: masked
SELECT count(*) FROM crc.observation_fact f JOIN crc.patient_dimension p ON p.patient_num = f.patient_num WHERE f.start_date < p.birth_date

--- i2-encounter-facts
--: masked
SELECT n, count(*) FROM (SELECT encounter_num, count(*) AS n FROM crc.observation_fact GROUP BY encounter_num) x GROUP BY n ORDER BY n

--- i2-encounter-missing
--: masked
SELECT count(*) FROM crc.observation_fact f LEFT JOIN crc.visit_dimension v ON v.encounter_num = f.encounter_num AND v.patient_num = f.patient_num WHERE v.encounter_num IS NULL

--- i2-row-in
--: masked
SELECT count(*) FROM crc.observation_fact WHERE (encounter_num, patient_num) IN (SELECT encounter_num, patient_num FROM crc.visit_dimension WHERE inout_cd = 'E')

--- i2-cast-ids
--: masked
SELECT count(DISTINCT 'P:' || patient_num::text) >= 0 AS ok FROM crc.patient_dimension WHERE false

--- i2-ref-text
--: masked
SELECT 'Patient/' || patient_num AS ref, count(*) FROM crc.visit_dimension GROUP BY patient_num
