-- A made-up data centre: intensive care in minutes since admission, a claims model of a drug
-- safety network, billing records of hospitals in German, and an application's own schema with
-- every kind of relation and type. What must not be seen begins with ZQORIGINAL.
CREATE SCHEMA eicu;
CREATE SCHEMA scdm;
CREATE SCHEMA p21;
CREATE SCHEMA app;

CREATE TYPE app."Status" AS ENUM ('PLANNED', 'ARRIVED', 'FINISHED', 'CANCELLED');
CREATE TYPE app.addr AS (street text, city text, zip text);
CREATE TYPE app.span AS (low numeric, high numeric);
CREATE DOMAIN app.percent AS numeric(5,2) CHECK (VALUE BETWEEN 0 AND 100);
CREATE DOMAIN app.mail AS text CHECK (VALUE ~ '@');

CREATE TABLE eicu.hospital (hospitalid integer PRIMARY KEY, numbedscategory varchar(32), teachingstatus boolean, region varchar(64));
CREATE TABLE eicu.patient (patientunitstayid integer PRIMARY KEY, patienthealthsystemstayid integer NOT NULL, uniquepid varchar(10) NOT NULL, gender varchar(25), age varchar(10), ethnicity varchar(50), hospitalid integer REFERENCES eicu.hospital, wardid integer, apacheadmissiondx varchar(1000), admissionheight numeric(10,2), hospitaladmitoffset integer, hospitaldischargeyear smallint, hospitaldischargeoffset integer, hospitaldischargestatus varchar(10), unittype varchar(50), unitvisitnumber integer, admissionweight numeric(10,2), dischargeweight numeric(10,2), unitdischargeoffset integer, unitdischargestatus varchar(10));
CREATE TABLE eicu.vitalperiodic (vitalperiodicid bigint, patientunitstayid integer NOT NULL, observationoffset integer NOT NULL, temperature numeric(11,4), sao2 integer, heartrate integer, respiration integer, systemicmean real) PARTITION BY RANGE (patientunitstayid);
CREATE TABLE eicu.vitalperiodic_low PARTITION OF eicu.vitalperiodic FOR VALUES FROM (MINVALUE) TO (600000);
CREATE TABLE eicu.vitalperiodic_high PARTITION OF eicu.vitalperiodic FOR VALUES FROM (600000) TO (MAXVALUE);
CREATE TABLE eicu.lab (labid bigint PRIMARY KEY, patientunitstayid integer NOT NULL, labresultoffset integer NOT NULL, labtypeid smallint, labname varchar(256), labresult numeric(11,4), labresulttext varchar(255), labmeasurenamesystem varchar(255));
CREATE TABLE eicu.diagnosis (diagnosisid integer PRIMARY KEY, patientunitstayid integer NOT NULL, activeupondischarge boolean, diagnosisoffset integer, diagnosisstring varchar(200), icd9code varchar(100), diagnosispriority varchar(10));
CREATE TABLE eicu.apachepatientresult (apachepatientresultsid integer PRIMARY KEY, patientunitstayid integer NOT NULL, apachescore integer, predictedhospitalmortality varchar(50), actualhospitalmortality varchar(50), actualiculos double precision, apacheversion varchar(5));
CREATE INDEX ON eicu.patient (uniquepid);
CREATE INDEX ON eicu.vitalperiodic (patientunitstayid, observationoffset);
CREATE INDEX ON eicu.lab (patientunitstayid);
CREATE INDEX ON eicu.lab (labname, labresultoffset);

