--- view-expression
-- A view's expression joins two names.
--: masked unordered
SELECT full_name FROM clinic.v_patients

--- view-plain-sealed
--: masked unordered
SELECT ssn, mrn FROM clinic.v_patients

--- view-alias-disguises
-- The name says zip, the column is the SSN.
--: masked unordered
SELECT ssn AS zip FROM clinic.v_patients v

--- view-star
--: no canary
SELECT * FROM clinic.v_patients

--- view-over-star
--: masked unordered
SELECT last_name, height_cm FROM clinic.v_active

--- view-renames
--: masked unordered
SELECT patient, encounter, last_name FROM clinic.v_stays

--- view-condition-holds-an-original
-- Who is in the view is said by its condition on originals.
--: refused or masked
SELECT sex FROM clinic.v_mayor

--- view-definition-pushdown
--: refused
SELECT count(*) FROM clinic.v_patients WHERE full_name LIKE 'CANARY%'

--- materialised-view
--: masked unordered
SELECT last_name, ssn FROM clinic.mv_patient_names

--- materialised-view-like
--: refused
SELECT count(*) FROM clinic.mv_patient_names WHERE last_name LIKE 'CANARYNAME00%'

--- materialised-view-table-command
--: refused or masked unordered
TABLE clinic.mv_patient_names

--- partition-parent
--: masked unordered
SELECT member_no FROM clinic.claims

--- partition-child
--: masked unordered
SELECT member_no FROM clinic.claims_2023

--- partition-grandchild
--: masked unordered
SELECT member_no, service_date FROM clinic.claims_2024_b

--- partition-default
--: masked unordered
SELECT member_no FROM clinic.claims_rest

--- partition-only
--: masked
SELECT member_no FROM ONLY clinic.claims

--- partition-child-function
--: masked unordered
SELECT substr(member_no, 1, 3) FROM clinic.claims_2024_a

--- partition-by-original-name
-- The name of the partition tells who is in it.
--: refused or masked
SELECT visits FROM clinic.visits_vip ORDER BY 1

--- inheritance-parent-shows-children
--: masked unordered
SELECT name, unit FROM clinic.people

--- inheritance-child
--: masked unordered
SELECT name, npi FROM clinic.staff

--- inheritance-child-salary
--: refused or masked
SELECT salary FROM clinic.staff ORDER BY 1

--- inheritance-star-syntax
--: masked unordered
SELECT name FROM clinic.people *

--- inheritance-only
--: masked unordered
SELECT name FROM ONLY clinic.people

--- tableoid-of-a-row
--: refused or no canary
SELECT tableoid::regclass, count(*) FROM clinic.people GROUP BY 1

--- ctid-order-of-entry
-- The place of a row in the table is the order in which it came.
--: refused
SELECT ctid, last_name FROM clinic.patients ORDER BY ctid

--- ctid-in-where
--: refused
SELECT sex FROM clinic.patients WHERE ctid = '(0,1)'

--- xmin-cmin
--: refused
SELECT xmin, xmax, cmin, cmax FROM clinic.patients

--- refused-schema
-- No rule knows it: for the consumer it is not there.
--: refused 42P01 42501 3F000
SELECT * FROM vault.secrets

--- refused-schema-count
--: refused 42P01 42501 3F000
SELECT count(*) FROM vault.secrets

--- refused-schema-like-an-absent-one
-- The answer must be that for a schema that is not there.
--: same
SELECT * FROM {{vault|xqzwj}}.secrets

--- refused-schema-by-search-path
--: refused
SET search_path = vault
--;
SELECT * FROM secrets

--- refused-schema-regclass
--: same
SELECT '{{vault|xqzwj}}.secrets'::regclass

--- refused-schema-to-regclass
--: same
SELECT to_regclass('{{vault|xqzwj}}.secrets')

--- refused-schema-has-privilege
--: same
SELECT has_table_privilege('{{vault|xqzwj}}.secrets', 'SELECT')

--- quoted-alias-over-name
-- A second name for the same column.
--: masked unordered
SELECT "p"."ssn" AS "zip" FROM clinic.patients AS "p"

--- upper-case-name
--: masked unordered
SELECT SSN, Last_Name FROM CLINIC.Patients

--- unicode-escaped-identifier
-- U&"\006cast_name" is last_name.
--: masked unordered
SELECT U&"\006cast_name" FROM clinic.patients

--- unicode-escaped-identifier-uescape
--: masked unordered
SELECT U&"l!0061st_name" UESCAPE '!' FROM U&"c!006cinic" UESCAPE '!'.U&"p!0061tients" UESCAPE '!'

--- unicode-escaped-function
--: refused
SELECT U&"low\0065r"(last_name) FROM clinic.patients

