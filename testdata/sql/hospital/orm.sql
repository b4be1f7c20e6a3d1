-- Statements of data frames, object mappers and query builders.

--- orm-pandas-read-table
--: masked
SELECT "cdm"."person"."person_id", "cdm"."person"."gender", "cdm"."person"."year_of_birth", "cdm"."person"."person_source_value" FROM "cdm"."person"

--- orm-pandas-read-sql-params
--: masked
--: param 9201
SELECT person_id, visit_start_date, visit_end_date FROM cdm.visit_occurrence WHERE visit_concept_id = $1

--- orm-pandas-chunks
--: masked
BEGIN
--;
DECLARE pandas_cursor CURSOR WITHOUT HOLD FOR SELECT person_id, visit_start_date FROM cdm.visit_occurrence ORDER BY visit_start_datetime, visit_source_value
--;
FETCH FORWARD 50 FROM pandas_cursor
--;
FETCH FORWARD 25 FROM pandas_cursor

--- orm-cursor-arrays
--: masked
BEGIN
--;
DECLARE c CURSOR FOR SELECT person_id, array_agg(visit_occurrence_id ORDER BY visit_start_datetime, visit_source_value) AS v FROM cdm.visit_occurrence GROUP BY person_id ORDER BY min(visit_source_value)
--;
MOVE 5 FROM c
--;
FETCH 10 FROM c

--- orm-sqlalchemy-select
--: masked
--: param 1960
--: param 20
SELECT person.person_id AS person_person_id, person.gender AS person_gender, person.birth_datetime AS person_birth_datetime FROM cdm.person AS person WHERE person.year_of_birth > $1::INTEGER ORDER BY person.year_of_birth, person.birth_datetime, person.person_source_value LIMIT $2::INTEGER

--- orm-sqlalchemy-joinedload
--: masked
SELECT person_1.person_id, person_1.gender, visit_1.visit_occurrence_id AS visit_1_id, visit_1.visit_start_date FROM cdm.person AS person_1 LEFT OUTER JOIN cdm.visit_occurrence AS visit_1 ON person_1.person_id = visit_1.person_id WHERE person_1.care_site_id = 2

--- orm-sqlalchemy-selectinload
--: masked
SELECT visit_occurrence.person_id AS p, visit_occurrence.visit_occurrence_id AS v FROM cdm.visit_occurrence WHERE visit_occurrence.person_id IN ('{{cell SELECT person_id FROM cdm.person ORDER BY person_id LIMIT 1}}', '{{cell SELECT person_id FROM cdm.person ORDER BY person_id OFFSET 1 LIMIT 1}}')

--- orm-sqlalchemy-exists
--: masked
SELECT EXISTS (SELECT 1 FROM cdm.person WHERE person.person_source_value = 'nobody') AS anon_1

--- orm-sqlalchemy-over
--: masked
SELECT anon_1.person_id, anon_1.rn FROM (SELECT visit_occurrence.person_id AS person_id, visit_occurrence.visit_start_date AS d, row_number() OVER (PARTITION BY visit_occurrence.person_id ORDER BY visit_occurrence.visit_start_datetime DESC) AS rn FROM cdm.visit_occurrence) AS anon_1 WHERE anon_1.rn = 1

--- orm-django-list
--: masked
SELECT "cdm"."person"."person_id", "cdm"."person"."gender", "cdm"."person"."year_of_birth" FROM "cdm"."person" ORDER BY "cdm"."person"."year_of_birth" ASC, "cdm"."person"."person_source_value" ASC LIMIT 21

--- orm-django-count
--: masked
SELECT COUNT(*) FROM (SELECT DISTINCT "cdm"."visit_occurrence"."person_id" AS "col1" FROM "cdm"."visit_occurrence" WHERE "cdm"."visit_occurrence"."visit_start_date" >= '2021-01-01'::date) subquery

