-- Concepts of intensive care, as research groups write them.

--- icu-detail
--: masked
SELECT ie.subject_id, ie.hadm_id, ie.stay_id, pat.gender, pat.dod, adm.admittime, adm.dischtime, extract(day FROM adm.dischtime - adm.admittime) AS los_hospital, pat.anchor_age + (extract(year FROM adm.admittime) - pat.anchor_year) AS admission_age, adm.race, adm.hospital_expire_flag, DENSE_RANK() OVER (PARTITION BY adm.subject_id ORDER BY adm.admittime) AS hospstay_seq, CASE WHEN DENSE_RANK() OVER (PARTITION BY adm.subject_id ORDER BY adm.admittime) = 1 THEN True ELSE False END AS first_hosp_stay, ie.intime AS icu_intime, ie.outtime AS icu_outtime, ROUND(CAST(EXTRACT(EPOCH FROM ie.outtime - ie.intime) / 86400.0 AS numeric), 2) AS los_icu, DENSE_RANK() OVER (PARTITION BY ie.hadm_id ORDER BY ie.intime) AS icustay_seq FROM icu.icustays ie INNER JOIN icu.admissions adm ON ie.hadm_id = adm.hadm_id INNER JOIN icu.patients pat ON ie.subject_id = pat.subject_id

--- icu-age
--: masked
SELECT ad.subject_id, ad.hadm_id, ad.admittime, pa.anchor_age, pa.anchor_year, pa.anchor_age + DATE_PART('year', ad.admittime) - pa.anchor_year AS age FROM icu.admissions ad INNER JOIN icu.patients pa ON ad.subject_id = pa.subject_id

--- icu-first-day-vitals
--: masked
SELECT ie.subject_id, ie.stay_id, MIN(ce.valuenum) AS hr_min, MAX(ce.valuenum) AS hr_max, AVG(ce.valuenum)::numeric(10,3) AS hr_mean FROM icu.icustays ie LEFT JOIN icu.chartevents ce ON ie.stay_id = ce.stay_id AND ce.charttime >= ie.intime - INTERVAL '6 HOUR' AND ce.charttime <= ie.intime + INTERVAL '1 DAY' AND ce.itemid = 220045 GROUP BY ie.subject_id, ie.stay_id

--- icu-pivoted-vitals
--: masked
SELECT ce.stay_id, ce.charttime, AVG(CASE WHEN itemid IN (220045) AND valuenum > 0 AND valuenum < 300 THEN valuenum END) AS heart_rate, AVG(CASE WHEN itemid IN (220210) THEN valuenum END) AS resp_rate, ROUND(CAST(AVG(CASE WHEN itemid = 223761 THEN (valuenum - 32) / 1.8 END) AS NUMERIC), 2) AS temperature FROM icu.chartevents ce WHERE NOT ce.stay_id IS NULL GROUP BY ce.stay_id, ce.charttime

--- icu-hourly-grid
--: masked
WITH all_hours AS (SELECT it.stay_id, CASE WHEN DATE_TRUNC('HOUR', it.intime) = it.intime THEN it.intime ELSE DATE_TRUNC('HOUR', it.intime) + INTERVAL '1 HOUR' END AS endtime, ARRAY(SELECT * FROM generate_series(-2, 6)) AS hrs FROM icu.icustays it)
SELECT stay_id, CAST(hr AS bigint) AS hr, endtime + hr * INTERVAL '1 HOUR' AS endtime FROM all_hours CROSS JOIN UNNEST(hrs) AS t(hr)

--- icu-hourly-counts
--: masked
SELECT extract(hour FROM charttime) AS h, count(*) FROM icu.chartevents GROUP BY 1 ORDER BY 1

--- icu-readmission-48h
--: masked
SELECT count(*) FROM (SELECT stay_id, outtime, lead(intime) OVER (PARTITION BY subject_id ORDER BY intime) AS next_in FROM icu.icustays) x WHERE next_in - outtime < interval '20 days'

--- icu-mortality
--: masked
SELECT admission_type, count(*) AS n, sum(hospital_expire_flag) AS died, round(100.0 * avg(hospital_expire_flag), 1) AS pct FROM icu.admissions GROUP BY admission_type ORDER BY n DESC, admission_type

