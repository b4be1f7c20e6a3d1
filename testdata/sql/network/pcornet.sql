-- What a network's coordinating centre sends over its common data model.

--- pc-row-counts
--: masked
SELECT 'DEMOGRAPHIC' AS tablename, count(*) AS records, count(DISTINCT patid) AS patids FROM pcornet.demographic UNION ALL SELECT 'ENCOUNTER', count(*), count(DISTINCT patid) FROM pcornet.encounter UNION ALL SELECT 'LAB_RESULT_CM', count(*), count(DISTINCT patid) FROM pcornet.lab_result_cm

--- pc-sex-race
--: masked
SELECT sex, race, hispanic, count(*) AS n, round(100.0 * count(*) / sum(count(*)) OVER (), 2) AS pct FROM pcornet.demographic GROUP BY sex, race, hispanic ORDER BY n DESC, sex, race, hispanic

--- pc-orphan-encounters
--: masked
SELECT count(*) FROM pcornet.encounter e LEFT JOIN pcornet.demographic d ON e.patid = d.patid WHERE d.patid IS NULL

--- pc-orphan-diagnoses
--: masked
SELECT count(DISTINCT dx.encounterid) FROM pcornet.diagnosis dx WHERE NOT EXISTS (SELECT 1 FROM pcornet.encounter e WHERE e.encounterid = dx.encounterid)

--- pc-mismatched-patids
--: masked
SELECT count(*) FROM pcornet.diagnosis dx JOIN pcornet.encounter e USING (encounterid) WHERE dx.patid <> e.patid

--- pc-encounters-per-type
--: masked
SELECT enc_type, count(*) AS n, count(DISTINCT patid) AS pts, count(DISTINCT encounterid)::numeric / nullif(count(DISTINCT patid), 0) AS per_patient FROM pcornet.encounter GROUP BY enc_type ORDER BY enc_type

--- pc-by-year
--: masked
SELECT to_char(admit_date, 'YYYY') AS yr, enc_type, count(*) FROM pcornet.encounter GROUP BY 1, 2 ORDER BY 1, 2

--- pc-by-month
--: masked
SELECT extract(year FROM admit_date)::int AS y, extract(month FROM admit_date)::int AS m, count(*) FROM pcornet.encounter WHERE enc_type = 'IP' GROUP BY 1, 2 ORDER BY 1, 2

--- pc-los
--: masked
SELECT enc_type, avg(discharge_date - admit_date) AS mean_los, percentile_cont(0.5) WITHIN GROUP (ORDER BY discharge_date - admit_date) AS median, max(discharge_date - admit_date) FROM pcornet.encounter WHERE discharge_date IS NOT NULL GROUP BY enc_type ORDER BY 1

--- pc-los-negative
--: masked
SELECT count(*) FROM pcornet.encounter WHERE discharge_date < admit_date

--- pc-missing-discharge
--: masked
SELECT enc_type, sum(CASE WHEN discharge_date IS NULL THEN 1 ELSE 0 END) AS missing, count(*) AS total FROM pcornet.encounter GROUP BY enc_type HAVING count(*) > 10 ORDER BY enc_type

--- pc-enrolled
--: masked
SELECT e.enr_basis, count(DISTINCT e.patid), min(e.enr_start_date), max(e.enr_end_date) FROM pcornet.enrollment e GROUP BY 1 ORDER BY 1

--- pc-enrolled-at-encounter
--: masked
SELECT count(*) FROM pcornet.encounter enc JOIN pcornet.enrollment enr ON enr.patid = enc.patid AND enc.admit_date BETWEEN enr.enr_start_date AND coalesce(enr.enr_end_date, date '2099-12-31')

--- pc-diabetes-two-codes
--: masked
WITH dx AS (SELECT patid, admit_date FROM pcornet.diagnosis WHERE dx LIKE 'E11%' AND dx_type = '10'), twice AS (SELECT patid FROM dx GROUP BY patid HAVING count(DISTINCT admit_date) >= 2) SELECT d.sex, count(*) FROM twice t JOIN pcornet.demographic d USING (patid) GROUP BY d.sex ORDER BY d.sex

--- pc-index-date
--: masked
SELECT patid, min(admit_date) AS index_date FROM pcornet.diagnosis WHERE dx = 'I50.9' GROUP BY patid

--- pc-index-first-row
--: masked
SELECT * FROM (SELECT patid, encounterid, admit_date, dx, row_number() OVER (PARTITION BY patid ORDER BY admit_date, load_seq) AS rn FROM pcornet.diagnosis WHERE dx IN ('I50.9', 'I10')) f WHERE rn = 1

