-- Attempts to abuse what tools may do with sealed ids.

--- order-against-original-constant
--: no canary
SELECT count(*) FROM clinic.patients WHERE id > '770000100'

--- order-by-original-between
--: no canary
SELECT count(*) FROM clinic.patients WHERE id BETWEEN '770000100' AND '770000200'

--- order-by-surrogate-alias
--: refused
SELECT last_name AS n FROM clinic.patients ORDER BY 1

--- order-by-id-using
--: refused
SELECT id FROM clinic.patients ORDER BY id USING ~<~

--- order-by-id-expression
-- By the keyed order, as ids are.
--: no canary
SELECT id FROM clinic.patients ORDER BY id || ''

--- order-by-id-in-range-frame
--: refused
SELECT sum(height_cm) OVER (ORDER BY id RANGE BETWEEN 1 PRECEDING AND CURRENT ROW) FROM clinic.patients

--- compare-id-with-clear-column
--: refused
SELECT count(*) FROM clinic.patients WHERE id > height_cm

--- compare-id-with-other-domain
--: refused
SELECT count(*) FROM clinic.encounters e JOIN clinic.patients p ON e.id > p.id

--- min-of-id-as-text
--: no canary
SELECT min(id) FROM clinic.patients

--- greatest-of-ids
--: refused
SELECT greatest(id, patient_id) FROM clinic.patients JOIN clinic.encounters ON true

--- cast-id-to-its-original-type
--: refused
SELECT id::bigint FROM clinic.patients

--- cast-id-to-short-text
--: masked unordered
SELECT id::varchar(5) FROM clinic.patients

--- cast-id-to-char
--: refused
SELECT id::char(64) FROM clinic.patients

--- cast-id-twice
--: refused
SELECT id::text::bigint FROM clinic.patients

--- cast-id-and-compute
--: masked unordered
SELECT upper(id::text) FROM clinic.patients

--- cast-id-and-match
--: refused
SELECT count(*) FROM clinic.patients WHERE id::text LIKE '77%'

--- cast-shifted-time-to-date
--: masked unordered
SELECT taken_at::date FROM clinic.observations

--- cast-document-to-text
--: refused
SELECT doc::text FROM clinic.documents

--- tested-parameter-as-clear
--: refused
--: param {{seal Patient/770000017}}
SELECT $1::text FROM clinic.patients WHERE $1 IS NULL OR id = $1

--- tested-parameter-names-a-relation
--: same
--: param {{vault.secrets|vault.nothing}}
SELECT 1 WHERE $1::regclass IS NULL

--- count-whole-row-distinct
--: refused
SELECT count(DISTINCT p.*) FROM clinic.patients p

--- count-whole-row-ordered
--: refused
SELECT count(p.* ORDER BY p) FROM clinic.patients p

--- count-whole-row-nulls
-- All cells NULL is still a row.
--: masked
SELECT count(x.*) FROM (SELECT mrn FROM clinic.patients WHERE false) x

--- case-of-name
--: refused
SELECT CASE last_name WHEN 'CANARYNAME0001' THEN 1 END FROM clinic.patients

--- case-of-id-original
--: same
SELECT count(CASE id WHEN '{{770000017|980000017}}' THEN 1 END) FROM clinic.patients
