--- like-prefix
-- LIKE finds a family name letter by letter.
--: refused
SELECT count(*) FROM clinic.patients WHERE last_name LIKE 'CANARYNAME00%'

--- like-sealed-column-as-pattern
-- The sealed column is the pattern, the constant the text.
--: refused
SELECT count(*) FROM clinic.patients WHERE 'CANARYNAME0001' LIKE last_name

--- ilike
--: refused
SELECT id FROM clinic.patients WHERE last_name ILIKE 'canaryname0001'

--- not-like
--: refused
SELECT count(*) FROM clinic.patients WHERE last_name NOT LIKE '%1'

--- like-any-array
--: refused
SELECT count(*) FROM clinic.patients WHERE last_name LIKE ANY (ARRAY['CANARYNAME0001', 'CANARYNAME0002'])

--- like-operator-spelled
-- ~~ is what LIKE becomes.
--: refused
SELECT count(*) FROM clinic.patients WHERE last_name ~~ 'CANARY%'

--- like-operator-qualified
--: refused
SELECT count(*) FROM clinic.patients WHERE last_name OPERATOR(pg_catalog.~~) 'CANARY%'

--- similar-to
--: refused
SELECT count(*) FROM clinic.patients WHERE last_name SIMILAR TO 'CANARYNAME(0001|0002)'

--- regex
--: refused
SELECT count(*) FROM clinic.patients WHERE ssn ~ '^666-1[0-4]'

--- regex-case-insensitive
--: refused
SELECT count(*) FROM clinic.patients WHERE ssn ~* '900' OR last_name !~* 'x'

--- starts-with-operator
-- ^@ is starts_with.
--: refused
SELECT count(*) FROM clinic.patients WHERE last_name ^@ 'CANARYNAME0'

--- less-than
-- A binary search over inequalities finds any value in a few dozen statements.
--: refused
SELECT count(*) FROM clinic.patients WHERE last_name < 'CANARYNAME0100'

--- less-than-sealed-both-sides
-- The order of two originals.
--: refused
SELECT a.id, b.id FROM clinic.patients a, clinic.patients b WHERE a.last_name < b.last_name

--- between
--: refused
SELECT count(*) FROM clinic.patients WHERE ssn BETWEEN '666-10-0000' AND '666-20-9999'

--- between-symmetric
--: refused
SELECT count(*) FROM clinic.patients WHERE ssn BETWEEN SYMMETRIC '666-20-9999' AND '666-10-0000'

--- id-range
-- The sealed id is a number in the table: its order is the order of admission.
--: refused
SELECT count(*) FROM clinic.patients WHERE id < 770000050

--- id-modulo
--: refused
SELECT count(*) FROM clinic.patients WHERE id % 2 = 0

--- id-arithmetic-moves-it-to-a-column
--: refused
SELECT id - 770000000 AS n FROM clinic.patients

--- id-sign
--: refused
SELECT -id FROM clinic.patients

--- not-equal-all
--: refused or empty
SELECT sex FROM clinic.patients WHERE last_name = 'CANARYNAME0001' AND last_name <> ALL (ARRAY['x'])

--- not-equal-original
-- "All but one" tells as much as "one".
--: same
SELECT count(*) FROM clinic.patients WHERE last_name <> '{{CANARYNAME0001|CANARYNAME9999}}'

--- equal-original-name
-- The original in the place of the pseudonym matches nothing, like one that nobody has.
--: same
SELECT count(*), min(height_cm) FROM clinic.patients WHERE last_name = '{{CANARYNAME0001|CANARYNAME9999}}'

--- equal-original-ssn
--: same
SELECT sex FROM clinic.patients WHERE ssn = '{{666-11-0001|666-11-9999}}'

--- equal-original-id-number
--: same
SELECT sex FROM clinic.patients WHERE id = {{770000001|770000999}}

--- equal-original-id-text
--: same
SELECT sex FROM clinic.patients WHERE id = '{{770000001|770000999}}'

--- equal-original-uuid
--: same
SELECT class FROM clinic.encounters WHERE id = '{{ca11a7ee-0000-4000-8000-000000000001|ca11a7ee-0000-4000-8000-00000000ffff}}'

--- in-originals
--: same
SELECT sex FROM clinic.patients WHERE ssn IN ('{{666-11-0001|666-11-9991}}', '{{666-12-0002|666-11-9992}}')

--- not-in-originals
--: same
SELECT count(*) FROM clinic.patients WHERE ssn NOT IN ('{{666-11-0001|666-11-9991}}', '{{666-12-0002|666-11-9992}}')

--- any-array-of-originals
--: same
SELECT sex FROM clinic.patients WHERE mrn = ANY (ARRAY['{{MRNCANARY00001|MRNCANARY90001}}', 'x'])

