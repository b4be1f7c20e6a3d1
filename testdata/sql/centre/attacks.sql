-- What somebody sends who wants to learn an original: refused, or what the copy gives.

--- attack-cast-error
--: refused
SELECT uniquepid::int FROM eicu.patient

--- attack-cast-case-error
--: refused
SELECT CASE WHEN uniquepid LIKE '002%' THEN 1/0 END FROM eicu.patient

--- attack-cast-division
--: refused
SELECT 1 / (patientunitstayid - 148919) FROM eicu.patient

--- attack-to-number
--: refused
SELECT to_number(uniquepid, '999') FROM eicu.patient

--- attack-domain-check
--: refused or masked
SELECT email::app.mail FROM app."Patient" WHERE weight > 100

--- attack-domain-check-id
--: refused
SELECT uniquepid::text::app.mail FROM eicu.patient

--- attack-domain-percent
--: refused
SELECT patientunitstayid::app.percent FROM eicu.patient

--- attack-enum-cast
--: refused
SELECT patid::app."Status" FROM scdm.demographic

--- attack-range-of-ids
--: refused
SELECT int4range(min(patientunitstayid), max(patientunitstayid)) FROM eicu.patient

--- attack-generate-series
--: refused
SELECT generate_series(1, patientunitstayid) FROM eicu.patient LIMIT 3

--- attack-array-index
--: refused
SELECT (ARRAY[10, 20, 30])[patientunitstayid % 3] FROM eicu.patient

--- attack-limit-expression
--: refused
SELECT gender FROM eicu.patient LIMIT (SELECT patientunitstayid FROM eicu.patient LIMIT 1)

--- attack-offset-expression
--: refused or shape
SELECT gender FROM eicu.patient OFFSET (SELECT hospitalid FROM eicu.patient LIMIT 1) LIMIT 1

--- attack-tablesample-argument
--: refused
SELECT count(*) FROM eicu.lab TABLESAMPLE BERNOULLI ((SELECT labid FROM eicu.lab LIMIT 1))

--- attack-tablesample-repeat
--: refused
SELECT count(*) FROM eicu.lab TABLESAMPLE SYSTEM (10) REPEATABLE ((SELECT labid FROM eicu.lab LIMIT 1))

--- attack-width-bucket
--: refused
SELECT width_bucket(patientunitstayid, 0, 1000000, 100) FROM eicu.patient

--- attack-ntile
--: refused or masked
SELECT patientunitstayid, ntile(4) OVER (ORDER BY patientunitstayid) FROM eicu.patient WHERE false

--- attack-rank-order
--: refused
SELECT rank() OVER (ORDER BY patientunitstayid::bigint) FROM eicu.patient

--- attack-range-frame
--: refused
SELECT count(*) OVER (ORDER BY patientunitstayid RANGE BETWEEN 5 PRECEDING AND CURRENT ROW) FROM eicu.patient

--- attack-frame-offset
--: refused or shape
SELECT sum(1) OVER (ORDER BY gender ROWS (SELECT hospitalid FROM eicu.patient LIMIT 1) PRECEDING) FROM eicu.patient

--- attack-percentile-fraction
--: refused
SELECT percentile_cont((SELECT patientunitstayid / 1000000.0 FROM eicu.patient LIMIT 1)) WITHIN GROUP (ORDER BY labresult) FROM eicu.lab

--- attack-percentile-id
--: refused
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY patientunitstayid) FROM eicu.patient

--- attack-mode-id
--: refused or masked
SELECT mode() WITHIN GROUP (ORDER BY uniquepid) FROM eicu.patient WHERE false

--- attack-grouping-sets-order
--: masked
SELECT count(*) FROM (SELECT uniquepid, gender, count(*) FROM eicu.patient GROUP BY GROUPING SETS ((uniquepid), (gender), ())) x

--- attack-grouping-null
--: masked
SELECT uniquepid, gender, count(*), grouping(uniquepid) FROM eicu.patient GROUP BY GROUPING SETS ((uniquepid), (gender), ())

--- attack-lateral-values
--: refused
SELECT v.x FROM eicu.patient p, LATERAL (VALUES (p.patientunitstayid + 1)) v(x)

