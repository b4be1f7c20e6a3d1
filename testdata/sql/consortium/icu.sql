-- Concept queries of intensive care, as their repository of derived tables has them.

--- icustay-detail-view
--: masked unordered
SELECT subject_id, hadm_id, stay_id, gender, los_hospital::numeric(10,4), los_icu::numeric(10,4), hospstay_seq, CASE WHEN hospstay_seq = 1 THEN True ELSE False END AS first_hosp_stay FROM mimiciv.icustay_detail ORDER BY subject_id, hadm_id, stay_id

--- icustay-detail-sequence
--: masked
SELECT ie.subject_id, ie.hadm_id, ie.stay_id, pat.gender, adm.admittime, adm.dischtime, adm.race, adm.hospital_expire_flag, DENSE_RANK() OVER (PARTITION BY ie.hadm_id ORDER BY ie.intime, ie.stay_id) AS icustay_seq, CASE WHEN DENSE_RANK() OVER (PARTITION BY ie.hadm_id ORDER BY ie.intime, ie.stay_id) = 1 THEN True ELSE False END AS first_icu_stay FROM mimiciv.icustays ie INNER JOIN mimiciv.admissions adm ON ie.hadm_id = adm.hadm_id INNER JOIN mimiciv.patients pat ON ie.subject_id = pat.subject_id ORDER BY ie.stay_id

--- age-at-admission
--: masked unordered
SELECT ad.subject_id, ad.hadm_id, ad.admittime, pa.anchor_age, pa.anchor_year, pa.anchor_age + EXTRACT(YEAR FROM ad.admittime) - pa.anchor_year AS age FROM mimiciv.admissions ad INNER JOIN mimiciv.patients pa ON ad.subject_id = pa.subject_id ORDER BY ad.hadm_id

--- age-at-admission-make-timestamp
--: masked unordered
SELECT ad.hadm_id, pa.anchor_age + (EXTRACT(EPOCH FROM ad.admittime - MAKE_TIMESTAMP(pa.anchor_year, 1, 1, 0, 0, 0)) / 31556908.8)::numeric(12,4) AS age FROM mimiciv.admissions ad INNER JOIN mimiciv.patients pa ON ad.subject_id = pa.subject_id ORDER BY 1

--- vitals-by-hour-grid
--: masked
WITH agg AS (SELECT stay_id, FLOOR(EXTRACT(EPOCH FROM (MAX(charttime) - MIN(charttime))) / 3600)::int AS hours, MIN(charttime) AS t0 FROM mimiciv.chartevents GROUP BY stay_id), hrs AS (SELECT stay_id, t0, generate_series(0, hours) AS hr FROM agg) SELECT h.stay_id, h.hr, AVG(ce.valuenum)::numeric(10,3) AS heart_rate FROM hrs h LEFT JOIN mimiciv.chartevents ce ON ce.stay_id = h.stay_id AND ce.itemid = 220045 AND ce.charttime >= h.t0 + h.hr * INTERVAL '1 hour' AND ce.charttime < h.t0 + (h.hr + 1) * INTERVAL '1 hour' GROUP BY h.stay_id, h.hr ORDER BY h.stay_id, h.hr

--- vitalsign-cleaned
--: masked
SELECT ce.subject_id, ce.stay_id, ce.charttime, AVG(CASE WHEN itemid IN (220045) AND valuenum > 0 AND valuenum < 300 THEN valuenum END)::numeric(10,3) AS heart_rate, AVG(CASE WHEN itemid IN (220052, 220181, 225312) AND valuenum > 0 AND valuenum < 300 THEN valuenum END)::numeric(10,3) AS mbp FROM mimiciv.chartevents ce WHERE ce.stay_id IS NOT NULL AND ce.itemid IN (220045, 220052, 220181, 225312) GROUP BY ce.subject_id, ce.stay_id, ce.charttime ORDER BY ce.stay_id, ce.charttime, 4, 5

