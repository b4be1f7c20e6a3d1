-- What tools and analysts write around sealed ids.

--- order-by-id-first
--: masked unordered
SELECT count(*) FROM (SELECT id FROM clinic.patients ORDER BY id LIMIT 7) x

--- order-by-position-of-id
--: masked unordered
SELECT id, sex FROM clinic.patients ORDER BY 1

--- order-by-alias-of-id
--: masked unordered
SELECT p.id AS who FROM clinic.patients p ORDER BY who DESC NULLS LAST

--- order-by-id-and-clear
--: masked unordered
SELECT patient_id, class, los_days FROM clinic.encounters ORDER BY class, patient_id, los_days

--- order-by-uuid-id
--: masked unordered
SELECT id FROM clinic.encounters ORDER BY id

--- order-by-pseudonym
--: masked unordered
SELECT mrn FROM clinic.patients ORDER BY mrn

--- order-by-grouped-id
--: masked unordered
SELECT patient_id, count(*) FROM clinic.encounters GROUP BY patient_id ORDER BY patient_id

--- order-by-distinct-id
--: masked unordered
SELECT DISTINCT patient_id FROM clinic.encounters ORDER BY patient_id

--- order-by-distinct-id-and-clear
--: masked unordered
SELECT DISTINCT class, patient_id FROM clinic.encounters ORDER BY 2 DESC, 1

--- order-by-union-of-ids
--: masked unordered
SELECT id FROM clinic.patients UNION SELECT patient_id FROM clinic.encounters ORDER BY id

--- order-by-union-all-of-ids
--: masked unordered
SELECT id FROM clinic.patients UNION ALL SELECT patient_id FROM clinic.encounters ORDER BY 1

--- order-by-id-of-sub-select
--: masked unordered
SELECT x.who, x.n FROM (SELECT patient_id AS who, count(*) AS n FROM clinic.encounters GROUP BY 1) x ORDER BY x.who

--- order-by-id-of-cte-in-exists
--: masked
SELECT count(*) FROM clinic.patients p WHERE EXISTS (SELECT DISTINCT e.patient_id FROM clinic.encounters e WHERE e.patient_id = p.id ORDER BY e.patient_id)

--- keyset-pages
-- Each id is either before one or not.
--: masked
SELECT count(*) FROM clinic.patients WHERE id > '{{seal Patient/770000017}}' OR id <= '{{seal Patient/770000017}}'

--- keyset-page-by-parameter
--: masked
--: param {{seal Patient/770000017}}
SELECT count(*) FROM clinic.patients WHERE id > $1 OR NOT id > $1

--- pairs-of-ids
--: masked
SELECT count(*) FROM clinic.patients a JOIN clinic.patients b ON a.id < b.id

--- cast-id-to-text
--: masked unordered
SELECT id::text, CAST(id AS varchar) AS v, id::varchar(255) AS w FROM clinic.patients

--- cast-id-in-group
--: masked unordered
SELECT patient_id::text AS who, count(*) FROM clinic.encounters GROUP BY patient_id::text ORDER BY patient_id::text

--- cast-id-in-group-by-position
--: masked unordered
SELECT CAST(patient_id AS text) AS who, count(*) FROM clinic.encounters GROUP BY 1

--- cast-id-in-condition
--: masked
SELECT count(*) FROM clinic.encounters WHERE patient_id::text = '{{seal Patient/770000017}}' OR patient_id::text IN ('{{seal Patient/770000018}}')

--- cast-id-in-join
--: masked
SELECT count(*) FROM clinic.encounters e JOIN clinic.patients p ON p.id::text = e.patient_id::text

--- cast-document-to-its-type
--: masked unordered
SELECT id, doc::jsonb FROM clinic.documents

--- cast-shifted-time-to-its-type
--: masked unordered
SELECT taken_at::timestamptz FROM clinic.observations

--- optional-filter-set
--: masked
--: param {{seal Patient/770000017}}
SELECT count(*) FROM clinic.encounters WHERE ($1::text IS NULL OR patient_id = $1)

--- optional-filter-written-last
--: masked
--: param {{seal Patient/770000017}}
SELECT count(*) FROM clinic.encounters WHERE patient_id = $1 OR $1 IS NULL

--- optional-filter-list
--: masked
--: param {{{seal Patient/770000017}},{{seal Patient/770000018}}}
SELECT count(*) FROM clinic.encounters WHERE $1::text[] IS NULL OR patient_id = ANY ($1)

--- optional-filter-clear
--: masked
--: param inpatient
SELECT count(*) FROM clinic.encounters WHERE ($1::text IS NULL OR class = $1)

--- count-whole-row-of-left-join
--: masked
SELECT count(e.*), count(e), count(*) FROM clinic.patients p LEFT JOIN clinic.encounters e ON e.patient_id = p.id AND e.los_days > 6

--- count-whole-row-grouped
--: masked
SELECT p.sex, count(e.*) FROM clinic.patients p LEFT JOIN clinic.encounters e ON e.patient_id = p.id GROUP BY p.sex ORDER BY p.sex

--- count-whole-row-of-sub-select
--: masked
SELECT count(x.*) FROM clinic.departments d LEFT JOIN (SELECT patient_id, department FROM clinic.encounters) x ON x.department = d.name

--- case-of-id
--: masked
SELECT CASE patient_id WHEN '{{seal Patient/770000017}}' THEN 'a' WHEN '{{seal Patient/770000018}}' THEN 'b' ELSE 'c' END AS label, count(*) FROM clinic.encounters GROUP BY 1 ORDER BY 1

--- case-of-id-with-column
--: masked
SELECT count(*) FROM clinic.encounters e JOIN clinic.patients p ON CASE e.patient_id WHEN p.id THEN true ELSE false END

--- list-of-parameters
--: masked
--: param {{seal Patient/770000017}}
--: param no pseudonym
--: param {{seal Patient/770000018}}
SELECT count(*), count(*) FILTER (WHERE patient_id NOT IN ($1, $2, $3)) FROM clinic.encounters WHERE patient_id IN ($1, $2, $3) OR patient_id NOT IN ($1, $2)

--- list-of-parameters-of-uuids
--: masked
--: param {{seal Encounter/ca11a7ee-0000-4000-8000-000000000001}}
--: param 5
SELECT count(*) FROM clinic.encounters WHERE id IN ($1, $2)

--- list-of-parameters-in-a-target
--: masked
--: param {{seal Patient/770000017}}
--: param {{seal Patient/770000018}}
SELECT patient_id IN ($1, $2, NULL) AS known, count(*) FROM clinic.encounters GROUP BY 1 ORDER BY 1

--- list-of-parameters-and-literals
--: masked
--: param {{seal Patient/770000017}}
SELECT count(*) FROM clinic.encounters WHERE patient_id IN ($1, '{{seal Patient/770000018}}', 'x', NULL)
