-- What an application's object mappers send, and what dashboards ask of its database.

--- rails-find-by
--: masked
--: param {{cell SELECT id FROM portal.patients ORDER BY id LIMIT 1}}
--: param 1
SELECT "patients".* FROM "portal"."patients" WHERE "patients"."id" = $1 LIMIT $2

--- rails-includes-in
--: masked
SELECT "appointments".* FROM "portal"."appointments" WHERE "appointments"."patient_id" IN ({{cell SELECT string_agg(quote_literal(id), ', ' ORDER BY id) FROM (SELECT id FROM portal.patients ORDER BY id LIMIT 5) x}}) ORDER BY "appointments"."id" ASC

--- rails-exists
--: masked
--: param {{cell SELECT patient_id FROM portal.appointments ORDER BY id LIMIT 1}}
--: param 1
SELECT 1 AS one FROM "portal"."appointments" WHERE "appointments"."patient_id" = $1 AND "appointments"."status" = 'noshow' LIMIT $2

--- rails-eager-load-aliases
--: masked
SELECT "patients"."id" AS t0_r0, "patients"."mrn" AS t0_r1, "patients"."sex" AS t0_r2, "appointments"."id" AS t1_r0, "appointments"."status" AS t1_r1, "appointments"."starts_at" AS t1_r2 FROM "portal"."patients" LEFT OUTER JOIN "portal"."appointments" ON "appointments"."patient_id" = "patients"."id" AND "appointments"."status" != 'cancelled' WHERE "patients"."sex" = 'female' ORDER BY "patients"."mrn" ASC, "appointments"."id" ASC

--- rails-scope-merge-count
--: masked
SELECT COUNT(*) AS "count_all", "appointments"."status" AS "appointments_status" FROM "portal"."appointments" INNER JOIN "portal"."patients" ON "patients"."id" = "appointments"."patient_id" WHERE "patients"."postal_code" IS NOT NULL GROUP BY "appointments"."status" ORDER BY "appointments"."status"

--- rails-polymorphic
--: masked
SELECT t.tag, a.channel, count(*) FROM portal.taggings t JOIN portal.appointments a ON t.taggable_type = 'Appointment' AND t.taggable_id = a.id GROUP BY t.tag, a.channel ORDER BY 1, 2

--- django-annotate-case
--: masked
SELECT "portal_patients"."id", COUNT("portal_appointments"."id") FILTER (WHERE "portal_appointments"."status" = 'fulfilled') AS "done", CASE WHEN COUNT("portal_appointments"."id") > 3 THEN 'often' ELSE 'rare' END AS "kind" FROM "portal"."patients" "portal_patients" LEFT OUTER JOIN "portal"."appointments" "portal_appointments" ON ("portal_patients"."id" = "portal_appointments"."patient_id") GROUP BY "portal_patients"."id" ORDER BY "portal_patients"."id" ASC

--- django-trunc-month
--: masked
SELECT DATE_TRUNC('month', "portal"."appointments"."starts_at" AT TIME ZONE 'UTC') AS "month", COUNT("portal"."appointments"."id") AS "n" FROM "portal"."appointments" GROUP BY 1 ORDER BY 1 ASC

--- django-exists-subquery
--: masked
SELECT "p"."id", EXISTS(SELECT 1 AS "a" FROM "portal"."messages" U0 WHERE (U0."patient_id" = ("p"."id") AND U0."read_at" IS NULL) LIMIT 1) AS "has_unread" FROM "portal"."patients" "p" ORDER BY "p"."id"

--- django-exclude-with-subquery
--: masked
SELECT COUNT(*) AS "__count" FROM "portal"."patients" p WHERE NOT (EXISTS(SELECT 1 AS "a" FROM "portal"."appointments" U1 WHERE (U1."status" = 'noshow' AND U1."patient_id" = (p."id")) LIMIT 1))

--- hibernate-paging
--: masked
--: param 10
--: param 5
select a1_0.id, a1_0.channel, a1_0.patient_id, a1_0.starts_at, a1_0.status from portal.appointments a1_0 where a1_0.status in ('booked', 'arrived') order by a1_0.id offset $1 rows fetch first $2 rows only