--- any-array-literal-of-originals
--: same
SELECT sex FROM clinic.patients WHERE mrn = ANY ('{ {{MRNCANARY00001|MRNCANARY90001}}, x}')

--- values-list-of-originals
--: same
SELECT p.sex FROM clinic.patients p JOIN (VALUES ('{{CANARYNAME0001|CANARYNAME9999}}'), ('CANARYNAME8888')) v (n) ON p.last_name = v.n

--- parameter-original-text
--: same
--: param {{CANARYNAME0001|CANARYNAME9999}}
SELECT sex, state FROM clinic.patients WHERE last_name = $1

--- parameter-original-id
--: same
--: param {{770000001|770000999}}
SELECT sex, state FROM clinic.patients WHERE id = $1

--- parameter-array-of-originals
--: same
--: param { {{770000001|770000999}}, 770000998}
SELECT sex FROM clinic.patients WHERE id = ANY ($1)

--- parameter-like
--: refused
--: param CANARYNAME0%
SELECT sex FROM clinic.patients WHERE last_name LIKE $1

--- is-distinct-from-original
--: same
SELECT count(*) FROM clinic.patients WHERE ssn IS DISTINCT FROM '{{666-11-0001|666-11-9999}}'

--- is-not-distinct-from-original
--: same
SELECT count(*) FROM clinic.patients WHERE ssn IS NOT DISTINCT FROM '{{666-11-0001|666-11-9999}}'

--- row-value-equal-originals
--: same
SELECT sex FROM clinic.patients WHERE (first_name, last_name) = ('{{CANARYFIRST0001|CANARYFIRST9999}}', '{{CANARYNAME0001|CANARYNAME9999}}')

--- row-value-less-than
--: refused
SELECT count(*) FROM clinic.patients WHERE (last_name, first_name) < ('CANARYNAME0100', 'A')

--- row-value-in
--: same
SELECT sex FROM clinic.patients WHERE (ssn, sex) IN (('{{666-11-0001|666-11-9999}}', 'male'))

--- equal-other-domain
-- A name that is compared with another kind of value: which accounts are named after whom?
--: refused or empty
SELECT p.sex FROM clinic.patients p JOIN clinic.lookalike l ON l.name = p.last_name

--- equal-sealed-of-two-domains
--: refused or empty
SELECT p.sex FROM clinic.patients p JOIN clinic.encounters e ON e.attending = p.last_name

--- dictionary-join
-- The dictionary holds guesses; the join says which are right.
--: refused or empty
SELECT d.word FROM clinic.dictionary d JOIN clinic.patients p ON p.last_name = d.word

--- dictionary-join-built-in-the-query
-- A dictionary made on the spot: 10,000 candidates for a social security number.
--: refused or empty
SELECT g FROM (SELECT '666-11-' || lpad(n::text, 4, '0') AS g FROM generate_series(1, 9999) n) d
WHERE EXISTS (SELECT 1 FROM clinic.patients p WHERE p.ssn = d.g)

--- dictionary-join-of-ids
--: refused or empty
SELECT n FROM generate_series(770000000, 770000400) n JOIN clinic.patients p ON p.id = n

--- dictionary-in-subselect
--: refused or empty
SELECT n FROM generate_series(770000000, 770000400) n WHERE n IN (SELECT id FROM clinic.patients)

--- dictionary-not-in-subselect
-- What does not match is as good as what does.
--: refused
SELECT count(*) FROM (SELECT n FROM generate_series(770000000, 770000400) n WHERE n NOT IN (SELECT id FROM clinic.patients)) x HAVING count(*) < 401

--- dictionary-intersect
--: refused
SELECT last_name FROM clinic.patients INTERSECT SELECT 'CANARYNAME' || lpad(n::text, 4, '0') FROM generate_series(1, 300) n

--- dictionary-except
--: refused
SELECT 'CANARYNAME' || lpad(n::text, 4, '0') FROM generate_series(1, 400) n EXCEPT SELECT last_name FROM clinic.patients

--- dictionary-natural-join
--: refused or empty
SELECT n FROM clinic.lookalike NATURAL JOIN (SELECT ssn FROM clinic.patients) p

--- dictionary-using
--: refused or empty
SELECT n FROM clinic.lookalike JOIN clinic.patients USING (ssn)

--- dictionary-full-join-using
--: refused
SELECT ssn FROM clinic.patients FULL JOIN (SELECT '666-11-0001'::char(11) AS ssn) d USING (ssn)

--- coalesce-equality
--: refused
SELECT coalesce(last_name, '') = 'CANARYNAME0001' FROM clinic.patients

--- nullif-equality
-- NULLIF compares, and gives its first argument back.
--: refused
SELECT nullif(last_name, 'CANARYNAME0001') IS NULL FROM clinic.patients

