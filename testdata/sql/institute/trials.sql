-- What statisticians, data managers and medical monitors of clinical trials send over SDTM and ADaM.

--- trials-disposition-table
--: masked
SELECT arm, count(*) AS randomised, count(*) FILTER (WHERE rfendtc IS NOT NULL) AS ended, count(*) FILTER (WHERE dthdtc IS NOT NULL) AS died FROM sdtm.dm WHERE armcd <> 'SCRNFAIL' GROUP BY arm ORDER BY arm

--- trials-demographics
--: masked
SELECT trt01p, count(*) n, round(avg(d.age), 1) mean, round(stddev_samp(d.age), 2) sd, percentile_cont(0.5) WITHIN GROUP (ORDER BY d.age) median, min(d.age), max(d.age) FROM adam.adsl s JOIN sdtm.dm d USING (usubjid) WHERE s.saffl = 'Y' GROUP BY trt01p ORDER BY 1

--- trials-demographics-pct
--: masked
SELECT trt01p, sex, count(*), round(100.0 * count(*) / sum(count(*)) OVER (PARTITION BY trt01p), 1) AS pct FROM adam.adsl WHERE ittfl = 'Y' GROUP BY trt01p, sex ORDER BY trt01p, sex

--- trials-ae-by-pt
--: masked
WITH n AS (SELECT trt01p, count(*) AS big_n FROM adam.adsl WHERE saffl = 'Y' GROUP BY trt01p) SELECT s.trt01p, a.aebodsys, a.aedecod, count(DISTINCT a.usubjid) AS subjects, count(*) AS events, round(100.0 * count(DISTINCT a.usubjid) / max(n.big_n), 1) AS pct FROM sdtm.ae a JOIN adam.adsl s ON s.usubjid = a.usubjid JOIN n ON n.trt01p = s.trt01p WHERE s.saffl = 'Y' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3

--- trials-ae-treatment-emergent
--: masked
SELECT count(*), count(DISTINCT a.usubjid) FROM sdtm.ae a JOIN adam.adsl s USING (usubjid) WHERE a.aestdtc >= s.trtsdt AND a.aestdtc <= s.trtedt + 30

--- trials-ae-worst-severity
--: masked
SELECT trt01p, worst, count(*) FROM (SELECT s.trt01p, a.usubjid, max(CASE a.aesev WHEN 'MILD' THEN 1 WHEN 'MODERATE' THEN 2 ELSE 3 END) AS worst FROM sdtm.ae a JOIN adam.adsl s USING (usubjid) GROUP BY s.trt01p, a.usubjid) x GROUP BY trt01p, worst ORDER BY 1, 2

--- trials-sae-listing
--: masked unordered
SELECT a.usubjid, s.trt01p, a.aedecod, a.aesev, a.aestdtc, a.aeendtc, a.aeendtc - a.aestdtc + 1 AS duration, a.aestdtc - s.trtsdt + 1 AS study_day FROM sdtm.ae a JOIN adam.adsl s USING (usubjid) WHERE a.aeser = 'Y'

--- trials-key-of-ae
--: masked unordered
SELECT usubjid || '-' || aeseq AS aekey, aedecod FROM sdtm.ae WHERE aesev = 'SEVERE'

--- trials-key-of-ae-unique
--: masked
SELECT count(*), count(DISTINCT usubjid || '-' || aeseq) FROM sdtm.ae

--- trials-subjid-of-usubjid
--: masked unordered
SELECT DISTINCT studyid || '/' || subjid AS subject FROM sdtm.dm WHERE siteid = 'S03'

--- trials-duplicate-records
--: masked
SELECT usubjid, aedecod, aestdtc, count(*) FROM sdtm.ae GROUP BY usubjid, aedecod, aestdtc HAVING count(*) > 1

--- trials-ae-without-subject
--: masked
SELECT a.usubjid FROM sdtm.ae a LEFT JOIN sdtm.dm d ON d.usubjid = a.usubjid WHERE d.usubjid IS NULL

--- trials-subjects-without-ae
--: masked
SELECT s.trt01p, count(*) FROM adam.adsl s WHERE NOT EXISTS (SELECT 1 FROM sdtm.ae a WHERE a.usubjid = s.usubjid) GROUP BY s.trt01p ORDER BY 1

--- trials-screen-failures
--: masked unordered
SELECT usubjid FROM sdtm.dm EXCEPT SELECT usubjid FROM adam.adsl

--- trials-vs-change-from-baseline
--: masked unordered
SELECT v.usubjid, v.visitnum, v.vsstresn, v.vsstresn - b.vsstresn AS chg FROM sdtm.vs v JOIN sdtm.vs b ON b.usubjid = v.usubjid AND b.vstestcd = v.vstestcd AND b.visitnum = 1 WHERE v.vstestcd = 'SYSBP' AND v.visitnum > 1

--- trials-vs-locf
--: masked unordered
SELECT usubjid, visitnum, coalesce(vsstresn, lag(vsstresn) OVER (PARTITION BY usubjid, vstestcd ORDER BY visitnum)) AS aval FROM sdtm.vs WHERE vstestcd = 'WEIGHT'

