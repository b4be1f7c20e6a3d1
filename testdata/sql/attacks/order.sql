--- order-by-sealed
--: refused
SELECT sex FROM clinic.patients ORDER BY last_name

--- order-by-position
--: refused
SELECT last_name, sex FROM clinic.patients ORDER BY 1

--- order-by-alias
--: refused
SELECT last_name AS n FROM clinic.patients ORDER BY n

--- order-by-desc-nulls
--: refused
SELECT height_cm FROM clinic.patients ORDER BY ssn DESC NULLS LAST LIMIT 1

--- order-by-using
--: refused
SELECT height_cm FROM clinic.patients ORDER BY last_name USING ~<~

--- order-by-expression
--: refused
SELECT height_cm FROM clinic.patients ORDER BY (last_name, id)

--- order-by-case-equality
--: same
SELECT height_cm, sex FROM clinic.patients ORDER BY CASE WHEN last_name = '{{CANARYNAME0001|CANARYNAME9999}}' THEN 0 ELSE 1 END, height_cm, sex LIMIT 1

--- order-by-in-subselect-limit
-- The first in the original's order.
--: refused
SELECT sex FROM (SELECT sex, birth_date FROM clinic.patients ORDER BY ssn LIMIT 1) x

--- order-by-whole-row
--: refused
SELECT sex FROM clinic.patients p ORDER BY p

--- order-by-set-operation
--: refused
SELECT last_name FROM clinic.patients UNION ALL SELECT last_name FROM clinic.patients ORDER BY last_name

--- distinct-on
-- DISTINCT ON sorts by the sealed column.
--: refused or masked unordered
SELECT DISTINCT ON (last_name) last_name FROM clinic.patients

--- distinct-on-ordered
--: refused
SELECT DISTINCT ON (last_name) last_name, height_cm FROM clinic.patients ORDER BY last_name, height_cm

--- window-order-by
--: refused
SELECT id, row_number() OVER (ORDER BY last_name) FROM clinic.patients

--- window-rank-named
--: refused
SELECT sex, rank() OVER w, ntile(10) OVER w FROM clinic.patients WINDOW w AS (ORDER BY ssn)

--- window-inherits-name
--: refused
SELECT sex, count(*) OVER (w ORDER BY last_name) FROM clinic.patients WINDOW w AS (PARTITION BY sex)

--- window-order-by-id
-- The rank of an id is nearly the id.
--: no canary
SELECT dense_rank() OVER (ORDER BY id) FROM clinic.patients

--- window-range-of-id
--: refused
SELECT count(*) OVER (ORDER BY id RANGE BETWEEN 5 PRECEDING AND 5 FOLLOWING) FROM clinic.patients

--- lag-lead-of-sealed
--: refused or no canary
SELECT lag(last_name) OVER (ORDER BY height_cm), lead(last_name, 1, 'x') OVER (ORDER BY height_cm) FROM clinic.patients

--- first-value
--: refused or no canary
SELECT first_value(last_name) OVER (PARTITION BY sex ORDER BY height_cm) FROM clinic.patients

--- first-value-by-own-order
--: refused
SELECT first_value(last_name) OVER (ORDER BY last_name) FROM clinic.patients

--- nth-value
--: refused or no canary
SELECT nth_value(ssn, 3) OVER () FROM clinic.patients

--- window-min
--: refused
SELECT min(last_name) OVER (PARTITION BY sex) FROM clinic.patients

--- row-number-then-join
-- Number the originals, then read the number beside a clear column.
--: no canary
WITH n AS (SELECT id, row_number() OVER (ORDER BY id) AS r FROM clinic.patients)
SELECT n.r, p.height_cm FROM n JOIN clinic.patients p ON p.id = n.id

--- view-sorted-inside
-- The view numbers rows by last name: its own body has to pass, too.
--: refused
SELECT id, place FROM clinic.v_sorted

--- limit-by-tie
--: refused
SELECT last_name FROM clinic.patients ORDER BY last_name FETCH FIRST 1 ROW WITH TIES

--- merge-join-order
-- With hash joins off, rows come in the order of the key: an order of Veil's own hides it.
--: refused or no canary
SET enable_hashjoin = off
--;
SELECT p.sex FROM clinic.patients p JOIN clinic.encounters e ON e.patient_id = p.id LIMIT 5

--- index-only-order
--: refused or no canary
SET enable_seqscan = off
--;
SELECT sex, height_cm FROM clinic.patients WHERE last_name IS NOT NULL LIMIT 5
