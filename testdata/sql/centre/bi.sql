-- What dashboards send: Metabase, Superset, Tableau, Power BI, Grafana, Looker, Redash, Excel by ODBC.

--- bi-metabase-count-by-month
--: masked
SELECT CAST(DATE_TRUNC('month', "app"."Appointment"."startsAt") AS timestamp with time zone) AS "startsAt", COUNT(*) AS "count" FROM "app"."Appointment" GROUP BY CAST(DATE_TRUNC('month', "app"."Appointment"."startsAt") AS timestamp with time zone) ORDER BY CAST(DATE_TRUNC('month', "app"."Appointment"."startsAt") AS timestamp with time zone) ASC

--- bi-metabase-table
--: masked
SELECT "source"."patientId" AS "patientId", "source"."weight" AS "weight", "source"."bucket" AS "bucket" FROM (SELECT "app"."Patient"."patientId" AS "patientId", "app"."Patient"."weight" AS "weight", FLOOR(("app"."Patient"."weight" / 10.0)) * 10.0 AS "bucket" FROM "app"."Patient") AS "source" WHERE "source"."bucket" = 100 LIMIT 2000

--- bi-metabase-fingerprint
--: shape
SELECT "app"."Patient"."email" AS "email", SUBSTRING("app"."Patient"."tags"::text, 1, 1234) AS "substring27" FROM "app"."Patient" LIMIT 10000

--- bi-metabase-field-values
--: masked
SELECT "eicu"."patient"."unittype" AS "unittype" FROM "eicu"."patient" GROUP BY "eicu"."patient"."unittype" ORDER BY "eicu"."patient"."unittype" ASC LIMIT 1001

--- bi-metabase-field-values-id
--: shape
SELECT "eicu"."patient"."uniquepid" AS "uniquepid" FROM "eicu"."patient" GROUP BY "eicu"."patient"."uniquepid" ORDER BY "eicu"."patient"."uniquepid" ASC LIMIT 1001

--- bi-metabase-distinct-fingerprint
--: masked
SELECT COUNT(DISTINCT "scdm"."diagnosis"."providerid") AS "count", COUNT(DISTINCT "scdm"."diagnosis"."patid") AS "count_2" FROM "scdm"."diagnosis"

--- bi-superset-chart
--: masked
SELECT unittype AS unittype, sum(unitdischargeoffset) AS "SUM(unitdischargeoffset)", COUNT(DISTINCT uniquepid) AS "people" FROM eicu.patient WHERE hospitaldischargeyear >= 2014 GROUP BY unittype ORDER BY "people" DESC, unittype LIMIT 10000

--- bi-superset-virtual
--: masked
SELECT DATE_TRUNC('week', adate) AS adate, enctype AS enctype, count(*) AS count FROM (SELECT e.*, d.sex FROM scdm.encounter e JOIN scdm.demographic d ON e.patid = d.patid) AS virtual_table WHERE adate >= TO_DATE('2021-01-01', 'YYYY-MM-DD') AND adate < TO_DATE('2021-04-01', 'YYYY-MM-DD') AND sex IN ('F') GROUP BY DATE_TRUNC('week', adate), enctype LIMIT 50000

--- bi-superset-series-limit
--: masked
SELECT e.facilityid AS facilityid, date_trunc('year', e.adate) AS t, count(*) AS n FROM scdm.encounter e JOIN (SELECT facilityid AS facilityid__, count(*) AS mme_inner__ FROM scdm.encounter GROUP BY facilityid HAVING count(*) > 315) AS series_limit ON e.facilityid = facilityid__ GROUP BY 1, 2

--- bi-tableau-probe
--: masked
SELECT "patient"."gender" AS "gender", COUNT(DISTINCT "patient"."patientunitstayid") AS "ctd:patientunitstayid:ok" FROM "eicu"."patient" "patient" GROUP BY 1

--- bi-tableau-lod
--: masked
SELECT "t0"."gender" AS "gender", AVG("t0"."n")::numeric(12,6) AS "avg:n" FROM (SELECT "p"."uniquepid" AS "uniquepid", "p"."gender" AS "gender", COUNT(1) AS "n" FROM "eicu"."patient" "p" GROUP BY 1, 2) "t0" GROUP BY 1

--- bi-tableau-date
--: masked
SELECT CAST(EXTRACT(YEAR FROM "encounter"."adate") AS INTEGER) AS "yr:adate:ok", CAST(TRUNC((6 + EXTRACT(MONTH FROM "encounter"."adate")) / 3) AS INTEGER) AS "q", SUM(1) AS "sum:Number of Records:ok" FROM "scdm"."encounter" "encounter" GROUP BY 1, 2

--- bi-tableau-string-set
--: masked
SELECT "encounter"."enctype" AS "enctype", (CASE WHEN ("encounter"."enctype" IN ('IP', 'IS')) THEN 'Inpatient' WHEN NOT ("encounter"."enctype" IN ('IP', 'IS')) THEN 'Other' ELSE CAST(NULL AS TEXT) END) AS "io", COUNT("encounter"."encounterid") AS "cnt" FROM "scdm"."encounter" "encounter" GROUP BY 1, 2

--- bi-tableau-temp-tables
--: refused
CREATE LOCAL TEMPORARY TABLE "#Tableau_1_Connect" ("COL" INTEGER) ON COMMIT PRESERVE ROWS

