-- What object mappers send: Django, SQLAlchemy, Rails, Hibernate, Prisma, TypeORM, Sequelize, Drizzle, EF Core.

--- django-get
--: masked
--: param {{cell SELECT patid FROM pcornet.demographic ORDER BY load_seq OFFSET 17 LIMIT 1}}
SELECT "pcornet"."demographic"."patid", "pcornet"."demographic"."birth_date", "pcornet"."demographic"."sex" FROM "pcornet"."demographic" WHERE "pcornet"."demographic"."patid" = $1 LIMIT 21

--- django-exists
--: masked
--: param {{cell SELECT patid FROM pcornet.demographic ORDER BY load_seq OFFSET 17 LIMIT 1}}
SELECT 1 AS "a" FROM "pcornet"."encounter" WHERE "pcornet"."encounter"."patid" = $1 LIMIT 1

--- django-annotate
--: masked
SELECT "pcornet"."demographic"."patid", "pcornet"."demographic"."sex", COUNT("pcornet"."encounter"."encounterid") AS "n" FROM "pcornet"."demographic" LEFT OUTER JOIN "pcornet"."encounter" ON ("pcornet"."demographic"."patid" = "pcornet"."encounter"."patid") WHERE "pcornet"."demographic"."load_seq" < 50 GROUP BY "pcornet"."demographic"."patid", "pcornet"."demographic"."sex"

--- django-subquery
--: masked
SELECT "d"."patid", (SELECT U0."enc_type" FROM "pcornet"."encounter" U0 WHERE U0."patid" = ("d"."patid") ORDER BY U0."load_seq" DESC LIMIT 1) AS "last_type" FROM "pcornet"."demographic" "d" WHERE "d"."load_seq" < 60

--- django-exclude
--: masked
SELECT COUNT(*) AS "__count" FROM "pcornet"."demographic" WHERE NOT (EXISTS(SELECT 1 AS "a" FROM "pcornet"."encounter" U1 WHERE (U1."enc_type" = 'IP' AND U1."patid" = ("pcornet"."demographic"."patid")) LIMIT 1))

--- django-prefetch
--: masked
--: param {{cell SELECT patid FROM pcornet.demographic ORDER BY load_seq OFFSET 17 LIMIT 1}}
--: param {{cell SELECT patid FROM pcornet.demographic ORDER BY load_seq OFFSET 40 LIMIT 1}}
SELECT "e"."encounterid", "e"."patid", "e"."enc_type" FROM "pcornet"."encounter" "e" WHERE "e"."patid" IN ($1, $2)

--- django-datetrunc
--: masked
SELECT DATE_TRUNC('month', "e"."admit_date")::date AS "m", COUNT("e"."encounterid") AS "c" FROM "pcornet"."encounter" "e" GROUP BY 1 ORDER BY 1 ASC

--- django-values-distinct
--: masked
SELECT DISTINCT "e"."enc_type", "e"."discharge_status" FROM "pcornet"."encounter" "e" ORDER BY "e"."enc_type" ASC, "e"."discharge_status" ASC

--- django-case-sum
--: masked
SELECT SUM(CASE WHEN "v"."systolic" >= 140 THEN 1 ELSE 0 END) AS "hyp", AVG("v"."systolic") AS "m" FROM "pcornet"."vital" "v"

--- django-page-count
--: masked
SELECT COUNT(*) FROM (SELECT DISTINCT "e"."patid" AS "col1" FROM "pcornet"."encounter" "e" WHERE "e"."enc_type" IN ('IP', 'ED')) subquery

--- sqla-anon-labels
--: masked
SELECT count(*) AS count_1 FROM (SELECT pcornet.diagnosis.diagnosisid AS pcornet_diagnosis_diagnosisid, pcornet.diagnosis.dx AS pcornet_diagnosis_dx FROM pcornet.diagnosis WHERE pcornet.diagnosis.dx LIKE 'I50' || '%') AS anon_1

--- sqla-joined-eager
--: masked
SELECT anon_1.patid AS anon_1_patid, anon_1.sex AS anon_1_sex, e_1.encounterid AS e_1_encounterid FROM (SELECT d.patid AS patid, d.sex AS sex, d.load_seq AS load_seq FROM pcornet.demographic d WHERE d.load_seq <= 20) AS anon_1 LEFT OUTER JOIN pcornet.encounter AS e_1 ON anon_1.patid = e_1.patid

