-- Forms that are seldom used: search paths, prepared statements, cursors, locks, settings, plans, COPY.

--- deep-path-shadow-function
--: refused or masked
SET search_path = clinic, pg_catalog
--;
SELECT lower(last_name) FROM patients LIMIT 1

--- deep-path-shadow-table
--: no canary
SET search_path = vault, clinic
--;
SELECT * FROM secrets

--- deep-path-temp-first
--: no canary
SET search_path = pg_temp, clinic
--;
SELECT count(*) FROM pg_temp.patients

--- deep-temp-table
--: refused
CREATE TEMP TABLE t AS SELECT * FROM clinic.patients

--- deep-temp-view
--: refused
CREATE TEMP VIEW v AS SELECT ssn FROM clinic.patients

--- deep-temp-sequence
--: refused
CREATE TEMP SEQUENCE s

--- deep-prepare-then-path
--: no canary
PREPARE a AS SELECT id FROM patients LIMIT 1
--;
SET search_path = vault
--;
EXECUTE a

--- deep-prepare-original
--: refused or masked
PREPARE a (text) AS SELECT count(*) FROM clinic.patients WHERE id = $1
--;
EXECUTE a ('770000017')

--- deep-prepare-as-number
--: no canary
PREPARE a (bigint) AS SELECT count(*) FROM clinic.patients WHERE id = $1
--;
EXECUTE a (770000017)

--- deep-prepare-arithmetic
--: no canary
PREPARE a (int) AS SELECT 1 / ($1 - height_cm) FROM clinic.patients
--;
EXECUTE a (150)

--- deep-prepare-of-ddl
--: refused
PREPARE a AS UPDATE clinic.patients SET ssn = ssn RETURNING ssn

--- deep-cursor-move-count
--: refused or masked
BEGIN
--;
DECLARE c SCROLL CURSOR FOR SELECT sex FROM clinic.patients WHERE id = '770000017'
--;
FETCH ALL c

--- deep-cursor-hold-then-setting
--: no canary
BEGIN
--;
DECLARE c CURSOR WITH HOLD FOR SELECT last_name FROM clinic.patients
--;
COMMIT
--;
SET timezone = 'Asia/Tokyo'
--;
FETCH 2 FROM c

--- deep-cursor-where-current
--: refused
BEGIN
--;
DECLARE c CURSOR FOR SELECT id FROM clinic.patients
--;
UPDATE clinic.patients SET ssn = NULL WHERE CURRENT OF c

--- deep-cursor-insensitive-update
--: refused
BEGIN
--;
DECLARE c CURSOR FOR SELECT ssn FROM clinic.patients FOR UPDATE

--- deep-listen
--: refused
LISTEN x

--- deep-notify-with-value
--: refused
NOTIFY x, 'a'

--- deep-pg-notify
--: refused
SELECT pg_notify('x', ssn::text) FROM clinic.patients

--- deep-advisory-by-id
--: refused
SELECT pg_advisory_lock(id) FROM clinic.patients

--- deep-advisory-try
--: refused
SELECT pg_try_advisory_lock(770000017)

--- deep-row-lock
--: refused
SELECT sex FROM clinic.patients WHERE id = '{{seal Patient/770000017}}' FOR KEY SHARE

--- deep-row-lock-nowait
--: refused
SELECT sex FROM clinic.patients FOR NO KEY UPDATE SKIP LOCKED

--- deep-lock-table
--: refused
LOCK TABLE clinic.patients IN ACCESS SHARE MODE

--- deep-sequence-last
--: refused
SELECT last_value FROM vault.next_patient

--- deep-sequence-nextval
--: refused
SELECT nextval('vault.next_patient')

--- deep-sequence-parameters
--: refused
SELECT * FROM pg_sequence_parameters('vault.next_patient'::regclass)

--- deep-currval-by-name
--: no canary
SELECT pg_get_serial_sequence('clinic.patients', 'id')

--- deep-setting-custom
--: refused
SET veil.x = '1'

--- deep-setting-custom-read
--: refused
SELECT current_setting('veilkey.k')

--- deep-setting-computed
--: no canary
SELECT current_setting(c) FROM (VALUES ('veilkey.k1'), ('VEILKEY.K')) v (c)

--- deep-setting-temp-files
--: refused
SET temp_file_limit = '64kB'

--- deep-setting-preload
--: refused
SET session_preload_libraries = 'auto_explain'

--- deep-setting-debug
--: refused
SET debug_print_plan = on

--- deep-setting-log
--: refused
SET log_statement = 'all'

--- deep-setting-role
--: refused
SET ROLE postgres

--- deep-setting-row-security
--: refused
SET row_security = off

--- deep-setting-session-replication
--: refused
SET session_replication_role = replica

--- deep-setting-regex-guess
--: no canary
SELECT count(*) FROM pg_settings WHERE setting ~ '^(.*)(.*)\1$'

--- deep-setting-error-oracle
--: no canary
SELECT name FROM pg_settings WHERE length(setting) > 100

--- deep-explain-rows
--: refused
EXPLAIN SELECT * FROM clinic.patients WHERE last_name = 'CANARYNAME0017'

--- deep-explain-analyze
--: refused
EXPLAIN (ANALYZE, FORMAT JSON) SELECT ssn FROM clinic.patients

--- deep-explain-execute
--: refused
PREPARE a AS SELECT 1 FROM clinic.patients
--;
EXPLAIN EXECUTE a

--- deep-copy-program
--: refused
COPY (SELECT ssn FROM clinic.patients) TO PROGRAM 'cat'

--- deep-copy-file
--: refused
COPY clinic.patients TO '/tmp/x'

--- deep-copy-force-quote
--: no canary
COPY (SELECT id, ssn FROM clinic.patients LIMIT 3) TO STDOUT (FORMAT csv, HEADER, FORCE_QUOTE *)

--- deep-copy-encoding
--: no canary
COPY (SELECT last_name FROM clinic.patients LIMIT 3) TO STDOUT (ENCODING 'LATIN1')

--- deep-xact-id
--: refused
SELECT xmin FROM clinic.patients

--- deep-ctid-place
--: refused
SELECT ctid FROM clinic.patients

--- deep-snapshot-export
--: refused
SELECT pg_export_snapshot()

--- deep-txid
--: no canary
SELECT txid_current_if_assigned()
