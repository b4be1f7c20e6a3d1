-- What drivers and tools say around their queries.

--- version
--: shape
SELECT version()

--- current-things
--: shape
SELECT current_user, session_user, current_database(), current_schema(), current_schemas(true)

--- show-settings
--: shape
SHOW server_version

--- show-search-path
--: shape
SHOW search_path

--- show-timezone
--: shape
SHOW TIME ZONE

--- show-isolation
--: shape
SHOW TRANSACTION ISOLATION LEVEL

--- set-application-name
--: masked
SET application_name = 'analyst'
--;
SELECT 1

--- set-timezone
--: masked
SET TIME ZONE 'UTC'
--;
SELECT timestamptz '2024-05-01 12:00+02'

--- set-timezone-elsewhere
--: masked
SET TIME ZONE 'Europe/Berlin'
--;
SELECT id, started_at FROM clinic.encounters WHERE los_days = 7 ORDER BY started_at, cost, department, icd10

--- set-datestyle
--: masked
SET datestyle = ISO
--;
SELECT date '2024-05-01'

--- set-extra-float-digits
--: masked
SET extra_float_digits = 3
--;
SELECT 0.1::float8 + 0.2

--- transaction-commit
--: masked
BEGIN
--;
SELECT count(*) FROM clinic.departments
--;
COMMIT
--;
SELECT count(*) FROM clinic.icd10_codes

--- transaction-read-only
--: masked
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY
--;
SELECT count(*) FROM clinic.patients

--- savepoint
--: masked
BEGIN
--;
SAVEPOINT a
--;
RELEASE a
--;
SELECT count(*) FROM clinic.patients

--- several-statements
--: masked
--: simple
SELECT 1; SELECT count(*) FROM clinic.departments

--- empty-statement
--: masked
--: simple
; SELECT 2

--- comments
--: masked
/* report 7 */ SELECT count(*) -- of all
FROM clinic.patients /* done */

--- now
--: shape
SELECT now(), current_date, current_timestamp, localtime

--- prepare-and-deallocate
--: masked
PREPARE q AS SELECT name FROM clinic.departments ORDER BY 1
--;
EXECUTE q

--- cursor-forward
--: masked
BEGIN
--;
DECLARE c CURSOR FOR SELECT code FROM clinic.icd10_codes ORDER BY code
--;
FETCH 3 FROM c

--- cursor-scroll
--: masked
BEGIN
--;
DECLARE c SCROLL CURSOR FOR SELECT code FROM clinic.icd10_codes ORDER BY code
--;
MOVE 2 FROM c
--;
FETCH ALL FROM c

--- copy-csv
--: masked copy
COPY (SELECT name, beds, opened FROM clinic.departments ORDER BY name) TO STDOUT (FORMAT csv, HEADER)

--- copy-table
--: masked copy
COPY clinic.icd10_codes TO STDOUT

--- copy-sealed
--: masked unordered copy
COPY (SELECT id, last_name, sex, birth_date FROM clinic.patients) TO STDOUT

--- copy-sealed-csv
--: masked unordered copy
COPY (SELECT ssn, first_name, email FROM clinic.patients) TO STDOUT (FORMAT csv, NULL 'nothing', QUOTE '''')

--- copy-binary-of-clear
--: masked copy
COPY (SELECT name, beds FROM clinic.departments ORDER BY name) TO STDOUT (FORMAT binary)
