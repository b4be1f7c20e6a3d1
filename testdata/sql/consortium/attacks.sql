-- Ways to get at an original by a statement that looks like those above.

--- hidden-column-by-name
--: refused
SELECT note_text FROM omop.note LIMIT 1

--- hidden-column-in-where
--: refused
SELECT count(*) FROM omop.note WHERE note_text LIKE '%Dr 7%'

--- hidden-column-in-order
--: refused
SELECT note_id FROM omop.note ORDER BY note_text LIMIT 3

--- hidden-column-by-row-json
--: masked or refused
SELECT to_jsonb(n) FROM omop.note n ORDER BY n.note_id LIMIT 5

--- hidden-column-by-whole-row-text
--: masked or refused
SELECT n::text FROM omop.note n ORDER BY n.note_id LIMIT 3

--- hidden-column-by-row-to-xml
--: refused
SELECT table_to_xml('omop.note', true, false, '')

--- hidden-column-by-query-to-xml
--: refused
SELECT query_to_xml('SELECT note_text FROM omop.note', true, false, '')

--- hidden-column-by-using
--: refused
SELECT count(*) FROM omop.note a JOIN omop.note b USING (note_text)

--- hidden-column-by-natural-join
--: masked or refused
SELECT count(*) FROM omop.note NATURAL JOIN (SELECT 'ZQORIGINALNOTE seen by Dr 3'::text AS note_text) x

--- seal-compared-with-original
-- The consumer's constant is an original: it must not match.
--: same or refused
SELECT count(*) FROM omop.person WHERE person_id = '{{5279|1}}'

--- seal-like
--: refused
SELECT count(*) FROM tumor.tumour WHERE patient_no LIKE 'CR000%'

--- seal-order-of-originals
--: shape
SELECT patient_no FROM tumor.followup ORDER BY patient_no LIMIT 5

--- seal-cast-to-int
--: refused
SELECT person_id::int FROM omop.person LIMIT 1

--- seal-arithmetic
--: refused
SELECT person_id + 1 FROM omop.person LIMIT 1

--- seal-length
--: masked or refused
SELECT length(patient_no), count(*) FROM tumor.tumour GROUP BY 1

--- seal-division-oracle
--: refused
SELECT 1 / (person_id - 5279) FROM omop.person

--- seal-compared-with-clear-number
-- A clear column of numbers, compared with the original of a sealed one.
--: refused or same
SELECT count(*) FROM omop.person p JOIN omop.concept c ON p.person_id = c.concept_id::text AND {{1|2}} > 0

--- seal-in-generated-numbers
--: refused
SELECT p.person_id, g FROM omop.person p JOIN generate_series(1, 5000) g ON p.person_id = g

--- seal-min-by-original-order
--: shape
SELECT min(person_id), max(person_id) FROM omop.person

--- seal-avg
--: refused
SELECT avg(person_id) FROM omop.person

--- seal-bit-of-hash
--: refused
SELECT count(*) FROM omop.person WHERE hashint4(person_id) % 2 = 0

--- seal-array-position-of-original
--: refused or same
SELECT array_position(array_agg(visit_occurrence_id), '{{40211|1}}') IS NULL FROM omop.visit_occurrence

--- collected-ids-contain-original
--: refused or same
SELECT array_agg(person_id) @> ARRAY['{{5279|1}}'] FROM omop.person

--- collected-ids-unnested-and-compared
--: refused or same
SELECT count(*) FROM (SELECT unnest(array_agg(person_id)) AS id FROM omop.person) u WHERE u.id = '{{5279|1}}'

--- collected-ids-unnested-cast
--: refused
SELECT u.id::int FROM (SELECT array_agg(person_id) AS ids FROM omop.person) a, unnest(a.ids) AS u(id)

--- collected-ids-sorted-by-original
--: masked or refused
SELECT unnest(array_agg(stay_id ORDER BY stay_id)) FROM mimiciv.icustays

--- collected-ids-to-text-and-matched
--: refused or same
SELECT count(*) FROM (SELECT array_to_string(array_agg(person_id), ',') AS s FROM omop.person) x WHERE s LIKE '%{{5279|qqq}}%'

--- shifted-date-compared-with-original-birth
--: masked
SELECT count(*) FROM omop.person WHERE birth_datetime = timestamp '1935-03-07 05:00'

--- pseudonym-mrn-equality
--: refused or same
SELECT count(*) FROM portal.patients WHERE mrn = '{{ZQORIGINAL7|nobody}}'

