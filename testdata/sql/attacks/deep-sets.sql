-- Forms that are seldom used: functions that return sets, lateral joins, recursion, arrays, set operations, samples.

--- deep-srf-in-targets
--: no canary
SELECT generate_series(1, (SELECT count(*) FROM clinic.patients WHERE id < '{{seal Patient/770000017}}')::int)

--- deep-srf-of-bits
--: refused or masked
SELECT i FROM generate_series(0, 63) i WHERE get_bit((SELECT id FROM clinic.patients LIMIT 1)::bigint::bit(64), i) = 1

--- deep-srf-in-case
--: refused or masked
SELECT CASE WHEN ssn < '500' THEN generate_series(1, 2) END FROM clinic.patients

--- deep-srf-in-limit
--: refused
SELECT 1 FROM clinic.departments LIMIT (SELECT ascii(last_name) FROM clinic.patients LIMIT 1)

--- deep-srf-by-chars
--: refused
SELECT regexp_split_to_table(last_name, '') FROM clinic.patients

--- deep-string-to-table
--: refused
SELECT c FROM clinic.patients, string_to_table(ssn::text, '-') c

--- deep-unnest-of-characters
--: refused
SELECT c FROM clinic.patients p, unnest(string_to_array(p.last_name, NULL)) c

--- deep-lateral-substring
--: refused
SELECT s FROM clinic.patients p, LATERAL (SELECT substring(p.ssn FROM g FOR 1) = '6' AS s FROM generate_series(1, 11) g) x

--- deep-lateral-composed-length
--: refused or masked
SELECT count(*) FROM clinic.patients p, LATERAL (SELECT 'x' || p.last_name AS y) z WHERE length(y) = 7

--- deep-lateral-count-less
--: refused or masked
SELECT p.id, n FROM clinic.patients p, LATERAL (SELECT count(*) AS n FROM clinic.patients q WHERE q.ssn < p.ssn) x

--- deep-lateral-order-by-original
--: no canary
SELECT p.sex, x.last_name FROM clinic.patients p, LATERAL (SELECT q.last_name FROM clinic.patients q WHERE q.sex = p.sex ORDER BY q.ssn LIMIT 1) x

--- deep-rows-from
--: refused
SELECT * FROM ROWS FROM (unnest(ARRAY(SELECT ssn::text FROM clinic.patients)), generate_series(1, 3)) x

--- deep-ordinality-of-ids
--: refused
SELECT u.o FROM unnest(ARRAY(SELECT id FROM clinic.patients ORDER BY ssn)) WITH ORDINALITY u (v, o) WHERE v = '{{seal Patient/770000017}}'

--- deep-array-position-of-id
--: refused
SELECT array_position(ARRAY(SELECT id FROM clinic.patients), '{{seal Patient/770000017}}')

--- deep-array-position-agg
--: refused
SELECT array_position(array_agg(id ORDER BY last_name), '{{seal Patient/770000017}}') FROM clinic.patients

--- deep-array-contains
--: refused
SELECT array_agg(id) @> ARRAY['{{seal Patient/770000017}}'] FROM clinic.patients

--- deep-array-slice-of-ids
--: refused or masked
SELECT (array_agg(ssn ORDER BY ssn))[1:2] FROM clinic.patients

--- deep-array-least
--: refused or masked
SELECT (array_agg(id ORDER BY id))[1] = '{{seal Patient/770000017}}' FROM clinic.patients

--- deep-array-any-of-made
--: refused or masked
SELECT count(*) FROM clinic.patients WHERE 'x770000017' = ANY (ARRAY['x' || id])

--- deep-array-any-originals
--: refused or masked
SELECT count(*) FROM clinic.patients WHERE '770000017' = ANY (ARRAY[id, id])

--- deep-array-any-greater
--: refused
SELECT count(*) FROM clinic.patients WHERE '770000017' > ANY (ARRAY[ssn, last_name])

--- deep-array-any-subselect
--: refused or masked
SELECT count(*) FROM clinic.patients WHERE id = ANY (ARRAY(SELECT '770000017'))

--- deep-array-any-other-domain
--: refused or masked
SELECT count(*) FROM clinic.patients WHERE last_name = ANY (ARRAY(SELECT first_name FROM clinic.patients))

--- deep-array-all-of-select
--: refused or masked
SELECT count(*) FROM clinic.encounters WHERE patient_id <> ALL (ARRAY(SELECT id FROM clinic.patients ORDER BY ssn LIMIT 5))

--- deep-width-bucket-of-ids
--: refused
SELECT width_bucket(id, ARRAY[770000010, 770000100]) FROM clinic.patients

--- deep-grouping-sets-of-names
--: refused or masked
SELECT last_name, sex, count(*) FROM clinic.patients GROUP BY GROUPING SETS ((last_name), (sex), ())