--- pc-age-at-index
--: masked
SELECT width_bucket(extract(year FROM f.ix) - extract(year FROM d.birth_date), 0, 100, 10) AS decade, count(*) FROM (SELECT patid, min(admit_date) AS ix FROM pcornet.diagnosis WHERE dx LIKE 'I%' GROUP BY patid) f JOIN pcornet.demographic d ON d.patid = f.patid GROUP BY 1 ORDER BY 1

--- pc-lookback
--: masked
SELECT count(DISTINCT i.patid) FROM (SELECT patid, min(admit_date) AS ix FROM pcornet.diagnosis WHERE dx = 'N18.3' GROUP BY patid) i WHERE NOT EXISTS (SELECT 1 FROM pcornet.encounter e WHERE e.patid = i.patid AND e.admit_date >= i.ix - 365 AND e.admit_date < i.ix)

--- pc-readmission-30
--: masked
SELECT count(*) FROM pcornet.v_inpatient a WHERE EXISTS (SELECT 1 FROM pcornet.v_inpatient b WHERE b.patid = a.patid AND b.admit_date > a.discharge_date AND b.admit_date <= a.discharge_date + 30)

--- pc-readmission-lead
--: masked
SELECT count(*) FILTER (WHERE nxt - discharge_date BETWEEN 1 AND 30) AS within, count(*) AS total FROM (SELECT discharge_date, lead(admit_date) OVER (PARTITION BY patid ORDER BY admit_date, load_seq) AS nxt FROM pcornet.encounter WHERE enc_type = 'IP') x

--- pc-hba1c-last
--: masked unordered
SELECT DISTINCT ON (patid) patid, result_num, result_unit FROM pcornet.lab_result_cm WHERE lab_loinc = '4548-4' AND result_num IS NOT NULL ORDER BY patid, result_date DESC, load_seq DESC

--- pc-hba1c-controlled
--: masked
SELECT CASE WHEN result_num < 7 THEN '<7' WHEN result_num < 9 THEN '7-9' ELSE '>=9' END AS grp, count(*), count(DISTINCT patid) FROM pcornet.lab_result_cm WHERE lab_loinc = '4548-4' AND result_num IS NOT NULL GROUP BY 1 ORDER BY 1

--- pc-lab-units
--: masked
SELECT lab_loinc, result_unit, count(*), min(result_num), percentile_cont(ARRAY[0.05, 0.5, 0.95]) WITHIN GROUP (ORDER BY result_num), max(result_num) FROM pcornet.lab_result_cm GROUP BY 1, 2 ORDER BY 1, 2

--- pc-lab-trend
--: masked
SELECT date_trunc('quarter', result_date)::date AS q, lab_loinc, avg(result_num)::numeric(10,3) FROM pcornet.lab_result_cm GROUP BY 1, 2 ORDER BY 1, 2

--- pc-lab-pairs
--: masked
SELECT count(*) FROM pcornet.lab_result_cm a JOIN pcornet.lab_result_cm b ON b.encounterid = a.encounterid AND b.lab_loinc = '2345-7' WHERE a.lab_loinc = '4548-4' AND b.result_num > a.result_num

--- pc-lab-delta
--: masked
SELECT round(avg(result_num - prev), 3) AS mean_change, count(*) FROM (SELECT result_num, lag(result_num) OVER (PARTITION BY patid, lab_loinc ORDER BY result_date, load_seq) AS prev FROM pcornet.lab_result_cm WHERE lab_loinc = '2160-0') x WHERE prev IS NOT NULL

--- pc-lab-regression
--: masked
SELECT lab_loinc, round(regr_slope(result_num, load_seq)::numeric, 12), round(corr(result_num, load_seq)::numeric, 9), count(*) FROM pcornet.lab_result_cm GROUP BY 1 ORDER BY 1

--- pc-egfr-stage
--: masked
SELECT stage, count(*) FROM (SELECT patid, CASE WHEN avg(result_num) >= 15 THEN 'high' WHEN avg(result_num) >= 10 THEN 'mid' ELSE 'low' END AS stage FROM pcornet.lab_result_cm WHERE lab_loinc = '33914-3' GROUP BY patid) s GROUP BY stage ORDER BY stage

--- pc-bmi
--: masked
SELECT round(avg(703 * wt / (ht * ht))::numeric, 3) AS bmi, count(*) FROM pcornet.vital WHERE ht > 0 AND wt > 0

