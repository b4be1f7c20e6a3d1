--- lower
--: refused
SELECT lower(last_name) FROM clinic.patients

--- lower-shadowed
-- clinic.lower stands before pg_catalog's: what runs must be what was judged.
--: refused or masked
SET search_path = clinic, pg_catalog
--;
SELECT lower('X')

--- substring-letter-by-letter
--: masked unordered
SELECT substring(last_name FROM 11 FOR 1) FROM clinic.patients

--- substr-of-cast
--: masked unordered
SELECT substr(id::text, 9, 1) FROM clinic.patients

--- left-right-reverse
--: refused
SELECT left(last_name, 3), right(last_name, 4), reverse(first_name) FROM clinic.patients

--- length
-- Even the length of a name narrows it down.
--: masked unordered
SELECT length(last_name) FROM clinic.patients

--- octet-bit-length
--: refused
SELECT octet_length(email), bit_length(email), char_length(phone) FROM clinic.patients

--- pg-column-size
--: refused
SELECT pg_column_size(last_name) FROM clinic.patients

--- position-strpos
--: refused
SELECT position('0001' IN last_name), strpos(first_name, '1') FROM clinic.patients

--- concatenation
--: masked unordered
SELECT last_name || '' FROM clinic.patients

--- concatenation-inside-concat
--: masked unordered
SELECT concat(last_name, ' ', first_name) FROM clinic.patients

--- concat-ws-whole-row
--: refused
SELECT concat_ws(',', p) FROM clinic.patients p

--- format
--: masked unordered
SELECT format('%s', last_name) FROM clinic.patients

--- format-variadic
--: refused
SELECT format('%s %s', VARIADIC ARRAY[last_name, first_name]) FROM clinic.patients

--- quote-literal
--: refused
SELECT quote_literal(last_name), quote_nullable(ssn), quote_ident(first_name) FROM clinic.patients

--- ascii-chr
--: refused
SELECT ascii(last_name) FROM clinic.patients

--- hashes
-- A hash without a key is undone with a dictionary.
--: refused
SELECT md5(ssn), sha256(convert_to(ssn, 'UTF8')), hashtext(ssn) FROM clinic.patients

--- hash-internal-functions
--: refused
SELECT hashbpchar(ssn), hashtextextended(first_name, 0), hash_record(ROW (last_name)) FROM clinic.patients

--- encode-decode
--: refused
SELECT encode(convert_to(last_name, 'UTF8'), 'base64') FROM clinic.patients

--- translate-replace
--: refused
SELECT translate(last_name, '0123456789', 'abcdefghij'), replace(first_name, 'CANARY', '') FROM clinic.patients

--- overlay-trim-pad
--: refused
SELECT overlay(last_name PLACING 'x' FROM 1 FOR 1), trim(leading 'C' FROM last_name), lpad(last_name, 80), repeat(first_name, 2) FROM clinic.patients

--- split-part
--: refused
SELECT split_part(email, '@', 1) FROM clinic.patients

--- string-to-array-unnest
--: refused
SELECT unnest(string_to_array(last_name, NULL)) FROM clinic.patients

--- regexp-matches-replace
--: refused
SELECT regexp_replace(last_name, 'CANARY', ''), (regexp_match(ssn, '(\d+)'))[1] FROM clinic.patients

--- regexp-split-to-table
--: refused
SELECT regexp_split_to_table(last_name, '') FROM clinic.patients

--- to-tsvector
--: refused
SELECT to_tsvector('simple', last_name) FROM clinic.patients

--- tsvector-column-search
-- The full-text index holds every word of every note.
--: refused
SELECT id FROM clinic.notes WHERE tsv @@ to_tsquery('english', 'canarynote0001')

--- ts-headline
--: refused or masked
SELECT ts_headline('english', body, to_tsquery('patient')) FROM clinic.notes

--- ts-stat
-- ts_stat runs a query that comes as a text.
--: refused
SELECT word, ndoc FROM ts_stat('SELECT tsv FROM clinic.notes')

--- soundex-levenshtein
--: refused
SELECT levenshtein(last_name, 'CANARYNAME0001') FROM clinic.patients

--- similarity
--: refused
SELECT similarity(last_name, 'CANARYNAME0001') FROM clinic.patients

--- to-char-of-id
--: refused
SELECT to_char(id, '999999999') FROM clinic.patients

--- width-bucket-of-id
--: refused
SELECT width_bucket(id, 770000000, 770000300, 300) FROM clinic.patients

--- abs-mod-div-of-id
--: refused
SELECT abs(id), mod(id, 10), div(id::numeric, 10) FROM clinic.patients

--- greatest-least
-- GREATEST compares, and gives the winner.
--: refused
SELECT greatest(last_name, 'CANARYNAME0100') FROM clinic.patients

--- least-of-sealed-only
--: refused
SELECT least(first_name, last_name) FROM clinic.patients

--- coalesce-with-constant
--: masked unordered
SELECT coalesce(ssn, 'none') FROM clinic.patients

