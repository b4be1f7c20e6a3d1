-- What analysts and tools send over warehouse.sql.

--- warehouse-001
--: masked
SELECT count(*) FROM omop.person

--- warehouse-002
--: masked
SELECT gender, count(*) AS n FROM omop.person GROUP BY gender ORDER BY gender

--- warehouse-003
--: masked
SELECT extract(year FROM born)::int AS y, count(*) FROM omop.person GROUP BY 1 ORDER BY 1

--- warehouse-004
--: masked
SELECT zip, round(avg(bmi)::numeric, 9), round(stddev(bmi)::numeric, 9) FROM omop.person GROUP BY zip ORDER BY zip

--- warehouse-005
--: masked
SELECT zip, count(DISTINCT person_id) FROM omop.person GROUP BY ROLLUP (zip) ORDER BY zip NULLS LAST

--- warehouse-006
--: masked
SELECT gender, race, count(*) FROM omop.person GROUP BY GROUPING SETS ((gender), (race), ()) ORDER BY gender, race

--- warehouse-007
--: masked
SELECT gender, race, grouping(gender, race), count(*) FROM omop.person GROUP BY CUBE (gender, race) ORDER BY 3, 1, 2

--- warehouse-008
--: masked
SELECT p.gender, v.ward, sum(v.cost) FROM omop.person p JOIN omop.visit v USING (person_id) GROUP BY 1, 2 ORDER BY 1, 2

--- warehouse-009
--: masked
SELECT p.gender, v.ward, round(avg(v.cost), 2) AS mean FROM omop.person p NATURAL JOIN omop.visit v GROUP BY p.gender, v.ward HAVING avg(v.cost) > 100 ORDER BY mean DESC, 1, 2

--- warehouse-010
--: masked
SELECT count(*) FROM omop.visit v JOIN omop.measurement m ON m.person_id = v.person_id AND m.visit_no = v.visit_no

--- warehouse-011
--: masked
SELECT v.ward, lower(c.label::text), count(*) FROM omop.visit v JOIN omop.measurement m USING (person_id, visit_no) JOIN omop.concept_dim c USING (concept) GROUP BY v.ward, 2 ORDER BY v.ward, 2

--- warehouse-012
--: masked
SELECT ward, avg(ended - started) AS los FROM omop.visit GROUP BY ward ORDER BY ward

--- warehouse-013
--: masked
SELECT ward, percentile_cont(0.5) WITHIN GROUP (ORDER BY cost) FROM omop.visit GROUP BY ward ORDER BY ward

--- warehouse-014
--: masked
SELECT person_id, min(started), max(ended) - min(started) AS span FROM omop.visit GROUP BY person_id

--- warehouse-015
--: masked
SELECT person_id, visit_no, started - lag(ended) OVER (PARTITION BY person_id ORDER BY started) AS gap FROM omop.visit

--- warehouse-016
--: masked
SELECT count(*) FROM omop.visit a JOIN omop.visit b ON a.person_id = b.person_id AND b.started > a.ended AND b.started < a.ended + interval '30 days'

--- warehouse-017
--: masked
SELECT person_id, row_number() OVER (PARTITION BY person_id ORDER BY visit_no) AS rn, ward FROM omop.visit

--- warehouse-018
--: masked
SELECT * FROM (SELECT person_id, ward, row_number() OVER (PARTITION BY person_id ORDER BY visit_no DESC) AS rn FROM omop.visit) x WHERE rn = 1

--- warehouse-019
--: masked
SELECT DISTINCT ward FROM omop.visit ORDER BY ward

--- warehouse-020
--: masked
SELECT DISTINCT person_id FROM omop.measurement WHERE value > 10

--- warehouse-021
--: masked
SELECT person_id FROM omop.person EXCEPT SELECT person_id FROM omop.measurement WHERE concept = 3

--- warehouse-022
--: masked
SELECT person_id FROM omop.person WHERE gender = 'F' INTERSECT SELECT person_id FROM omop.visit WHERE ward = 'ICU'

--- warehouse-023
--: masked
SELECT person_id FROM omop.visit WHERE ward = 'ICU' UNION SELECT person_id FROM omop.fact_lab WHERE flag = 'H'

--- warehouse-024
--: masked
SELECT count(*) FROM omop.fact

--- warehouse-025
--: masked
SELECT count(*) FROM ONLY omop.fact

--- warehouse-026
--: masked
SELECT concept_cd, count(*), avg(nval) FROM omop.fact GROUP BY concept_cd ORDER BY concept_cd