--- pc-bp-last
--: masked
SELECT patid, systolic, diastolic FROM (SELECT patid, systolic, diastolic, row_number() OVER (PARTITION BY patid ORDER BY measure_date DESC, measure_time DESC, load_seq) AS rn FROM pcornet.vital) v WHERE rn = 1 AND systolic >= 140

--- pc-bp-controlled-share
--: masked
SELECT d.race, avg((v.systolic < 140 AND v.diastolic < 90)::int)::numeric(6,4) FROM pcornet.vital v JOIN pcornet.demographic d ON d.patid = v.patid GROUP BY d.race ORDER BY d.race

--- pc-rx-class
--: masked
SELECT rxnorm_cui, count(*) AS rx, count(DISTINCT patid) AS pts, sum(rx_days_supply) AS days FROM pcornet.prescribing GROUP BY rxnorm_cui ORDER BY rx DESC, rxnorm_cui

--- pc-rx-gap
--: masked
SELECT count(*) FROM (SELECT rx_order_date - lag(rx_order_date) OVER (PARTITION BY patid, rxnorm_cui ORDER BY rx_order_date, load_seq) AS gap FROM pcornet.prescribing) g WHERE gap > 180

--- pc-rx-quantity
--: masked
SELECT rxnorm_cui, round(avg(rx_quantity), 2), stddev_samp(rx_quantity)::numeric(12,4) FROM pcornet.prescribing GROUP BY 1 ORDER BY 1

--- pc-rx-new-users
--: masked
WITH first_rx AS (SELECT patid, min(rx_order_date) AS d FROM pcornet.prescribing WHERE rxnorm_cui = '860975' GROUP BY patid) SELECT extract(year FROM d)::int AS y, count(*) FROM first_rx GROUP BY 1 ORDER BY 1

--- pc-rx-start-lag
--: masked
SELECT rx_start_date - rx_order_date AS lag_days, count(*) FROM pcornet.prescribing GROUP BY 1 ORDER BY 1

--- pc-mortality
--: masked
SELECT d.sex, count(de.patid) AS deaths, count(*) AS n, (count(de.patid)::numeric / count(*))::numeric(8,5) AS rate FROM pcornet.demographic d LEFT JOIN pcornet.death de ON de.patid = d.patid GROUP BY d.sex ORDER BY d.sex

--- pc-survival
--: masked
SELECT de.patid, de.death_date - i.ix AS days FROM pcornet.death de JOIN (SELECT patid, min(admit_date) AS ix FROM pcornet.encounter GROUP BY patid) i ON i.patid = de.patid

--- pc-deaths-after-encounter
--: masked
SELECT count(*) FROM pcornet.encounter e JOIN pcornet.death d ON d.patid = e.patid AND e.admit_date > d.death_date

--- pc-comorbidity-pairs
--: masked
SELECT a.dx, b.dx AS with_dx, count(DISTINCT a.patid) FROM (SELECT DISTINCT patid, dx FROM pcornet.diagnosis) a JOIN (SELECT DISTINCT patid, dx FROM pcornet.diagnosis) b ON a.patid = b.patid AND a.dx < b.dx GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 20

--- pc-charlson
--: masked
SELECT score, count(*) FROM (SELECT patid, max(CASE WHEN dx LIKE 'I50%' THEN 1 ELSE 0 END) + max(CASE WHEN dx LIKE 'E11%' THEN 1 ELSE 0 END) + 2 * max(CASE WHEN dx LIKE 'N18%' THEN 1 ELSE 0 END) AS score FROM pcornet.diagnosis GROUP BY patid) s GROUP BY score ORDER BY score

--- pc-pdx-share
--: masked
SELECT dx, count(*) FILTER (WHERE pdx = 'P') AS prim, count(*) FILTER (WHERE pdx = 'S') AS sec, count(DISTINCT encounterid) FILTER (WHERE pdx = 'P') AS enc FROM pcornet.diagnosis GROUP BY dx ORDER BY dx

--- pc-grouping-sets
--: masked
SELECT enc_type, discharge_status, count(*), grouping(enc_type, discharge_status) FROM pcornet.encounter GROUP BY GROUPING SETS ((enc_type, discharge_status), (enc_type), ()) ORDER BY 4, 1, 2

--- pc-cube-patients
--: masked
SELECT sex, race, count(DISTINCT patid) FROM pcornet.demographic GROUP BY CUBE (sex, race) ORDER BY 1 NULLS LAST, 2 NULLS LAST

