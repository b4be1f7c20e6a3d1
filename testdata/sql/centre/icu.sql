-- What analysts of intensive care send: concepts of stays, labs, vital signs and scores, in minutes since admission.

--- icu-stay-detail
--: masked
SELECT uniquepid, patienthealthsystemstayid, patientunitstayid, unitvisitnumber, icu_los_hours, gender, age FROM eicu.v_icustay WHERE age >= 65 AND unitvisitnumber = 1

--- icu-age-bands
--: masked
SELECT CASE WHEN age < 45 THEN '18-44' WHEN age < 65 THEN '45-64' WHEN age < 80 THEN '65-79' ELSE '80+' END AS band, count(*), count(DISTINCT uniquepid) FROM eicu.v_icustay GROUP BY 1 ORDER BY 1

--- icu-readmissions
--: masked
SELECT patienthealthsystemstayid, count(*) AS n FROM eicu.patient GROUP BY patienthealthsystemstayid HAVING count(*) > 1

--- icu-first-stay
--: masked
SELECT count(*), sum(unitdischargeoffset) FROM (SELECT p.*, row_number() OVER (PARTITION BY uniquepid ORDER BY hospitaldischargeyear, age, unitvisitnumber) AS rn FROM eicu.patient p) x WHERE rn = 1

--- icu-pivoted-lab
--: masked
SELECT patientunitstayid, labresultoffset, max(CASE WHEN labname = 'creatinine' THEN labresult END) AS creatinine, max(CASE WHEN labname = 'lactate' THEN labresult END) AS lactate, max(CASE WHEN labname = 'sodium' THEN labresult END) AS sodium FROM eicu.lab WHERE labname IN ('creatinine', 'lactate', 'sodium') AND labresultoffset BETWEEN 0 AND 1440 GROUP BY patientunitstayid, labresultoffset

--- icu-pivoted-vital
--: masked
WITH nc AS (SELECT patientunitstayid, observationoffset, heartrate, CASE WHEN sao2 BETWEEN 50 AND 100 THEN sao2 END AS spo2, respiration FROM eicu.vitalperiodic WHERE heartrate BETWEEN 25 AND 225) SELECT patientunitstayid, min(heartrate) AS hr_min, max(heartrate) AS hr_max, round(avg(heartrate), 4) AS hr_mean, min(spo2) AS spo2_min FROM nc WHERE observationoffset <= 1440 GROUP BY patientunitstayid

--- icu-vital-hourly
--: masked
SELECT observationoffset / 60 AS hr, count(*), round(avg(heartrate), 6), percentile_cont(0.5) WITHIN GROUP (ORDER BY heartrate) FROM eicu.vitalperiodic GROUP BY 1 ORDER BY 1

--- icu-last-before-discharge
--: masked unordered
SELECT DISTINCT ON (v.patientunitstayid) v.patientunitstayid, v.observationoffset, v.heartrate FROM eicu.vitalperiodic v JOIN eicu.patient p ON p.patientunitstayid = v.patientunitstayid AND v.observationoffset <= p.unitdischargeoffset WHERE p.unittype = 'MICU' ORDER BY v.patientunitstayid, v.observationoffset DESC, v.heartrate

--- icu-lateral-first-lab
--: masked
SELECT p.patientunitstayid, l.labresult, l.labresultoffset FROM eicu.patient p CROSS JOIN LATERAL (SELECT labresult, labresultoffset FROM eicu.lab l WHERE l.patientunitstayid = p.patientunitstayid AND l.labname = 'lactate' ORDER BY labresultoffset LIMIT 1) l WHERE p.unittype = 'Neuro ICU'

--- icu-left-lateral
--: masked
SELECT p.unittype, count(l.labresult), count(*) FROM eicu.patient p LEFT JOIN LATERAL (SELECT l.labresult FROM eicu.lab l WHERE l.patientunitstayid = p.patientunitstayid AND l.labname = 'glucose' AND l.labresult > 10 LIMIT 1) l ON true GROUP BY p.unittype ORDER BY 1