--- gcs-carried-forward
--: masked
WITH base AS (SELECT stay_id, charttime, max(CASE WHEN itemid = 223901 THEN valuenum END) AS gcsmotor, max(CASE WHEN itemid = 223900 AND value = 'No Response-ETT' THEN 0 WHEN itemid = 223900 THEN valuenum END) AS gcsverbal, max(CASE WHEN itemid = 220739 THEN valuenum END) AS gcseyes FROM mimiciv.chartevents WHERE itemid IN (223900, 223901, 220739) GROUP BY stay_id, charttime),
b AS (SELECT *, ROW_NUMBER() OVER (PARTITION BY stay_id ORDER BY charttime ASC) AS rn FROM base),
gcs AS (SELECT b.*, b2.gcsverbal AS prev_verbal, CASE WHEN b.gcsverbal = 0 THEN 15 WHEN b.gcsverbal IS NULL AND b2.gcsverbal = 0 THEN 15 WHEN b2.gcsverbal = 0 THEN COALESCE(b.gcsmotor, 6) + COALESCE(b.gcsverbal, 5) + COALESCE(b.gcseyes, 4) ELSE COALESCE(b.gcsmotor, COALESCE(b2.gcsmotor, 6)) + COALESCE(b.gcsverbal, COALESCE(b2.gcsverbal, 5)) + COALESCE(b.gcseyes, COALESCE(b2.gcseyes, 4)) END AS gcs FROM b LEFT JOIN b b2 ON b.stay_id = b2.stay_id AND b.rn = b2.rn + 1 AND b2.charttime > b.charttime - INTERVAL '6' HOUR)
SELECT stay_id, MIN(gcs) AS min_gcs, COUNT(*) AS n FROM gcs GROUP BY stay_id ORDER BY stay_id

--- gcs-view-on-first-day
--: masked
SELECT ie.stay_id, MIN(g.gcs_motor) AS motor, MIN(g.gcs_verbal) AS verbal, MIN(g.gcs_eyes) AS eyes FROM mimiciv.icustays ie LEFT JOIN mimiciv.gcs g ON ie.stay_id = g.stay_id AND g.charttime >= ie.intime - INTERVAL '6 HOUR' AND g.charttime <= ie.intime + INTERVAL '1 DAY' GROUP BY ie.stay_id ORDER BY ie.stay_id

--- first-day-lab
--: masked
SELECT ie.subject_id, ie.stay_id, MIN(CASE WHEN le.itemid = 50912 THEN valuenum END) AS creatinine_min, MAX(CASE WHEN le.itemid = 50912 THEN valuenum END) AS creatinine_max, MIN(CASE WHEN le.itemid = 51265 THEN valuenum END) AS platelets_min, MAX(CASE WHEN le.itemid = 50885 THEN valuenum END) AS bilirubin_max FROM mimiciv.icustays ie LEFT JOIN mimiciv.labevents le ON le.subject_id = ie.subject_id AND le.charttime >= ie.intime - INTERVAL '6 hours' AND le.charttime <= ie.intime + INTERVAL '1 day' GROUP BY ie.subject_id, ie.stay_id ORDER BY ie.stay_id

--- sofa-components
--: masked
WITH labs AS (SELECT ie.stay_id, MAX(CASE WHEN le.itemid = 50912 THEN valuenum END) AS creatinine, MIN(CASE WHEN le.itemid = 51265 THEN valuenum END) AS platelet, MAX(CASE WHEN le.itemid = 50885 THEN valuenum END) AS bilirubin FROM mimiciv.icustays ie LEFT JOIN mimiciv.labevents le ON le.hadm_id = ie.hadm_id GROUP BY ie.stay_id),
vs AS (SELECT stay_id, MIN(valuenum) FILTER (WHERE itemid = 220052) AS mbp FROM mimiciv.chartevents GROUP BY stay_id),
vaso AS (SELECT stay_id, MAX(rate) AS rate_norepinephrine FROM mimiciv.inputevents WHERE itemid = 221906 GROUP BY stay_id),
uo AS (SELECT stay_id, SUM(value) AS urineoutput FROM mimiciv.outputevents GROUP BY stay_id),
scorecalc AS (SELECT labs.stay_id, CASE WHEN platelet < 20 THEN 4 WHEN platelet < 50 THEN 3 WHEN platelet < 100 THEN 2 WHEN platelet < 150 THEN 1 WHEN platelet IS NULL THEN NULL ELSE 0 END AS coagulation, CASE WHEN bilirubin >= 12.0 THEN 4 WHEN bilirubin >= 6.0 THEN 3 WHEN bilirubin >= 2.0 THEN 2 WHEN bilirubin >= 1.2 THEN 1 WHEN bilirubin IS NULL THEN NULL ELSE 0 END AS liver, CASE WHEN rate_norepinephrine > 0.1 THEN 4 WHEN rate_norepinephrine > 0 THEN 3 WHEN mbp < 70 THEN 1 WHEN COALESCE(mbp, rate_norepinephrine) IS NULL THEN NULL ELSE 0 END AS cardiovascular, CASE WHEN creatinine >= 5.0 THEN 4 WHEN urineoutput < 200 THEN 4 WHEN creatinine >= 3.5 AND creatinine < 5.0 THEN 3 WHEN urineoutput < 500 THEN 3 WHEN creatinine >= 2.0 THEN 2 WHEN creatinine >= 1.2 THEN 1 WHEN COALESCE(urineoutput, creatinine) IS NULL THEN NULL ELSE 0 END AS renal FROM labs LEFT JOIN vs USING (stay_id) LEFT JOIN vaso USING (stay_id) LEFT JOIN uo USING (stay_id))
SELECT ie.subject_id, ie.hadm_id, ie.stay_id, COALESCE(coagulation, 0) + COALESCE(liver, 0) + COALESCE(cardiovascular, 0) + COALESCE(renal, 0) AS sofa, coagulation, liver, cardiovascular, renal FROM mimiciv.icustays ie LEFT JOIN scorecalc s ON ie.stay_id = s.stay_id ORDER BY sofa DESC, ie.stay_id