CREATE TABLE scdm.demographic (patid varchar(16) PRIMARY KEY, birth_date date, sex char(1), hispanic char(1), race char(1), postalcode varchar(10));
CREATE TABLE scdm.enrollment (patid varchar(16) NOT NULL, enr_start date NOT NULL, enr_end date, medcov char(1), drugcov char(1), chart char(1));
CREATE TABLE scdm.encounter (encounterid bigint PRIMARY KEY, patid varchar(16) NOT NULL, adate date NOT NULL, ddate date, enctype char(2), facilityid varchar(12), drg char(3));
CREATE TABLE scdm.diagnosis (patid varchar(16) NOT NULL, encounterid bigint NOT NULL, adate date NOT NULL, providerid varchar(12), enctype char(2), dx varchar(18), dx_codetype char(2), pdx char(1));
CREATE TABLE scdm.dispensing (patid varchar(16) NOT NULL, providerid varchar(12), rxdate date NOT NULL, rx char(11), rxsup smallint, rxamt numeric(10,2)) PARTITION BY RANGE (rxdate);
CREATE TABLE scdm.dispensing_2021 PARTITION OF scdm.dispensing FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
CREATE TABLE scdm.dispensing_rest PARTITION OF scdm.dispensing DEFAULT;
CREATE TABLE scdm.death (patid varchar(16) PRIMARY KEY, deathdt date, dtimpute char(1), source char(1), confidence char(1));
CREATE INDEX ON scdm.encounter (patid, adate);
CREATE INDEX ON scdm.diagnosis (patid);
CREATE INDEX ON scdm.diagnosis (dx, adate);
CREATE INDEX ON scdm.dispensing (patid, rxdate);

CREATE TABLE p21."FALL" ("IK" char(9), "KH-internes-Kennzeichen" varchar(32) PRIMARY KEY, pat_id varchar(16), "Geburtsjahr" smallint, "Geschlecht" char(1), "PLZ" char(5), "Aufnahmedatum" timestamp, "Entlassungsdatum" timestamp, "Aufnahmegrund" char(4), "Entlassungsgrund" char(3), "Alter in Jahren am Aufnahmetag" smallint, "Beatmungsstunden" numeric(8,1), "Patientenname text" text);
CREATE TABLE p21."ICD" ("KH-internes-Kennzeichen" varchar(32) REFERENCES p21."FALL", "Diagnoseart" char(2), "ICD-Version" smallint, "ICD-Kode" varchar(8), "Lokalisation" char(1), "Sekundär-Kode" varchar(8));
CREATE TABLE p21."OPS" ("KH-internes-Kennzeichen" varchar(32), "OPS-Kode" varchar(12), "OPS-Datum" timestamp);
CREATE TABLE p21."FAB" ("KH-internes-Kennzeichen" varchar(32), "FAB" char(6), "FAB-Aufnahmedatum" timestamp, "FAB-Entlassungsdatum" timestamp, "Intensivbett" boolean);

CREATE TABLE app."Patient" ("patientId" uuid PRIMARY KEY, name text, email app.mail UNIQUE, address app.addr, "birthDate" date, tags text[], meta jsonb, "createdAt" timestamptz NOT NULL, "updatedAt" timestamptz, active boolean NOT NULL DEFAULT true, weight numeric(5,1), height numeric(4,2), bmi numeric GENERATED ALWAYS AS (round(weight / (height * height), 1)) STORED, initials text GENERATED ALWAYS AS (left(name, 2)) STORED);
CREATE TABLE app."Appointment" (id uuid PRIMARY KEY, "patientId" uuid NOT NULL REFERENCES app."Patient", "startsAt" timestamptz NOT NULL, "endsAt" timestamptz, status app."Status" NOT NULL DEFAULT 'PLANNED', "doctorId" varchar(12), room integer, during tstzrange, reference app.span, fee money, "noShowRisk" app.percent);
CREATE TABLE app.event (seq bigint PRIMARY KEY, "patientId" uuid, "appointmentId" uuid, kind text NOT NULL, at timestamptz NOT NULL, payload jsonb);
CREATE TABLE app.event_lab (loinc text, value double precision) INHERITS (app.event);
CREATE TABLE app.event_note (note_text text) INHERITS (app.event);
CREATE TABLE app.ward (code text PRIMARY KEY, parent text, label text, beds integer);
CREATE INDEX ON app."Appointment" ("patientId", "startsAt");
CREATE INDEX ON app.event ("patientId");
CREATE INDEX ON app."Patient" USING gin (meta);

