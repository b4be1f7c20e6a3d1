-- What an application's object mappers, its reports and data frames send over mixed-case names, JSON, arrays, ranges, row types and children.

--- app-prisma-find-many
--: masked unordered
SELECT "app"."Patient"."patientId", "app"."Patient"."email", "app"."Patient"."birthDate", "app"."Patient"."active" FROM "app"."Patient" WHERE ("app"."Patient"."active" = true AND "app"."Patient"."weight" > 100) ORDER BY "app"."Patient"."weight" DESC LIMIT 2000 OFFSET 0

--- app-prisma-relation
--: masked
--: param {{cell SELECT "patientId" FROM app."Patient" ORDER BY weight, height LIMIT 1}}
--: param 0
SELECT "app"."Appointment"."id", "app"."Appointment"."patientId", "app"."Appointment"."status"::text FROM "app"."Appointment" WHERE "app"."Appointment"."patientId" IN ($1) OFFSET $2

--- app-prisma-lateral-json
--: masked
SELECT "t0"."patientId", "t1"."__prisma_data__" AS "appointments" FROM "app"."Patient" AS "t0" LEFT JOIN LATERAL (SELECT COALESCE(JSONB_AGG("x"."__prisma_data__"), '[]') AS "__prisma_data__" FROM (SELECT JSONB_BUILD_OBJECT('id', "a"."id", 'room', "a"."room") AS "__prisma_data__" FROM "app"."Appointment" AS "a" WHERE "t0"."patientId" = "a"."patientId" AND "a"."room" = 3 ORDER BY "a"."noShowRisk" ASC, "a"."fee" ASC) AS "x") AS "t1" ON TRUE WHERE "t0"."weight" > 105

--- app-prisma-aggregate
--: masked
SELECT COUNT(*), AVG("weight")::numeric(10,4), MIN("createdAt"), MAX("createdAt") FROM (SELECT "app"."Patient"."weight", "app"."Patient"."createdAt" FROM "app"."Patient" WHERE 1=1 OFFSET 0) AS "sub"

--- app-django-list
--: masked
SELECT "Patient"."patientId", "Patient"."email", "Patient"."tags", "Patient"."bmi" FROM "app"."Patient" WHERE "Patient"."tags" @> ARRAY['vip']::text[] LIMIT 500