--- pseudonym-mrn-prefix
--: masked unordered
SELECT count(*) FROM portal.patients WHERE left(mrn, 11) = 'ZQORIGINAL7'

--- pseudonym-email-regex
--: masked unordered
SELECT count(*) FROM portal.users WHERE email ~ '^zqoriginal1'

--- pseudonym-email-domain
--: masked unordered
SELECT split_part(email, '@', 2), count(*) FROM portal.users GROUP BY 1

--- pseudonym-uuid-equality-with-original
--: refused or same
SELECT count(*) FROM portal.patients WHERE id = '{{a7a38b7e-7a0b-6a5d-3a1f-8a3f5f9f0c11|00000000-0000-0000-0000-000000000000}}'

--- pseudonym-uuid-computed-original
-- The original uuid can be computed from a number: it must not be found.
--: refused or same
SELECT count(*) FROM portal.patients WHERE id = md5('{{pat5|nobody}}')::uuid

--- pseudonym-uuid-computed-by-series
--: masked
SELECT p.id, g FROM portal.patients p JOIN generate_series(1, 60) g ON p.id = md5('pat' || g)::uuid

--- surrogate-equality-with-original
--: refused or same
SELECT count(*) FROM portal.patients WHERE family_name = '{{ZQORIGINALF7|nobody}}'

--- surrogate-grouped-by-original
--: masked or refused
SELECT family_name, count(*) FROM openmrs.person_name GROUP BY family_name

--- surrogate-upper
--: refused
SELECT count(*) FROM portal.patients WHERE upper(family_name) = 'ZQORIGINALF7'

--- zip-original-equality
--: same
SELECT count(*) FROM omop.location WHERE zip = '{{02238|99999}}'

--- zip-range
--: masked
SELECT count(*) FROM omop.location WHERE zip > '02300'

--- json-hidden-member
--: masked
SELECT count(*) FROM portal.patients WHERE metadata ->> 'ssn' IS NOT NULL

--- json-hidden-member-containment
--: same
SELECT count(*) FROM portal.patients WHERE metadata @> '{"ssn": "{{ZQORIGINAL-7|nobody}}"}'

--- json-whole-as-text
--: masked
SELECT count(*) FROM portal.patients WHERE metadata::text LIKE '%ZQORIGINAL%'

--- json-free-answer
--: masked
SELECT count(*) FROM portal.form_answers WHERE answers @@ '$.free like_regex "^ZQ"'

--- json-keys
--: masked
SELECT DISTINCT k FROM portal.patients, jsonb_object_keys(metadata) AS k ORDER BY 1

--- json-hidden-settings
--: masked
SELECT jsonb_path_query(settings, '$.phone') FROM portal.users

--- error-oracle-cast
--: refused
SELECT note_text::int FROM omop.note

--- error-oracle-case-division
--: refused
SELECT CASE WHEN given_name LIKE 'ZQORIGINALG1%' THEN 1 / 0 ELSE 1 END FROM portal.patients

--- error-oracle-in-clear-column
--: refused
SELECT count(*) FROM portal.patients WHERE CASE WHEN mrn < 'ZQORIGINAL5' THEN 1 / 0 = 1 ELSE true END

--- error-oracle-range-bound
--: same
SELECT int4range(1, 5 - (person_id = '{{5279|1}}')::int * 10) FROM omop.person

--- sleep-by-original
--: refused
SELECT pg_sleep(1) FROM portal.patients WHERE given_name = 'ZQORIGINALG1'

--- sleep-alone
--: refused
SELECT pg_sleep(0.1)

--- heavy-series-by-original
--: refused
SELECT (SELECT count(*) FROM generate_series(1, CASE WHEN p.given_name < 'ZQORIGINALG3' THEN 1000000 ELSE 1 END)) FROM portal.patients p

--- order-by-hidden-with-limit
--: refused
SELECT id FROM portal.patients ORDER BY given_name LIMIT 1

--- distinct-on-hidden
--: refused
SELECT DISTINCT ON (full_name) id FROM portal.users

--- window-over-hidden
--: refused
SELECT id, rank() OVER (ORDER BY full_name) FROM portal.users

--- group-by-hidden
--: refused
SELECT count(*) FROM portal.users GROUP BY full_name

--- aggregate-of-hidden
--: refused
SELECT max(body) FROM portal.messages

--- count-of-hidden
--: refused
SELECT count(DISTINCT value_text) FROM openmrs.obs

