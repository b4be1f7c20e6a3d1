--- insert
--: refused 25006
INSERT INTO clinic.dictionary VALUES ('x', 1)

--- insert-select-into-a-clear-table
-- What is stored in a clear table would come out clear.
--: refused 25006
INSERT INTO clinic.lookalike SELECT ssn, last_name, 1 FROM clinic.patients

--- update
--: refused 25006
UPDATE clinic.lookalike SET name = 'x'

--- update-returning
--: refused 25006
UPDATE clinic.patients SET zip = zip WHERE id = -1 RETURNING ssn

--- delete
--: refused 25006
DELETE FROM clinic.dictionary

--- delete-using-returning
--: refused 25006
DELETE FROM clinic.dictionary USING clinic.patients p RETURNING p.ssn

--- merge
--: refused 25006
MERGE INTO clinic.dictionary d USING clinic.patients p ON d.word = p.last_name WHEN NOT MATCHED THEN INSERT VALUES (p.last_name, 1)

--- truncate
--: refused 25006
TRUNCATE clinic.dictionary

--- modifying-cte
--: refused 25006
WITH x AS (DELETE FROM clinic.dictionary RETURNING word) SELECT * FROM x

--- modifying-cte-nested
--: refused 25006
SELECT * FROM (WITH x AS (INSERT INTO clinic.dictionary SELECT last_name, 1 FROM clinic.patients RETURNING word) SELECT word FROM x) y

--- select-into
--: refused 25006
SELECT last_name INTO clinic.stolen FROM clinic.patients

--- select-into-temp
--: refused 25006
SELECT last_name INTO TEMP stolen FROM clinic.patients

--- create-table-as
--: refused 25006
CREATE TABLE clinic.stolen AS SELECT * FROM clinic.patients

--- create-temp-table-as-execute
--: refused 25006
PREPARE p AS SELECT 1
--;
CREATE TEMP TABLE stolen AS EXECUTE p

--- create-view
--: refused 25006
CREATE VIEW clinic.spy AS SELECT * FROM clinic.patients

--- create-temp-view
--: refused 25006
CREATE TEMP VIEW spy AS SELECT last_name || '' AS n FROM clinic.patients

--- create-materialised-view
--: refused 25006
CREATE MATERIALIZED VIEW clinic.spy AS SELECT ssn FROM clinic.patients

--- refresh-materialised-view
--: refused 25006
REFRESH MATERIALIZED VIEW clinic.mv_patient_names

--- create-function
--: refused 25006
CREATE FUNCTION clinic.leak() RETURNS text LANGUAGE sql AS 'SELECT string_agg(ssn, '','') FROM clinic.patients'

