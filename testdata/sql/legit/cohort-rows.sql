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
