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