--- quoted-keyword-column
--: masked unordered
SELECT "select", "Patient""s name" FROM clinic."Ward List"

--- quoted-keyword-column-concat
--: masked unordered
SELECT "select" || "Größe" FROM clinic."Ward List"

--- unicode-relation
--: masked unordered
SELECT "Empfänger" FROM "Straße"."Überweisung"

--- unicode-relation-escaped
--: masked unordered
SELECT "Empf\00e4nger" FROM (SELECT U&"Empf\00e4nger" AS "Empf\00e4nger" FROM U&"Stra\00dfe".U&"\00dcberweisung") x

--- unicode-relation-like
--: refused
SELECT count(*) FROM "Straße"."Überweisung" WHERE "Empfänger" LIKE 'CANARY%'

--- lookalike-cyrillic
-- A Cyrillic а: another name, which is not there.
--: refused 42703 42501
SELECT lаst_name FROM clinic.patients

--- column-alias-list-shifts
-- Columns renamed by position.
--: masked unordered
SELECT c3, c5 FROM clinic.patients AS p (c1, c2, c3, c4, c5)

--- column-alias-swap
-- height_cm is now the name of the SSN's place, and the other way round.
--: masked unordered
SELECT ssn FROM clinic.mv_patient_names AS m (id, ssn, last_name)

--- table-alias-as-another-table
-- The alias has the name of a table in which nothing is masked.
--: masked unordered
SELECT departments.last_name FROM clinic.patients AS departments

--- cte-shadows-a-table
-- A CTE with the name of a table: the rules of the table do not apply, those of its columns do.
--: masked unordered
WITH departments AS (SELECT last_name AS name FROM clinic.patients) SELECT name FROM departments

--- cte-shadows-and-table-is-meant
--: masked unordered
WITH patients AS (SELECT 1 AS last_name) SELECT last_name FROM clinic.patients

--- search-path-game
-- The unqualified name changes its meaning between statements.
--: masked unordered
SET search_path = clinic
--;
SELECT last_name FROM patients

--- search-path-quoted
--: masked unordered
SET search_path = "clinic", 'Straße'
--;
SELECT "Empfänger" FROM "Überweisung"

--- search-path-temp-shadow
--: refused
CREATE TEMP TABLE patients AS SELECT 1 AS id

--- search-path-set-local
--: refused
BEGIN
--;
SET LOCAL search_path TO vault
--;
SELECT v FROM secrets

--- database-qualified-name
--: no canary
SELECT last_name FROM clinic.clinic.patients

--- other-database
--: refused
SELECT * FROM postgres.pg_catalog.pg_authid

--- schema-qualified-column
--: masked unordered
SELECT clinic.patients.last_name FROM clinic.patients

--- hidden-column-by-name
-- What is hidden does not exist.
--: refused 42703 42501
SELECT salary_secret FROM clinic.staff

--- lateral-outer-reference
--: masked unordered
SELECT l.last_name FROM clinic.encounters e, LATERAL (SELECT last_name FROM clinic.patients p WHERE p.id = e.patient_id) l

--- tablesample
--: masked
SELECT count(*) FROM clinic.patients TABLESAMPLE SYSTEM (100)

--- tablesample-bernoulli-repeatable
-- A sample of the physical table, that another statement can repeat beside a clear column.
--: refused or no canary
SELECT last_name FROM clinic.patients TABLESAMPLE BERNOULLI (30) REPEATABLE (1)

--- tablesample-of-sealed-percentage
--: refused
SELECT 1 FROM clinic.patients p, LATERAL (SELECT 1 FROM clinic.encounters TABLESAMPLE SYSTEM (p.id::text::int % 100)) x

--- for-update
--: refused 25006 42501 0A000
SELECT last_name FROM clinic.patients FOR UPDATE

--- for-share-skip-locked
--: refused 25006 42501 0A000
SELECT height_cm FROM clinic.patients FOR KEY SHARE SKIP LOCKED

--- natural-join
-- Columns meet by name: sealed with sealed of the same kind.
--: refused or masked unordered
SELECT last_name FROM clinic.patients NATURAL JOIN clinic.mv_patient_names

--- join-using-merged
--: masked unordered
SELECT id FROM clinic.patients JOIN clinic.mv_patient_names USING (id)

--- full-join-using-merged
-- The merged column has no column of its own on the wire.
--: refused or masked unordered
SELECT id FROM clinic.patients FULL JOIN clinic.mv_patient_names USING (id)

--- join-using-alias
--: refused or masked unordered
SELECT j.id FROM clinic.patients JOIN clinic.mv_patient_names USING (id) AS j

--- join-alias
--: masked unordered
SELECT j.ssn FROM (clinic.patients p CROSS JOIN (SELECT 1 AS one) k) AS j