--- case-mixes-sealed-and-clear
--: masked unordered
SELECT CASE WHEN active THEN last_name ELSE 'inactive' END FROM clinic.patients

--- nested-functions
--: refused
SELECT upper(trim(both ' ' FROM initcap(lower(last_name)))) FROM clinic.patients

--- user-function-of-sealed
--: refused
SELECT clinic.age_years(birth_date) FROM clinic.patients

--- user-function-reads-the-table
-- A function of the database's owner, SECURITY DEFINER, that returns a name.
--: refused
SELECT clinic.patient_name(770000001)

--- user-set-returning-function
--: refused
SELECT * FROM clinic.find_patients('%')

--- user-function-in-rows-from
--: refused
SELECT a.ssn FROM ROWS FROM (clinic.find_patients('%')) AS a

--- user-function-runs-text
--: refused
SELECT * FROM clinic.run('SELECT last_name::text FROM clinic.patients') AS t (n text)

--- user-function-notice
-- RAISE NOTICE carries the value beside the rows.
--: refused
SELECT clinic.shout(last_name) FROM clinic.patients

--- user-function-notice-of-pushed-down
--: refused
SELECT clinic.shout(birth_date) FROM clinic.patients

--- user-aggregate
--: refused
SELECT clinic.add_up(weight_kg) FROM clinic.patients

--- user-cast
--: refused
SELECT sex::bigint FROM clinic.patients

--- user-cast-implicit
-- The cast is found wherever it is, whatever the search path.
--: refused
SELECT abs(pressure) FROM clinic.observations

--- user-cast-in-comparison
--: refused
SELECT count(*) FROM clinic.observations WHERE pressure > 770000300::bigint

--- user-cast-in-union
--: refused
SELECT 1::bigint AS n UNION ALL SELECT pressure FROM clinic.observations

--- user-cast-in-aggregate
--: refused
SELECT max(sex::bigint) FROM clinic.patients

--- user-cast-implicit-in-aggregate
--: refused
SELECT sum(pressure) FROM clinic.observations

--- user-cast-of-constant
--: refused
SELECT 'male'::clinic.sex_t::bigint

--- user-cast-in-coalesce
--: refused
SELECT coalesce(pressure, 1::bigint) FROM clinic.observations

--- user-cast-in-function-notation
--: refused
SELECT int8(sex) FROM clinic.patients

--- user-cast-implicit-in-values
--: refused
SELECT n FROM (VALUES (1::bigint), ((SELECT pressure FROM clinic.observations WHERE pressure IS NOT NULL LIMIT 1))) v (n)

--- user-cast-implicit-in-case
--: refused
SELECT CASE WHEN abnormal THEN 1::bigint ELSE pressure END FROM clinic.observations

--- user-cast-implicit-in-array
--: refused
SELECT ARRAY[1::bigint, pressure] FROM clinic.observations

--- user-cast-implicit-in-limit
--: refused
SELECT 1 FROM generate_series(1, 10) LIMIT (SELECT pressure FROM clinic.observations WHERE pressure IS NOT NULL LIMIT 1)

--- user-cast-implicit-in-parameter
--: refused
PREPARE p (bigint) AS SELECT $1
--;
EXECUTE p ((SELECT pressure FROM clinic.observations WHERE pressure IS NOT NULL LIMIT 1))

--- user-function-by-attribute-notation
-- p.shout is shout(p) in PostgreSQL.
--: refused
SET search_path = clinic
--;
SELECT p.shout FROM patients p

--- function-call-by-field-notation
-- (first_name).lower is lower(first_name).
--: refused
SELECT (first_name).lower FROM clinic.patients

--- function-call-by-field-notation-on-row
--: refused
SELECT (p).to_jsonb FROM clinic.patients p

--- row-to-json-by-field-notation
--: refused
SELECT p.row_to_json FROM clinic.patients p

--- query-to-xml
-- A function that runs a text as a statement.
--: refused
SELECT query_to_xml('SELECT last_name FROM clinic.patients', true, false, '')

--- table-to-xml
--: refused
SELECT table_to_xml('clinic.patients', true, false, '')

--- schema-and-database-to-xml
--: refused
SELECT schema_to_xml('clinic', true, false, ''), database_to_xml(true, false, '')

--- cursor-to-xml
--: refused
BEGIN
--;
DECLARE c CURSOR FOR SELECT last_name FROM clinic.patients
--;
SELECT cursor_to_xml('c', 10, true, false, '')

--- table-to-xmlschema
--: refused
SELECT table_to_xmlschema('clinic.patients', true, false, ''), query_to_xml_and_xmlschema('SELECT ssn FROM clinic.patients', true, true, '')

--- pg-read-file
--: refused
SELECT pg_read_file('/etc/passwd')

--- pg-read-binary-file
--: refused
SELECT encode(pg_read_binary_file('PG_VERSION'), 'escape')

--- pg-ls-dir
--: refused
SELECT pg_ls_dir('.')

--- pg-stat-file
--: refused
SELECT * FROM pg_stat_file('base')