--- attack-lateral-function
--: refused
SELECT s FROM eicu.patient p, LATERAL regexp_split_to_table(p.uniquepid, '') s

--- attack-rows-from
--: refused
SELECT * FROM eicu.patient p, LATERAL ROWS FROM (generate_series(1, p.wardid), unnest(ARRAY[p.uniquepid || '', lower(p.uniquepid)])) WITH ORDINALITY LIMIT 5

--- attack-recursive-count
--: refused
WITH RECURSIVE r AS (SELECT min(patientunitstayid::bigint) AS n FROM eicu.patient UNION ALL SELECT n - 1 FROM r WHERE n > 0) SELECT count(*) FROM r

--- attack-recursive-union-int
--: refused
WITH RECURSIVE r AS (SELECT patientunitstayid AS n FROM eicu.patient UNION SELECT 148919) SELECT * FROM r

--- attack-recursive-search
--: refused or masked
WITH RECURSIVE r AS (SELECT encounterid, patid FROM scdm.encounter WHERE drg = '001' UNION ALL SELECT e.encounterid, e.patid FROM scdm.encounter e JOIN r ON r.patid = e.patid AND e.drg = '002') SEARCH DEPTH FIRST BY encounterid SET o SELECT o FROM r

--- attack-recursive-cycle
--: refused or masked
WITH RECURSIVE r AS (SELECT encounterid, patid FROM scdm.encounter WHERE drg = '001' UNION ALL SELECT e.encounterid, e.patid FROM scdm.encounter e JOIN r ON r.patid = e.patid) CYCLE encounterid SET c USING p SELECT p FROM r

--- attack-system-ctid
--: refused
SELECT ctid, gender FROM eicu.patient

--- attack-system-tableoid
--: refused
SELECT DISTINCT tableoid::regclass FROM eicu.vitalperiodic

--- attack-system-xmin
--: refused
SELECT xmin, age(xmin) FROM app."Patient"

--- attack-ctid-join
--: refused
SELECT count(*) FROM eicu.patient WHERE ctid = '(0,1)'

--- attack-partition-bound
--: masked or shape
SELECT count(pg_get_expr(relpartbound, oid)) FROM pg_class WHERE relname LIKE 'vitalperiodic_low'

--- attack-partition-constraint
--: refused or shape
SELECT pg_get_partition_constraintdef('eicu.vitalperiodic_low'::regclass)

--- attack-partition-stay-count
--: masked
SELECT count(DISTINCT patientunitstayid) FROM eicu.vitalperiodic_low

--- attack-satisfies-hash
--: refused
SELECT satisfies_hash_partition('eicu.vitalperiodic'::regclass, 4, 0, patientunitstayid) FROM eicu.patient

--- attack-hashint
--: refused
SELECT hashint4(patientunitstayid) FROM eicu.patient

--- attack-stats
--: refused or shape
SELECT attname, n_distinct, most_common_vals FROM pg_stats WHERE schemaname = 'eicu'

--- attack-stats-ext
--: refused or shape
SELECT * FROM pg_stats_ext

--- attack-statistic
--: refused
SELECT stavalues1 FROM pg_statistic

--- attack-reltuples
--: shape
SELECT relname, reltuples, relpages FROM pg_class WHERE relname = 'patient'

--- attack-explain-literal
--: refused
EXPLAIN SELECT * FROM eicu.patient WHERE patientunitstayid = 148919

--- attack-explain-analyze
--: refused
EXPLAIN (ANALYZE, BUFFERS) SELECT * FROM eicu.patient

--- attack-explain-execute
--: refused
PREPARE q AS SELECT uniquepid FROM eicu.patient
--;
EXPLAIN (ANALYZE) EXECUTE q

--- attack-lo-import
--: refused
SELECT lo_import('/etc/passwd')

--- attack-lo-from-bytea
--: refused
SELECT lo_from_bytea(0, convert_to(uniquepid, 'UTF8')) FROM eicu.patient

--- attack-lo-get
--: refused
SELECT lo_get(16400)

--- attack-copy-program
--: refused
COPY eicu.patient TO PROGRAM 'cat'

--- attack-copy-file
--: refused
COPY eicu.patient TO '/tmp/x'

