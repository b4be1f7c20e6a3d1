-- What analysts ask: cohorts, counts, rates. Each must have the answer that it has
-- over the masked tables.

--- count-patients
--: masked
SELECT count(*) FROM clinic.patients

--- patients-by-sex
--: masked
SELECT sex, count(*) AS n FROM clinic.patients GROUP BY sex ORDER BY sex

--- patients-by-birth-decade
--: masked
SELECT extract(decade FROM birth_date) * 10 AS decade, count(*) FROM clinic.patients GROUP BY 1 ORDER BY 1

--- patients-by-region
--: masked
SELECT zip, state, count(*) FROM clinic.patients GROUP BY zip, state ORDER BY zip, state

--- diabetes-cohort
--: masked
SELECT count(DISTINCT patient_id) FROM clinic.encounters WHERE icd10 = 'E11.9'

--- diabetes-cohort-ids
--: masked unordered
SELECT DISTINCT patient_id FROM clinic.encounters WHERE icd10 = 'E11.9'

--- cohort-with-condition-and-lab
--: masked
SELECT count(*) FROM clinic.patients p
WHERE EXISTS (SELECT 1 FROM clinic.encounters e WHERE e.patient_id = p.id AND e.icd10 LIKE 'E11%')
  AND EXISTS (SELECT 1 FROM clinic.observations o WHERE o.patient_id = p.id AND o.loinc = '4548-4' AND o.value > 7)

--- cohort-without-condition
--: masked
SELECT count(*) FROM clinic.patients p WHERE NOT EXISTS (SELECT 1 FROM clinic.encounters e WHERE e.patient_id = p.id)

--- cohort-anti-join
--: masked
SELECT count(*) FROM clinic.patients p LEFT JOIN clinic.encounters e ON e.patient_id = p.id WHERE e.id IS NULL

--- cohort-in-subselect
--: masked
SELECT sex, count(*) FROM clinic.patients WHERE id IN (SELECT patient_id FROM clinic.encounters WHERE class = 'EMER') GROUP BY sex ORDER BY sex

--- cohort-not-in-subselect
--: masked
SELECT count(*) FROM clinic.patients WHERE id NOT IN (SELECT patient_id FROM clinic.observations WHERE abnormal)

--- cohort-intersect
--: masked unordered
SELECT patient_id FROM clinic.encounters WHERE icd10 = 'I10' INTERSECT SELECT patient_id FROM clinic.observations WHERE value > 10

--- cohort-union-with-label
--: masked unordered
SELECT patient_id, 'encounter' AS source FROM clinic.encounters WHERE class = 'EMER'
UNION SELECT patient_id, 'claim' FROM clinic.claims WHERE status = 'denied'

--- cohort-except
--: masked unordered
SELECT id FROM clinic.patients WHERE active EXCEPT SELECT patient_id FROM clinic.claims

--- cohort-by-cte
--: masked
WITH cohort AS (SELECT DISTINCT patient_id FROM clinic.encounters WHERE icd10 IN ('E11.9', 'I10'))
SELECT p.sex, count(*) AS n, round(avg(p.bmi), 2) AS bmi FROM cohort c JOIN clinic.patients p ON p.id = c.patient_id GROUP BY p.sex ORDER BY p.sex

--- multimorbidity
--: masked
SELECT conditions, count(*) AS patients FROM
  (SELECT patient_id, count(DISTINCT icd10) AS conditions FROM clinic.encounters GROUP BY patient_id) x
GROUP BY conditions ORDER BY conditions

--- age-at-encounter
--: masked
SELECT extract(year FROM e.started_at) - extract(year FROM p.birth_date) AS age, count(*)
FROM clinic.encounters e JOIN clinic.patients p ON p.id = e.patient_id GROUP BY 1 ORDER BY 1

--- age-bands
--: masked
SELECT CASE WHEN 2025 - extract(year FROM birth_date) < 18 THEN 'child' WHEN 2025 - extract(year FROM birth_date) < 65 THEN 'adult' ELSE 'older' END AS band, count(*)
FROM clinic.patients GROUP BY 1 ORDER BY 1

--- encounters-by-year-and-department
--: masked
SELECT extract(year FROM started_at) AS year, department, count(*) FROM clinic.encounters GROUP BY 1, 2 ORDER BY 1, 2

--- length-of-stay
--: masked
SELECT department, avg(los_days), min(los_days), max(los_days), stddev_samp(los_days), count(los_days) FROM clinic.encounters GROUP BY department ORDER BY department

--- bed-days
--: masked
SELECT d.name, d.beds, coalesce(sum(e.los_days), 0) AS days, round(coalesce(sum(e.los_days), 0)::numeric / d.beds, 3) AS per_bed
FROM clinic.departments d LEFT JOIN clinic.encounters e ON e.department = d.name GROUP BY d.name, d.beds ORDER BY d.name