--- trials-vs-last-visit
--: masked unordered
SELECT DISTINCT ON (usubjid) usubjid, visitnum, vsstresn FROM sdtm.vs WHERE vstestcd = 'DIABP' ORDER BY usubjid, visitnum DESC

--- trials-vs-pivot
--: masked unordered
SELECT usubjid, visitnum, max(vsstresn) FILTER (WHERE vstestcd = 'SYSBP') AS sysbp, max(vsstresn) FILTER (WHERE vstestcd = 'DIABP') AS diabp, max(vsstresn) FILTER (WHERE vstestcd = 'WEIGHT') AS weight FROM sdtm.vs GROUP BY usubjid, visitnum

--- trials-exposure-days
--: masked
SELECT extrt, count(DISTINCT usubjid), sum(coalesce(exendtc, exstdtc + 27) - exstdtc + 1) AS days FROM sdtm.ex GROUP BY extrt ORDER BY extrt

--- trials-cumulative-dose
--: masked unordered
SELECT usubjid, exseq, sum(exdose) OVER (PARTITION BY usubjid ORDER BY exseq ROWS UNBOUNDED PRECEDING) AS cumdose FROM sdtm.ex

--- trials-dose-gaps
--: masked
SELECT count(*) FROM (SELECT usubjid, exstdtc - lag(exendtc) OVER (PARTITION BY usubjid ORDER BY exseq) AS gap FROM sdtm.ex) g WHERE gap > 2

--- trials-kaplan-meier
--: masked
WITH t AS (SELECT s.trt01p, e.aval, e.cnsr FROM adam.adtte e JOIN adam.adsl s USING (usubjid) WHERE e.paramcd = 'OS'), r AS (SELECT trt01p, aval, count(*) FILTER (WHERE cnsr = 0) AS d, count(*) AS leaving, sum(count(*)) OVER (PARTITION BY trt01p ORDER BY aval DESC) AS at_risk FROM t GROUP BY trt01p, aval) SELECT trt01p, aval, at_risk, d, round(exp(sum(ln(CASE WHEN d = at_risk THEN 1e-9 ELSE 1 - d / at_risk END)) OVER (PARTITION BY trt01p ORDER BY aval))::numeric, 6) AS s FROM r ORDER BY trt01p, aval

--- trials-shift-table
--: masked
SELECT s.trt01p, b.anrind AS baseline, w.anrind AS week, count(*) FROM adam.adlb b JOIN adam.adlb w ON w.usubjid = b.usubjid AND w.paramcd = b.paramcd AND w.avisitn = 3 JOIN adam.adsl s ON s.usubjid = b.usubjid WHERE b.ablfl = 'Y' AND b.paramcd = 'ALT' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3

--- trials-hys-law
--: masked unordered
SELECT a.usubjid FROM adam.adlb a WHERE a.paramcd = 'ALT' AND a.aval > 60 AND EXISTS (SELECT FROM adam.adlb b WHERE b.usubjid = a.usubjid AND b.adt = a.adt AND b.paramcd = 'AST' AND b.aval > 50)

--- trials-disposition-view
--: masked
SELECT reason, country, count(*), avg(trtdur) FROM adam.v_disposition GROUP BY reason, country ORDER BY reason, country

--- trials-cross-check-sites
--: masked
SELECT d.siteid FROM sdtm.dm d JOIN adam.adsl s USING (usubjid) WHERE d.siteid IS DISTINCT FROM s.siteid OR d.subjid <> s.subjid

--- trials-narrative
--: masked unordered
SELECT s.usubjid, string_agg(a.aedecod || ' (' || a.aesev || ')', '; ' ORDER BY a.aeseq) AS narrative FROM adam.adsl s JOIN sdtm.ae a USING (usubjid) WHERE s.dthdt IS NOT NULL GROUP BY s.usubjid

--- trials-subjects-per-site-list
--: masked unordered
SELECT siteid, string_agg(subjid, ', ') FILTER (WHERE dthdtc IS NOT NULL) AS deaths, count(*) FROM sdtm.dm GROUP BY siteid

--- trials-one-subject
--: masked
--: param {{cell SELECT usubjid FROM sdtm.dm ORDER BY age, siteid, race, country, armcd LIMIT 1}}
SELECT visitnum, vstestcd, vsstresn FROM sdtm.vs WHERE usubjid = $1 ORDER BY visitnum, vstestcd

--- trials-lower-id-in-list
--: masked unordered
SELECT lower(usubjid) AS id, arm FROM sdtm.dm WHERE country = 'DNK'

--- trials-union-of-dates
--: masked
SELECT kind, count(*), count(d) FROM (SELECT usubjid, 'start' AS kind, trtsdt AS d FROM adam.adsl UNION ALL SELECT usubjid, 'end', trtedt FROM adam.adsl UNION ALL SELECT usubjid, 'death', dthdt FROM adam.adsl) x GROUP BY kind ORDER BY kind
