-- A made-up warehouse in the shapes of OMOP, MIMIC and i2b2: composite keys, partitions,
-- inheritance, domains, enums, arrays, documents, citext, generated columns and views.
-- Each original that no rule shows has CANARY in it.
CREATE EXTENSION citext;
CREATE SCHEMA omop;
CREATE DOMAIN omop.concept AS int CHECK (VALUE >= 0);
CREATE TYPE omop.sex AS ENUM ('F', 'M', 'O');
CREATE TABLE omop.concept_dim (concept omop.concept PRIMARY KEY, label citext, path text, parent omop.concept);
CREATE TABLE omop.person (
  person_id text PRIMARY KEY, gender omop.sex, born timestamptz, race omop.concept, name text, email citext, zip text,
  tags text[], extra jsonb, height numeric(5,2), bmi float8, vip boolean, nick citext,
  label text GENERATED ALWAYS AS (name || ' of ' || zip) STORED);
CREATE TABLE omop.visit (
  person_id text REFERENCES omop.person, visit_no int, started timestamp, ended timestamp, ward text, cost numeric, stay interval,
  PRIMARY KEY (person_id, visit_no, started)) PARTITION BY RANGE (started);
CREATE TABLE omop.visit_old PARTITION OF omop.visit FOR VALUES FROM (MINVALUE) TO ('2022-01-01');
CREATE TABLE omop.visit_new PARTITION OF omop.visit FOR VALUES FROM ('2022-01-01') TO (MAXVALUE);
CREATE TABLE omop.measurement (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, person_id text, visit_no int, concept omop.concept, at timestamptz, value float8, unit varchar(8), note text);
CREATE TABLE omop.fact (encounter_num text, person_id text, concept_cd text, start_date date, nval numeric, tval text);
CREATE TABLE omop.fact_lab (flag varchar(2)) INHERITS (omop.fact);
INSERT INTO omop.concept_dim SELECT i, (ARRAY['Glucose', 'Sodium', 'Heart Rate', 'GLUCOSE'])[1 + i % 4], '\A\' || i % 5 || '\' || i, nullif(i / 2, 0) FROM generate_series(0, 19) i;
INSERT INTO omop.person SELECT 'CANARYP' || i, (ARRAY['F', 'M', 'O'])[1 + i % 3]::omop.sex, timestamptz '1950-03-01 10:17:00+00' + i * interval '131 days', i % 7,
    'CANARYNAME' || i, 'CANARYMAIL' || i || '@x.org', (ARRAY['90210', '02139', '60601'])[1 + i % 3], ARRAY['t' || i % 3, 't' || i % 5],
    jsonb_build_object('smoker', i % 2 = 0, 'score', i % 11, 'list', jsonb_build_array(i % 3, i % 4)), 150 + i % 50 + 0.5, CASE WHEN i % 9 > 0 THEN 20 + i % 13 / 3.0 END, i % 4 = 0, 'Nick' || i % 6
  FROM generate_series(1, 60) i;
INSERT INTO omop.visit SELECT 'CANARYP' || 1 + i % 60, i / 60, timestamp '2020-01-05 08:00' + i * interval '5 days', timestamp '2020-01-05 08:00' + i * interval '5 days' + (1 + i % 9) * interval '7 hours',
    (ARRAY['ICU', 'Surgery', 'Medicine'])[1 + i % 3], 100 + i * 3.25, (1 + i % 9) * interval '7 hours' FROM generate_series(0, 239) i;
INSERT INTO omop.measurement (person_id, visit_no, concept, at, value, unit, note)
  SELECT 'CANARYP' || 1 + i % 60, i % 4, i % 20, timestamptz '2020-02-01 00:00+00' + i * interval '3 days', i % 37 / 2.0, (ARRAY['mg/dL', 'mmol/L'])[1 + i % 2], 'CANARYNOTE' || i FROM generate_series(0, 399) i;
INSERT INTO omop.fact SELECT 'CANARYE' || i, 'CANARYP' || 1 + i % 60, 'ICD10:E' || 10 + i % 5, date '2021-01-15' + i, i % 13, 'CANARYTVAL' || i FROM generate_series(0, 99) i;
INSERT INTO omop.fact_lab SELECT 'CANARYE' || i, 'CANARYP' || 1 + i % 60, 'LOINC:' || i % 6, date '2021-02-15' + i, i % 17, 'CANARYTVAL' || i, (ARRAY['H', 'L', 'N'])[1 + i % 3] FROM generate_series(0, 149) i;
CREATE INDEX ON omop.measurement (concept, at); CREATE INDEX ON omop.visit (ward); CREATE INDEX ON omop.fact_lab (person_id);
CREATE VIEW omop.adults AS SELECT person_id, gender, race, bmi, height, born FROM omop.person WHERE height > 160;
CREATE VIEW omop.stays AS SELECT v.person_id, v.visit_no, v.ward, p.gender, v.cost FROM omop.visit v JOIN omop.person p USING (person_id);
CREATE VIEW omop.leaky AS SELECT person_id, upper(name) AS loud, gender FROM omop.person;
CREATE MATERIALIZED VIEW omop.ward_stats AS SELECT ward, count(*) AS n, avg(cost) AS mean FROM omop.visit GROUP BY ward;
ANALYZE;