--- orm-django-trunc
--: masked
SELECT DATE_TRUNC('month', "icu"."admissions"."admittime")::date AS "m", COUNT("icu"."admissions"."hadm_id") AS "n" FROM "icu"."admissions" GROUP BY 1 ORDER BY 1 ASC

--- orm-django-subquery
--: masked
SELECT "p"."person_id", (SELECT U0."visit_start_date" FROM "cdm"."visit_occurrence" U0 WHERE U0."person_id" = ("p"."person_id") ORDER BY U0."visit_start_datetime" DESC LIMIT 1) AS "last_visit" FROM "cdm"."person" "p"

--- orm-django-extract
--: masked
SELECT COUNT(*) AS "__count" FROM "icu"."admissions" WHERE EXTRACT(MONTH FROM "icu"."admissions"."admittime") = 3 AND "icu"."admissions"."admittime" BETWEEN '2020-01-01 00:00:00'::timestamp AND '2020-12-31 23:59:59.999999'::timestamp

--- orm-django-array-agg
--: masked
SELECT "v"."person_id", ARRAY_AGG("v"."visit_occurrence_id" ORDER BY "v"."visit_start_datetime", "v"."visit_source_value") AS "visits" FROM "cdm"."visit_occurrence" "v" GROUP BY "v"."person_id"

--- orm-django-string-agg
--: masked
SELECT "v"."person_id", STRING_AGG(("v"."visit_source_value")::text, ', ' ORDER BY "v"."visit_start_datetime", "v"."visit_source_value") AS "s" FROM "cdm"."visit_occurrence" "v" GROUP BY "v"."person_id"

--- orm-django-json-agg
--: masked
SELECT "p"."care_site_id", JSONB_AGG("p"."person_source_value" ORDER BY "p"."person_source_value") FROM "cdm"."person" "p" GROUP BY 1 ORDER BY 1

--- orm-django-concat
--: masked
SELECT ("p"."gender")::text || (COALESCE(' ' || ("p"."person_source_value")::text, '')) AS "label" FROM "cdm"."person" "p"

--- orm-django-icontains
--: masked
SELECT COUNT(*) FROM "cdm"."person" WHERE UPPER("cdm"."person"."person_source_value"::text) LIKE UPPER('%a%')

--- orm-rails-find
--: masked
--: param {{cell SELECT person_source_value FROM cdm.person ORDER BY person_source_value LIMIT 1}}
--: param 1
SELECT "person"."person_id", "person"."person_source_value", "person"."care_site_id" FROM "cdm"."person" WHERE "person"."person_source_value" = $1 LIMIT $2

--- orm-rails-where-id
--: masked
--: param {{cell SELECT person_id FROM cdm.person ORDER BY person_id LIMIT 1}}
SELECT "visit_occurrence"."visit_occurrence_id" FROM "cdm"."visit_occurrence" WHERE "visit_occurrence"."person_id" = $1 ORDER BY "visit_occurrence"."visit_start_datetime" ASC

--- orm-rails-pluck-group
--: masked
SELECT COUNT(*) AS "count_all", "visit_occurrence"."visit_concept_id" AS "visit_occurrence_visit_concept_id" FROM "cdm"."visit_occurrence" GROUP BY "visit_occurrence"."visit_concept_id" ORDER BY 2

--- orm-rails-eager
--: masked unordered
SELECT DISTINCT "person"."person_id", "person"."year_of_birth" AS alias_0 FROM "cdm"."person" LEFT OUTER JOIN "cdm"."visit_occurrence" ON "visit_occurrence"."person_id" = "person"."person_id" WHERE "visit_occurrence"."days" > 6 ORDER BY "person"."year_of_birth" ASC LIMIT 10

--- orm-rails-exists
--: masked
SELECT 1 AS one FROM "cdm"."visit_occurrence" WHERE "visit_occurrence"."days" = 8 LIMIT 1