--- lateral-hidden
--: refused
SELECT x.v FROM omop.note n, LATERAL (SELECT n.note_text AS v) x

--- recursive-hidden
--: refused
WITH RECURSIVE r AS (SELECT note_id, note_text AS t FROM omop.note UNION ALL SELECT note_id, left(t, 1) FROM r WHERE false) SELECT * FROM r

--- record-expansion-hidden
--: refused
SELECT (n).note_text FROM omop.note n

--- function-notation-hidden
--: refused
SELECT note_text(n) FROM omop.note n

--- values-join-hidden
--: refused
SELECT v.x FROM (VALUES ('ZQORIGINALG1'), ('ZQORIGINALG2')) v(x) WHERE v.x IN (SELECT given_name FROM portal.patients)

--- any-array-of-hidden
--: refused
SELECT 'ZQORIGINALG1' = ANY (SELECT given_name FROM portal.patients)

--- exists-correlated-with-constant
--: refused
SELECT EXISTS (SELECT 1 FROM portal.patients WHERE given_name = 'ZQORIGINALG1')

--- filter-clause-of-hidden
--: refused
SELECT count(*) FILTER (WHERE physician = 'ZQORIGINALDR 1') FROM tumor.tumour

--- within-group-hidden
--: refused
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY physician) FROM tumor.tumour

--- view-does-not-open-hidden
--: refused
SELECT full_name FROM portal.active_users

--- view-email-equality
--: refused or same
SELECT appointments FROM portal.patient_summary WHERE mrn = '{{ZQORIGINAL7|nobody}}'

--- ctid-scan
--: refused
SELECT ctid, * FROM omop.person

--- xmin-of-row
--: refused
SELECT xmin FROM portal.patients

--- tableoid-of-row
--: masked or refused
SELECT tableoid::regclass FROM portal.categories LIMIT 1

--- statistics-most-common
--: empty or refused
SELECT most_common_vals FROM pg_stats WHERE tablename = 'tumour'

--- statistics-raw
--: empty or refused
SELECT stavalues1 FROM pg_statistic

--- statistics-histogram-by-schema
--: empty or refused
SELECT tablename, attname, histogram_bounds::text FROM pg_stats WHERE schemaname = 'portal'

--- explain-analyze
--: refused
EXPLAIN ANALYZE SELECT count(*) FROM portal.patients

--- explain-estimate-of-constant
--: refused or same
EXPLAIN SELECT * FROM portal.patients WHERE mrn = '{{ZQORIGINAL7|nobody}}'

--- activity-of-others
--: shape
SELECT query FROM pg_stat_activity

--- statements-of-others
--: refused
SELECT query FROM pg_stat_statements

--- read-a-file
--: refused
SELECT pg_read_file('/etc/passwd')

--- large-object
--: refused
SELECT lo_import('/etc/passwd')

--- copy-to-program
--: refused
COPY (SELECT 1) TO PROGRAM 'cat'

--- copy-hidden-column
--: refused
--: simple
COPY omop.note (note_text) TO STDOUT

--- copy-table-binary
--: simple
--: shape
COPY portal.patients TO STDOUT (FORMAT binary)

--- dblink-out
--: refused
SELECT * FROM dblink('dbname=consortium', 'SELECT note_text FROM omop.note') AS t(x text)

--- do-block
--: refused
DO $$ BEGIN RAISE NOTICE '%', (SELECT note_text FROM omop.note LIMIT 1); END $$

--- create-function
--: refused
CREATE FUNCTION pg_temp.f() RETURNS SETOF text LANGUAGE sql AS 'SELECT note_text FROM omop.note'

--- create-view-of-hidden
--: refused
CREATE TEMP VIEW v AS SELECT note_text FROM omop.note

--- select-into-copy
--: refused
SELECT note_text AS t INTO TEMP stolen FROM omop.note

--- temp-table-of-originals
--: refused
CREATE TEMP TABLE t AS SELECT given_name FROM portal.patients

--- insert-returning
--: refused
INSERT INTO portal.taggings VALUES ('x', 'y', 1) RETURNING *

--- update-with-cte
--: refused
WITH u AS (UPDATE portal.patients SET mrn = 'x' RETURNING given_name) SELECT * FROM u

--- set-role
--: refused
SET ROLE postgres

--- set-session-authorization
--: refused
SET SESSION AUTHORIZATION postgres

--- row-security-off
--: refused or same
SET row_security = off

--- set-config-function
--: refused
SELECT set_config('role', 'postgres', false)

