-- Types: labels, casts and names that tell what is there.

--- red-label-of-a-removed-enum
-- A label of an enum is accepted or not.
--: same
SELECT count(*) FROM clinic.patients WHERE vip = '{{CANARYVIP-MAYOR|CANARYVIP-NOBODY}}'

--- red-label-in-a-union
-- The same by the type of a set operation.
--: same
SELECT count(*) FROM (SELECT vip FROM clinic.patients WHERE false UNION ALL SELECT '{{CANARYVIP-MAYOR|CANARYVIP-NOBODY}}') q

--- red-label-in-coalesce
-- The same by the type of COALESCE.
--: same
SELECT coalesce(vip, '{{CANARYVIP-MAYOR|CANARYVIP-NOBODY}}') IS NULL FROM clinic.patients LIMIT 1

--- red-regclass-argument
-- A function that takes a relation's name.
--: same
SELECT pg_relation_is_publishable('{{vault.secrets|vault.nothing}}')

--- red-index-argument
-- A function that takes an index's name.
--: same
SELECT pg_index_has_property('{{vault.secrets_pkey|vault.nothing_pkey}}', 'clusterable')

--- red-cast-of-an-argument
-- The database's own cast, of an argument of PREPARE.
--: refused
PREPARE p(clinic.sex_t) AS SELECT $1::bigint
--;
EXECUTE p('female')

--- red-text-search-configuration
-- A configuration of text search is looked up by name.
--: same
SELECT to_tsvector('{{vault.secret|vault.nothing}}', 'x')

--- red-regclass-of-a-hidden-oid
-- The OID of a relation that no rule covers gives no name.
--: empty or refused
SELECT n FROM (SELECT '{{oid vault.secrets}}'::regclass::text AS n) q WHERE n LIKE '%secrets%'

--- red-parameter-that-is-looked-up
-- A parameter of PREPARE that is a relation's name.
--: same
PREPARE p(regclass) AS SELECT $1 IS NULL
--;
EXECUTE p('{{vault.secrets|vault.nothing}}')

--- red-type-names-by-oid
-- The type of a hidden relation's rows is called as the relation.
--: empty
SELECT n FROM (SELECT g::oid::regtype::text AS n FROM generate_series(16384, 20000) g) q WHERE n LIKE '%secrets%'

--- red-type-names-by-format
-- The same by the function that clients ask.
--: empty
SELECT n FROM (SELECT format_type(g::oid, NULL) AS n FROM generate_series(16384, 20000) g) q WHERE n LIKE '%secrets%'

--- red-schema-names-by-oid
-- A schema that no rule covers has no name.
--: empty
SELECT n FROM (SELECT g::oid::regnamespace::text AS n FROM generate_series(16384, 20000) g) q WHERE n = 'vault'

--- red-function-names-by-oid
-- Nor have functions of the database.
--: empty
SELECT n FROM (SELECT g::oid::regproc::text AS n FROM generate_series(16384, 20000) g) q WHERE n LIKE '%patient_name%'

--- red-row-of-two-columns-of-a-name
-- Names that Veil gives columns must not be told.
--: refused or masked
SELECT to_jsonb(j) FROM (SELECT d.name, d.name FROM clinic.departments d) j ORDER BY 1 LIMIT 1
