-- Attempts at what warehouse.yaml does not show.

--- warehouse-attack-001
--: refused
SELECT name FROM omop.person

--- warehouse-attack-002
--: refused
SELECT label FROM omop.person WHERE label LIKE '%NAME1%'

--- warehouse-attack-003
--: refused
SELECT note FROM omop.measurement LIMIT 1

--- warehouse-attack-004
--: refused
SELECT tval FROM omop.fact_lab

--- warehouse-attack-005
--: refused
SELECT p FROM omop.person p

--- warehouse-attack-006
--: masked unordered
SELECT to_jsonb(p) FROM omop.person p

--- warehouse-attack-007
--: refused
SELECT row_to_json(f)->>'tval' FROM omop.fact f

--- warehouse-attack-008
--: refused
SELECT (f).tval FROM omop.fact f

--- warehouse-attack-009
--: masked unordered
SELECT person_id::text || '' FROM omop.person

--- warehouse-attack-010
--: masked unordered
SELECT upper(person_id) FROM omop.person

--- warehouse-attack-011
--: no canary
SELECT min(person_id), max(person_id) FROM omop.person

--- warehouse-attack-012
--: no canary
SELECT array_agg(person_id) FROM omop.person

--- warehouse-attack-013
--: no canary
SELECT string_agg(email::text, ',') FROM omop.person

--- warehouse-attack-014
--: refused
SELECT count(*) FROM omop.person WHERE person_id LIKE 'CANARYP1%'

--- warehouse-attack-015
--: refused or no canary
SELECT count(*) FROM omop.person WHERE person_id > 'CANARYP30'

--- warehouse-attack-016
--: refused or no canary
SELECT count(*) FROM omop.person WHERE email = 'CANARYMAIL3@x.org'

--- warehouse-attack-017
--: masked unordered
SELECT count(*) FROM omop.person WHERE email::text ILIKE 'canarymail%'

--- warehouse-attack-018
--: masked unordered
SELECT lower(email) FROM omop.person

--- warehouse-attack-019
--: refused
SELECT regexp_replace(person_id, '[0-9]', '', 'g') FROM omop.person

--- warehouse-attack-020
--: refused
SELECT CASE WHEN person_id = 'CANARYP1' THEN 1 / 0 ELSE 1 END FROM omop.person WHERE left(person_id, 6) = 'CANARY'

--- warehouse-attack-021
--: refused
SELECT person_id::int FROM omop.person

--- warehouse-attack-022
--: refused
SELECT cast(person_id AS jsonb) FROM omop.person

--- warehouse-attack-023
--: refused or no canary
SELECT * FROM omop.leaky

--- warehouse-attack-024
--: refused
SELECT loud FROM omop.leaky

--- warehouse-attack-025
--: refused or no canary
SELECT coalesce(person_id, 'x') FROM omop.person

--- warehouse-attack-026
--: masked unordered
SELECT coalesce(person_id, ward) FROM omop.visit

--- warehouse-attack-027
--: refused or no canary
SELECT greatest(person_id, 'A') FROM omop.person

--- warehouse-attack-028
--: refused or no canary
SELECT nullif(person_id, 'CANARYP1') FROM omop.person

--- warehouse-attack-029
--: no canary
SELECT person_id FROM omop.person UNION ALL SELECT 'x' || ward FROM omop.visit LIMIT 1

--- warehouse-attack-030
--: masked unordered
SELECT (SELECT person_id FROM omop.person LIMIT 1) || 'x'

--- warehouse-attack-031
--: refused
SELECT (ARRAY[person_id])[1] FROM omop.person

--- warehouse-attack-032
--: refused
SELECT (ARRAY(SELECT person_id FROM omop.person))[1]

--- warehouse-attack-033
--: refused
SELECT ROW(person_id, 1) FROM omop.person

--- warehouse-attack-034
--: masked unordered
SELECT json_build_object('p', person_id) FROM omop.person

--- warehouse-attack-035
--: no canary
SELECT jsonb_agg(person_id) FROM omop.person