--- hibernate-join-fetch-distinct
--: masked
select distinct p1_0.id, a1_0.id, a1_0.status from portal.patients p1_0 left join portal.appointments a1_0 on p1_0.id = a1_0.patient_id where p1_0.sex = 'male' order by p1_0.id, a1_0.id

--- prisma-relation-load
--: masked
--: param {{cell SELECT id FROM portal.patients ORDER BY id LIMIT 1}}
--: param {{cell SELECT id FROM portal.patients ORDER BY id DESC LIMIT 1}}
--: param 0
SELECT "portal"."messages"."id", "portal"."messages"."thread"::text, "portal"."messages"."patient_id", "portal"."messages"."sender"::text FROM "portal"."messages" WHERE "portal"."messages"."patient_id" IN ($1, $2) ORDER BY "portal"."messages"."id" ASC OFFSET $3

--- prisma-json-aggregation
--: masked
SELECT "t0"."id", "t0_appointments"."__prisma_data__" AS "appointments" FROM "portal"."patients" AS "t0" LEFT JOIN LATERAL (SELECT COALESCE(JSONB_AGG("__prisma_data__" ORDER BY ord), '[]') AS "__prisma_data__" FROM (SELECT "t2"."__prisma_data__", "t2".ord FROM (SELECT JSONB_BUILD_OBJECT('id', "t1"."id", 'status', "t1"."status") AS "__prisma_data__", "t1"."id" AS ord FROM (SELECT "t".* FROM "portal"."appointments" AS "t" WHERE "t0"."id" = "t"."patient_id") AS "t1") AS "t2") AS "t3") AS "t0_appointments" ON TRUE ORDER BY "t0"."id" LIMIT 20

--- typeorm-find-and-count
--: masked
SELECT COUNT(DISTINCT("Patient"."id")) AS "cnt" FROM "portal"."patients" "Patient" LEFT JOIN "portal"."users" "Patient__user" ON "Patient__user"."id" = "Patient"."user_id" WHERE "Patient__user"."deleted_at" IS NULL

--- jooq-row-value-seek
--: masked
--: param {{cell SELECT id FROM portal.messages ORDER BY id OFFSET 30 LIMIT 1}}
select "portal"."messages"."id", "portal"."messages"."attachments" from "portal"."messages" where ("portal"."messages"."id") > ($1) order by "portal"."messages"."id" fetch next 10 rows only

--- keyset-paging-two-columns
--: masked
--: param {{cell SELECT attachments FROM portal.messages ORDER BY attachments, id OFFSET 50 LIMIT 1}}
--: param {{cell SELECT id FROM portal.messages ORDER BY attachments, id OFFSET 50 LIMIT 1}}
SELECT id, attachments, sender FROM portal.messages WHERE (attachments, id) > ($1, $2) ORDER BY attachments, id LIMIT 20

--- sqlalchemy-anon-columns
--: masked
SELECT anon_1.sex, anon_1.n, (SELECT count(*) AS count_1 FROM portal.patients) AS total FROM (SELECT portal.patients.sex AS sex, count(portal.patients.id) AS n FROM portal.patients GROUP BY portal.patients.sex) AS anon_1 ORDER BY anon_1.n DESC, anon_1.sex

--- users-by-role
--: masked
SELECT role, count(*), avg(sign_in_count)::numeric(8,2), count(*) FILTER (WHERE deleted_at IS NOT NULL) AS deleted FROM portal.users GROUP BY role ORDER BY role

--- enum-cast-and-compare
--: masked
SELECT status::text, count(*) FROM portal.appointments WHERE status = ANY (ARRAY['booked', 'noshow']::portal.appointment_status[]) GROUP BY status ORDER BY status

--- enum-range-left-join
--: masked
SELECT s.status, count(a.id) FROM unnest(enum_range(NULL::portal.appointment_status)) AS s(status) LEFT JOIN portal.appointments a ON a.status = s.status AND a.channel = 'video' GROUP BY s.status ORDER BY s.status