--- icu-30-day-mortality
--: masked
SELECT count(*) FILTER (WHERE p.dod <= a.dischtime::date + 30) AS dead30, count(*) FILTER (WHERE p.dod IS NOT NULL) AS dead FROM icu.admissions a JOIN icu.patients p USING (subject_id)

--- icu-sepsis-window
--: masked
SELECT s.stay_id, bool_or(e.valuenum > 100) AS tachy, count(*) FILTER (WHERE e.warning) AS warnings FROM icu.icustays s JOIN icu.chartevents e ON e.stay_id = s.stay_id AND e.charttime BETWEEN s.intime AND s.intime + interval '24 hours' GROUP BY s.stay_id HAVING count(*) >= 2

--- icu-last-observation-forward
--: masked
SELECT stay_id, charttime, itemid, coalesce(valuenum, lag(valuenum) OVER (PARTITION BY stay_id, itemid ORDER BY charttime, valuenum)) AS v FROM icu.chartevents

--- icu-gaps
--: masked
SELECT stay_id, max(charttime - prev) AS longest FROM (SELECT stay_id, charttime, lag(charttime) OVER (PARTITION BY stay_id ORDER BY charttime) AS prev FROM icu.chartevents) g GROUP BY stay_id

--- icu-range-window
--: masked
SELECT stay_id, charttime, count(*) OVER (PARTITION BY stay_id ORDER BY charttime RANGE BETWEEN INTERVAL '4 hours' PRECEDING AND CURRENT ROW) AS n4h FROM icu.chartevents

--- icu-unit-transfers
--: masked
SELECT first_careunit || ' -> ' || last_careunit AS flow, count(*) FROM icu.icustays WHERE first_careunit <> last_careunit GROUP BY 1 ORDER BY 2 DESC, 1

--- icu-diagnosis-list
--: masked
SELECT hadm_id, array_agg(TRIM(icd_code) ORDER BY seq_num) AS codes FROM icu.diagnoses_icd GROUP BY hadm_id

--- icu-elixhauser
--: masked
SELECT hadm_id, MAX(CASE WHEN SUBSTR(icd_code, 1, 3) IN ('I10', 'I48') THEN 1 ELSE 0 END) AS cardiac, MAX(CASE WHEN SUBSTR(icd_code, 1, 4) = 'E119' THEN 1 ELSE 0 END) AS diabetes FROM icu.diagnoses_icd WHERE icd_version = 10 GROUP BY hadm_id

--- icu-stays-of-subject
--: masked
SELECT subject_id, array_agg(stay_id ORDER BY intime, los) AS stays, count(*) FROM icu.icustays GROUP BY subject_id

--- icu-stay-json
--: masked
SELECT json_build_object('stay', stay_id, 'subject', subject_id, 'unit', first_careunit, 'in', intime, 'los', round(los::numeric, 2)) AS doc FROM icu.icustays

--- icu-nested-json
--: masked
SELECT a.hadm_id, json_build_object('id', a.hadm_id, 'admitted', a.admittime, 'stays', (SELECT json_agg(json_build_object('id', s.stay_id, 'unit', s.first_careunit) ORDER BY s.intime, s.los) FROM icu.icustays s WHERE s.hadm_id = a.hadm_id)) AS doc FROM icu.admissions a

--- icu-row-to-json
--: masked
SELECT row_to_json(s) FROM (SELECT stay_id, subject_id, first_careunit, intime FROM icu.icustays) s

--- icu-to-jsonb
--: masked
SELECT to_jsonb(a) - 'race' AS doc FROM (SELECT insurance, race, admission_type FROM icu.admissions) a

--- icu-jsonb-of-ids
--: masked
SELECT jsonb_agg(DISTINCT stay_id) FROM icu.icustays

--- icu-json-array-function
--: masked
SELECT ARRAY(SELECT s.stay_id FROM icu.icustays s WHERE s.hadm_id = a.hadm_id ORDER BY s.intime, s.los) AS stays, a.hadm_id FROM icu.admissions a

--- icu-coalesce-array
--: masked
SELECT a.hadm_id, coalesce(array_agg(s.stay_id) FILTER (WHERE s.stay_id IS NOT NULL), '{}') AS stays FROM icu.admissions a LEFT JOIN icu.icustays s USING (hadm_id) GROUP BY a.hadm_id

