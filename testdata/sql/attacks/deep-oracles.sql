-- Forms that are seldom used: orders, comparisons, statistics, definitions, dates.

--- deep-limit-order-oracle
--: refused or masked
SELECT id = '{{seal Patient/770000017}}' FROM clinic.patients WHERE id IN ('{{seal Patient/770000017}}', '{{seal Patient/770000018}}') ORDER BY ssn LIMIT 1

--- deep-limit-offset-by-count
--: refused or masked
SELECT count(*) FROM (SELECT 1 FROM clinic.patients WHERE ssn > '600' OFFSET 5) x

--- deep-min-by-composite
--: refused
SELECT min(ROW(ssn, sex)::text) FROM clinic.patients

--- deep-greatest-of-ids
--: refused
SELECT greatest(id, '{{seal Patient/770000017}}') FROM clinic.patients

--- deep-least-guess
--: refused
SELECT least(ssn, '666') FROM clinic.patients

--- deep-between-guess
--: refused or masked
SELECT count(*) FROM clinic.patients WHERE id BETWEEN '770000001' AND '770000050'

--- deep-between-symmetric
--: refused or masked
SELECT count(*) FROM clinic.patients WHERE ssn BETWEEN SYMMETRIC '666' AND '600'

--- deep-row-compare-mixed
--: no canary
SELECT count(*) FROM clinic.patients WHERE (height_cm, id) > (150, '770000017')

--- deep-row-in-list
--: refused or masked
SELECT count(*) FROM clinic.patients WHERE (sex, id) IN (('female', '770000017'), ('male', '770000017'))

--- deep-exists-less
--: refused or masked
SELECT EXISTS (SELECT 1 FROM clinic.patients a, clinic.patients b WHERE a.id = '{{seal Patient/770000017}}' AND b.id = '{{seal Patient/770000018}}' AND a.ssn < b.ssn)

--- deep-sum-case-less
--: refused
SELECT sum(CASE WHEN last_name < 'M' THEN 1 ELSE 0 END) FROM clinic.patients

--- deep-bool-and-like
--: refused
SELECT bool_and(ssn LIKE '6%') FROM clinic.patients

--- deep-variance-of-ids
--: refused
SELECT variance(id) FROM clinic.patients

--- deep-sum-of-ids
--: refused
SELECT sum(id) FROM clinic.patients

--- deep-bit-xor-of-ids
--: refused
SELECT bit_xor(id) FROM clinic.patients

--- deep-corr-with-id
--: refused
SELECT corr(id, height_cm) FROM clinic.patients

--- deep-regr-count-id
--: refused
SELECT regr_count(id, height_cm) FROM clinic.patients

--- deep-similar-to
--: refused
SELECT count(*) FROM clinic.patients WHERE last_name SIMILAR TO 'CANARY%'

--- deep-regex-backtrack
--: refused
SELECT count(*) FROM clinic.patients WHERE ssn ~ '^(6+)+$'

--- deep-regexp-count
--: refused
SELECT regexp_count(last_name, 'A') FROM clinic.patients

--- deep-tsvector-names
--: refused
SELECT to_tsvector('simple', last_name) FROM clinic.patients

--- deep-tsvector-column
--: refused or masked
SELECT tsv FROM clinic.notes

--- deep-ts-match
--: refused or masked
SELECT count(*) FROM clinic.notes WHERE tsv @@ 'canary'::tsquery

--- deep-ts-stat
--: refused
SELECT * FROM ts_stat('SELECT tsv FROM clinic.notes')

--- deep-ts-headline
--: no canary
SELECT ts_headline(body, 'a'::tsquery) FROM clinic.notes

--- deep-xmlforest
--: no canary
SELECT xmlforest(last_name) FROM clinic.patients

--- deep-xmlelement
--: no canary
SELECT xmlelement(NAME a, ssn) FROM clinic.patients

