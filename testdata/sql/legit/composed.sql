-- Texts that are made of sealed and keyed columns, where they are only selected.

--- composed-prefix
--: masked unordered
SELECT 'Patient/' || id AS ref, sex FROM clinic.patients

--- composed-concat
--: masked unordered
SELECT concat(id, '-', sex, '-', height_cm), concat_ws('|', id, NULL, email, active) FROM clinic.patients

--- composed-names
--: masked unordered
SELECT first_name || ' ' || last_name AS name, concat(last_name, ', ', first_name), length(last_name) FROM clinic.patients

--- composed-case
--: masked unordered
SELECT lower(id), upper(id::text), lower(concat(id, '/', patient_id)) FROM clinic.encounters

--- composed-parts
--: masked unordered
SELECT left(id, 8), right(id, -3), substr(id, 3, 5), substring(id FROM 2 FOR 4), substring(id, 4), length(id), md5(id), replace(id, 'a', '--') FROM clinic.patients

--- composed-casts
--: masked unordered
SELECT id::text, id::varchar(10), CAST(id AS varchar), length(id)::text || '!' FROM clinic.patients

--- composed-default
--: masked unordered
SELECT coalesce(email, 'none') || '/' || coalesce(id, '-'), CASE WHEN active THEN id ELSE 'inactive' END, CASE sex WHEN 'female' THEN email WHEN 'male' THEN 'm' END FROM clinic.patients

--- composed-nullif
--: masked unordered
SELECT nullif(id, ''), nullif(id, '{{seal Patient/770000003}}'), coalesce(nullif(id, '{{seal Patient/770000003}}'), 'that one') FROM clinic.patients

--- composed-surrogate-key
-- dbt_utils.generate_surrogate_key
--: masked unordered
SELECT md5(cast(coalesce(cast(patient_id AS text), '_dbt_utils_surrogate_key_null_') || '-' || coalesce(cast(encounter_id AS text), '_dbt_utils_surrogate_key_null_') || '-' || coalesce(cast(loinc AS text), '_dbt_utils_surrogate_key_null_') AS text)) AS sk, value FROM clinic.observations

--- composed-in-levels
--: masked unordered
WITH k AS (SELECT concat(id, '/', sex) AS key, id, height_cm FROM clinic.patients)
SELECT upper(x.id) AS u, x.key || '!' AS k, x.key FROM (SELECT key, id FROM k WHERE height_cm > 150 UNION ALL SELECT NULL, NULL) x

--- composed-groups
--: masked unordered
SELECT 'Patient/' || patient_id AS ref, count(*), max(los_days) FROM clinic.encounters GROUP BY patient_id

--- composed-windows
--: masked
SELECT lag('p' || id) OVER (ORDER BY height_cm, weight_kg, bmi, language), height_cm FROM clinic.patients ORDER BY height_cm, weight_kg, bmi, language

--- composed-joined
--: masked unordered
SELECT p.id || '/' || e.id, p.first_name || ' (' || e.class || ')' FROM clinic.patients p LEFT JOIN clinic.encounters e ON e.patient_id = p.id AND e.los_days > 5

--- composed-copied
--: masked unordered copy
COPY (SELECT concat(id, E'\t"\\', sex), lower(id) FROM clinic.patients) TO STDOUT

--- composed-copied-csv
--: masked unordered copy
COPY (SELECT concat(id, ',"', sex), CASE WHEN active THEN id ELSE E'in"\nactive' END FROM clinic.patients) TO STDOUT (FORMAT csv, HEADER)

--- composed-copied-binary
--: masked copy
COPY (SELECT concat(id, ',"', sex), length(id) FROM clinic.patients ORDER BY height_cm, weight_kg, bmi, language) TO STDOUT (FORMAT binary)

--- composed-cursor
--: simple
--: masked
BEGIN
--;
DECLARE c CURSOR FOR SELECT 'p/' || id FROM clinic.patients ORDER BY height_cm, weight_kg, bmi, language
--;
FETCH 20 FROM c

--- composed-with-parameters
--: param x-
--: param 5
--: masked unordered
SELECT $1 || id, concat($1::text, id), height_cm + $2::int FROM clinic.patients

--- optional-filter-by-coalesce
--: param {{seal Patient/770000007}}
--: masked
SELECT count(*) FROM clinic.encounters WHERE patient_id = COALESCE($1, patient_id)

--- optional-filter-by-coalesce-of-null
--: masked
SELECT count(*) FROM clinic.encounters WHERE COALESCE(NULL::text, patient_id) = patient_id

--- computed-pseudonyms
--: masked unordered
SELECT mrn, upper(mrn), md5(mrn), uid::text || '!', left(attending, 3), e.class FROM clinic.patients p JOIN clinic.encounters e ON e.patient_mrn = p.mrn WHERE p.mrn > 'k' AND e.attending LIKE '%a%'

--- computed-pseudonyms-ordered
--: masked
SELECT mrn, uid FROM clinic.patients WHERE mrn ~ '^[a-m]' ORDER BY mrn LIMIT 25

--- computed-pseudonyms-grouped
--: masked
SELECT attending, count(*), avg(los_days) FROM clinic.encounters GROUP BY attending HAVING count(*) > 1 ORDER BY attending
