--- document-family-name
--: refused or masked
SELECT doc->'name'->0->>'family' FROM clinic.documents ORDER BY 1

--- document-as-text
--: refused or masked
SELECT doc::text FROM clinic.documents ORDER BY 1

--- document-path
--: refused or masked
SELECT doc #>> '{name,0,given,0}', doc #> '{identifier}' FROM clinic.documents ORDER BY 1, 2

--- document-contains
-- Containment asks for an original inside.
--: same
SELECT count(*) FROM clinic.documents WHERE doc @> '{"name": [{"family": "{{CANARYNAME0002|CANARYNAME9999}}"}]}'

--- document-contains-id
--: same
SELECT count(*) FROM clinic.documents WHERE doc @> '{"id": "{{770000002|770000999}}"}'

--- document-key-exists
--: refused or masked
SELECT count(*) FROM clinic.documents WHERE doc ? 'name'

--- document-jsonpath
--: refused or masked
SELECT jsonb_path_query(doc, '$.name[*].family') FROM clinic.documents

--- document-jsonpath-filter
--: refused or masked
SELECT count(*) FROM clinic.documents WHERE doc @? '$.name[*] ? (@.family starts with "CANARYNAME00")'

--- document-jsonpath-like
--: refused or masked
SELECT count(*) FROM clinic.documents WHERE jsonb_path_match(doc, 'exists($.name[*].family ? (@ like_regex "CANARYNAME0"))')

--- document-each
--: refused or masked
SELECT k, v FROM clinic.documents, LATERAL jsonb_each_text(doc) AS e (k, v)

--- document-array-elements
--: refused or masked
SELECT x FROM clinic.documents, LATERAL jsonb_array_elements(doc->'name') x

--- document-to-record
--: refused or masked
SELECT r.* FROM clinic.documents, LATERAL jsonb_to_record(doc) AS r (id text, "birthDate" text)

--- document-subscript
--: refused or masked
SELECT doc['name'][0]['family'] FROM clinic.documents

--- document-concat
--: refused or masked
SELECT doc || '{"x": 1}' FROM clinic.documents

--- document-minus-key
--: refused or masked
SELECT doc - 'name' FROM clinic.documents

--- document-pretty
--: refused or masked
SELECT jsonb_pretty(doc) FROM clinic.documents ORDER BY 1

--- document-strip-typeof
--: refused or masked
SELECT jsonb_typeof(doc->'name'), jsonb_strip_nulls(doc) FROM clinic.documents

--- document-equality
--: refused or masked
SELECT count(*) FROM clinic.documents WHERE doc = '{}'

--- document-order
--: refused or masked
SELECT patient_id FROM clinic.documents ORDER BY doc

--- document-distinct
--: refused or masked unordered
SELECT DISTINCT doc FROM clinic.documents

--- document-json-column
--: refused or masked
SELECT doc_text->>'birthDate' FROM clinic.documents ORDER BY 1

--- document-json-cast
--: refused or masked
SELECT doc_text::jsonb FROM clinic.documents ORDER BY 1

--- document-plain
--: refused or masked unordered
SELECT patient_id, doc FROM clinic.documents

--- document-json-plain
--: refused or masked unordered
SELECT patient_id, doc_text FROM clinic.documents

--- document-xml-text
--: refused or masked
SELECT doc_xml::text FROM clinic.documents ORDER BY 1

--- document-xml-xpath-exists
--: refused or masked
SELECT count(*) FROM clinic.documents WHERE xpath_exists('//*[local-name()="family"][starts-with(@value, "CANARY")]', doc_xml)

--- document-full-text
--: refused
SELECT to_tsvector('english', doc) FROM clinic.documents

--- document-patch-functions
--: refused or masked
SELECT jsonb_set(doc, '{id}', '"x"'), jsonb_insert(doc, '{x}', '1') FROM clinic.documents

--- document-object-keys
--: refused or masked unordered
SELECT DISTINCT jsonb_object_keys(doc) FROM clinic.documents

--- document-null-test
--: refused or masked
SELECT count(*) FROM clinic.documents WHERE doc IS NOT NULL