--- sapsii-comorbidity-and-admission
--: masked
WITH comorb AS (SELECT hadm_id, MAX(CASE WHEN icd_version = 9 AND SUBSTR(icd_code, 1, 3) BETWEEN '042' AND '044' THEN 1 WHEN icd_version = 10 AND SUBSTR(icd_code, 1, 3) BETWEEN 'B20' AND 'B22' THEN 1 ELSE 0 END) AS aids, MAX(CASE WHEN SUBSTR(icd_code, 1, 3) IN ('E11', '250') THEN 1 ELSE 0 END) AS diabetes FROM mimiciv.diagnoses_icd GROUP BY hadm_id),
cpap AS (SELECT ie.stay_id, GREATEST(MIN(charttime - INTERVAL '1' HOUR), ie.intime) AS starttime, LEAST(MAX(charttime + INTERVAL '4' HOUR), ie.outtime) AS endtime FROM mimiciv.icustays ie INNER JOIN mimiciv.chartevents ce ON ie.stay_id = ce.stay_id WHERE ce.itemid = 220045 GROUP BY ie.stay_id, ie.intime, ie.outtime)
SELECT ie.stay_id, comorb.aids, comorb.diabetes, CASE WHEN adm.admission_type = 'ELECTIVE' THEN 0 WHEN adm.admission_type LIKE '%SURGICAL%' THEN 6 ELSE 8 END AS admissiontype_score, cpap.starttime, cpap.endtime FROM mimiciv.icustays ie JOIN mimiciv.admissions adm ON adm.hadm_id = ie.hadm_id LEFT JOIN comorb ON comorb.hadm_id = ie.hadm_id LEFT JOIN cpap ON cpap.stay_id = ie.stay_id ORDER BY ie.stay_id

--- kdigo-creatinine-lookback
--: masked
WITH cr AS (SELECT ie.hadm_id, ie.stay_id, le.charttime, AVG(le.valuenum) AS creat FROM mimiciv.icustays ie LEFT JOIN mimiciv.labevents le ON ie.subject_id = le.subject_id AND le.itemid = 50912 AND le.valuenum IS NOT NULL AND le.valuenum <= 150 AND le.charttime >= ie.intime - INTERVAL '7 DAY' AND le.charttime <= ie.outtime GROUP BY ie.hadm_id, ie.stay_id, le.charttime),
cr48 AS (SELECT cr.stay_id, cr.charttime, MIN(cr48.creat) AS creat_low_past_48hr FROM cr LEFT JOIN cr cr48 ON cr.stay_id = cr48.stay_id AND cr48.charttime < cr.charttime AND cr48.charttime >= cr.charttime - INTERVAL '48 HOUR' GROUP BY cr.stay_id, cr.charttime)
SELECT cr.stay_id, COUNT(*) AS n, MAX(CASE WHEN cr.creat >= cr48.creat_low_past_48hr * 3 THEN 3 WHEN cr.creat >= cr48.creat_low_past_48hr * 2 THEN 2 WHEN cr.creat >= cr48.creat_low_past_48hr + 0.3 THEN 1 ELSE 0 END) AS aki_stage_creat FROM cr LEFT JOIN cr48 ON cr.stay_id = cr48.stay_id AND cr.charttime = cr48.charttime GROUP BY cr.stay_id ORDER BY cr.stay_id

