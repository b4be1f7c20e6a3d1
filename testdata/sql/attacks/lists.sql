-- Arrays, joined texts and JSON of keyed values, which Veil makes: whether what PostgreSQL has of them can be seen.

--- list-order-of-originals
-- The order of a sub-select by the ids.
--: no canary
SELECT array_agg(id) FROM (SELECT id FROM clinic.patients ORDER BY id) x

--- list-sorted-by-itself
--: masked
SELECT array_agg(id ORDER BY id), string_agg(DISTINCT id::text, ',') FROM clinic.patients

--- list-sorted-by-a-name
--: refused
SELECT array_agg(id ORDER BY last_name) FROM clinic.patients

--- list-first-by-id
--: no canary
SELECT (array_agg(id ORDER BY id))[1] FROM clinic.patients

--- list-first-compared-with-an-original
--: refused or masked
SELECT (array_agg(id ORDER BY height_cm, id))[1] = '770000017' FROM clinic.patients

--- list-length-in-a-condition
--: refused
SELECT sex FROM clinic.patients GROUP BY sex HAVING cardinality(array_agg(last_name)) > 3

--- list-compared
--: refused
SELECT coalesce(array_agg(last_name), '{}') = '{}' FROM clinic.patients

--- list-in-a-like
--: refused
SELECT array_to_string(array_agg(last_name), ',') LIKE '%CANARY%' FROM clinic.patients

--- list-unnested
--: refused
SELECT u FROM (SELECT array_agg(last_name) AS l FROM clinic.patients) x, unnest(x.l) u

--- list-searched
--: refused
SELECT count(*) FROM clinic.patients WHERE 'CANARYNAME0001' = ANY (ARRAY(SELECT last_name FROM clinic.patients))

--- list-sorted-by
--: refused
SELECT sex, array_agg(last_name) AS l FROM clinic.patients GROUP BY sex ORDER BY l

--- list-grouped-by
--: refused
SELECT count(*) FROM clinic.patients GROUP BY ARRAY[last_name]

--- list-distinct
--: refused
SELECT DISTINCT ARRAY[last_name] FROM clinic.patients

--- list-united
--: refused
SELECT ARRAY[last_name] FROM clinic.patients UNION SELECT ARRAY['CANARYNAME0001']

--- list-delimited-by-a-name
--: refused
SELECT string_agg(id::text, last_name) FROM clinic.patients

--- list-filtered-by-a-name
--: refused
SELECT array_agg(id) FILTER (WHERE last_name LIKE 'CANARY%') FROM clinic.patients

--- list-of-rows
--: refused
SELECT array_agg(ROW(id, last_name)) FROM clinic.patients

--- list-in-a-window
--: no canary
SELECT array_agg(last_name) OVER (ORDER BY height_cm) FROM clinic.patients

--- list-in-a-setting
--: refused
SELECT set_config('application_name', array_agg(last_name)::text, false) FROM clinic.patients

--- list-cast-to-numbers
--: refused
SELECT array_agg(last_name)::int[] FROM clinic.patients

--- list-by-division
--: refused
SELECT 1 / (cardinality(array_agg(last_name)) - 300) FROM clinic.patients

--- json-under-a-name
--: refused
SELECT jsonb_build_object(last_name, 1) FROM clinic.patients

--- json-by-names
--: no canary
SELECT json_object_agg(last_name, sex) FROM clinic.patients

--- json-taken-apart
--: refused
SELECT to_jsonb(p) ->> 'last_name' FROM clinic.patients p

--- json-by-a-path
--: refused
SELECT jsonb_path_query(to_jsonb(p), '$.last_name') FROM clinic.patients p

--- json-as-rows
--: refused
SELECT e.key, e.value FROM clinic.patients p, jsonb_each_text(to_jsonb(p)) e

--- json-compared
--: refused
SELECT count(*) FROM clinic.patients WHERE to_jsonb(last_name)::text = '"CANARYNAME0001"'

--- json-contains
--: refused
SELECT count(*) FROM clinic.patients p WHERE to_jsonb(p) @> '{"last_name": "CANARYNAME0001"}'

--- json-sorted-by-a-name
--: refused
SELECT json_agg(p ORDER BY p.last_name) FROM clinic.patients p

--- json-with-a-wrapper-in-a-text
--: masked unordered
SELECT json_build_object('id', id, 'x', '(v,"770000017")', 'y', '+' || sex::text) FROM clinic.patients

--- json-of-a-hidden-column
--: masked unordered
SELECT to_jsonb(p) FROM clinic.patients p WHERE height_cm > 150

--- json-copied
--: no canary copy
COPY (SELECT json_agg(p) FROM clinic.patients p) TO STDOUT

--- united-kinds-compared
--: refused
SELECT count(*) FROM (SELECT last_name AS x FROM clinic.patients UNION ALL SELECT sex::text FROM clinic.patients) u WHERE x = 'CANARYNAME0001'

--- united-kinds-sorted
--: refused
SELECT x FROM (SELECT last_name AS x FROM clinic.patients UNION ALL SELECT sex::text FROM clinic.patients) u ORDER BY x LIMIT 1

--- united-kinds-measured
--: masked unordered
SELECT length(x) FROM (SELECT last_name::text AS x FROM clinic.patients UNION ALL SELECT sex::text FROM clinic.patients) u

--- hash-of-a-name
--: refused
SELECT hashtext(last_name) FROM clinic.patients
