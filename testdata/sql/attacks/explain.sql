--- explain-row-estimate
-- rows= tells whether the value is a common one.
--: refused
EXPLAIN SELECT 1 FROM clinic.patients WHERE last_name = 'CANARYNAME0004'

--- explain-analyze
--: refused
EXPLAIN ANALYZE SELECT 1 FROM clinic.patients WHERE ssn = '666-11-0001'

--- explain-verbose
-- Output: shows the rewritten columns, and with them the tag.
--: refused
EXPLAIN (VERBOSE, COSTS OFF) SELECT last_name FROM clinic.patients

--- explain-json
--: refused
EXPLAIN (FORMAT json, BUFFERS, ANALYZE) SELECT * FROM clinic.patients

--- explain-execute
--: refused
PREPARE p AS SELECT 1
--;
EXPLAIN EXECUTE p

--- explain-of-a-write
--: refused
EXPLAIN ANALYZE DELETE FROM clinic.dictionary

--- explain-create-table-as
--: refused
EXPLAIN ANALYZE CREATE TABLE clinic.stolen AS SELECT 1

--- explain-settings-wal
--: refused
EXPLAIN (SETTINGS, WAL, ANALYZE) SELECT count(*) FROM clinic.patients