--- urine-output-rate
--: masked
WITH tm AS (SELECT ie.stay_id, MIN(charttime) AS intime_hr, MAX(charttime) AS outtime_hr FROM mimiciv.icustays ie INNER JOIN mimiciv.chartevents ce ON ie.stay_id = ce.stay_id AND ce.itemid = 220045 GROUP BY ie.stay_id),
uo_tm AS (SELECT tm.stay_id, CASE WHEN LAG(charttime) OVER w IS NULL THEN EXTRACT(EPOCH FROM charttime - intime_hr) / 60.0 ELSE EXTRACT(EPOCH FROM charttime - LAG(charttime) OVER w) / 60.0 END AS tm_since_last_uo, uo.charttime, uo.value AS urineoutput FROM tm INNER JOIN mimiciv.outputevents uo ON tm.stay_id = uo.stay_id WINDOW w AS (PARTITION BY tm.stay_id ORDER BY charttime, uo.value))
SELECT stay_id, SUM(urineoutput) AS total, ROUND(SUM(tm_since_last_uo)::numeric / 60, 2) AS hours FROM uo_tm GROUP BY stay_id ORDER BY stay_id

--- vasopressor-durations
--: masked
SELECT stay_id, COUNT(*) AS n, ROUND(SUM(EXTRACT(EPOCH FROM (endtime - starttime)) / 3600.0)::numeric, 2) AS duration_hours, MAX(rate) AS max_rate, ROUND(SUM(rate * patientweight * EXTRACT(EPOCH FROM endtime - starttime) / 60)::numeric, 1) AS dose FROM mimiciv.inputevents WHERE itemid = 221906 GROUP BY stay_id ORDER BY 1

--- invasive-lines-sessions
--: masked
WITH v AS (SELECT stay_id, charttime, LAG(charttime, 1) OVER (PARTITION BY stay_id ORDER BY charttime NULLS FIRST, itemid) AS lag1, itemid FROM mimiciv.chartevents), s AS (SELECT stay_id, charttime, itemid, CASE WHEN lag1 IS NULL OR charttime - lag1 > INTERVAL '80 minutes' THEN 1 ELSE 0 END AS is_new FROM v), n AS (SELECT *, SUM(is_new) OVER (PARTITION BY stay_id ORDER BY charttime NULLS FIRST, itemid ROWS UNBOUNDED PRECEDING) AS session FROM s) SELECT stay_id, session, MIN(charttime) AS starttime, MAX(charttime) AS endtime, COUNT(*) AS n FROM n GROUP BY stay_id, session ORDER BY stay_id, session

--- suspicion-of-infection-window
--: masked unordered
SELECT d.hadm_id, string_agg(TRIM(d.icd_code), ',' ORDER BY d.seq_num) AS codes FROM mimiciv.diagnoses_icd d WHERE EXISTS (SELECT 1 FROM mimiciv.diagnoses_icd s WHERE s.hadm_id = d.hadm_id AND s.icd_code LIKE 'A41%') GROUP BY d.hadm_id ORDER BY d.hadm_id

--- charlson-by-substr
--: masked unordered
SELECT ad.hadm_id, MAX(CASE WHEN icd_version = 10 AND SUBSTR(icd_code, 1, 4) IN ('I502') THEN 1 WHEN icd_version = 9 AND SUBSTR(icd_code, 1, 3) IN ('428') THEN 1 ELSE 0 END) AS congestive_heart_failure, MAX(CASE WHEN icd_version = 10 AND SUBSTR(icd_code, 1, 3) IN ('N17', 'N18') THEN 1 ELSE 0 END) AS renal_disease FROM mimiciv.admissions ad LEFT JOIN mimiciv.diagnoses_icd d ON ad.hadm_id = d.hadm_id GROUP BY ad.hadm_id ORDER BY ad.hadm_id

