-- What analysts and their tools ask, by kinds: cohorts, ids as data, orders by ids, laboratory
-- trends, survival, readmission, and the shapes of BI tools.

--- analysts-001
--: masked
WITH entry AS (SELECT patient_id, count(*) AS n, min(los_days) AS shortest FROM clinic.encounters WHERE icd10 = 'E11.9' GROUP BY patient_id),
included AS (SELECT e.patient_id FROM entry e JOIN clinic.patients p ON p.id = e.patient_id WHERE p.active AND extract(year FROM p.birth_date) < 2000)
SELECT p.sex, count(*) AS persons FROM included i JOIN clinic.patients p ON p.id = i.patient_id GROUP BY p.sex ORDER BY p.sex

--- analysts-002
--: masked
SELECT p.sex, count(DISTINCT e.patient_id) FILTER (WHERE e.class = 'IMP') AS inpatient, count(DISTINCT e.patient_id) FILTER (WHERE e.class = 'EMER') AS emergency FROM clinic.encounters e JOIN clinic.patients p ON p.id = e.patient_id WHERE e.icd10 = 'E11.9' GROUP BY p.sex ORDER BY 1

--- analysts-003
--: masked
WITH cases AS (SELECT DISTINCT patient_id FROM clinic.encounters WHERE icd10 = 'E11.9'), controls AS (SELECT id AS patient_id FROM clinic.patients EXCEPT SELECT patient_id FROM cases)
SELECT 'case' AS arm, avg(o.value) AS mean, count(*) FROM cases c JOIN clinic.observations o ON o.patient_id = c.patient_id AND o.loinc = '4548-4'
UNION ALL SELECT 'control', avg(o.value), count(*) FROM controls c JOIN clinic.observations o ON o.patient_id = c.patient_id AND o.loinc = '4548-4' ORDER BY arm

--- analysts-004
--: masked
SELECT i.rule, count(*) AS persons FROM (SELECT p.id, CASE WHEN EXISTS (SELECT 1 FROM clinic.encounters e WHERE e.patient_id = p.id AND e.icd10 = 'E11.9') THEN 1 ELSE 0 END + CASE WHEN EXISTS (SELECT 1 FROM clinic.observations o WHERE o.patient_id = p.id AND o.abnormal) THEN 2 ELSE 0 END AS rule FROM clinic.patients p) i GROUP BY i.rule ORDER BY i.rule

--- analysts-005
--: masked
SELECT a.icd10 AS first, b.icd10 AS second, count(DISTINCT a.patient_id) FROM clinic.encounters a JOIN clinic.encounters b ON a.patient_id = b.patient_id AND a.icd10 < b.icd10 WHERE a.icd10 = 'E11.9' GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2

--- analysts-006
--: masked
WITH entry AS (SELECT patient_id, count(*) AS n, min(los_days) AS shortest FROM clinic.encounters WHERE icd10 = 'I10' GROUP BY patient_id),
included AS (SELECT e.patient_id FROM entry e JOIN clinic.patients p ON p.id = e.patient_id WHERE p.active AND extract(year FROM p.birth_date) < 2000)
SELECT p.sex, count(*) AS persons FROM included i JOIN clinic.patients p ON p.id = i.patient_id GROUP BY p.sex ORDER BY p.sex

--- analysts-007
--: masked
SELECT p.sex, count(DISTINCT e.patient_id) FILTER (WHERE e.class = 'IMP') AS inpatient, count(DISTINCT e.patient_id) FILTER (WHERE e.class = 'EMER') AS emergency FROM clinic.encounters e JOIN clinic.patients p ON p.id = e.patient_id WHERE e.icd10 = 'I10' GROUP BY p.sex ORDER BY 1

--- analysts-008
--: masked
WITH cases AS (SELECT DISTINCT patient_id FROM clinic.encounters WHERE icd10 = 'I10'), controls AS (SELECT id AS patient_id FROM clinic.patients EXCEPT SELECT patient_id FROM cases)
SELECT 'case' AS arm, avg(o.value) AS mean, count(*) FROM cases c JOIN clinic.observations o ON o.patient_id = c.patient_id AND o.loinc = '4548-4'
UNION ALL SELECT 'control', avg(o.value), count(*) FROM controls c JOIN clinic.observations o ON o.patient_id = c.patient_id AND o.loinc = '4548-4' ORDER BY arm

--- analysts-009
--: masked
SELECT i.rule, count(*) AS persons FROM (SELECT p.id, CASE WHEN EXISTS (SELECT 1 FROM clinic.encounters e WHERE e.patient_id = p.id AND e.icd10 = 'I10') THEN 1 ELSE 0 END + CASE WHEN EXISTS (SELECT 1 FROM clinic.observations o WHERE o.patient_id = p.id AND o.abnormal) THEN 2 ELSE 0 END AS rule FROM clinic.patients p) i GROUP BY i.rule ORDER BY i.rule