INSERT INTO eicu.hospital SELECT 50 + g * 7, (ARRAY['<100', '100 - 249', '250 - 499', '>= 500', NULL])[1 + g % 5], g % 3 = 0, (ARRAY['Midwest', 'South', 'West', 'Northeast', NULL])[1 + g % 5] FROM generate_series(1, 24) g;
INSERT INTO eicu.patient SELECT 141000 + g * 7919 % 999983, 128000 + (g / 2) * 7907 % 999979, '00' || (2 + g % 8) || '-' || lpad(((g / 2) * 7919 % 99991)::text, 5, '0'), (ARRAY['Male', 'Female'])[1 + (g / 2) % 2], CASE WHEN g % 23 = 0 THEN '> 89' ELSE (18 + (g / 2) % 71)::text END, (ARRAY['Caucasian', 'African American', 'Hispanic', 'Asian', 'Other/Unknown'])[1 + (g / 2) % 5], 50 + (1 + g % 24) * 7, 80 + g % 90, (ARRAY['Sepsis, pulmonary', 'CABG alone, coronary artery bypass grafting', 'CHF, congestive heart failure', 'CVA, cerebrovascular accident/stroke', NULL])[1 + g % 5], CASE WHEN g % 9 > 0 THEN 150 + g % 45 + 0.5 END, -(g * 37 % 4000), 2014 + g % 2, 1000 + g * 101 % 20000, CASE WHEN g % 11 > 0 THEN 'Alive' ELSE 'Expired' END, (ARRAY['Med-Surg ICU', 'CCU-CTICU', 'MICU', 'Neuro ICU'])[1 + g % 4], 1 + g % 2, CASE WHEN g % 8 > 0 THEN 45 + g * 13 % 90 + 0.25 END, 44 + g * 13 % 90, 300 + g * 53 % 12000, CASE WHEN g % 17 > 0 THEN 'Alive' ELSE 'Expired' END FROM generate_series(1, 1500) g;
INSERT INTO eicu.vitalperiodic SELECT 30000000 + n * 104729 % 29999999, patientunitstayid, 5 * k + n % 3, CASE WHEN n % 10 = 0 THEN 36 + n % 30 / 10.0 END, CASE WHEN n % 7 > 0 THEN 88 + n % 13 END, 50 + n * 7 % 90, 10 + n % 25, 55 + n % 60 + 0.5 FROM (SELECT p.patientunitstayid, k, row_number() OVER (ORDER BY k, p.patientunitstayid * 31::bigint % 99991) AS n FROM eicu.patient p, generate_series(1, 16) k) x;
INSERT INTO eicu.lab SELECT 50000000 + n * 104729 % 49999991, patientunitstayid, k * 360 - 400 + n % 100, 1 + k % 3, (ARRAY['creatinine', 'lactate', 'sodium', 'glucose', 'WBC x 1000', 'bedside glucose'])[1 + k], CASE WHEN n % 19 > 0 THEN round((0.4 + n * 7 % 300 / 20.0)::numeric, 2) END, 'ZQORIGINALRESULT' || n, (ARRAY['mg/dL', 'mmol/L', 'mmol/L', 'mg/dL', 'K/mcL', 'mg/dL'])[1 + k] FROM (SELECT p.patientunitstayid, k, row_number() OVER (ORDER BY p.patientunitstayid * 31::bigint % 99991, k) AS n FROM eicu.patient p, generate_series(0, 5) k) x;
INSERT INTO eicu.diagnosis SELECT 3000000 + n * 7907 % 999983, patientunitstayid, n % 3 > 0, n % 900, (ARRAY['cardiovascular|shock / hypotension|septic shock', 'pulmonary|respiratory failure|acute respiratory failure', 'renal|disorder of kidney|acute renal failure', 'cardiovascular|ventricular disorders|congestive heart failure', 'neurologic|disorders of vasculature|stroke'])[1 + n % 5], (ARRAY['785.52, R65.21', '518.81, J96.00', '584.9, N17.9', '428.0, I50.9', '434.91'])[1 + n % 5], (ARRAY['Primary', 'Major', 'Other'])[1 + n % 3] FROM (SELECT p.patientunitstayid, row_number() OVER (ORDER BY p.patientunitstayid * 17::bigint % 99991, k) AS n FROM eicu.patient p, generate_series(1, 2) k) x;
INSERT INTO eicu.apachepatientresult SELECT row_number() OVER (ORDER BY patientunitstayid * 13::bigint % 99991, v), patientunitstayid, CASE WHEN patientunitstayid % 13 > 0 THEN 20 + patientunitstayid % 110 ELSE -1 END, (patientunitstayid % 1000 / 1000.0)::text, hospitaldischargestatus, unitdischargeoffset / 1440.0, v FROM eicu.patient, (VALUES ('IV'), ('IVa')) a (v);

