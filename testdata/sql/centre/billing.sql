-- What controllers of hospitals send over billing records with German names, much of it from spreadsheets and BI tools.

--- p21-cases-by-reason
--: masked
SELECT "Aufnahmegrund", count(*) AS "Fälle", round(avg("Alter in Jahren am Aufnahmetag"), 4) AS "Ø Alter" FROM p21."FALL" GROUP BY "Aufnahmegrund" ORDER BY "Aufnahmegrund"

--- p21-main-diagnoses
--: masked
SELECT substring(i."ICD-Kode" FROM 1 FOR 3) AS "Dreisteller", count(DISTINCT f."KH-internes-Kennzeichen") AS n FROM p21."FALL" f JOIN p21."ICD" i USING ("KH-internes-Kennzeichen") WHERE i."Diagnoseart" = 'HD' GROUP BY 1 ORDER BY 2 DESC, 1

--- p21-stay
--: masked
SELECT "KH-internes-Kennzeichen", extract(epoch FROM "Entlassungsdatum" - "Aufnahmedatum") / 86400 AS tage FROM p21."FALL" WHERE "Aufnahmegrund" = '0301' AND "Entlassungsdatum" IS NOT NULL

--- p21-ventilation
--: masked
SELECT "IK", sum("Beatmungsstunden") AS h, count("Beatmungsstunden") FROM p21."FALL" GROUP BY "IK" ORDER BY "IK"

--- p21-secondary
--: masked
SELECT h."ICD-Kode" AS hd, n."ICD-Kode" AS nd, count(*) FROM p21."ICD" h JOIN p21."ICD" n ON n."KH-internes-Kennzeichen" = h."KH-internes-Kennzeichen" AND n."Diagnoseart" = 'ND' WHERE h."Diagnoseart" = 'HD' GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2

--- p21-ops
--: masked
SELECT o."OPS-Kode", count(*), count(DISTINCT f.pat_id) FROM p21."OPS" o LEFT JOIN p21."FALL" f ON f."KH-internes-Kennzeichen" = o."KH-internes-Kennzeichen" GROUP BY 1 ORDER BY 1

--- p21-wards-path
--: masked
SELECT pfad, count(*) FROM (SELECT "KH-internes-Kennzeichen", string_agg("FAB", '>' ORDER BY "FAB-Aufnahmedatum", "FAB") AS pfad FROM p21."FAB" GROUP BY 1) x GROUP BY pfad ORDER BY 2 DESC, 1

--- p21-icu-share
--: masked
SELECT "FAB", round(100.0 * count(*) FILTER (WHERE "Intensivbett") / count(*), 2) AS anteil FROM p21."FAB" GROUP BY "FAB" ORDER BY 1

--- p21-zip-map
--: masked
SELECT "PLZ", "Geschlecht", count(*) FROM p21."FALL" GROUP BY 1, 2

--- p21-readmitted
--: masked
SELECT count(*) FROM p21."FALL" a JOIN p21."FALL" b ON b.pat_id = a.pat_id AND b."Aufnahmedatum" > a."Entlassungsdatum" AND b."Aufnahmedatum" <= a."Entlassungsdatum" + interval '30 days'

--- p21-case-merge
--: masked
SELECT pat_id, "KH-internes-Kennzeichen", "Aufnahmedatum" - min("Entlassungsdatum") OVER (PARTITION BY pat_id) AS abstand FROM p21."FALL"

--- p21-full-case
--: masked
--: param {{cell SELECT "KH-internes-Kennzeichen" FROM p21."FALL" ORDER BY "Beatmungsstunden" DESC, "Alter in Jahren am Aufnahmetag" LIMIT 1}}
SELECT f.*, i."ICD-Kode" FROM p21."FALL" f JOIN p21."ICD" i ON i."KH-internes-Kennzeichen" = f."KH-internes-Kennzeichen" WHERE f."KH-internes-Kennzeichen" = $1

--- p21-json
--: masked
SELECT json_build_object('fall', f."KH-internes-Kennzeichen", 'icd', (SELECT json_agg(i."ICD-Kode" ORDER BY i."Diagnoseart", i."ICD-Kode", i."ICD-Version") FROM p21."ICD" i WHERE i."KH-internes-Kennzeichen" = f."KH-internes-Kennzeichen")) AS doc FROM p21."FALL" f WHERE f."Aufnahmegrund" = '0107'

--- p21-collate
--: masked
SELECT DISTINCT "ICD-Kode" COLLATE "C" AS k FROM p21."ICD" ORDER BY k

--- p21-case-insensitive
--: masked
SELECT count(*) FROM p21."ICD" WHERE upper("ICD-Kode") SIMILAR TO '(I|J)[0-9]{2}%' AND "Sekundär-Kode" IS NULL

--- p21-similar-names
--: masked
SELECT to_char("Aufnahmedatum", 'YYYY') AS jahr, to_char("Aufnahmedatum", 'YYYY"Q"Q') AS quartal, count(*) FROM p21."FALL" GROUP BY 1, 2 ORDER BY 1, 2

--- p21-overlap
--: masked
SELECT count(*) FROM p21."FALL" WHERE ("Aufnahmedatum", "Entlassungsdatum") OVERLAPS (timestamp '2021-06-01', timestamp '2021-07-01')

--- p21-in-house
--: masked
SELECT t::date AS tag, count(f.pat_id) AS belegt FROM generate_series(timestamp '2021-05-01', timestamp '2021-05-20', interval '1 day') t LEFT JOIN p21."FALL" f ON f."Aufnahmedatum" <= t AND f."Entlassungsdatum" > t GROUP BY 1 ORDER BY 1

--- p21-natural
--: masked
SELECT count(*) FROM p21."FALL" NATURAL JOIN p21."ICD"

--- p21-copy-csv
--: masked unordered copy
COPY (SELECT "IK", "KH-internes-Kennzeichen", "PLZ", "Geburtsjahr" FROM p21."FALL" WHERE "Geschlecht" = 'd') TO STDOUT (FORMAT csv, HEADER, DELIMITER ';')