--- orm-hibernate-select
--: masked
--: param 3
select v1_0.visit_occurrence_id,v1_0.care_site_id,p1_0.person_id,p1_0.gender,v1_0.visit_start_date from cdm.visit_occurrence v1_0 join cdm.person p1_0 on p1_0.person_id=v1_0.person_id where v1_0.care_site_id=$1

--- orm-hibernate-paging
--: masked
--: param 10
--: param 10
select a1_0.admittime,a1_0.insurance from icu.admissions a1_0 order by a1_0.admittime, a1_0.insurance, a1_0.admission_type, a1_0.race offset $1 rows fetch first $2 rows only

--- orm-hibernate-group
--: masked
select p1_0.gender,count(distinct v1_0.visit_occurrence_id),min(v1_0.visit_start_date),max(v1_0.visit_end_date) from cdm.person p1_0 left join cdm.visit_occurrence v1_0 on p1_0.person_id=v1_0.person_id group by p1_0.gender order by 1

--- orm-hibernate-null-param
--: masked
--: param 4
select count(v1_0.visit_occurrence_id) from cdm.visit_occurrence v1_0 where ($1::int is null or v1_0.care_site_id=$1::int)

--- orm-prisma-find-many
--: masked
SELECT "cdm"."person"."person_id", "cdm"."person"."gender"::text, "cdm"."person"."year_of_birth" FROM "cdm"."person" WHERE ("cdm"."person"."year_of_birth" >= 1990 AND "cdm"."person"."care_site_id" IN (1,2,3)) ORDER BY "cdm"."person"."year_of_birth" DESC, "cdm"."person"."person_source_value" ASC LIMIT 10 OFFSET 0

--- orm-prisma-relation-json
--: masked
SELECT "t1"."person_id", "t1"."gender"::text, "t2"."__prisma_data__" AS "visits" FROM "cdm"."person" AS "t1" LEFT JOIN LATERAL (SELECT COALESCE(JSONB_AGG("__prisma_data__"), '[]') AS "__prisma_data__" FROM (SELECT "t3"."__prisma_data__" FROM (SELECT JSONB_BUILD_OBJECT('id', "t4"."visit_occurrence_id", 'days', "t4"."days") AS "__prisma_data__" FROM (SELECT "v".* FROM "cdm"."visit_occurrence" AS "v" WHERE "v"."person_id" = "t1"."person_id" ORDER BY "v"."visit_start_datetime", "v"."visit_source_value") AS "t4") AS "t3") AS "t5") AS "t2" ON TRUE

--- orm-prisma-aggregate
--: masked
SELECT COUNT(*), AVG("days"), MIN("visit_start_datetime") FROM (SELECT "cdm"."visit_occurrence"."days", "cdm"."visit_occurrence"."visit_start_datetime" FROM "cdm"."visit_occurrence" WHERE 1=1 OFFSET 0) AS "sub"

--- orm-ecto-select
--: masked
--: param 2
SELECT p0."person_id", p0."gender", count(v1."visit_occurrence_id") FROM "cdm"."person" AS p0 INNER JOIN "cdm"."visit_occurrence" AS v1 ON v1."person_id" = p0."person_id" WHERE (p0."care_site_id" = $1) GROUP BY p0."person_id", p0."gender"

--- orm-ecto-any
--: masked
--: param {1,2}
SELECT p0."person_id" FROM "cdm"."person" AS p0 WHERE (p0."care_site_id" = ANY($1::int[]))

--- orm-ecto-primary-key-group
--: masked
SELECT p0."person_id", p0."year_of_birth", p0."person_source_value", sum(v1."days") FROM "cdm"."person" AS p0 JOIN "cdm"."visit_occurrence" AS v1 ON v1."person_id" = p0."person_id" GROUP BY p0."person_id", p0."year_of_birth", p0."person_source_value"

--- orm-dbplyr-mutate
--: masked
SELECT "person_id", "days", CASE WHEN ("days" > 3.0) THEN 'long' WHEN NOT ("days" > 3.0) THEN 'short' END AS "kind" FROM (SELECT "visit_occurrence".* FROM "cdm"."visit_occurrence") "q01"

