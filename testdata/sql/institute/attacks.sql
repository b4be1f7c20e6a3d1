-- What somebody sends who wants to learn an original: refused, or what the copy gives.

--- attack-made-compare-constant
--: refused or masked
SELECT count(*) FROM (SELECT 'Patient/' || usubjid AS ref FROM sdtm.dm) x WHERE ref = 'Patient/{{VL-302-07919|VL-302-07918}}'

--- attack-made-compare-original
--: refused
SELECT count(*) FROM (SELECT 'Patient/' || cpr AS ref FROM lpr.person) x WHERE ref LIKE 'Patient/0101%'

--- attack-made-order
--: refused or shape
SELECT 'Patient/' || usubjid AS ref FROM sdtm.dm ORDER BY ref DESC LIMIT 1

--- attack-made-min
--: refused or masked
SELECT min('Patient/' || cpr) FROM lpr.person

--- attack-made-group-substring
--: refused
SELECT substr(cpr, 1, 2) AS day, count(*) FROM lpr.person GROUP BY substr(cpr, 1, 2)

--- attack-made-group-left-year
--: refused
SELECT left(usubjid, 6), count(*) FROM sdtm.dm GROUP BY 1

--- attack-made-count-distinct-left
--: refused
SELECT count(DISTINCT left(cpr, 4)) FROM lpr.person

--- attack-made-count-distinct-length
--: refused
SELECT count(DISTINCT length(cardholder_id)) FROM rx.member

--- attack-made-group-lower
--: refused or masked
SELECT lower(usubjid), count(*) FROM sdtm.dm GROUP BY lower(usubjid)

--- attack-made-group-md5
--: refused or masked
SELECT md5(cpr), count(*) FROM lpr.person GROUP BY md5(cpr)

--- attack-made-group-two-sealed
--: refused or masked
SELECT cardholder_id || member_id, count(*) FROM rx.member GROUP BY cardholder_id || member_id

--- attack-made-group-ambiguous
--: refused or masked
SELECT count(*) FROM (SELECT subjid || siteid AS k FROM sdtm.dm GROUP BY subjid || siteid) x

--- attack-made-group-having
--: refused or masked
SELECT count(*) FROM (SELECT 'P' || cpr AS k FROM lpr.person GROUP BY 'P' || cpr HAVING max('P' || cpr) > 'P3') x

--- attack-made-distinct-case
--: refused or same
SELECT DISTINCT CASE WHEN usubjid > '{{VL-302|VL-303}}' THEN 'P' || usubjid END FROM sdtm.dm

--- attack-made-distinct-on
--: refused
SELECT DISTINCT ON ('P' || left(cpr, 2)) cpr FROM lpr.person

--- attack-made-concat-null-oracle
--: refused or masked
SELECT concat('P', nullif(cpr, '0101310001')) AS k, count(*) FROM lpr.person GROUP BY 1

--- attack-made-nullif-is-null
--: refused or masked
SELECT count(*) FROM (SELECT 'P' || nullif(left(cpr, 2), '01') AS k FROM lpr.person) x WHERE k IS NULL

--- attack-made-is-null-of-substring
--: refused
SELECT count(*) FROM (SELECT 'P' || substring(cpr FROM '^01.*') AS k FROM lpr.person) x WHERE k IS NULL

--- attack-made-is-null-of-regexp
--: refused
SELECT count(*) FROM (SELECT 'P' || (regexp_match(usubjid, 'VL-301-0.*'))[1] AS k FROM sdtm.dm) x WHERE k IS NULL

--- attack-made-join-on-text
--: refused or masked
SELECT count(*) FROM (SELECT 'P' || cpr AS k FROM lpr.person) a JOIN (VALUES ('P{{3001310007|3001310008}}')) v(k) ON v.k = a.k

--- attack-made-join-other-domain
--: refused or masked
SELECT count(*) FROM (SELECT 'P' || subjid AS k FROM sdtm.dm) a JOIN (SELECT 'P' || substr(patient_ref, 3) AS k FROM lims.sample) b ON a.k = b.k

--- attack-made-join-same-text-other-domain
--: refused or masked
SELECT count(*) FROM (SELECT 'X/' || subjid AS k FROM sdtm.dm) a JOIN (SELECT 'X/' || usubjid AS k FROM sdtm.dm) b ON a.k = b.k