--- mortality-by-unit
--: masked
SELECT ie.first_careunit, COUNT(*) AS stays, SUM(adm.hospital_expire_flag) AS deaths, ROUND(AVG(adm.hospital_expire_flag) * 100, 2) AS pct, ROUND(AVG(ie.los)::numeric, 3) AS mean_los, PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY ie.los) AS median_los FROM mimiciv.icustays ie JOIN mimiciv.admissions adm USING (hadm_id) GROUP BY ie.first_careunit ORDER BY ie.first_careunit

--- ninety-day-mortality
--: masked
SELECT COUNT(*) FILTER (WHERE p.dod IS NOT NULL AND p.dod <= (a.dischtime + INTERVAL '90 days')::date) AS died_90, COUNT(*) AS n FROM mimiciv.admissions a JOIN mimiciv.patients p USING (subject_id)

--- last-careunit-transfer
--: masked
SELECT REGEXP_REPLACE(first_careunit, '^.*\((\w+)\)$', '\1') AS unit, last_careunit, COUNT(*) FROM mimiciv.icustays WHERE first_careunit <> last_careunit GROUP BY 1, 2 ORDER BY 1, 2

--- ed-length-of-stay
--: masked
SELECT ROUND(AVG(EXTRACT(EPOCH FROM edouttime - edregtime) / 3600)::numeric, 3) AS mean_hours, COUNT(*) FROM mimiciv.admissions WHERE edregtime IS NOT NULL

--- admissions-by-anchor-group
--: masked
SELECT anchor_year_group, gender, COUNT(DISTINCT p.subject_id) AS n, ROUND(AVG(anchor_age), 2) AS age FROM mimiciv.patients p JOIN mimiciv.admissions a ON a.subject_id = p.subject_id GROUP BY ROLLUP (anchor_year_group, gender) ORDER BY anchor_year_group NULLS LAST, gender NULLS LAST

--- pivoted-lab-with-names
--: masked unordered
SELECT hadm_id, jsonb_object_agg(label, mx ORDER BY label) AS labs FROM (SELECT le.hadm_id, di.label, MAX(le.valuenum) AS mx FROM mimiciv.labevents le JOIN mimiciv.d_labitems di USING (itemid) WHERE le.hadm_id IS NOT NULL GROUP BY le.hadm_id, di.label) t GROUP BY hadm_id ORDER BY hadm_id

--- items-most-charted
--: masked
SELECT di.label, COUNT(*) AS n, COUNT(DISTINCT ce.stay_id) AS stays, COUNT(DISTINCT ce.caregiver_id) AS caregivers FROM mimiciv.chartevents ce JOIN mimiciv.d_items di ON di.itemid = ce.itemid GROUP BY di.label ORDER BY n DESC, di.label

--- chart-delay
--: masked
SELECT itemid, PERCENTILE_DISC(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY EXTRACT(EPOCH FROM storetime - charttime)) AS delay FROM mimiciv.chartevents GROUP BY itemid ORDER BY itemid

--- weight-duration-lead
--: masked
SELECT stay_id, starttime, COALESCE(LEAD(starttime) OVER (PARTITION BY stay_id ORDER BY starttime), endtime + INTERVAL '2' HOUR) AS endtime, patientweight FROM mimiciv.inputevents ORDER BY stay_id, starttime

--- one-stay-by-number
--: masked
--: param {{cell SELECT stay_id FROM mimiciv.icustays ORDER BY stay_id LIMIT 1}}
SELECT stay_id, intime, outtime, los FROM mimiciv.icustays WHERE stay_id = $1

--- stays-of-list-in-text
--: masked
SELECT stay_id, first_careunit FROM mimiciv.icustays WHERE stay_id IN ({{cell SELECT string_agg(stay_id::text, ', ') FROM mimiciv.icustays WHERE los > 6}}) ORDER BY stay_id

--- server-cursor-of-labs
--: shape
--: simple
BEGIN
--;
DECLARE labs CURSOR FOR SELECT labevent_id, subject_id, valuenum FROM mimiciv.labevents WHERE itemid = 50912 ORDER BY labevent_id
--;
FETCH FORWARD 20 FROM labs
--;
FETCH NEXT FROM labs

--- prepared-by-hand
--: masked
--: simple
PREPARE stay_labs (integer) AS SELECT itemid, count(*), max(valuenum) FROM mimiciv.labevents WHERE itemid = $1 GROUP BY itemid
--;
EXECUTE stay_labs(50912)

--- read-only-transaction
--: masked
BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY
--;
SELECT count(*) FROM mimiciv.icustays WHERE los > 2