--- icu-apache-join
--: masked
SELECT p.unittype, count(*) AS n, round(avg(a.apachescore), 6) AS apache, round(avg(nullif(a.predictedhospitalmortality, '')::numeric), 6) AS predicted, round(avg((p.hospitaldischargestatus = 'Expired')::int), 6) AS observed FROM eicu.patient p JOIN eicu.apachepatientresult a USING (patientunitstayid) WHERE a.apacheversion = 'IVa' AND a.apachescore > 0 GROUP BY p.unittype ORDER BY p.unittype

--- icu-smr-by-hospital
--: masked
SELECT p.hospitalid, count(*) AS n, round(sum((hospitaldischargestatus = 'Expired')::int) / nullif(sum(predictedhospitalmortality::numeric), 0), 4) AS smr FROM eicu.patient p JOIN eicu.apachepatientresult a USING (patientunitstayid) WHERE apacheversion = 'IV' GROUP BY p.hospitalid ORDER BY p.hospitalid

--- icu-diagnosis-string
--: masked
SELECT split_part(diagnosisstring, '|', 1) AS system, split_part(diagnosisstring, '|', 2) AS family, count(DISTINCT patientunitstayid) FROM eicu.diagnosis GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2

--- icu-icd-split
--: masked
SELECT trim(c) AS code, count(*) FROM eicu.diagnosis, LATERAL unnest(string_to_array(icd9code, ',')) c GROUP BY 1 ORDER BY 2 DESC, 1

--- icu-icd-regexp-split
--: masked
SELECT regexp_split_to_table(icd9code, ',\s*') AS code, patientunitstayid FROM eicu.diagnosis WHERE diagnosispriority = 'Primary' AND diagnosisoffset < 60

--- icu-sepsis-cohort
--: masked
SELECT count(*) FROM eicu.patient p WHERE EXISTS (SELECT 1 FROM eicu.diagnosis d WHERE d.patientunitstayid = p.patientunitstayid AND d.diagnosisstring ILIKE '%septic shock%') AND NOT EXISTS (SELECT FROM eicu.diagnosis d WHERE d.patientunitstayid = p.patientunitstayid AND d.icd9code ~ '^434')

--- icu-any-of-two
--: masked
SELECT patientunitstayid FROM eicu.diagnosis WHERE diagnosisstring LIKE 'renal|%' INTERSECT SELECT patientunitstayid FROM eicu.lab WHERE labname = 'creatinine' AND labresult > 5

--- icu-except
--: masked
SELECT patientunitstayid FROM eicu.patient WHERE unittype = 'MICU' EXCEPT SELECT patientunitstayid FROM eicu.diagnosis WHERE activeupondischarge

--- icu-union-events
--: masked
SELECT patientunitstayid, diagnosisoffset AS at, 'dx' AS kind FROM eicu.diagnosis WHERE diagnosisoffset < 100 UNION ALL SELECT patientunitstayid, labresultoffset, 'lab' FROM eicu.lab WHERE labresultoffset < -350

--- icu-lag-vitals
--: masked
SELECT count(*) FROM (SELECT heartrate - lag(heartrate) OVER (PARTITION BY patientunitstayid ORDER BY observationoffset) AS step FROM eicu.vitalperiodic) x WHERE step > 40

--- icu-window-frame
--: masked
SELECT patientunitstayid, observationoffset, round(avg(heartrate) OVER (PARTITION BY patientunitstayid ORDER BY observationoffset ROWS BETWEEN 3 PRECEDING AND CURRENT ROW), 6) AS ma FROM eicu.vitalperiodic WHERE observationoffset < 30

--- icu-window-range
--: masked
SELECT patientunitstayid, observationoffset, count(*) OVER (PARTITION BY patientunitstayid ORDER BY observationoffset RANGE BETWEEN 15 PRECEDING AND CURRENT ROW) AS n FROM eicu.vitalperiodic WHERE observationoffset < 40

--- icu-named-window
--: masked
SELECT labname, labresultoffset, first_value(labresult) OVER w AS f, last_value(labresult) OVER w AS l, nth_value(labresult, 2) OVER w AS s FROM eicu.lab WHERE labtypeid = 1 WINDOW w AS (PARTITION BY patientunitstayid ORDER BY labresultoffset ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)

