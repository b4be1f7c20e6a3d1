-- A hospital's own application: quoted names, composite keys, UUIDs, money, enums.

--- klinik-star
--: masked
SELECT * FROM "Klinik Süd"."Patient"

--- klinik-star-fall
--: masked
SELECT f.*, p."aktiv?" FROM "Klinik Süd"."Fall" AS f JOIN "Klinik Süd"."Patient" AS p ON p."PatNr" = f."PatNr"

--- klinik-composite-join
--: masked
SELECT f."PatNr", f."lfd", count(o."id") AS orders FROM "Klinik Süd"."Fall" f LEFT JOIN "Klinik Süd"."order" o ON (o."PatNr", o."lfd") = (f."PatNr", f."lfd") GROUP BY f."PatNr", f."lfd"

--- klinik-using
--: masked
SELECT "PatNr", "lfd", "Station", "select" FROM "Klinik Süd"."Fall" JOIN "Klinik Süd"."order" USING ("PatNr", "lfd")

--- klinik-natural
--: masked
SELECT count(*) FROM "Klinik Süd"."Fall" NATURAL JOIN "Klinik Süd"."order"

--- klinik-reserved-alias
--: masked
SELECT "from"."PatNr" AS "group", "from"."lfd" AS "order" FROM "Klinik Süd"."Fall" "from" WHERE "from"."lfd" = 1

--- klinik-enum-order
--: masked
SELECT "Prio", count(*) FROM "Klinik Süd"."Fall" GROUP BY "Prio" ORDER BY "Prio" DESC

--- klinik-enum-compare
--: masked
SELECT count(*) FROM "Klinik Süd"."Fall" WHERE "Prio" >= 'mittel'

--- klinik-enum-cast
--: masked
SELECT "Prio"::text || '!' AS p, count(*) FROM "Klinik Süd"."Fall" WHERE "Prio" = ANY (ARRAY['hoch', 'niedrig']::"Klinik Süd"."Dringlichkeit"[]) GROUP BY 1 ORDER BY 1

--- klinik-money
--: masked
SELECT "Station", sum("Betrag") AS summe, sum("Betrag"::numeric) / count(*) AS mittel FROM "Klinik Süd"."Fall" GROUP BY 1 ORDER BY 1

--- klinik-zip
--: masked
SELECT "PLZ", count(*) FROM "Klinik Süd"."Patient" GROUP BY "PLZ" ORDER BY "PLZ"

--- klinik-zip-like
--: masked
SELECT count(*) FROM "Klinik Süd"."Patient" WHERE "PLZ" LIKE '1%' OR left("PLZ", 2) = '23'

--- klinik-timestamptz-zone
--: masked
SET TIME ZONE 'Europe/Berlin'
--;
SELECT date_trunc('day', "von") AS tag, count(*) FROM "Klinik Süd"."Fall" GROUP BY 1 ORDER BY 1

--- klinik-at-time-zone
--: masked
SELECT ("von" AT TIME ZONE 'Europe/Berlin')::date AS tag, count(*) FROM "Klinik Süd"."Fall" GROUP BY 1 ORDER BY 1

--- klinik-dauer
--: masked
SELECT "PatNr", "lfd", "bis" - "von" AS dauer, extract(epoch FROM "bis" - "von") / 3600 AS stunden FROM "Klinik Süd"."Fall"

--- klinik-alter
--: masked
SELECT extract(year FROM age(date '2023-01-01', "Geb.-Datum")) AS alter, count(*) FROM "Klinik Süd"."Patient" GROUP BY 1 ORDER BY 1

--- klinik-geburtsjahr
--: masked
SELECT date_part('year', "Geb.-Datum")::int / 10 * 10 AS jahrzehnt, count(*) FROM "Klinik Süd"."Patient" GROUP BY 1 ORDER BY 1

--- klinik-termine
--: masked
SELECT "PatNr", t AS termin FROM "Klinik Süd"."Patient", unnest("Termine") AS t

--- klinik-termine-len
--: masked
SELECT cardinality("Termine") AS n, count(*) FROM "Klinik Süd"."Patient" GROUP BY 1 ORDER BY 1

--- klinik-codes
--: masked
SELECT c, count(*) FROM "Klinik Süd"."Fall" CROSS JOIN LATERAL unnest("Codes") WITH ORDINALITY AS u (c, n) GROUP BY c ORDER BY c

--- klinik-codes-any
--: masked
SELECT count(*) FROM "Klinik Süd"."Fall" WHERE 'I10' = ANY("Codes") AND "Codes" && ARRAY['E11.9']

--- klinik-hinweise
--: masked
SELECT "Hinweise"->'allergie'->>0 AS a, ("Hinweise"->>'stufe')::int AS s, count(*) FROM "Klinik Süd"."Patient" GROUP BY 1, 2 ORDER BY 1, 2

--- klinik-payload
--: masked
SELECT payload->>'prio' AS prio, sum(("payload"->>'k')::int) FROM "Klinik Süd"."order" GROUP BY 1 ORDER BY 1

--- klinik-payload-update-free
--: masked
SELECT jsonb_set("payload", '{x}', '1') AS p, count(*) FROM "Klinik Süd"."order" GROUP BY 1

--- klinik-extid
--: masked
SELECT "PatNr" FROM "Klinik Süd"."Patient" WHERE "extId" = '{{cell SELECT "extId" FROM "Klinik Süd"."Patient" ORDER BY "extId" LIMIT 1}}'

