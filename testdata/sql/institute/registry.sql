-- What registry researchers send over a national patient registry with Danish names.

--- registry-first-contact
--: masked unordered
SELECT DISTINCT ON (cpr) cpr, start, aktionsdiagnose FROM lpr.kontakt WHERE aktionsdiagnose = 'DI21' ORDER BY cpr, start, kontakt_id

--- registry-population
--: masked
SELECT kommune, "køn", count(*) FROM lpr.person WHERE status = 1 GROUP BY kommune, "køn" ORDER BY 1, 2

--- registry-bed-days
--: masked
SELECT sor IS NULL, count(*), sum(extract(epoch FROM slut - start) / 86400)::numeric(12,1) FROM lpr.kontakt WHERE slut IS NOT NULL GROUP BY 1

--- registry-per-unit
--: masked unordered
SELECT sor, count(*), count(DISTINCT cpr) FROM lpr.kontakt GROUP BY sor

--- registry-readmission
--: masked
WITH k AS (SELECT cpr, start, slut, lead(start) OVER (PARTITION BY cpr ORDER BY start, slut) AS naeste FROM lpr.kontakt WHERE prioritet = 'ATA1') SELECT count(*) FILTER (WHERE naeste - slut < interval '30 days') AS inden30, count(*) FROM k

--- registry-case-control
--: masked
SELECT c."køn", count(*) AS par FROM lpr.person c JOIN lpr.person k ON k."køn" = c."køn" AND k.kommune = c.kommune AND k.cpr <> c.cpr WHERE EXISTS (SELECT 1 FROM lpr.kontakt x WHERE x.cpr = c.cpr AND x.aktionsdiagnose = 'DC509') AND NOT EXISTS (SELECT 1 FROM lpr.kontakt x WHERE x.cpr = k.cpr) GROUP BY 1 ORDER BY 1

--- registry-charlson
--: masked
SELECT score, count(*) FROM (SELECT p.cpr, sum(DISTINCT CASE WHEN d.kode LIKE 'DI21%' THEN 1 WHEN d.kode LIKE 'DE1%' THEN 2 WHEN d.kode LIKE 'DN18%' THEN 4 WHEN d.kode LIKE 'DC%' THEN 8 ELSE 0 END) AS score FROM lpr.person p LEFT JOIN lpr.kontakt k USING (cpr) LEFT JOIN lpr.diagnose d USING (kontakt_id) GROUP BY p.cpr) x GROUP BY score ORDER BY score

--- registry-comorbidity
--: masked
SELECT a.kode, b.kode, count(DISTINCT ka.cpr) FROM lpr.diagnose a JOIN lpr.kontakt ka ON ka.kontakt_id = a.kontakt_id JOIN lpr.kontakt kb ON kb.cpr = ka.cpr JOIN lpr.diagnose b ON b.kontakt_id = kb.kontakt_id WHERE a.art = 'A' AND b.art = 'B' AND a.kode < b.kode GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 10

--- registry-intersect
--: masked
SELECT count(*) FROM (SELECT cpr FROM lpr.kontakt WHERE aktionsdiagnose = 'DE119' INTERSECT SELECT cpr FROM lpr.kontakt WHERE aktionsdiagnose = 'DI21') x

--- registry-case-rate
--: masked
WITH syge AS MATERIALIZED (SELECT DISTINCT cpr FROM lpr.kontakt k JOIN lpr.diagnose d USING (kontakt_id) WHERE d.kode = 'DI109') SELECT p.kommune, count(s.cpr) AS syge, count(*) AS alle, round(1000.0 * count(s.cpr) / count(*), 1) AS pr1000 FROM lpr.person p LEFT JOIN syge s ON s.cpr = p.cpr GROUP BY p.kommune ORDER BY p.kommune

--- registry-died-within
--: masked
SELECT count(*), count(*) FILTER (WHERE p.status = 90) FROM lpr.v_akut a JOIN lpr.person p USING (cpr) WHERE a.nr = 1

--- registry-procedures
--: masked
SELECT p.kode, k.type, count(*) FROM lpr.procedure p JOIN lpr.kontakt k ON p.kontakt_id = k.kontakt_id GROUP BY ROLLUP (p.kode, k.type) ORDER BY 1, 2

--- registry-semi-join
--: masked
SELECT kode, count(*) FROM lpr.diagnose d WHERE EXISTS (SELECT * FROM lpr.procedure p WHERE p.kontakt_id = d.kontakt_id AND p.kode = 'KNFB20') GROUP BY kode ORDER BY kode

--- registry-age-at-contact
--: masked
SELECT width_bucket(extract(year FROM age(k.start, p."fødselsdato")), 0, 100, 10) AS grp, count(*) FROM lpr.kontakt k JOIN lpr.person p ON p.cpr = k.cpr GROUP BY 1 ORDER BY 1

--- registry-episode-islands
--: masked
SELECT count(*) FROM (SELECT cpr, start, sum(ny) OVER (PARTITION BY cpr ORDER BY start, slut) AS forloeb FROM (SELECT cpr, start, slut, CASE WHEN start <= lag(slut) OVER (PARTITION BY cpr ORDER BY start, slut) + interval '4 hours' THEN 0 ELSE 1 END AS ny FROM lpr.kontakt) a) b WHERE forloeb > 3

--- registry-contact-ref
--: masked unordered
SELECT 'Encounter/' || kontakt_id AS ref, cpr, type FROM lpr.kontakt WHERE aktionsdiagnose = 'DS720' AND type = 'ALCA10'

--- registry-ref-count
--: masked
SELECT type, count(DISTINCT 'Patient/' || cpr) AS n FROM lpr.kontakt GROUP BY type ORDER BY type

--- registry-ref-null-outer
--: masked
SELECT count(*), count(ref) FROM (SELECT p.cpr, 'Encounter/' || k.kontakt_id::text AS ref FROM lpr.person p LEFT JOIN lpr.kontakt k ON k.cpr = p.cpr AND k.aktionsdiagnose = 'DF322') x WHERE ref IS NOT NULL OR cpr IS NOT NULL

--- registry-ref-join
--: masked
WITH subject AS (SELECT 'Patient/' || cpr AS ref, "køn" FROM lpr.person), enc AS (SELECT 'Patient/' || cpr AS subject_ref, type FROM lpr.kontakt) SELECT s."køn", e.type, count(*) FROM enc e JOIN subject s ON s.ref = e.subject_ref GROUP BY 1, 2 ORDER BY 1, 2

--- registry-cohort-in-parameter
--: masked
--: param {{cell SELECT array_agg(cpr) FROM lpr.person WHERE status <> 1}}
SELECT aktionsdiagnose, count(*) FROM lpr.kontakt WHERE cpr = ANY ($1) GROUP BY 1 ORDER BY 1

--- registry-pairs-of-contacts
--: masked
SELECT count(*) FROM lpr.kontakt a, lpr.kontakt b WHERE a.cpr = b.cpr AND a.start < b.start AND b.start < a.slut

--- registry-longest
--: masked
SELECT aktionsdiagnose, max(slut - start) FROM lpr.kontakt GROUP BY aktionsdiagnose ORDER BY 1
