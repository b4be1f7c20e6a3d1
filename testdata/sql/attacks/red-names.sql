-- Names that Veil and PostgreSQL might take for different things. Each statement
-- names something clear by one reading and a carrier by the other; `right` cuts off
-- what marks a carrier, so that only the analysis can refuse it.

--- red-recursive-forward-reference
-- In WITH RECURSIVE a query sees those behind it: y reads the inner x, not the outer.
--: refused
WITH x AS (SELECT sex::text AS s FROM clinic.patients)
SELECT * FROM (WITH RECURSIVE y AS (SELECT s FROM x), x AS (SELECT last_name AS s FROM clinic.patients) SELECT right(s::text, 40) FROM y LIMIT 3) q

--- red-recursive-forward-reference-to-a-table
-- The same where the outer reading is a table.
--: refused
SET search_path TO clinic
--;
WITH RECURSIVE y AS (SELECT name FROM departments), departments AS (SELECT last_name AS name FROM patients) SELECT right(name::text, 40) FROM y LIMIT 3

--- red-recursive-reference-in-a-sub-select
-- The reference stands in a sub-select of an expression.
--: refused
WITH x AS (SELECT sex::text AS s FROM clinic.patients)
SELECT * FROM (WITH RECURSIVE y AS (SELECT (SELECT right(s::text, 40) FROM x LIMIT 1) AS t), x AS (SELECT last_name AS s FROM clinic.patients) SELECT t FROM y) q

--- red-recursive-self-reference-without-union
-- PostgreSQL sees a query that refers to itself, Veil might see the outer one.
--: refused
WITH x AS (SELECT sex::text AS s FROM clinic.patients)
SELECT * FROM (WITH RECURSIVE x AS (SELECT right(s::text, 40) AS s FROM x) SELECT s FROM x) q

--- red-recursive-shadowed-in-the-first-part
-- The part that is not recursive names the query itself.
--: refused
WITH x AS (SELECT sex::text AS s FROM clinic.patients)
SELECT * FROM (WITH RECURSIVE x AS (SELECT s FROM x UNION SELECT s FROM x WHERE false) SELECT right(s::text, 40) FROM x) q

--- red-out-argument-name
-- The column of this function is called value, whatever the alias is; last_name is
-- then that of the outer query.
--: no canary
SELECT last_name, (SELECT right(last_name::text, 40) FROM jsonb_array_elements('[1]') AS last_name) FROM clinic.patients LIMIT 2

--- red-out-argument-name-json-text
-- The same of the function that gives texts.
--: no canary
SELECT last_name, (SELECT right(last_name::text, 40) FROM json_array_elements_text('[1]') AS last_name) FROM clinic.patients LIMIT 2

--- red-lexemes-under-an-alias
-- unnest of a tsvector has three columns, none of them called as the alias.
--: no canary
SELECT last_name, (SELECT right(last_name::text, 40) FROM unnest(to_tsvector('simple', 'a')) AS last_name LIMIT 1) FROM clinic.patients LIMIT 2

--- red-composites-under-an-alias
-- unnest of composite values has their fields for columns.
--: refused
SELECT last_name, (SELECT right(last_name::text, 40) FROM unnest(ARRAY(SELECT pressure FROM clinic.observations WHERE pressure IS NOT NULL LIMIT 1)) AS last_name) FROM clinic.patients LIMIT 2

--- red-composite-expression-in-from
-- A composite expression in FROM has its fields for columns.
--: refused
SELECT o.id, (SELECT right(id::text, 40) FROM coalesce(o.pressure, o.pressure) AS id) FROM clinic.observations o WHERE o.pressure IS NOT NULL LIMIT 2

--- red-several-functions-under-an-alias
-- ROWS FROM has a column of each function, none called as the alias.
--: no canary
SELECT last_name, (SELECT right(last_name::text, 40) FROM ROWS FROM (generate_series(1, 1), generate_series(1, 1)) AS last_name) FROM clinic.patients LIMIT 2

--- red-cast-in-from
-- An expression in FROM is called as its alias, not as what is in it.
--: no canary
SELECT last_name, (SELECT right(last_name::text, 40) FROM CAST((SELECT 'x' AS last_name) AS text) AS z) FROM clinic.patients LIMIT 2

--- red-ordinality-is-the-alias
-- WITH ORDINALITY, where the ordinal is called as a sealed column of the outer query.
--: no canary
SELECT last_name, (SELECT right(last_name::text, 40) FROM jsonb_array_elements('[1]') WITH ORDINALITY AS x(v, n) WHERE last_name IS NOT NULL) FROM clinic.patients LIMIT 2

--- red-join-alias-list-shifts
-- An alias list of a join is positional over what the sub-selects return.
--: masked unordered
SELECT j.d::text || '' FROM (clinic.claims c JOIN clinic.patients p ON p.id = c.patient_id AND c.amount > 0 AND p.sex IS NOT NULL AND p.active) AS j(a, b, c, d)

--- red-join-alias-list-counts
-- The same, as arithmetic.
--: refused
SELECT j.d + 0 FROM (clinic.claims c JOIN clinic.patients p ON p.id = c.patient_id AND c.amount > 0 AND p.sex IS NOT NULL AND p.active) AS j(a, b, c, d) LIMIT 1