--- create-function-pg-temp
--: refused 25006
CREATE FUNCTION pg_temp.leak(text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS 'BEGIN RAISE NOTICE ''%'', $1; RETURN true; END'

--- create-operator-aggregate-cast
--: refused 25006
CREATE CAST (clinic.sex_t AS integer) WITH INOUT

--- create-rule
--: refused 25006
CREATE RULE r AS ON SELECT TO clinic.dictionary DO INSTEAD SELECT last_name, 1 FROM clinic.patients

--- create-trigger
--: refused 25006
CREATE TRIGGER t AFTER INSERT ON clinic.dictionary EXECUTE FUNCTION suppress_redundant_updates_trigger()

--- create-index
--: refused 25006
CREATE INDEX ON clinic.patients (upper(last_name))

--- create-extension
--: refused 25006
CREATE EXTENSION dblink

--- create-statistics
--: refused 25006
CREATE STATISTICS spy (mcv) ON ssn, sex FROM clinic.patients

--- alter-table
--: refused 25006
ALTER TABLE clinic.patients RENAME COLUMN last_name TO height

--- alter-table-validate
-- The error of a constraint names the row.
--: refused 25006
ALTER TABLE clinic.patients ADD CHECK (last_name < 'CANARYNAME0100')

--- alter-role-system-database
--: refused
ALTER SYSTEM SET log_statement = 'all'

--- alter-default
--: refused
ALTER ROLE veil_reader SET search_path = vault

--- drop
--: refused 25006
DROP TABLE IF EXISTS clinic.dictionary

--- comment-on
-- A comment as a store that introspection reads.
--: refused 25006
COMMENT ON TABLE clinic.departments IS 'x'

--- security-label
--: refused
SECURITY LABEL ON TABLE clinic.departments IS 'x'

--- grant
--: refused
GRANT ALL ON clinic.patients TO PUBLIC

--- create-role
--: refused
CREATE ROLE spy SUPERUSER LOGIN PASSWORD 'x'

--- do-block
--: refused
DO $$ DECLARE n text; BEGIN SELECT last_name INTO n FROM clinic.patients LIMIT 1; RAISE NOTICE '%', n; END $$

--- do-block-error
-- RAISE EXCEPTION carries the value in an error.
--: refused
DO $$ BEGIN RAISE EXCEPTION '%', (SELECT ssn FROM clinic.patients LIMIT 1); END $$

--- call
--: refused
CALL clinic.touch()

--- set-role
--: refused
SET ROLE veil_owner

--- set-session-authorization
--: refused
SET SESSION AUTHORIZATION veil_owner

--- set-local-role-in-transaction
--: refused
BEGIN
--;
SET LOCAL ROLE pg_read_all_data

--- reset-role
--: refused or no canary
RESET ROLE

--- set-read-write
--: refused
SET default_transaction_read_only = off

--- set-transaction-read-write
--: refused
BEGIN
--;
SET TRANSACTION READ WRITE

--- begin-read-write
--: refused
BEGIN READ WRITE
--;
INSERT INTO clinic.dictionary VALUES ('x', 1)

--- set-session-characteristics
--: refused
SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE

--- set-row-security
--: refused
SET row_security = off

--- set-log-statement
--: refused
SET log_statement = 'all'

--- set-client-min-messages-debug
-- Debug messages hold query trees.
--: refused or no canary
SET client_min_messages = debug5
--;
SELECT last_name FROM clinic.patients WHERE height_cm > 150

--- set-debug-print-plan
--: refused
SET debug_print_plan = on

--- set-track-activities
--: refused
SET track_activities = on

--- set-statement-timeout-off
-- The consumer's limit is the policy's.
--: refused or no canary
SET statement_timeout = 0

--- set-work-mem
--: refused or no canary
SET work_mem = '4GB'

--- set-custom-parameter
-- A parameter of one's own keeps a value.
--: refused
SET clinic.store = 'x'

--- set-from-current
--: refused
SET search_path FROM CURRENT

--- show-data-directory
--: refused
SHOW data_directory

--- show-all
-- SHOW ALL lists the operator's settings.
--: refused or no canary
SHOW ALL

--- show-custom
--: refused
SHOW clinic.motto

--- copy-to-file
--: refused
COPY clinic.patients TO '/tmp/veil-attack'

--- copy-to-program
--: refused
COPY (SELECT last_name FROM clinic.patients) TO PROGRAM 'cat > /tmp/veil-attack'

--- copy-from-stdin
--: refused
COPY clinic.dictionary FROM STDIN

--- copy-from-program
--: refused
COPY clinic.dictionary FROM PROGRAM 'cat /etc/passwd'

--- copy-from-file
--: refused
COPY clinic.dictionary FROM '/etc/passwd'

--- copy-table-to-stdout
--: refused or masked unordered copy
COPY clinic.mv_patient_names TO STDOUT

--- copy-table-columns
--: masked unordered copy
COPY clinic.patients (ssn, height_cm) TO STDOUT

--- copy-query-csv
--: masked unordered copy
COPY (SELECT last_name, ssn, sex FROM clinic.patients) TO STDOUT (FORMAT csv, HEADER, FORCE_QUOTE *)

--- copy-binary
-- In binary the carriers and dates have other bytes.
--: refused or no canary
COPY (SELECT id, last_name, birth_date FROM clinic.patients) TO STDOUT (FORMAT binary)

--- copy-delimiter-splits
-- A delimiter or NULL string that appears in what COPY writes must not shift the columns.
--: refused or no canary
COPY (SELECT last_name, ssn FROM clinic.patients) TO STDOUT (DELIMITER '0', NULL 'CANARY')

--- copy-delimiter-is-of-a-carrier
--: refused or no canary
COPY (SELECT last_name, ssn FROM clinic.patients) TO STDOUT (FORMAT csv, DELIMITER ',', QUOTE '(', ESCAPE ')')

--- copy-encoding
--: refused or no canary
COPY (SELECT last_name FROM clinic.patients) TO STDOUT (ENCODING 'LATIN1')

--- copy-where
--: refused
COPY clinic.patients TO STDOUT WHERE last_name LIKE 'C%'

--- copy-query-function
--: refused
COPY (SELECT upper(last_name) FROM clinic.patients) TO STDOUT

--- copy-query-returning
--: refused
COPY (DELETE FROM clinic.dictionary RETURNING word) TO STDOUT

--- copy-view
-- COPY of a view is an error in PostgreSQL, too.
--: refused
COPY clinic.v_patients TO STDOUT

--- copy-refused-relation
--: refused
COPY vault.secrets TO STDOUT

--- copy-old-syntax
--: refused or no canary
COPY BINARY clinic.mv_patient_names TO STDOUT

--- cursor
--: masked unordered
BEGIN
--;
DECLARE c CURSOR FOR SELECT last_name, ssn FROM clinic.patients
--;
FETCH ALL FROM c

--- cursor-function
--: refused
BEGIN
--;
DECLARE c CURSOR FOR SELECT upper(last_name) FROM clinic.patients

--- cursor-binary
--: refused or no canary
BEGIN
--;
DECLARE c BINARY CURSOR FOR SELECT last_name, id, birth_date FROM clinic.patients
--;
FETCH 10 FROM c

--- cursor-scroll-backward
--: refused or no canary
BEGIN
--;
DECLARE c SCROLL CURSOR FOR SELECT last_name FROM clinic.patients
--;
FETCH LAST FROM c
--;
FETCH BACKWARD 5 FROM c

--- cursor-with-hold
--: refused or no canary
DECLARE c CURSOR WITH HOLD FOR SELECT ssn FROM clinic.patients
--;
FETCH 5 FROM c

--- cursor-redeclared
-- The second cursor of the same name has other columns: a row must be masked by its own plan.
--: refused or no canary
BEGIN
--;
DECLARE c CURSOR FOR SELECT height_cm AS n, sex::text FROM clinic.patients
--;
CLOSE c
--;
DECLARE c CURSOR FOR SELECT last_name, ssn FROM clinic.patients
--;
FETCH 5 FROM c

--- cursor-redeclared-after-rollback
--: refused or no canary
BEGIN
--;
DECLARE c CURSOR FOR SELECT height_cm, sex::text FROM clinic.patients
--;
ROLLBACK
--;
BEGIN
--;
DECLARE c CURSOR FOR SELECT last_name, ssn FROM clinic.patients
--;
FETCH 5 FROM c

--- cursor-after-savepoint
--: refused or no canary
BEGIN
--;
SAVEPOINT s
--;
DECLARE c CURSOR FOR SELECT height_cm FROM clinic.patients
--;
ROLLBACK TO s
--;
DECLARE c CURSOR FOR SELECT last_name FROM clinic.patients
--;
FETCH 2 FROM c

--- fetch-unknown-cursor
--: refused
BEGIN
--;
FETCH ALL FROM nobody

--- fetch-unnamed-portal
--: refused or no canary
BEGIN
--;
FETCH ALL FROM ""

--- move-counts
--: refused or no canary
BEGIN
--;
DECLARE c CURSOR FOR SELECT last_name FROM clinic.patients
--;
MOVE FORWARD ALL IN c

--- where-current-of
--: refused
BEGIN
--;
DECLARE c CURSOR FOR SELECT word FROM clinic.dictionary
--;
DELETE FROM clinic.dictionary WHERE CURRENT OF c

--- prepare-execute-masked
--: masked unordered
PREPARE p AS SELECT last_name FROM clinic.patients
--;
EXECUTE p

--- prepare-parameter-original
--: same
PREPARE p (text) AS SELECT sex FROM clinic.patients WHERE last_name = $1
--;
EXECUTE p ('{{CANARYNAME0001|CANARYNAME9999}}')

--- prepare-parameter-like
--: refused
PREPARE p (text) AS SELECT count(*) FROM clinic.patients WHERE last_name LIKE $1

--- prepare-writes
--: refused
PREPARE p AS DELETE FROM clinic.dictionary

--- execute-argument-reads
-- The argument is a sub-select.
--: refused
PREPARE p (text) AS SELECT $1
--;
EXECUTE p ((SELECT last_name FROM clinic.patients LIMIT 1))

--- execute-argument-function
--: refused
PREPARE p (text) AS SELECT $1
--;
EXECUTE p (pg_read_file('/etc/passwd'))

--- execute-unknown
--: refused
EXECUTE nobody

--- prepare-twice-changes-the-plan
--: refused or no canary
PREPARE p AS SELECT height_cm AS n FROM clinic.patients
--;
DEALLOCATE p
--;
PREPARE p AS SELECT last_name AS n FROM clinic.patients
--;
EXECUTE p

--- prepare-then-search-path
-- The name means another table after the search path changed.
--: refused or no canary
SET search_path = clinic
--;
PREPARE p AS SELECT name FROM departments
--;
SET search_path = billing
--;
EXECUTE p

--- multi-statement
--: refused
--: simple
SELECT 1; SELECT upper(last_name) FROM clinic.patients

--- multi-statement-write-behind
--: refused
--: simple
SELECT last_name FROM clinic.patients LIMIT 1; DELETE FROM clinic.dictionary

--- multi-statement-search-path-inside
--: refused
--: simple
SET search_path = vault; SELECT v FROM secrets

--- multi-statement-masked
--: masked unordered
--: simple
SELECT 1; SELECT last_name FROM clinic.patients

--- multi-statement-quotes
-- A semicolon in a string, a comment, a dollar quote and an identifier.
--: masked unordered
--: simple
SELECT ';', $a$;$a$, 1 AS ";" /* ; */; SELECT upper(ssn) FROM clinic.patients -- ;

--- nested-comment
--: refused
SELECT /* /* */ last_name FROM clinic.departments; */ upper(last_name) FROM clinic.patients

--- comment-as-space
--: masked unordered
SELECT/**/last_name/**/FROM/**/clinic/**/./**/patients

--- comment-line-end
--: refused
SELECT upper( -- what)
  last_name) FROM clinic.patients