--- icu-coalesce-json
--: masked
SELECT a.hadm_id, coalesce(json_agg(s.stay_id) FILTER (WHERE s.stay_id IS NOT NULL), '[]'::json) AS stays FROM icu.admissions a LEFT JOIN icu.icustays s USING (hadm_id) GROUP BY a.hadm_id

--- icu-coalesce-string
--: masked
SELECT a.hadm_id, coalesce(string_agg(s.stay_id::text, ';'), '-') AS stays FROM icu.admissions a LEFT JOIN icu.icustays s USING (hadm_id) GROUP BY a.hadm_id

--- icu-array-length
--: masked
SELECT subject_id, array_length(array_agg(hadm_id), 1) AS n, cardinality(array_agg(DISTINCT hadm_id)) AS m FROM icu.admissions GROUP BY subject_id

--- icu-array-contains
--: masked
SELECT subject_id FROM icu.diagnoses_icd GROUP BY subject_id HAVING array_agg(trim(icd_code)) @> ARRAY['I10', 'E119']

--- icu-count-if-array
--: masked
SELECT subject_id, array_to_string(array_agg(DISTINCT hadm_id), ',') AS admissions FROM icu.admissions GROUP BY subject_id

--- icu-comedication
--: masked
SELECT a.itemid, b.itemid AS other, count(DISTINCT a.stay_id) FROM icu.chartevents a JOIN icu.chartevents b ON a.stay_id = b.stay_id AND a.itemid < b.itemid GROUP BY 1, 2 ORDER BY 1, 2

--- icu-items-used
--: masked
SELECT d.itemid, d.label, (SELECT count(DISTINCT c.stay_id) FROM icu.chartevents c WHERE c.itemid = d.itemid) AS stays FROM icu.d_items d ORDER BY d.itemid

--- icu-abnormal
--: masked
SELECT d.label, count(*) FILTER (WHERE c.valuenum < d.lownormal) AS low, count(*) FILTER (WHERE c.valuenum > d.highnormal) AS high FROM icu.chartevents c JOIN icu.d_items d USING (itemid) GROUP BY d.label ORDER BY d.label

--- icu-los-quantiles
--: masked
SELECT first_careunit, percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM outtime - intime) / 3600) AS median_hours FROM icu.icustays GROUP BY 1 ORDER BY 1

--- icu-los-interval-quantile
--: masked
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY dischtime - admittime) FROM icu.admissions

--- icu-weekday
--: masked
SELECT to_char(admittime, 'ID') AS weekday, count(*) FROM icu.admissions GROUP BY 1 ORDER BY 1

--- icu-age-function
--: masked
SELECT extract(year FROM age(a.admittime, p.dod::timestamp)) AS y, count(*) FROM icu.admissions a JOIN icu.patients p USING (subject_id) GROUP BY 1 ORDER BY 1

--- icu-date-bin
--: masked
SELECT date_bin('7 days', admittime, timestamp '2019-01-01') AS week, count(*) FROM icu.admissions GROUP BY 1 ORDER BY 1

--- icu-ntile
--: masked
SELECT quartile, count(*), min(los)::numeric(10,4), max(los)::numeric(10,4) FROM (SELECT los, ntile(4) OVER (ORDER BY los, first_careunit) AS quartile FROM icu.icustays) q GROUP BY 1 ORDER BY 1

--- icu-first-value
--: masked
SELECT DISTINCT hadm_id, first_value(first_careunit) OVER w AS first_unit, last_value(last_careunit) OVER w AS last_unit, first_value(stay_id) OVER w AS first_stay FROM icu.icustays WINDOW w AS (PARTITION BY hadm_id ORDER BY intime ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)

--- icu-cumulative
--: masked
SELECT admittime::date AS d, count(*) OVER (ORDER BY admittime::date) AS running FROM icu.admissions ORDER BY 1, 2

--- icu-moving-average
--: masked
SELECT m, n, avg(n) OVER (ORDER BY m ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)::numeric(10,2) FROM (SELECT date_trunc('month', admittime) AS m, count(*) AS n FROM icu.admissions GROUP BY 1) x ORDER BY m