--- red-schema-cut-off
-- An inner alias is called as the outer table; the schema tells which is meant.
--: masked or refused
SELECT (SELECT min(right(clinic.departments.name::text, 40)) FROM clinic.patients AS departments(a, b, c, d, name)) FROM clinic.departments LIMIT 1

--- red-schema-cut-off-in-exists
-- The same in a condition: a dictionary of last names.
--: masked or refused
SELECT name FROM clinic.departments WHERE EXISTS (SELECT 1 FROM clinic.patients AS departments(a, b, c, d, name) WHERE right(clinic.departments.name::text, 40) LIKE '%CANARYNAME0001%')

--- red-catalog-name-cut-off
-- A table of the catalog, and an alias that is called like it.
--: masked or refused
SELECT (SELECT min(right(pg_catalog.pg_class.relname::text, 40)) FROM clinic.patients AS pg_class(a, b, c, d, relname)) FROM pg_catalog.pg_class LIMIT 1

--- red-database-name-cut-off
-- A reference with the database's name.
--: no canary
SELECT (SELECT min(right(clinic.clinic.departments.name::text, 40)) FROM clinic.patients AS departments(a, b, c, d, name)) FROM clinic.departments LIMIT 1

--- red-whole-row-is-a-column
-- d.* is the row of d; d alone would be the column of q.
--: masked
SELECT right(to_json(d.*)::text, 60) FROM clinic.departments d, (SELECT last_name AS d FROM clinic.patients) q ORDER BY 1 LIMIT 2

--- red-whole-row-is-an-outer-column
-- The same from within a sub-select.
--: no canary
SELECT last_name AS l, (SELECT right(to_jsonb(d.*)::text, 60) FROM clinic.departments d LIMIT 1) FROM (SELECT last_name, last_name AS d FROM clinic.patients) q LIMIT 2

--- red-whole-row-in-a-row
-- ROW(d.*), whose star stands for columns.
--: no canary
SELECT ROW(d.*)::text FROM clinic.departments d, (SELECT last_name AS d FROM clinic.patients LIMIT 1) q LIMIT 2

--- red-row-of-a-join-with-twins
-- The row of a join has all that its sub-selects return.
--: refused
SELECT j::text FROM (clinic.claims c JOIN clinic.encounters e ON e.patient_id = c.patient_id) AS j LIMIT 1

--- red-row-of-a-sub-select-with-twins
-- The row of a sub-select whose twin is asked for elsewhere.
--: refused
SELECT q::text FROM (SELECT patient_id FROM clinic.claims) q JOIN clinic.patients p ON p.id = q.patient_id LIMIT 1

--- red-field-of-a-join
-- A field of a join's row is a column by name.
--: masked unordered
SELECT (j).patient_id::text FROM (clinic.claims c JOIN clinic.departments d ON true) AS j

--- red-alias-of-another-table
-- An alias that is another table's name.
--: masked unordered
SELECT departments.last_name::text FROM clinic.patients departments, clinic.departments d

--- red-same-alias-in-two-levels
-- The inner alias hides the outer one.
--: no canary
SELECT (SELECT right(t.last_name::text, 40) FROM clinic.patients t LIMIT 1) FROM (SELECT 'x' AS last_name) t

--- red-merged-column-hides
-- The merged column of USING comes before those of both tables.
--: no canary
SELECT right(patient_id::text, 40) FROM clinic.claims c JOIN clinic.encounters e USING (patient_id) LIMIT 1

--- red-natural-join-merges
-- NATURAL JOIN over a sub-select that calls a sealed column as a clear one.
--: refused
SELECT count(*) FROM clinic.departments NATURAL JOIN (SELECT last_name AS name FROM clinic.patients) q

--- red-cte-called-as-a-catalog
-- A CTE called as a relation of the catalog hides it.
--: no canary
WITH pg_class AS (SELECT last_name AS relname FROM clinic.patients) SELECT right(relname::text, 40) FROM pg_class LIMIT 1

--- red-long-names-are-cut
-- Names are cut at 63 bytes, so these two are one.
--: no canary
SELECT right(aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1::text, 40)
FROM (SELECT last_name AS aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa2 FROM clinic.patients) q LIMIT 1

--- red-long-cte-names-are-cut
-- The same of common table expressions.
--: no canary
WITH aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1 AS (SELECT last_name AS s FROM clinic.patients)
SELECT right(s::text, 40) FROM aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa2 LIMIT 1

--- red-unicode-identifier
-- An identifier written in escapes.
--: no canary
SELECT right(U&"last\005fname"::text, 40) FROM clinic.patients LIMIT 1

--- red-unicode-identifier-other-escape
-- The same with another escape character.
--: no canary
SELECT right(U&"last!005fname" UESCAPE '!'::text, 40) FROM clinic.patients LIMIT 1

--- red-quoted-dots
-- A quoted name with a dot is one name.
--: refused
SELECT * FROM "clinic.patients"

--- red-upper-case-folds
-- Names without quotes are folded to lower case.
--: no canary
SELECT RIGHT(LAST_NAME::TEXT, 40) FROM CLINIC.PATIENTS LIMIT 1
