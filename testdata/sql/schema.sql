-- A clinic for the SQL corpora: every kind of relation, column and constraint
-- that can hold a value, and in each that a rule masks a canary, so that what
-- slips through is seen. All of it is made up, by generate_series, and the same
-- at every load.
--
-- What an original looks like, in whatever way it comes out:
--   texts               contain CANARY
--   SSN                 666-NN-NNNN (that area number is never issued)
--   patients' ids       770000001 to 770000300, in FHIR Patient/770000001 and so on
--   encounters' ids     UUIDs that begin with ca11a7ee, in FHIR Encounter/ca11a7ee-…
--   observations' ids   OBSCANARY.00001 and so on, in FHIR Observation/…
--   dates               the 17th of a month before 2030; no date that may pass is one
--   times               43 seconds past 17 minutes past an hour, but for those of
--                       observations and stays, which are after 2030 and shifted
--   postal codes        end in -7777
--   IP addresses        in 10.99.0.0/16
--   salaries, balances  77NNNN.13
SET client_min_messages = warning;
CREATE SCHEMA clinic;
CREATE SCHEMA billing;
CREATE SCHEMA vault;
CREATE SCHEMA "Straße";
SET search_path = clinic, public;

-- Types --------------------------------------------------------------------

CREATE TYPE clinic.sex_t AS ENUM ('female', 'male', 'other', 'unknown');
CREATE TYPE clinic.vip_t AS ENUM ('none', 'CANARYVIP-MAYOR', 'CANARYVIP-SINGER');
CREATE DOMAIN clinic.mrn_t AS text CHECK (VALUE ~ '^MRNCANARY[0-9]{5}$' AND VALUE <> 'MRNCANARY99999');
CREATE DOMAIN clinic.percent_t AS numeric(5, 2) CHECK (VALUE BETWEEN 0 AND 100);
CREATE TYPE clinic.addr_t AS (street text, city text, zip text);
CREATE TYPE clinic.reading_t AS (systolic int, diastolic int);

-- Tables --------------------------------------------------------------------

CREATE TABLE clinic.icd10_codes (
  code text PRIMARY KEY,
  description text NOT NULL,
  chapter int NOT NULL
);
CREATE TABLE clinic.departments (
  name text PRIMARY KEY,
  floor int NOT NULL,
  beds int NOT NULL,
  opened date NOT NULL
);
CREATE TABLE clinic.patients (
  id bigint PRIMARY KEY,
  mrn clinic.mrn_t NOT NULL UNIQUE,
  ssn char(11) UNIQUE,
  first_name text NOT NULL DEFAULT 'CANARYDEFAULT',
  last_name varchar(64) NOT NULL CHECK (last_name <> 'CANARYCHECK'),
  full_name text GENERATED ALWAYS AS (first_name || ' ' || last_name) STORED,
  birth_date date NOT NULL,
  death_date date,
  sex clinic.sex_t NOT NULL,
  email text,
  phone text,
  address clinic.addr_t,
  zip text,
  state text,
  aliases text[],
  photo bytea,
  vip clinic.vip_t NOT NULL,
  active boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL,
  uid uuid NOT NULL,
  ip inet,
  weight_kg numeric(6, 2),
  height_cm int,
  bmi numeric GENERATED ALWAYS AS (round(weight_kg / (height_cm * height_cm / 10000.0), 1)) STORED,
  language text,
  CONSTRAINT no_such_phone CHECK (phone <> 'CANARYCONSTRAINT')
);
CREATE TABLE clinic.encounters (
  id uuid PRIMARY KEY,
  patient_id bigint NOT NULL REFERENCES clinic.patients (id),
  patient_mrn text NOT NULL,
  class text NOT NULL,
  started_at timestamptz NOT NULL,
  ended_at timestamptz,
  stay tstzrange,
  department text NOT NULL REFERENCES clinic.departments (name),
  icd10 text NOT NULL REFERENCES clinic.icd10_codes (code),
  los_days int,
  attending text NOT NULL,
  cost numeric(10, 2)
);
CREATE TABLE clinic.observations (
  id text PRIMARY KEY,
  patient_id bigint NOT NULL REFERENCES clinic.patients (id),
  encounter_id uuid REFERENCES clinic.encounters (id),
  loinc text NOT NULL,
  value numeric(10, 3),
  unit text,
  pressure clinic.reading_t,
  series int[],
  taken_at timestamptz NOT NULL,
  abnormal boolean NOT NULL
);
-- A long value table: what a value is about is said by its neighbours.
CREATE TABLE clinic.concepts (
  concept int PRIMARY KEY,
  vocabulary text
);
CREATE TABLE clinic.measures (
  id int PRIMARY KEY,
  patient_id bigint NOT NULL,
  concept int,
  code text,
  value numeric(10, 2),
  value_text text,
  reading double precision,
  unit text
);
CREATE TABLE clinic.stays (
  id int PRIMARY KEY,
  patient_id bigint,
  admitted timestamptz,
  discharged timestamptz,
  planned timestamp,
  arrived date,
  gone date,
  ward text
);
CREATE TABLE clinic.notes (
  id bigint PRIMARY KEY,
  encounter_id uuid NOT NULL REFERENCES clinic.encounters (id),
  author text NOT NULL,
  note_type text NOT NULL,
  body text NOT NULL,
  tsv tsvector,
  words int
);
CREATE TABLE clinic.documents (
  id bigint PRIMARY KEY,
  patient_id bigint NOT NULL REFERENCES clinic.patients (id),
  doc jsonb NOT NULL,
  doc_text json,
  doc_xml xml,
  tags jsonb,
  loaded_at timestamptz NOT NULL
);