--- search-path-shadow
--: refused
SET search_path TO pg_temp, omop
--;
CREATE TEMP TABLE person (person_id int)

--- unknown-function-of-user
--: refused
SELECT public.reveal(1)

--- cast-through-domain
--: refused
SELECT given_name::tumor.percent FROM portal.patients

--- operator-with-schema
--: refused
SELECT count(*) FROM portal.patients WHERE given_name OPERATOR(pg_catalog.=) 'ZQORIGINALG1'

--- is-distinct-hidden
--: refused
SELECT count(*) FROM portal.patients WHERE given_name IS DISTINCT FROM 'ZQORIGINALG1'

--- between-symmetric-mrn
--: masked unordered
SELECT count(*) FROM portal.patients WHERE mrn BETWEEN SYMMETRIC 'ZQORIGINAL1' AND 'ZQORIGINAL2'

--- greatest-with-constant
--: masked unordered
SELECT greatest(mrn, 'k') FROM portal.patients

--- coalesce-reveals-null
--: masked or refused
SELECT count(coalesce(mrn, 'none')) FROM portal.patients

--- nullif-oracle
--: refused or same
SELECT count(nullif(mrn, '{{ZQORIGINAL7|nobody}}')) FROM portal.patients

--- case-simple-form
--: refused or same
SELECT sum(CASE mrn WHEN '{{ZQORIGINAL7|nobody}}' THEN 1 ELSE 0 END) FROM portal.patients

--- row-comparison-mixed
--: refused or same
SELECT count(*) FROM portal.patients WHERE (mrn, sex) = ('{{ZQORIGINAL7|nobody}}', 'male')

--- in-list-mixed-with-subquery
--: masked unordered
SELECT count(*) FROM portal.patients WHERE mrn IN (SELECT 'ZQORIGINAL' || g FROM generate_series(1, 90) g)

--- set-operation-as-comparison
--: masked unordered
SELECT mrn FROM portal.patients INTERSECT SELECT 'ZQORIGINAL' || g FROM generate_series(1, 90) g

--- except-as-comparison
--: refused or masked
SELECT count(*) FROM (SELECT mrn FROM portal.patients EXCEPT SELECT 'ZQORIGINAL7') x

--- union-distinct-as-comparison
--: refused or same
SELECT count(*) FROM (SELECT mrn FROM portal.patients UNION SELECT '{{ZQORIGINAL7|nobody}}') x

--- grouping-with-constant-by-union
--: refused or same
SELECT max(n) FROM (SELECT k, count(*) AS n FROM (SELECT mrn AS k FROM portal.patients UNION ALL SELECT '{{ZQORIGINAL7|nobody}}') u GROUP BY k) g

--- window-partition-with-constant
--: refused or same
SELECT max(n) FROM (SELECT count(*) OVER (PARTITION BY k) AS n FROM (SELECT mrn AS k FROM portal.patients UNION ALL SELECT '{{ZQORIGINAL7|nobody}}') u) g

--- noise-average-of-many
--: masked unordered
SELECT patient_no, count(*), avg(size_mm)::numeric(12,6) FROM tumor.tumour GROUP BY patient_no ORDER BY patient_no

--- day-of-birth-hidden
--: refused
SELECT month_of_birth, count(*) FROM omop.person GROUP BY 1

--- day-of-birth-by-star
--: masked unordered
SELECT * FROM omop.person ORDER BY person_id

--- year-column-revealing-ages
--: masked
SELECT min(year_of_birth) FROM omop.person

--- age-cap-by-order
--: masked
SELECT anchor_age, count(*) FROM mimiciv.patients GROUP BY anchor_age ORDER BY anchor_age DESC

--- index-definition-of-hidden
--: shape
SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = 'omop.note'::regclass

--- default-values-of-hidden
--: shape
SELECT column_name, column_default FROM information_schema.columns WHERE table_schema = 'omop' AND table_name = 'note'

--- hidden-columns-counted-in-catalog
--: same or refused or masked
SELECT count(*) FROM pg_attribute WHERE attrelid = 'omop.note'::regclass AND attname = '{{note_text|no_such}}'

--- hidden-column-has-privilege
--: refused or same
SELECT has_column_privilege('omop.note', '{{note_text|no_such}}', 'SELECT')

--- hidden-column-number-probed
--: same or refused
SELECT count(*) FROM pg_attribute WHERE attrelid = 'omop.note'::regclass AND attnum = {{6|99}}