--- icu-count-distinct-admissions
--: masked
SELECT insurance, count(DISTINCT subject_id) AS patients, count(DISTINCT hadm_id) AS admissions, count(DISTINCT hadm_id)::numeric / count(DISTINCT subject_id) AS ratio FROM icu.admissions GROUP BY ROLLUP (insurance) ORDER BY 1

--- icu-anti-join
--: masked
SELECT a.hadm_id FROM icu.admissions a LEFT JOIN icu.icustays s ON s.hadm_id = a.hadm_id WHERE s.hadm_id IS NULL

--- icu-not-exists
--: masked
SELECT count(*) FROM icu.patients p WHERE NOT EXISTS (SELECT 1 FROM icu.admissions a WHERE a.subject_id = p.subject_id)

--- icu-semi-join-rows
--: masked
SELECT count(*) FROM icu.chartevents WHERE (subject_id, hadm_id) IN (SELECT subject_id, hadm_id FROM icu.admissions WHERE insurance = 'Medicaid')

--- icu-exists-within
--: masked
SELECT count(*) FROM icu.icustays s WHERE EXISTS (SELECT 1 FROM icu.chartevents e WHERE e.stay_id = s.stay_id AND e.valuenum > 100 AND e.charttime < s.intime + interval '8 hours')

--- icu-max-per-group
--: masked
SELECT s.* FROM icu.icustays s JOIN (SELECT subject_id, max(intime) AS intime FROM icu.icustays GROUP BY subject_id) l ON l.subject_id = s.subject_id AND l.intime = s.intime

--- icu-max-id
--: masked
SELECT subject_id, max(stay_id) IS NOT NULL AS has, count(stay_id) FROM icu.icustays GROUP BY subject_id

--- icu-deathtime
--: masked
SELECT hadm_id, deathtime - admittime AS survived, coalesce(deathtime, dischtime) AS ended, greatest(dischtime, deathtime) AS latest FROM icu.admissions WHERE deathtime IS NOT NULL

--- icu-correlated-count
--: masked
SELECT p.subject_id, (SELECT count(*) FROM icu.admissions a WHERE a.subject_id = p.subject_id) AS admissions, (SELECT max(a.dischtime) FROM icu.admissions a WHERE a.subject_id = p.subject_id) AS last FROM icu.patients p

--- icu-case-ids
--: masked
SELECT CASE WHEN s.stay_id IS NOT NULL THEN s.stay_id END AS stay, CASE WHEN s.stay_id IS NULL THEN 'ward' ELSE 'icu' END AS kind FROM icu.admissions a LEFT JOIN icu.icustays s USING (hadm_id)

--- icu-coalesce-ids
--: masked
SELECT coalesce(s.hadm_id, a.hadm_id) AS hadm, coalesce(s.stay_id::text, 'none') AS stay FROM icu.admissions a LEFT JOIN icu.icustays s ON s.hadm_id = a.hadm_id

--- icu-full-join
--: masked
SELECT coalesce(a.subject_id, p.subject_id) AS subject, a.hadm_id FROM icu.patients p FULL JOIN icu.admissions a ON a.subject_id = p.subject_id

--- icu-concat-ids
--: masked
SELECT subject_id || '-' || hadm_id AS key, concat('Encounter/', hadm_id) AS ref, format('%s/%s', admission_type, insurance) FROM icu.admissions

--- icu-format-ids
--: masked
SELECT format('Encounter/%s', hadm_id) AS ref FROM icu.admissions

--- icu-md5-ids
--: masked
SELECT md5(hadm_id::text) AS surrogate_key FROM icu.admissions

--- icu-set-operations
--: masked
SELECT subject_id FROM icu.patients EXCEPT ALL SELECT subject_id FROM icu.admissions

--- icu-union-typed
--: masked
SELECT 'admission' AS kind, hadm_id::text AS id, admittime AS at FROM icu.admissions UNION ALL SELECT 'stay', stay_id::text, intime FROM icu.icustays

--- icu-timeline
--: masked
SELECT subject_id, kind, at FROM (SELECT subject_id, 'in' AS kind, intime AS at FROM icu.icustays UNION ALL SELECT subject_id, 'out', outtime FROM icu.icustays UNION ALL SELECT subject_id, 'admit', admittime FROM icu.admissions) t WHERE at IS NOT NULL

