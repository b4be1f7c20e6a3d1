--- made-null-of-text
--: masked
SELECT count(*) FROM cdm.visit_occurrence WHERE ('v' || preceding_visit_occurrence_id) IS NULL

--- made-not-null-of-concat
--: masked
SELECT count(*), count(*) FILTER (WHERE concat('v', preceding_visit_occurrence_id) IS NOT NULL), count(*) FILTER (WHERE lower(preceding_visit_occurrence_id::text) IS NULL) FROM cdm.visit_occurrence

--- made-count-of-text
--: masked
SELECT care_site_id, count(upper('p-' || preceding_visit_occurrence_id)) AS n FROM cdm.visit_occurrence GROUP BY 1 ORDER BY 1

--- made-null-coalesce
--: masked
SELECT count(*) FROM cdm.visit_occurrence WHERE coalesce('v' || preceding_visit_occurrence_id, 'p' || person_id) IS NOT NULL

--- made-array-not-null
--: masked
SELECT c.care_site_id, array_agg(p.person_id) IS NOT NULL AS some, count(array_agg(p.person_id)) OVER () AS sites FROM cdm.care_site c LEFT JOIN cdm.person p ON p.care_site_id = c.care_site_id AND p.gender = 'female' GROUP BY 1 ORDER BY 1

--- made-having-array
--: masked
SELECT c.care_site_id FROM cdm.care_site c LEFT JOIN cdm.visit_occurrence v ON v.care_site_id = c.care_site_id GROUP BY 1 HAVING array_agg(v.person_id) FILTER (WHERE v.days > 3) IS NOT NULL ORDER BY 1

--- made-joined-null
--: masked
SELECT person_id, string_agg(preceding_visit_occurrence_id::text, ',' ORDER BY visit_start_datetime, visit_source_value) IS NULL AS never, array_length(array_agg(preceding_visit_occurrence_id::text), 1) IS NULL AS none FROM cdm.visit_occurrence GROUP BY person_id

--- made-json-null
--: masked
SELECT count(*) FROM cdm.person WHERE json_build_object('id', person_id) IS NULL OR to_json(person_id::text) IS NULL

--- made-object-agg-keys
--: masked
SELECT care_site_id, json_object_agg(person_id, year_of_birth ORDER BY year_of_birth, person_source_value) FROM cdm.person WHERE care_site_id < 4 GROUP BY 1 ORDER BY 1

--- made-object-agg-values
--: masked
SELECT jsonb_object_agg(person_source_value, person_id) FROM cdm.person WHERE year_of_birth < 1950

--- made-object-agg-both
--: masked
SELECT gender, jsonb_object_agg(person_id, jsonb_build_object('site', care_site_id, 'id', person_id)) FROM cdm.person WHERE year_of_birth < 1945 GROUP BY 1 ORDER BY 1

--- made-object-agg-clear-key
--: masked
SELECT json_object_agg(person_source_value, person_id ORDER BY person_source_value) FROM cdm.person WHERE year_of_birth < 1950

--- made-object-agg-filter
--: masked
SELECT care_site_id, jsonb_object_agg(person_id, gender) FILTER (WHERE gender = 'female') FROM cdm.person GROUP BY 1 ORDER BY 1

--- made-agg-over
--: masked
SELECT person_id, visit_start_datetime, array_agg(visit_occurrence_id) OVER (PARTITION BY person_id ORDER BY visit_start_datetime, visit_source_value) AS so_far FROM cdm.visit_occurrence

--- made-agg-over-frame
--: masked
SELECT person_id, string_agg(visit_occurrence_id::text, '>') OVER (PARTITION BY person_id ORDER BY visit_start_datetime, visit_source_value ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS last_two FROM cdm.visit_occurrence

--- made-json-agg-over
--: masked
SELECT DISTINCT care_site_id, json_agg(person_id) OVER (PARTITION BY care_site_id ORDER BY person_source_value ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)::text IS NULL AS none FROM cdm.person

--- made-any-of-columns
--: masked
SELECT count(*) FROM cdm.visit_occurrence v JOIN cdm.visit_occurrence w ON w.person_id = v.person_id WHERE v.visit_occurrence_id = ANY (ARRAY[w.visit_occurrence_id, w.preceding_visit_occurrence_id])

--- made-pseudonym-any-of-columns
--: masked
--: param {{cell SELECT visit_occurrence_id FROM cdm.visit_occurrence WHERE preceding_visit_occurrence_id IS NOT NULL ORDER BY visit_source_value LIMIT 1}}
SELECT visit_source_value FROM cdm.visit_occurrence WHERE $1 = ANY (ARRAY[visit_occurrence_id, preceding_visit_occurrence_id]) ORDER BY 1

--- made-any-of-array-select
--: masked
SELECT count(*) FROM cdm.person p WHERE p.person_id = ANY (ARRAY(SELECT person_id FROM cdm.condition_occurrence WHERE condition_concept_id < 320128))

--- made-all-of-array-select
--: masked
SELECT count(*) FROM cdm.person p WHERE p.person_id <> ALL (ARRAY(SELECT person_id FROM cdm.death))

--- made-all-of-columns
--: masked
SELECT count(*) FROM cdm.visit_occurrence WHERE preceding_visit_occurrence_id <> ALL (ARRAY[visit_occurrence_id])