--- klinik-extid-sorted
--: masked
SELECT "extId", "aktiv?" FROM "Klinik Süd"."Patient" ORDER BY "extId" LIMIT 5

--- klinik-extid-text
--: masked
SELECT replace("extId"::text, '-', '') AS hex FROM "Klinik Süd"."Patient"

--- klinik-patnr
--: masked
SELECT "PatNr", "PLZ" FROM "Klinik Süd"."Patient" WHERE "PatNr" = '{{cell SELECT "PatNr" FROM "Klinik Süd"."Patient" ORDER BY "PatNr" LIMIT 1}}'

--- klinik-patnr-unknown
--: masked
SELECT count(*) FROM "Klinik Süd"."Patient" WHERE "PatNr" = 'P-0271'

--- klinik-arzt
--: masked
SELECT "Arzt-Nr", count(*) FROM "Klinik Süd"."Fall" GROUP BY "Arzt-Nr"

--- klinik-arzt-sorted
--: masked
SELECT DISTINCT "Arzt-Nr" FROM "Klinik Süd"."Fall" ORDER BY "Arzt-Nr" DESC

--- klinik-arzt-json
--: masked
SELECT json_agg(DISTINCT "Arzt-Nr") FROM "Klinik Süd"."Fall"

--- klinik-orders-json
--: masked
SELECT f."PatNr", json_agg(json_build_object('id', o."id", 'art', o."select", 'menge', o."Menge") ORDER BY o."at", o."id") AS orders FROM "Klinik Süd"."Fall" f JOIN "Klinik Süd"."order" o USING ("PatNr", "lfd") GROUP BY f."PatNr"

--- klinik-orders-array
--: masked
SELECT "PatNr", array_agg("id" ORDER BY "at", "id") FROM "Klinik Süd"."order" GROUP BY "PatNr"

--- klinik-row-number
--: masked
SELECT "PatNr", "Station", row_number() OVER (PARTITION BY "Station" ORDER BY "von", "lfd") FROM "Klinik Süd"."Fall"

--- klinik-float-sum
--: masked
SELECT "select", sum("Menge"), avg("Menge"), max("Menge") FROM "Klinik Süd"."order" GROUP BY 1 ORDER BY 1

--- klinik-values
--: masked
SELECT v.name, count(f."lfd") FROM (VALUES ('Innere', 1), ('Chirurgie', 2), ('Keine', 3)) AS v (name, n) LEFT JOIN "Klinik Süd"."Fall" f ON f."Station" = v.name GROUP BY v.name, v.n ORDER BY v.n

--- klinik-cte-materialized
--: masked
WITH m AS MATERIALIZED (SELECT "PatNr", max("von") AS letzter FROM "Klinik Süd"."Fall" GROUP BY "PatNr") SELECT p."PLZ", max(m.letzter) FROM "Klinik Süd"."Patient" p JOIN m USING ("PatNr") GROUP BY 1 ORDER BY 1

--- klinik-bool-agg
--: masked
SELECT "Station", bool_and("bis" > "von"), every("lfd" > 0), bit_or("lfd"::int) FROM "Klinik Süd"."Fall" GROUP BY 1 ORDER BY 1

--- klinik-tstzrange
--: masked
SELECT count(*) FROM "Klinik Süd"."Fall" WHERE tstzrange("von", "bis") && tstzrange('2020-06-01', '2020-07-01')

--- klinik-search-path
--: masked
SET search_path = "Klinik Süd"
--;
SELECT "Station", count(*) FROM "Fall" GROUP BY 1 ORDER BY 1

--- klinik-with-ties
--: masked unordered
SELECT "Station", "lfd" FROM "Klinik Süd"."Fall" ORDER BY "lfd" FETCH FIRST 3 ROWS WITH TIES

--- klinik-distinct-on
--: masked
SELECT DISTINCT ON ("Station") "Station", "von" FROM "Klinik Süd"."Fall" ORDER BY "Station", "von" DESC

--- klinik-group-by-all-columns
--: masked
SELECT "Station", "Prio", "lfd", count(*) FROM "Klinik Süd"."Fall" GROUP BY "Station", "Prio", "lfd" ORDER BY 1, 2, 3

--- klinik-intervals
--: masked
SELECT sum("bis" - "von") AS gesamt, avg("bis" - "von") AS mittel FROM "Klinik Süd"."Fall"

--- klinik-overlay
--: masked
SELECT overlay('****' placing "PLZ" from 1) AS z, position('1' in "PLZ") AS p, count(*) FROM "Klinik Süd"."Patient" GROUP BY 1, 2 ORDER BY 1, 2

--- klinik-xml
--: masked
SELECT xmlelement(name fall, xmlattributes("lfd" AS nr), "Station")::text AS x, count(*) FROM "Klinik Süd"."Fall" GROUP BY 1 ORDER BY 1

--- klinik-regexp
--: masked
SELECT count(*) FROM "Klinik Süd"."Fall" WHERE "Station" ~* '^(inn|chir)' AND regexp_replace("Station", '[aeiou]', '', 'g') <> ''

--- klinik-table-command
--: masked
TABLE "Klinik Süd"."order"

--- klinik-explain-free-limit-zero
--: masked
SELECT * FROM "Klinik Süd"."order" LIMIT 0