-- Range partitions, two levels, and a default one.
CREATE TABLE clinic.claims (
  id bigint NOT NULL,
  patient_id bigint NOT NULL,
  member_no text NOT NULL,
  payer text NOT NULL,
  amount numeric(12, 2) NOT NULL,
  status text NOT NULL,
  service_date date NOT NULL,
  PRIMARY KEY (id, service_date)
) PARTITION BY RANGE (service_date);
CREATE TABLE clinic.claims_2023 PARTITION OF clinic.claims FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE clinic.claims_2024 PARTITION OF clinic.claims FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY HASH (id);
CREATE TABLE clinic.claims_2024_a PARTITION OF clinic.claims_2024 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE clinic.claims_2024_b PARTITION OF clinic.claims_2024 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE clinic.claims_rest PARTITION OF clinic.claims DEFAULT;
-- Partitions by a value: their bounds are originals.
CREATE TABLE clinic.visits (patient_name text NOT NULL, visits int NOT NULL) PARTITION BY LIST (patient_name);
CREATE TABLE clinic.visits_vip PARTITION OF clinic.visits FOR VALUES IN ('CANARYBOUND0001', 'CANARYBOUND0002');
CREATE TABLE clinic.visits_rest PARTITION OF clinic.visits DEFAULT;

-- Inheritance: a child with a column more, and one that hides in its parent.
CREATE TABLE clinic.people (id int PRIMARY KEY, name text NOT NULL, born date, unit text NOT NULL);
CREATE TABLE clinic.staff (npi text NOT NULL, salary numeric(10, 2) NOT NULL, grade int NOT NULL) INHERITS (clinic.people);
CREATE TABLE clinic.volunteers (motive text NOT NULL) INHERITS (clinic.people);

-- Names that need quotes, that are Unicode, or that look like something else.
CREATE TABLE clinic."Ward List" ("Ward No" int PRIMARY KEY, "select" text NOT NULL, "Größe" int NOT NULL, "Patient""s name" text NOT NULL);
CREATE TABLE "Straße"."Überweisung" ("Schlüssel" int PRIMARY KEY, "Empfänger" text NOT NULL, betrag numeric(10, 2) NOT NULL);
CREATE TABLE clinic.lookalike (ssn text PRIMARY KEY, name text NOT NULL, n int NOT NULL);
CREATE TABLE clinic.dictionary (word text PRIMARY KEY, n int NOT NULL);