--- warehouse-027
--: masked
SELECT flag, count(*) FROM omop.fact_lab GROUP BY flag ORDER BY flag

--- warehouse-028
--: masked
SELECT start_date, count(*) FROM omop.fact GROUP BY start_date ORDER BY start_date

--- warehouse-029
--: masked
SELECT date_trunc('quarter', start_date)::date AS q, count(DISTINCT encounter_num) FROM omop.fact GROUP BY 1 ORDER BY 1

--- warehouse-030
--: masked
SELECT to_char(start_date, 'YYYY-MM') AS m, count(*) FROM omop.fact GROUP BY m ORDER BY m

--- warehouse-031
--: masked
SELECT label, count(*) FROM omop.concept_dim WHERE label = 'glucose' GROUP BY label

--- warehouse-032
--: masked
SELECT concept, label FROM omop.concept_dim WHERE label LIKE 'gl%' ORDER BY concept

--- warehouse-033
--: masked
SELECT concept FROM omop.concept_dim WHERE label IN ('sodium', 'HEART RATE') ORDER BY concept

--- warehouse-034
--: masked
WITH RECURSIVE up AS (SELECT concept, parent, 1 AS depth FROM omop.concept_dim WHERE concept = 19 UNION ALL SELECT c.concept, c.parent, depth + 1 FROM omop.concept_dim c JOIN up ON c.concept = up.parent) SELECT concept, depth FROM up ORDER BY depth

--- warehouse-035
--: masked
SELECT t, count(*) FROM omop.person, unnest(tags) AS t GROUP BY t ORDER BY t

--- warehouse-036
--: masked
SELECT person_id FROM omop.person WHERE 't1' = ANY (tags)

--- warehouse-037
--: masked
SELECT count(*) FROM omop.person WHERE tags @> ARRAY['t0'] OR tags && ARRAY['t4']

--- warehouse-038
--: masked
SELECT array_length(tags, 1), tags[1], tags[1:1] FROM omop.person WHERE race = 3

--- warehouse-039
--: masked
SELECT extra->>'score' AS score, count(*) FROM omop.person GROUP BY 1 ORDER BY 1

--- warehouse-040
--: masked
SELECT (extra->>'smoker')::boolean AS smoker, round(avg(bmi)::numeric, 9) FROM omop.person GROUP BY 1 ORDER BY 1

--- warehouse-041
--: masked
SELECT count(*) FROM omop.person WHERE extra @> '{"smoker": true}' AND extra #>> '{list,0}' = '1'

--- warehouse-042
--: masked
SELECT e.value, count(*) FROM omop.person p, jsonb_array_elements_text(p.extra->'list') AS e GROUP BY 1 ORDER BY 1

--- warehouse-043
--: masked
SELECT jsonb_object_agg(ward, n) FROM (SELECT ward, count(*) AS n FROM omop.visit GROUP BY ward) x

--- warehouse-044
--: masked
SELECT jsonb_path_query_array(extra, '$.list[*] ? (@ > 1)') AS l, count(*) FROM omop.person GROUP BY 1 ORDER BY 1

--- warehouse-045
--: masked
SELECT unit, min(value), max(value), avg(value), sum(value), count(value) FROM omop.measurement GROUP BY unit ORDER BY unit

--- warehouse-046
--: masked
SELECT concept, count(*) FILTER (WHERE value > 10) AS high, count(*) AS all FROM omop.measurement GROUP BY concept ORDER BY concept

--- warehouse-047
--: masked
SELECT width_bucket(value, 0, 20, 4) AS b, count(*) FROM omop.measurement GROUP BY b ORDER BY b

--- warehouse-048
--: masked
SELECT CASE WHEN value < 5 THEN 'low' WHEN value < 12 THEN 'mid' ELSE 'high' END AS band, count(*) FROM omop.measurement GROUP BY band ORDER BY band

--- warehouse-049
--: masked
SELECT corr(value, concept), regr_slope(value, visit_no) IS NULL FROM omop.measurement WHERE concept < 5

--- warehouse-050
--: masked
SELECT concept, mode() WITHIN GROUP (ORDER BY unit) FROM omop.measurement GROUP BY concept ORDER BY concept

--- warehouse-051
--: masked
SELECT string_agg(DISTINCT ward, ', ' ORDER BY ward) FROM omop.visit

--- warehouse-052
--: masked
SELECT array_agg(DISTINCT race::int ORDER BY race::int) FROM omop.person