--- analysts-010
--: masked
SELECT a.icd10 AS first, b.icd10 AS second, count(DISTINCT a.patient_id) FROM clinic.encounters a JOIN clinic.encounters b ON a.patient_id = b.patient_id AND a.icd10 < b.icd10 WHERE a.icd10 = 'I10' GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2

--- analysts-011
--: masked
WITH entry AS (SELECT patient_id, count(*) AS n, min(los_days) AS shortest FROM clinic.encounters WHERE icd10 = 'N18.3' GROUP BY patient_id),
included AS (SELECT e.patient_id FROM entry e JOIN clinic.patients p ON p.id = e.patient_id WHERE p.active AND extract(year FROM p.birth_date) < 2000)
SELECT p.sex, count(*) AS persons FROM included i JOIN clinic.patients p ON p.id = i.patient_id GROUP BY p.sex ORDER BY p.sex

--- analysts-012
--: masked
SELECT p.sex, count(DISTINCT e.patient_id) FILTER (WHERE e.class = 'IMP') AS inpatient, count(DISTINCT e.patient_id) FILTER (WHERE e.class = 'EMER') AS emergency FROM clinic.encounters e JOIN clinic.patients p ON p.id = e.patient_id WHERE e.icd10 = 'N18.3' GROUP BY p.sex ORDER BY 1

--- analysts-013
--: masked
WITH cases AS (SELECT DISTINCT patient_id FROM clinic.encounters WHERE icd10 = 'N18.3'), controls AS (SELECT id AS patient_id FROM clinic.patients EXCEPT SELECT patient_id FROM cases)
SELECT 'case' AS arm, avg(o.value) AS mean, count(*) FROM cases c JOIN clinic.observations o ON o.patient_id = c.patient_id AND o.loinc = '4548-4'
UNION ALL SELECT 'control', avg(o.value), count(*) FROM controls c JOIN clinic.observations o ON o.patient_id = c.patient_id AND o.loinc = '4548-4' ORDER BY arm

--- analysts-014
--: masked
SELECT i.rule, count(*) AS persons FROM (SELECT p.id, CASE WHEN EXISTS (SELECT 1 FROM clinic.encounters e WHERE e.patient_id = p.id AND e.icd10 = 'N18.3') THEN 1 ELSE 0 END + CASE WHEN EXISTS (SELECT 1 FROM clinic.observations o WHERE o.patient_id = p.id AND o.abnormal) THEN 2 ELSE 0 END AS rule FROM clinic.patients p) i GROUP BY i.rule ORDER BY i.rule

--- analysts-015
--: masked
SELECT a.icd10 AS first, b.icd10 AS second, count(DISTINCT a.patient_id) FROM clinic.encounters a JOIN clinic.encounters b ON a.patient_id = b.patient_id AND a.icd10 < b.icd10 WHERE a.icd10 = 'N18.3' GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2

--- analysts-016
--: masked
WITH entry AS (SELECT patient_id, count(*) AS n, min(los_days) AS shortest FROM clinic.encounters WHERE icd10 = 'J45.909' GROUP BY patient_id),
included AS (SELECT e.patient_id FROM entry e JOIN clinic.patients p ON p.id = e.patient_id WHERE p.active AND extract(year FROM p.birth_date) < 2000)
SELECT p.sex, count(*) AS persons FROM included i JOIN clinic.patients p ON p.id = i.patient_id GROUP BY p.sex ORDER BY p.sex

--- analysts-017
--: masked
SELECT p.sex, count(DISTINCT e.patient_id) FILTER (WHERE e.class = 'IMP') AS inpatient, count(DISTINCT e.patient_id) FILTER (WHERE e.class = 'EMER') AS emergency FROM clinic.encounters e JOIN clinic.patients p ON p.id = e.patient_id WHERE e.icd10 = 'J45.909' GROUP BY p.sex ORDER BY 1

--- analysts-018
--: masked
WITH cases AS (SELECT DISTINCT patient_id FROM clinic.encounters WHERE icd10 = 'J45.909'), controls AS (SELECT id AS patient_id FROM clinic.patients EXCEPT SELECT patient_id FROM cases)
SELECT 'case' AS arm, avg(o.value) AS mean, count(*) FROM cases c JOIN clinic.observations o ON o.patient_id = c.patient_id AND o.loinc = '4548-4'
UNION ALL SELECT 'control', avg(o.value), count(*) FROM controls c JOIN clinic.observations o ON o.patient_id = c.patient_id AND o.loinc = '4548-4' ORDER BY arm