INSERT INTO scdm.demographic SELECT 'S' || lpad((g * 7919 % 100003)::text, 6, '0'), date '1934-02-01' + (g * 7717 % 27000), (ARRAY['F', 'M', 'A'])[1 + CASE WHEN g % 29 = 0 THEN 2 ELSE g % 2 END], (ARRAY['N', 'Y', 'U'])[1 + g % 3], (g % 6)::text, lpad((10000 + g * 1777 % 89999)::text, 5, '0') FROM generate_series(1, 1200) g;
INSERT INTO scdm.enrollment SELECT patid, s, CASE WHEN n % 6 > 0 THEN s + 300 + (n % 200)::int END, CASE WHEN n % 5 > 0 THEN 'Y' ELSE 'N' END, CASE WHEN n % 4 > 0 THEN 'Y' ELSE 'N' END, 'N' FROM (SELECT patid, k, row_number() OVER (ORDER BY patid, k) AS n FROM scdm.demographic, generate_series(0, 1) k) d, LATERAL (SELECT date '2019-01-01' + (n % 200)::int + k * 500 AS s) x WHERE n % 13 > 0;
INSERT INTO scdm.encounter SELECT 9000000 + g * 104729 % 2999999, d.patid, a, CASE WHEN g % 3 = 0 THEN a + g % 12 END, (ARRAY['AV', 'OA', 'IP', 'ED', 'IS'])[1 + g % 5], 'F' || g % 19, lpad((g % 300)::text, 3, '0') FROM generate_series(1, 6000) g JOIN (SELECT patid, row_number() OVER (ORDER BY md5(patid)) AS n FROM scdm.demographic) d ON d.n = 1 + g * 131 % 1150, LATERAL (SELECT date '2019-03-01' + (g * 37 % 1300) AS a) x;
INSERT INTO scdm.diagnosis SELECT patid, encounterid, adate, CASE WHEN encounterid % 6 > 0 THEN 'NPI' || (1000 + encounterid % 41) END, enctype, (ARRAY['E119', 'I10', 'N183', 'J441', 'I509', 'F329', 'E785', 'I4891'])[1 + (encounterid * 5 + k * k) % 8], '10', CASE WHEN k = 1 THEN 'P' ELSE 'S' END FROM scdm.encounter, generate_series(1, 2) k;
INSERT INTO scdm.dispensing SELECT patid, CASE WHEN encounterid % 5 > 0 THEN 'NPI' || (1000 + encounterid % 41) END, adate + k * 31, (ARRAY['00093104801', '00071015523', '00378181101', '68180051401'])[1 + encounterid % 4], (ARRAY[30, 60, 90])[1 + encounterid % 3], 10 + encounterid % 90 + 0.5 FROM scdm.encounter, generate_series(0, 1) k WHERE encounterid % 2 = 0;
INSERT INTO scdm.death SELECT patid, max(adate) + 40, 'N', 'L', 'E' FROM scdm.encounter WHERE substr(patid, 6) IN ('07', '31', '55', '90') GROUP BY patid;

