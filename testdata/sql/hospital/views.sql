-- Views in the shape of FHIR resources, as analysts read them.

--- view-patient
--: masked
SELECT * FROM fhirv.patient

--- view-encounter-class
--: masked
SELECT class, count(*), count(DISTINCT subject) FROM fhirv.encounter GROUP BY class ORDER BY class

--- view-encounter-length
--: masked
SELECT id, period_end - period_start AS length FROM fhirv.encounter WHERE period_end IS NOT NULL

--- view-observation-last
--: masked unordered
SELECT DISTINCT ON (subject, code) subject, code, value, "effectiveDateTime" FROM fhirv.observation ORDER BY subject, code, "effectiveDateTime" DESC, value

--- view-observation-trend
--: masked
SELECT subject, code, value - lag(value) OVER (PARTITION BY subject, code ORDER BY "effectiveDateTime", value) AS delta FROM fhirv.observation

--- view-condition-encounter
--: masked
SELECT c.code, e.class, count(*) FROM fhirv.condition c JOIN fhirv.encounter e ON e.id = c.encounter GROUP BY 1, 2 ORDER BY 1, 2

--- view-reference
--: masked
SELECT 'Patient/' || subject AS "subject.reference", 'Encounter/' || encounter AS "encounter.reference", code, value FROM fhirv.observation

--- view-bundle
--: masked
SELECT json_build_object('resourceType', 'Patient', 'id', p.id, 'gender', p.gender, 'birthDate', p."birthDate") AS resource FROM fhirv.patient p

--- view-bundle-entries
--: masked
SELECT json_build_object('resourceType', 'Bundle', 'type', 'collection', 'total', count(*), 'entry', json_agg(json_build_object('resource', json_build_object('resourceType', 'Encounter', 'id', e.id, 'subject', json_build_object('reference', 'Patient/' || e.subject))) ORDER BY e.period_start, e.source)) AS bundle FROM fhirv.encounter e

--- view-encounter-part-of
--: masked
SELECT e.id, p.id AS part_of, e.period_start - p.period_start AS since FROM fhirv.encounter e JOIN fhirv.encounter p ON p.id = e."partOf"

--- view-deceased
--: masked
SELECT gender, count("deceasedDateTime") AS dead, count(*) AS n FROM fhirv.patient GROUP BY gender ORDER BY gender

--- view-age
--: masked
SELECT date_part('year', age(max(e.period_start), max(p."birthDate")::timestamp)) AS age, p.id FROM fhirv.patient p JOIN fhirv.encounter e ON e.subject = p.id GROUP BY p.id

--- view-in-view-cte
--: masked
WITH inpatients AS (SELECT DISTINCT subject FROM fhirv.encounter WHERE class = 'IP') SELECT count(*) FROM fhirv.patient p WHERE p.id IN (SELECT subject FROM inpatients)

--- view-quantiles
--: masked
SELECT code, percentile_cont(0.5) WITHIN GROUP (ORDER BY value) FROM fhirv.observation GROUP BY code ORDER BY code

--- view-array
--: masked
SELECT subject, array_agg(id ORDER BY period_start, source) AS encounters, array_agg(DISTINCT class) AS classes FROM fhirv.encounter GROUP BY subject

--- view-param
--: masked
--: param {{cell SELECT person_id FROM cdm.visit_occurrence ORDER BY person_id LIMIT 1}}
SELECT id, class FROM fhirv.encounter WHERE subject = $1

--- view-prefixed-param
--: masked
SELECT count(*) FROM fhirv.observation WHERE code = '4548-4' AND value > 6.5 AND "effectiveDateTime" >= '2021-01-01'

--- view-union
--: masked
SELECT subject, 'condition' AS kind, display AS what FROM fhirv.condition UNION SELECT subject, 'observation', code FROM fhirv.observation

--- view-catalog
--: masked
SELECT table_schema, table_name, column_name FROM information_schema.columns WHERE table_schema IN ('cdm', 'icu', 'fhirv') AND table_name IN ('patient', 'encounter') ORDER BY 1, 2, ordinal_position