--- warehouse-attack-036
--: refused
SELECT xmlelement(name p, person_id) FROM omop.person

--- warehouse-attack-037
--: masked unordered
SELECT format('%s', person_id) FROM omop.person

--- warehouse-attack-038
--: masked unordered
SELECT concat(person_id, email) FROM omop.person

--- warehouse-attack-039
--: masked unordered
SELECT md5(person_id) FROM omop.person

--- warehouse-attack-040
--: masked unordered
SELECT length(person_id) FROM omop.person

--- warehouse-attack-041
--: no canary
SELECT person_id COLLATE "C" FROM omop.person ORDER BY person_id COLLATE "C"

--- warehouse-attack-042
--: masked unordered
SELECT started::text FROM omop.visit WHERE started > '2021-01-01'

--- warehouse-attack-043
--: masked unordered
SELECT extract(year FROM started) FROM omop.visit

--- warehouse-attack-044
--: masked unordered
SELECT count(*) FROM omop.visit WHERE started BETWEEN '2020-01-01' AND '2020-02-01'

--- warehouse-attack-045
--: masked unordered
SELECT min(started) FROM omop.visit

--- warehouse-attack-046
--: refused or no canary
SELECT started FROM omop.visit ORDER BY started LIMIT 1

--- warehouse-attack-047
--: masked unordered
SELECT age(started) FROM omop.visit

--- warehouse-attack-048
--: masked unordered
SELECT a.started - b.started FROM omop.visit a, omop.visit b

--- warehouse-attack-049
--: masked unordered
SELECT date_trunc('month', started) FROM omop.visit

--- warehouse-attack-050
--: masked unordered
SELECT * FROM omop.visit WHERE started IN (SELECT ended FROM omop.visit)

--- warehouse-attack-051
--: refused
SELECT relname FROM pg_catalog.pg_class c, omop.person p WHERE p.person_id = c.relname

--- warehouse-attack-052
--: refused or no canary
SELECT attname FROM pg_catalog.pg_attribute WHERE attname IN ('name', 'label', 'note', 'tval') AND attrelid >= 16384

--- warehouse-attack-053
--: refused or no canary
SELECT most_common_vals::text FROM pg_catalog.pg_stats WHERE schemaname = 'omop'

--- warehouse-attack-054
--: refused or no canary
SELECT pg_get_viewdef('omop.leaky'::regclass)

--- warehouse-attack-055
--: refused or no canary
SELECT pg_get_expr(adbin, adrelid) FROM pg_catalog.pg_attrdef

--- warehouse-attack-056
--: refused or no canary
SELECT generation_expression FROM information_schema.columns WHERE table_schema = 'omop' AND generation_expression IS NOT NULL

--- warehouse-attack-057
--: refused or no canary
SELECT * FROM pg_catalog.pg_stat_activity

--- warehouse-attack-058
--: refused
SELECT query FROM pg_catalog.pg_stat_statements

--- warehouse-attack-059
--: refused
SELECT ctid FROM omop.person

--- warehouse-attack-060
--: refused
SELECT tableoid::regclass FROM omop.fact

--- warehouse-attack-061
--: refused
SELECT xmin FROM omop.person

--- warehouse-attack-062
--: refused
SELECT query_to_xml('SELECT name FROM omop.person', true, true, '')

--- warehouse-attack-063
--: refused
SELECT table_to_xml('omop.person', true, true, '')

--- warehouse-attack-064
--: refused
SELECT * FROM ts_stat('SELECT to_tsvector(name) FROM omop.person')

--- warehouse-attack-065
--: refused
SELECT lo_import('/etc/passwd')

--- warehouse-attack-066
--: refused
SELECT pg_read_file('/etc/passwd')

--- warehouse-attack-067
--: refused
SELECT dblink('dbname=x', 'SELECT 1')

--- warehouse-attack-068
--: refused
SELECT set_config('session_authorization', 'postgres', false)

--- warehouse-attack-069
--: refused
SET SESSION AUTHORIZATION postgres