--- warehouse-053
--: masked
SELECT gender, race, bmi FROM omop.adults ORDER BY bmi, race, gender

--- warehouse-054
--: masked
SELECT gender, sum(cost) FROM omop.stays GROUP BY gender ORDER BY gender

--- warehouse-055
--: masked
SELECT s.ward, w.n, count(*) FROM omop.stays s JOIN omop.ward_stats w ON w.ward = s.ward GROUP BY 1, 2 ORDER BY 1

--- warehouse-056
--: masked
SELECT * FROM omop.ward_stats ORDER BY ward

--- warehouse-057
--: masked
SELECT a.gender, count(m.value) FROM omop.adults a LEFT JOIN omop.measurement m ON m.person_id = a.person_id AND m.concept = 2 GROUP BY 1 ORDER BY 1

--- warehouse-058
--: masked
SELECT gender FROM omop.person p WHERE EXISTS (SELECT 1 FROM omop.visit v WHERE v.person_id = p.person_id AND v.cost > 800)

--- warehouse-059
--: masked
SELECT gender FROM omop.person p WHERE NOT EXISTS (SELECT FROM omop.measurement m WHERE m.person_id = p.person_id AND m.value > 17)

--- warehouse-060
--: masked
SELECT person_id FROM omop.person WHERE person_id IN (SELECT person_id FROM omop.visit WHERE ward = 'Surgery' AND cost > 500)

--- warehouse-061
--: masked
SELECT count(*) FROM omop.person p LEFT JOIN omop.fact f ON f.person_id = p.person_id WHERE f.person_id IS NULL

--- warehouse-062
--: masked
SELECT p.person_id, (SELECT count(*) FROM omop.visit v WHERE v.person_id = p.person_id) AS n, (SELECT max(cost) FROM omop.visit v WHERE v.person_id = p.person_id) AS most FROM omop.person p

--- warehouse-063
--: masked
SELECT p.race, l.value FROM omop.person p CROSS JOIN LATERAL (SELECT value FROM omop.measurement m WHERE m.person_id = p.person_id ORDER BY value DESC, m.id LIMIT 1) l

--- warehouse-064
--: masked
SELECT ward, cost, rank() OVER (PARTITION BY ward ORDER BY cost DESC) AS r FROM omop.visit WHERE visit_no = 1 ORDER BY ward, r

--- warehouse-065
--: masked
SELECT ward, cost, sum(cost) OVER (PARTITION BY ward ORDER BY cost), ntile(4) OVER (ORDER BY cost) FROM omop.visit WHERE visit_no = 2 ORDER BY cost

--- warehouse-066
--: masked
SELECT value, avg(value) OVER (ORDER BY id ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) FROM omop.measurement WHERE concept = 5 ORDER BY id

--- warehouse-067
--: masked
SELECT ward, cost - first_value(cost) OVER w AS d FROM omop.visit WINDOW w AS (PARTITION BY ward ORDER BY cost) ORDER BY ward, d

--- warehouse-068
--: masked
SELECT extract(year FROM at) AS y, count(*) FROM omop.measurement WHERE at >= '2021-01-01' GROUP BY y ORDER BY y

--- warehouse-069
--: masked
SELECT min(extract(year FROM born)), max(extract(year FROM born)) FROM omop.person

--- warehouse-070
--: masked
SELECT height, count(*) FROM omop.person GROUP BY height ORDER BY height

--- warehouse-071
--: masked
SELECT count(email), count(DISTINCT email), count(*) FROM omop.person

--- warehouse-072
--: masked
SELECT nick, count(*) FROM omop.person WHERE nick = 'NICK1' GROUP BY nick

--- warehouse-073
--: masked
SELECT nick FROM omop.person WHERE nick > 'nick3' AND nick <= 'NICK5'

--- warehouse-074
--: masked
SELECT vip, bool_and(vip), every(bmi > 20) FROM omop.person WHERE bmi IS NOT NULL GROUP BY vip ORDER BY vip

--- warehouse-075
--: masked
SELECT coalesce(bmi, 0) + 1 AS b, nullif(race, 3), greatest(race, 2), least(bmi, 22) FROM omop.person ORDER BY 1, 2, 3, 4

--- warehouse-076
--: masked
SELECT * FROM generate_series(date '2021-01-01', '2021-06-01', '1 month') AS m LEFT JOIN (SELECT start_date, count(*) FROM omop.fact GROUP BY 1) f ON f.start_date = m::date ORDER BY 1

