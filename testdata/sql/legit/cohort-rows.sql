-- Cohorts that are handed over as rows of pseudonyms.

--- cohort-values
--: masked
SELECT c.pid, p.sex FROM clinic.patients p JOIN (VALUES ('{{seal Patient/770000017}}'), ('{{seal Patient/770000018}}'), ('nobody')) c(pid) ON c.pid = p.id ORDER BY p.sex, c.pid

--- cohort-values-with-labels
--: masked
SELECT c.label, count(*) FROM (VALUES ('{{seal Patient/770000017}}', 'a'), ('{{seal Patient/770000018}}', 'b'), (NULL, 'c')) c(pid, label) LEFT JOIN clinic.encounters e ON e.patient_id = c.pid GROUP BY c.label ORDER BY c.label

--- cohort-values-cte
--: masked
WITH c(pid) AS (VALUES ('{{seal Patient/770000017}}'), ('{{seal Patient/770000018}}')) SELECT count(*) FROM clinic.encounters e JOIN c ON e.patient_id = c.pid WHERE EXISTS (SELECT 1 FROM c d JOIN clinic.patients p ON p.id = d.pid)

--- cohort-values-two-domains
--: masked
SELECT count(*) FROM (VALUES ('{{seal Patient/770000017}}', '{{seal Encounter/ca11a7ee-0000-4000-8000-000000000001}}')) c(column3, column4) LEFT JOIN clinic.patients p ON p.id = c.column3 LEFT JOIN clinic.encounters e ON e.id = c.column4

--- cohort-values-in
--: masked
SELECT count(*) FROM clinic.encounters WHERE patient_id IN (VALUES ('{{seal Patient/770000017}}'), ('{{seal Patient/770000018}}'))

--- cohort-values-using
--: masked
SELECT count(*) FROM clinic.encounters JOIN (VALUES ('{{seal Patient/770000017}}')) c(patient_id) USING (patient_id)

--- cohort-unnest-array
--: masked
SELECT c.pid, p.sex FROM clinic.patients p JOIN unnest(ARRAY['{{seal Patient/770000017}}', '{{seal Patient/770000018}}']) AS c(pid) ON c.pid = p.id ORDER BY p.sex, c.pid

--- cohort-unnest-literal
--: masked
SELECT count(*) FROM unnest('{{{seal Patient/770000017}},nobody,NULL}'::text[]) AS c LEFT JOIN clinic.encounters e ON e.patient_id = c

--- cohort-values-in-a-target
--: masked
SELECT c.pid = p.id AS same, count(*) FROM clinic.patients p CROSS JOIN (VALUES ('{{seal Patient/770000017}}'), ('nobody')) c(pid) GROUP BY 1 ORDER BY 1

--- cohort-unnest-parameter
--: masked
--: param {{{seal Patient/770000017}},{{seal Patient/770000018}}}
SELECT count(*) FROM unnest($1::text[]) AS c(pid) JOIN clinic.encounters e ON e.patient_id = c.pid

--- cohort-unnest-parameter-selected
--: masked
--: param {{{seal Patient/770000017}},{{seal Patient/770000018}}}
SELECT c.pid, count(e.id) FROM unnest($1::text[]) AS c(pid) LEFT JOIN clinic.encounters e ON e.patient_id = c.pid GROUP BY c.pid, e.patient_id ORDER BY 2, c.pid IS NULL

--- cohort-unnest-parameter-clear
--: masked
--: param {inpatient,emergency}
SELECT c.x, count(e.id) FROM unnest($1::text[]) AS c(x) LEFT JOIN clinic.encounters e ON e.class = c.x GROUP BY c.x ORDER BY c.x

--- cohort-written-1
--: masked unordered
--: param {"{{seal Patient/770000017}}","{{seal Patient/770000018}}"}
SELECT p.id, c.n FROM clinic.patients p JOIN unnest($1::text[]) WITH ORDINALITY c(pid, n) ON c.pid = p.id

--- cohort-written-2
--: masked
--: param {"{{seal Patient/770000017}}","nobody","{{seal Patient/770000018}}"}
SELECT p.id, c.n FROM clinic.patients p JOIN unnest($1::text[]) WITH ORDINALITY AS c(pid, n) ON c.pid = p.id ORDER BY c.n

--- cohort-written-3
--: masked unordered
--: param {"{{seal Patient/770000017}}","{{seal Patient/770000018}}"}
--: param {case,control}
SELECT p.id, c.arm FROM clinic.patients p JOIN unnest($1::text[], $2::text[]) c(pid, arm) ON c.pid = p.id

--- cohort-written-4
--: masked unordered
SELECT p.id FROM clinic.patients p JOIN (SELECT '{{seal Patient/770000017}}' AS pid UNION ALL SELECT '{{seal Patient/770000018}}') c ON c.pid = p.id