--- sqla-selectin
--: masked
--: param {{cell SELECT patid FROM pcornet.demographic ORDER BY load_seq OFFSET 17 LIMIT 1}}
SELECT e_1.patid AS e_1_patid, e_1.encounterid AS e_1_encounterid FROM pcornet.encounter AS e_1 WHERE e_1.patid IN ($1::VARCHAR)

--- sqla-cte-window
--: masked
WITH ranked AS (SELECT e.patid AS patid, e.enc_type AS enc_type, row_number() OVER (PARTITION BY e.patid ORDER BY e.load_seq) AS rn FROM pcornet.encounter AS e) SELECT ranked.enc_type, count(*) AS n FROM ranked WHERE ranked.rn = 1 GROUP BY ranked.enc_type ORDER BY ranked.enc_type

--- sqla-ilike
--: masked
SELECT lower(crc.concept_dimension.name_char) AS lower_1 FROM crc.concept_dimension WHERE crc.concept_dimension.name_char ILIKE '%' || 'dia' || '%' ORDER BY lower_1

--- sqla-nullsafe
--: masked
SELECT count(*) AS n FROM pcornet.encounter WHERE pcornet.encounter.providerid IS DISTINCT FROM NULL AND pcornet.encounter.discharge_date IS NOT NULL

--- rails-find-by
--: masked
--: param {{cell SELECT encounterid FROM pcornet.encounter ORDER BY load_seq OFFSET 99 LIMIT 1}}
--: param 1
SELECT "encounters".* FROM "pcornet"."encounter" "encounters" WHERE "encounters"."encounterid" = $1 LIMIT $2

--- rails-group-count
--: masked
SELECT COUNT(*) AS "count_all", "encounters"."enc_type" AS "encounters_enc_type" FROM "pcornet"."encounter" "encounters" GROUP BY "encounters"."enc_type"

--- rails-includes-order
--: masked
SELECT DISTINCT "d"."load_seq" AS alias_0, "d"."patid" FROM "pcornet"."demographic" "d" LEFT OUTER JOIN "pcornet"."encounter" "e" ON "e"."patid" = "d"."patid" WHERE "e"."enc_type" = 'IP' ORDER BY "d"."load_seq" ASC LIMIT 10

--- rails-pluck
--: masked
SELECT "e"."drg" FROM "pcornet"."encounter" "e" WHERE "e"."admit_date" IS NOT NULL AND "e"."load_seq" BETWEEN 10 AND 20 ORDER BY "e"."load_seq" DESC

--- hibernate-entity
--: masked
--: param {{cell SELECT encounterid FROM pcornet.encounter ORDER BY load_seq OFFSET 99 LIMIT 1}}
select e1_0.encounterid,e1_0.admit_date,e1_0.enc_type,p1_0.patid,p1_0.sex from pcornet.encounter e1_0 left join pcornet.demographic p1_0 on p1_0.patid=e1_0.patid where e1_0.encounterid=$1

--- hibernate-page
--: masked
select e1_0.load_seq,e1_0.enc_type from pcornet.encounter e1_0 where e1_0.enc_type='IP' order by e1_0.load_seq offset 20 rows fetch first 10 rows only

--- hibernate-count-distinct
--: masked
select count(distinct e1_0.patid) from pcornet.encounter e1_0 join pcornet.diagnosis d1_0 on e1_0.encounterid=d1_0.encounterid where d1_0.dx in ('I10','E11.9')

--- hibernate-exists
--: masked
select d1_0.sex,count(*) from pcornet.demographic d1_0 where exists(select 1 from pcornet.vital v1_0 where v1_0.patid=d1_0.patid and v1_0.systolic>170) group by d1_0.sex order by 1

--- prisma-find-many
--: masked
SELECT "pcornet"."demographic"."patid", "pcornet"."demographic"."sex"::text, "pcornet"."demographic"."birth_date" FROM "pcornet"."demographic" WHERE ("pcornet"."demographic"."sex" = 'F' AND 1=1) ORDER BY "pcornet"."demographic"."load_seq" ASC LIMIT 25 OFFSET 0

