-- Shifted dates inside one person: what lies between them, and which comes first.

--- stay-length
--: masked
SELECT ward, avg(discharged - admitted) AS mean, max(gone - arrived) AS days, count(*) FILTER (WHERE discharged - admitted > interval '48 hours') AS long FROM clinic.stays GROUP BY ward ORDER BY ward

--- stay-length-in-hours
--: masked
SELECT id, extract(epoch FROM discharged - admitted) / 3600 AS hours FROM clinic.stays ORDER BY id

--- stays-longer-than-planned
--: masked
SELECT id FROM clinic.stays WHERE discharged > admitted AND gone >= arrived AND planned - arrived < interval '1 day' ORDER BY id

--- next-stay
--: masked
SELECT id, patient_id, lead(admitted) OVER w - discharged AS gap, lag(id) OVER w AS before FROM clinic.stays WHERE patient_id IS NOT NULL WINDOW w AS (PARTITION BY patient_id ORDER BY admitted, id) ORDER BY id

--- next-stay-carried
--: masked
SELECT id, lead(admitted) OVER (PARTITION BY patient_id ORDER BY admitted, id) AS next FROM clinic.stays ORDER BY id

--- readmission-by-window
--: masked
SELECT count(*) FROM (SELECT id, admitted, lag(discharged) OVER (PARTITION BY patient_id ORDER BY admitted, id) AS left_before FROM clinic.stays WHERE patient_id IS NOT NULL) s
WHERE s.admitted - s.left_before <= interval '30 days'

--- readmission-by-join
--: masked
SELECT count(DISTINCT a.id) FROM clinic.stays a JOIN clinic.stays b ON b.patient_id = a.patient_id AND b.admitted > a.discharged AND b.admitted <= a.discharged + interval '30 days'

--- readmission-by-exists
--: masked
SELECT a.id FROM clinic.stays a WHERE EXISTS (SELECT 1 FROM clinic.stays b WHERE a.patient_id = b.patient_id AND b.admitted BETWEEN a.discharged AND a.discharged + interval '240 hours') ORDER BY a.id

--- readmission-in-days
--: masked
SELECT count(*) FROM clinic.stays a JOIN clinic.stays b USING (patient_id) WHERE b.arrived - a.gone BETWEEN 1 AND 30 AND b.arrived > a.gone + 2

--- first-and-last
--: masked unordered
SELECT patient_id, min(admitted) AS first, max(admitted) AS last, max(admitted) - min(admitted) AS span, max(gone) AS gone FROM clinic.stays GROUP BY patient_id

--- first-having
--: masked
SELECT count(*) FROM (SELECT patient_id FROM clinic.stays GROUP BY patient_id HAVING max(discharged) - min(admitted) > interval '20 days') x

--- time-since-first
--: masked
SELECT s.id, s.admitted - f.first AS since FROM clinic.stays s JOIN (SELECT patient_id, min(admitted) AS first FROM clinic.stays GROUP BY patient_id) f ON f.patient_id = s.patient_id ORDER BY s.id

--- time-since-first-by-window
--: masked
WITH s AS (SELECT id, admitted, min(admitted) OVER (PARTITION BY patient_id) AS first FROM clinic.stays WHERE patient_id IS NOT NULL) SELECT id, first, admitted - first AS since FROM s ORDER BY id

--- last-stay-by-row-number
--: masked unordered
SELECT patient_id, id, admitted FROM (SELECT patient_id, id, admitted, row_number() OVER (PARTITION BY patient_id ORDER BY admitted DESC, id) AS n FROM clinic.stays WHERE patient_id IS NOT NULL) s WHERE n = 1

--- last-stay-by-last-value
--: masked
SELECT id, last_value(discharged) OVER (PARTITION BY patient_id ORDER BY admitted, id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) - admitted AS left_over FROM clinic.stays WHERE patient_id IS NOT NULL ORDER BY id

--- timeline-of-each
--: masked unordered
SELECT patient_id, admitted, ward FROM clinic.stays ORDER BY patient_id, admitted, id

--- observation-before-stay
--: masked
SELECT count(*) FROM clinic.stays s JOIN clinic.observations o ON o.patient_id = s.patient_id WHERE o.taken_at < s.admitted AND s.discharged - o.taken_at < interval '900 days'

--- date-open-end
--: masked
SELECT id, coalesce(lead(admitted) OVER (PARTITION BY patient_id ORDER BY admitted, id), discharged) - admitted AS until_next FROM clinic.stays WHERE patient_id IS NOT NULL ORDER BY id

--- dates-grouped
--: masked unordered
SELECT patient_id, arrived, gone - arrived AS days, count(*) FROM clinic.stays WHERE patient_id IS NOT NULL GROUP BY patient_id, arrived, gone

--- dates-left-join
--: masked
SELECT a.id, min(b.admitted - a.discharged) AS nearest FROM clinic.stays a LEFT JOIN clinic.stays b ON b.patient_id = a.patient_id AND b.admitted > a.discharged GROUP BY a.id ORDER BY a.id

--- dates-standard-interval
--: masked
SELECT count(*) FROM clinic.stays WHERE discharged - INTERVAL '12' HOUR > admitted

--- dates-same-day
--: masked
SELECT count(*) FROM clinic.stays a JOIN clinic.stays b ON a.patient_id = b.patient_id AND a.arrived = b.arrived AND a.id < b.id

--- timeline-of-one
--: masked unordered
SELECT admitted, ward FROM clinic.stays WHERE patient_id = '{{seal Patient/770000017}}' AND ward IS NOT NULL ORDER BY admitted DESC LIMIT 1

--- timeline-of-one-by-parameter
--: masked
--: param {{seal Patient/770000017}}
SELECT id, admitted, admitted - lag(discharged) OVER (ORDER BY admitted, id) AS since FROM clinic.stays WHERE patient_id = $1 ORDER BY admitted, id

--- days-of-patients-counted
--: masked
SELECT gone, count(*), count(DISTINCT patient_id) FROM (SELECT gone, patient_id, count(*) FROM clinic.stays GROUP BY gone, patient_id) g GROUP BY gone ORDER BY gone

--- days-of-patients-once
--: masked
SELECT gone, count(*) FROM (SELECT DISTINCT gone, patient_id FROM clinic.stays) d GROUP BY gone ORDER BY gone