--- pc-zip3
--: masked
SELECT zip, count(*) FROM pcornet.demographic GROUP BY zip HAVING count(*) > 5 ORDER BY zip

--- pc-facility-zip
--: masked
SELECT left(facility_location, 1) AS region, count(*) FROM pcornet.encounter GROUP BY 1 ORDER BY 1

--- pc-provider-panel
--: masked
SELECT providerid, count(DISTINCT patid) AS panel FROM pcornet.encounter WHERE providerid IS NOT NULL GROUP BY providerid ORDER BY panel DESC, providerid LIMIT 10

--- pc-provider-null
--: masked
SELECT count(*), count(providerid), count(*) - count(providerid) AS missing FROM pcornet.encounter

--- pc-provider-rx-join
--: masked
SELECT e.providerid, p.rxnorm_cui, count(*) FROM pcornet.encounter e JOIN pcornet.prescribing p ON p.encounterid = e.encounterid AND p.rx_providerid = e.providerid GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 12

--- pc-facility-hex
--: masked
SELECT facilityid, count(*) FROM pcornet.encounter GROUP BY 1 ORDER BY 1

--- pc-facility-prefix
--: masked
SELECT substr(facilityid, 1, 2) AS shard, count(*) FROM pcornet.encounter GROUP BY 1 ORDER BY 1

--- pc-one-patient
--: masked
SELECT d.*, e.encounterid, e.enc_type FROM pcornet.demographic d JOIN pcornet.encounter e USING (patid) WHERE d.patid = '{{cell SELECT patid FROM pcornet.demographic ORDER BY load_seq OFFSET 17 LIMIT 1}}'

--- pc-cohort-list
--: masked
SELECT patid, count(*) FROM pcornet.lab_result_cm WHERE patid IN ('{{cell SELECT patid FROM pcornet.demographic ORDER BY load_seq OFFSET 17 LIMIT 1}}', '{{cell SELECT patid FROM pcornet.demographic ORDER BY load_seq OFFSET 200 LIMIT 1}}', 'P000000') GROUP BY patid

--- pc-cohort-values
--: masked
WITH cohort (patid, arm) AS (VALUES ('{{cell SELECT patid FROM pcornet.demographic ORDER BY load_seq OFFSET 17 LIMIT 1}}', 'a'), ('{{cell SELECT patid FROM pcornet.demographic ORDER BY load_seq OFFSET 200 LIMIT 1}}', 'b')) SELECT c.arm, count(l.lab_result_cm_id) FROM cohort c LEFT JOIN pcornet.lab_result_cm l ON l.patid = c.patid GROUP BY c.arm ORDER BY c.arm

--- pc-matched-controls
--: masked
SELECT c.sex, count(DISTINCT k.patid) FROM pcornet.demographic c JOIN pcornet.demographic k ON k.sex = c.sex AND abs(extract(year FROM k.birth_date) - extract(year FROM c.birth_date)) <= 2 AND k.patid <> c.patid WHERE c.patid IN (SELECT patid FROM pcornet.death) GROUP BY c.sex ORDER BY c.sex

--- pc-person-time
--: masked
SELECT sum(least(coalesce(enr_end_date, date '2022-12-31'), date '2022-12-31') - enr_start_date) / 365.25 AS years FROM pcornet.enrollment

--- pc-overlapping-stays
--: masked
SELECT count(*) FROM pcornet.encounter a JOIN pcornet.encounter b ON a.patid = b.patid AND a.encounterid <> b.encounterid AND (a.admit_date, a.discharge_date + 1) OVERLAPS (b.admit_date, b.discharge_date + 1) WHERE a.enc_type = 'IP' AND b.enc_type = 'IP'

--- pc-episode-islands
--: masked
SELECT count(*) FROM (SELECT patid, sum(new) OVER (PARTITION BY patid ORDER BY admit_date, load_seq) AS ep FROM (SELECT patid, admit_date, load_seq, CASE WHEN admit_date - lag(admit_date) OVER (PARTITION BY patid ORDER BY admit_date, load_seq) <= 60 THEN 0 ELSE 1 END AS new FROM pcornet.encounter) g) h

--- pc-episodes-per-patient
--: masked
SELECT eps, count(*) FROM (SELECT patid, sum(new) AS eps FROM (SELECT patid, CASE WHEN admit_date - lag(admit_date) OVER (PARTITION BY patid ORDER BY admit_date, load_seq) <= 60 THEN 0 ELSE 1 END AS new FROM pcornet.encounter) g GROUP BY patid) h GROUP BY eps ORDER BY eps

