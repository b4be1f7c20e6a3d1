--- cast-to-text
--: masked unordered
SELECT last_name::text FROM clinic.patients

--- cast-function
--: masked unordered
SELECT CAST(last_name AS varchar(3)) FROM clinic.patients

--- cast-functional-notation
--: refused
SELECT text(last_name), varchar(first_name, 5) FROM clinic.patients

--- cast-no-op
-- To its own type: PostgreSQL drops the cast, and must not drop the mask.
--: refused or masked
SELECT first_name::text, last_name::varchar(64) FROM clinic.patients ORDER BY birth_date, height_cm, weight_kg

--- cast-id-to-text
--: masked unordered
SELECT id::text FROM clinic.patients

--- cast-id-to-numeric-and-money
--: refused
SELECT id::numeric, id::money, id::float8 FROM clinic.patients

--- cast-id-to-bit
--: refused
SELECT id::bit(64) FROM clinic.patients

--- cast-uuid-to-text
--: masked unordered
SELECT id::text FROM clinic.encounters

--- cast-domain-to-base
--: masked unordered
SELECT mrn::text FROM clinic.patients

--- cast-to-domain
-- A domain's check compares the value with an original.
--: refused
SELECT last_name::clinic.mrn_t FROM clinic.patients

--- cast-error-carries-the-value
-- invalid input syntax for type integer: "CANARYNAME0001"
--: refused
SELECT last_name::integer FROM clinic.patients

--- cast-error-of-a-pushed-down
-- The cast sees what is masked, and its error says no more.
--: refused or no canary
SELECT zip::integer / 0 FROM clinic.patients

--- cast-error-of-hidden-date
--: refused or no canary
SELECT ('x' || birth_date)::integer FROM clinic.patients

--- cast-to-xml-json
--: refused
SELECT last_name::xml, first_name::json FROM clinic.patients

--- cast-to-regclass
-- relation "canaryname0001" does not exist
--: refused
SELECT last_name::text::regclass FROM clinic.patients

--- cast-to-name-and-char
--: refused
SELECT last_name::name, ssn::"char" FROM clinic.patients

--- cast-to-bytea
--: refused
SELECT first_name::bytea, photo::text FROM clinic.patients

--- cast-composite-to-text
--: refused or masked
SELECT address::text FROM clinic.patients ORDER BY 1

--- cast-whole-row
--: refused
SELECT p::text FROM clinic.patients p

--- cast-row-constructor
--: refused
SELECT ROW (last_name, ssn)::text FROM clinic.patients

--- cast-array-to-text
--: refused or masked
SELECT aliases::text FROM clinic.patients ORDER BY 1

--- cast-enum-to-text
-- The enum's labels are the values.
--: refused or masked
SELECT vip::text FROM clinic.patients ORDER BY 1

--- cast-inet-host
--: refused
SELECT host(ip), ip::text FROM clinic.patients

--- cast-record-through-json
--: refused
SELECT row_to_json(ROW (last_name))->>'f1' FROM clinic.patients

--- cast-in-where
--: refused
SELECT count(*) FROM clinic.patients WHERE last_name::text = 'CANARYNAME0001'

--- cast-in-group-by
--: refused
SELECT count(*) FROM clinic.patients GROUP BY last_name::text

--- cast-in-join
--: masked unordered
SELECT count(*) FROM clinic.patients p JOIN clinic.encounters e ON e.patient_id::text = p.id::text

--- implicit-cast-by-union
-- UNION makes both sides text.
--: masked unordered
SELECT last_name FROM clinic.patients UNION ALL SELECT 'x'

--- implicit-cast-by-union-null
--: refused or masked
SELECT NULL AS n UNION ALL SELECT last_name FROM clinic.patients ORDER BY 1 NULLS FIRST LIMIT 1

--- implicit-cast-by-values
--: refused
SELECT * FROM (VALUES ('a'), ((SELECT last_name FROM clinic.patients LIMIT 1))) v

--- implicit-cast-by-case
--: masked unordered
SELECT CASE WHEN true THEN last_name ELSE NULL::text END || 'x' FROM clinic.patients

--- implicit-cast-by-array
--: masked unordered
SELECT ARRAY[last_name, 'x'] FROM clinic.patients

--- collate
--: refused
SELECT last_name COLLATE "C" FROM clinic.patients

--- at-time-zone-of-original
-- The zone must not bring back the day or hour.
--: masked
SELECT DISTINCT extract(minute FROM started_at) AS m, extract(second FROM started_at AT TIME ZONE 'Asia/Kolkata') AS s FROM clinic.encounters

--- extract-from-birth-date
--: masked
SELECT extract(month FROM birth_date) AS m, extract(day FROM birth_date) AS d, count(*) FROM clinic.patients GROUP BY 1, 2 ORDER BY 1, 2

--- date-trunc-and-to-char
--: masked
SELECT to_char(birth_date, 'DD.MM.YYYY') AS d, count(*) FROM clinic.patients GROUP BY 1 ORDER BY 1

--- age-of-birth-date
--: masked
SELECT age(timestamp '2025-01-01', birth_date::timestamp) AS a, count(*) FROM clinic.patients GROUP BY 1 ORDER BY 1

