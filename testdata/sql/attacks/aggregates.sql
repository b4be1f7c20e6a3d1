--- min-max
--: refused
SELECT min(last_name), max(last_name) FROM clinic.patients

--- min-of-id
--: refused
SELECT min(id), max(id), sum(id), avg(id) FROM clinic.patients

--- string-agg
--: no canary
SELECT string_agg(last_name, ',') FROM clinic.patients

--- string-agg-ordered
--: refused
SELECT string_agg(sex::text, ',' ORDER BY last_name) FROM clinic.patients

--- array-agg
--: no canary
SELECT array_agg(last_name) FROM clinic.patients

--- array-agg-of-rows
--: refused
SELECT array_agg(p) FROM clinic.patients p

--- json-agg
--: no canary
SELECT json_agg(last_name) FROM clinic.patients

--- jsonb-object-agg
--: refused or masked
SELECT jsonb_object_agg(ssn, sex) FROM clinic.patients WHERE ssn IS NOT NULL

--- json-agg-of-rows
--: no canary
SELECT json_agg(p) FROM clinic.patients p

--- xmlagg
--: refused
SELECT xmlagg(xmlelement(name n, last_name)) FROM clinic.patients

--- mode-within-group
--: refused
SELECT mode() WITHIN GROUP (ORDER BY last_name) FROM clinic.patients

--- percentile-disc
--: refused
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY last_name) FROM clinic.patients

--- percentile-cont-of-id
--: refused
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY id) FROM clinic.patients

--- hypothetical-rank
-- rank('X') says how many originals come before X.
--: refused
SELECT rank('CANARYNAME0100') WITHIN GROUP (ORDER BY last_name) FROM clinic.patients

--- hypothetical-cume-dist
--: refused
SELECT cume_dist('666-50-0000') WITHIN GROUP (ORDER BY ssn) FROM clinic.patients

--- any-value-style-bool-agg
--: same
SELECT bool_or(last_name = '{{CANARYNAME0001|CANARYNAME9999}}') FROM clinic.patients

--- bit-aggregates-of-id
--: refused
SELECT bit_and(id), bit_or(id), bit_xor(id) FROM clinic.patients

--- range-agg
--: refused or masked
SELECT range_agg(stay) FROM clinic.encounters

--- corr-with-id
-- A regression over the row's number and the sealed id.
--: refused
SELECT corr(id, height_cm), regr_slope(id, height_cm), stddev(id) FROM clinic.patients

--- count-of-sealed
--: masked
SELECT count(ssn), count(DISTINCT ssn), count(email), count(*) FROM clinic.patients

--- count-distinct-pair
--: refused or masked
SELECT count(DISTINCT (first_name, last_name)) FROM clinic.patients

--- aggregate-order-by
--: refused
SELECT array_agg(height_cm ORDER BY last_name) FROM clinic.patients

--- aggregate-distinct-order
--: masked unordered
SELECT string_agg(DISTINCT last_name, ',') FROM clinic.patients

--- aggregate-filter-like
--: refused
SELECT count(*) FILTER (WHERE last_name LIKE '%1') FROM clinic.patients

--- having-min
--: refused
SELECT sex FROM clinic.patients GROUP BY sex HAVING min(last_name) < 'CANARYNAME0002'

--- grouping-sets-of-expression
--: refused
SELECT upper(last_name), count(*) FROM clinic.patients GROUP BY GROUPING SETS ((upper(last_name)), ())

--- grouping-of-sealed
--: masked
SELECT grouping(sex) AS g, sex, count(DISTINCT ssn) AS n FROM clinic.patients GROUP BY ROLLUP (sex) ORDER BY 1, 2

--- group-by-order
-- HashAggregate or sort: the groups of a sealed column must not come in the originals' order.
--: masked unordered
SELECT mrn, count(*) FROM clinic.patients GROUP BY mrn

--- group-by-sealed-ordered-by-count
-- Ties must not be broken by the original.
--: masked unordered
SELECT patient_mrn, count(*) AS n FROM clinic.encounters GROUP BY patient_mrn ORDER BY n DESC

--- distinct-order
--: masked unordered
SELECT DISTINCT mrn FROM clinic.patients

--- distinct-surrogates
-- Two originals may have one surrogate: then there would be two of it.
--: refused or masked unordered
SELECT DISTINCT last_name FROM clinic.patients

--- group-by-surrogate
--: refused or masked unordered
SELECT last_name, count(*) FROM clinic.patients GROUP BY last_name

--- count-distinct-surrogates
--: refused or masked
SELECT count(DISTINCT first_name) FROM clinic.patients

--- union-order
--: masked unordered
SELECT id FROM clinic.patients UNION SELECT patient_id FROM clinic.encounters

--- grouping-by-primary-key-dependence
-- Other columns of the row may stand beside the grouped key in PostgreSQL.
--: refused or masked
SELECT id, last_name FROM clinic.patients GROUP BY id ORDER BY height_cm, weight_kg, birth_date
