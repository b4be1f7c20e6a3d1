-- Forms that are seldom used: frames, ordered sets, objects, and values that Veil makes.

--- deep-frame-range-of-id
--: refused
SELECT count(*) OVER (ORDER BY id RANGE BETWEEN 1 PRECEDING AND 1 FOLLOWING) FROM clinic.patients

--- deep-frame-groups-of-ssn
--: refused or masked
SELECT count(*) OVER (ORDER BY ssn GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM clinic.patients

--- deep-frame-offset-by-secret
--: refused
SELECT count(*) OVER (ORDER BY height_cm ROWS (SELECT ascii(last_name) FROM clinic.patients LIMIT 1) PRECEDING) FROM clinic.patients

--- deep-frame-exclude-ties
--: refused or masked
SELECT sex, count(*) OVER (PARTITION BY last_name ORDER BY height_cm RANGE UNBOUNDED PRECEDING EXCLUDE TIES) AS n FROM clinic.patients ORDER BY 2, 1 LIMIT 3

--- deep-nth-value-by-ssn
--: refused or masked
SELECT DISTINCT nth_value(id, 2) OVER (ORDER BY ssn ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) = '{{seal Patient/770000017}}' FROM clinic.patients

--- deep-first-value-by-name
--: refused
SELECT DISTINCT first_value(sex) OVER (ORDER BY last_name) FROM clinic.patients

--- deep-cume-dist-of-id
--: no canary
SELECT id, cume_dist() OVER (ORDER BY id) FROM clinic.patients ORDER BY 2 LIMIT 3

--- deep-percent-rank-ssn
--: no canary
SELECT percent_rank() OVER (ORDER BY ssn) FROM clinic.patients

--- deep-ntile-of-names
--: refused
SELECT ntile(2) OVER (ORDER BY last_name), sex FROM clinic.patients

--- deep-hypothetical-rank
--: refused
SELECT rank('770000017'::bigint) WITHIN GROUP (ORDER BY id) FROM clinic.patients

--- deep-percentile-of-id
--: refused
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY id) FROM clinic.patients

--- deep-mode-of-names
--: refused
SELECT mode() WITHIN GROUP (ORDER BY last_name) FROM clinic.patients

--- deep-filter-by-secret
--: refused
SELECT count(*) FILTER (WHERE ssn LIKE '666%') OVER () FROM clinic.patients

--- deep-window-made-compare
--: refused or masked
SELECT count(*) FROM (SELECT array_agg(id) OVER (ORDER BY ssn) AS a FROM clinic.patients) x WHERE a IS NOT NULL

--- deep-window-collect-by-id
--: no canary
SELECT array_agg(sex) OVER (ORDER BY id) FROM clinic.patients LIMIT 2

--- deep-window-string-agg-by-ssn
--: no canary
SELECT string_agg(height_cm::text, ',') OVER (ORDER BY ssn ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) FROM clinic.patients LIMIT 1

--- deep-object-agg-order
--: refused or masked
SELECT json_object_agg(height_cm::text, sex ORDER BY last_name) FROM clinic.patients

--- deep-object-agg-null-key
--: no canary
SELECT json_object_agg(email, sex) FROM clinic.patients

--- deep-object-agg-forged-tag
--: no canary
SELECT json_object_agg(id, '"}(tag,770000017)') FROM clinic.patients

--- deep-object-agg-looked-into
--: refused
SELECT jsonb_object_agg(id, sex) -> '770000017' FROM clinic.patients

--- deep-object-agg-has-key
--: refused
SELECT jsonb_object_agg(id, sex) ? '770000017' FROM clinic.patients

--- deep-object-agg-keys-order
--: refused
SELECT jsonb_object_keys(jsonb_object_agg(id, sex)) FROM clinic.patients

--- deep-object-agg-size
--: refused
SELECT pg_column_size(json_object_agg(last_name, 1)) FROM clinic.patients

--- deep-made-null-oracle
--: refused or masked
SELECT count(*) FROM clinic.patients WHERE nullif('x' || ssn, 'x666-11-0001') IS NULL

--- deep-made-null-of-substr
--: refused or masked
SELECT count(*) FROM clinic.patients WHERE substr(email, 1, 3) IS NULL

--- deep-made-null-of-case
--: refused or masked
SELECT count(*) FROM clinic.patients WHERE (CASE WHEN id = '{{seal Patient/770000017}}' THEN last_name || 'x' END) IS NOT NULL

--- deep-made-null-of-number
--: no canary
SELECT length(ssn) IS NULL, count(*) FROM clinic.patients GROUP BY 1

--- deep-made-count-distinct
--: refused
SELECT count(DISTINCT lower(last_name)) FROM clinic.patients

--- deep-made-count-ordered
--: refused
SELECT count('x' || id ORDER BY ssn) FROM clinic.patients

--- deep-made-null-in-order
--: no canary
SELECT sex FROM clinic.patients ORDER BY ('x' || email) IS NULL, height_cm LIMIT 3