--- icu-occupancy
--: masked
SELECT at, sum(delta) OVER (ORDER BY at, delta DESC) AS occupancy FROM (SELECT intime AS at, 1 AS delta FROM icu.icustays UNION ALL SELECT outtime, -1 FROM icu.icustays) e ORDER BY at, delta DESC LIMIT 40

--- icu-crosstab
--: masked
SELECT insurance, count(*) FILTER (WHERE race = 'WHITE') AS w, count(*) FILTER (WHERE race = 'ASIAN') AS a, count(*) FILTER (WHERE race = 'BLACK') AS b, count(*) FILTER (WHERE race IS NULL) AS missing FROM icu.admissions GROUP BY 1 ORDER BY 1

--- icu-tablesample-free-random
--: masked
SELECT count(*) <= 130 FROM icu.admissions WHERE random() < 0.5

--- icu-stddev
--: masked
SELECT itemid, count(valuenum), stddev_samp(valuenum)::numeric(20,6), variance(valuenum)::numeric(20,6) FROM icu.chartevents GROUP BY 1 ORDER BY 1

--- icu-histogram
--: masked
SELECT floor(valuenum / 10) * 10 AS bin, count(*) FROM icu.chartevents WHERE itemid = 220045 GROUP BY 1 ORDER BY 1

--- icu-zscore
--: masked
SELECT c.itemid, count(*) FROM icu.chartevents c JOIN (SELECT itemid, avg(valuenum) AS m, stddev(valuenum) AS s FROM icu.chartevents GROUP BY itemid) z ON z.itemid = c.itemid WHERE abs(c.valuenum - z.m) > z.s GROUP BY 1 ORDER BY 1

--- icu-percent-rank
--: masked
SELECT hadm_id, round(percent_rank() OVER (ORDER BY extract(epoch FROM dischtime - admittime))::numeric, 3), round(cume_dist() OVER (ORDER BY extract(epoch FROM dischtime - admittime))::numeric, 3) FROM icu.admissions

--- icu-generate-days
--: masked
SELECT s.stay_id, d::date AS day FROM icu.icustays s, generate_series(s.intime::date, s.outtime::date, interval '1 day') d

--- icu-justify
--: masked
SELECT justify_hours(dischtime - admittime) AS stay, count(*) FROM icu.admissions GROUP BY 1 ORDER BY 1

--- icu-epoch
--: masked
SELECT hadm_id, extract(epoch FROM dischtime)::bigint - extract(epoch FROM admittime)::bigint AS seconds FROM icu.admissions

--- icu-make-date
--: masked
SELECT make_date(extract(year FROM admittime)::int, 1, 1) AS y, count(*) FROM icu.admissions GROUP BY 1 ORDER BY 1

--- icu-to-date-compare
--: masked
SELECT count(*) FROM icu.admissions WHERE admittime::date >= to_date('2020-06-01', 'YYYY-MM-DD') AND admittime < timestamp '2021-06-01'

--- icu-isfinite
--: masked
SELECT count(*) FROM icu.admissions WHERE isfinite(admittime) AND admittime IS NOT NULL

--- icu-within-group-desc
--: masked
SELECT admission_type, percentile_disc(0.9) WITHIN GROUP (ORDER BY dischtime - admittime DESC) FROM icu.admissions GROUP BY 1 ORDER BY 1

--- icu-having-dates
--: masked
SELECT subject_id FROM icu.admissions GROUP BY subject_id HAVING max(dischtime) - min(admittime) > interval '300 days'

--- icu-union-of-kinds
--: masked
SELECT hadm_id::text AS id FROM icu.admissions WHERE insurance = 'Other' UNION ALL SELECT 'Stay/' || stay_id FROM icu.icustays UNION ALL SELECT label FROM icu.d_items

--- icu-union-in-cte
--: masked
WITH events AS (SELECT subject_id, 'Encounter/' || hadm_id AS ref, admittime AS at FROM icu.admissions UNION ALL SELECT subject_id, 'Stay/' || stay_id, intime FROM icu.icustays UNION ALL SELECT subject_id, NULL, dod FROM icu.patients) SELECT subject_id, ref, at FROM events WHERE at > '2020-01-01'

--- icu-union-grouped
--: masked
SELECT subject_id::text AS who, count(*) FROM icu.icustays GROUP BY subject_id UNION ALL SELECT 'all', count(*) FROM icu.icustays