--- analysts-019
--: masked
SELECT i.rule, count(*) AS persons FROM (SELECT p.id, CASE WHEN EXISTS (SELECT 1 FROM clinic.encounters e WHERE e.patient_id = p.id AND e.icd10 = 'J45.909') THEN 1 ELSE 0 END + CASE WHEN EXISTS (SELECT 1 FROM clinic.observations o WHERE o.patient_id = p.id AND o.abnormal) THEN 2 ELSE 0 END AS rule FROM clinic.patients p) i GROUP BY i.rule ORDER BY i.rule

--- analysts-020
--: masked
SELECT a.icd10 AS first, b.icd10 AS second, count(DISTINCT a.patient_id) FROM clinic.encounters a JOIN clinic.encounters b ON a.patient_id = b.patient_id AND a.icd10 < b.icd10 WHERE a.icd10 = 'J45.909' GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2

--- analysts-021
--: masked
WITH entry AS (SELECT patient_id, count(*) AS n, min(los_days) AS shortest FROM clinic.encounters WHERE icd10 = 'C50.919' GROUP BY patient_id),
included AS (SELECT e.patient_id FROM entry e JOIN clinic.patients p ON p.id = e.patient_id WHERE p.active AND extract(year FROM p.birth_date) < 2000)
SELECT p.sex, count(*) AS persons FROM included i JOIN clinic.patients p ON p.id = i.patient_id GROUP BY p.sex ORDER BY p.sex

--- analysts-022
--: masked
SELECT p.sex, count(DISTINCT e.patient_id) FILTER (WHERE e.class = 'IMP') AS inpatient, count(DISTINCT e.patient_id) FILTER (WHERE e.class = 'EMER') AS emergency FROM clinic.encounters e JOIN clinic.patients p ON p.id = e.patient_id WHERE e.icd10 = 'C50.919' GROUP BY p.sex ORDER BY 1

--- analysts-023
--: masked
WITH cases AS (SELECT DISTINCT patient_id FROM clinic.encounters WHERE icd10 = 'C50.919'), controls AS (SELECT id AS patient_id FROM clinic.patients EXCEPT SELECT patient_id FROM cases)
SELECT 'case' AS arm, avg(o.value) AS mean, count(*) FROM cases c JOIN clinic.observations o ON o.patient_id = c.patient_id AND o.loinc = '4548-4'
UNION ALL SELECT 'control', avg(o.value), count(*) FROM controls c JOIN clinic.observations o ON o.patient_id = c.patient_id AND o.loinc = '4548-4' ORDER BY arm

--- analysts-024
--: masked
SELECT i.rule, count(*) AS persons FROM (SELECT p.id, CASE WHEN EXISTS (SELECT 1 FROM clinic.encounters e WHERE e.patient_id = p.id AND e.icd10 = 'C50.919') THEN 1 ELSE 0 END + CASE WHEN EXISTS (SELECT 1 FROM clinic.observations o WHERE o.patient_id = p.id AND o.abnormal) THEN 2 ELSE 0 END AS rule FROM clinic.patients p) i GROUP BY i.rule ORDER BY i.rule

--- analysts-025
--: masked
SELECT a.icd10 AS first, b.icd10 AS second, count(DISTINCT a.patient_id) FROM clinic.encounters a JOIN clinic.encounters b ON a.patient_id = b.patient_id AND a.icd10 < b.icd10 WHERE a.icd10 = 'C50.919' GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2

--- analysts-026
--: masked unordered
SELECT count(DISTINCT patient_id), count(patient_id), count(*) FROM clinic.encounters

--- analysts-027
--: masked unordered
SELECT patient_id::text AS pid, count(*) FROM clinic.encounters WHERE patient_id IS NOT NULL GROUP BY patient_id

--- analysts-028
--: masked unordered
SELECT patient_id FROM clinic.encounters GROUP BY patient_id HAVING count(*) > 2

--- analysts-029
--: masked unordered
SELECT count(*) FROM clinic.encounters t WHERE t.patient_id IN (SELECT e.patient_id FROM clinic.encounters e WHERE e.class = 'EMER' GROUP BY e.patient_id HAVING count(*) >= 1)

--- analysts-030
--: masked
SELECT CASE t.patient_id WHEN '{{seal Patient/770000017}}' THEN 'index' ELSE 'other' END AS who, count(*) FROM clinic.encounters t GROUP BY 1 ORDER BY 1

--- analysts-031
--: masked unordered
SELECT count(t.*) FROM clinic.encounters t

--- analysts-032
--: masked
SELECT n, count(*) FROM (SELECT patient_id, count(*) AS n FROM clinic.encounters GROUP BY patient_id) x GROUP BY n ORDER BY n