--- attack-copy-hidden
--: refused
COPY app."Patient" (name) TO STDOUT

--- attack-copy-all
--: masked unordered copy
COPY app."Patient" TO STDOUT

--- attack-copy-from
--: refused
COPY app.ward FROM STDIN

--- attack-listen
--: refused
LISTEN x

--- attack-notify-value
--: refused
SELECT pg_notify('x', uniquepid) FROM eicu.patient

--- attack-do
--: refused
DO $$ BEGIN RAISE NOTICE '%', (SELECT name FROM app."Patient" LIMIT 1); END $$

--- attack-definer
--: refused
SELECT app.who("patientId"::uuid) FROM app."Patient"

--- attack-definer-constant
--: refused
SELECT * FROM app.who('00000000-0000-0000-0000-000000000000')

--- attack-guc-set
--: refused
SELECT set_config('application_name', uniquepid, false) FROM eicu.patient

--- attack-guc-custom
--: refused
SET veil.key = 'x'

--- attack-guc-read
--: refused or masked
SELECT current_setting('veil.key', true)

--- attack-guc-debug
--: refused
SET debug_print_plan = on

--- attack-guc-log
--: refused
SET log_min_duration_statement = 0

--- attack-guc-dynamic
--: refused or masked
SELECT current_setting(left(unittype, 4), true) FROM eicu.patient

--- attack-set-role
--: refused
SET ROLE postgres

--- attack-set-session
--: refused
SET SESSION AUTHORIZATION postgres

--- attack-foreign
--: refused
CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw

--- attack-temp-table
--: refused
CREATE TEMP TABLE x AS SELECT * FROM app."Patient"

--- attack-select-into
--: refused
SELECT * INTO x FROM app."Patient"

--- attack-cte-delete
--: refused
WITH d AS (DELETE FROM app.ward RETURNING *) SELECT * FROM d

--- attack-returning
--: refused
UPDATE app."Patient" SET active = active RETURNING name

--- attack-insert-returning
--: refused
INSERT INTO app.ward SELECT uniquepid FROM eicu.patient RETURNING *

--- attack-merge
--: refused
MERGE INTO app.ward w USING eicu.patient p ON w.code = p.uniquepid WHEN MATCHED THEN UPDATE SET label = p.uniquepid

--- attack-for-update
--: refused
SELECT uniquepid FROM eicu.patient FOR UPDATE SKIP LOCKED

--- attack-whole-row-text
--: refused or masked
SELECT p::text FROM app."Patient" p WHERE weight > 108

--- attack-whole-row-json
--: refused or masked
SELECT to_jsonb(p) FROM app."Patient" p WHERE weight > 108

--- attack-whole-row-compare
--: refused
SELECT count(*) FROM app."Patient" a, app."Patient" b WHERE a < b

--- attack-whole-row-null
--: refused or masked
SELECT count(*) FROM app."Patient" p WHERE p IS NOT NULL

--- attack-whole-row-field
--: refused
SELECT (p).name FROM app."Patient" p

--- attack-whole-row-order
--: refused
SELECT p.weight FROM app."Patient" p ORDER BY p

--- attack-composite-field
--: masked
SELECT (address).street FROM app."Patient"

--- attack-composite-text
--: refused or masked
SELECT address::text FROM app."Patient" WHERE weight > 108

--- attack-composite-compare
--: refused or masked
SELECT count(*) FROM app."Patient" WHERE address > ROW('ZQORIGINALSTREET 5', 'A', '1')::app.addr

--- attack-composite-street
--: refused or masked
SELECT count(*) FROM app."Patient" WHERE (address).street LIKE 'ZQ%'

--- attack-generated-hidden
--: refused
SELECT initials FROM app."Patient"

--- attack-hidden-where
--: refused
SELECT count(*) FROM app."Patient" WHERE name > 'M'

--- attack-hidden-order
--: refused
SELECT weight FROM app."Patient" ORDER BY name

--- attack-hidden-using
--: refused
SELECT count(*) FROM app."Patient" a JOIN app."Patient" b USING (name)

--- attack-hidden-natural
--: masked
SELECT count(*) FROM app."Patient" a NATURAL JOIN (SELECT "patientId", active FROM app."Patient") b

