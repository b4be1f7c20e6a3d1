-- Attempts to see what a cohort's pseudonyms open to.

--- cohort-column-beside
--: refused 42703
SELECT c.column2 FROM (VALUES ('{{seal Patient/770000017}}')) c(pid) JOIN clinic.patients p ON p.id = c.pid

--- cohort-star
--: masked
SELECT c.* FROM (VALUES ('{{seal Patient/770000017}}')) c(pid) JOIN clinic.patients p ON p.id = c.pid

--- cohort-whole-row
--: refused
SELECT c::text, to_jsonb(c), row_to_json(c) FROM (VALUES ('{{seal Patient/770000017}}')) c(pid) JOIN clinic.patients p ON p.id = c.pid

--- cohort-whole-row-of-cte
--: refused
WITH c(pid) AS (VALUES ('{{seal Patient/770000017}}')) SELECT d::text, to_jsonb(d) FROM c d JOIN clinic.patients p ON p.id = d.pid JOIN c e ON true

--- cohort-of-originals
--: same
SELECT count(*) FROM (VALUES ('{{770000017|980000017}}')) c(pid) JOIN clinic.patients p ON p.id = c.pid

--- cohort-computed
--: refused
SELECT count(*) FROM (SELECT '7' || g AS pid FROM generate_series(1, 9) g) c JOIN clinic.patients p ON p.id = c.pid

--- cohort-of-names
--: refused
SELECT count(*) FROM (VALUES ('CANARYNAME0001')) c(n) JOIN clinic.patients p ON p.last_name = c.n

--- cohort-compared-by-order
--: refused
SELECT count(*) FROM (VALUES ('{{seal Patient/770000017}}')) c(pid) JOIN clinic.patients p ON p.id < c.pid

--- cohort-whole-row-first
-- The row is read before the comparison is.
--: refused
SELECT count(*) FROM (SELECT d::text AS t FROM (VALUES ('{{seal Patient/770000017}}')) d(pid)) x, (VALUES ('{{seal Patient/770000017}}')) c(pid) JOIN clinic.patients p ON c::text <> '' AND p.id = c.pid

--- cohort-whole-row-in-condition
--: refused
WITH c(pid) AS (VALUES ('{{seal Patient/770000017}}')) SELECT (SELECT string_agg(e::text, ',') FROM c e) FROM c JOIN clinic.patients p ON p.id = c.pid

--- cohort-unnest-whole-row
--: refused
SELECT c::text, to_jsonb(c) FROM unnest(ARRAY['{{seal Patient/770000017}}']) AS c(pid) JOIN clinic.patients p ON p.id = c.pid

--- cohort-join-whole-row
--: no canary or refused
SELECT j.* FROM ((VALUES ('{{seal Patient/770000017}}')) c(pid) JOIN clinic.encounters e ON e.patient_id = c.pid) j

--- cohort-parameter-read-before
-- The column is read as it comes, and opened after.
--: refused
--: param {{{seal Patient/770000017}}}
SELECT count(*) FROM unnest($1::text[]) AS c(pid) JOIN clinic.departments d ON c.pid <> d.name JOIN clinic.patients p ON p.id = c.pid

--- cohort-parameter-read-elsewhere
--: refused
--: param {{{seal Patient/770000017}}}
SELECT $1::text[] FROM unnest($1::text[]) AS c(pid) JOIN clinic.patients p ON p.id = c.pid

--- cohort-parameter-unnested-twice
--: refused
--: param {{{seal Patient/770000017}}}
SELECT d.pid FROM unnest($1::text[]) AS c(pid) JOIN clinic.patients p ON p.id = c.pid, unnest($1::text[]) AS d(pid)

--- cohort-parameter-unnested-before
--: refused
--: param {{{seal Patient/770000017}}}
SELECT d.pid FROM unnest($1::text[]) AS d(pid), unnest($1::text[]) AS c(pid) JOIN clinic.patients p ON p.id = c.pid

--- cohort-parameter-as-a-list-too
--: refused
--: param {{{seal Patient/770000017}}}
SELECT d.pid FROM unnest($1::text[]) AS d(pid) WHERE EXISTS (SELECT 1 FROM clinic.patients WHERE id = ANY ($1))