--- analysts-033
--: masked unordered
--: param {{seal Patient/770000017}}
SELECT count(*) FROM clinic.encounters WHERE $1::text IS NULL OR patient_id = $1

--- analysts-034
--: masked unordered
--: param {{seal Patient/770000017}}
SELECT count(*) FROM clinic.encounters WHERE patient_id IS NOT DISTINCT FROM $1

--- analysts-035
--: masked unordered
--: param {{seal Patient/770000017}}
--: param {{seal Patient/770000018}}
--: param nobody
SELECT count(*) FROM clinic.encounters WHERE patient_id IN ($1, $2, $3)

--- analysts-036
--: masked unordered
SELECT count(DISTINCT patient_id), count(patient_id), count(*) FROM clinic.observations

--- analysts-037
--: masked unordered
SELECT patient_id::text AS pid, count(*) FROM clinic.observations WHERE patient_id IS NOT NULL GROUP BY patient_id

--- analysts-038
--: masked unordered
SELECT patient_id FROM clinic.observations GROUP BY patient_id HAVING count(*) > 2

--- analysts-039
--: masked unordered
SELECT count(*) FROM clinic.observations t WHERE t.patient_id IN (SELECT e.patient_id FROM clinic.encounters e WHERE e.class = 'EMER' GROUP BY e.patient_id HAVING count(*) >= 1)

--- analysts-040
--: masked
SELECT CASE t.patient_id WHEN '{{seal Patient/770000017}}' THEN 'index' ELSE 'other' END AS who, count(*) FROM clinic.observations t GROUP BY 1 ORDER BY 1

--- analysts-041
--: masked unordered
SELECT count(t.*) FROM clinic.observations t

--- analysts-042
--: masked
SELECT n, count(*) FROM (SELECT patient_id, count(*) AS n FROM clinic.observations GROUP BY patient_id) x GROUP BY n ORDER BY n

--- analysts-043
--: masked unordered
--: param {{seal Patient/770000017}}
SELECT count(*) FROM clinic.observations WHERE $1::text IS NULL OR patient_id = $1

--- analysts-044
--: masked unordered
--: param {{seal Patient/770000017}}
SELECT count(*) FROM clinic.observations WHERE patient_id IS NOT DISTINCT FROM $1

--- analysts-045
--: masked unordered
--: param {{seal Patient/770000017}}
--: param {{seal Patient/770000018}}
--: param nobody
SELECT count(*) FROM clinic.observations WHERE patient_id IN ($1, $2, $3)

--- analysts-046
--: masked unordered
SELECT count(DISTINCT id), count(id), count(*) FROM clinic.patients

--- analysts-047
--: masked unordered
SELECT id::text AS pid, count(*) FROM clinic.patients WHERE id IS NOT NULL GROUP BY id

--- analysts-048
--: masked unordered
SELECT id FROM clinic.patients GROUP BY id HAVING count(*) > 2

--- analysts-049
--: masked unordered
SELECT count(*) FROM clinic.patients t WHERE t.id IN (SELECT e.patient_id FROM clinic.encounters e WHERE e.class = 'EMER' GROUP BY e.patient_id HAVING count(*) >= 1)

--- analysts-050
--: masked
SELECT CASE t.id WHEN '{{seal Patient/770000017}}' THEN 'index' ELSE 'other' END AS who, count(*) FROM clinic.patients t GROUP BY 1 ORDER BY 1

--- analysts-051
--: masked unordered
SELECT count(t.*) FROM clinic.patients t

--- analysts-052
--: masked
SELECT n, count(*) FROM (SELECT id, count(*) AS n FROM clinic.patients GROUP BY id) x GROUP BY n ORDER BY n

--- analysts-053
--: masked unordered
--: param {{seal Patient/770000017}}
SELECT count(*) FROM clinic.patients WHERE $1::text IS NULL OR id = $1

--- analysts-054
--: masked unordered
--: param {{seal Patient/770000017}}
SELECT count(*) FROM clinic.patients WHERE id IS NOT DISTINCT FROM $1

--- analysts-055
--: masked unordered
--: param {{seal Patient/770000017}}
--: param {{seal Patient/770000018}}
--: param nobody
SELECT count(*) FROM clinic.patients WHERE id IN ($1, $2, $3)

--- analysts-056
--: masked unordered
SELECT count(DISTINCT patient_id), count(patient_id), count(*) FROM clinic.claims

--- analysts-057
--: masked unordered
SELECT patient_id::text AS pid, count(*) FROM clinic.claims WHERE patient_id IS NOT NULL GROUP BY patient_id

--- analysts-058
--: masked unordered
SELECT patient_id FROM clinic.claims GROUP BY patient_id HAVING count(*) > 2

