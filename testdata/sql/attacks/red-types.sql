-- Types: labels, casts and names that tell what is there.

--- red-label-of-a-removed-enum
-- A label of an enum is accepted or not.
--: same
SELECT count(*) FROM clinic.patients WHERE vip = '{{CANARYVIP-MAYOR|CANARYVIP-NOBODY}}'

--- red-label-in-a-union
-- The same by the type of a set operation.
--: same
SELECT vip FROM clinic.patients WHERE false UNION ALL SELECT '{{CANARYVIP-MAYOR|CANARYVIP-NOBODY}}'

--- red-label-in-coalesce
-- The same by the type of COALESCE.
--: same
SELECT coalesce(vip, '{{CANARYVIP-MAYOR|CANARYVIP-NOBODY}}') FROM clinic.patients LIMIT 1

--- red-regclass-by-coalesce
-- A text beside a regclass is looked up.
--: same
SELECT coalesce(NULL::regclass, '{{vault.secrets|vault.nothing}}') IS NULL

--- red-regclass-by-case
-- The same by CASE.
--: same
SELECT CASE WHEN false THEN NULL::regclass ELSE '{{vault.secrets|vault.nothing}}' END IS NULL

--- red-regclass-by-union
-- The same by a set operation.
--: same
SELECT count(*) FROM (SELECT NULL::regclass UNION ALL SELECT '{{vault.secrets|vault.nothing}}') q

--- red-regclass-by-array
-- The same in an array.
--: same
SELECT ARRAY[NULL::regclass, '{{vault.secrets|vault.nothing}}'] IS NULL

--- red-regnamespace-by-coalesce
-- The same of schemas.
--: same
SELECT coalesce(NULL::regnamespace, '{{vault|nothing}}') IS NULL

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
