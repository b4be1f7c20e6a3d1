-- Attempts to learn the shift, or the order of different persons' dates.

--- date-against-constant
--: masked unordered
SELECT count(*) FROM clinic.stays WHERE admitted < '2031-06-01'

--- date-against-now
--: shape
SELECT now() - admitted FROM clinic.stays

--- date-against-epoch
--: masked unordered
SELECT extract(epoch FROM admitted) FROM clinic.stays

--- date-minus-constant
--: masked unordered
SELECT arrived - date '2031-01-01' FROM clinic.stays

--- date-against-clear-column
--: masked unordered
SELECT s.arrived - d.opened FROM clinic.stays s, clinic.departments d

--- dates-of-two-persons
--: masked unordered
SELECT a.admitted - b.admitted FROM clinic.stays a, clinic.stays b WHERE a.id < 40 AND b.id < 40

--- dates-of-two-persons-ordered
--: masked unordered
SELECT count(*) FROM clinic.stays a JOIN clinic.stays b ON a.patient_id <> b.patient_id AND a.admitted < b.admitted

--- dates-of-persons-or
--: masked unordered
SELECT a.admitted - b.admitted FROM clinic.stays a JOIN clinic.stays b ON a.patient_id = b.patient_id OR true WHERE a.id < 40 AND b.id < 40

--- dates-of-persons-not
--: masked unordered
SELECT count(*) FROM clinic.stays a, clinic.stays b WHERE NOT (a.patient_id = b.patient_id) AND a.admitted < b.admitted

--- dates-of-persons-having-own-ids
--: masked unordered
SELECT a.admitted - b.admitted FROM clinic.stays a JOIN clinic.stays b ON a.patient_id = a.patient_id WHERE a.id < 40 AND b.id < 40

--- dates-of-persons-joined-elsewhere
-- The condition joins other rows of the same table.
--: masked unordered
SELECT a.admitted - c.admitted FROM clinic.stays a JOIN clinic.stays b ON a.patient_id = b.patient_id JOIN clinic.stays c ON true WHERE a.id < 40 AND c.id < 40

--- dates-of-persons-by-a-sub-select
--: masked unordered
SELECT a.admitted - b.admitted FROM clinic.stays a, clinic.stays b WHERE (EXISTS (SELECT 1 WHERE a.patient_id = b.patient_id) OR true) AND a.id < 40 AND b.id < 40

--- dates-of-persons-by-a-sub-select-alone
--: masked unordered
SELECT a.admitted - b.admitted FROM clinic.stays a, clinic.stays b WHERE NOT EXISTS (SELECT 1 FROM clinic.patients p WHERE a.patient_id = b.patient_id) AND a.id < 40 AND b.id < 40

--- dates-of-persons-left-join
--: masked unordered
SELECT a.admitted - c.admitted FROM clinic.stays a CROSS JOIN clinic.stays c LEFT JOIN clinic.patients p ON a.patient_id = c.patient_id WHERE a.id < 40 AND c.id < 40

--- dates-of-persons-by-error
-- A division by zero must not tell the order of two persons' dates, whichever condition is judged first.
--: masked
SELECT count(*) FROM clinic.stays a, clinic.stays b WHERE a.id < 40 AND b.id < 40 AND 1 / CASE WHEN a.admitted < b.admitted AND a.patient_id <> b.patient_id THEN 0 ELSE 1 END = 1 AND a.patient_id = b.patient_id

--- dates-of-two-cte-rows
--: masked unordered
WITH s AS (SELECT patient_id, admitted FROM clinic.stays WHERE id < 40) SELECT a.admitted - b.admitted FROM s a, s b

--- min-over-all
--: masked unordered
SELECT min(admitted) FROM clinic.stays

--- min-by-clear
--: masked unordered
SELECT ward, min(admitted) FROM clinic.stays GROUP BY ward

--- min-by-rollup
--: masked unordered
SELECT patient_id, min(admitted) FROM clinic.stays GROUP BY ROLLUP (patient_id)

--- min-of-another-person
--: masked unordered
SELECT a.patient_id, min(b.admitted) FROM clinic.stays a, clinic.stays b GROUP BY a.patient_id

--- min-by-hash-of-id
--: masked unordered
SELECT min(admitted) FROM clinic.stays GROUP BY patient_id IS NULL

--- order-by-date
--: masked unordered
SELECT id FROM clinic.stays ORDER BY admitted

--- order-by-date-first
--: masked unordered
SELECT id FROM clinic.stays ORDER BY admitted, patient_id