--- readmissions
-- Encounters of a patient after which another of the same patient began in the same year.
--: masked
SELECT a.department, count(DISTINCT a.id) AS readmitted FROM clinic.encounters a
JOIN clinic.encounters b ON b.patient_id = a.patient_id AND b.id <> a.id AND extract(year FROM b.started_at) = extract(year FROM a.started_at) AND b.class = 'IMP'
WHERE a.class = 'IMP' GROUP BY a.department ORDER BY a.department

--- encounters-a-patient
--: masked
SELECT n, count(*) AS patients FROM (SELECT patient_id, count(*) AS n FROM clinic.encounters GROUP BY patient_id) x GROUP BY n ORDER BY n

--- frequent-visitors
--: masked unordered
SELECT patient_id, count(*) AS visits FROM clinic.encounters WHERE class = 'EMER' GROUP BY patient_id HAVING count(*) > 1

--- missing-data
--: masked
SELECT count(*) FILTER (WHERE ssn IS NULL) AS no_ssn, count(*) FILTER (WHERE email IS NULL) AS no_email, count(*) FILTER (WHERE weight_kg IS NULL) AS no_weight FROM clinic.patients

--- null-shares
--: masked
SELECT sex, round(100.0 * count(email) / count(*), 1) AS with_email FROM clinic.patients GROUP BY sex ORDER BY sex

--- payer-mix
--: masked
SELECT payer, status, count(*), sum(amount) FROM clinic.claims GROUP BY payer, status ORDER BY payer, status

--- denial-rate
--: masked
SELECT payer, round(avg((status = 'denied')::int), 4) AS denied FROM clinic.claims GROUP BY payer ORDER BY payer

--- claims-by-year
--: masked
SELECT extract(year FROM service_date) AS year, count(*), sum(amount) FROM clinic.claims GROUP BY 1 ORDER BY 1

--- claims-of-one-partition
--: masked
SELECT payer, count(*) FROM clinic.claims_2024 GROUP BY payer ORDER BY payer

--- top-diagnoses
--: masked
SELECT i.code, i.description, count(*) AS n FROM clinic.encounters e JOIN clinic.icd10_codes i ON i.code = e.icd10 GROUP BY i.code, i.description ORDER BY n DESC, i.code LIMIT 3

--- diagnoses-never-made
--: masked
SELECT code FROM clinic.icd10_codes c WHERE NOT EXISTS (SELECT FROM clinic.encounters e WHERE e.icd10 = c.code) ORDER BY code

--- lab-summary
--: masked
SELECT loinc, unit, count(value), avg(value), min(value), max(value) FROM clinic.observations GROUP BY loinc, unit ORDER BY loinc, unit

--- abnormal-share
--: masked
SELECT loinc, avg(abnormal::int) AS share, bool_or(abnormal), bool_and(abnormal), every(value IS NOT NULL) FROM clinic.observations GROUP BY loinc ORDER BY loinc

--- cost-by-department
--: masked
SELECT department, sum(cost), avg(cost), count(*) FROM clinic.encounters GROUP BY department ORDER BY department

--- salary-is-not-there
--: masked
SELECT unit, grade, count(*) FROM clinic.staff GROUP BY unit, grade ORDER BY unit, grade

--- view-cohort
--: masked
SELECT department, sex, encounters, patients, round(mean_los, 4) FROM clinic.v_cohort ORDER BY department, sex

--- view-of-a-view
--: masked
SELECT class, count(*), sum(los_days) FROM clinic.v_stays_long GROUP BY class ORDER BY class

--- view-join-on-sealed
--: masked
SELECT p.sex, count(*) FROM clinic.v_stays s JOIN clinic.patients p ON p.id = s.patient GROUP BY p.sex ORDER BY p.sex

--- view-lookup
--: masked
SELECT * FROM clinic.v_lookup ORDER BY code

--- materialised-view
--: masked
SELECT * FROM clinic.mv_department_load ORDER BY department, year

--- inheritance
--: masked
SELECT unit, count(*) FROM clinic.people GROUP BY unit ORDER BY unit

--- inheritance-only
--: masked
SELECT count(*) FROM ONLY clinic.people

--- quoted-names
--: masked
SELECT "Ward No", "Größe" * 2 AS "double size" FROM clinic."Ward List" ORDER BY "Ward No"

--- unicode-names
--: masked
SELECT "Schlüssel", betrag FROM "Straße"."Überweisung" WHERE betrag > 50 ORDER BY "Schlüssel"

--- second-schema
--: masked
SELECT currency, paid, count(*), sum(amount) FROM billing.invoices GROUP BY currency, paid ORDER BY currency, paid

--- across-schemas
--: masked
SELECT p.sex, sum(i.amount) FROM billing.invoices i JOIN clinic.patients p ON p.id = i.patient_id GROUP BY p.sex ORDER BY p.sex

--- generated-column
--: masked
SELECT width_bucket(bmi, 10, 50, 8) AS b, count(*) FROM clinic.patients WHERE bmi IS NOT NULL GROUP BY b ORDER BY b