--- cohort-parameter-whole-row
--: refused
--: param {{{seal Patient/770000017}}}
SELECT c::text FROM unnest($1::text[]) AS c(pid) JOIN clinic.patients p ON p.id = c.pid

--- cohort-parameter-whole-row-before
--: refused
--: param {{{seal Patient/770000017}}}
SELECT count(*) FROM unnest($1::text[]) AS c(pid) JOIN clinic.departments d ON c::text <> d.name JOIN clinic.patients p ON p.id = c.pid

--- cohort-parameter-computed
--: masked unordered
--: param {{{seal Patient/770000017}}}
SELECT upper(c.pid) FROM unnest($1::text[]) AS c(pid) JOIN clinic.patients p ON p.id = c.pid

--- cohort-parameter-through-a-join-alias
--: refused or no canary
--: param {{{seal Patient/770000017}}}
SELECT j.pid FROM (unnest($1::text[]) AS c(pid) CROSS JOIN clinic.patients p) AS j WHERE j.id = j.pid

--- cohort-parameter-through-a-sub-select
--: refused
--: param {{{seal Patient/770000017}}}
SELECT x.pid FROM (SELECT c.pid FROM unnest($1::text[]) AS c(pid)) x JOIN clinic.patients p ON p.id = x.pid

--- cohort-parameter-through-using
--: refused or no canary
--: param {{{seal Patient/770000017}}}
SELECT patient_id::text || '' FROM unnest($1::text[]) AS c(patient_id) JOIN clinic.encounters USING (patient_id)

--- cohort-arrays-whole-row
--: refused
--: param {{{seal Patient/770000017}}}
--: param {a}
SELECT c::text FROM unnest($1::text[], $2::text[]) AS c(pid, arm) JOIN clinic.patients p ON p.id = c.pid

--- cohort-arrays-read-before
--: refused
--: param {{{seal Patient/770000017}}}
--: param {a}
SELECT count(*) FROM unnest($1::text[], $2::text[]) AS c(pid, arm) JOIN clinic.departments d ON c.pid <> d.name JOIN clinic.patients p ON p.id = c.pid

--- cohort-arrays-column-computed
--: masked unordered
--: param {{{seal Patient/770000017}}}
--: param {a}
SELECT upper(c.pid) FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS c(pid, arm, n) JOIN clinic.patients p ON p.id = c.pid

--- cohort-united-whole-row
--: refused
WITH c AS (SELECT '{{seal Patient/770000017}}' AS pid UNION ALL SELECT 'x') SELECT c::text FROM c JOIN clinic.patients p ON p.id = c.pid

--- cohort-united-of-originals
--: same
SELECT count(*) FROM (SELECT '{{770000017|980000017}}' AS pid UNION ALL SELECT 'x') c JOIN clinic.patients p ON p.id = c.pid

--- cohort-in-unnest-of-originals
--: same
SELECT count(*) FROM clinic.patients WHERE id IN (SELECT unnest(ARRAY['{{770000017|980000017}}', 'x']))

--- cohort-not-in-of-originals
--: same
WITH c(pid) AS (VALUES ('{{770000017|980000017}}'), ('x')) SELECT count(*) FROM clinic.patients WHERE id NOT IN (SELECT pid FROM c)

--- cohort-array-of-originals
--: same
SELECT count(*) FROM clinic.patients WHERE id = ANY (string_to_array('{{770000017|980000017}},x', ','))

--- cohort-in-opened-elsewhere
-- What the list opens to must not come back by another name.
--: no canary or refused
WITH c(pid) AS (VALUES ('{{seal Patient/770000017}}')) SELECT c.pid FROM c WHERE EXISTS (SELECT 1 FROM clinic.patients WHERE id IN (SELECT pid FROM c))

--- cohort-in-having
--: no canary or refused
--: param {{{seal Patient/770000017}}}
SELECT count(*) FROM clinic.patients WHERE id IN (SELECT max(pid) FROM unnest($1::text[]) c(pid))

--- cohort-in-grouped
--: no canary or refused
--: param {{{seal Patient/770000017}}}
SELECT count(*) FROM clinic.patients WHERE id IN (SELECT pid FROM unnest($1::text[]) c(pid) GROUP BY pid HAVING pid > '')