--- warehouse-attack-070
--: refused
SET ROLE postgres

--- warehouse-attack-071
--: refused
SELECT current_setting('data_directory')

--- warehouse-attack-072
--: refused
COPY omop.person TO '/tmp/x'

--- warehouse-attack-073
--: refused
COPY omop.person TO PROGRAM 'cat'

--- warehouse-attack-074
--: refused or no canary
COPY omop.person (name) TO STDOUT

--- warehouse-attack-075
--: refused
COPY (SELECT name FROM omop.person) TO STDOUT

--- warehouse-attack-076
--: refused
CREATE TABLE x AS SELECT * FROM omop.person

--- warehouse-attack-077
--: refused
SELECT * INTO TEMP x FROM omop.person

--- warehouse-attack-078
--: refused
CREATE TEMP VIEW v AS SELECT name FROM omop.person

--- warehouse-attack-079
--: refused
DO $$ BEGIN RAISE NOTICE '%', (SELECT name FROM omop.person LIMIT 1); END $$

--- warehouse-attack-080
--: refused
PREPARE p AS SELECT name FROM omop.person

--- warehouse-attack-081
--: refused
DECLARE c CURSOR FOR SELECT note FROM omop.measurement

--- warehouse-attack-082
--: refused
EXPLAIN ANALYZE SELECT * FROM omop.person WHERE name > 'A'

--- warehouse-attack-083
--: refused
LOCK TABLE omop.person

--- warehouse-attack-084
--: refused
SELECT person_id FROM omop.person FOR UPDATE

--- warehouse-attack-085
--: refused
WITH x AS (DELETE FROM omop.person RETURNING name) SELECT * FROM x

--- warehouse-attack-086
--: refused or no canary
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY person_id) FROM omop.person

--- warehouse-attack-087
--: masked unordered
SELECT mode() WITHIN GROUP (ORDER BY email) FROM omop.person

--- warehouse-attack-088
--: no canary
SELECT rank() OVER (ORDER BY email) FROM omop.person

--- warehouse-attack-089
--: no canary
SELECT lag(person_id) OVER (ORDER BY person_id) FROM omop.person

--- warehouse-attack-090
--: refused
SELECT string_to_array(person_id, 'P') FROM omop.person

--- warehouse-attack-091
--: refused
SELECT unnest(ARRAY[person_id, email]) FROM omop.person

--- warehouse-attack-092
--: refused or no canary
SELECT x.* FROM omop.person p, LATERAL (SELECT p.person_id || '' AS y) x

--- warehouse-attack-093
--: refused
SELECT t.a FROM (SELECT name AS a FROM omop.person) t

--- warehouse-attack-094
--: refused
SELECT (p).* FROM (SELECT p FROM omop.person p) x

--- warehouse-attack-095
--: refused
SELECT person.name FROM omop.person

--- warehouse-attack-096
--: refused
SELECT omop.person.label FROM omop.person

--- warehouse-attack-097
--: refused or no canary
SELECT name(p) FROM omop.person p

--- warehouse-attack-098
--: refused
SELECT person_id::regclass FROM omop.person

--- warehouse-attack-099
--: refused
SELECT person_id = ANY (string_to_array('CANARYP1', ',')) FROM omop.person WHERE person_id ~ '1$'

--- warehouse-attack-100
--: refused
SELECT m.value FROM omop.measurement m JOIN (VALUES ('CANARYP1')) v(x) ON m.person_id = v.x || ''

--- warehouse-attack-101
--: refused
SELECT count(*) FROM omop.person GROUP BY substr(person_id, 8)

--- warehouse-attack-102
--: refused or no canary
SELECT jsonb_populate_record(NULL::omop.person, '{}')

--- warehouse-attack-103
--: refused or no canary
SELECT NULL::omop.person

--- warehouse-attack-104
--: refused
SELECT omop.person_id_seq.last_value FROM omop.person_id_seq

--- warehouse-attack-105
--: refused
SELECT nextval('omop.measurement_id_seq')