CREATE TABLE billing.invoices (
  no bigint PRIMARY KEY,
  patient_id bigint NOT NULL,
  iban text NOT NULL,
  amount numeric(10, 2) NOT NULL,
  balance numeric(10, 2) NOT NULL,
  currency text NOT NULL,
  paid boolean NOT NULL,
  issued date NOT NULL
);
-- No rule knows this schema.
CREATE TABLE vault.secrets (k text PRIMARY KEY, v text NOT NULL);
CREATE SEQUENCE vault.next_patient START 770000301;

-- Data ----------------------------------------------------------------------

INSERT INTO clinic.icd10_codes VALUES
  ('E11.9', 'Type 2 diabetes mellitus without complications', 4), ('I10', 'Essential hypertension', 9),
  ('J45.909', 'Unspecified asthma, uncomplicated', 10), ('C50.919', 'Malignant neoplasm of breast', 2),
  ('F32.9', 'Major depressive disorder', 5), ('N18.3', 'Chronic kidney disease, stage 3', 14), ('Z00.0', 'General examination', 21);
INSERT INTO clinic.departments VALUES
  ('cardiology', 2, 40, '1998-03-01'), ('oncology', 3, 32, '2001-09-12'), ('emergency', 0, 18, '1975-01-05'),
  ('paediatrics', 1, 25, '1988-06-30'), ('nephrology', 4, 12, '2010-11-02');
INSERT INTO clinic.patients
  (id, mrn, ssn, first_name, last_name, birth_date, death_date, sex, email, phone, address, zip, state, aliases, photo, vip, active, created_at, uid, ip, weight_kg, height_cm, language)
SELECT 770000000 + n,
  'MRNCANARY' || lpad(n::text, 5, '0'),
  CASE WHEN n % 29 <> 0 THEN '666-' || lpad((10 + n % 90)::text, 2, '0') || '-' || lpad(n::text, 4, '0') END,
  -- Every third shares its first name with others, every fourth its last.
  'CANARYFIRST' || lpad((CASE WHEN n % 3 = 0 THEN n % 30 ELSE n END)::text, 4, '0'),
  'CANARYNAME' || lpad((CASE WHEN n % 4 = 0 THEN n % 40 ELSE n END)::text, 4, '0'),
  make_date(1925 + n % 95, 1 + n % 12, 17),
  CASE WHEN n % 11 = 0 THEN make_date(2021 + n % 4, 1 + n % 12, 17) END,
  (ARRAY['female', 'male', 'female', 'male', 'other', 'unknown'])[1 + n % 6]::clinic.sex_t,
  CASE WHEN n % 13 <> 0 THEN 'canary' || lpad(n::text, 4, '0') || '@example.invalid' END,
  'TELCANARY' || lpad(n::text, 4, '0'),
  CASE WHEN n % 17 <> 0 THEN ROW ('CANARYSTREET' || lpad(n::text, 4, '0'), 'CANARYTOWN' || n % 9, (ARRAY['90210', '10001', '03601', '60614'])[1 + n % 4] || '-7777')::clinic.addr_t END,
  (ARRAY['90210', '10001', '03601', '60614'])[1 + n % 4] || '-7777',
  (ARRAY['CA', 'NY', 'NH', 'IL', 'CANARYLAND'])[1 + n % 5],
  CASE n % 5 WHEN 0 THEN NULL WHEN 1 THEN '{}' ELSE ARRAY['CANARYALIAS' || lpad(n::text, 4, '0'), 'CANARYNICK' || lpad(n::text, 4, '0')] END,
  convert_to('CANARYPHOTO' || lpad(n::text, 4, '0'), 'UTF8'),
  (ARRAY['none', 'none', 'none', 'CANARYVIP-MAYOR', 'CANARYVIP-SINGER'])[1 + n % 5]::clinic.vip_t,
  n % 7 <> 0,
  timestamptz '2022-01-17 00:17:43+00' + (n % 12) * interval '1 month' + (n % 24) * interval '1 hour',
  md5('uid' || n)::uuid,
  ('10.99.' || n / 200 || '.' || n % 200)::inet,
  CASE WHEN n % 19 <> 0 THEN 40 + (n * 37 % 600) / 10.0 END,
  CASE WHEN n % 23 <> 0 THEN 140 + n * 13 % 60 END,
  (ARRAY['en', 'de', 'es', NULL])[1 + n % 4]