--- order-by-other-person
--: masked unordered
SELECT a.id FROM clinic.stays a, clinic.stays b WHERE a.id < 40 AND b.id < 40 ORDER BY a.patient_id, b.admitted

--- rank-by-date
--: masked unordered
SELECT rank() OVER (ORDER BY admitted) FROM clinic.stays

--- rank-by-date-in-ward
--: masked unordered
SELECT rank() OVER (PARTITION BY ward ORDER BY admitted) FROM clinic.stays

--- range-frame-of-dates
--: masked unordered
SELECT count(*) OVER (PARTITION BY patient_id ORDER BY planned RANGE BETWEEN interval '1 month' PRECEDING AND CURRENT ROW) FROM clinic.stays

--- date-plus-months
-- Where a month ends depends on the date.
--: masked unordered
SELECT count(*) FROM clinic.stays WHERE discharged > admitted + interval '1 month'

--- date-plus-computed-interval
--: masked unordered
SELECT count(*) FROM clinic.stays WHERE discharged > admitted + id * interval '1 day'

--- date-plus-too-much
-- An error out of range would tell the date, were it not the masked one's.
--: no canary
SELECT count(*) FROM clinic.stays WHERE discharged < admitted + interval '9999999 weeks 9999999 weeks'

--- date-plus-twice
--: masked unordered
SELECT count(*) FROM clinic.stays WHERE discharged < admitted + interval '1 day' + interval '1 day'

--- date-plus-selected
--: masked unordered
SELECT admitted + interval '1 day' FROM clinic.stays

--- date-plus-as-constant
--: masked unordered
SELECT count(*) FROM clinic.stays WHERE admitted + interval '1 day' = '2031-01-01'

--- date-across-time-zones
-- What a day is where the clocks change would tell the season.
--: masked unordered
SELECT planned - admitted FROM clinic.stays

--- date-age
--: masked unordered
SELECT age(discharged, admitted) FROM clinic.stays

--- date-overlaps
--: masked unordered
SELECT count(*) FROM clinic.stays WHERE (admitted, discharged) OVERLAPS (date '2031-01-01', date '2031-02-01')

--- date-greatest
--: masked unordered
SELECT greatest(admitted, '2031-05-05') FROM clinic.stays

--- date-cast
--: masked unordered
SELECT arrived - planned::date FROM clinic.stays

--- date-in-case
--: masked unordered
SELECT CASE WHEN true THEN arrived ELSE date '2031-01-01' END - gone FROM clinic.stays

--- date-generated-beside
--: masked unordered
SELECT s.id FROM clinic.stays s JOIN generate_series(timestamptz '2031-01-01', '2031-12-31', '1 day') d ON s.admitted > d WHERE s.id < 40

--- dates-union-loses-person
--: masked unordered
SELECT x.a - x.b FROM (SELECT admitted AS a, discharged AS b FROM clinic.stays UNION ALL SELECT admitted, discharged FROM clinic.stays) x

--- timeline-of-two
--: masked unordered
SELECT admitted FROM clinic.stays WHERE patient_id = '{{seal Patient/770000017}}' OR patient_id = '{{seal Patient/770000018}}' ORDER BY admitted

--- timeline-of-a-list
--: masked unordered
SELECT admitted FROM clinic.stays WHERE patient_id IN ('{{seal Patient/770000017}}', '{{seal Patient/770000018}}') ORDER BY admitted

--- timeline-of-all-but-one
--: masked unordered
SELECT admitted FROM clinic.stays WHERE NOT patient_id = '{{seal Patient/770000017}}' ORDER BY admitted

--- timeline-of-another
--: masked unordered
SELECT b.admitted FROM clinic.stays a, clinic.stays b WHERE a.patient_id = '{{seal Patient/770000017}}' ORDER BY b.admitted

--- timeline-of-one-in-an-outer-join
--: masked unordered
SELECT a.admitted FROM clinic.stays a LEFT JOIN clinic.patients p ON a.patient_id = '{{seal Patient/770000017}}' ORDER BY a.admitted

--- timeline-of-one-in-another-level
--: masked unordered
SELECT s.admitted FROM clinic.stays s WHERE EXISTS (SELECT 1 FROM clinic.patients p WHERE s.patient_id = '{{seal Patient/770000017}}') ORDER BY s.admitted

--- extreme-of-one
-- A minimum over one person has nothing to be carried by: it says how instead.
--: masked unordered
SELECT min(admitted) FROM clinic.stays WHERE patient_id = '{{seal Patient/770000017}}'