--- attack-made-join-kept
--: refused or masked
SELECT count(*) FROM (SELECT 'S' || sample_id AS k FROM lims.sample) a JOIN generate_series(40000000, 41000000) g ON a.k = 'S' || g

--- attack-made-in-values
--: refused or masked
SELECT count(*) FROM lpr.person WHERE 'P' || cpr IN (SELECT 'P' || lpad(g::text, 10, '0') FROM generate_series(101000000, 101010000) g)

--- attack-made-error-cast
--: refused
SELECT ('1' || member_id)::bigint FROM rx.member

--- attack-made-error-division
--: refused
SELECT count(*) FROM (SELECT 'P' || cpr AS k FROM lpr.person) x GROUP BY 1 / length(k)

--- attack-made-union-distinct
--: refused or masked
SELECT 'P' || cpr FROM lpr.person UNION SELECT 'P' || lpad(g::text, 10, '0') FROM generate_series(101310000, 101310020) g

--- attack-made-except
--: refused or masked
SELECT count(*) FROM (SELECT 'P' || cpr FROM lpr.person EXCEPT SELECT 'P' || lpad(g::text, 10, '0') FROM generate_series(101310000, 101310020) g) x

--- attack-made-format-width
--: refused or masked
SELECT format('%1$s%2$*1$s', 3, cpr) FROM lpr.person

--- attack-made-group-collation
--: refused or masked unordered
SELECT 'p' || usubjid COLLATE "C", count(*) FROM sdtm.dm GROUP BY 1 ORDER BY 1

--- attack-made-array-overlap
--: refused or masked
SELECT count(*) FROM (SELECT array_agg('P' || cpr) AS a FROM lpr.person) x WHERE a && ARRAY['P{{3001310007|3001310008}}']

--- attack-collected-unnest-cast
--: refused or masked
SELECT u::bigint FROM (SELECT array_agg(member_id) AS a FROM rx.member) x, unnest(a) u

--- attack-collected-unnest-order
--: refused or shape
SELECT u FROM (SELECT array_agg(cpr) AS a FROM lpr.person) x, unnest(a) WITH ORDINALITY AS t(u, n) ORDER BY u::text LIMIT 1

--- attack-collected-position-original
--: refused or masked
SELECT array_position(array_agg(cpr), '{{3001310007|3001310008}}') FROM lpr.person

--- attack-collected-position-sorted
--: refused or masked
SELECT array_position(array_agg(cpr ORDER BY cpr), cpr) FROM lpr.person GROUP BY cpr

--- attack-collected-slice
--: refused or masked
SELECT (array_agg(cpr ORDER BY "fødselsdato"))[1:2] FROM lpr.person

--- attack-collected-concat-original
--: refused or masked
SELECT array_agg(cpr) || '{{3001310007|3001310008}}' FROM lpr.person

--- attack-collected-remove
--: refused or masked
SELECT array_length(array_remove(array_agg(cpr::text), '{{3001310007|3001310008}}'), 1) FROM lpr.person

--- attack-collected-contains
--: refused or masked
SELECT array_agg(cpr) @> ARRAY['{{3001310007|3001310008}}'] FROM lpr.person

--- attack-collected-any-like
--: refused or masked
SELECT '01%' ~~ ANY (array_agg(cpr::text)) FROM lpr.person

--- attack-collected-any-greater
--: refused or masked
SELECT '0102310000' > ANY (SELECT cpr FROM lpr.person)

--- attack-collected-json
--: refused or masked
SELECT count(*) FROM (SELECT json_agg(cpr) AS j FROM lpr.person) x, json_array_elements_text(j) e WHERE e LIKE '01%'

--- attack-collected-string-split
--: refused or masked
SELECT count(*) FROM (SELECT string_agg(cpr, ',') AS s FROM lpr.person) x, regexp_split_to_table(s, ',') e WHERE e LIKE '01%'

--- attack-same-like
--: masked
SELECT count(*) FROM lims.sample WHERE barcode LIKE 'B000%'

--- attack-same-greater
--: refused or masked
SELECT count(*) FROM lims.sample WHERE barcode > 'B005000000' AND barcode < 'B0051'