--- analysts-059
--: masked unordered
SELECT count(*) FROM clinic.claims t WHERE t.patient_id IN (SELECT e.patient_id FROM clinic.encounters e WHERE e.class = 'EMER' GROUP BY e.patient_id HAVING count(*) >= 1)

--- analysts-060
--: masked
SELECT CASE t.patient_id WHEN '{{seal Patient/770000017}}' THEN 'index' ELSE 'other' END AS who, count(*) FROM clinic.claims t GROUP BY 1 ORDER BY 1

--- analysts-061
--: masked unordered
SELECT count(t.*) FROM clinic.claims t

--- analysts-062
--: masked
SELECT n, count(*) FROM (SELECT patient_id, count(*) AS n FROM clinic.claims GROUP BY patient_id) x GROUP BY n ORDER BY n

--- analysts-063
--: masked unordered
--: param {{seal Patient/770000017}}
SELECT count(*) FROM clinic.claims WHERE $1::text IS NULL OR patient_id = $1

--- analysts-064
--: masked unordered
--: param {{seal Patient/770000017}}
SELECT count(*) FROM clinic.claims WHERE patient_id IS NOT DISTINCT FROM $1

--- analysts-065
--: masked unordered
--: param {{seal Patient/770000017}}
--: param {{seal Patient/770000018}}
--: param nobody
SELECT count(*) FROM clinic.claims WHERE patient_id IN ($1, $2, $3)

--- analysts-066
--: masked unordered
SELECT count(DISTINCT patient_id), count(patient_id), count(*) FROM clinic.stays

--- analysts-067
--: masked unordered
SELECT patient_id::text AS pid, count(*) FROM clinic.stays WHERE patient_id IS NOT NULL GROUP BY patient_id

--- analysts-068
--: masked unordered
SELECT patient_id FROM clinic.stays GROUP BY patient_id HAVING count(*) > 2

--- analysts-069
--: masked unordered
SELECT count(*) FROM clinic.stays t WHERE t.patient_id IN (SELECT e.patient_id FROM clinic.encounters e WHERE e.class = 'EMER' GROUP BY e.patient_id HAVING count(*) >= 1)

--- analysts-070
--: masked
SELECT CASE t.patient_id WHEN '{{seal Patient/770000017}}' THEN 'index' ELSE 'other' END AS who, count(*) FROM clinic.stays t GROUP BY 1 ORDER BY 1

--- analysts-071
--: masked unordered
SELECT count(t.*) FROM clinic.stays t

--- analysts-072
--: masked
SELECT n, count(*) FROM (SELECT patient_id, count(*) AS n FROM clinic.stays GROUP BY patient_id) x GROUP BY n ORDER BY n

--- analysts-073
--: masked unordered
--: param {{seal Patient/770000017}}
SELECT count(*) FROM clinic.stays WHERE $1::text IS NULL OR patient_id = $1

--- analysts-074
--: masked unordered
--: param {{seal Patient/770000017}}
SELECT count(*) FROM clinic.stays WHERE patient_id IS NOT DISTINCT FROM $1

--- analysts-075
--: masked unordered
--: param {{seal Patient/770000017}}
--: param {{seal Patient/770000018}}
--: param nobody
SELECT count(*) FROM clinic.stays WHERE patient_id IN ($1, $2, $3)

--- analysts-076
--: masked unordered
SELECT id, sex FROM clinic.patients ORDER BY id

--- analysts-077
--: masked unordered
SELECT patient_id, class FROM clinic.encounters ORDER BY patient_id, class DESC

--- analysts-078
--: masked unordered
SELECT id FROM clinic.patients WHERE active ORDER BY id DESC NULLS LAST

--- analysts-079
--: masked unordered
SELECT count(*) FROM (SELECT id FROM clinic.patients ORDER BY id LIMIT 25 OFFSET 10) x

--- analysts-080
--: masked unordered
SELECT max(n) FROM (SELECT row_number() OVER (ORDER BY id) AS n FROM clinic.patients) x

--- analysts-081
--: masked unordered
SELECT count(*) FROM clinic.patients WHERE id >= (SELECT min(id) FROM clinic.patients)

--- analysts-082
--: masked unordered
SELECT count(*) FROM clinic.patients WHERE id BETWEEN (SELECT min(id) FROM clinic.patients) AND (SELECT max(id) FROM clinic.patients)

--- analysts-083
--: masked unordered
SELECT count(*) FROM (SELECT DISTINCT ON (patient_id) patient_id, department FROM clinic.encounters ORDER BY patient_id, department) x

--- analysts-084
--: masked unordered
SELECT DISTINCT ON (patient_id) patient_id, los_days FROM clinic.encounters WHERE los_days IS NOT NULL ORDER BY patient_id, los_days DESC

