-- Masking as articles on plain PostgreSQL advise it: views in a schema of their own, with
-- partial masking, digests and rounded dates, and a role that may read those views alone.
CREATE SCHEMA hospital;
CREATE SCHEMA masked;
CREATE TYPE hospital.vip_t AS ENUM ('none', 'mayor Qzorvathenko');
CREATE TABLE hospital.patients (
  id bigint PRIMARY KEY, mrn text NOT NULL, ssn text NOT NULL, first_name text NOT NULL, last_name text NOT NULL, email text NOT NULL, phone text NOT NULL,
  birth_date date NOT NULL, street text NOT NULL, zip text NOT NULL, sex text NOT NULL, vip hospital.vip_t NOT NULL DEFAULT 'none',
  CONSTRAINT vip CHECK (mrn <> 'MRN-4471001' OR vip <> 'none')
);
CREATE TABLE hospital.visits (id bigint PRIMARY KEY, patient_id bigint NOT NULL REFERENCES hospital.patients, started_at timestamptz NOT NULL, icd10 text NOT NULL, note text NOT NULL);
INSERT INTO hospital.patients SELECT 880000000 + i, 'MRN-' || 4471000 + i, '900-' || 10 + i % 80 || '-' || 4000 + i, 'Wilmarietta' || chr(97 + i % 26), 'Qzorvath' || chr(97 + i % 26) || chr(97 + i / 26),
  'qzorvath' || i || '@mail.example', '(555) 014-' || 2000 + i, date '1941-03-05' + i * 61, 10 + i || ' Brindlewick Lane', 62600 + i || '', CASE i % 2 WHEN 0 THEN 'female' ELSE 'male' END, CASE i WHEN 1 THEN 'mayor Qzorvathenko' ELSE 'none' END::hospital.vip_t
  FROM generate_series(1, 300) AS i;
INSERT INTO hospital.visits SELECT i, 880000001 + (i - 1) % 300, timestamptz '2019-02-03 11:17+00' + i * interval '7 hours', (ARRAY['E11.9', 'I10', 'J45.909'])[1 + i % 3],
  'Mrs Qzorvath' || chr(97 + (1 + (i - 1) % 300) % 26) || chr(97 + (1 + (i - 1) % 300) / 26) || ' was seen for a check.' FROM generate_series(1, 900) AS i;
COMMENT ON COLUMN hospital.patients.vip IS 'mayor Qzorvathenko: ask before any change';

-- The advice: show a part of each value, digests for what is joined, months for dates,
-- and leave out free text.
CREATE VIEW masked.patients AS SELECT
  md5(id::text) AS id, encode(sha256(convert_to(mrn, 'UTF8')), 'hex') AS mrn, 'XXX-XX-' || right(ssn, 4) AS ssn, left(first_name, 1) || '****' AS first_name,
  left(last_name, 1) || repeat('*', length(last_name) - 1) AS last_name, regexp_replace(email, '^(..)[^@]*', '\1***') AS email, '(***) ***-' || right(phone, 4) AS phone,
  date_trunc('month', birth_date)::date AS birth_date, regexp_replace(street, '[A-Za-z]', '*', 'g') AS street, left(zip, 3) || '**' AS zip, sex
  FROM hospital.patients;
CREATE VIEW masked.visits AS SELECT id, md5(patient_id::text) AS patient_id, date_trunc('month', started_at) AS started_at, icd10 FROM hospital.visits;