--- orm-dbplyr-group
--: masked
SELECT "person_id", COUNT(*) AS "n", AVG("days") AS "m" FROM "cdm"."visit_occurrence" GROUP BY "person_id" HAVING (COUNT(*) > 3.0)

--- orm-dbplyr-window-filter
--: masked
SELECT "person_id", "visit_start_date" FROM (SELECT "visit_occurrence".*, ROW_NUMBER() OVER (PARTITION BY "person_id" ORDER BY "visit_start_datetime", "visit_source_value") AS "col01" FROM "cdm"."visit_occurrence") "q01" WHERE ("col01" <= 2)

--- orm-dbplyr-semi
--: masked
SELECT "LHS"."person_id", "LHS"."gender" FROM "cdm"."person" AS "LHS" WHERE EXISTS (SELECT 1 FROM "cdm"."death" AS "RHS" WHERE ("LHS"."person_id" = "RHS"."person_id"))

--- orm-dbplyr-head
--: masked
SELECT * FROM "cdm"."care_site" AS "q01" LIMIT 6

--- orm-dbplyr-str
--: masked
SELECT "person_id", EXTRACT(year FROM "visit_start_date") AS "y", "visit_end_date" - "visit_start_date" AS "los", SUBSTR("visit_source_value", 1, 3) AS "pre", LOWER("visit_source_value") AS "low" FROM "cdm"."visit_occurrence"

--- orm-knex
--: masked
--: param 5
select "person_id" as "id", count(*) as "c" from "cdm"."visit_occurrence" group by "person_id" having count(*) >= $1

--- orm-typeorm
--: masked unordered
SELECT DISTINCT "distinctAlias"."p_person_id" AS "ids_p_person_id", "distinctAlias"."p_year" FROM (SELECT "p"."person_id" AS "p_person_id", "p"."year_of_birth" AS "p_year", "v"."visit_occurrence_id" AS "v_id" FROM "cdm"."person" "p" LEFT JOIN "cdm"."visit_occurrence" "v" ON "v"."person_id"="p"."person_id") "distinctAlias" ORDER BY "distinctAlias"."p_year" DESC, "p_person_id" ASC LIMIT 60

--- orm-sequelize
--: masked
SELECT "Person"."person_id", "Visits"."visit_occurrence_id" AS "Visits.id", "Visits"."visit_start_date" AS "Visits.start" FROM "cdm"."person" AS "Person" LEFT OUTER JOIN "cdm"."visit_occurrence" AS "Visits" ON "Person"."person_id" = "Visits"."person_id" AND "Visits"."days" > 4 WHERE "Person"."gender" = 'female'

--- orm-jooq
--: masked
select "cdm"."concept"."domain_id", count(*) from "cdm"."concept" group by "cdm"."concept"."domain_id" order by count(*) desc, "cdm"."concept"."domain_id" fetch next 5 rows only

--- orm-jooq-multiset
--: masked
select "p"."person_id", (select coalesce(jsonb_agg(jsonb_build_array("v0")), jsonb_build_array()) from (select "v"."visit_start_date" as "v0" from "cdm"."visit_occurrence" as "v" where "v"."person_id" = "p"."person_id" order by "v"."visit_start_datetime") as "t") as "starts" from "cdm"."person" as "p"

--- orm-jooq-multiset-ids
--: masked
select "p"."person_id", (select coalesce(jsonb_agg(jsonb_build_array("v0", "v1")), jsonb_build_array()) from (select "v"."visit_occurrence_id" as "v0", "v"."days" as "v1" from "cdm"."visit_occurrence" as "v" where "v"."person_id" = "p"."person_id" order by "v"."visit_start_datetime") as "t") as "visits" from "cdm"."person" as "p"

--- orm-diesel
--: masked
SELECT "cdm"."person"."person_id", "cdm"."person"."gender" FROM ("cdm"."person" INNER JOIN "cdm"."death" ON ("cdm"."death"."person_id" = "cdm"."person"."person_id")) WHERE ("cdm"."person"."year_of_birth" > 1900)