--- warehouse-077
--: masked
SELECT stay, count(*) FROM omop.visit GROUP BY stay ORDER BY stay

--- warehouse-078
--: masked
SELECT sum(stay), avg(extract(epoch FROM stay) / 3600) FROM omop.visit

--- warehouse-079
--: masked
SELECT path, split_part(path, '\', 3) AS p FROM omop.concept_dim WHERE path LIKE '\\A\\2%' ORDER BY concept

--- warehouse-080
--: masked
SELECT concept::int % 3 AS k, array_agg(concept::int ORDER BY concept) FROM omop.concept_dim GROUP BY k ORDER BY k

--- warehouse-081
--: masked
SELECT (ARRAY['a', 'b'])[1 + race % 2] AS x, count(*) FROM omop.person GROUP BY x ORDER BY x

--- warehouse-082
--: masked
SELECT (string_to_array(concept_cd, ':'))[2] AS code, count(*) FROM omop.fact GROUP BY 1 ORDER BY 1

--- warehouse-083
--: masked
SELECT row_to_json(x) FROM (SELECT ward, count(*) AS n FROM omop.visit GROUP BY ward ORDER BY ward) x

--- warehouse-084
--: masked
SELECT json_build_object('ward', ward, 'cost', sum(cost)) FROM omop.visit GROUP BY ward ORDER BY ward

--- warehouse-085
--: masked
SELECT "source"."ward" AS "ward", count(*) AS "count" FROM (SELECT "omop"."visit"."ward" AS "ward", "omop"."visit"."cost" AS "cost" FROM "omop"."visit") "source" GROUP BY "source"."ward" ORDER BY "count" DESC, "source"."ward" ASC LIMIT 10

--- warehouse-086
--: masked
SELECT SUM(1) AS "cnt:ok", "visit"."ward" AS "ward" FROM "omop"."visit" "visit" GROUP BY 2 ORDER BY 2

--- warehouse-087
--: masked
SELECT TOP.ward FROM (SELECT ward, count(*) c FROM omop.visit GROUP BY ward) TOP ORDER BY c, ward

--- warehouse-088
--: masked
SELECT count(*) FROM (SELECT * FROM omop.person LIMIT 25) x

--- warehouse-089
--: masked
SELECT a.concept AS lo, b.concept AS hi FROM omop.concept_dim a JOIN omop.concept_dim b ON a.concept < b.concept AND b.concept < 4 ORDER BY 1, 2

--- warehouse-090
--: masked
SELECT count(*) FROM omop.visit FULL JOIN omop.ward_stats USING (ward)

--- warehouse-091
--: masked
SELECT ward FROM omop.visit GROUP BY ward HAVING count(DISTINCT person_id) > 10 ORDER BY ward

--- warehouse-092
--: masked
SELECT person_id, count(*) FROM omop.measurement GROUP BY person_id HAVING count(*) > 6

--- warehouse-093
--: masked
VALUES (1, 'a'), (2, 'b')

--- warehouse-094
--: masked
SELECT x.n, count(v.ward) FROM (VALUES (0), (1), (2), (3), (9)) AS x (n) LEFT JOIN omop.visit v ON v.visit_no = x.n GROUP BY 1 ORDER BY 1

--- warehouse-095
--: masked
SELECT gender = 'F' AS f, gender::text || '!' AS t, gender > 'F' AS g FROM omop.person GROUP BY gender ORDER BY gender

--- warehouse-096
--: masked
SELECT race, bmi IS DISTINCT FROM 21 AS d, race BETWEEN 2 AND 4 AS b, bmi NOT BETWEEN SYMMETRIC 24 AND 20 AS s FROM omop.person ORDER BY race, bmi

--- warehouse-097
--: masked
SELECT (race, vip) = (1, true) AS e, (race, vip) IN ((1, true), (2, false)) AS i, count(*) FROM omop.person GROUP BY 1, 2 ORDER BY 1, 2

--- warehouse-098
--: masked
SELECT round(100.0 * count(*) / sum(count(*)) OVER (), 2) AS pct, ward FROM omop.visit GROUP BY ward ORDER BY ward

--- warehouse-099
--: masked
SELECT sum(cost) / nullif(count(*), 0) AS mean, sum(cost) FILTER (WHERE ward = 'ICU') FROM omop.visit

--- warehouse-100
--: masked
SELECT round(variance(value)::numeric, 9), round(var_pop(value)::numeric, 9), round(stddev_samp(value)::numeric, 9) FROM omop.measurement WHERE value <> 'NaN'

--- warehouse-101
--: masked
SELECT round(avg(CASE WHEN unit = 'mg/dL' THEN value * 0.0555 ELSE value END)::numeric, 9) FROM omop.measurement

--- warehouse-102
--: masked
SELECT count(*) FROM omop.measurement TABLESAMPLE BERNOULLI (100)

--- warehouse-103
--: masked
SELECT person_id FROM omop.person WHERE person_id = (SELECT person_id FROM omop.measurement WHERE id = 7)

--- warehouse-104
--: masked
WITH c AS MATERIALIZED (SELECT person_id, min(visit_no) AS first FROM omop.visit GROUP BY 1) SELECT v.ward, count(*) FROM c JOIN omop.visit v ON v.person_id = c.person_id AND v.visit_no = c.first GROUP BY 1 ORDER BY 1

--- warehouse-105
--: masked
SELECT count(*) FROM omop.visit WHERE cost < 300

--- warehouse-106
--: masked
SELECT format('%s-%s', ward, visit_no) AS k, count(*) FROM omop.visit GROUP BY 1 ORDER BY 1

--- warehouse-107
--: masked
SELECT overlay(ward placing 'X' from 1 for 1), position('r' in ward), trim(both 'I' from ward), substring(ward from 2 for 2) FROM omop.ward_stats ORDER BY 1

--- warehouse-108
--: masked
SELECT ward ~* '^icu$' AS r, ward SIMILAR TO '(I|S)%' AS s, regexp_replace(ward, '[aeiou]', '*', 'g') FROM omop.ward_stats ORDER BY 3

--- warehouse-109
--: masked
SELECT date_part('year', at) AS y, at::date = make_date(extract(year FROM at)::int, 1, 1) AS cut FROM omop.measurement GROUP BY 1, 2 ORDER BY 1

--- warehouse-110
--: masked
COPY (SELECT ward, sum(cost) FROM omop.visit GROUP BY ward ORDER BY ward) TO STDOUT WITH (FORMAT csv, HEADER)

--- warehouse-201
--: masked
SELECT person_id FROM omop.person WHERE gender = 'F' AND race = 2

--- warehouse-202
--: masked
SELECT p.gender, count(v.*) FROM omop.person p LEFT JOIN omop.visit v ON v.person_id = p.person_id AND v.ward = 'ICU' GROUP BY p.gender ORDER BY 1

--- warehouse-203
--: masked
SELECT ward, count(*) * 100.0 / (SELECT count(*) FROM omop.visit) AS pct FROM omop.visit GROUP BY ward ORDER BY ward

--- warehouse-204
--: masked
SELECT concept, value - lag(value) OVER (PARTITION BY person_id, concept ORDER BY id) AS delta FROM omop.measurement ORDER BY id

--- warehouse-205
--: masked
SELECT width_bucket(cost, ARRAY[100, 300, 500]::numeric[]) AS b, count(*) FROM omop.visit GROUP BY 1 ORDER BY 1

--- warehouse-206
--: masked
SELECT x FROM generate_series(1, 5) WITH ORDINALITY AS g(x, o) WHERE o > 2 ORDER BY x

--- warehouse-207
--: masked
SELECT a, b FROM unnest(ARRAY[1,2,3], ARRAY['x','y','z']) AS u(a, b) ORDER BY a

--- warehouse-208
--: masked
SELECT * FROM json_to_recordset('[{"a":1,"b":"x"},{"a":2,"b":"y"}]') AS t(a int, b text) ORDER BY a

--- warehouse-209
--: masked
SELECT * FROM ROWS FROM (generate_series(1,3), generate_series(5,6)) AS t(a, b) ORDER BY a

--- warehouse-210
--: masked
SELECT k, v FROM omop.person p, jsonb_each_text(p.extra) AS e(k, v) WHERE race = 2 ORDER BY k, v

--- warehouse-211
--: masked
SELECT extra['score'] AS s, count(*) FROM omop.person GROUP BY 1 ORDER BY 1

--- warehouse-212
--: masked
SELECT extra ? 'smoker' AS q, extra ?| ARRAY['x'] AS r FROM omop.person GROUP BY 1, 2

--- warehouse-213
--: masked
SELECT count(*) FROM omop.person WHERE (extra->'list'->>0)::int > 0

--- warehouse-214
--: masked
SELECT tags || 'new'::text AS t FROM omop.person ORDER BY 1

--- warehouse-215
--: masked
SELECT array_position(tags, 't1'), array_remove(tags, 't1'), cardinality(tags) FROM omop.person ORDER BY 2, 1, 3

--- warehouse-216
--: masked
SELECT EXTRACT(isoyear FROM at), EXTRACT(quarter FROM at) FROM omop.measurement GROUP BY 1, 2 ORDER BY 1

--- warehouse-217
--: masked
SELECT at AT TIME ZONE 'UTC' AS u FROM omop.measurement GROUP BY 1 ORDER BY 1

--- warehouse-218
--: masked
SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY') AS y, count(*) FROM omop.measurement GROUP BY y ORDER BY y

--- warehouse-219
--: masked
SELECT make_interval(hours => 3) + interval '1 day' AS i

--- warehouse-220
--: masked
SELECT justify_hours(sum(stay)) FROM omop.visit

--- warehouse-221
--: masked
SELECT interval '2 hours' * 3, stay / 2 FROM omop.visit GROUP BY stay ORDER BY stay

--- warehouse-222
--: masked
SELECT ward, CASE ward WHEN 'ICU' THEN 1 WHEN 'Surgery' THEN 2 ELSE 3 END AS k FROM omop.ward_stats ORDER BY k

--- warehouse-223
--: masked
SELECT ward FROM omop.visit WHERE cost = (SELECT max(cost) FROM omop.visit)

--- warehouse-224
--: masked
SELECT ward, visit_no FROM omop.visit v WHERE cost >= ALL (SELECT cost FROM omop.visit w WHERE w.ward = v.ward) ORDER BY ward

--- warehouse-225
--: masked
SELECT ward FROM omop.ward_stats WHERE n > ANY (SELECT 50) ORDER BY ward

--- warehouse-226
--: masked
SELECT ward, n FROM omop.ward_stats WHERE (ward, n) IN (SELECT ward, count(*) FROM omop.visit GROUP BY ward) ORDER BY ward

--- warehouse-227
--: masked
SELECT b.ward, a.n FROM omop.ward_stats a RIGHT JOIN (SELECT 'ICU' AS ward UNION SELECT 'None') b ON b.ward = a.ward ORDER BY 1

--- warehouse-228
--: masked
SELECT p.gender, m.concept, avg(m.value) AS a FROM omop.person p JOIN omop.measurement m USING (person_id) WHERE m.concept IN (1, 2, 3) AND p.vip IS NOT TRUE GROUP BY 1, 2 HAVING avg(m.value) > 3 ORDER BY 1, 2

--- warehouse-229
--: masked
SELECT gender, count(*) FILTER (WHERE vip), count(*) FILTER (WHERE NOT vip) FROM omop.person GROUP BY gender ORDER BY gender DESC NULLS LAST

--- warehouse-230
--: masked
SELECT "person"."race" AS "race", SUM("person"."bmi") AS "sum:bmi:ok" FROM "omop"."person" "person" WHERE ("person"."gender" IN ('F','M')) GROUP BY "person"."race" HAVING (COUNT(1) > 0) ORDER BY 1

--- warehouse-231
--: masked
SELECT CAST("measurement"."value" AS INTEGER) AS v, COUNT(*) FROM "omop"."measurement" WHERE CAST("measurement"."at" AS DATE) > DATE '2020-01-01' GROUP BY 1 ORDER BY 1

--- warehouse-232
--: masked
SELECT * FROM (SELECT ward, row_number() OVER (ORDER BY count(*) DESC, ward) AS pos FROM omop.visit GROUP BY ward) q WHERE pos <= 2 ORDER BY pos

--- warehouse-233
--: masked
SELECT t.* FROM (SELECT ward, cost FROM omop.visit) t WHERE FALSE

--- warehouse-234
--: masked
SELECT 1 AS one, NULL AS nothing, 'x' AS lit, true AS yes, 1.50 AS dec, E'a\nb' AS esc, $$dollar$$ AS d

--- warehouse-235
--: masked
SELECT count(*) FROM (SELECT person_id, count(*) FROM omop.fact GROUP BY person_id HAVING count(*) >= 2) z

--- warehouse-236
--: masked
SELECT count(*) AS n FROM omop.person p WHERE (SELECT count(*) FROM omop.visit v WHERE v.person_id = p.person_id AND v.ward = 'ICU') >= 2

--- warehouse-237
--: masked
WITH a AS (SELECT person_id FROM omop.person WHERE gender = 'M'), b AS (SELECT DISTINCT person_id FROM omop.visit WHERE cost > 300) SELECT count(*) FROM a JOIN b USING (person_id)

--- warehouse-238
--: masked
WITH s AS (SELECT concept, avg(value) AS m, stddev_pop(value) AS sd FROM omop.measurement GROUP BY concept) SELECT x.concept, count(*) FROM omop.measurement x JOIN s USING (concept) WHERE abs(x.value - s.m) > s.sd GROUP BY 1 ORDER BY 1

--- warehouse-239
--: masked
SELECT concept, first_value(value) OVER (PARTITION BY concept ORDER BY value, id) AS f, nth_value(value, 2) OVER (PARTITION BY concept ORDER BY value, id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS s FROM omop.measurement ORDER BY id

--- warehouse-240
--: masked
SELECT concept, cume_dist() OVER (ORDER BY concept), percent_rank() OVER (ORDER BY concept), dense_rank() OVER (ORDER BY concept) FROM omop.measurement WHERE concept < 3 ORDER BY concept

--- warehouse-241
--: masked
SELECT sum(value) OVER (PARTITION BY unit ORDER BY concept RANGE BETWEEN 2 PRECEDING AND CURRENT ROW) AS r FROM omop.measurement ORDER BY r

--- warehouse-242
--: masked
SELECT encounter_num FROM omop.fact WHERE encounter_num IN (SELECT encounter_num FROM omop.fact_lab WHERE flag = 'L')

--- warehouse-243
--: masked
SELECT f.flag, p.gender, count(*) FROM omop.fact_lab f INNER JOIN omop.person p ON f.person_id = p.person_id GROUP BY f.flag, p.gender ORDER BY 1, 2

--- warehouse-244
--: masked
SELECT email IS NULL AS e, count(*) FROM omop.person GROUP BY 1

--- warehouse-245
--: masked
SELECT count(*) FROM omop.person a JOIN omop.person b ON a.email = b.email

--- warehouse-246
--: masked
SELECT label, concept FROM omop.concept_dim ORDER BY label, concept

--- warehouse-247
--: masked
SELECT DISTINCT ON (ward) ward, cost FROM omop.visit ORDER BY ward, cost DESC

--- warehouse-248
--: masked
SELECT label::text COLLATE "C" AS l FROM omop.concept_dim ORDER BY 1

--- warehouse-249
--: masked
SELECT bool_or(label = 'sodium') FROM omop.concept_dim

--- warehouse-250
--: masked
SELECT length(label::text), upper(label::text) FROM omop.concept_dim ORDER BY concept

--- warehouse-251
--: masked
SELECT path LIKE ANY (ARRAY['\\A\\1%', '\\A\\3%']) AS l, count(*) FROM omop.concept_dim GROUP BY l ORDER BY l

--- warehouse-252
--: masked
SELECT concept + 1 AS next, concept::bigint * 2, -concept, concept BETWEEN 3 AND 7, concept IN (1, 2) FROM omop.concept_dim ORDER BY concept

--- warehouse-253
--: masked
SELECT sum(concept), avg(concept), max(concept), min(concept) FROM omop.concept_dim

--- warehouse-254
--: masked
SELECT race::text || 'x' FROM omop.person ORDER BY 1

--- warehouse-255
--: masked
SELECT count(*) FROM omop.person p WHERE p.race = ANY (SELECT concept FROM omop.concept_dim WHERE concept < 4)

--- warehouse-256
--: masked
SELECT quote_literal(ward), quote_ident(ward), initcap(lower(ward)), lpad(ward, 12, '.'), repeat('=', n::int % 5) FROM omop.ward_stats ORDER BY 1

--- warehouse-257
--: masked
SELECT mean::float8::numeric(10,3), trunc(mean, 1), ceil(mean), mean % 7, mean ^ 2 > 1, sqrt(mean)::numeric(8,4), @ -mean FROM omop.ward_stats ORDER BY 1

--- warehouse-258
--: masked
SELECT B'101' & B'110', 5 # 3, 1 << 4, ~7, 17 / 4, 17 % 4, 2 ^ 3, |/ 16.0

--- warehouse-259
--: masked
SELECT int4range(1, 5) @> 3, numrange(1, 2) && numrange(2, 3, '[]'), lower(int4range(1,5)), tsrange('2020-01-01', '2020-02-01') @> timestamp '2020-01-15'

--- warehouse-260
--: masked
SELECT to_tsvector('simple', ward) @@ to_tsquery('simple', 'icu') FROM omop.ward_stats ORDER BY 1

--- warehouse-261
--: masked
SELECT array_to_json(array_agg(row_to_json(t))) FROM (SELECT ward, n FROM omop.ward_stats ORDER BY ward) t

--- warehouse-262
--: masked
SELECT max(ARRAY[race::int, 1]), min((race, 1)::text) FROM omop.person

--- warehouse-263
--: masked
SELECT x.a FROM (SELECT 1 AS a UNION ALL SELECT 2 UNION SELECT 2 ORDER BY 1) x ORDER BY 1 DESC

--- warehouse-264
--: masked
(SELECT ward FROM omop.ward_stats ORDER BY ward LIMIT 1) UNION ALL (SELECT 'z') ORDER BY 1

--- warehouse-265
--: masked
SELECT ward AS "Ward Name", n AS "N°" FROM omop.ward_stats ORDER BY "Ward Name"

--- warehouse-266
--: masked
TABLE omop.ward_stats ORDER BY 1

--- warehouse-267
--: masked
SELECT current_date IS NOT NULL, now() > '2000-01-01', current_user = session_user, current_schema() IS NULL OR true

--- warehouse-268
--: masked
SELECT pg_typeof(vip), pg_typeof(bmi), pg_typeof(zip) FROM omop.person LIMIT 1

--- warehouse-269
--: masked
SELECT ward FROM omop.visit WHERE ward IS NOT NULL AND (ward <> 'ICU' OR ward IS NULL) GROUP BY ward ORDER BY ward

--- warehouse-270
--: masked
SELECT coalesce(sum(cost) FILTER (WHERE ward = 'nope'), 0) FROM omop.visit

--- warehouse-271
--: masked
SELECT concept_cd LIKE 'ICD10:%' AS dx, count(*) FROM omop.fact GROUP BY 1 ORDER BY 1

--- warehouse-272
--: masked
SELECT substring(concept_cd FROM '^([A-Z0-9]+):') AS sys, count(DISTINCT person_id) FROM omop.fact GROUP BY 1 ORDER BY 1

--- warehouse-273
--: masked
SELECT person_id, array_agg(concept ORDER BY concept) = array_agg(concept ORDER BY id) AS same FROM omop.measurement GROUP BY person_id

--- warehouse-274
--: masked
SELECT person_id, string_agg(unit, ',' ORDER BY id) FROM omop.measurement GROUP BY person_id

--- warehouse-275
--: masked
SELECT v.ward FROM omop.visit v CROSS JOIN omop.ward_stats w WHERE v.cost > w.mean * 2 AND w.ward = v.ward ORDER BY 1

--- warehouse-276
--: masked
SELECT count(*) FROM omop.adults WHERE bmi::int = 21

--- warehouse-277
--: masked
SELECT born, count(*) FROM omop.adults GROUP BY born ORDER BY born

--- warehouse-278
--: masked
SELECT EXTRACT(YEAR FROM AGE(DATE '2025-01-01', born::date)) AS a, count(*) FROM omop.adults GROUP BY 1 ORDER BY 1

--- warehouse-279
--: masked
SELECT height * 2.5 AS h, round(bmi::numeric, 1) AS b FROM omop.adults ORDER BY 1, 2

--- warehouse-280
--: masked
SELECT ntile(2) OVER (ORDER BY mean) AS half, ward FROM omop.ward_stats ORDER BY mean

--- warehouse-281
--: masked
SELECT count(*) FROM omop.stays a JOIN omop.stays b ON a.person_id = b.person_id AND a.visit_no < b.visit_no

--- warehouse-282
--: masked
SELECT (SELECT array_agg(w ORDER BY w) FROM (SELECT DISTINCT ward AS w FROM omop.visit) d)[1] AS first

--- warehouse-283
--: masked
SELECT avg(v) FROM (SELECT value AS v FROM omop.measurement UNION ALL SELECT 5) x

--- warehouse-284
--: masked
SELECT avg(n) FROM (SELECT count(*) AS n FROM omop.visit GROUP BY person_id) x

--- warehouse-285
--: masked
SELECT ward, cost FROM omop.visit ORDER BY cost DESC NULLS LAST, ward LIMIT 10 OFFSET 5

--- warehouse-286
--: masked
SELECT ward, cost FROM omop.visit ORDER BY cost FETCH FIRST 3 ROWS WITH TIES

--- warehouse-287
--: masked
SELECT count(*) FROM (SELECT * FROM omop.measurement ORDER BY random() LIMIT 10) x
