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
--: refused
SELECT to_jsonb(p) FROM omop.person p

--- warehouse-attack-007
--: refused
SELECT row_to_json(f)->>'tval' FROM omop.fact f

--- warehouse-attack-008
--: refused
SELECT (f).tval FROM omop.fact f

--- warehouse-attack-009
--: refused
SELECT person_id::text || '' FROM omop.person

--- warehouse-attack-010
--: refused
SELECT upper(person_id) FROM omop.person

--- warehouse-attack-011
--: refused
SELECT min(person_id), max(person_id) FROM omop.person

--- warehouse-attack-012
--: refused
SELECT array_agg(person_id) FROM omop.person

--- warehouse-attack-013
--: refused
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
--: refused
SELECT count(*) FROM omop.person WHERE email::text ILIKE 'canarymail%'

--- warehouse-attack-018
--: refused
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
--: refused
SELECT coalesce(person_id, ward) FROM omop.visit

--- warehouse-attack-027
--: refused or no canary
SELECT greatest(person_id, 'A') FROM omop.person

--- warehouse-attack-028
--: refused or no canary
SELECT nullif(person_id, 'CANARYP1') FROM omop.person

--- warehouse-attack-029
--: refused
SELECT person_id FROM omop.person UNION ALL SELECT 'CANARY' || ward FROM omop.visit LIMIT 1

--- warehouse-attack-030
--: refused
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
--: refused
SELECT json_build_object('p', person_id) FROM omop.person

--- warehouse-attack-035
--: refused
SELECT jsonb_agg(person_id) FROM omop.person

--- warehouse-attack-036
--: refused
SELECT xmlelement(name p, person_id) FROM omop.person

--- warehouse-attack-037
--: refused
SELECT format('%s', person_id) FROM omop.person

--- warehouse-attack-038
--: refused
SELECT concat(person_id, email) FROM omop.person

--- warehouse-attack-039
--: refused
SELECT md5(person_id) FROM omop.person

--- warehouse-attack-040
--: refused
SELECT length(person_id) FROM omop.person

--- warehouse-attack-041
--: refused
SELECT person_id COLLATE "C" FROM omop.person ORDER BY person_id COLLATE "C"

--- warehouse-attack-042
--: refused
SELECT started::text FROM omop.visit WHERE started > '2021-01-01'

--- warehouse-attack-043
--: refused
SELECT extract(year FROM started) FROM omop.visit

--- warehouse-attack-044
--: refused
SELECT count(*) FROM omop.visit WHERE started BETWEEN '2020-01-01' AND '2020-02-01'

--- warehouse-attack-045
--: refused
SELECT min(started) FROM omop.visit

--- warehouse-attack-046
--: refused or no canary
SELECT started FROM omop.visit ORDER BY started LIMIT 1

--- warehouse-attack-047
--: refused
SELECT age(started) FROM omop.visit

--- warehouse-attack-048
--: refused
SELECT a.started - b.started FROM omop.visit a, omop.visit b

--- warehouse-attack-049
--: refused
SELECT date_trunc('month', started) FROM omop.visit

--- warehouse-attack-050
--: refused
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
--: refused
SELECT mode() WITHIN GROUP (ORDER BY email) FROM omop.person

--- warehouse-attack-088
--: refused
SELECT rank() OVER (ORDER BY email) FROM omop.person

--- warehouse-attack-089
--: refused
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