INSERT INTO p21."FALL" SELECT '2605' || lpad((g % 9)::text, 5, '0'), 'KH' || (800000 + g * 7919 % 99991), 'Z' || g * 31 % 700, 1935 + g % 70, (ARRAY['m', 'w', 'd'])[1 + CASE WHEN g % 97 = 0 THEN 2 ELSE g % 2 END], lpad((10000 + g * 1777 % 89999)::text, 5, '0'), a, CASE WHEN g % 25 > 0 THEN a + g % 17 * interval '1 day 2 hours' END, (ARRAY['0101', '0107', '0301'])[1 + g % 3], (ARRAY['011', '012', '079', '061'])[1 + g % 4], 19 + g % 70, CASE WHEN g % 6 = 0 THEN g % 400 + 0.5 END, 'ZQORIGINALNAME' || g FROM generate_series(1, 2000) g, LATERAL (SELECT timestamp '2021-01-03 09:00' + g * 37 % 700 * interval '1 day' + g % 600 * interval '1 minute' AS a) x;
INSERT INTO p21."ICD" SELECT "KH-internes-Kennzeichen", CASE WHEN k = 0 THEN 'HD' ELSE 'ND' END, 2021 + k % 2, (ARRAY['I21.4', 'J18.9', 'E11.90', 'N18.3', 'F05.1', 'S72.01', 'I50.14'])[1 + (ascii(right("KH-internes-Kennzeichen", 1)) * 3 + k * k) % 7], CASE WHEN k = 2 THEN 'L' END, CASE WHEN k = 1 THEN 'Z95.5' END FROM p21."FALL", generate_series(0, 2) k;
INSERT INTO p21."OPS" SELECT "KH-internes-Kennzeichen", (ARRAY['8-837.00', '5-820.00', '8-980.0', '1-275.0'])[1 + "Geburtsjahr" % 4], "Aufnahmedatum" + interval '5 hours' FROM p21."FALL" WHERE "Geburtsjahr" % 3 > 0;
INSERT INTO p21."FAB" SELECT "KH-internes-Kennzeichen", (ARRAY['HA0100', 'HA1500', 'HA3600'])[1 + ("Geburtsjahr" + k) % 3], "Aufnahmedatum" + k * interval '1 day', "Aufnahmedatum" + (k + 1) * interval '1 day', ("Geburtsjahr" + k) % 3 = 2 FROM p21."FALL", generate_series(0, 1) k;

INSERT INTO app."Patient" ("patientId", name, email, address, "birthDate", tags, meta, "createdAt", "updatedAt", active, weight, height) SELECT md5('p' || g)::uuid, 'ZQORIGINALNAME' || g, 'zqoriginal' || g || '@example.invalid', ROW('ZQORIGINALSTREET ' || g, (ARRAY['Springfield', 'Rivertown', 'Lakeside'])[1 + g % 3], lpad((10000 + g * 1777 % 89999)::text, 5, '0'))::app.addr, date '1940-01-01' + g * 41 % 25000, CASE g % 5 WHEN 0 THEN ARRAY['vip'] WHEN 1 THEN ARRAY['vip', 'diabetes'] WHEN 2 THEN ARRAY['trial'] WHEN 3 THEN '{}' END, jsonb_build_object('lang', (ARRAY['en', 'de', 'fr'])[1 + g % 3], 'flags', jsonb_build_array('a' || g % 4, 'b' || g % 3), 'score', g % 100, 'consent', jsonb_build_object('status', CASE WHEN g % 4 > 0 THEN 'granted' ELSE 'revoked' END, 'version', g % 3)), timestamptz '2022-01-01 00:00+00' + g * interval '7 hours', CASE WHEN g % 3 > 0 THEN timestamptz '2023-01-01 00:00+00' + g * interval '5 hours' END, g % 7 > 0, CASE WHEN g % 10 > 0 THEN 50 + g % 60 END, 1.5 + g % 45 / 100.0 FROM generate_series(1, 800) g;
INSERT INTO app."Appointment" SELECT md5('a' || g)::uuid, md5('p' || 1 + g * 131 % 780)::uuid, s, CASE WHEN g % 5 > 0 THEN s + (15 + g % 4 * 15) * interval '1 minute' END, (ARRAY['PLANNED', 'ARRIVED', 'FINISHED', 'CANCELLED'])[1 + g % 4]::app."Status", 'DOC' || lpad((g % 33)::text, 3, '0'), g % 12, NULL, ROW(g % 5, g % 5 + 10)::app.span, (20 + g % 80)::numeric::money, g % 101 FROM generate_series(1, 5000) g, LATERAL (SELECT timestamptz '2022-02-01 08:00+00' + g * 37 % 5000 * interval '3 hours' AS s) x;
INSERT INTO app.event SELECT g, "patientId", id, (ARRAY['login', 'view', 'print'])[1 + g % 3], "startsAt" - interval '1 hour', jsonb_build_object('ms', g % 900, 'ok', g % 9 > 0) FROM (SELECT a.*, row_number() OVER (ORDER BY id) AS g FROM app."Appointment" a) x WHERE g % 2 = 0;
INSERT INTO app.event_lab SELECT 100000 + g, "patientId", id, 'lab', "startsAt" + interval '1 hour', NULL, (ARRAY['4548-4', '2160-0', '2345-7'])[1 + g % 3], 4 + g % 90 / 10.0 FROM (SELECT a.*, row_number() OVER (ORDER BY id) AS g FROM app."Appointment" a) x WHERE g % 3 = 0;
INSERT INTO app.event_note SELECT 200000 + g, "patientId", NULL, 'note', "startsAt", NULL, 'ZQORIGINALNOTE' || g FROM (SELECT a.*, row_number() OVER (ORDER BY id) AS g FROM app."Appointment" a) x WHERE g % 10 = 0;
INSERT INTO app.ward VALUES ('H', NULL, 'Hospital', NULL), ('M', 'H', 'Medicine', 40), ('S', 'H', 'Surgery', 30), ('M1', 'M', 'Cardiology', 20), ('M2', 'M', 'Nephrology', 20), ('S1', 'S', 'Trauma', 15);