--- jsonb-members
--: masked
SELECT settings ->> 'theme' AS theme, (settings #>> '{notify,sms}')::boolean AS sms, count(*) FROM portal.users GROUP BY 1, 2 ORDER BY 1, 2

--- jsonb-containment
--: masked
SELECT count(*) FROM portal.patients WHERE metadata @> '{"smoker": true}'

--- jsonb-array-elements
--: masked
SELECT lang, count(*) FROM portal.patients p, jsonb_array_elements_text(p.metadata -> 'langs') AS lang GROUP BY lang ORDER BY lang

--- jsonb-each-of-answers
--: masked
SELECT key, avg(value::int)::numeric(6,3) FROM portal.form_answers f, jsonb_each_text(f.answers - 'items' - 'free') AS kv(key, value) GROUP BY key ORDER BY key

--- jsonb-items-recordset
--: masked
SELECT f.form, x.code, avg(x.v)::numeric(6,3) AS mean FROM portal.form_answers f CROSS JOIN LATERAL jsonb_to_recordset(f.answers -> 'items') AS x(code text, v int) GROUP BY 1, 2 ORDER BY 1, 2

--- jsonb-path-query
--: masked
SELECT count(*) FROM portal.form_answers WHERE answers @? '$.items[*] ? (@.v > 3)'

--- jsonb-path-first
--: masked
SELECT id, jsonb_path_query_first(answers, '$.items[0].v') AS first_item, answers -> 'items' -> -1 ->> 'code' AS last_code FROM portal.form_answers ORDER BY id LIMIT 12

--- score-change-per-patient
--: masked
SELECT patient_id, form, first_value(score) OVER w AS first_score, last_value(score) OVER w AS last_score FROM portal.form_answers WINDOW w AS (PARTITION BY patient_id, form ORDER BY submitted_at, id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) ORDER BY patient_id, form, id

--- arrays-unnested
--: masked
SELECT allergy, count(*) FROM portal.patients, unnest(allergies) AS allergy GROUP BY allergy ORDER BY count(*) DESC, allergy

--- arrays-overlap-and-length
--: masked
SELECT coalesce(array_length(allergies, 1), 0) AS n, count(*) FILTER (WHERE allergies && ARRAY['latex', 'nuts']) AS hits, count(*) FILTER (WHERE 'penicillin' = ANY (allergies)) AS penicillin FROM portal.patients GROUP BY 1 ORDER BY 1

--- array-to-string-slice
--: masked
SELECT id, array_to_string(tags[1:2], '/') AS first_tags, tags[array_upper(tags, 1)] AS last_tag FROM portal.articles ORDER BY id LIMIT 10

--- full-text-search
--: masked
SELECT id, title, ts_rank(to_tsvector('english', title || ' ' || body), q)::numeric(8,5) AS rank FROM portal.articles, websearch_to_tsquery('english', 'insulin -weekdays') q WHERE to_tsvector('english', title || ' ' || body) @@ q ORDER BY rank DESC, id

--- full-text-headline
--: masked
SELECT id, ts_headline('english', body, plainto_tsquery('english', 'sugar'), 'MaxWords=6, MinWords=3') FROM portal.articles WHERE to_tsvector('english', body) @@ plainto_tsquery('english', 'sugar') ORDER BY id LIMIT 5

--- category-tree
--: masked
WITH RECURSIVE t AS (SELECT id, parent_id, name, name AS path, 0 AS level FROM portal.categories WHERE parent_id IS NULL UNION ALL SELECT c.id, c.parent_id, c.name, t.path || ' / ' || c.name, t.level + 1 FROM portal.categories c JOIN t ON c.parent_id = t.id) SELECT repeat('  ', level) || name AS label, path FROM t ORDER BY path

--- category-tree-search-depth-first
--: masked
WITH RECURSIVE t AS (SELECT id, parent_id, name FROM portal.categories WHERE parent_id IS NULL UNION ALL SELECT c.id, c.parent_id, c.name FROM portal.categories c JOIN t ON c.parent_id = t.id) SEARCH DEPTH FIRST BY name SET ordercol CYCLE id SET is_cycle USING path SELECT id, name FROM t ORDER BY ordercol

--- article-views-by-category
--: masked
SELECT c.name, sum(a.views) AS views, rank() OVER (ORDER BY sum(a.views) DESC) AS place, round(100 * sum(a.views) / sum(sum(a.views)) OVER (), 1) AS pct FROM portal.articles a JOIN portal.categories c ON c.id = a.category_id GROUP BY c.name ORDER BY place

--- metabase-question
--: masked
SELECT "source"."channel" AS "channel", date_trunc('month', "source"."starts_at") AS "starts_at", SUM("source"."price") AS "sum" FROM (SELECT "portal"."appointments"."channel" AS "channel", "portal"."appointments"."starts_at" AS "starts_at", "portal"."appointments"."price" AS "price" FROM "portal"."appointments" WHERE "portal"."appointments"."status" = CAST('fulfilled' AS "portal"."appointment_status")) AS "source" GROUP BY "source"."channel", date_trunc('month', "source"."starts_at") ORDER BY "source"."channel" ASC, date_trunc('month', "source"."starts_at") ASC

--- metabase-binned
--: masked
SELECT (FLOOR((("portal"."appointments"."price" - 40.0) / 10.0)) * 10.0) + 40.0 AS "price", COUNT(*) AS "count" FROM "portal"."appointments" GROUP BY (FLOOR((("portal"."appointments"."price" - 40.0) / 10.0)) * 10.0) + 40.0 ORDER BY (FLOOR((("portal"."appointments"."price" - 40.0) / 10.0)) * 10.0) + 40.0 ASC

--- metabase-fingerprint-sample
--: masked
SELECT SUBSTRING("portal"."articles"."body" FROM 1 FOR 1234) AS "substring_body", "portal"."articles"."id" AS "id" FROM "portal"."articles" ORDER BY id LIMIT 10

--- metabase-relative-date-filter
--: masked
SELECT COUNT(*) AS "count" FROM "portal"."appointments" WHERE ("portal"."appointments"."starts_at" >= DATE_TRUNC('month', (NOW() + INTERVAL '-240 month'))) AND ("portal"."appointments"."starts_at" < DATE_TRUNC('month', NOW()))

--- superset-virtual-dataset
--: masked
SELECT DATE_TRUNC('week', starts_at) AS __timestamp, channel AS channel, COUNT(*) AS count, SUM(CASE WHEN status='noshow' THEN 1 ELSE 0 END)::float/COUNT(*) AS "no show rate" FROM (SELECT a.*, p.sex FROM portal.appointments a JOIN portal.patients p ON p.id = a.patient_id) AS virtual_table WHERE starts_at >= TO_TIMESTAMP('2021-01-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US') AND starts_at < TO_TIMESTAMP('2023-01-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US') GROUP BY DATE_TRUNC('week', starts_at), channel ORDER BY __timestamp, channel LIMIT 1000

--- superset-series-limit-join
--: masked
SELECT DATE_TRUNC('year', starts_at) AS __timestamp, channel AS channel, count(*) AS n FROM portal.appointments JOIN (SELECT channel AS channel__, count(*) AS mme_inner__ FROM portal.appointments GROUP BY channel ORDER BY mme_inner__ DESC, channel LIMIT 2) AS anon_1 ON channel = channel__ GROUP BY channel, DATE_TRUNC('year', starts_at) ORDER BY __timestamp, n DESC, channel

--- tableau-extract
--: masked
SELECT CAST("appointments"."channel" AS TEXT) AS "channel", SUM("appointments"."price") AS "sum:price:ok", CAST(TRUNC(EXTRACT(YEAR FROM "appointments"."starts_at")) AS INTEGER) AS "yr:starts_at:ok" FROM "portal"."appointments" "appointments" INNER JOIN "portal"."patients" "patients" ON ("appointments"."patient_id" = "patients"."id") WHERE (NOT ("appointments"."status" IN ('cancelled'))) GROUP BY 1, 3 ORDER BY 1, 3

--- tableau-lod-fixed
--: masked
SELECT "t1"."sex" AS "sex", AVG("t1"."x_measure__0")::numeric(10,4) AS "avg" FROM (SELECT "patients"."sex" AS "sex", "patients"."id" AS "id", SUM(1) AS "x_measure__0" FROM "portal"."appointments" "appointments" JOIN "portal"."patients" "patients" ON "patients"."id" = "appointments"."patient_id" GROUP BY 1, 2) "t1" GROUP BY 1 ORDER BY 1

--- looker-pivot
--: masked
WITH appts AS (SELECT * FROM portal.appointments) SELECT * FROM (SELECT *, DENSE_RANK() OVER (ORDER BY z___min_rank) AS z___pivot_row_rank, RANK() OVER (PARTITION BY z__pivot_col_rank ORDER BY z___min_rank) AS z__pivot_col_ordering FROM (SELECT *, MIN(z___rank) OVER (PARTITION BY "appts.channel") AS z___min_rank FROM (SELECT *, RANK() OVER (ORDER BY "appts.count" DESC, z__pivot_col_rank, "appts.channel") AS z___rank FROM (SELECT *, DENSE_RANK() OVER (ORDER BY "appts.status") AS z__pivot_col_rank FROM (SELECT appts.channel AS "appts.channel", appts.status AS "appts.status", COUNT(*) AS "appts.count" FROM appts GROUP BY 1, 2) ww) bb) aa) xx) zz WHERE (z__pivot_col_rank <= 50 OR z__pivot_col_ordering = 1) AND z___pivot_row_rank <= 500 ORDER BY z___pivot_row_rank, z__pivot_col_rank

--- power-bi-folded
--: masked
select "rows"."channel" as "channel", count(distinct("rows"."patient_id")) + max(case when "rows"."patient_id" is null then 1 else 0 end) as "a0" from (select "_"."patient_id", "_"."channel", "_"."status" from "portal"."appointments" "_" where "_"."status" <> 'cancelled') "rows" group by "channel" order by 1

--- power-bi-preview
--: masked
select "$Table"."id" as "id", "$Table"."channel" as "channel", "$Table"."price" as "price" from "portal"."appointments" "$Table" order by "$Table"."id" limit 200

--- grafana-time-group
--: masked
SELECT floor(extract(epoch from "sent_at")/86400)*86400 AS "time", sender::text AS metric, count(*) AS "value" FROM portal.messages WHERE "sent_at" BETWEEN '2021-01-01T00:00:00Z' AND '2022-12-31T00:00:00Z' GROUP BY 1, 2 ORDER BY 1, 2

--- redash-cohort
--: masked
WITH first AS (SELECT patient_id, date_trunc('month', min(starts_at)) AS cohort FROM portal.appointments GROUP BY patient_id), activity AS (SELECT DISTINCT a.patient_id, f.cohort, (extract(year FROM age(date_trunc('month', a.starts_at), f.cohort)) * 12 + extract(month FROM age(date_trunc('month', a.starts_at), f.cohort)))::int AS offset_months FROM portal.appointments a JOIN first f USING (patient_id)) SELECT cohort, offset_months, count(*) AS patients FROM activity GROUP BY 1, 2 ORDER BY 1, 2

--- response-time-of-threads
--: masked
SELECT round((extract(epoch FROM avg(gap)) / 3600)::numeric, 3) AS hours, count(*) FROM (SELECT thread, sender, sent_at - lag(sent_at) OVER (PARTITION BY thread ORDER BY sent_at, id) AS gap, lag(sender) OVER (PARTITION BY thread ORDER BY sent_at, id) AS before FROM portal.messages) m WHERE sender = 'clinician' AND before = 'patient'

--- unread-by-thread
--: masked
SELECT thread, count(*) FILTER (WHERE read_at IS NULL) AS unread, bool_and(attachments = 0) AS plain FROM portal.messages GROUP BY thread HAVING count(*) FILTER (WHERE read_at IS NULL) > 0 ORDER BY unread DESC, thread

--- summary-view
--: masked
SELECT sex, sum(appointments) AS appointments, sum(noshows) AS noshows FROM portal.patient_summary GROUP BY sex ORDER BY sex

--- user-by-email-pseudonym
--: masked
--: param {{cell SELECT email FROM portal.active_users ORDER BY email LIMIT 1}}
SELECT role, settings ->> 'theme' FROM portal.active_users WHERE email = $1

--- patients-with-surrogate-names
--: masked
SELECT id, family_name, postal_code FROM portal.patients ORDER BY id

--- double-bookings
--: masked
SELECT count(*) FROM portal.appointments a JOIN portal.appointments b ON a.practitioner_id = b.practitioner_id AND a.id < b.id AND (a.starts_at, a.ends_at) OVERLAPS (b.starts_at, b.ends_at)

--- occupancy-by-range
--: masked
SELECT count(*) FROM portal.appointments a JOIN portal.appointments b ON a.id < b.id AND tstzrange(a.starts_at, a.ends_at) && tstzrange(b.starts_at, b.ends_at)

--- lead-times
--: masked
SELECT width_bucket(extract(epoch FROM starts_at - created_at)::numeric / 86400, ARRAY[1, 3, 7, 14]::numeric[]) AS band, count(*), count(*) FILTER (WHERE status = 'noshow') AS noshow FROM portal.appointments GROUP BY 1 ORDER BY 1

--- dbt-unique
--: masked
select count(*) as failures, count(*) != 0 as should_warn, count(*) != 0 as should_error from (select id as unique_field, count(*) as n_records from "portal"."patients" where id is not null group by id having count(*) > 1) dbt_internal_test

--- dbt-not-null
--: masked
select count(*) as failures, count(*) != 0 as should_warn, count(*) != 0 as should_error from (select patient_id from portal.appointments where patient_id is null) dbt_internal_test

--- dbt-relationships
--: masked
with child as (select patient_id as from_field from portal.appointments where patient_id is not null), parent as (select id as to_field from portal.patients) select count(*) as failures from (select from_field from child left join parent on child.from_field = parent.to_field where parent.to_field is null) dbt_internal_test

--- dbt-accepted-values
--: masked
with all_values as (select channel as value_field, count(*) as n_records from portal.appointments group by channel) select count(*) from (select * from all_values where value_field not in ('video', 'onsite', 'phone')) dbt_internal_test

--- dbt-mart-model
--: masked
with source as (select * from portal.form_answers), renamed as (select id as answer_id, patient_id, form, version, score, submitted_at::date as submitted_on, row_number() over (partition by patient_id, form order by submitted_at desc, id desc) as rn from source), final as (select * from renamed where rn = 1) select form, count(*) as patients, avg(score)::numeric(6,2) as latest_score from final group by form order by form

--- dbt-snapshot-surrogate-key
--: masked
select *, md5(coalesce(cast(id as varchar), '') || '|' || coalesce(cast(version as varchar), '')) as dbt_scd_id from (select id, form, version, score from portal.form_answers) sbq order by id limit 20

--- dbt-utils-surrogate-key-of-patient
--: masked
select md5(cast(coalesce(cast(patient_id as text), '_dbt_utils_surrogate_key_null_') || '-' || coalesce(cast(form as text), '_dbt_utils_surrogate_key_null_') as text)) as k, count(*) from portal.form_answers group by 1 order by 1

--- dbt-date-spine
--: masked
with rawdata as (with p as (select 0 as generated_number union all select 1), unioned as (select p0.generated_number * power(2, 0) + p1.generated_number * power(2, 1) + p2.generated_number * power(2, 2) + 1 as generated_number from p as p0 cross join p as p1 cross join p as p2) select * from unioned where generated_number <= 7 order by generated_number), all_periods as (select (cast('2021-01-01' as date) + ((interval '1 month') * (row_number() over (order by 1) - 1))) as date_month from rawdata) select m.date_month, count(a.id) from all_periods m left join portal.appointments a on date_trunc('month', a.starts_at at time zone 'UTC') = m.date_month group by 1 order by 1

--- great-expectations-metrics
--: masked
SELECT count(*) AS table_row_count, sum(CASE WHEN (price IS NULL) THEN 1 ELSE 0 END) AS nulls, min(price), max(price), count(DISTINCT channel), sum(CASE WHEN (price < 0 OR price > 1000) THEN 1 ELSE 0 END) AS unexpected FROM portal.appointments

--- pandas-read-sql-chunk
--: masked
SELECT portal.form_answers.id, portal.form_answers.patient_id, portal.form_answers.form, portal.form_answers.score FROM portal.form_answers WHERE portal.form_answers.score BETWEEN 10 AND 20 ORDER BY portal.form_answers.id LIMIT 50 OFFSET 0

--- cursor-with-hold-by-name
--: masked
--: simple
BEGIN
--;
DECLARE "psycopg_cur" NO SCROLL CURSOR FOR SELECT id, patient_id, score FROM portal.form_answers ORDER BY id
--;
FETCH FORWARD 50 FROM "psycopg_cur"

--- scroll-cursor-back
--: masked
--: simple
BEGIN
--;
DECLARE c SCROLL CURSOR FOR SELECT id, status FROM portal.appointments ORDER BY id
--;
FETCH ABSOLUTE 20 FROM c
--;
FETCH BACKWARD 5 FROM c

--- overlay-and-formatting
--: masked
SELECT id, to_char(price, 'FM999D00') AS price, lpad(id::text, 6, '0') AS padded, initcap(channel), format('%s-%s', channel, status) AS label, concat_ws('/', channel, status, NULL) FROM portal.appointments ORDER BY id LIMIT 15

--- greatest-least-nullif
--: masked
SELECT patient_id, greatest(max(price), 50) AS top, least(min(price), 60) AS low, nullif(count(*), 1) AS many FROM portal.appointments GROUP BY patient_id ORDER BY patient_id

--- hypothetical-rank
--: masked
SELECT channel, rank(75) WITHIN GROUP (ORDER BY price) AS r, cume_dist(75) WITHIN GROUP (ORDER BY price)::numeric(8,5) AS cd FROM portal.appointments GROUP BY channel ORDER BY channel

--- window-exclude-and-groups
--: masked
SELECT id, sum(price) OVER (PARTITION BY channel ORDER BY id GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW) AS neighbours FROM portal.appointments ORDER BY id LIMIT 30

--- fetch-first-with-ties
--: masked unordered
SELECT id, price FROM portal.appointments ORDER BY price DESC FETCH FIRST 5 ROWS WITH TIES

--- tablesample-all
--: masked
SELECT count(*) FROM portal.articles TABLESAMPLE BERNOULLI (100)

--- similar-to-and-regex
--: masked
SELECT count(*) FILTER (WHERE title SIMILAR TO '%(heart|Heart)%') AS heart, count(*) FILTER (WHERE title ~* '^living') AS living, count(*) FILTER (WHERE body ILIKE '%INSULIN%') AS insulin FROM portal.articles

--- regexp-matches-and-split
--: masked
SELECT word, count(*) FROM portal.articles, regexp_split_to_table(lower(title), '\s+') AS word WHERE word !~ '^\d+$' GROUP BY word ORDER BY count(*) DESC, word

--- is-distinct-from
--: masked
SELECT count(*) FROM portal.messages a JOIN portal.messages b ON a.id + 1 = b.id WHERE a.thread IS DISTINCT FROM b.thread AND a.sender IS NOT DISTINCT FROM b.sender

--- category-tree-breadth-first
--: masked
WITH RECURSIVE t(node, up) AS (SELECT id, parent_id FROM portal.categories WHERE parent_id IS NULL UNION ALL SELECT c.id, c.parent_id FROM portal.categories c, t WHERE c.parent_id = t.node) SEARCH BREADTH FIRST BY node SET o SELECT x.a, x.up, x.o FROM t AS x(a) ORDER BY x.o

--- category-tree-cycle-mark
--: masked
WITH RECURSIVE t AS (SELECT id, parent_id FROM portal.categories UNION ALL SELECT c.id, c.parent_id FROM portal.categories c JOIN t ON c.id = t.parent_id) CYCLE id SET looped TO 'Y' DEFAULT 'N' USING seen SELECT a.id, a.looped, array_length(a.seen, 1) AS depth, b.looped AS other FROM t a JOIN t b ON a.id = b.id AND a.looped = b.looped ORDER BY 1, 3

--- enum-first-and-last
--: masked
SELECT enum_first(NULL::portal.role) AS a, enum_last(NULL::portal.role) AS z, array_to_string(enum_range('booked'::portal.appointment_status, 'fulfilled'), ' ') AS between, array_position(enum_range(NULL::portal.role), 'admin'::portal.role) AS place