--- pc-harvest
--: masked
SELECT networkid, cdm_version::numeric(4,1), refresh_demographic_date FROM pcornet.harvest

--- pc-view-inpatient
--: masked
SELECT sex, avg(los), count(DISTINCT patid) FROM pcornet.v_inpatient GROUP BY sex ORDER BY sex

--- pc-wide-flat
--: masked
SELECT e.encounterid, max(l.result_num) FILTER (WHERE l.lab_loinc = '4548-4') AS a1c, max(l.result_num) FILTER (WHERE l.lab_loinc = '2160-0') AS crea, bool_or(dx.dx LIKE 'E11%') AS dm FROM pcornet.encounter e LEFT JOIN pcornet.lab_result_cm l ON l.encounterid = e.encounterid LEFT JOIN pcornet.diagnosis dx ON dx.encounterid = e.encounterid WHERE e.load_seq <= 500 GROUP BY e.encounterid

--- pc-except
--: masked
SELECT patid FROM pcornet.demographic EXCEPT SELECT patid FROM pcornet.encounter

--- pc-intersect
--: masked
SELECT count(*) FROM (SELECT patid FROM pcornet.prescribing INTERSECT SELECT patid FROM pcornet.vital) x

--- pc-recursive-visits
--: masked
WITH RECURSIVE chain AS (SELECT patid, admit_date, 1 AS n FROM pcornet.encounter WHERE load_seq <= 40 UNION ALL SELECT c.patid, e.admit_date, c.n + 1 FROM chain c JOIN pcornet.encounter e ON e.patid = c.patid AND e.admit_date > c.admit_date AND e.admit_date <= c.admit_date + 200 WHERE c.n < 3) SELECT n, count(*) FROM chain GROUP BY n ORDER BY n

--- pc-lateral-next
--: masked
SELECT i.load_seq, n.gap FROM (SELECT * FROM pcornet.encounter WHERE load_seq < 60) i CROSS JOIN LATERAL (SELECT min(e.admit_date) - i.admit_date AS gap FROM pcornet.encounter e WHERE e.patid = i.patid AND e.admit_date > i.admit_date) n ORDER BY 1

--- pc-histogram
--: masked
SELECT width_bucket(result_num, 0, 22, 11) AS bin, count(*), min(result_num), max(result_num) FROM pcornet.lab_result_cm WHERE lab_loinc = '2093-3' GROUP BY bin ORDER BY bin

--- pc-ntile
--: masked
SELECT q, min(result_num), max(result_num) FROM (SELECT result_num, ntile(4) OVER (ORDER BY result_num, load_seq) AS q FROM pcornet.lab_result_cm WHERE lab_loinc = '2345-7' AND result_num IS NOT NULL) x GROUP BY q ORDER BY q

--- pc-week-grid
--: masked
SELECT to_char(admit_date, 'Dy') AS d, enc_type, count(*) FROM pcornet.encounter WHERE admit_date >= date '2019-01-01' AND admit_date < date '2021-01-01' GROUP BY 1, 2 ORDER BY 1, 2

--- pc-rolling
--: masked
SELECT m, n, avg(n) OVER (ORDER BY m ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS ma FROM (SELECT date_trunc('month', admit_date) AS m, count(*) AS n FROM pcornet.encounter GROUP BY 1) x ORDER BY m

--- pc-object-agg
--: masked
SELECT patid, jsonb_object_agg(encounterid, enc_type) FROM pcornet.encounter WHERE load_seq < 80 GROUP BY patid

--- pc-list-of-encounters
--: masked
SELECT patid, array_agg(encounterid ORDER BY admit_date, load_seq) AS encounters, string_agg(DISTINCT enc_type::text, ',' ORDER BY enc_type::text) FROM pcornet.encounter WHERE load_seq < 300 GROUP BY patid

--- pc-timeline-json
--: masked
SELECT d.patid, json_agg(json_build_object('enc', e.encounterid, 'on', e.admit_date, 'type', e.enc_type) ORDER BY e.load_seq) AS timeline FROM pcornet.demographic d JOIN pcornet.encounter e ON e.patid = d.patid WHERE d.load_seq < 25 GROUP BY d.patid

--- pc-ids-so-far
--: masked
SELECT load_seq, array_agg(encounterid) OVER (PARTITION BY patid ORDER BY load_seq) AS so_far FROM pcornet.encounter WHERE load_seq < 200 ORDER BY load_seq