--- analysts-085
--: masked unordered
SELECT patient_id, count(*) FROM (SELECT patient_id, rank() OVER (PARTITION BY patient_id ORDER BY id) AS r FROM clinic.encounters) x WHERE r <= 2 GROUP BY patient_id

--- analysts-086
--: masked unordered
SELECT max(id) IS NOT NULL AS any, count(*) FROM clinic.patients

--- analysts-087
--: masked unordered
SELECT count(*) FROM (SELECT patient_id, max(id) AS last FROM clinic.encounters GROUP BY patient_id) x JOIN clinic.encounters e ON e.id = x.last

--- analysts-088
--: masked
SELECT x.department, count(*) FROM (SELECT department, min(patient_id) AS someone FROM clinic.encounters GROUP BY department) x JOIN clinic.patients p ON p.id = x.someone GROUP BY 1 ORDER BY 1

--- analysts-089
--: masked
SELECT o.loinc, o.value, lag(o.value) OVER (PARTITION BY o.patient_id ORDER BY o.value, o.unit, o.abnormal) AS before FROM clinic.observations o WHERE o.value IS NOT NULL AND o.loinc = '4548-4' AND o.patient_id IS NOT NULL ORDER BY 2, 3 NULLS FIRST

--- analysts-090
--: masked
SELECT loinc, count(*) FROM (SELECT o.loinc, o.patient_id, ntile(4) OVER (ORDER BY o.value) AS q FROM clinic.observations o WHERE o.value IS NOT NULL) x GROUP BY loinc ORDER BY loinc

--- analysts-091
--: masked unordered
SELECT count(*) FROM (SELECT o.patient_id, first_value(o.value) OVER (PARTITION BY o.patient_id ORDER BY o.value) AS f FROM clinic.observations o) x WHERE f > 7

--- analysts-092
--: masked
SELECT o.loinc, o.value, lag(o.value) OVER (PARTITION BY o.patient_id ORDER BY o.value DESC, o.unit, o.abnormal) AS before FROM clinic.observations o WHERE o.value IS NOT NULL AND o.loinc = '4548-4' AND o.patient_id IS NOT NULL ORDER BY 2, 3 NULLS FIRST

--- analysts-093
--: masked
SELECT loinc, count(*) FROM (SELECT o.loinc, o.patient_id, ntile(4) OVER (ORDER BY o.value DESC) AS q FROM clinic.observations o WHERE o.value IS NOT NULL) x GROUP BY loinc ORDER BY loinc

--- analysts-094
--: masked unordered
SELECT count(*) FROM (SELECT o.patient_id, first_value(o.value) OVER (PARTITION BY o.patient_id ORDER BY o.value DESC) AS f FROM clinic.observations o) x WHERE f > 7

--- analysts-095
--: masked
SELECT o.loinc, o.value, lag(o.value) OVER (PARTITION BY o.patient_id ORDER BY o.loinc, o.value, o.unit, o.abnormal) AS before FROM clinic.observations o WHERE o.value IS NOT NULL AND o.loinc = '4548-4' AND o.patient_id IS NOT NULL ORDER BY 2, 3 NULLS FIRST

--- analysts-096
--: masked
SELECT loinc, count(*) FROM (SELECT o.loinc, o.patient_id, ntile(4) OVER (ORDER BY o.loinc, o.value) AS q FROM clinic.observations o WHERE o.value IS NOT NULL) x GROUP BY loinc ORDER BY loinc

--- analysts-097
--: masked unordered
SELECT count(*) FROM (SELECT o.patient_id, first_value(o.value) OVER (PARTITION BY o.patient_id ORDER BY o.loinc, o.value) AS f FROM clinic.observations o) x WHERE f > 7

--- analysts-098
--: masked
SELECT loinc, percentile_cont(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY value) FROM clinic.observations WHERE value IS NOT NULL GROUP BY loinc ORDER BY loinc

--- analysts-099
--: masked
SELECT loinc, width_bucket(value, 4, 13, 9) AS bucket, count(*) FROM clinic.observations WHERE value IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2

--- analysts-100
--: masked
SELECT loinc, corr(value, length(loinc)) IS NULL, regr_count(value, 1) FROM clinic.observations GROUP BY loinc ORDER BY loinc

--- analysts-101
--: masked
SELECT (pressure).systolic > 140 AS high, count(DISTINCT patient_id) FROM clinic.observations WHERE pressure IS NOT NULL GROUP BY 1 ORDER BY 1

--- analysts-102
--: masked
SELECT extract(year FROM birth_date)::int / 10 * 10 AS decade, count(*) AS n, sum((NOT active)::int) AS inactive, round(avg((active)::int), 3) AS rate FROM clinic.patients GROUP BY 1 ORDER BY 1

