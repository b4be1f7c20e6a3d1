-- Forms that are seldom used: types, domains, enums, records, ranges, collations, operators by name.

--- deep-cast-id-to-date
--: no canary
SELECT (date '2000-01-01' + (id % 1000)::int) FROM clinic.patients

--- deep-cast-name-to-int
--: no canary
SELECT last_name::int FROM clinic.patients

--- deep-cast-name-to-json
--: no canary
SELECT last_name::json FROM clinic.patients

--- deep-cast-ssn-to-inet
--: no canary
SELECT ssn::text::inet FROM clinic.patients

--- deep-cast-mrn-to-domain
--: no canary
SELECT mrn::clinic.mrn_t FROM clinic.patients

--- deep-cast-guess-to-domain
--: no canary
SELECT 'MRNCANARY99999'::clinic.mrn_t

--- deep-cast-guess-to-enum
--: no canary
SELECT 'CANARYVIP-MAYOR'::clinic.vip_t

--- deep-enum-range
--: no canary
SELECT enum_range(NULL::clinic.vip_t)

--- deep-enum-first
--: no canary
SELECT enum_first(NULL::clinic.vip_t), enum_last(NULL::clinic.vip_t)

--- deep-enum-order
--: refused or masked
SELECT count(*) FROM clinic.patients WHERE vip > 'none'

--- deep-enum-array-cast
--: no canary
SELECT '{none,CANARYVIP-MAYOR}'::clinic.vip_t[]

--- deep-composite-literal
--: refused or masked
SELECT count(*) FROM clinic.patients WHERE address = '("CANARY street",x,90210)'::clinic.addr_t

--- deep-composite-field-order
--: no canary
SELECT sex FROM clinic.patients ORDER BY (address).street LIMIT 1

--- deep-composite-less
--: refused or masked
SELECT count(*) FROM clinic.patients WHERE address < ROW('M', '', '')::clinic.addr_t

--- deep-composite-star
--: masked unordered
SELECT (address).* FROM clinic.patients

--- deep-composite-to-json
--: masked unordered
SELECT to_json(address) FROM clinic.patients

--- deep-composite-record-compare
--: refused or masked
SELECT count(*) FROM clinic.patients WHERE ROW(id, ssn) < ROW('{{seal Patient/770000017}}', '666')

--- deep-composite-record-image
--: refused or masked
SELECT count(*) FROM clinic.patients p WHERE ROW(p.ssn) OPERATOR(pg_catalog.*=) ROW('666-11-0001'::char(11))

--- deep-row-populate
--: refused or masked
SELECT (json_populate_record(NULL::clinic.patients, '{"id": 770000017}')).id

--- deep-row-of-null-type
--: refused or masked
SELECT (NULL::clinic.patients).ssn

--- deep-record-out
--: refused
SELECT p::text FROM clinic.patients p

--- deep-range-of-ids
--: refused
SELECT int8range(min(id), max(id)) FROM clinic.patients

--- deep-range-contains
--: refused or masked
SELECT count(*) FROM clinic.stays WHERE tstzrange(admitted, discharged) @> '2023-05-05'::timestamptz

--- deep-range-of-text
--: refused
SELECT count(*) FROM clinic.patients WHERE last_name <@ ANY (ARRAY['x'])

--- deep-multirange-agg
--: refused or masked
SELECT range_agg(stay) FROM clinic.encounters

--- deep-bit-of-id
--: refused
SELECT id::bit(64) FROM clinic.patients

--- deep-to-hex-of-id
--: refused
SELECT to_hex(id) FROM clinic.patients

--- deep-money-of-id
--: refused
SELECT id::int::money FROM clinic.patients

--- deep-regclass-of-id
--: refused
SELECT (id % 10)::int::oid::regclass FROM clinic.patients

--- deep-xid-of-id
--: refused
SELECT id::text::xid FROM clinic.patients

--- deep-collate-order
--: refused or masked
SELECT sex FROM clinic.patients ORDER BY last_name COLLATE "C" LIMIT 1

--- deep-collate-compare
--: refused
SELECT count(*) FROM clinic.patients WHERE last_name COLLATE "C" < 'D'

--- deep-collation-for
--: no canary
SELECT pg_collation_for(last_name) FROM clinic.patients LIMIT 1

--- deep-operator-qualified
--: refused
SELECT count(*) FROM clinic.patients WHERE last_name OPERATOR(pg_catalog.~~) 'C%'

--- deep-operator-text-pattern
--: refused
SELECT count(*) FROM clinic.patients WHERE last_name OPERATOR(pg_catalog.~<~) 'D'

--- deep-operator-starts-with
--: refused
SELECT count(*) FROM clinic.patients WHERE last_name ^@ 'CANARY'

--- deep-function-texteq
--: refused
SELECT count(*) FROM clinic.patients WHERE texteq(last_name, 'CANARYNAME0017')

--- deep-function-int8lt
--: refused
SELECT count(*) FROM clinic.patients WHERE int8lt(id, 770000017)

--- deep-function-bttextcmp
--: refused
SELECT bttextcmp(last_name, 'M') FROM clinic.patients

--- deep-function-hashtext-guess
--: refused or masked
SELECT count(*) FROM clinic.patients WHERE hashtext(last_name) = hashtext('CANARYNAME0017')

--- deep-convert-bytes
--: refused
SELECT convert_to(last_name, 'UTF8') FROM clinic.patients

--- deep-photo-bytes
--: refused or masked
SELECT get_byte(photo, 0) FROM clinic.patients WHERE photo IS NOT NULL