--- deep-rollup-of-ids
--: refused or masked
SELECT patient_id, class, count(*) FROM clinic.encounters GROUP BY ROLLUP (class, patient_id) ORDER BY 3 DESC, 2, 1 LIMIT 3

--- deep-cube-having-extreme
--: refused or masked
SELECT sex, count(*) FROM clinic.patients GROUP BY CUBE (sex) HAVING max(ssn) > '600'

--- deep-grouping-first-row
--: no canary
SELECT ssn, grouping(ssn) FROM clinic.patients GROUP BY ROLLUP (ssn) LIMIT 1

--- deep-group-by-expression
--: refused
SELECT left(last_name, 1), count(*) FROM clinic.patients GROUP BY 1 HAVING left(last_name, 1) = 'C'

--- deep-recursive-walk-up
--: refused or masked
WITH RECURSIVE r AS (SELECT 770000001 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 770000020) SELECT n FROM r JOIN clinic.patients p ON p.id::text = n::text

--- deep-recursive-next-greater
--: refused or masked
WITH RECURSIVE r AS (SELECT min(ssn) AS s FROM clinic.patients UNION ALL SELECT (SELECT min(ssn) FROM clinic.patients WHERE ssn > r.s) FROM r WHERE r.s IS NOT NULL) SELECT count(*) FROM r

--- deep-recursive-carry-position
--: refused or masked
WITH RECURSIVE r AS (SELECT id, 1 AS n FROM clinic.patients WHERE id = '{{seal Patient/770000017}}' UNION ALL SELECT p.id, n + 1 FROM r JOIN clinic.patients p ON p.id > r.id WHERE n < 2) SELECT count(*) FROM r WHERE id = '{{seal Patient/770000018}}'

--- deep-recursive-search-breadth
--: refused or masked
WITH RECURSIVE r AS (SELECT id FROM clinic.patients WHERE id = '{{seal Patient/770000017}}' UNION ALL SELECT e.patient_id FROM r JOIN clinic.encounters e ON e.patient_id = r.id AND false) SEARCH BREADTH FIRST BY id SET o SELECT o FROM r

--- deep-recursive-cycle-mark
--: refused or masked
WITH RECURSIVE r AS (SELECT id FROM clinic.patients WHERE id = '{{seal Patient/770000017}}' UNION ALL SELECT id FROM r) CYCLE id SET c USING p SELECT p::text FROM r

--- deep-set-op-types
--: refused
SELECT ssn FROM clinic.patients UNION SELECT '666-11-0001'

--- deep-set-op-except-guess
--: refused or masked
SELECT '770000017' EXCEPT SELECT id::text FROM clinic.patients

--- deep-set-op-intersect-guess
--: refused or masked
SELECT count(*) FROM (SELECT '770000017'::text INTERSECT SELECT id::text FROM clinic.patients) x

--- deep-union-all-then-compare
--: refused or masked
SELECT count(*) FROM (SELECT last_name::text AS n FROM clinic.patients UNION ALL SELECT 'CANARYNAME0017') x WHERE n = 'CANARYNAME0017'

--- deep-union-all-then-group
--: refused or masked
SELECT n, count(*) FROM (SELECT last_name::text AS n FROM clinic.patients UNION ALL SELECT 'CANARYNAME0017') x GROUP BY n HAVING count(*) > 1

--- deep-natural-join-guess
--: no canary
SELECT count(*) FROM clinic.patients NATURAL JOIN (SELECT '770000017'::bigint AS id) x

--- deep-using-guess
--: no canary
SELECT count(*) FROM clinic.patients JOIN (VALUES (770000017)) v (id) USING (id)

--- deep-full-join-coalesce
--: no canary
SELECT coalesce(id, x.i) FROM clinic.patients FULL JOIN (SELECT 770000017::bigint AS i) x ON false LIMIT 3

--- deep-distinct-on-order
--: refused or masked
SELECT DISTINCT ON (sex) sex, last_name FROM clinic.patients ORDER BY sex, ssn

--- deep-distinct-on-expression
--: refused
SELECT DISTINCT ON (left(ssn, 3)) sex FROM clinic.patients

--- deep-fetch-with-ties
--: refused or masked
SELECT id FROM clinic.patients ORDER BY last_name FETCH FIRST 1 ROW WITH TIES

--- deep-tablesample-system
--: refused or masked
SELECT count(*) <= 300 FROM clinic.patients TABLESAMPLE SYSTEM (50) REPEATABLE (1)

--- deep-tablesample-by-id
--: refused
SELECT count(*) FROM clinic.patients TABLESAMPLE BERNOULLI ((SELECT id % 100 FROM clinic.patients LIMIT 1))

--- deep-tablesample-repeatable-id
--: refused
SELECT count(*) FROM clinic.patients p TABLESAMPLE BERNOULLI (50) REPEATABLE ((SELECT ascii(ssn) FROM clinic.patients LIMIT 1))
