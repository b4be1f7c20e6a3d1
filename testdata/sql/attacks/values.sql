-- Attempts to get at what a rule with a condition masks.

--- ages-over-89
--: empty
SELECT value FROM clinic.measures WHERE code = '30525-0' AND unit = 'a' AND value > 90

--- ages-by-order
--: masked
SELECT value FROM clinic.measures WHERE code = '30525-0' AND unit = 'a' ORDER BY value DESC, id LIMIT 3

--- ages-of-unknown-code
--: masked unordered
SELECT value, reading, value_text FROM clinic.measures WHERE code IS NULL

--- ages-by-whole-row
--: refused
SELECT m::text FROM clinic.measures m WHERE code = '30525-0'

--- ages-as-text
--: masked unordered
SELECT m.value::text || m.reading::text || m.value_text AS v FROM clinic.measures m WHERE code = '30525-0'

--- names-by-related-row
--: masked unordered
SELECT value_text FROM clinic.measures WHERE concept % 3 = 1

--- names-by-like
--: masked
SELECT count(*) FROM clinic.measures WHERE value_text LIKE 'CANARY%'

--- related-table-itself
--: refused 42P01
SELECT * FROM clinic.concepts

--- related-table-by-alias
--: refused
SELECT veil_other.vocabulary FROM clinic.measures

--- own-row-by-alias
--: refused
SELECT veil_row.value FROM clinic.measures