--- prisma-relation-lateral
--: masked
SELECT "t1"."patid", "d_e"."__prisma_data__" AS "encounters" FROM "pcornet"."demographic" AS "t1" LEFT JOIN LATERAL (SELECT COALESCE(JSONB_AGG("__prisma_data__" ORDER BY "k"), '[]') AS "__prisma_data__" FROM (SELECT JSONB_BUILD_OBJECT('id', "t2"."encounterid", 'type', "t2"."enc_type") AS "__prisma_data__", "t2"."load_seq" AS "k" FROM "pcornet"."encounter" AS "t2" WHERE "t1"."patid" = "t2"."patid") AS "t3") AS "d_e" ON TRUE WHERE "t1"."load_seq" < 15

--- prisma-aggregate
--: masked
SELECT COUNT(*), AVG("systolic"), MAX("diastolic") FROM (SELECT "pcornet"."vital"."systolic", "pcornet"."vital"."diastolic" FROM "pcornet"."vital" WHERE 1=1 OFFSET 0) AS "sub"

--- typeorm-find
--: masked
SELECT "Encounter"."encounterid" AS "Encounter_encounterid", "Encounter"."patid" AS "Encounter_patid", "Encounter__patient"."sex" AS "Encounter__patient_sex" FROM "pcornet"."encounter" "Encounter" LEFT JOIN "pcornet"."demographic" "Encounter__patient" ON "Encounter__patient"."patid"="Encounter"."patid" WHERE (("Encounter"."enc_type" = 'ED') AND ("Encounter"."load_seq" < 100))

--- typeorm-count
--: masked
SELECT COUNT(DISTINCT("Encounter"."encounterid")) AS "cnt" FROM "pcornet"."encounter" "Encounter" WHERE "Encounter"."enc_type" IN ('IP')

--- typeorm-page-ids
--: masked
SELECT DISTINCT "distinctAlias"."Encounter_encounterid" AS "ids_Encounter_encounterid", "distinctAlias"."Encounter_load_seq" FROM (SELECT "Encounter"."encounterid" AS "Encounter_encounterid", "Encounter"."load_seq" AS "Encounter_load_seq" FROM "pcornet"."encounter" "Encounter" WHERE "Encounter"."enc_type" = 'IP') "distinctAlias" ORDER BY "distinctAlias"."Encounter_load_seq" ASC, "Encounter_encounterid" ASC LIMIT 10

--- sequelize-include
--: masked
SELECT "Demographic"."patid", "Encounters"."encounterid" AS "Encounters.encounterid" FROM "pcornet"."demographic" AS "Demographic" INNER JOIN "pcornet"."encounter" AS "Encounters" ON "Demographic"."patid" = "Encounters"."patid" AND "Encounters"."enc_type" = 'ED' WHERE "Demographic"."load_seq" < 30

--- sequelize-count
--: masked
SELECT count(*) AS "count" FROM "pcornet"."demographic" AS "Demographic" WHERE ("Demographic"."birth_date" IS NULL OR "Demographic"."sex" != 'F')

--- drizzle-relations
--: masked
select "d"."patid", "d_enc"."data" as "enc" from "pcornet"."demographic" "d" left join lateral (select coalesce(json_agg(json_build_array("e"."encounterid", "e"."enc_type") order by "e"."load_seq"), '[]'::json) as "data" from "pcornet"."encounter" "e" where "e"."patid" = "d"."patid") "d_enc" on true where "d"."load_seq" < 12

--- efcore-skip-take
--: masked
SELECT e.load_seq, e.enc_type FROM pcornet.encounter AS e WHERE e.enc_type = 'IP' ORDER BY e.load_seq LIMIT 10 OFFSET 5

--- efcore-navigation
--: masked
SELECT count(*)::int FROM pcornet.encounter AS e INNER JOIN pcornet.demographic AS d ON e.patid = d.patid WHERE d.sex = 'F' AND (e.providerid <> '' OR e.providerid IS NULL)

--- efcore-split
--: masked
SELECT t.patid, t.load_seq, v.systolic FROM (SELECT d.patid, d.load_seq FROM pcornet.demographic AS d WHERE d.load_seq <= 30) AS t INNER JOIN pcornet.vital AS v ON t.patid = v.patid ORDER BY t.load_seq, v.load_seq