--- analysts-103
--: masked
WITH risk AS (SELECT los_days AS t, count(*) AS d FROM clinic.encounters WHERE los_days IS NOT NULL GROUP BY 1) SELECT t, d, sum(d) OVER (ORDER BY t DESC) AS at_risk, round(1 - d::numeric / sum(d) OVER (ORDER BY t DESC), 4) AS s FROM risk ORDER BY t

--- analysts-104
--: masked
WITH r AS (SELECT los_days AS t, count(*) AS d, sum(count(*)) OVER (ORDER BY los_days DESC) AS n FROM clinic.encounters WHERE los_days IS NOT NULL GROUP BY los_days) SELECT t, round(exp(sum(ln(greatest(1 - d / n, 0.0001))) OVER (ORDER BY t)), 5) AS km FROM r ORDER BY t

--- analysts-105
--: masked unordered
SELECT department AS department, DATE_TRUNC('year', started_at) AS __timestamp, COUNT(*) AS count FROM clinic.encounters GROUP BY department, DATE_TRUNC('year', started_at) ORDER BY count DESC, 1, 2 LIMIT 10000

--- analysts-106
--: masked unordered
SELECT patient_id AS patient_id, SUM(los_days) AS days FROM (SELECT * FROM clinic.encounters) AS virtual_table WHERE class IN ('IMP', 'EMER') GROUP BY patient_id

--- analysts-107
--: masked
SELECT "encounters"."department" AS "department", SUM(1) AS "sum:Number of Records:ok" FROM "clinic"."encounters" "encounters" INNER JOIN "clinic"."patients" "patients" ON ("encounters"."patient_id" = "patients"."id") GROUP BY 1 ORDER BY 1

--- analysts-108
--: masked
SELECT CAST("patients"."sex" AS TEXT) AS "sex", COUNT(DISTINCT "patients"."id") AS "ctd:id:ok" FROM "clinic"."patients" "patients" WHERE (NOT ("patients"."sex" IS NULL)) GROUP BY 1 ORDER BY 1

--- analysts-109
--: masked
SELECT "t0"."X_measure__0" AS "m", COUNT(1) AS n FROM (SELECT "e"."patient_id" AS "p", SUM("e"."los_days") AS "X_measure__0" FROM "clinic"."encounters" "e" GROUP BY 1) "t0" GROUP BY 1 ORDER BY 1

--- analysts-110
--: masked
SELECT date_trunc('year', started_at) AS time, department AS metric, count(*) AS value FROM clinic.encounters WHERE started_at BETWEEN '2020-01-01T00:00:00Z' AND '2030-01-01T00:00:00Z' GROUP BY 1, 2 ORDER BY 1, 2

--- analysts-111
--: masked
SELECT floor(extract(epoch FROM started_at)/31536000)*31536000 AS "time", avg(cost) AS cost FROM clinic.encounters WHERE extract(epoch FROM started_at) >= 1577836800 GROUP BY 1 ORDER BY 1

--- analysts-112
--: masked
select "_"."department", "_"."a0" from (select "rows"."department" as "department", count(distinct "rows"."patient_id") + max(case when "rows"."patient_id" is null then 1 else 0 end) as "a0" from (select "patient_id", "department" from "clinic"."encounters") "rows" group by "department") "_" where not "_"."a0" is null order by 1

--- analysts-113
--: masked unordered
select "$Outer"."id", "$Inner"."department" from (select "id" from "clinic"."patients") "$Outer" left outer join (select "patient_id", "department" from "clinic"."encounters") "$Inner" on ("$Outer"."id" = "$Inner"."patient_id")

--- analysts-114
--: masked
SELECT "sex", COUNT(*) AS "n" FROM (SELECT "LHS".*, "class" FROM "clinic"."patients" AS "LHS" INNER JOIN "clinic"."encounters" AS "RHS" ON ("LHS"."id" = "RHS"."patient_id")) AS "q01" GROUP BY "sex" ORDER BY 1

--- analysts-115
--: masked unordered
SELECT "patient_id", AVG("value") AS "m" FROM "clinic"."observations" WHERE (NOT(("value" IS NULL))) GROUP BY "patient_id"

--- analysts-116
--: masked unordered
SELECT "q01".* FROM (SELECT "patient_id", "los_days", ROW_NUMBER() OVER (PARTITION BY "patient_id" ORDER BY "los_days" DESC, "department", "class", "icd10", "cost") AS "col01" FROM "clinic"."encounters" WHERE los_days IS NOT NULL) AS "q01" WHERE ("col01" <= 1)

--- analysts-117
--: masked unordered
select count(*) as failures, count(*) != 0 as should_warn, count(*) != 0 as should_error from (select id from clinic.patients where id is null) dbt_internal_test