CREATE VIEW eicu.v_icustay AS SELECT p.uniquepid, p.patienthealthsystemstayid, p.patientunitstayid, p.unitvisitnumber, p.hospitalid, h.region, p.unittype, p.hospitaladmitoffset, p.hospitaldischargeoffset, 0 AS unitadmitoffset, p.unitdischargeoffset, round(p.unitdischargeoffset / 60.0) AS icu_los_hours, CASE WHEN lower(p.gender) LIKE '%female%' THEN 0 WHEN lower(p.gender) LIKE '%male%' THEN 1 END AS gender, CASE WHEN p.age = '> 89' THEN 90 WHEN p.age = '' THEN NULL ELSE p.age::int END AS age FROM eicu.patient p LEFT JOIN eicu.hospital h ON p.hospitalid = h.hospitalid;
CREATE VIEW scdm.stg_encounter AS WITH source AS (SELECT * FROM scdm.encounter), renamed AS (SELECT encounterid AS encounter_id, patid AS patient_id, adate AS admitted_on, ddate AS discharged_on, enctype AS encounter_type, facilityid AS facility_id, drg FROM source) SELECT * FROM renamed;
CREATE VIEW scdm.v_new_users AS SELECT patid, rx, min(rxdate) AS index_date, count(*) AS fills, sum(rxsup) AS days FROM scdm.dispensing GROUP BY patid, rx;
CREATE VIEW app.v_schedule AS SELECT a.id, a."patientId", p."birthDate", a."startsAt", a."endsAt", a.status::text AS status, a."doctorId", a.room FROM app."Appointment" a JOIN app."Patient" p USING ("patientId") WHERE p.active;
CREATE MATERIALIZED VIEW scdm.mv_visits AS SELECT patid, enctype, count(*) AS visits, min(adate) AS adate FROM scdm.encounter GROUP BY patid, enctype;
CREATE MATERIALIZED VIEW eicu.mv_first_lab AS SELECT DISTINCT ON (patientunitstayid, labname) patientunitstayid, labname, labresult, labresultoffset FROM eicu.lab ORDER BY patientunitstayid, labname, labresultoffset, labid;
CREATE FUNCTION app.who(uuid) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER AS 'SELECT name FROM app."Patient" WHERE "patientId" = $1';
ANALYZE;