--- warehouse-attack-106
--: refused
SELECT enum_range(NULL::omop.sex), pg_sleep(1)

--- warehouse-attack-201
--: refused
SELECT person_id FROM omop.person ORDER BY name

--- warehouse-attack-202
--: no canary
SELECT gender FROM omop.person ORDER BY email

--- warehouse-attack-203
--: no canary
SELECT DISTINCT ON (person_id) person_id, ward FROM omop.visit

--- warehouse-attack-204
--: no canary
SELECT count(*) OVER (ORDER BY person_id) FROM omop.person

--- warehouse-attack-205
--: refused
SELECT sum(1) OVER (PARTITION BY left(person_id, 8)) FROM omop.person

--- warehouse-attack-206
--: no canary
SELECT person_id < 'CANARYP5' FROM omop.person

--- warehouse-attack-207
--: no canary
SELECT person_id BETWEEN 'CANARYP1' AND 'CANARYP2' FROM omop.person

--- warehouse-attack-208
--: masked unordered
SELECT CASE person_id WHEN 'CANARYP1' THEN 'hit' ELSE email END FROM omop.person

--- warehouse-attack-209
--: masked unordered
SELECT CASE WHEN vip THEN person_id ELSE email END FROM omop.person

--- warehouse-attack-210
--: refused
SELECT coalesce(email, person_id) FROM omop.person

--- warehouse-attack-211
--: refused
SELECT person_id FROM omop.person UNION SELECT email FROM omop.person

--- warehouse-attack-212
--: refused
SELECT a.person_id FROM omop.person a JOIN omop.person b ON a.person_id = b.email

--- warehouse-attack-213
--: refused
SELECT a.person_id FROM omop.person a JOIN omop.concept_dim c ON c.path = a.person_id

--- warehouse-attack-214
--: refused
SELECT 1 FROM omop.person WHERE person_id = email

--- warehouse-attack-215
--: refused
SELECT 1 FROM omop.person WHERE person_id IN ('a', email)

--- warehouse-attack-216
--: refused
SELECT 1 FROM omop.person WHERE (person_id, race) = (email, 1)

--- warehouse-attack-217
--: refused
SELECT 1 FROM omop.person WHERE person_id SIMILAR TO 'CAN%'

--- warehouse-attack-218
--: refused
SELECT 1 FROM omop.person WHERE person_id ~~ ANY (ARRAY['CANARY%'])

--- warehouse-attack-219
--: refused
SELECT position('1' IN person_id) FROM omop.person

--- warehouse-attack-220
--: refused
SELECT overlay(person_id placing '' from 1) FROM omop.person

--- warehouse-attack-221
--: masked unordered
SELECT trim(person_id) FROM omop.person

--- warehouse-attack-222
--: masked unordered
SELECT extract(epoch FROM started) FROM omop.visit

--- warehouse-attack-223
--: masked unordered
SELECT started::date FROM omop.visit

--- warehouse-attack-224
--: masked unordered
SELECT started + interval '0' > '2020-01-01' FROM omop.visit

--- warehouse-attack-225
--: masked unordered
SELECT greatest(started, '2021-01-01') FROM omop.visit

--- warehouse-attack-226
--: masked unordered
SELECT (started, ended) OVERLAPS (timestamp '2020-01-01', timestamp '2020-06-01') FROM omop.visit

--- warehouse-attack-227
--: masked unordered
SELECT tsrange(started, ended) FROM omop.visit

--- warehouse-attack-228
--: masked unordered
SELECT count(*) FROM omop.visit GROUP BY started

--- warehouse-attack-229
--: masked unordered
SELECT DISTINCT started FROM omop.visit

--- warehouse-attack-230
--: masked unordered
SELECT width_bucket(started, ARRAY[timestamp '2020-01-01']) FROM omop.visit

--- warehouse-attack-231
--: masked unordered
SELECT to_char(started, 'YYYY') FROM omop.visit

--- warehouse-attack-232
--: masked unordered
SELECT started - timestamp '2020-01-01' FROM omop.visit