--- hidden-column-col-description
--: same or refused
SELECT col_description('omop.note'::regclass, {{6|99}})

--- relfilenode-path
--: shape
SELECT pg_relation_filepath('omop.note')

--- column-size-of-hidden
--: refused
SELECT pg_column_size(n) FROM omop.note n LIMIT 1

--- notify-channel
--: refused
NOTIFY leak, 'x'

--- advisory-lock-by-original
--: refused
SELECT pg_advisory_lock(1) FROM portal.patients

--- cursor-where-current-of
--: refused
BEGIN
--;
UPDATE portal.patients SET mrn = 'x' WHERE CURRENT OF c

--- prepare-with-hidden
--: refused
--: simple
PREPARE p (text) AS SELECT count(*) FROM portal.patients WHERE given_name = $1

--- lock-table
--: refused
LOCK TABLE portal.patients

--- for-update
--: refused
SELECT id FROM portal.patients FOR UPDATE

--- tablesample-seed-by-hidden
--: refused
SELECT count(*) FROM portal.patients TABLESAMPLE BERNOULLI (50) REPEATABLE (1) WHERE given_name < 'ZQORIGINALG3'

--- collected-ids-beside-by-star
-- PostgreSQL has an array of originals beside the one that is shown.
--: masked unordered
SELECT * FROM (SELECT gender_concept_id, array_agg(person_id ORDER BY person_source_value) AS ids FROM omop.person GROUP BY 1) a, unnest(a.ids) AS u(id)

--- collected-ids-beside-by-row
--: refused
SELECT row_to_json(a) FROM (SELECT array_agg(person_id) AS ids FROM omop.person) a, unnest(a.ids) AS u(id)

--- collected-ids-beside-by-rows-text
--: refused
WITH a AS (SELECT array_agg(person_id) AS ids FROM omop.person) SELECT a::text FROM a JOIN omop.person p ON p.person_id = ANY (a.ids)

--- collected-ids-element-compared
--: refused
SELECT count(*) FROM (SELECT array_agg(person_id) AS ids FROM omop.person) a, generate_series(1, 5000) g WHERE g = ANY (a.ids)

--- collected-ids-element-bound
--: refused
SELECT count(*) FROM (SELECT array_agg(person_id) AS ids FROM omop.person) a JOIN omop.person p ON p.person_id > ANY (a.ids)

--- collected-ids-of-another-domain
--: refused
SELECT count(*) FROM (SELECT array_agg(person_id) AS ids FROM omop.person) a JOIN omop.visit_occurrence v ON v.visit_occurrence_id = ANY (a.ids)

--- collected-ids-places-of-the-sorted
--: refused
SELECT u.id, u.i FROM (SELECT array_agg(person_id ORDER BY person_id) AS ids FROM omop.person) a, unnest(a.ids) WITH ORDINALITY AS u(id, i)

--- collected-ids-places-of-the-distinct
-- PostgreSQL sorts for DISTINCT by the originals.
--: refused
SELECT array_position(a.ids, p.person_id) FROM (SELECT array_agg(DISTINCT person_id) AS ids FROM omop.person) a, omop.person p

--- collected-ids-first-of-the-distinct
--: shape
SELECT u.id FROM (SELECT array_agg(DISTINCT person_id) AS ids FROM omop.person) a, unnest(a.ids) AS u(id) LIMIT 1

--- collected-ids-numbered-of-the-distinct
--: shape
SELECT row_number() OVER () AS r, u.id FROM (SELECT array_agg(DISTINCT person_id) AS ids FROM omop.person) a, unnest(a.ids) AS u(id)

--- collected-ids-hashed
--: refused
SELECT hashtext(u.id) FROM (SELECT array_agg(person_id) AS ids FROM omop.person) a, unnest(a.ids) AS u(id)

--- collected-ids-in-a-range-error
--: refused
SELECT 1 / (array_position(a.ids, '5279') - 1) FROM (SELECT array_agg(person_id) AS ids FROM omop.person) a

--- collected-ids-subscript-compared
--: same
SELECT count(*) FROM (SELECT array_agg(person_id) AS ids FROM omop.person) a WHERE a.ids[1] = '{{5279|nobody}}'

--- collected-ids-concatenated
--: refused
SELECT count(*) FROM (SELECT array_agg(person_id) AS ids FROM omop.person) a WHERE a.ids || '5279'::text @> a.ids

--- collected-ids-in-a-view-as-text
--: refused
SELECT array_to_string(a.ids, ',') LIKE '%5279%' FROM (SELECT array_agg(person_id) AS ids FROM omop.person) a, unnest(a.ids) AS u(id)

