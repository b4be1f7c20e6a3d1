-- Forms that are seldom used: errors that could carry a value.

--- deep-error-division-by-id
--: no canary
SELECT 1 / (id - 770000017) FROM clinic.patients

--- deep-error-division-by-shifted
--: no canary
SELECT 1 / (extract(year FROM arrived)::int - 2023) FROM clinic.stays

--- deep-error-case-division
--: refused or masked
SELECT count(*) FROM clinic.patients WHERE CASE WHEN ssn = '666-11-0001' THEN 1 / 0 ELSE 1 END = 1

--- deep-error-case-sealed
--: no canary
SELECT CASE WHEN id = '770000017' THEN 1 / (height_cm - height_cm) END FROM clinic.patients

--- deep-error-subselect-two-rows
--: no canary
SELECT (SELECT last_name FROM clinic.patients WHERE sex = 'female')

--- deep-error-invalid-pattern
--: no canary
SELECT 'a' ~ ('(' || last_name) FROM clinic.patients

--- deep-error-json-path
--: no canary
SELECT tags @? ('$.' || last_name)::jsonpath FROM clinic.documents, clinic.patients

--- deep-error-to-date
--: no canary
SELECT to_date(last_name, 'YYYY-MM-DD') FROM clinic.patients

--- deep-error-to-number
--: no canary
SELECT to_number(ssn::text, '999S') FROM clinic.patients

--- deep-error-make-date
--: no canary
SELECT make_date(2000, height_cm, 1) FROM clinic.patients

--- deep-error-interval
--: no canary
SELECT last_name::interval FROM clinic.patients

--- deep-error-decode
--: no canary
SELECT decode(ssn::text, 'hex') FROM clinic.patients

--- deep-error-chr
--: no canary
SELECT chr(-height_cm) FROM clinic.patients

--- deep-error-overflow
--: no canary
SELECT (height_cm * 100000000)::int FROM clinic.patients

--- deep-error-repeat
--: no canary
SELECT length(repeat('x', height_cm * 10000000)) FROM clinic.patients LIMIT 1

--- deep-error-ntile-zero
--: no canary
SELECT ntile(height_cm - height_cm) OVER () FROM clinic.patients

--- deep-error-array-dimension
--: no canary
SELECT ARRAY[ARRAY[id], ARRAY[id, id]] FROM clinic.patients

--- deep-error-array-text
--: no canary
SELECT ('{' || last_name || ',"}')::text[] FROM clinic.patients

--- deep-error-xml
--: no canary
SELECT xmlparse(DOCUMENT '<a>' || last_name) FROM clinic.patients

--- deep-error-xpath
--: no canary
SELECT xpath('//' || last_name, doc_xml) FROM clinic.documents, clinic.patients

--- deep-error-tsquery
--: no canary
SELECT to_tsquery('simple', last_name || ' &') FROM clinic.patients

--- deep-error-uuid
--: no canary
SELECT (ssn::text)::uuid FROM clinic.patients

--- deep-error-enum
--: no canary
SELECT last_name::clinic.sex_t FROM clinic.patients

--- deep-error-position
--: no canary
SELECT last_name FROM clinic.patients WHERE last_name = 770000017

--- deep-error-timezone-name
--: no canary
SELECT now() AT TIME ZONE last_name FROM clinic.patients

--- deep-error-format
--: no canary
SELECT format('%s %I %q', last_name) FROM clinic.patients

--- deep-error-sqrt
--: no canary
SELECT sqrt(-height_cm) FROM clinic.patients

--- deep-error-date-bounds
--: no canary
SELECT arrived + 2000000000 FROM clinic.stays

--- deep-error-timestamp-bounds
--: no canary
SELECT admitted + interval '290000 years' FROM clinic.stays

--- deep-error-range-bounds
--: no canary
SELECT tstzrange(discharged, admitted) FROM clinic.stays

--- deep-error-generate-zero
--: no canary
SELECT generate_series(admitted, discharged, interval '0') FROM clinic.stays