FROM generate_series(1, 300) n;
INSERT INTO clinic.encounters
SELECT ('ca11a7ee-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
  770000001 + n * 131 % 281, 'MRNCANARY' || lpad((1 + n * 131 % 281)::text, 5, '0'),
  (ARRAY['AMB', 'IMP', 'EMER'])[1 + n % 3], s, CASE WHEN n % 10 <> 0 THEN e END, tstzrange(s, e),
  (ARRAY['cardiology', 'oncology', 'emergency', 'paediatrics'])[1 + n % 4],
  (ARRAY['E11.9', 'I10', 'J45.909', 'C50.919', 'F32.9', 'N18.3'])[1 + n % 6],
  CASE WHEN n % 10 <> 0 THEN n % 9 END, 'Dr CANARYDOC' || lpad((n % 20)::text, 4, '0'), 100 + n * 131 % 9000 + 0.5
FROM (SELECT n, timestamptz '2022-01-17 08:17:43+00' + (n % 36) * interval '1 month' s,
  timestamptz '2022-01-17 08:17:43+00' + (n % 36 + n % 2) * interval '1 month' e FROM generate_series(1, 900) n) x;
INSERT INTO clinic.observations
SELECT 'OBSCANARY.' || lpad(n::text, 5, '0'), 770000001 + n * 143 % 290,
  CASE WHEN n % 8 <> 0 THEN ('ca11a7ee-0000-4000-8000-' || lpad(to_hex(1 + n % 900), 12, '0'))::uuid END,
  (ARRAY['4548-4', '2345-7', '718-7', '85354-9'])[1 + n % 4],
  CASE WHEN n % 4 <> 3 THEN 4 + (n * 31 % 900) / 100.0 END, (ARRAY['%', 'mg/dL', 'g/dL', NULL])[1 + n % 4],
  CASE WHEN n % 4 = 3 THEN ROW (100 + n % 80, 60 + n % 40)::clinic.reading_t END,
  CASE WHEN n % 6 = 0 THEN ARRAY[n % 10, n % 7, n % 5] END,
  timestamptz '2033-01-17 00:05:00+00' + (n % 24) * interval '1 month' + (n % 20) * interval '1 hour', n % 9 = 0
FROM generate_series(1, 2400) n;
INSERT INTO clinic.notes (id, encounter_id, author, note_type, body, words)
SELECT n, ('ca11a7ee-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'Dr CANARYDOC' || lpad((n % 20)::text, 4, '0'),
  (ARRAY['progress', 'discharge'])[1 + n % 2],
  format('CANARYNOTE%s Patient CANARYNAME%s (SSN 666-11-%s, MRN MRNCANARY%s) seen today; stable.',
    lpad(n::text, 4, '0'), lpad((1 + n * 131 % 281)::text, 4, '0'), lpad(n::text, 4, '0'), lpad((1 + n * 131 % 281)::text, 5, '0')), 10 + n % 3
FROM generate_series(1, 500) n;
UPDATE clinic.notes SET tsv = to_tsvector('english', body);
INSERT INTO clinic.claims
SELECT n, 770000001 + n * 137 % 300, 'CANARYMEMBER' || lpad((1 + n * 137 % 300)::text, 4, '0'),
  (ARRAY['Acme', 'Medibank', 'Statecare'])[1 + n % 3], 100 + n * 13 % 5000, (ARRAY['paid', 'denied', 'open'])[1 + n % 3],
  make_date(2022 + n % 4, 1 + n % 12, 17)
FROM generate_series(1, 600) n;
INSERT INTO clinic.visits SELECT CASE WHEN n <= 2 THEN 'CANARYBOUND' ELSE 'CANARYVISITOR' END || lpad(n::text, 4, '0'), n % 7 FROM generate_series(1, 40) n;
INSERT INTO clinic.people SELECT n, 'CANARYPERSON' || lpad(n::text, 4, '0'), make_date(1960 + n, 1 + n % 12, 17), 'board' FROM generate_series(1, 5) n;
INSERT INTO clinic.staff SELECT 100 + n, 'CANARYSTAFF' || lpad(n::text, 4, '0'), make_date(1950 + n, 1 + n % 12, 17),
  (ARRAY['ward', 'lab', 'office'])[1 + n % 3], 'NPICANARY' || lpad(n::text, 4, '0'), 770000.13 + n, 1 + n % 6 FROM generate_series(1, 30) n;
INSERT INTO clinic.volunteers SELECT 200 + n, 'CANARYHELPER' || lpad(n::text, 4, '0'), NULL, 'ward', 'CANARYMOTIVE' || n FROM generate_series(1, 6) n;
INSERT INTO clinic."Ward List" SELECT n, 'CANARYSELECT' || lpad(n::text, 4, '0'), n * 3, 'CANARYQUOTE' || lpad(n::text, 4, '0') FROM generate_series(1, 8) n;
INSERT INTO "Straße"."Überweisung" SELECT n, 'CANARYEMPFÄNGER' || lpad(n::text, 4, '0'), n * 10.5 FROM generate_series(1, 12) n;
INSERT INTO clinic.lookalike SELECT 'code-' || n, 'label ' || n, n FROM generate_series(1, 10) n;
-- A dictionary to join with: what an attacker who could write would bring along.
INSERT INTO clinic.dictionary SELECT w, row_number() OVER (ORDER BY w)
FROM (SELECT 'guess-' || n w FROM generate_series(1, 200) n) x;
INSERT INTO billing.invoices SELECT 5000 + n, 770000001 + n * 149 % 300, 'DE00CANARYIBAN' || lpad(n::text, 6, '0'), 20 + n * 7 % 900, 770000.13 + n,
  (ARRAY['EUR', 'USD'])[1 + n % 2], n % 3 <> 0, make_date(2023 + n % 2, 1 + n % 12, 17) FROM generate_series(1, 400) n;
INSERT INTO vault.secrets SELECT 'CANARYKEY' || n, 'CANARYSECRET' || n FROM generate_series(1, 10) n;
INSERT INTO clinic.documents
SELECT n, 770000000 + n, d, d::json,
  xmlparse(document format('<Patient xmlns="http://hl7.org/fhir"><id value="%s"/><name><family value="CANARYNAME%s"/></name><gender value="%s"/><birthDate value="%s"/></Patient>',
    770000000 + n, lpad(n::text, 4, '0'), (ARRAY['female', 'male'])[1 + n % 2], make_date(1940 + n % 60, 1 + n % 12, 17))),
  jsonb_build_object('source', (ARRAY['hl7v2', 'import', 'portal'])[1 + n % 3], 'pages', n % 12),
  timestamptz '2023-06-17 00:17:43+00' + (n % 12) * interval '1 month'
FROM (SELECT n, CASE WHEN n % 2 = 0 THEN jsonb_build_object('resourceType', 'Patient', 'id', (770000000 + n)::text,
    'identifier', jsonb_build_array(jsonb_build_object('system', 'urn:mrn', 'value', 'MRNCANARY' || lpad(n::text, 5, '0'))),
    'name', jsonb_build_array(jsonb_build_object('family', 'CANARYNAME' || lpad(n::text, 4, '0'), 'given', jsonb_build_array('CANARYFIRST' || lpad(n::text, 4, '0')))),
    'address', jsonb_build_array(jsonb_build_object('line', jsonb_build_array('CANARYSTREET' || n), 'postalCode', '90210-7777', 'state', 'CA')),
    'birthDate', make_date(1940 + n % 60, 1 + n % 12, 17)::text, 'gender', (ARRAY['female', 'male'])[1 + n % 2])
  ELSE jsonb_build_object('resourceType', 'Observation', 'id', 'OBSCANARY.' || lpad(n::text, 5, '0'), 'status', 'final',
    'code', jsonb_build_object('coding', jsonb_build_array(jsonb_build_object('system', 'http://loinc.org', 'code', '4548-4')), 'text', 'CANARYTEXT' || n),
    'subject', jsonb_build_object('reference', 'Patient/' || 770000000 + n, 'display', 'CANARYDISPLAY' || n),
    'effectiveDateTime', make_date(2020 + n % 4, 1 + n % 12, 17)::text || 'T08:17:43Z',
    'valueQuantity', jsonb_build_object('value', 4 + n % 9, 'unit', '%', 'system', 'http://unitsofmeasure.org', 'code', '%'),
    'note', jsonb_build_array(jsonb_build_object('text', 'CANARYNOTE' || n)))
  END d FROM generate_series(1, 240) n) x;

-- Indexes, statistics, views, functions -------------------------------------

CREATE INDEX patients_last_name ON clinic.patients (last_name);
CREATE INDEX patients_lower_ssn ON clinic.patients (lower(ssn));
CREATE INDEX patients_vip ON clinic.patients (id) WHERE last_name = 'CANARYPREDICATE';
CREATE INDEX ON clinic.encounters (patient_id);
INSERT INTO clinic.concepts SELECT n, (ARRAY['LOINC', 'Names', NULL])[1 + n % 3] FROM generate_series(1, 40) n;
INSERT INTO clinic.measures SELECT n, 770000001 + n % 300, nullif(n % 47, 0),
  (ARRAY['30525-0', ' 30525-0', '8302-2', 'R-1', NULL, '29463-7', '30525-0', 'r-2', 'X_1'])[1 + n % 9],
  (n * 7 % 1300) / (1 + n % 2), CASE WHEN n % 47 % 3 = 1 THEN 'CANARYWORD' || n WHEN n % 5 = 0 THEN 'about ' || n ELSE (n * 7 % 1300)::text END,
  CASE n % 97 WHEN 0 THEN 'NaN' WHEN 1 THEN '-Infinity' ELSE n * 7 % 1300 / 8.0 END,
  (ARRAY['a', ' Years', 'mo', NULL, 'mg/dL', '', 'MONTHS', 'wk', 'd'])[1 + n * 5 % 9]
  FROM generate_series(1, 2700) n;
INSERT INTO clinic.stays SELECT n, CASE WHEN n % 50 > 0 THEN 770000001 + n % 40 END, a, a + n % 11 * interval '13 hours', a::timestamp, a::date, a::date + n % 6,
  (ARRAY['north', 'south', NULL])[1 + n % 3]
  FROM (SELECT n, timestamptz '2031-01-02 03:04:05.5+00' + n * 37 % 900 * interval '31 hours' AS a FROM generate_series(1, 400) n) x;
CREATE INDEX ON clinic.observations (patient_id);
CREATE INDEX ON clinic.observations (loinc);
CREATE INDEX ON clinic.documents USING gin (doc);
CREATE STATISTICS clinic.patients_stat (mcv) ON last_name, sex FROM clinic.patients;

CREATE VIEW clinic.v_patients AS
  SELECT id, mrn, first_name || ' ' || last_name AS full_name, ssn, birth_date FROM clinic.patients;
CREATE VIEW clinic.v_active AS SELECT * FROM clinic.patients WHERE active;
CREATE VIEW clinic.v_cohort AS
  SELECT e.department, p.sex, count(*) AS encounters, count(DISTINCT e.patient_id) AS patients, avg(e.los_days) AS mean_los
  FROM clinic.encounters e JOIN clinic.patients p ON p.id = e.patient_id GROUP BY e.department, p.sex;
CREATE VIEW clinic.v_stays AS
  SELECT e.id AS encounter, e.patient_id AS patient, p.last_name, e.class, e.los_days, d.floor
  FROM clinic.encounters e JOIN clinic.patients p ON p.id = e.patient_id JOIN clinic.departments d ON d.name = e.department;
-- A view over a view, one with a condition that holds an original, and one whose
-- order is the originals'.
CREATE VIEW clinic.v_stays_long AS SELECT encounter, patient, class, los_days FROM clinic.v_stays WHERE los_days > 4;
CREATE VIEW clinic.v_mayor AS SELECT id, sex FROM clinic.patients WHERE last_name = 'CANARYVIEWDEF' OR ssn = '666-11-0001';
CREATE VIEW clinic.v_sorted AS SELECT id, row_number() OVER (ORDER BY last_name) AS place FROM clinic.patients;
CREATE VIEW clinic.v_lookup AS SELECT c.code, c.description, count(e.id) AS used
  FROM clinic.icd10_codes c LEFT JOIN clinic.encounters e ON e.icd10 = c.code GROUP BY c.code, c.description;
CREATE MATERIALIZED VIEW clinic.mv_patient_names AS SELECT id, last_name, ssn FROM clinic.patients;
CREATE MATERIALIZED VIEW clinic.mv_department_load AS
  SELECT department, date_part('year', started_at)::int AS year, count(*) AS encounters FROM clinic.encounters GROUP BY 1, 2;

CREATE FUNCTION clinic.patient_name(pid bigint) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER AS
  'SELECT first_name || '' '' || last_name FROM clinic.patients WHERE id = pid AND last_name <> ''CANARYFUNCTION''';
CREATE FUNCTION clinic.find_patients(q text) RETURNS SETOF clinic.patients LANGUAGE sql STABLE AS
  'SELECT * FROM clinic.patients WHERE last_name LIKE q';
CREATE FUNCTION clinic.age_years(d date) RETURNS int LANGUAGE sql IMMUTABLE AS
  'SELECT extract(year FROM age(date ''2025-01-01'', d))::int';
CREATE FUNCTION clinic.run(q text) RETURNS SETOF record LANGUAGE plpgsql AS
  'BEGIN RETURN QUERY EXECUTE q; END';
CREATE FUNCTION clinic.shout(v anyelement) RETURNS anyelement LANGUAGE plpgsql AS
  'BEGIN RAISE NOTICE ''%'', v; RETURN v; END';
CREATE FUNCTION clinic.same_text(a text, b text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT a = b';
CREATE OPERATOR clinic.=== (LEFTARG = text, RIGHTARG = text, FUNCTION = clinic.same_text);
-- A function that hides one of pg_catalog from whoever has clinic in front.
CREATE FUNCTION clinic.lower(v text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ''CANARYLOWER''::text';
CREATE PROCEDURE clinic.touch() LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION clinic.total(numeric, numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT coalesce($1, 0) + coalesce($2, 0)';
CREATE AGGREGATE clinic.add_up (numeric) (SFUNC = clinic.total, STYPE = numeric);
-- A cast runs its function wherever the search path points.
CREATE FUNCTION clinic.sex_number(clinic.sex_t) RETURNS bigint LANGUAGE sql STABLE AS 'SELECT max(id) FROM clinic.patients WHERE sex = $1';
CREATE CAST (clinic.sex_t AS bigint) WITH FUNCTION clinic.sex_number(clinic.sex_t);
CREATE FUNCTION clinic.reading_number(clinic.reading_t) RETURNS bigint LANGUAGE sql STABLE AS 'SELECT max(id) FROM clinic.patients WHERE height_cm > ($1).systolic';
CREATE CAST (clinic.reading_t AS bigint) WITH FUNCTION clinic.reading_number(clinic.reading_t) AS IMPLICIT;

ALTER TABLE clinic.lookalike ENABLE ROW LEVEL SECURITY;
CREATE POLICY most ON clinic.lookalike USING (name <> 'CANARYPOLICY');
SELECT lo_from_bytea(4242, convert_to('CANARYLARGEOBJECT', 'UTF8'));
COMMENT ON TABLE clinic.patients IS 'one row a person';
COMMENT ON COLUMN clinic.patients.ssn IS 'social security number';

ANALYZE;
RESET search_path;
