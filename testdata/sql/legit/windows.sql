-- Windows, grouping sets, percentiles, recursion.

--- percentiles-of-clear
--: masked
SELECT department, percentile_cont(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY los_days) FROM clinic.encounters GROUP BY department ORDER BY department

--- median-lab
--: masked
SELECT loinc, percentile_disc(0.5) WITHIN GROUP (ORDER BY value) FROM clinic.observations GROUP BY loinc ORDER BY loinc

--- mode-of-clear
--: masked
SELECT mode() WITHIN GROUP (ORDER BY height_cm) FROM clinic.patients

--- rank-of-clear
--: masked
SELECT name, rank() OVER (ORDER BY beds DESC), dense_rank() OVER (ORDER BY floor), ntile(2) OVER (ORDER BY name) FROM clinic.departments ORDER BY name

--- share-of-total
--: masked
SELECT department, count(*) AS n, round(100.0 * count(*) / sum(count(*)) OVER (), 2) AS share FROM clinic.encounters GROUP BY department ORDER BY department

--- running-total
--: masked
SELECT year, n, sum(n) OVER (ORDER BY year) AS running FROM (SELECT extract(year FROM started_at)::int AS year, count(*) AS n FROM clinic.encounters GROUP BY 1) x ORDER BY year

--- moving-average
--: masked
SELECT y, avg(n) OVER (ORDER BY y ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) FROM (SELECT extract(year FROM service_date) AS y, count(*) AS n FROM clinic.claims GROUP BY 1) x ORDER BY y

--- lag-by-year
--: masked
SELECT y, n, n - lag(n) OVER (ORDER BY y) AS change FROM (SELECT extract(year FROM service_date) AS y, count(*) AS n FROM clinic.claims GROUP BY 1) x ORDER BY y

--- window-partition-by-sealed
--: masked unordered
SELECT patient_id, los_days, count(*) OVER (PARTITION BY patient_id) AS n, avg(los_days) OVER (PARTITION BY patient_id) AS mean FROM clinic.encounters

--- window-number-in-partition-of-sealed
--: masked
SELECT n, count(*) FROM (SELECT row_number() OVER (PARTITION BY patient_id ORDER BY los_days, cost, icd10) AS n FROM clinic.encounters) x GROUP BY n ORDER BY n

--- first-encounter-cost
--: masked
SELECT sum(cost) FROM (SELECT cost, row_number() OVER (PARTITION BY patient_id ORDER BY started_at, cost) AS n FROM clinic.encounters) x WHERE n = 1

--- named-window
--: masked
SELECT name, sum(beds) OVER w, avg(beds) OVER w FROM clinic.departments WINDOW w AS (ORDER BY floor) ORDER BY name

--- grouping-sets
--: masked
SELECT department, class, count(*), grouping(department, class) FROM clinic.encounters GROUP BY GROUPING SETS ((department, class), (department), ()) ORDER BY 1 NULLS LAST, 2 NULLS LAST, 4

--- rollup
--: masked
SELECT extract(year FROM started_at) AS y, department, sum(los_days) FROM clinic.encounters GROUP BY ROLLUP (1, 2) ORDER BY 1 NULLS LAST, 2 NULLS LAST

--- cube
--: masked
SELECT sex, active, count(*), count(DISTINCT id) FROM clinic.patients GROUP BY CUBE (sex, active) ORDER BY 1 NULLS LAST, 2 NULLS LAST

--- grouping-sets-with-sealed
--: masked unordered
SELECT patient_id, department, count(*) FROM clinic.encounters GROUP BY GROUPING SETS ((patient_id), (department))

--- regression
--: masked
SELECT round(corr(height_cm, weight_kg)::numeric, 6), round(regr_slope(weight_kg, height_cm)::numeric, 6) FROM clinic.patients

--- histogram
--: masked
SELECT width_bucket(value, 0, 14, 14) AS b, count(*) FROM clinic.observations WHERE value IS NOT NULL GROUP BY b ORDER BY b

--- recursive-numbers
--: masked
WITH RECURSIVE r (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM r WHERE n < 10) SELECT sum(n) FROM r

--- recursive-over-clear
--: masked
WITH RECURSIVE r (name, floor, path) AS (SELECT name, floor, name FROM clinic.departments WHERE floor = 0
  UNION ALL SELECT d.name, d.floor, r.path || '>' || d.name FROM r JOIN clinic.departments d ON d.floor = r.floor + 1) SELECT path FROM r ORDER BY path

--- cte-chain
--: masked
WITH a AS (SELECT patient_id, count(*) AS n FROM clinic.encounters GROUP BY patient_id), b AS (SELECT patient_id, n FROM a WHERE n > 3)
SELECT p.sex, sum(b.n) FROM b JOIN clinic.patients p ON p.id = b.patient_id GROUP BY p.sex ORDER BY p.sex

--- cte-materialized
--: masked
WITH c AS MATERIALIZED (SELECT department, los_days FROM clinic.encounters) SELECT department, max(los_days) FROM c GROUP BY department ORDER BY department

--- lateral-top-two
--: masked
SELECT d.name, x.icd10, x.n FROM clinic.departments d CROSS JOIN LATERAL
  (SELECT icd10, count(*) AS n FROM clinic.encounters e WHERE e.department = d.name GROUP BY icd10 ORDER BY n DESC, icd10 LIMIT 2) x ORDER BY 1, 2

--- lateral-by-sealed
--: masked
SELECT count(*) FROM clinic.patients p CROSS JOIN LATERAL (SELECT 1 FROM clinic.encounters e WHERE e.patient_id = p.id LIMIT 1) x

--- scalar-subselects
--: masked
SELECT name, (SELECT count(*) FROM clinic.encounters e WHERE e.department = d.name) AS n FROM clinic.departments d ORDER BY name

--- any-all
--: masked
SELECT name FROM clinic.departments WHERE beds >= ALL (SELECT beds FROM clinic.departments) OR floor = ANY (ARRAY[0, 4]) ORDER BY name

--- filter-clause
--: masked
SELECT department, count(*) FILTER (WHERE class = 'EMER') AS emergencies, avg(los_days) FILTER (WHERE class = 'IMP') AS stay FROM clinic.encounters GROUP BY department ORDER BY department

--- full-join
--: masked
SELECT a.code, b.n FROM clinic.icd10_codes a FULL JOIN (SELECT icd10, count(*) AS n FROM clinic.encounters GROUP BY icd10) b ON b.icd10 = a.code ORDER BY a.code

--- cross-join
--: masked
SELECT count(*) FROM clinic.departments a CROSS JOIN clinic.icd10_codes b

--- natural-join-of-clear
--: masked
SELECT count(*) FROM clinic.departments NATURAL JOIN (SELECT name, floor FROM clinic.departments) x

--- union-all-of-clear
--: masked
SELECT name AS k FROM clinic.departments UNION ALL SELECT code FROM clinic.icd10_codes ORDER BY k

--- tablesample-all
--: masked
SELECT count(*) FROM clinic.encounters TABLESAMPLE BERNOULLI (100)

--- having
--: masked
SELECT department, sum(cost) FROM clinic.encounters GROUP BY department HAVING sum(cost) > 1000 ORDER BY department