--- attack-hidden-position
--: refused
SELECT weight FROM app."Patient" p("a", "b", "c") WHERE "b" IS NOT NULL AND name IS NOT NULL

--- attack-hidden-child
--: refused
SELECT note_text FROM app.event_note

--- attack-seal-concat-order
-- By the keyed order, as ids are.
--: shape
SELECT 'x' || uniquepid AS u FROM eicu.patient ORDER BY 'x' || uniquepid

--- attack-seal-like
--: refused
SELECT count(*) FROM eicu.patient WHERE uniquepid LIKE '002-%'

--- attack-seal-regexp
--: refused
SELECT count(*) FROM eicu.patient WHERE uniquepid ~ '^(0+)+2'

--- attack-seal-regexp-cost
--: refused
SELECT count(*) FROM eicu.patient WHERE uniquepid ~ '^((a+)+)+$' OR repeat(uniquepid, 10000) ~ 'x'

--- attack-seal-length
--: refused or masked
SELECT DISTINCT length(uniquepid) FROM eicu.patient

--- attack-seal-original
--: masked
SELECT count(*) FROM eicu.patient WHERE uniquepid = '002-07919'

--- attack-seal-original-number
--: masked or refused
SELECT count(*) FROM eicu.patient WHERE patientunitstayid = '148919'

--- attack-seal-original-int
--: refused or same
SELECT count(*) FROM eicu.patient WHERE patientunitstayid = {{148919|148920}}

--- attack-seal-between
--: refused or same
SELECT count(*) FROM eicu.patient WHERE patientunitstayid BETWEEN '{{148919|1}}' AND '{{148919|2}}'

--- attack-seal-param-int
--: refused or same
--: param {{148919|148920}}
SELECT count(*) FROM eicu.patient WHERE patientunitstayid = $1::int

--- attack-seal-param-double-use
--: refused or masked
--: param {{cell SELECT patientunitstayid FROM eicu.patient ORDER BY unitdischargeoffset LIMIT 1}}
SELECT count(*), $1::text, length($1::text) FROM eicu.patient WHERE patientunitstayid = $1

--- attack-seal-open-echo
--: refused
--: param {{cell SELECT patientunitstayid FROM eicu.patient ORDER BY unitdischargeoffset LIMIT 1}}
SELECT CASE WHEN patientunitstayid = $1 THEN 'id ' || $1 END FROM eicu.patient

--- attack-seal-other-domain
--: refused
SELECT count(*) FROM eicu.patient p JOIN eicu.lab l ON l.labid = p.patientunitstayid

--- attack-seal-to-row-number
--: refused
SELECT count(*) FROM eicu.patient p JOIN generate_series(1, 200000) g ON g = p.patientunitstayid

--- attack-seal-in-values
--: refused
SELECT count(*) FROM eicu.patient WHERE patientunitstayid IN (SELECT g FROM generate_series(148000, 149000) g)

--- attack-seal-coalesce-default
--: refused or masked
SELECT coalesce(patientunitstayid, '5') FROM eicu.patient WHERE unittype = 'MICU'

--- attack-seal-nullif
--: refused or masked
SELECT nullif(patientunitstayid, '148919') FROM eicu.patient WHERE unittype = 'MICU'

--- attack-seal-greatest
--: refused
SELECT greatest(patientunitstayid, '5') FROM eicu.patient

--- attack-seal-array-compare
--: refused
SELECT array_agg(patientunitstayid) < ARRAY['5'] FROM eicu.patient

--- attack-seal-array-sort
--: refused
SELECT x FROM (SELECT array_agg(patientunitstayid) AS x FROM eicu.patient GROUP BY uniquepid) y ORDER BY x

--- attack-seal-array-slice-compare
--: refused or same
SELECT count(*) FROM (SELECT (array_agg(patientunitstayid))[1] AS x FROM eicu.patient GROUP BY uniquepid) y WHERE x > '{{148919|5}}'::int::text

--- attack-seal-array-contains
--: refused
SELECT count(*) FROM (SELECT array_agg(patientunitstayid) AS x FROM eicu.patient GROUP BY uniquepid) y WHERE x @> ARRAY[148919]

