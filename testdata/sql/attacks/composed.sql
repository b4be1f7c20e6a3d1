-- Texts that are made of keyed columns, where more than selecting would tell of originals.

--- composed-compared
--: refused 42501
SELECT count(*) FROM clinic.patients WHERE 'Patient/' || id = 'Patient/770000001'

--- composed-compared-in-another-level
--: refused 42501
SELECT count(*) FROM (SELECT concat(id, '') AS k FROM clinic.patients) x WHERE k = '770000001'

--- composed-ordered
-- By the keyed order, as ids are.
--: no canary
SELECT sex FROM clinic.patients ORDER BY concat(id, '') LIMIT 1

--- composed-ordered-by-number
--: refused 42501
SELECT lower(id) FROM clinic.patients ORDER BY 1 LIMIT 1

--- composed-grouped
--: refused 42501
SELECT left(id, 9), count(*) FROM clinic.patients GROUP BY 1

--- composed-grouped-beside-the-id
--: refused 42501
SELECT k, count(*) FROM (SELECT concat(last_name, 'x') AS k, id FROM clinic.patients) x GROUP BY id, k

--- composed-distinct
--: refused 42501
SELECT DISTINCT concat(last_name, first_name) FROM clinic.patients

--- composed-distinct-on
--: refused 42501
SELECT DISTINCT ON (left(id, 8)) sex FROM clinic.patients

--- composed-united
--: masked unordered
SELECT 'a' || id FROM clinic.patients UNION SELECT 'a' || id FROM clinic.patients

--- composed-united-with-a-text
--: masked unordered
SELECT 'a' || id FROM clinic.patients UNION ALL SELECT 'b'

--- composed-like
--: refused 42501
SELECT count(*) FROM clinic.patients WHERE id || '' LIKE '77%'

--- composed-length-computed-with
--: refused 42501
SELECT length(last_name) + 1 FROM clinic.patients

--- composed-length-summed
--: refused 42501
SELECT sum(length(last_name)), max(length(last_name)) FROM clinic.patients

--- composed-aggregated
--: no canary
SELECT string_agg('x' || id, ',') FROM clinic.patients

--- composed-min
--: refused 42501
SELECT min('x' || id) FROM clinic.patients

--- composed-counted
--: refused 42501
SELECT count(DISTINCT lower(id)) FROM clinic.patients

--- composed-null
--: masked
SELECT count(*) FROM clinic.patients WHERE concat(email, id) IS NULL

--- composed-as-a-row
--: refused 42501
SELECT x FROM (SELECT 'a' || id AS k FROM clinic.patients) x

--- composed-as-json
--: masked unordered
SELECT to_json('a' || id) FROM clinic.patients

--- composed-as-an-array
--: masked unordered
SELECT ARRAY[lower(id)] FROM clinic.patients

--- composed-of-an-array
--: refused or no canary
SELECT id || ARRAY['x'] FROM clinic.patients

--- composed-cast-to-a-number
--: refused 42501
SELECT (id || '')::bigint FROM clinic.patients

--- composed-by-a-value-of-the-row
--: refused 42501
SELECT left(id, height_cm) FROM clinic.patients

--- composed-as-a-filter
--: refused 42501
SELECT count(*) FILTER (WHERE left(id, 2) = '77') FROM clinic.patients

--- composed-window-order
--: no canary
SELECT rank() OVER (ORDER BY 'x' || id) FROM clinic.patients

--- composed-partition
--: refused 42501
SELECT count(*) OVER (PARTITION BY right(id, 1)) FROM clinic.patients

--- composed-argument
--: refused 42501
SELECT position('7' IN id || '') FROM clinic.patients

--- composed-case-with-a-wrapper-in-a-text
-- a text that looks like a part of a record
--: masked unordered
SELECT CASE WHEN active THEN id ELSE '(770000001)' END, concat(id, '+(', sex) FROM clinic.patients

--- composed-other-case
-- what the lower case of names is depends on the database
--: refused 42501
SELECT lower(last_name) FROM clinic.patients

--- composed-mixed-kinds
--: refused 42501
SELECT CASE WHEN active THEN id ELSE email END FROM clinic.patients

--- composed-regular-expression
--: refused 42501
SELECT substring(id FROM '77(.*)') FROM clinic.patients

--- composed-sub-select
--: refused 42501
SELECT count(*) FROM clinic.patients WHERE 'x' IN (SELECT left(id, 1) FROM clinic.patients)

--- composed-scalar
--: masked
SELECT (SELECT 'x' || id FROM clinic.patients ORDER BY height_cm, weight_kg, bmi, language LIMIT 1)

--- computed-pseudonym-of-an-original
--: masked
SELECT count(*) FROM clinic.patients WHERE mrn = 'MRNCANARY00001' OR mrn LIKE 'MRN%'

--- computed-pseudonym-joined-to-originals
--: masked
SELECT count(*) FROM clinic.patients p JOIN (VALUES ('MRNCANARY00001'), ('MRNCANARY00002')) v(m) ON v.m = p.mrn

--- computed-pseudonym-error
--: refused or no canary
SELECT count(*) FROM clinic.patients WHERE mrn::int > 5

--- computed-pseudonym-division
--: masked
SELECT sum(1 / length(mrn)) FROM clinic.patients

--- computed-key
--: refused
SELECT current_setting('veilkey.k') FROM clinic.patients WHERE mrn > 'a'