--- date-arithmetic
--: masked
SELECT date '2025-01-01' - birth_date AS days, count(*) FROM clinic.patients GROUP BY 1 ORDER BY 1

--- epoch
--: masked
SELECT extract(epoch FROM started_at) AS e, count(*) FROM clinic.encounters GROUP BY 1 ORDER BY 1

--- dates-in-where
--: masked
SELECT count(*) FROM clinic.patients WHERE birth_date = '1950-03-17'

--- date-range-in-where
--: masked
SELECT count(*) FROM clinic.patients WHERE birth_date BETWEEN '1950-03-02' AND '1950-12-31'

--- difference-of-two-times
-- The exact length of a stay from two years: it must be that of the masked ones.
--: masked
SELECT ended_at - started_at AS d, count(*) FROM clinic.encounters GROUP BY 1 ORDER BY 1

--- binary-search-on-zip
--: masked
SELECT count(*) FROM clinic.patients WHERE zip >= '90210' AND zip < '90211'

--- zip-suffix
--: masked
SELECT count(*) FROM clinic.patients WHERE zip LIKE '%-7777'

--- age-over-89
-- No expression may bring back a year of birth that tells an age over 89.
--: masked
SELECT extract(year FROM birth_date) AS y, count(*) FROM clinic.patients GROUP BY 1 ORDER BY 1

--- cost-cents
-- Cost is rounded: no function brings the cents back.
--: masked
SELECT cost % 10 AS c, count(*) FROM clinic.encounters GROUP BY 1 ORDER BY 1

--- implied-regclass-coalesce
-- A cast that nobody wrote: OIDs are cast to the type of the other branch.
--: empty
SELECT c FROM (SELECT coalesce(NULL::regclass, g::oid) AS c FROM generate_series(16384, 19000) g) s WHERE c::text ~ '^vault'

--- implied-regclass-case
--: empty
SELECT c FROM (SELECT CASE WHEN g < 0 THEN NULL::regclass ELSE g::oid END AS c FROM generate_series(16384, 19000) g) s WHERE c::text ~ '^vault'

--- implied-regclass-greatest
--: empty
SELECT c FROM (SELECT greatest(NULL::regclass, g::oid) AS c FROM generate_series(16384, 19000) g) s WHERE c::text ~ '^vault'

--- implied-regclass-array
--: empty
SELECT c FROM (SELECT unnest(ARRAY[NULL::regclass, g::oid]) AS c FROM generate_series(16384, 19000) g) s WHERE c::text ~ '^vault'

--- implied-regclass-subselect
--: empty
SELECT c FROM (SELECT coalesce((SELECT NULL::regclass), g::oid) AS c FROM generate_series(16384, 19000) g) s WHERE c::text ~ '^vault'

--- implied-regclass-derived
--: empty
SELECT c FROM (SELECT coalesce(n.c, g::oid) AS c FROM (SELECT NULL::regclass AS c) n, generate_series(16384, 19000) g) s WHERE c::text ~ '^vault'

--- implied-regclass-values
--: empty
SELECT c FROM generate_series(16384, 19000) g, LATERAL (VALUES (NULL::regclass), (g::oid)) v(c) WHERE c::text ~ '^vault'

--- implied-regtype-union
--: refused
SELECT NULL::regtype UNION ALL SELECT g::oid FROM generate_series(16384, 19000) g

--- implied-regclass-union-of-name
--: refused
SELECT NULL::regclass UNION ALL SELECT '{{vault|xqzwj}}.secrets'

--- implied-regclass-recursive
--: refused
WITH RECURSIVE r(c, g) AS (SELECT NULL::regclass, 16384 UNION ALL SELECT (g + 1)::oid, g + 1 FROM r WHERE g < 19000) SELECT c FROM r

--- implied-regclass-using
--: refused
SELECT c FROM (SELECT NULL::regclass AS c) a FULL JOIN (SELECT g::oid AS c FROM generate_series(16384, 19000) g) b USING (c)

--- implied-regclass-lag
--: empty
SELECT c FROM (SELECT lag(NULL::regclass, 1, g::oid) OVER () AS c FROM generate_series(16384, 19000) g) s WHERE c::text ~ '^vault'

--- implied-regclass-array-append
--: refused
SELECT array_append(ARRAY[NULL::regclass], g::oid) FROM generate_series(16384, 19000) g

--- implied-regclass-array-concat
--: refused
SELECT ARRAY[NULL::regclass] || g::oid FROM generate_series(16384, 19000) g

--- implied-regclass-array-of-query
--: refused
SELECT ARRAY(SELECT NULL::regclass) || g::oid FROM generate_series(16384, 19000) g

--- implied-regtype-of-function
--: empty
SELECT c FROM (SELECT coalesce(nullif(pg_typeof(1), 'integer'::regtype), g::oid) AS c FROM generate_series(16384, 19000) g) s WHERE c::text ~ '^vault'

--- implied-regclass-columns-of-json
--: refused
SELECT c FROM generate_series(16384, 19000) g, json_to_record(json_build_object('c', g::text)) AS x(c regclass)

--- implied-regclass-partition-root
--: refused
SELECT c FROM (SELECT coalesce(nullif(pg_partition_root('clinic.patients'), 'clinic.patients'::regclass), g::oid) AS c FROM generate_series(16384, 19000) g) s WHERE c::text ~ '^vault'