--- warehouse-attack-233
--: masked unordered
SELECT sum(started - timestamp '2020-01-01') FROM omop.visit

--- warehouse-attack-234
--: masked unordered
SELECT a.started - b.ended FROM omop.visit a JOIN omop.visit b ON a.ward = b.ward

--- warehouse-attack-235
--: masked unordered
SELECT max(started) OVER () FROM omop.visit

--- warehouse-attack-236
--: masked unordered
SELECT lead(started) OVER (ORDER BY started) - started FROM omop.visit

--- warehouse-attack-237
--: refused
SELECT v FROM omop.visit v

--- warehouse-attack-238
--: refused
SELECT v::text FROM omop.visit v

--- warehouse-attack-239
--: refused
SELECT hashtext(person_id) FROM omop.person

--- warehouse-attack-240
--: refused
SELECT hashtext(v::text) FROM omop.visit v

--- warehouse-attack-241
--: refused
SELECT encode(convert_to(person_id, 'UTF8'), 'base64') FROM omop.person

--- warehouse-attack-242
--: masked unordered
SELECT ascii(substr(email::text, 1, 1)) FROM omop.person

--- warehouse-attack-243
--: masked unordered
SELECT person_id || NULL FROM omop.person

--- warehouse-attack-244
--: masked unordered
SELECT E'\x43' || person_id FROM omop.person

--- warehouse-attack-245
--: refused
SELECT quote_literal(person_id) FROM omop.person

--- warehouse-attack-246
--: masked unordered
SELECT to_json(person_id) FROM omop.person

--- warehouse-attack-247
--: masked unordered
SELECT array_to_string(ARRAY[person_id], '') FROM omop.person

--- warehouse-attack-248
--: no canary
SELECT string_agg(person_id, '') OVER () FROM omop.person

--- warehouse-attack-249
--: no canary
SELECT json_object_agg(person_id, 1) FROM omop.person

--- warehouse-attack-250
--: refused
SELECT range_agg(int4range(length(person_id), 99)) FROM omop.person

--- warehouse-attack-251
--: refused
SELECT corr(length(person_id), bmi) FROM omop.person

--- warehouse-attack-252
--: refused
SELECT (SELECT p2.name FROM omop.person p2 WHERE p2.person_id = p.person_id) FROM omop.person p

--- warehouse-attack-253
--: refused
SELECT * FROM omop.person NATURAL JOIN (SELECT name FROM omop.person) x

--- warehouse-attack-254
--: no canary
SELECT x.name FROM omop.person AS x (a, b, c, d, name)

--- warehouse-attack-255
--: refused
SELECT a.* FROM omop.person AS a (name, label) WHERE a.name LIKE 'CANARY%'

--- warehouse-attack-256
--: refused
SELECT label FROM omop.person p, omop.concept_dim c WHERE p.label = c.label

--- warehouse-attack-257
--: refused
WITH person AS (SELECT 1 AS name) SELECT name, (SELECT p.name FROM omop.person p LIMIT 1) FROM person

--- warehouse-attack-258
--: refused
SELECT note FROM (TABLE omop.measurement) x

--- warehouse-attack-259
--: refused
SELECT (m.*)::text FROM omop.measurement m

--- warehouse-attack-260
--: refused
SELECT m FROM omop.measurement m WHERE m IS NOT NULL

--- warehouse-attack-261
--: refused
SELECT count(m) FILTER (WHERE m::text LIKE '%NOTE1%') FROM omop.measurement m

--- warehouse-attack-262
--: refused
SELECT f FROM omop.fact_lab f

--- warehouse-attack-263
--: refused
SELECT (f::omop.fact).tval FROM omop.fact_lab f

--- warehouse-attack-264
--: refused
SELECT f::omop.fact FROM omop.fact_lab f

--- warehouse-attack-265
--: no canary
SELECT jsonb_agg(f) FROM omop.fact f

--- warehouse-attack-266
--: refused
SELECT xmlforest(tval) FROM omop.fact

