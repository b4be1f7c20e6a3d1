-- Names that mean what they mean in PostgreSQL.

--- red-elements-of-json
-- The column of this function is called value.
--: masked
SELECT value FROM jsonb_array_elements('[1, 2]')

--- red-elements-under-an-alias
-- So it is under an alias.
--: masked
SELECT e.value ->> 'a' FROM jsonb_array_elements('[{"a": 1}]') e

--- red-element-is-the-row
-- The alias is the row, which is the element.
--: masked
SELECT elem ->> 'a' FROM json_array_elements('[{"a": 1}]') AS elem

--- red-elements-with-ordinality
-- With names of the query's own.
--: masked
SELECT n, v FROM jsonb_array_elements_text('["x", "y"]') WITH ORDINALITY AS e(v, n) ORDER BY n

--- red-arrays-side-by-side
-- unnest of two arrays.
--: masked
SELECT * FROM unnest(ARRAY[1, 2], ARRAY['a', 'b']) AS t(a, b) ORDER BY 1

--- red-arrays-side-by-side-numbered
-- With ordinality, beside another function.
--: masked
SELECT * FROM ROWS FROM (unnest(ARRAY[1, 2], ARRAY['a', 'b']), generate_series(1, 3)) WITH ORDINALITY AS t(a, b, c, n) ORDER BY n

--- red-expression-in-from
-- An expression as a table.
--: masked
SELECT a + 1 FROM coalesce(1, 2) AS a

--- red-using-mixes
-- USING over a sealed and a clear column.
--: masked
SELECT count(*) FROM (SELECT id, active FROM clinic.patients) a JOIN (SELECT id, active FROM clinic.patients) b USING (id, active)

--- red-natural-mixes
-- NATURAL JOIN over a sealed and a clear column.
--: masked
SELECT count(*), count(DISTINCT sex) FROM clinic.patients NATURAL JOIN (SELECT id, sex FROM clinic.patients) x

--- red-full-join-using
-- The merged column of a full join.
--: masked
SELECT name, beds, x FROM clinic.departments FULL JOIN (VALUES ('oncology', 1), ('nowhere', 2)) AS v(name, x) USING (name) ORDER BY name

--- red-using-alias
-- An alias of the merged columns.
--: masked
SELECT u.name, count(*) FROM clinic.departments JOIN (SELECT department AS name FROM clinic.mv_department_load) m USING (name) AS u GROUP BY u.name ORDER BY 1

--- red-join-under-an-alias
-- Columns of a join by its alias.
--: masked
SELECT j.name, j.year, j.encounters FROM (clinic.departments d JOIN clinic.mv_department_load m ON m.department = d.name) AS j ORDER BY 1, 2

--- red-join-under-an-alias-with-names
-- And by names of its own, over sealed columns.
--: masked unordered
SELECT j.a, j.p FROM (clinic.claims c JOIN clinic.patients p ON p.id = c.patient_id) AS j(a, p)

--- red-join-using-under-an-alias
-- An alias of a join with USING over sealed columns.
--: masked unordered
SELECT j.patient_id, j.payer, j.class FROM (clinic.claims JOIN clinic.encounters USING (patient_id)) AS j

--- red-star-over-two-of-a-name
-- A star over two columns of one name.
--: masked unordered
SELECT * FROM (SELECT p.id, e.id, e.class FROM clinic.patients p JOIN clinic.encounters e ON e.patient_id = p.id) q

--- red-tables-by-their-full-name
-- References with the schema.
--: masked
SELECT clinic.departments.name, departments.floor FROM clinic.departments ORDER BY clinic.departments.beds

--- red-row-of-a-table
-- A whole row, beside a column that is called as the table.
--: masked
SELECT to_jsonb(d.*) AS j, d.name FROM clinic.departments d ORDER BY d.name

--- red-alias-of-an-output
-- Output names win in ORDER BY, columns in GROUP BY.
--: masked
SELECT -beds AS beds, count(*) AS name FROM clinic.departments GROUP BY beds ORDER BY beds

--- red-same-alias-twice
-- The inner alias hides the outer one.
--: masked
SELECT t.name, (SELECT max(t.amount) FROM clinic.claims t WHERE t.status = 'paid') FROM clinic.departments t ORDER BY 1

--- red-with-hides-a-table
-- A WITH query that is called as a table.
--: masked
WITH patients AS (SELECT department, count(*) AS n FROM clinic.encounters GROUP BY department) SELECT * FROM patients ORDER BY 1

--- red-with-of-a-name-within
-- A WITH query within one that has the same name.
--: masked
WITH x AS (SELECT 1 AS n) SELECT (WITH x AS (SELECT n + 1 AS n FROM x) SELECT n FROM x), n FROM x

--- red-recursive-with-several
-- WITH RECURSIVE of several queries, one of which is recursive.
--: masked
WITH RECURSIVE base AS (SELECT min(floor) AS f FROM clinic.departments), up(f) AS (SELECT f FROM base UNION ALL SELECT f + 1 FROM up WHERE f < 4)
SELECT up.f, d.name FROM up JOIN clinic.departments d ON d.floor = up.f ORDER BY 1

--- red-lateral-chain
-- Each LATERAL sees what stands before it.
--: masked
SELECT d.name, y.b FROM clinic.departments d, LATERAL (SELECT d.beds + 1 AS a) x, LATERAL (SELECT x.a * 2 AS b) y ORDER BY 1

--- red-sub-select-without-columns-of-its-own
-- A reference to the outer query from two levels below.
--: masked
SELECT d.name FROM clinic.departments d WHERE EXISTS (SELECT 1 FROM clinic.mv_department_load m WHERE m.department = d.name AND m.encounters > (SELECT min(n.encounters) FROM clinic.mv_department_load n WHERE n.department = d.name)) ORDER BY 1