--- attack-unnest-compare
--: refused or shape
SELECT count(*) FROM (SELECT array_agg(patientunitstayid) AS x FROM eicu.patient GROUP BY uniquepid) y, unnest(y.x) u WHERE u::text < 'm'

--- attack-unnest-arith
--: refused
SELECT u + 1 FROM (SELECT array_agg(patientunitstayid) AS x FROM eicu.patient GROUP BY uniquepid) y, unnest(y.x) u

--- attack-array-position-original
--: refused or masked
SELECT array_position(array_agg(patientunitstayid::text ORDER BY unitvisitnumber), '148919') FROM eicu.patient GROUP BY uniquepid HAVING count(*) > 5

--- attack-made-like
--: refused
SELECT count(*) FROM (SELECT 'P' || uniquepid AS k FROM eicu.patient) x WHERE k LIKE 'P002%'

--- attack-made-is-null-case
--: refused or same
SELECT count(*) FROM (SELECT CASE WHEN uniquepid < '{{005|006}}' THEN uniquepid || 'x' END AS k FROM eicu.patient) x WHERE k IS NULL

--- attack-made-nullif
--: refused or masked
SELECT count(*) FROM (SELECT nullif('P' || uniquepid, 'P002-07919') AS k FROM eicu.patient) x WHERE k IS NULL

--- attack-pseudonym-int-arith
--: masked
SELECT count(*) FROM eicu.hospital WHERE hospitalid % 2 = 0

--- attack-pseudonym-int-original
--: masked
SELECT count(*) FROM eicu.hospital WHERE hospitalid IN (57, 64, 71)

--- attack-same-shape-length
--: refused or masked
SELECT DISTINCT length(providerid) FROM scdm.diagnosis

--- attack-same-shape-original
--: refused or masked
SELECT count(*) FROM scdm.diagnosis WHERE providerid = 'NPI1005'

--- attack-same-shape-order
--: masked
SELECT doctor, n FROM (SELECT "doctorId" AS doctor, count(*) AS n FROM app."Appointment" WHERE room = 1 GROUP BY "doctorId") x

--- attack-jsonpath-variable
--: refused
SELECT jsonb_path_query_first('{"a": 1}', '$.a ? (@ < $x)', jsonb_build_object('x', patientunitstayid)) FROM eicu.patient

--- attack-jsonb-made-member
--: refused
SELECT jsonb_build_object('x', uniquepid) ->> 'x' FROM eicu.patient

--- attack-jsonb-made-compare
--: refused
SELECT count(*) FROM eicu.patient WHERE to_jsonb(uniquepid) > '"002-5"'::jsonb

--- attack-json-populate
--: refused
SELECT (jsonb_populate_record(NULL::eicu.patient, jsonb_build_object('patientunitstayid', patientunitstayid))).uniquepid FROM eicu.patient

--- attack-xml
--: refused
SELECT xmlforest(uniquepid, patientunitstayid + 1) FROM eicu.patient

--- attack-query-to-xml
--: refused
SELECT query_to_xml('SELECT name FROM app."Patient"', true, true, '')

--- attack-table-to-xml
--: refused
SELECT table_to_xml('app."Patient"', true, true, '')

--- attack-cursor-to-xml
--: refused
SELECT cursor_to_xml('c', 1, true, true, '')

--- attack-ts-stat
--: refused
SELECT * FROM ts_stat('SELECT to_tsvector(name) FROM app."Patient"')

--- attack-ts-rewrite
--: refused
SELECT ts_rewrite('a'::tsquery, 'SELECT name::tsquery, ''b''::tsquery FROM app."Patient"')

--- attack-dblink
--: refused
SELECT * FROM dblink('dbname=centre', 'SELECT name FROM app."Patient"') AS x (n text)

--- attack-read-file
--: refused
SELECT pg_read_file('postgresql.conf')

--- attack-sleep
--: refused
SELECT CASE WHEN sex = 'F' THEN pg_sleep(1) END FROM scdm.demographic

--- attack-advisory
--: refused
SELECT pg_advisory_lock(patientunitstayid) FROM eicu.patient

--- attack-nextval
--: refused
SELECT nextval('app.s')

--- attack-random-order
--: masked
SELECT count(*) FROM (SELECT uniquepid FROM eicu.patient ORDER BY random()) x