--- orm-sqlx-rows
--: masked
SELECT coalesce(json_agg(row_to_json(t)), '[]') FROM (SELECT concept_id, concept_name FROM cdm.concept ORDER BY concept_id) t

--- orm-postgrest-embed
--: masked
WITH pgrst_source AS (SELECT "cdm"."person"."person_id", "cdm"."person"."gender", COALESCE("person_visits_1"."person_visits_1", '[]') AS "visits" FROM "cdm"."person" LEFT JOIN LATERAL (SELECT json_agg("person_visits_1") AS "person_visits_1" FROM (SELECT "v"."visit_occurrence_id", "v"."days" FROM "cdm"."visit_occurrence" AS "v" WHERE "v"."person_id" = "cdm"."person"."person_id" ORDER BY "v"."visit_start_datetime", "v"."visit_source_value") AS "person_visits_1") AS "person_visits_1" ON TRUE) SELECT * FROM pgrst_source

--- orm-postgrest-body
--: masked
WITH pgrst_source AS (SELECT "cdm"."visit_occurrence"."visit_occurrence_id", "cdm"."visit_occurrence"."days" FROM "cdm"."visit_occurrence" WHERE "cdm"."visit_occurrence"."days" = 8 ORDER BY "cdm"."visit_occurrence"."visit_start_datetime", "cdm"."visit_occurrence"."visit_source_value") SELECT pg_catalog.count(_postgrest_t) AS page_total, coalesce(json_agg(_postgrest_t), '[]') AS body FROM (SELECT * FROM pgrst_source) _postgrest_t

--- orm-hasura
--: masked
SELECT coalesce(json_agg("root"), '[]') AS "root" FROM (SELECT row_to_json((SELECT "_e" FROM (SELECT "_root.base"."visit_occurrence_id" AS "visit_occurrence_id", "_root.base"."days" AS "days") AS "_e")) AS "root" FROM (SELECT * FROM "cdm"."visit_occurrence" WHERE "days" > 7 ORDER BY "visit_start_datetime", "visit_source_value") AS "_root.base") AS "_root"

--- orm-prepare-execute
--: masked
PREPARE byday (int) AS SELECT person_id, visit_start_date FROM cdm.visit_occurrence WHERE days = $1 ORDER BY visit_start_datetime, visit_source_value
--;
EXECUTE byday(3)

--- orm-prepare-array
--: masked
PREPARE arr (int) AS SELECT person_id, array_agg(visit_occurrence_id ORDER BY visit_start_datetime, visit_source_value) FROM cdm.visit_occurrence WHERE care_site_id = $1 GROUP BY person_id
--;
EXECUTE arr(3)

--- orm-keyset-uuid
--: masked
--: param {{cell SELECT cost_id FROM cdm.cost ORDER BY cost_id OFFSET 9 LIMIT 1}}
SELECT cost_id, total_charge FROM cdm.cost WHERE cost_id > $1::uuid ORDER BY cost_id LIMIT 10

--- orm-keyset-date
--: masked
SELECT visit_occurrence_id, visit_start_datetime FROM cdm.visit_occurrence WHERE (visit_start_datetime, visit_source_value) > (timestamp '2021-06-01', '') ORDER BY visit_start_datetime, visit_source_value LIMIT 10

--- orm-keyset-pseudonym
--: masked
SELECT person_source_value FROM cdm.person WHERE person_source_value > 'm' ORDER BY person_source_value LIMIT 5

--- orm-polars
--: masked
SELECT * FROM (SELECT person_id, value_as_number, measurement_datetime FROM cdm.measurement) AS CXTMPTAB_PART WHERE 200 <= CXTMPTAB_PART.value_as_number * 100 AND CXTMPTAB_PART.value_as_number * 100 < 600

