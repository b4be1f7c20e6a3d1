-- Documents: FHIR resources in JSON and JSONB columns, and plain JSON.

--- document-whole
--: masked unordered
SELECT patient_id, doc FROM clinic.documents

--- document-json
--: masked unordered
SELECT id, doc_text FROM clinic.documents WHERE id <= 20

--- document-with-clear-columns
--: masked unordered
SELECT d.id, d.doc, p.sex FROM clinic.documents d JOIN clinic.patients p ON p.id = d.patient_id WHERE p.height_cm > 180

--- tags-field
--: masked
SELECT tags->>'source' AS source, count(*) FROM clinic.documents GROUP BY 1 ORDER BY 1

--- tags-number
--: masked
SELECT sum((tags->>'pages')::int), avg((tags->'pages')::int) FROM clinic.documents

--- tags-contains
--: masked
SELECT count(*) FROM clinic.documents WHERE tags @> '{"source": "portal"}'

--- tags-jsonpath
--: masked
SELECT count(*) FROM clinic.documents WHERE tags @? '$.pages ? (@ > 5)'

--- tags-each
--: masked
SELECT k, count(*) FROM clinic.documents, LATERAL jsonb_each_text(tags) e (k, v) GROUP BY k ORDER BY k

--- tags-build
--: masked
SELECT jsonb_build_object('n', count(*), 'sources', jsonb_agg(DISTINCT tags->'source')) FROM clinic.documents

--- tags-set
--: masked
SELECT jsonb_set(tags, '{pages}', '0') AS t, count(*) FROM clinic.documents GROUP BY 1 ORDER BY 1