--- cohort-written-5
--: masked unordered
WITH c AS (SELECT '{{seal Patient/770000017}}'::text AS pid, 1 AS n UNION ALL SELECT '{{seal Patient/770000018}}', 2) SELECT p.id, c.n, c.pid FROM clinic.patients p JOIN c ON c.pid = p.id

--- cohort-written-6
--: masked unordered
SELECT count(*) FROM clinic.encounters e WHERE e.patient_id IN (SELECT unnest(ARRAY['{{seal Patient/770000017}}', '{{seal Patient/770000018}}']))

--- cohort-written-7
--: masked unordered
--: param {"{{seal Patient/770000017}}","{{seal Patient/770000018}}"}
SELECT count(*) FROM clinic.encounters e WHERE e.patient_id IN (SELECT unnest($1::text[]))

--- cohort-written-8
--: masked unordered
--: param {"{{seal Patient/770000017}}","{{seal Patient/770000018}}"}
SELECT count(*) FROM clinic.encounters e WHERE e.patient_id IN (SELECT pid FROM unnest($1::text[]) c(pid))

--- cohort-written-9
--: masked unordered
SELECT count(*) FROM clinic.encounters e WHERE e.patient_id = ANY (string_to_array('{{seal Patient/770000017}},{{seal Patient/770000018}}', ','))

--- cohort-written-10
--: masked unordered
SELECT count(*) FROM clinic.encounters e, (SELECT '{{seal Patient/770000017}}'::text AS pid) x WHERE e.patient_id = x.pid

--- cohort-written-11
--: masked unordered
WITH cohort(pid) AS (VALUES ('{{seal Patient/770000017}}'), ('{{seal Patient/770000018}}')) SELECT count(*) FROM clinic.encounters WHERE patient_id IN (SELECT pid FROM cohort)

--- cohort-written-12
--: masked unordered
WITH cohort(pid) AS (VALUES ('{{seal Patient/770000017}}'), ('{{seal Patient/770000018}}')) SELECT count(*) FROM clinic.encounters WHERE patient_id NOT IN (SELECT pid FROM cohort)

--- cohort-written-13
--: masked unordered
WITH cohort AS (SELECT '{{seal Patient/770000017}}' AS pid, 'a' AS arm UNION ALL SELECT '{{seal Patient/770000018}}', 'b') SELECT c.arm, count(e.id) FROM cohort c LEFT JOIN clinic.encounters e ON e.patient_id = c.pid GROUP BY c.arm

--- cohort-written-14
--: masked unordered
WITH cohort AS (SELECT '{{seal Patient/770000017}}' AS pid, 'a' AS arm UNION ALL SELECT '{{seal Patient/770000018}}', 'b') SELECT count(*) FROM clinic.patients p WHERE EXISTS (SELECT 1 FROM cohort c WHERE c.pid = p.id AND c.arm = 'b')

--- cohort-written-15
--: masked
SELECT x.a, x.b FROM (SELECT 1 AS a, 'x' AS b UNION ALL SELECT 2, 'y' UNION ALL SELECT 3, NULL) x ORDER BY a

--- cohort-written-16
--: masked unordered
WITH p AS (SELECT date '2024-01-01' AS d, 5 AS n) SELECT d, n FROM p

--- cohort-written-17
--: masked unordered
SELECT a FROM (SELECT 1 AS a) x, (SELECT NULL AS b) y

--- cohort-written-18
--: masked unordered
SELECT a, pg_typeof(a) FROM (SELECT '2024-01-01'::date AS a UNION ALL SELECT '2024-02-01') x

--- cohort-written-19
--: masked unordered
SELECT count(*) FROM clinic.patients WHERE id = ANY ('{{{seal Patient/770000017}},{{seal Patient/770000018}},NULL,nobody}')

--- cohort-written-20
--: masked unordered
SELECT count(*) FROM clinic.patients WHERE id <> ALL ('{{{seal Patient/770000017}},{{seal Patient/770000018}},nobody}')

--- cohort-written-21
--: masked unordered
WITH cohort(pid) AS (VALUES ('{{seal Patient/770000017}}'), ('nobody')) SELECT count(*) FROM clinic.encounters WHERE patient_id NOT IN (SELECT pid FROM cohort)

--- cohort-written-22
--: masked unordered
WITH cohort(pid) AS (VALUES ('{{seal Patient/770000017}}'), (NULL)) SELECT count(*) FROM clinic.encounters WHERE patient_id NOT IN (SELECT pid FROM cohort)

--- cohort-written-23
--: masked unordered
WITH cohort(pid, arm) AS (VALUES ('{{seal Patient/770000017}}', 1), ('{{seal Patient/770000018}}', 2)) SELECT patient_id IN (SELECT pid FROM cohort WHERE arm = 2) AS y, count(*) FROM clinic.encounters GROUP BY 1
