-- The order of originals, seen by what counts rows as they come.

--- red-rank-by-partition
-- A window without an order sees the sort that the partitions of another one made.
--: masked
SELECT count(*) FROM (SELECT row_number() OVER () AS rk, count(*) OVER (PARTITION BY member_no) AS n, patient_id FROM clinic.claims) q
WHERE patient_id = '{{seal Patient/770000017}}' AND n > 0 AND rk IN (33, 34)

--- red-rank-by-running-sum
-- The same as a running sum.
--: masked
SELECT count(*) FROM (SELECT sum(1) OVER (ROWS UNBOUNDED PRECEDING) AS rk, count(*) OVER (PARTITION BY patient_id) AS n, patient_id FROM clinic.claims) q
WHERE patient_id = '{{seal Patient/770000017}}' AND n > 0 AND rk IN (33, 34)

--- red-rank-by-group
-- An aggregate of distinct values makes PostgreSQL sort to group; the window counts the groups.
--: masked
SELECT count(*) FROM (SELECT patient_id, row_number() OVER () AS rk, count(DISTINCT payer) AS n FROM clinic.claims GROUP BY patient_id) q
WHERE patient_id = '{{seal Patient/770000017}}' AND n > 0 AND rk = 17

--- red-rank-in-recursion
-- A recursive query keeps the order that its first part has.
--: masked or refused
WITH RECURSIVE r AS (SELECT patient_id, count(DISTINCT payer) AS n FROM clinic.claims GROUP BY patient_id UNION ALL SELECT patient_id, n FROM r WHERE false)
SELECT count(*) FROM (SELECT patient_id, row_number() OVER () AS rk FROM r) q WHERE patient_id = '{{seal Patient/770000017}}' AND rk = 17

--- red-rank-in-a-union
-- A side of a set operation has no order to be seen, but what it counts can be.
--: masked
SELECT count(*) FROM ((SELECT patient_id, row_number() OVER () AS rk, count(DISTINCT payer) FROM clinic.claims GROUP BY patient_id) UNION (SELECT NULL, 1, 1)) q
WHERE patient_id = '{{seal Patient/770000017}}' AND rk = 17

--- red-neighbour-by-lag
-- The patient before another, in the order of the originals.
--: masked
SELECT count(*) FROM (SELECT lag(patient_id) OVER () = '{{seal Patient/770000017}}' AS before, patient_id = '{{seal Patient/770000018}}' AS me, count(*) OVER (PARTITION BY patient_id) AS n FROM clinic.claims) q
WHERE before AND me AND n > 0

--- red-rank-in-an-array
-- An array that is gathered over partitions.
--: masked
SELECT array_positions(array_agg(k), true) = '{33,34}' FROM (SELECT patient_id = '{{seal Patient/770000017}}' AS k, count(*) OVER (PARTITION BY patient_id) AS c FROM clinic.claims) q WHERE c > 0