--- string-continuation
-- Two strings on two lines are one.
--: same
SELECT sex FROM clinic.patients WHERE last_name = 'CANARY'
'NAME{{0001|9999}}'

--- standard-conforming-strings-off
-- A backslash would then end or not end a string.
--: refused or no canary
SET standard_conforming_strings = off
--;
SELECT 'a\' || upper(last_name) FROM clinic.patients -- '

--- backslash-quote
--: refused or no canary
SELECT E'\' FROM clinic.departments; --' || last_name FROM clinic.patients

--- null-bytes-and-odd-spaces
-- A no-break space is no space to PostgreSQL.
--: refused
SELECT upper(last_name) FROM clinic.patients

--- client-encoding-sjis
-- In some encodings a byte of a character looks like a backslash or quote.
--: refused or no canary
SET client_encoding = 'SJIS'
--;
SELECT last_name FROM clinic.patients LIMIT 1

--- listen
--: refused
LISTEN x

--- notify
--: refused
NOTIFY x, 'y'

--- lock-table
--: refused
BEGIN
--;
LOCK TABLE clinic.patients IN ACCESS EXCLUSIVE MODE

--- vacuum-analyze
--: refused
ANALYZE VERBOSE clinic.patients

--- cluster-reindex-checkpoint
--: refused
REINDEX TABLE clinic.patients

--- load-library
--: refused
LOAD 'auto_explain'

--- two-phase-commit
--: refused
BEGIN
--;
PREPARE TRANSACTION 'x'

--- import-foreign-schema
--: refused
IMPORT FOREIGN SCHEMA public FROM SERVER s INTO clinic

--- create-foreign-table-publication-subscription
--: refused
CREATE SUBSCRIPTION s CONNECTION 'host=127.0.0.1' PUBLICATION p

--- replication-command
--: refused
IDENTIFY_SYSTEM

--- set-snapshot
--: refused
BEGIN ISOLATION LEVEL REPEATABLE READ
--;
SET TRANSACTION SNAPSHOT '00000003-0000001B-1'

--- discard-all
-- All that the session knows goes; what it masks by must not.
--: masked unordered
DISCARD ALL
--;
SELECT last_name FROM clinic.patients

--- reset-all
--: masked unordered
RESET ALL
--;
SELECT last_name FROM clinic.patients

--- error-in-transaction-then-read
--: masked unordered
BEGIN
--;
SELECT 1 / 0
--;
ROLLBACK
--;
SELECT last_name FROM clinic.patients