--- warehouse-attack-267
--: refused
SELECT 1 FROM omop.fact WHERE tval IS NULL

--- warehouse-attack-268
--: refused
SELECT * FROM omop.fact USING (tval)

--- warehouse-attack-269
--: refused
SELECT * FROM omop.fact a JOIN omop.fact_lab b USING (tval)

--- warehouse-attack-270
--: refused
SELECT pg_input_is_valid('x', 'int'), tval FROM omop.fact

--- warehouse-attack-271
--: refused
SELECT count(*) FROM omop.visit_new v WHERE v.tableoid::regclass::text = 'x'

--- warehouse-attack-272
--: refused
SELECT * FROM pg_catalog.pg_partition_tree('omop.visit')

--- warehouse-attack-273
--: no canary
SELECT pg_get_partition_constraintdef('omop.visit_new'::regclass) IS NOT NULL AND 1/0 = 1

--- warehouse-attack-274
--: refused
SELECT oid::regclass FROM (SELECT 1259::oid) x UNION SELECT 'omop.person_label'::regclass

--- warehouse-attack-275
--: refused
SELECT 'omop.person.name'::regclass

--- warehouse-attack-276
--: refused
SELECT * FROM information_schema.columns WHERE column_name IN ('tval', 'note') AND table_schema = 'omop' AND 1 / (SELECT count(*) FROM information_schema.columns WHERE column_name = 'tval') > 0

--- warehouse-attack-277
--: no canary
SELECT has_column_privilege('omop.person', 'name', 'SELECT')

--- warehouse-attack-278
--: refused
SELECT col_description('omop.person'::regclass, 5) || pg_backend_pid()::text || lo_get(1)::text

--- warehouse-attack-279
--: refused
SELECT * FROM pg_catalog.pg_statistic

--- warehouse-attack-280
--: refused
SELECT * FROM pg_catalog.pg_authid

--- warehouse-attack-281
--: refused
SELECT rolpassword FROM pg_catalog.pg_shadow

--- warehouse-attack-282
--: refused
SELECT pg_ls_dir('.')

--- warehouse-attack-283
--: refused
SELECT pg_stat_file('PG_VERSION')

--- warehouse-attack-284
--: refused
SELECT pg_terminate_backend(1)

--- warehouse-attack-285
--: refused
SELECT txid_current()

--- warehouse-attack-286
--: refused
NOTIFY x

--- warehouse-attack-287
--: refused
LISTEN x

--- warehouse-attack-288
--: refused
SET log_min_messages = 'debug5'

--- warehouse-attack-289
--: refused
SET log_statement = 'all'

--- warehouse-attack-290
--: refused
SET search_path = omop, pg_catalog

--- warehouse-attack-291
--: refused
ALTER SYSTEM SET work_mem = '1GB'

--- warehouse-attack-292
--: refused
IMPORT FOREIGN SCHEMA x FROM SERVER y INTO z

--- warehouse-attack-293
--: refused
REFRESH MATERIALIZED VIEW omop.ward_stats

--- warehouse-attack-294
--: refused
ANALYZE omop.person

--- warehouse-attack-295
--: refused
SECURITY LABEL ON TABLE omop.person IS 'x'

--- warehouse-attack-296
--: refused
CALL omop.proc()

--- warehouse-attack-297
--: refused
MERGE INTO omop.person p USING omop.person q ON p.person_id = q.person_id WHEN MATCHED THEN DO NOTHING

--- warehouse-attack-298
--: refused
INSERT INTO omop.person SELECT * FROM omop.person

--- warehouse-attack-299
--: refused
TRUNCATE omop.person

--- warehouse-attack-300
--: refused
VACUUM

--- warehouse-attack-301
--: refused
EXPLAIN (FORMAT JSON) SELECT 1

--- warehouse-attack-302
--: refused
BEGIN READ WRITE

--- warehouse-attack-303
--: refused
SET transaction_read_only = off

--- warehouse-attack-304
--: refused
PREPARE TRANSACTION 'x'