--- attack-shift-zone
--: masked
SET timezone = 'XXX-14'
--;
SELECT count(*) FROM app."Appointment" WHERE "startsAt" < '2022-06-01 00:00+00'

--- attack-shift-zone-far
--: refused
SET timezone = 'XXX-86'

--- attack-shift-original-difference
--: refused or masked
SELECT count(*) FROM app.event e JOIN scdm.encounter s ON e.at > s.adate WHERE e.seq < 20

--- attack-year-of-shift
--: masked
SELECT min(adate), max(adate) FROM scdm.encounter

--- attack-partition-date-one
--: masked
SELECT min(rxdate), max(rxdate), count(*) FROM scdm.dispensing_2021

--- attack-partition-date-count
--: masked
SELECT count(*) FROM scdm.dispensing_2021 WHERE rxdate < '2021-01-01' OR rxdate >= '2022-01-01'

--- attack-age-number-error
--: masked
SELECT count(*) FROM eicu.patient WHERE CASE WHEN age ~ '^\d+$' THEN age::int > 88 ELSE true END

--- attack-regclass
--: refused or shape
SELECT 'pg_authid'::regclass

--- attack-regproc-definer
--: refused or shape
SELECT to_regprocedure('app.who(uuid)'), pg_get_functiondef(to_regprocedure('app.who(uuid)'))

--- attack-prosrc
--: refused or shape
SELECT proname, prosrc FROM pg_proc WHERE proname = 'who'

--- attack-viewdef
--: shape
SELECT pg_get_viewdef('eicu.v_icustay'::regclass)

--- attack-check-constraint
--: refused or shape
SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'c'

--- attack-default-expression
--: shape
SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef

--- attack-class-name-regexp-cost
--: shape
SELECT count(*) AS n FROM pg_class WHERE relname ~ '^((((a?){30}){30})x|zq_nothing)$'

--- attack-activity
--: refused or shape
SELECT query FROM pg_stat_activity WHERE query IS NOT NULL

--- attack-prepared-statements
--: refused or empty or shape
SELECT statement FROM pg_prepared_statements

--- attack-cursors
--: refused or empty or shape
SELECT statement FROM pg_cursors

--- attack-vars
--: refused
SELECT :'x'

--- attack-multi-second
--: simple
--: refused
SELECT 1; SELECT name FROM app."Patient"

--- attack-union-null-order
--: refused or masked
SELECT count(*) FROM (SELECT patientunitstayid FROM eicu.patient UNION SELECT NULL ORDER BY 1 LIMIT 5) x

--- attack-case-when-order
--: refused or same
SELECT CASE WHEN patientunitstayid > '{{148919|5}}' THEN gender END FROM eicu.patient

--- attack-ordered-set-hypothetical
--: refused
SELECT rank('148919') WITHIN GROUP (ORDER BY patientunitstayid) FROM eicu.patient

--- attack-string-agg-order
--: refused
SELECT string_agg(gender, '' ORDER BY patientunitstayid::bigint) FROM eicu.patient

--- attack-is-document
--: refused
SELECT uniquepid IS DOCUMENT FROM eicu.patient

--- attack-normalize
--: refused
SELECT uniquepid IS NFC NORMALIZED FROM eicu.patient

--- attack-overlay
--: refused
SELECT overlay(uniquepid placing 'x' from 1) < 'y' FROM eicu.patient

--- attack-collation-for
--: refused or masked
SELECT collation for (uniquepid) FROM eicu.patient LIMIT 1

--- attack-pg-typeof
--: refused or masked
SELECT DISTINCT pg_typeof(uniquepid) FROM eicu.patient

--- attack-pg-column-size
--: refused
SELECT pg_column_size(uniquepid) FROM eicu.patient

--- attack-pg-column-size-kept
--: refused
SELECT pg_column_size(p) FROM app."Patient" p

--- attack-relation-size
--: refused or shape
SELECT pg_relation_size('app."Patient"')

--- attack-txid
--: refused
SELECT txid_current()

--- attack-num-nulls
--: refused or masked
SELECT num_nulls(uniquepid, patientunitstayid) FROM eicu.patient WHERE unittype = 'MICU'