--- pg-ls-logdir
--: refused
SELECT * FROM pg_ls_logdir() UNION ALL SELECT * FROM pg_ls_waldir()

--- pg-current-logfile
--: refused
SELECT pg_current_logfile()

--- large-object-read
--: refused
SELECT lo_get(4242)

--- large-object-export
--: refused
SELECT lo_export(4242, '/tmp/veil-attack')

--- large-object-import
--: refused
SELECT lo_import('/etc/passwd')

--- large-object-open
--: refused
BEGIN
--;
SELECT loread(lo_open(4242, 262144), 100)

--- large-object-put
--: refused
SELECT lo_put(4242, 0, 'x'), lo_unlink(4242), lo_create(1), lo_from_bytea(0, 'x')

--- dblink
--: refused
SELECT * FROM dblink('dbname=clinic', 'SELECT last_name FROM clinic.patients') AS t (n text)

--- pg-sleep
--: refused
SELECT pg_sleep(3)

--- pg-sleep-conditional
-- The time tells whether a value is there.
--: refused
SELECT CASE WHEN EXISTS (SELECT 1 FROM clinic.patients WHERE zip = '90210-7777') THEN pg_sleep(2) END

--- pg-sleep-for
--: refused
SELECT pg_sleep_for('2 seconds'), pg_sleep_until(now() + interval '2 seconds')

--- slow-on-purpose
-- A generated mass of work in a branch: the statement timeout bounds it, and the
-- branch can only see masked values.
--: refused or masked
SELECT CASE WHEN zip LIKE '%7777' THEN (SELECT count(*) FROM generate_series(1, 1000)) ELSE 0 END AS n FROM clinic.patients ORDER BY 1 LIMIT 5

--- set-config
-- It is SET in other words, and what is hidden stays so.
--: refused 42P01
SELECT set_config('search_path', 'vault', false)
--;
SELECT * FROM secrets

--- set-config-of-read-only
--: refused
SELECT set_config('transaction_read_only', 'off', true), set_config('default_transaction_read_only', 'off', false)

--- set-config-as-store
-- A setting as a place to keep a value for another statement.
--: refused
SELECT set_config('my.store', last_name, false) FROM clinic.patients LIMIT 1

--- current-setting-of-the-database
-- An operator's setting may hold a secret.
--: refused or no canary
SELECT current_setting('clinic.motto', true)

--- current-setting-files
--: refused
SELECT current_setting('hba_file'), current_setting('data_directory')

--- nextval
--: refused
SELECT nextval('vault.next_patient')

--- currval-lastval-setval
--: refused
SELECT setval('vault.next_patient', 1), lastval()

--- sequence-as-relation
--: refused 42P01 42501
SELECT last_value FROM vault.next_patient

--- pg-sequence-last-value
--: refused
SELECT pg_sequence_last_value('vault.next_patient'::regclass)

--- advisory-locks
-- Locks are a channel between sessions.
--: refused
SELECT pg_advisory_lock(1), pg_try_advisory_lock(2)

--- pg-notify
--: refused
SELECT pg_notify('x', last_name) FROM clinic.patients

--- terminate-and-cancel
--: refused
SELECT pg_terminate_backend(pid), pg_cancel_backend(pid) FROM pg_stat_activity

--- reload-and-rotate
--: refused
SELECT pg_reload_conf(), pg_rotate_logfile(), pg_switch_wal()

--- export-snapshot
--: refused
SELECT pg_export_snapshot()

--- logical-message
--: refused
SELECT pg_logical_emit_message(false, 'x', 'y'), pg_create_logical_replication_slot('veil', 'test_decoding')

--- pg-relation-size
-- A table's size tells how many rows the refused one has.
--: refused or no canary
SELECT pg_relation_size('vault.secrets'), pg_total_relation_size('clinic.patients')

--- random-and-setseed
--: refused or no canary
SELECT setseed(0.5)

--- txid-and-snapshots
--: refused or no canary
SELECT txid_current(), pg_current_xact_id()

--- inet-server-and-client
-- Where the upstream is, is nobody's business.
--: refused or no canary
SELECT inet_server_addr(), inet_client_addr(), pg_postmaster_start_time(), pg_backend_pid()

--- xpath-of-document
--: refused or masked
SELECT xpath('//family/@value', doc_xml) FROM clinic.documents

--- xmlelement-of-sealed
--: refused
SELECT xmlelement(name n, last_name), xmlforest(ssn AS s), xmlconcat(xmlelement(name a, first_name)) FROM clinic.patients

--- xmlserialize
--: refused or masked
SELECT xmlserialize(document doc_xml AS text) FROM clinic.documents

--- xmltable-of-document
--: refused or masked
SELECT x.* FROM clinic.documents, XMLTABLE('//name' PASSING doc_xml COLUMNS family text PATH 'family/@value') x

--- xmlparse-entity
-- An external entity as a way to a file.
--: refused or no canary
SELECT xmlparse(document '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>')

--- xmlpi-xmlroot
--: refused
SELECT xmlpi(name php, last_name), xmlcomment(first_name) FROM clinic.patients