--- deep-xmltable-doc
--: refused or masked
SELECT x.* FROM clinic.documents d, XMLTABLE('//*' PASSING d.doc_xml COLUMNS v text PATH '.') x

--- deep-json-path-exists
--: refused
SELECT count(*) FROM clinic.documents WHERE doc @? '$.name'

--- deep-json-each-doc
--: refused
SELECT e.key FROM clinic.documents d, jsonb_each(d.doc) e

--- deep-json-size-doc
--: refused
SELECT pg_column_size(doc) FROM clinic.documents

--- deep-stats-view
--: no canary
SELECT most_common_vals FROM pg_stats WHERE tablename = 'patients'

--- deep-stats-ext
--: no canary
SELECT * FROM pg_stats_ext

--- deep-stat-tables
--: no canary
SELECT n_live_tup, seq_tup_read FROM pg_stat_user_tables WHERE relname = 'patients'

--- deep-relation-size
--: no canary
SELECT pg_relation_size('clinic.patients'), pg_table_size('clinic.patients')

--- deep-index-size
--: no canary
SELECT pg_indexes_size('clinic.patients')

--- deep-column-size
--: refused
SELECT pg_column_size(last_name) FROM clinic.patients

--- deep-constraint-bound
--: no canary
SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname LIKE 'visits%'

--- deep-check-constraint
--: no canary
SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'c'

--- deep-default-value
--: no canary
SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef

--- deep-missing-value
--: no canary
SELECT attmissingval::text FROM pg_attribute WHERE attrelid = 'clinic.patients'::regclass

--- deep-index-predicate
--: no canary
SELECT pg_get_expr(indpred, indrelid), pg_get_indexdef(indexrelid) FROM pg_index

--- deep-enum-labels
--: no canary
SELECT enumlabel FROM pg_enum WHERE enumlabel ~ '^CANARY'

--- deep-enum-labels-regex
--: no canary
SELECT count(*) FROM pg_enum WHERE enumlabel ~ '(.*)*MAYOR'

--- deep-view-definition
--: no canary
SELECT pg_get_viewdef('clinic.v_mayor'::regclass)

--- deep-function-source
--: no canary
SELECT prosrc, pg_get_functiondef(oid) FROM pg_proc WHERE proname = 'patient_name'

--- deep-zone-extract
--: refused or masked
SELECT extract(timezone FROM taken_at), count(*) FROM clinic.observations GROUP BY 1

--- deep-zone-at
--: masked unordered
SELECT DISTINCT (admitted AT TIME ZONE 'Pacific/Kiritimati')::date - (admitted AT TIME ZONE 'Etc/GMT+12')::date FROM clinic.stays

--- deep-date-julian
--: no canary
SELECT to_char(birth_date, 'J'), extract(julian FROM birth_date) FROM clinic.patients

--- deep-date-week
--: masked unordered
SELECT DISTINCT extract(doy FROM birth_date) FROM clinic.patients

--- deep-date-age
--: refused or masked
SELECT count(*) FROM clinic.patients WHERE age(date '2024-06-01', birth_date) > interval '89 years'

--- deep-date-difference-guess
--: refused or masked
SELECT count(*) FROM clinic.stays WHERE arrived = date '2023-03-03'

--- deep-date-two-shifts
--: refused or masked
SELECT count(DISTINCT arrived - admitted::date) FROM clinic.stays

--- deep-small-cell-subtract
--: refused or masked
SELECT (SELECT count(*) FROM clinic.patients) - (SELECT count(*) FROM clinic.patients WHERE id <> '770000017')

--- deep-small-cell-name
--: refused or masked
SELECT (SELECT count(*) FROM clinic.patients) - (SELECT count(*) FROM clinic.patients WHERE last_name <> 'CANARYNAME0017')

--- deep-hash-of-row
--: refused
SELECT hash_record(p) FROM clinic.patients p

--- deep-row-number-of-hash
--: no canary
SELECT id, hashtext(id::text) FROM clinic.patients ORDER BY 2 LIMIT 2