--- icu-quartiles
--: masked
SELECT unittype, percentile_disc(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY unitdischargeoffset) AS q, mode() WITHIN GROUP (ORDER BY hospitaldischargeyear) FROM eicu.patient GROUP BY unittype ORDER BY 1

--- icu-histogram
--: masked
SELECT width_bucket(labresult, 0, 16, 8) AS b, count(*), min(labresult), max(labresult) FROM eicu.lab WHERE labname = 'glucose' GROUP BY 1 ORDER BY 1

--- icu-hospital-levels
--: masked
SELECT h.region, h.teachingstatus, grouping(h.region, h.teachingstatus) AS g, count(*) AS n FROM eicu.patient p JOIN eicu.hospital h USING (hospitalid) GROUP BY ROLLUP (h.region, h.teachingstatus) ORDER BY 3, 1, 2

--- icu-cube
--: masked
SELECT gender, unitdischargestatus, count(*) FROM eicu.patient GROUP BY CUBE (gender, unitdischargestatus) ORDER BY 1, 2

--- icu-hospital-distinct
--: masked
SELECT hospitalid, count(DISTINCT wardid) AS wards, count(DISTINCT uniquepid) AS people FROM eicu.patient GROUP BY hospitalid ORDER BY people DESC, hospitalid

--- icu-hospital-filter
--: masked
--: param {{cell SELECT hospitalid FROM eicu.hospital ORDER BY hospitalid LIMIT 1}}
SELECT count(*) FROM eicu.patient WHERE hospitalid = $1::bigint

--- icu-hospital-range
--: masked
SELECT hospitalid FROM eicu.hospital WHERE hospitalid > 1000 ORDER BY hospitalid LIMIT 5

--- icu-partition-by-name
--: masked
SELECT count(*), sum(heartrate) FROM eicu.vitalperiodic_low

--- icu-partition-both
--: masked
SELECT count(*) FROM eicu.vitalperiodic_high h WHERE EXISTS (SELECT 1 FROM eicu.patient p WHERE p.patientunitstayid = h.patientunitstayid AND p.gender = 'Male')

--- icu-one-stay
--: masked
--: param {{cell SELECT patientunitstayid FROM eicu.patient WHERE unittype = 'MICU' ORDER BY unitdischargeoffset LIMIT 1}}
SELECT observationoffset, heartrate, sao2 FROM eicu.vitalperiodic WHERE patientunitstayid = $1 ORDER BY observationoffset, heartrate

--- icu-stay-list
--: masked
--: param {{cell SELECT array_agg(patientunitstayid)::text FROM (SELECT patientunitstayid FROM eicu.patient ORDER BY unitdischargeoffset LIMIT 200) x}}
SELECT count(*), round(avg(heartrate), 6) FROM eicu.vitalperiodic WHERE patientunitstayid = ANY ($1::text[])

--- icu-matview
--: masked
SELECT m.patientunitstayid, m.labname, m.labresult FROM eicu.mv_first_lab m JOIN eicu.patient p USING (patientunitstayid) WHERE p.unittype = 'MICU' AND m.labname = 'sodium'

--- icu-correlation
--: masked
SELECT round(corr(heartrate, respiration)::numeric, 9) AS r, round(regr_slope(heartrate, respiration)::numeric, 9) AS b, regr_count(heartrate, respiration) FROM eicu.vitalperiodic

--- icu-bool-aggregates
--: masked
SELECT unittype, bool_or(unitdischargestatus = 'Expired'), bool_and(admissionweight > 40), every(gender IS NOT NULL) FROM eicu.patient GROUP BY unittype ORDER BY 1

--- icu-filter-aggregates
--: masked
SELECT count(*) FILTER (WHERE labname = 'lactate' AND labresult > 4) AS high, count(*) FILTER (WHERE labresult IS NULL) AS missing, array_agg(DISTINCT labname ORDER BY labname) FROM eicu.lab

--- icu-generate-hours
--: masked
SELECT h, count(v.heartrate) FROM generate_series(0, 80, 10) h LEFT JOIN eicu.vitalperiodic v ON v.observationoffset >= h AND v.observationoffset < h + 10 GROUP BY h ORDER BY h

