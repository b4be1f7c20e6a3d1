--- whole-row
--: refused
SELECT p FROM clinic.patients p

--- whole-row-of-clear-and-masked
-- A whole row has no OID of its own column on the wire.
--: refused
SELECT (SELECT p FROM clinic.patients p WHERE p.height_cm IS NOT NULL LIMIT 1)

--- whole-row-star
--: masked
SELECT (p).height_cm, (p).sex FROM (SELECT height_cm, sex FROM clinic.patients) p ORDER BY 1, 2

--- whole-row-field
--: refused or masked
SELECT (p).last_name FROM clinic.patients p ORDER BY (p).birth_date, (p).height_cm, (p).weight_kg

--- whole-row-expanded
--: refused or masked
SELECT (p).* FROM clinic.mv_patient_names p

--- row-constructor
--: refused
SELECT ROW (last_name, ssn) FROM clinic.patients

--- row-constructor-implicit
--: refused
SELECT (id, last_name) FROM clinic.patients

--- row-constructor-star
--: refused
SELECT ROW (p.*) FROM clinic.patients p

--- row-of-row-field
-- (ROW(a)).f1 has the value again, without its column.
--: refused
SELECT (ROW (last_name)).f1 FROM clinic.patients

--- carrier-field
-- The carrier is a record: its second field is the original.
--: refused
SELECT (last_name).f2 FROM clinic.patients

--- carrier-star
--: refused
SELECT (last_name).* FROM clinic.patients

--- carrier-field-in-where
--: refused
SELECT sex FROM clinic.patients WHERE (last_name).f2 = 'CANARYNAME0001'

--- carrier-through-record-function
-- A column definition list takes records apart.
--: refused
SELECT * FROM json_to_record((SELECT to_json(last_name) FROM clinic.patients LIMIT 1)) AS t (f2 text)

--- forged-carrier
-- A record made by the client, in the form of a carrier, so that Veil would open or mask what it wants.
--: refused or no canary
SELECT ROW ('tag', 'x', 'y')

--- forged-carrier-compared
-- A record of the client's own against the carrier.
--: refused
SELECT sex FROM clinic.patients WHERE last_name = ROW ('x'::text, 'CANARYNAME0001'::varchar, 770000001::bigint)

--- forged-carrier-union
--: refused or no canary
SELECT last_name FROM clinic.patients UNION ALL SELECT ROW ('x', 'y', 'z')

--- array-of-sealed
--: masked unordered
SELECT ARRAY[last_name] FROM clinic.patients

--- array-subselect
--: no canary
SELECT ARRAY(SELECT last_name FROM clinic.patients)

--- array-length-of-subselect
--: refused or masked
SELECT cardinality(ARRAY(SELECT last_name FROM clinic.patients WHERE sex = 'female')) AS n

--- array-to-string
--: refused or masked
SELECT array_to_string(aliases, '/') FROM clinic.patients ORDER BY 1

--- array-element
--: refused or masked
SELECT aliases[1], aliases[1:2], cardinality(aliases) FROM clinic.patients ORDER BY 1, 2, 3

--- array-unnest
--: refused or masked
SELECT unnest(aliases) FROM clinic.patients

--- array-contains
--: refused or masked
SELECT count(*) FROM clinic.patients WHERE aliases @> ARRAY['CANARYALIAS0002']

--- array-any
--: refused or masked
SELECT count(*) FROM clinic.patients WHERE 'CANARYALIAS0002' = ANY (aliases)

--- to-json
--: masked unordered
SELECT to_json(last_name) FROM clinic.patients

--- to-jsonb-row
--: masked unordered
SELECT to_jsonb(p) FROM clinic.patients p

--- row-to-json
--: masked unordered
SELECT row_to_json(p) FROM clinic.patients p

--- row-to-json-subselect
--: masked unordered
SELECT row_to_json(x) FROM (SELECT id, last_name FROM clinic.patients) x

--- json-build-object
--: masked unordered
SELECT json_build_object('n', last_name), jsonb_build_array(ssn) FROM clinic.patients

--- json-build-variadic
--: refused
SELECT json_build_array(VARIADIC ARRAY[last_name, first_name]) FROM clinic.patients

--- json-object-arrays
--: refused
SELECT json_object(ARRAY['k'], ARRAY[last_name]) FROM clinic.patients

--- array-to-json
--: refused
SELECT array_to_json(ARRAY(SELECT ssn FROM clinic.patients)) 

--- hstore-style
--: refused
SELECT hstore(p) FROM clinic.patients p

--- record-send
-- The binary form, through its own function.
--: refused
SELECT record_send(ROW (last_name)), record_out(ROW (ssn)) FROM clinic.patients

--- text-send
--: refused
SELECT textsend(first_name), varcharsend(last_name), int8send(id), uuid_send(uid) FROM clinic.patients

--- type-output-functions
--: refused
SELECT textout(first_name), int8out(id), uuid_out(uid) FROM clinic.patients

--- composite-column
--: refused or masked
SELECT address FROM clinic.patients ORDER BY birth_date, height_cm, weight_kg

--- composite-field
--: refused or masked
SELECT (address).street, (address).city FROM clinic.patients ORDER BY 1, 2

--- composite-field-qualified
--: refused or masked
SELECT (clinic.patients.address).zip FROM clinic.patients ORDER BY 1

--- composite-star
--: refused or masked
SELECT (address).* FROM clinic.patients ORDER BY 1, 2, 3

--- composite-in-where
--: refused or masked
SELECT count(*) FROM clinic.patients WHERE (address).street = 'CANARYSTREET0001'

--- composite-build-and-compare
--: refused
SELECT count(*) FROM clinic.patients WHERE ROW (last_name, first_name, 'x')::clinic.addr_t = ROW ('a', 'b', 'c')::clinic.addr_t

--- composite-domain-hides-a-cast
--: refused
SELECT (ROW (last_name, NULL, NULL)::clinic.addr_t).street FROM clinic.patients

--- jsonb-populate-record
--: refused or masked
SELECT (jsonb_populate_record(NULL::clinic.addr_t, '{"street": "x"}')).street

--- jsonb-populate-from-table-type
-- NULL::clinic.patients has the table's row type.
--: refused or no canary
SELECT (jsonb_populate_record(NULL::clinic.patients, '{"last_name": "x"}')).last_name

--- json-to-recordset-lateral
--: refused
SELECT t.* FROM clinic.patients p, LATERAL json_to_recordset(json_build_array(to_json(p))) AS t (last_name text)

--- range-functions
--: refused or masked
SELECT lower(stay), upper(stay), stay::text FROM clinic.encounters ORDER BY 1, 2, 3

--- range-overlap
--: refused or masked
SELECT count(*) FROM clinic.encounters WHERE stay && tstzrange('2022-01-17 08:00+00', '2022-01-17 09:00+00')

--- xml-document-column
--: refused or masked
SELECT doc_xml FROM clinic.documents ORDER BY id

--- enum-functions
-- An enum's labels, some of which are originals.
--: refused
SELECT enum_range(NULL::clinic.vip_t), enum_first(NULL::clinic.vip_t), enum_last(NULL::clinic.vip_t)

--- enum-comparison
--: refused or masked
SELECT count(*) FROM clinic.patients WHERE vip > 'none'

--- enum-cast-error
-- A wrong label must not be answered with the right ones.
--: refused or no canary
SELECT 'mayor'::clinic.vip_t

--- bytea-functions
--: refused or masked
SELECT get_byte(photo, 0), length(photo), md5(photo), encode(photo, 'hex') FROM clinic.patients ORDER BY 1
