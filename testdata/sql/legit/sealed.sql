-- Sealed columns: carried, compared with pseudonyms, joined, grouped, counted.

--- select-sealed
--: masked unordered
SELECT id, mrn, ssn, first_name, last_name, email, uid FROM clinic.patients

--- select-star
--: masked unordered
SELECT * FROM clinic.patients

--- select-star-encounters
--: masked unordered
SELECT * FROM clinic.encounters

--- select-star-observations
--: masked unordered
SELECT * FROM clinic.observations

--- select-star-of-view
--: masked unordered
SELECT * FROM clinic.v_stays

--- select-star-of-partitions
--: masked unordered
SELECT * FROM clinic.claims

--- select-star-of-child
--: masked unordered
SELECT * FROM clinic.staff

--- sealed-ordered-by-clear
--: masked
SELECT id, height_cm, weight_kg FROM clinic.patients WHERE height_cm IS NOT NULL AND weight_kg IS NOT NULL ORDER BY height_cm, weight_kg, birth_date, zip, active

--- id-equals-pseudonym
--: masked
SELECT sex, height_cm, birth_date FROM clinic.patients WHERE id = '{{seal Patient/770000017}}'

--- id-equals-pseudonym-parameter
--: masked
--: param {{seal Patient/770000017}}
SELECT sex, height_cm, birth_date FROM clinic.patients WHERE id = $1

--- id-in-list
--: masked
SELECT sex, height_cm FROM clinic.patients WHERE id IN ('{{seal Patient/770000017}}', '{{seal Patient/770000018}}', 'nobody') ORDER BY height_cm

--- id-in-list-parameter
--: masked
--: param { {{seal Patient/770000017}}, {{seal Patient/770000018}}}
SELECT sex, height_cm FROM clinic.patients WHERE id = ANY ($1) ORDER BY height_cm

--- id-not-equal
--: masked
SELECT count(*) FROM clinic.patients WHERE id <> '{{seal Patient/770000017}}'

--- id-reversed
--: masked
SELECT sex FROM clinic.patients WHERE '{{seal Patient/770000017}}' = id

--- encounter-by-id
--: masked
SELECT class, department FROM clinic.encounters WHERE id = '{{seal Encounter/ca11a7ee-0000-4000-8000-000000000007}}'

--- observation-by-id
--: masked
SELECT loinc, value FROM clinic.observations WHERE id = '{{seal Observation/OBSCANARY.00042}}'

--- encounters-of-a-patient
--: masked
SELECT class, department, los_days FROM clinic.encounters WHERE patient_id = '{{seal Patient/770000008}}' ORDER BY 1, 2, 3

--- fhir-reference-without-its-type
-- The id of Patient/… in FHIR is the patient_id of the tables.
--: masked
SELECT count(*) FROM clinic.observations o WHERE o.patient_id = '{{seal Patient/770000008}}'

--- prepared-by-pseudonym
--: masked
PREPARE q (text) AS SELECT sex, height_cm FROM clinic.patients WHERE id = $1
--;
EXECUTE q ('{{seal Patient/770000017}}')

--- join-on-sealed
--: masked unordered
SELECT p.last_name, e.department, e.los_days FROM clinic.patients p JOIN clinic.encounters e ON e.patient_id = p.id

--- join-using-sealed
--: masked
SELECT count(*) FROM clinic.encounters JOIN clinic.observations USING (patient_id)

--- join-on-record-number
--: masked
SELECT count(*) FROM clinic.patients p JOIN clinic.encounters e ON e.patient_mrn = p.mrn

--- three-way-join
--: masked
SELECT o.loinc, e.class, count(*) FROM clinic.observations o JOIN clinic.encounters e ON e.id = o.encounter_id JOIN clinic.patients p ON p.id = o.patient_id GROUP BY 1, 2 ORDER BY 1, 2

--- left-join-keeps-null
--: masked
SELECT count(*), count(e.id) FROM clinic.observations o LEFT JOIN clinic.encounters e ON e.id = o.encounter_id

--- self-join-on-sealed
--: masked
SELECT count(*) FROM clinic.encounters a JOIN clinic.encounters b ON a.patient_id = b.patient_id AND a.class <> b.class

--- group-by-sealed
--: masked unordered
SELECT patient_id, count(*), sum(los_days) FROM clinic.encounters GROUP BY patient_id

--- group-by-doctor
--: masked unordered
SELECT attending, count(*), avg(los_days) FROM clinic.encounters GROUP BY attending

--- group-by-two
--: masked unordered
SELECT patient_id, department, count(*) FROM clinic.encounters GROUP BY patient_id, department

--- count-distinct-sealed
--: masked
SELECT department, count(DISTINCT patient_id), count(DISTINCT attending) FROM clinic.encounters GROUP BY department ORDER BY department

--- distinct-sealed
--: masked unordered
SELECT DISTINCT attending FROM clinic.encounters

--- distinct-pairs
--: masked unordered
SELECT DISTINCT patient_id, department FROM clinic.encounters

--- sealed-is-null
--: masked
SELECT count(*) FROM clinic.patients WHERE ssn IS NULL

--- sealed-is-not-null
--: masked
SELECT sex, count(*) FROM clinic.patients WHERE email IS NOT NULL GROUP BY sex ORDER BY sex

--- sealed-through-subselect
--: masked unordered
SELECT n FROM (SELECT last_name AS n, sex FROM clinic.patients WHERE height_cm > 170) x WHERE sex = 'female'

--- sealed-through-cte
--: masked unordered
WITH c AS (SELECT id AS patient, last_name FROM clinic.patients WHERE active) SELECT c.patient, count(*) FROM c JOIN clinic.encounters e ON e.patient_id = c.patient GROUP BY c.patient

--- sealed-union-all
--: masked unordered
SELECT patient_id FROM clinic.encounters WHERE class = 'AMB' UNION ALL SELECT patient_id FROM clinic.claims WHERE status = 'open'

--- sealed-union
--: masked unordered
SELECT patient_id FROM clinic.encounters UNION SELECT patient_id FROM clinic.claims

--- sealed-in-subselect
--: masked
SELECT count(*) FROM clinic.claims WHERE patient_id IN (SELECT id FROM clinic.patients WHERE sex = 'female')

--- sealed-limit
--: masked
SELECT count(*) FROM (SELECT last_name FROM clinic.patients LIMIT 17) x

--- shifted-times
--: masked unordered
SELECT id, taken_at FROM clinic.observations WHERE loinc = '718-7'

--- names-in-quotes
--: masked unordered
SELECT "select", "Patient""s name", "Größe" FROM clinic."Ward List"

--- names-in-unicode
--: masked unordered
SELECT "Empfänger", betrag FROM "Straße"."Überweisung"

--- search-path
--: masked unordered
SET search_path = clinic, billing
--;
SELECT p.last_name, i.amount, i.iban FROM patients p JOIN invoices i ON i.patient_id = p.id

--- cursor
--: masked unordered
BEGIN
--;
DECLARE c CURSOR FOR SELECT s.last_name, d.name FROM clinic.v_stays s JOIN clinic.departments d ON d.floor = s.floor
--;
FETCH ALL FROM c