--- analysts-118
--: masked unordered
select count(*) as failures from (select patient_id as unique_field, count(*) as n_records from (select distinct patient_id from clinic.encounters) x where patient_id is not null group by patient_id having count(*) > 1) dbt_internal_test

--- analysts-119
--: masked unordered
with child as (select patient_id as from_field from clinic.encounters where patient_id is not null), parent as (select id as to_field from clinic.patients) select count(*) from child left join parent on child.from_field = parent.to_field where parent.to_field is null

--- analysts-120
--: masked
with all_values as (select sex as value_field, count(*) as n_records from clinic.patients group by sex) select * from all_values where value_field::text not in ('female', 'male') order by 1

--- analysts-121
--: masked unordered
SELECT COUNT(*) AS "count" FROM "clinic"."patients" LEFT JOIN "clinic"."encounters" AS "Encounters" ON "clinic"."patients"."id" = "Encounters"."patient_id" WHERE "Encounters"."patient_id" IS NULL

--- analysts-122
--: masked
SELECT "source"."sex" AS "sex", SUM(CASE WHEN "source"."active" = TRUE THEN 1 ELSE 0.0 END) / CASE WHEN COUNT(*) = 0 THEN NULL ELSE COUNT(*) END AS "Share" FROM (SELECT * FROM "clinic"."patients") AS "source" GROUP BY "source"."sex" ORDER BY "source"."sex" ASC

--- analysts-123
--: masked
SELECT FLOOR((("clinic"."patients"."height_cm" - 140.0) / 10.0)) * 10.0 + 140.0 AS "height_cm", COUNT(*) AS "count" FROM "clinic"."patients" WHERE "clinic"."patients"."height_cm" IS NOT NULL GROUP BY 1 ORDER BY 1 ASC

--- analysts-124
--: masked
WITH ie AS (SELECT patient_id, class, los_days, row_number() OVER (PARTITION BY patient_id ORDER BY los_days NULLS LAST, department, class, icd10, cost) AS seq, dense_rank() OVER (PARTITION BY patient_id ORDER BY class) AS c FROM clinic.encounters) SELECT seq, c, count(*) FROM ie GROUP BY 1, 2 ORDER BY 1, 2

--- analysts-125
--: masked unordered
SELECT patient_id, max(CASE WHEN loinc = '4548-4' THEN value END) AS hba1c_max, min(CASE WHEN loinc = '4548-4' THEN value END) AS hba1c_min, max(CASE WHEN loinc = '718-7' THEN value END) AS hb_max FROM clinic.observations GROUP BY patient_id

--- analysts-126
--: masked
WITH s AS (SELECT patient_id, CASE WHEN max(value) > 12 THEN 4 WHEN max(value) > 9 THEN 3 WHEN max(value) > 7 THEN 2 WHEN max(value) IS NULL THEN NULL ELSE 0 END AS score FROM clinic.observations GROUP BY patient_id) SELECT score, count(*) FROM s GROUP BY score ORDER BY score NULLS FIRST

--- analysts-127
--: masked unordered
SELECT count(*) FILTER (WHERE gap <= interval '30 days') AS readmitted, count(*) AS discharges FROM (SELECT lead(admitted) OVER (PARTITION BY patient_id ORDER BY admitted, id) - discharged AS gap FROM clinic.stays WHERE patient_id IS NOT NULL) x

--- analysts-128
--: masked
SELECT s.ward, count(*) FROM clinic.stays s WHERE s.patient_id IS NOT NULL AND EXISTS (SELECT 1 FROM clinic.stays n WHERE n.patient_id = s.patient_id AND n.admitted > s.discharged AND n.admitted <= s.discharged + interval '720 hours') GROUP BY s.ward ORDER BY s.ward

--- analysts-129
--: masked
SELECT date_trunc('month', arrived) AS m, count(*) FROM clinic.stays GROUP BY 1 ORDER BY 1

--- analysts-130
--: masked unordered
SELECT count(*) FROM clinic.stays WHERE admitted >= '2032-01-01' AND admitted < '2033-01-01'

--- analysts-131
--: masked
SELECT ward, percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM discharged - admitted)) FROM clinic.stays GROUP BY ward ORDER BY ward

--- analysts-132
--: masked
SELECT extract(isodow FROM arrived) AS d, count(DISTINCT patient_id) FROM clinic.stays GROUP BY 1 ORDER BY 1

--- analysts-133
--: masked
SELECT d::date AS day, count(s.id) FROM generate_series('2032-01-01'::date, '2032-03-01'::date, interval '1 week') d LEFT JOIN clinic.stays s ON s.arrived <= d AND s.gone >= d GROUP BY 1 ORDER BY 1