--- attack-same-equal-original
--: same or masked
SELECT count(*) FROM lims.sample WHERE barcode = '{{B000007919|B000007918}}'

--- attack-same-substr-group
--: masked
SELECT substr(barcode, 1, 3), count(*) FROM lims.sample GROUP BY 1

--- attack-same-cast
--: refused or masked
SELECT substr(barcode, 2)::bigint FROM lims.sample

--- attack-same-length
--: refused or masked
SELECT length(barcode), count(*) FROM lims.sample GROUP BY 1

--- attack-same-similar
--: masked
SELECT barcode SIMILAR TO 'B00%' FROM lims.sample LIMIT 1

--- attack-same-between-kept
--: refused or masked
SELECT count(*) FROM lims.sample s JOIN generate_series(1, 100) g ON s.barcode = 'B' || lpad((g * 7919)::text, 9, '0')

--- attack-same-other-domain
--: refused or masked
SELECT count(*) FROM rx.claim c JOIN lims.sample s ON s.barcode = c.pharmacy_npi

--- attack-json-hidden-member
--: masked
SELECT preferences->>'phone' FROM rx.member WHERE gender = 'U'

--- attack-json-hidden-each
--: masked
SELECT e.value FROM rx.member, jsonb_each_text(preferences) e WHERE e.key = 'phone'

--- attack-json-hidden-path
--: masked
SELECT count(*) FROM lims.sample WHERE meta @? '$.** ? (@ like_regex "^ZQ")'

--- attack-json-hidden-text
--: masked
SELECT count(*) FROM rx.claim WHERE request::text LIKE '%CARD%'

--- attack-json-hidden-size
--: refused or masked
SELECT max(pg_column_size(request)) FROM rx.claim

--- attack-json-hidden-populate
--: refused
SELECT (jsonb_populate_record(NULL::rx.member, preferences || '{"last_name": "x"}')).last_name FROM rx.member LIMIT 1

--- attack-json-cast-error
--: masked
SELECT (preferences->>'phone')::int FROM rx.member WHERE gender = 'U'

--- attack-setting-force-parallel
--: refused
SET session_replication_role = replica
--;
SELECT 1

--- attack-setting-preload
--: refused
SET local_preload_libraries = 'auto_explain'
--;
SELECT 1

--- attack-setting-log
--: refused
SET log_min_duration_statement = 0
--;
SELECT 1

--- attack-setting-debug-plan
--: refused
SET debug_print_plan = on
--;
SELECT 1

--- attack-setting-row-security
--: refused
SET row_security = off
--;
SELECT 1

--- attack-setting-null-equals
--: refused
SET transform_null_equals = on
--;
SELECT count(*) FROM lpr.person WHERE cpr = NULL

--- attack-setting-read-key
--: same
SELECT name, setting FROM pg_settings WHERE name LIKE 'veil%' OR name LIKE '%.%'

--- attack-setting-work-mem-huge
--: masked
SET work_mem = '100GB'
--;
SELECT 1

--- attack-setting-memory-by-function
--: refused
SELECT set_config('max_stack_depth', '7MB', false)

--- attack-catalog-hidden-natts
--: refused or empty or shape
SELECT count(*) FROM pg_class WHERE relnatts = 7 AND 1 / (relnatts - 7) > 0 AND relname = 'nobody'

--- attack-catalog-hidden-column-number
--: masked
SELECT attname FROM pg_attribute WHERE attrelid = 'rx.member'::regclass AND attname IN ('last_name')

--- attack-catalog-hidden-stats
--: same
SELECT n_distinct FROM pg_stats WHERE tablename = 'person'

--- attack-ctid
--: refused
SELECT ctid, cpr FROM lpr.person

--- attack-system-column-tableoid
--: refused
SELECT tableoid::regclass, xmin FROM lims.sample

--- attack-correlated-exists-greater
--: refused or same
SELECT count(*) FROM lpr.person p WHERE EXISTS (SELECT 1 FROM lpr.kontakt k WHERE k.cpr > p.cpr AND k.cpr < '{{3001310007|3001310008}}')

--- attack-lateral-case-id
--: refused or masked
SELECT CASE cpr WHEN '{{3001310007|3001310008}}' THEN 1 / 0 ELSE 1 END FROM lpr.person
