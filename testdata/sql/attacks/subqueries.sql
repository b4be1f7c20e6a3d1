--- subselect-alias
--: masked unordered
SELECT a FROM (SELECT ssn FROM clinic.patients) x (a)

--- subselect-offset-fence
--: masked unordered
SELECT ssn FROM (SELECT ssn FROM clinic.patients OFFSET 0) x

--- subselect-then-function
-- The function stands outside, where the column has another name.
--: refused
SELECT lower(a) FROM (SELECT last_name AS a FROM clinic.patients) x

--- subselect-then-cast-three-deep
--: masked unordered
SELECT c::text FROM (SELECT b AS c FROM (SELECT a AS b FROM (SELECT ssn AS a FROM clinic.patients) x) y) z

--- scalar-subselect
--: refused or masked
SELECT (SELECT last_name FROM clinic.patients WHERE height_cm = 153 AND weight_kg = 43.7)

--- scalar-subselect-concat
--: no canary
SELECT 'x' || (SELECT last_name FROM clinic.patients WHERE id IS NOT NULL LIMIT 1)

--- scalar-subselect-too-many-rows
--: refused or no canary
SELECT (SELECT last_name FROM clinic.patients)

--- exists-probe
--: same
SELECT EXISTS (SELECT 1 FROM clinic.patients WHERE last_name = '{{CANARYNAME0001|CANARYNAME9999}}') AS e

--- exists-like-probe
--: refused
SELECT EXISTS (SELECT 1 FROM clinic.patients WHERE last_name LIKE 'CANARYNAME0001')

--- correlated-count
--: same
SELECT d.name, (SELECT count(*) FROM clinic.patients p WHERE p.last_name = '{{CANARYNAME0001|CANARYNAME9999}}' AND d.floor >= 0) AS n FROM clinic.departments d ORDER BY 1

--- cte
--: masked unordered
WITH c AS (SELECT ssn FROM clinic.patients) SELECT ssn FROM c

--- cte-materialized-then-like
--: refused
WITH c AS MATERIALIZED (SELECT last_name AS n FROM clinic.patients) SELECT count(*) FROM c WHERE n LIKE 'CANARYNAME00%'

--- cte-not-materialized-cast
--: masked unordered
WITH c AS NOT MATERIALIZED (SELECT id AS n FROM clinic.patients) SELECT n::text FROM c

--- cte-nested-three
--: masked unordered
WITH a AS (SELECT ssn FROM clinic.patients), b AS (SELECT ssn x FROM a), c AS (SELECT x y FROM b) SELECT y FROM c

--- cte-column-list
--: refused
WITH c (harmless) AS (SELECT last_name FROM clinic.patients) SELECT upper(harmless) FROM c

--- cte-in-cte-shadow
-- An inner CTE of the same name.
--: refused
WITH c AS (SELECT 'x'::text AS n) SELECT * FROM (WITH c AS (SELECT last_name AS n FROM clinic.patients) SELECT upper(n) FROM c) z

--- recursive-cte-carries
--: refused or masked unordered
WITH RECURSIVE r AS (SELECT patient_id, 1 AS d FROM clinic.encounters UNION SELECT r.patient_id, d + 1 FROM r WHERE d < 2) SELECT patient_id, d FROM r

--- recursive-cte-concatenates
-- The second turn makes a text of it.
--: refused
WITH RECURSIVE r (v, d) AS (SELECT last_name::text, 1 FROM clinic.patients UNION ALL SELECT v || 'x', d + 1 FROM r WHERE d < 2) SELECT v FROM r

--- recursive-cte-taint-in-second-turn
-- The first turn gives a constant, the second the column.
--: refused
WITH RECURSIVE r (v, d) AS (SELECT 'x'::varchar(64), 1 UNION ALL SELECT p.last_name, d + 1 FROM r, clinic.patients p WHERE d < 2) SELECT v FROM r

--- recursive-cte-walks-ids
-- id = id + 1 makes a chain of the originals.
--: refused
WITH RECURSIVE r AS (SELECT id FROM clinic.patients WHERE height_cm = 153 UNION ALL SELECT p.id FROM clinic.patients p JOIN r ON p.id = r.id + 1) SELECT id FROM r