--- nullif-of-a-clear-value
--: refused or masked
SELECT nullif('CANARYNAME0001', last_name) FROM clinic.patients

--- case-equality
--: same
SELECT CASE last_name WHEN '{{CANARYNAME0001|CANARYNAME9999}}' THEN 1 ELSE 0 END AS hit FROM clinic.patients ORDER BY 1

--- equality-as-output
--: same
SELECT last_name = '{{CANARYNAME0001|CANARYNAME9999}}' AS hit, count(*) FROM clinic.patients GROUP BY 1 ORDER BY 1

--- equality-in-join-condition-with-or
--: same
SELECT count(*) FROM clinic.patients p JOIN clinic.departments d ON p.last_name = '{{CANARYNAME0001|CANARYNAME9999}}' OR d.floor < 0

--- equality-in-filter-clause
--: same
SELECT count(*) FILTER (WHERE last_name = '{{CANARYNAME0001|CANARYNAME9999}}') FROM clinic.patients

--- equality-in-having
--: same
SELECT sex FROM clinic.patients GROUP BY sex, last_name HAVING last_name = '{{CANARYNAME0001|CANARYNAME9999}}'

--- equality-in-lateral
--: same
SELECT d.name FROM clinic.departments d, LATERAL (SELECT 1 FROM clinic.patients WHERE last_name = '{{CANARYNAME0001|CANARYNAME9999}}' LIMIT 1) x ORDER BY 1

--- equality-concatenated-constant
-- The original is put together by the server, behind the back of a filter on constants.
--: refused or empty
SELECT sex FROM clinic.patients WHERE last_name = 'CANARY' || 'NAME0001'

--- equality-escape-string
--: same
SELECT sex FROM clinic.patients WHERE last_name = E'CANARYN\x41ME{{0001|9999}}'

--- equality-unicode-string
--: same
SELECT sex FROM clinic.patients WHERE last_name = U&'CANARY\004EAME{{0001|9999}}'

--- equality-dollar-quoted
--: same
SELECT sex FROM clinic.patients WHERE last_name = $x${{CANARYNAME0001|CANARYNAME9999}}$x$

--- equality-cast-constant
--: same
SELECT sex FROM clinic.patients WHERE last_name = '{{CANARYNAME0001|CANARYNAME9999}}'::varchar(64)

--- equality-collated-constant
--: refused or empty
SELECT sex FROM clinic.patients WHERE last_name = 'CANARYNAME0001' COLLATE "C"

--- equality-scalar-subselect
--: refused or empty
SELECT sex FROM clinic.patients WHERE last_name = (SELECT 'CANARYNAME0001')

--- equality-of-array-of-sealed
--: refused
SELECT ARRAY[last_name] = ARRAY['CANARYNAME0001'] FROM clinic.patients

--- array-contains-sealed
--: refused
SELECT ARRAY['CANARYNAME0001'] @> ARRAY[last_name::text] FROM clinic.patients

--- user-operator
-- An operator that the database's owner made, with a body that Veil does not see.
--: refused
SELECT count(*) FROM clinic.patients WHERE first_name OPERATOR(clinic.===) 'CANARYFIRST0001'

--- operator-in-search-path
--: refused
SET search_path = clinic, pg_catalog
--;
SELECT count(*) FROM patients WHERE first_name === 'CANARYFIRST0001'

--- row-comparison-of-whole-rows
--: refused
SELECT count(*) FROM clinic.patients a, clinic.patients b WHERE a < b

--- whole-row-equal-constant
--: refused
SELECT count(*) FROM clinic.mv_patient_names m WHERE m = ROW (770000001, 'CANARYNAME0001', '666-11-0001')

--- record-image-operators
-- *< and its like compare records byte by byte.
--: refused
SELECT a.sex FROM clinic.patients a, clinic.patients b WHERE ROW (a.last_name) *< ROW (b.last_name)

--- overlaps-dates
--: refused or masked
SELECT count(*) FROM clinic.patients WHERE (birth_date, birth_date + 1) OVERLAPS (date '1950-03-17', date '1950-03-18')

--- unique-predicate
-- IS NULL may be asked: it says no more than the masked table does.
--: masked
SELECT count(*) FROM clinic.patients WHERE ssn IS NULL

--- row-is-null
-- IS NULL of a carrier has to be that of its value, not of a record.
--: masked
SELECT ssn IS NULL AS n, ssn IS NOT NULL AS m, count(*) FROM clinic.patients GROUP BY 1, 2 ORDER BY 1

--- isnull-postfix
--: masked
SELECT count(*) FROM clinic.patients WHERE email ISNULL

--- is-true-of-comparison
--: same
SELECT count(*) FROM clinic.patients WHERE (last_name = '{{CANARYNAME0001|CANARYNAME9999}}') IS NOT TRUE