--- enum-labels-of-a-masked-type
-- No column of this corpus masks an enum; a type that is not there is refused alike.
--: refused
SELECT enum_range(NULL::tumor.percent)

--- enum-labels-by-polymorphic-null
--: refused
SELECT enum_range(NULL::anyenum)

--- enum-labels-by-a-column
--: refused
SELECT DISTINCT enum_last(role) FROM portal.users

--- search-order-of-sealed
--: refused
WITH RECURSIVE r AS (SELECT visit_occurrence_id, preceding_visit_occurrence_id AS p FROM omop.visit_occurrence WHERE preceding_visit_occurrence_id IS NULL UNION ALL SELECT v.visit_occurrence_id, v.preceding_visit_occurrence_id FROM omop.visit_occurrence v JOIN r ON v.preceding_visit_occurrence_id = r.visit_occurrence_id) SEARCH DEPTH FIRST BY visit_occurrence_id SET o SELECT row_number() OVER (ORDER BY o) FROM r

--- cycle-path-of-sealed
--: refused
WITH RECURSIVE r AS (SELECT visit_occurrence_id FROM omop.visit_occurrence WHERE preceding_visit_occurrence_id IS NULL UNION ALL SELECT v.visit_occurrence_id FROM omop.visit_occurrence v JOIN r ON v.preceding_visit_occurrence_id = r.visit_occurrence_id) CYCLE visit_occurrence_id SET c USING path SELECT path::text FROM r

--- search-column-renamed
-- PostgreSQL gives the column of SEARCH no other name.
--: refused
WITH RECURSIVE r AS (SELECT id FROM portal.categories WHERE parent_id IS NULL UNION ALL SELECT c.id FROM portal.categories c JOIN r ON c.parent_id = r.id) SEARCH BREADTH FIRST BY id SET o SELECT x.z FROM r AS x(y, z)

--- view-column-of-hidden-through-retry
-- A view is analysed again where a column of it can be masked in SQL; what it hides stays so.
--: refused
SELECT v.* FROM tumor.v_survival v JOIN tumor.tumour t ON t.physician = v.patient_no

--- view-shifted-date-compared-with-original
--: masked
SELECT count(*) FROM tumor.v_first_tumour WHERE diagnosed_on = date '2012-01-20' + 41

--- values-of-ids-beside-numbers
-- A list of ids and of numbers that the consumer chose would compare them.
--: refused
SELECT count(DISTINCT x.id) FROM omop.person p, LATERAL (VALUES (p.person_id), ('5279'::text)) AS x(id)

--- values-of-ids-beside-series
--: masked unordered
SELECT x.id FROM omop.person p, generate_series(1, 3) g, LATERAL (VALUES (p.person_id), (g::text)) AS x(id)

--- values-of-ids-cast
--: refused
SELECT x.id::int FROM omop.person p, LATERAL (VALUES (p.person_id)) AS x(id)

--- values-of-ids-of-two-domains
--: refused
SELECT x.id FROM omop.visit_occurrence v, LATERAL (VALUES (v.person_id), (v.visit_occurrence_id)) AS x(id) WHERE x.id IS NOT NULL

--- rows-counted-beside-numbers
--: same
SELECT count(DISTINCT (person_id, {{5279|1}})) FROM omop.person

--- rows-counted-by-order
--: refused
SELECT count(DISTINCT (person_id, 1) ORDER BY (person_id, 1)) FROM omop.person

--- rows-collected
--: refused
SELECT array_agg(DISTINCT (person_id, 1)) FROM omop.person

--- collected-ids-element-of-the-distinct
--: refused
SELECT ids[1] FROM (SELECT array_agg(DISTINCT person_id) AS ids FROM omop.person) a

--- collected-ids-element-cast
--: refused
SELECT ids[1]::int FROM (SELECT array_agg(person_id ORDER BY year_of_birth, person_source_value) AS ids FROM omop.person) a

--- collected-ids-slice
--: refused
SELECT ids[1:2]::int[] FROM (SELECT array_agg(person_id ORDER BY year_of_birth, person_source_value) AS ids FROM omop.person) a

--- collected-ids-element-by-error
--: refused
SELECT ids[1 / (ids[1] = '5279')::int] FROM (SELECT array_agg(person_id ORDER BY year_of_birth, person_source_value) AS ids FROM omop.person) a WHERE ids[1] LIKE '5%'