--- string-work-on-clear
--: masked
SELECT upper(left(department, 3)) || '-' || class AS k, count(*) FROM clinic.encounters GROUP BY 1 ORDER BY 1

--- regex-on-clear
--: masked
SELECT code FROM clinic.icd10_codes WHERE description ~* 'dis(ease|order)' ORDER BY code

--- dates-of-clear
--: masked
SELECT name, age(date '2025-01-01', opened), to_char(opened, 'Mon YYYY'), opened + interval '1 month' FROM clinic.departments ORDER BY name

--- casts-of-clear
--: masked
SELECT floor::text || '/' || beds::text, floor::numeric / 3, beds::float8 / 7 FROM clinic.departments ORDER BY name

--- coalesce-nullif-greatest
--: masked
SELECT coalesce(language, 'none') AS l, nullif(sex::text, 'unknown') AS s, greatest(height_cm, 150) AS h, count(*) FROM clinic.patients GROUP BY 1, 2, 3 ORDER BY 1, 2, 3

--- boolean-logic
--: masked
SELECT active AND height_cm > 170 AS tall, NOT active OR weight_kg IS NULL AS odd, count(*) FROM clinic.patients GROUP BY 1, 2 ORDER BY 1, 2

--- between-and-in
--: masked
SELECT count(*) FROM clinic.patients WHERE height_cm BETWEEN 150 AND 170 AND language IN ('en', 'de') AND sex <> 'unknown'

--- limit-offset
--: masked
SELECT code FROM clinic.icd10_codes ORDER BY code LIMIT 3 OFFSET 2

--- fetch-first
--: masked
SELECT name FROM clinic.departments ORDER BY beds DESC FETCH FIRST 2 ROWS ONLY

--- values
--: masked
VALUES (1, 'a'), (2, 'b')

--- select-without-from
--: masked
SELECT 1 + 1 AS two, 'x' AS x, NULL AS n, true AS t, date '2024-02-29' AS d, interval '1 day' AS i, ARRAY[1, 2] AS a

--- table-command
--: masked unordered
TABLE clinic.departments

--- values-join
--: masked
SELECT v.label, count(*) FROM clinic.encounters e JOIN (VALUES ('AMB', 'ambulatory'), ('IMP', 'inpatient')) v (class, label) ON v.class = e.class GROUP BY v.label ORDER BY v.label

--- generate-series-calendar
--: masked
SELECT y, count(e.started_at) FROM generate_series(2021, 2026) y LEFT JOIN clinic.encounters e ON extract(year FROM e.started_at) = y GROUP BY y ORDER BY y

--- case-sum-pivot
--: masked
SELECT department, sum(CASE WHEN class = 'AMB' THEN 1 ELSE 0 END) AS amb, sum(CASE WHEN class = 'IMP' THEN 1 ELSE 0 END) AS imp FROM clinic.encounters GROUP BY department ORDER BY department

--- string-agg-of-clear
--: masked
SELECT chapter, string_agg(code, ',' ORDER BY code) FROM clinic.icd10_codes GROUP BY chapter ORDER BY chapter

--- array-agg-of-clear
--: masked
SELECT floor, array_agg(name ORDER BY name) FROM clinic.departments GROUP BY floor ORDER BY floor

--- arrays-of-clear
--: masked
SELECT series[1] AS first, cardinality(series) AS n, count(*) FROM clinic.observations WHERE series IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2

--- arrays-unnest
--: masked
SELECT s, count(*) FROM clinic.observations o, LATERAL unnest(o.series) s GROUP BY s ORDER BY s

--- composite-of-clear
--: masked
SELECT (pressure).systolic / 10 * 10 AS band, avg((pressure).diastolic) FROM clinic.observations WHERE pressure IS NOT NULL GROUP BY 1 ORDER BY 1

--- composite-with-masked-fields
--: masked
SELECT (address).zip AS zip, (address).city IS NULL AS no_city, count(*) FROM clinic.patients GROUP BY 1, 2 ORDER BY 1, 2

--- removed-columns-are-null
--: masked
SELECT count(phone), count(photo), count(aliases), count(vip) FROM clinic.patients

--- fixed-column
--: masked
SELECT motive, count(*) FROM clinic.volunteers GROUP BY motive

--- json-of-clear
--: masked
SELECT json_build_object('name', name, 'beds', beds) FROM clinic.departments ORDER BY name

--- row-to-json-of-clear
--: masked
SELECT row_to_json(d) FROM (SELECT name, floor FROM clinic.departments ORDER BY name) d

--- enum-order
--: masked
SELECT DISTINCT sex FROM clinic.patients ORDER BY sex

--- distinct-on-clear
--: masked
SELECT DISTINCT ON (department) department, los_days FROM clinic.encounters ORDER BY department, los_days DESC NULLS LAST

--- hypothetical-set-of-clear
--: masked
SELECT rank(5) WITHIN GROUP (ORDER BY los_days) FROM clinic.encounters