--- icu-kaplan
--: masked
WITH t AS (SELECT ceil(unitdischargeoffset / 1440.0) AS d, (unitdischargestatus = 'Expired')::int AS e FROM eicu.patient), k AS (SELECT d, sum(e) AS deaths, sum(count(*)) OVER (ORDER BY d DESC) AS risk FROM t GROUP BY d) SELECT d, deaths, risk, round(exp(sum(ln(1 - deaths / risk::numeric)) OVER (ORDER BY d)), 8) AS s FROM k WHERE deaths < risk ORDER BY d

--- icu-stay-to-text
--: masked
SELECT patientunitstayid::text AS id, uniquepid || ':' || unitvisitnumber AS visit FROM eicu.patient WHERE unittype = 'MICU'

--- icu-array-of-stays
--: masked
SELECT uniquepid, array_agg(patientunitstayid ORDER BY unitvisitnumber) AS stays, count(*) FROM eicu.patient GROUP BY uniquepid

--- icu-unnest-stays
--: masked unordered
SELECT x.uniquepid, s.stay FROM (SELECT uniquepid, array_agg(patientunitstayid ORDER BY unitvisitnumber) AS stays FROM eicu.patient GROUP BY uniquepid) x CROSS JOIN LATERAL unnest(x.stays) AS s(stay)

--- icu-unnest-ordinality
--: masked unordered
SELECT x.uniquepid, s.stay, s.n FROM (SELECT uniquepid, array_agg(patientunitstayid ORDER BY unitvisitnumber) AS stays FROM eicu.patient GROUP BY uniquepid) x, unnest(x.stays) WITH ORDINALITY AS s(stay, n)

--- icu-unnest-select
--: refused
SELECT uniquepid, unnest(array_agg(patientunitstayid ORDER BY unitvisitnumber)) AS stay FROM eicu.patient GROUP BY uniquepid

--- icu-array-position
--: refused
--: param {{cell SELECT patientunitstayid FROM eicu.patient WHERE unittype = 'MICU' ORDER BY unitdischargeoffset LIMIT 1}}
SELECT uniquepid, array_position(array_agg(patientunitstayid::text ORDER BY unitvisitnumber), $1) AS n FROM eicu.patient GROUP BY uniquepid

--- icu-count-prefixed
--: masked
SELECT count(DISTINCT 'P:' || uniquepid) FROM eicu.patient

--- icu-count-concat
--: masked
SELECT unittype, count(DISTINCT concat(uniquepid, '-', unitvisitnumber)) FROM eicu.patient GROUP BY unittype ORDER BY 1

--- icu-made-is-null
--: masked
SELECT count(*) FROM (SELECT p.patientunitstayid, 'L' || l.labid AS lab FROM eicu.patient p LEFT JOIN eicu.lab l ON l.patientunitstayid = p.patientunitstayid AND l.labname = 'sodium' AND l.labresult > 14) x WHERE x.lab IS NULL

--- icu-made-is-not-null
--: masked
SELECT x.patientunitstayid, x.lab FROM (SELECT p.patientunitstayid, 'L' || l.labid AS lab FROM eicu.patient p LEFT JOIN eicu.lab l ON l.patientunitstayid = p.patientunitstayid AND l.labname = 'sodium' AND l.labresult > 14) x WHERE x.lab IS NOT NULL

--- icu-made-count
--: masked
WITH x AS (SELECT p.unittype, p.uniquepid || '/' || p.patientunitstayid AS ref FROM eicu.patient p) SELECT unittype, count(ref) FROM x GROUP BY unittype ORDER BY 1

--- icu-made-coalesced
--: masked
SELECT coalesce(x.lab, 'none') AS lab FROM (SELECT 'L' || l.labid AS lab FROM eicu.patient p LEFT JOIN eicu.lab l ON l.patientunitstayid = p.patientunitstayid AND l.labname = 'sodium' AND l.labresult > 14) x

--- icu-made-grouped
--: masked
SELECT 'stay-' || patientunitstayid AS ref, count(*) AS n FROM eicu.vitalperiodic WHERE heartrate > 120 GROUP BY 1

--- icu-made-distinct
--: masked
SELECT DISTINCT 'P:' || uniquepid AS p FROM eicu.patient WHERE unittype = 'MICU'
