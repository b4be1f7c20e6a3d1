--- division-by-zero-oracle
-- The error comes only where the condition on an original holds.
--: same
SELECT 1 / (CASE WHEN EXISTS (SELECT 1 FROM clinic.patients WHERE last_name = '{{CANARYNAME0001|CANARYNAME9999}}') THEN 0 ELSE 1 END) AS q

--- division-by-zero-of-like
--: refused
SELECT 1 / (CASE WHEN last_name LIKE 'CANARYNAME0001' THEN 0 ELSE 1 END) FROM clinic.patients

--- division-by-masked
--: refused or masked
SELECT 1 / (extract(day FROM birth_date) - 17) AS q FROM clinic.patients ORDER BY 1

--- out-of-range-oracle
--: refused
SELECT (id * 100000000000) FROM clinic.patients

--- out-of-range-pushed-down
--: refused or masked
SELECT (extract(year FROM birth_date)::int * 1000000)::int AS q FROM clinic.patients ORDER BY 1

--- cast-oracle-of-zip
-- '902' is a number, '90210-7777' is none.
--: masked
SELECT count(*) FROM clinic.patients WHERE zip ~ '^[0-9]+$'

--- substring-negative-length-oracle
--: refused
SELECT substring('x' FROM 1 FOR CASE WHEN last_name = 'x' THEN -1 ELSE 1 END), left(last_name, 1) FROM clinic.patients

--- sqrt-log-oracle
--: refused
SELECT sqrt(770000100 - id), ln(id - 770000000) FROM clinic.patients

--- power-overflow-oracle
--: same
SELECT power(10.0::float8, CASE WHEN EXISTS (SELECT 1 FROM clinic.patients WHERE ssn = '{{666-11-0001|666-11-9999}}') THEN 400 ELSE 1 END) AS p

--- json-error-shows-input
-- DETAIL: Token "CANARYNAME0001" is invalid.
--: refused
SELECT last_name::text::json FROM clinic.patients

--- regex-error-oracle
--: refused
SELECT 'x' ~ last_name FROM clinic.patients

--- xml-error-shows-input
--: refused
SELECT ('<' || last_name)::xml FROM clinic.patients

--- date-error-shows-input
--: refused
SELECT to_date(ssn, 'YYYY-MM-DD'), last_name::text::date FROM clinic.patients

--- to-number-error
--: refused
SELECT to_number(last_name, '999') FROM clinic.patients

--- inet-error-shows-input
--: refused
SELECT last_name::text::inet FROM clinic.patients

--- unique-violation-detail
-- DETAIL: Key (word)=(guess-1) already exists.
--: refused 25006
INSERT INTO clinic.dictionary SELECT last_name, 1 FROM clinic.patients

--- foreign-key-detail
--: refused 25006
UPDATE clinic.encounters SET patient_id = 1

--- array-subscript-error
--: refused
SELECT (ARRAY[1, 2])[length(last_name)] FROM clinic.patients

--- missing-from-clause-hint
-- HINT: Perhaps you meant to reference the column "patients.salary".
--: refused
SELECT salery FROM clinic.staff

--- hint-of-refused-column
--: same
SELECT {{valu|xqzw}} FROM clinic.departments

--- function-does-not-exist-hint
--: refused
SELECT lowerr(last_name) FROM clinic.patients

--- error-position-tells-nothing
--: same
SELECT sex FROM clinic.patients WHERE last_name = '{{CANARYNAME0001|CANARYNAME9999}}' AND 1 / height_cm >= 0

--- large-result-then-error
-- Rows that came before the error are masked, too.
--: refused or no canary
SELECT last_name, 1 / (height_cm - 150) FROM clinic.patients WHERE height_cm IS NOT NULL