--- orm-connectorx-bounds
--: masked
SELECT COUNT(*) FROM (SELECT person_id, value_as_number FROM cdm.measurement) AS CXTMPTAB_COUNT

--- orm-duckdb-ctid-free
--: masked
SELECT min(year), max(year) FROM cdm.measurement

--- orm-spark-jdbc
--: masked
SELECT "person_id","visit_start_date" FROM (SELECT * FROM cdm.visit_occurrence) SPARK_GEN_SUBQ_0 WHERE ("visit_start_date" IS NOT NULL) AND ("visit_start_date" >= '2021-01-01')

--- orm-spark-jdbc-schema
--: masked
SELECT * FROM (SELECT visit_occurrence_id, days FROM cdm.visit_occurrence) SPARK_GEN_SUBQ_0 WHERE 1=0

--- orm-array-literal-of-ids
--: masked
SELECT ARRAY[person_id, visit_occurrence_id] AS ids FROM cdm.visit_occurrence

--- orm-row-of-ids
--: masked
SELECT visit_occurrence_id, ROW(days, visit_start_date)::text FROM cdm.visit_occurrence

--- orm-to-json-id
--: masked
SELECT to_json(person_id) AS a, to_jsonb(visit_source_value) AS b FROM cdm.visit_occurrence

--- orm-json-build-array
--: masked
SELECT json_build_array(person_id, days, visit_start_date, NULL, true) FROM cdm.visit_occurrence

--- orm-json-of-nested-agg
--: masked
SELECT json_build_object('site', care_site_id, 'people', array_agg(DISTINCT person_id)) FROM cdm.person GROUP BY care_site_id ORDER BY care_site_id

--- orm-jsonb-concat
--: masked
SELECT jsonb_build_object('id', person_id) || jsonb_build_object('sex', gender) AS doc FROM cdm.person

--- orm-json-text
--: masked
SELECT json_build_object('id', person_id)::text AS doc FROM cdm.person

--- orm-array-agg-order-by-self
--: masked
SELECT care_site_id, array_agg(person_id ORDER BY person_id) FROM cdm.person GROUP BY care_site_id ORDER BY care_site_id

--- orm-array-agg-order-desc
--: masked
SELECT care_site_id, array_agg(person_id ORDER BY person_id DESC) FROM cdm.person GROUP BY care_site_id ORDER BY care_site_id

--- orm-string-agg-distinct-self
--: masked
SELECT string_agg(DISTINCT person_source_value, ',' ORDER BY person_source_value) FROM cdm.person WHERE care_site_id = 3

--- orm-cte-of-arrays
--: masked
WITH a AS (SELECT person_id, array_agg(visit_occurrence_id ORDER BY visit_start_datetime, visit_source_value) AS visits FROM cdm.visit_occurrence GROUP BY person_id) SELECT p.gender, a.visits FROM a JOIN cdm.person p USING (person_id)

--- orm-agg-nulls
--: masked
SELECT person_id, array_agg(preceding_visit_occurrence_id ORDER BY visit_start_datetime, visit_source_value) FROM cdm.visit_occurrence GROUP BY person_id

--- orm-agg-filter
--: masked
SELECT person_id, array_agg(visit_occurrence_id ORDER BY visit_start_datetime, visit_source_value) FILTER (WHERE days > 3) AS long, string_agg(visit_source_value, '|' ORDER BY visit_start_datetime, visit_source_value) FILTER (WHERE days > 3) FROM cdm.visit_occurrence GROUP BY person_id

--- orm-agg-all-rows
--: masked
SELECT array_agg(person_id) IS NOT NULL FROM cdm.person

--- orm-agg-empty
--: masked
SELECT array_agg(person_id), json_agg(person_id), string_agg(person_source_value, ',') FROM cdm.person WHERE false

--- orm-unnest-agg
--: masked
SELECT person_id, unnest(array_agg(visit_start_date ORDER BY visit_start_date)) FROM cdm.visit_occurrence GROUP BY person_id