--- bi-powerbi-folded
--: masked
select "_"."unittype" as "unittype", "_"."a0" as "a0" from (select "rows"."unittype" as "unittype", sum(cast("rows"."unitvisitnumber" as decimal)) as "a0" from (select "unittype", "unitvisitnumber" from "eicu"."patient" "$Table") "rows" group by "unittype") "_" where not "_"."a0" is null limit 1000001

--- bi-powerbi-top
--: masked
select "$Ordered"."labname", "$Ordered"."n" from (select "labname", count(1) as "n" from "eicu"."lab" group by "labname") "$Ordered" order by "$Ordered"."n" desc, "$Ordered"."labname" limit 3

--- bi-powerbi-join
--: masked
select "$Outer"."patid", "$Inner"."sex", "$Outer"."enctype" from (select "patid", "enctype" from "scdm"."encounter" where "drg" = '022') "$Outer" left outer join "scdm"."demographic" "$Inner" on ("$Outer"."patid" = "$Inner"."patid")

--- bi-powerbi-join-null-safe
--: masked
select count(*) from "scdm"."diagnosis" "o" left outer join "scdm"."dispensing" "i" on ("o"."providerid" = "i"."providerid" or "o"."providerid" is null and "i"."providerid" is null) and "o"."patid" = "i"."patid" where "o"."dx" = 'F329'

--- bi-grafana-time-series
--: masked
SELECT floor(extract(epoch from "startsAt") / 604800) * 604800 AS "time", room::text AS metric, count(*) AS value FROM app."Appointment" WHERE "startsAt" BETWEEN '2022-03-01T00:00:00Z' AND '2022-06-01T00:00:00Z' GROUP BY 1, 2 ORDER BY 1, 2

--- bi-grafana-variable
--: masked
SELECT DISTINCT labname AS __text, labtypeid AS __value FROM eicu.lab ORDER BY 1

--- bi-grafana-repeat-all
--: masked
SELECT kind, count(*) FROM app.event WHERE kind IN ('login','view','print','lab','note') OR '${kind:csv}' = '' GROUP BY kind ORDER BY kind

--- bi-looker-explore
--: masked
SELECT patient.unittype AS "patient.unittype", COUNT(DISTINCT patient.patientunitstayid) AS "patient.count", COALESCE(SUM(lab.labresult), 0) AS "lab.total" FROM eicu.patient AS patient LEFT JOIN eicu.lab AS lab ON patient.patientunitstayid = lab.patientunitstayid WHERE (lab.labname = 'sodium') GROUP BY 1 ORDER BY 2 DESC, 1 FETCH NEXT 500 ROWS ONLY

--- bi-looker-symmetric
--: masked
SELECT p.unittype, COUNT(DISTINCT CASE WHEN l.labresult > 10 THEN p.patientunitstayid ELSE NULL END) AS "high" FROM eicu.patient p LEFT JOIN eicu.lab l USING (patientunitstayid) GROUP BY 1 ORDER BY 1

--- bi-looker-tier
--: masked
SELECT CASE WHEN p.unitdischargeoffset < 1440 THEN 'T00' WHEN p.unitdischargeoffset >= 1440 AND p.unitdischargeoffset < 4320 THEN 'T01' ELSE 'TXX' END AS tier, COUNT(*) FROM eicu.patient p GROUP BY 1 ORDER BY 1

--- bi-redash
--: masked
SELECT d::date, sum(c) OVER (ORDER BY d ROWS UNBOUNDED PRECEDING) FROM (SELECT date_trunc('day', "createdAt") d, count(*) c FROM app."Patient" GROUP BY 1) x ORDER BY 1

--- bi-odbc-catalog
--: shape
select nspname from pg_catalog.pg_namespace n where nspname not like 'pg\_%' and nspname <> 'information_schema' order by nspname

--- bi-odbc-columns
--: shape
select n.nspname, c.relname, a.attname, a.atttypid, t.typname, a.attnum, a.attlen, a.atttypmod, a.attnotnull, c.relhasrules, c.relkind, c.oid, pg_get_expr(d.adbin, d.adrelid), case t.typtype when 'd' then t.typbasetype else 0 end, t.typtypmod, 0, a.attidentity, c.relhassubclass from (((pg_catalog.pg_class c inner join pg_catalog.pg_namespace n on n.oid = c.relnamespace and c.relname like 'patient' and n.nspname like 'eicu') inner join pg_catalog.pg_attribute a on (not a.attisdropped) and a.attnum > 0 and a.attrelid = c.oid) inner join pg_catalog.pg_type t on t.oid = a.atttypid) left outer join pg_attrdef d on a.atthasdef and d.adrelid = a.attrelid and d.adnum = a.attnum order by n.nspname, c.relname, attnum

--- bi-excel-preview
--: masked
SELECT * FROM "eicu"."hospital" WHERE 1 = 1 AND "teachingstatus"

--- bi-top-n-per-group
--: masked
SELECT unittype, apacheadmissiondx, n FROM (SELECT unittype, apacheadmissiondx, count(*) AS n, dense_rank() OVER (PARTITION BY unittype ORDER BY count(*) DESC) AS r FROM eicu.patient WHERE apacheadmissiondx IS NOT NULL GROUP BY 1, 2) x WHERE r <= 2 ORDER BY 1, 3 DESC, 2

--- bi-share-of-total
--: masked
SELECT unittype, count(*) AS n, round(100.0 * count(*) / sum(count(*)) OVER (), 2) AS pct FROM eicu.patient GROUP BY unittype ORDER BY 1

--- bi-null-safe-eq
--: masked
SELECT count(*) FROM eicu.hospital a JOIN eicu.hospital b ON a.region IS NOT DISTINCT FROM b.region