--- recursive-cte-search-order
-- SEARCH makes an order column out of the sealed one.
--: refused
WITH RECURSIVE r AS (SELECT id, 1 AS d FROM clinic.patients UNION ALL SELECT id, d + 1 FROM r WHERE d < 2)
SEARCH DEPTH FIRST BY id SET o SELECT o FROM r

--- recursive-cte-cycle-path
-- CYCLE makes a path, an array of rows, out of the sealed one.
--: refused
WITH RECURSIVE r AS (SELECT id, 1 AS d FROM clinic.patients UNION ALL SELECT id, d + 1 FROM r WHERE d < 2)
CYCLE id SET looped USING path SELECT path FROM r

--- lateral-function
--: refused
SELECT l FROM clinic.patients p, LATERAL upper(p.last_name) l

--- lateral-generate-series-of-id
-- The number of rows is the id.
--: refused
SELECT count(*) FROM clinic.patients p, LATERAL generate_series(770000000, p.id) g

--- generate-series-in-select
--: refused
SELECT generate_series(1, id - 770000000) FROM clinic.patients

--- limit-by-value
-- The number of rows that come is the value.
--: refused
SELECT n FROM generate_series(1, 1000) n LIMIT (SELECT id - 770000000 FROM clinic.patients LIMIT 1)

--- offset-by-value
--: refused
SELECT n FROM generate_series(1, 1000) n OFFSET (SELECT length(last_name) FROM clinic.patients LIMIT 1)

--- union-mixes-domains
-- One column of two kinds of pseudonyms.
--: masked unordered
SELECT last_name FROM clinic.patients UNION ALL SELECT attending FROM clinic.encounters

--- union-mixes-columns-by-position
--: masked unordered
SELECT sex::text, last_name FROM clinic.patients UNION ALL SELECT last_name, sex::text FROM clinic.patients

--- union-all-same
--: masked unordered
SELECT ssn FROM clinic.patients UNION ALL SELECT ssn FROM clinic.mv_patient_names

--- intersect-same
--: masked unordered
SELECT id FROM clinic.patients INTERSECT SELECT patient_id FROM clinic.encounters

--- except-same
--: masked unordered
SELECT id FROM clinic.patients EXCEPT SELECT patient_id FROM clinic.encounters

--- union-subselect-function
--: masked unordered
SELECT upper(x) FROM (SELECT ssn x FROM clinic.patients UNION SELECT ssn FROM clinic.mv_patient_names) u

--- values-subselect
--: refused
VALUES ((SELECT last_name FROM clinic.patients LIMIT 1)), ('x')

--- in-subselect-cross-domain
--: refused or empty
SELECT sex FROM clinic.patients WHERE last_name IN (SELECT attending FROM clinic.encounters)

--- row-in-subselect
--: refused or masked
SELECT count(*) FROM clinic.patients WHERE (id, last_name) IN (SELECT id, last_name FROM clinic.mv_patient_names)

--- any-subselect-less
--: refused
SELECT count(*) FROM clinic.patients WHERE last_name < ANY (SELECT last_name FROM clinic.mv_patient_names)

--- any-subselect-like
--: refused
SELECT count(*) FROM clinic.patients WHERE last_name LIKE ANY (SELECT word FROM clinic.dictionary)

--- join-on-like
--: refused
SELECT d.word FROM clinic.dictionary d JOIN clinic.patients p ON p.last_name LIKE d.word || '%'

--- join-on-inequality
--: refused
SELECT count(*) FROM clinic.patients a JOIN clinic.patients b ON a.ssn > b.ssn

--- self-join-order-statistics
-- Counting who comes before whom sorts the originals.
--: refused
SELECT a.height_cm, count(b.*) FROM clinic.patients a LEFT JOIN clinic.patients b ON b.ssn < a.ssn GROUP BY a.height_cm, a.ssn

--- grouping-sets
--: masked unordered
SELECT ssn, count(*) FROM clinic.patients GROUP BY GROUPING SETS ((ssn), ())

--- cube-with-sealed
--: masked unordered
SELECT patient_mrn, class, count(*) FROM clinic.encounters GROUP BY CUBE (patient_mrn, class)

--- rows-from
--: refused
SELECT * FROM ROWS FROM (unnest(ARRAY(SELECT last_name FROM clinic.patients))) AS a

--- with-ordinality
--: refused
SELECT * FROM unnest(ARRAY(SELECT id FROM clinic.patients ORDER BY id)) WITH ORDINALITY AS t (id, n)