--- app-django-json-key
--: masked
SELECT COUNT(*) AS "__count" FROM "app"."Patient" WHERE ("Patient"."meta" -> 'lang') = '"de"'::jsonb AND ("Patient"."meta" #>> '{consent,status}') = 'granted'

--- app-django-has-key
--: masked
SELECT COUNT(*) AS "__count" FROM "app"."Patient" WHERE "Patient"."meta" ? 'flags' AND "Patient"."meta" @> '{"consent": {"version": 2}}'

--- app-django-in-bulk
--: masked
SELECT "a"."id", "a"."status" FROM "app"."Appointment" "a" WHERE "a"."id" IN ('{{cell SELECT id FROM app."Appointment" ORDER BY "noShowRisk", room, fee LIMIT 1}}'::uuid, '{{cell SELECT id FROM app."Appointment" ORDER BY "noShowRisk" DESC, room, fee LIMIT 1}}'::uuid)

--- app-django-exists-limit
--: masked
SELECT (1) AS "a" FROM "app"."Appointment" U0 WHERE (U0."room" = 5 AND U0."status" = 'ARRIVED') LIMIT 1

--- app-django-outer-ref
--: masked
SELECT "p"."patientId", (SELECT U0."status" FROM "app"."Appointment" U0 WHERE U0."patientId" = ("p"."patientId") ORDER BY U0."startsAt" DESC LIMIT 1) AS "last" FROM "app"."Patient" "p" WHERE "p"."weight" > 100

--- app-rails-includes
--: masked unordered
SELECT DISTINCT "app"."Patient"."patientId", "app"."Patient"."createdAt" AS alias_0 FROM "app"."Patient" LEFT OUTER JOIN "app"."Appointment" ON "app"."Appointment"."patientId" = "app"."Patient"."patientId" WHERE "app"."Appointment"."room" = 2 AND "app"."Patient"."active" ORDER BY "app"."Patient"."createdAt" DESC LIMIT 1000

--- app-rails-enum
--: masked
SELECT "a"."status", COUNT(*) FROM "app"."Appointment" "a" WHERE "a"."status" <> 'CANCELLED' GROUP BY "a"."status" ORDER BY "a"."status"

--- app-rails-find-each
--: masked
SELECT count(*) FROM (SELECT "a".* FROM "app"."Appointment" "a" ORDER BY "a"."id" ASC LIMIT 1000) x

--- app-hibernate-entity
--: masked
select p1_0."patientId",p1_0.active,p1_0."birthDate",p1_0."createdAt",p1_0.email,(p1_0.address).city,(p1_0.address).zip from app."Patient" p1_0 where p1_0.weight>=108

--- app-hibernate-fetch
--: masked
select a1_0.id,a1_0."startsAt",p1_0."patientId",p1_0.email from app."Appointment" a1_0 join app."Patient" p1_0 on p1_0."patientId"=a1_0."patientId" where a1_0.room=4 and p1_0.weight>100

--- app-hibernate-page
--: masked
select a1_0."startsAt",a1_0.room from app."Appointment" a1_0 where a1_0."patientId" is not null order by a1_0."startsAt",a1_0.room offset 0 rows fetch first 5 rows only

--- app-jooq-multiset
--: masked
select p."patientId", (select coalesce(jsonb_agg(jsonb_build_array(v0, v1)), jsonb_build_array()) from (select a.id as v0, a.room as v1 from app."Appointment" a where a."patientId" = p."patientId" and a.room = 7 order by a."noShowRisk", a.fee) t) as appts from app."Patient" p where p.weight > 106

--- app-jooq-row-in
--: masked
select count(*) from app."Appointment" where (room, status) in ((1, 'PLANNED'::app."Status"), (2, 'ARRIVED'::app."Status"))

--- app-jooq-seek
--: masked
select seq, kind from app.event where seq > 1000 and kind <> 'print' order by seq limit 50

--- app-jooq-values
--: masked
select v.k, count(e.seq) from (values ('login', 1), ('view', 2), ('lab', 3)) as v (k, n) left join app.event e on e.kind = v.k group by v.k, v.n order by v.n

--- app-sqla-joinedload
--: masked
SELECT p."patientId" AS "p_patientId", p."birthDate", anon_1.n FROM app."Patient" AS p LEFT OUTER JOIN (SELECT a."patientId" AS "patientId", count(*) AS n FROM app."Appointment" AS a GROUP BY a."patientId") AS anon_1 ON p."patientId" = anon_1."patientId" WHERE p.weight IS NOT NULL

--- app-sqla-cast
--: masked
SELECT CAST(p."patientId" AS VARCHAR) AS id, CAST(p."createdAt" AS DATE) AS d FROM app."Patient" AS p WHERE p.weight > 100

--- app-sqla-any
--: masked
SELECT count(*) FROM app."Patient" AS p WHERE 'diabetes' = ANY (p.tags) OR array_length(p.tags, 1) > 1

--- app-efcore
--: masked
SELECT a."room", count(*)::int AS "Count", max(a."endsAt") AS "Last" FROM app."Appointment" AS a INNER JOIN app."Patient" AS p ON a."patientId" = p."patientId" WHERE p."active" AND a."status" = 'FINISHED'::app."Status" GROUP BY a."room" HAVING count(*)::int > 5 ORDER BY a."room"

--- app-typeorm
--: masked
SELECT DISTINCT "distinctAlias"."a_id" AS "ids_a_id", "distinctAlias"."a_startsAt" FROM (SELECT "a"."id" AS "a_id", "a"."startsAt" AS "a_startsAt", "p"."patientId" AS "p_patientId" FROM "app"."Appointment" "a" LEFT JOIN "app"."Patient" "p" ON "p"."patientId" = "a"."patientId" WHERE "a"."room" = 1 AND "a"."status" IN ('PLANNED', 'ARRIVED')) "distinctAlias" ORDER BY "distinctAlias"."a_startsAt" DESC, "a_id" ASC LIMIT 25

--- app-drizzle
--: masked
select "a"."id", "a"."room", "p"."data" from "app"."Appointment" "a" left join lateral (select json_build_array("x"."patientId", "x"."email", "x"."birthDate") as "data" from (select * from "app"."Patient" "p" where "p"."patientId" = "a"."patientId" limit 1) "x") "p" on true where "a"."room" = 9 and "a"."noShowRisk" > 95

--- app-inherited-all
--: masked
SELECT kind, count(*), count(DISTINCT "patientId") FROM app.event GROUP BY kind ORDER BY kind

--- app-inherited-only
--: masked
SELECT kind, count(*) FROM ONLY app.event GROUP BY kind ORDER BY kind

--- app-inherited-child
--: masked
SELECT loinc, count(*), round(avg(value)::numeric, 6), min(at), max(at) FROM app.event_lab GROUP BY loinc ORDER BY loinc

--- app-inherited-child-hidden
--: masked
SELECT * FROM app.event_note WHERE seq < 200100

--- app-time-between
--: masked
SELECT e."patientId", e.at - a."startsAt" AS late FROM app.event e JOIN app."Appointment" a ON a.id = e."appointmentId" AND a."patientId" = e."patientId" WHERE e.kind = 'lab' AND a.room = 3

--- app-duration
--: masked
SELECT room, avg("endsAt" - "startsAt") AS mean, count(*) FILTER (WHERE "endsAt" - "startsAt" > interval '30 minutes') AS long FROM app."Appointment" GROUP BY room ORDER BY room

--- app-day-of-week
--: masked
SELECT extract(isodow FROM "startsAt" AT TIME ZONE 'UTC') AS dow, extract(hour FROM "startsAt" AT TIME ZONE 'UTC') AS h, count(*) FROM app."Appointment" GROUP BY 1, 2 ORDER BY 1, 2

--- app-date-bin
--: masked
SELECT date_bin('6 hours', "startsAt", timestamptz '2022-01-01 00:00+00') AS t, count(*) FROM app."Appointment" WHERE room < 3 GROUP BY 1 ORDER BY 1

--- app-composite-star
--: masked
SELECT (address).* FROM app."Patient" WHERE weight > 105

--- app-composite-group
--: masked
SELECT (p.address).city, left((p.address).zip, 1) AS z, count(*) FROM app."Patient" p GROUP BY 1, 2 ORDER BY 1, 2

--- app-composite-kept
--: masked
SELECT (reference).low, (reference).high, count(*) FROM app."Appointment" GROUP BY 1, 2 ORDER BY 1

--- app-jsonpath
--: masked
SELECT count(*) FROM app."Patient" WHERE meta @? '$.flags[*] ? (@ == "a1")' AND jsonb_path_exists(meta, '$.score ? (@ > $min)', '{"min": 50}')

--- app-json-each
--: masked
SELECT k, count(*), count(DISTINCT v) FROM app."Patient", jsonb_each_text(meta - 'flags' - 'consent') AS e (k, v) GROUP BY k ORDER BY k

--- app-json-elements
--: masked
SELECT f, count(DISTINCT p."patientId") FROM app."Patient" p CROSS JOIN LATERAL jsonb_array_elements_text(p.meta -> 'flags') f GROUP BY f ORDER BY f

--- app-json-recordset
--: masked
SELECT p."patientId", r.status, r.version FROM app."Patient" p, jsonb_to_record(p.meta -> 'consent') AS r (status text, version int) WHERE r.version = 1 AND p.weight > 90

--- app-json-subscript
--: masked
SELECT meta['lang'] AS lang, avg((meta ->> 'score')::int)::numeric(10,3), count(*) FROM app."Patient" GROUP BY meta['lang'] ORDER BY 1

--- app-json-build-row
--: masked
SELECT row_to_json(x) FROM (SELECT "patientId", "birthDate", tags FROM app."Patient" WHERE weight > 106) x

--- app-unnest-tags
--: masked
SELECT t, count(*) FROM app."Patient", unnest(tags) t GROUP BY t ORDER BY t

--- app-generated
--: masked
SELECT width_bucket(bmi, 15, 45, 6) AS b, count(*), min(bmi), max(bmi) FROM app."Patient" GROUP BY 1 ORDER BY 1

--- app-money
--: masked
SELECT room, sum(fee), max(fee) FROM app."Appointment" GROUP BY room ORDER BY room

--- app-view
--: masked
SELECT status, count(*), count(DISTINCT "patientId") FROM app.v_schedule WHERE room IN (1, 2, 3) GROUP BY status ORDER BY status

--- app-view-age
--: masked
SELECT date_part('year', age("startsAt", "birthDate"::timestamptz)) AS age, count(*) FROM app.v_schedule GROUP BY 1 ORDER BY 1

--- app-recursive
--: masked
WITH RECURSIVE t AS (SELECT code, parent, label, 1 AS depth, ARRAY[code] AS path FROM app.ward WHERE parent IS NULL UNION ALL SELECT w.code, w.parent, w.label, t.depth + 1, t.path || w.code FROM app.ward w JOIN t ON w.parent = t.code) SELECT repeat('  ', depth - 1) || label AS tree, depth, path FROM t ORDER BY path

--- app-recursive-chain
--: masked
WITH RECURSIVE c AS (SELECT a.id, a."patientId", a."startsAt", 1 AS n FROM app."Appointment" a WHERE a.room = 1 AND a."noShowRisk" = 7 UNION ALL SELECT b.id, b."patientId", b."startsAt", c.n + 1 FROM app."Appointment" b JOIN c ON b."patientId" = c."patientId" AND b."startsAt" > c."startsAt" WHERE c.n < 2 AND b.room = 2) SELECT n, count(*) FROM c GROUP BY n ORDER BY n

--- app-email-lookup
--: masked
--: param {{cell SELECT email FROM app."Patient" ORDER BY weight, height LIMIT 1}}
SELECT "patientId", email FROM app."Patient" WHERE email = $1

--- app-email-sort
--: masked
SELECT email FROM app."Patient" WHERE weight > 100 ORDER BY email

--- app-cursor
--: masked unordered
BEGIN
--;
DECLARE c SCROLL CURSOR FOR SELECT "patientId", "birthDate", weight FROM app."Patient" WHERE weight > 100
--;
FETCH 500 FROM c

--- app-cursor-back
--: masked
BEGIN
--;
DECLARE c SCROLL CURSOR FOR SELECT seq, kind FROM app.event ORDER BY seq
--;
MOVE 10 FROM c
--;
FETCH BACKWARD 3 FROM c

--- app-prepared
--: masked unordered
PREPARE q (text, integer) AS SELECT id, room FROM app."Appointment" WHERE "patientId" = $1 AND room <> $2
--;
EXECUTE q ('{{cell SELECT "patientId" FROM app."Patient" ORDER BY weight, height LIMIT 1}}', 3)

--- app-prepared-generic
--: masked unordered
PREPARE q (int) AS SELECT p."patientId", count(*) FROM app."Patient" p JOIN app."Appointment" a USING ("patientId") WHERE a.room = $1 GROUP BY 1
--;
EXECUTE q (3)
--;
EXECUTE q (4)
--;
EXECUTE q (5)
--;
EXECUTE q (6)
--;
EXECUTE q (7)
--;
EXECUTE q (3)

--- app-duckdb-copy-binary
--: masked unordered copy
COPY (SELECT "seq", "kind" FROM "app"."event" WHERE "seq" < 100) TO STDOUT (FORMAT binary)

--- app-dbplyr
--: masked
SELECT "room", COUNT(*) AS "n", SUM(CASE WHEN ("noShowRisk" > 50.0) THEN 1 WHEN NOT ("noShowRisk" > 50.0) THEN 0 END) AS "risky" FROM (SELECT "Appointment".* FROM "app"."Appointment" WHERE ("status" IN ('PLANNED', 'ARRIVED'))) AS "q01" GROUP BY "room" ORDER BY "room"

--- app-dbplyr-semi-join
--: masked
SELECT "LHS"."patientId", "LHS"."weight" FROM "app"."Patient" AS "LHS" WHERE EXISTS (SELECT 1 FROM "app"."Appointment" AS "RHS" WHERE ("LHS"."patientId" = "RHS"."patientId") AND ("RHS"."room" = 3.0)) AND "LHS"."weight" > 90.0

--- app-ibis
--: masked
SELECT "t1"."room", COUNT(*) AS "CountStar()", AVG("t1"."noShowRisk")::numeric(10,4) AS "Mean" FROM (SELECT "t0"."id", "t0"."room", "t0"."noShowRisk" FROM "app"."Appointment" AS "t0" WHERE "t0"."room" >= CAST(6 AS SMALLINT)) AS "t1" GROUP BY 1 ORDER BY "t1"."room" ASC

--- app-ibis-cast-json
--: masked
SELECT CAST("t0"."meta" AS JSONB) AS "meta" FROM "app"."Patient" AS "t0" WHERE "t0"."weight" > 105

--- app-polars
--: masked
SELECT "id", "patientId", "startsAt", "status"::text, "noShowRisk" FROM "app"."Appointment" WHERE "room" = 11

--- app-pandas-read
--: masked
SELECT * FROM app."Patient" WHERE "createdAt" < '2022-03-01'
