-- Long value tables: rules with conditions on other columns of the row.

--- measures-all
--: masked unordered
SELECT id, patient_id, concept, code, value, value_text, reading, unit FROM clinic.measures

--- measures-average-by-code
--: masked
SELECT code, round(avg(value), 4) AS mean, max(value), count(value) FROM clinic.measures GROUP BY code ORDER BY code

--- measures-filter
--: masked
SELECT count(*) FROM clinic.measures WHERE value > 89 AND code = '30525-0'

--- measures-percentile
--: masked
SELECT code, percentile_cont(0.5) WITHIN GROUP (ORDER BY value) FROM clinic.measures GROUP BY code ORDER BY code

--- measures-float
--: masked
SELECT code, max(reading), min(reading), count(reading) FROM clinic.measures WHERE reading <> 'NaN' GROUP BY code ORDER BY code

--- measures-texts-as-numbers
--: masked
SELECT unit, sum(value_text::numeric) FROM clinic.measures WHERE value_text ~ '^[0-9]+$' GROUP BY unit ORDER BY unit

--- measures-join-patients
--: masked
SELECT p.sex, count(*), max(m.value) FROM clinic.measures m JOIN clinic.patients p ON p.id = m.patient_id WHERE m.code = '30525-0' GROUP BY p.sex ORDER BY p.sex

--- measures-lateral
--: masked
SELECT d.name, x.value FROM clinic.departments d CROSS JOIN LATERAL (SELECT m.value FROM clinic.measures m WHERE m.id = d.floor ORDER BY m.value LIMIT 1) x ORDER BY d.name
