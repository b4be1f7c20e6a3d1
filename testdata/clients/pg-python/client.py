"""psycopg 3, SQLAlchemy and pandas as their users use them."""

import json
import os
import urllib.parse

import pandas
import psycopg
import sqlalchemy
from psycopg.rows import dict_row


def show(title, rows):
    print("==", title)
    for row in rows:
        print(row)


def same(a, b):
    for x, y in zip(a, b, strict=True):
        assert x == y, (x, y)


QUERY = """SELECT id, last_name, sex::text, birth_date, weight_kg, active, uid, created_at, aliases
FROM clinic.patients WHERE height_cm = %s ORDER BY weight_kg, birth_date, zip"""

with psycopg.connect("", autocommit=True) as conn:
    text = conn.execute(QUERY, [153]).fetchall()
    show("text", text)
    with conn.cursor(binary=True) as cur:
        same(text, cur.execute(QUERY, [153], prepare=True).fetchall())
        same(text, cur.execute(QUERY, [153], prepare=True).fetchall())
        print("binary: the same,", len(text), "rows")
        print([(c.name, c.type_code) for c in cur.description])

    # A pseudonym goes back into a predicate, as a parameter and in a list.
    patients = [row[0] for row in text[:3]]
    for binary in (False, True):
        with conn.cursor(binary=binary) as cur:
            cur.execute("SELECT count(*), min(e.los_days) FROM clinic.encounters e WHERE patient_id = %s", [patients[0]])
            show("one patient's encounters", cur.fetchall())
            cur.execute("SELECT department, count(*) FROM clinic.encounters WHERE patient_id = ANY(%s) GROUP BY 1 ORDER BY 1", [patients])
            show("three patients' encounters", cur.fetchall())

    with conn.transaction(), conn.cursor(name="rows") as cur:
        cur.itersize = 100
        cur.execute("SELECT loinc, value FROM clinic.observations ORDER BY loinc, value, unit, taken_at IS NULL LIMIT 350")
        rows = cur.fetchall()
        show("server-side cursor", rows[:3] + rows[-3:])
    with conn.transaction(), conn.cursor(name="scroll", scrollable=True) as cur:
        cur.execute("SELECT department, class, count(*) FROM clinic.encounters GROUP BY 1, 2 ORDER BY 1, 2")
        cur.scroll(4)
        show("scrolled", [cur.fetchone()])

    with conn.pipeline(), conn.cursor(row_factory=dict_row) as cur:
        results = [conn.execute("SELECT %s::int + 1, count(*) FROM clinic.departments", [n]) for n in range(20)]
        show("pipeline", [r.fetchone() for r in results])

    with conn.cursor() as cur, cur.copy("COPY (SELECT code, description, chapter FROM clinic.icd10_codes ORDER BY code) TO STDOUT") as copy:
        copy.set_types(["text", "text", "int4"])
        show("copy", copy.rows())
    with conn.cursor() as cur, cur.copy("COPY (SELECT last_name, ssn, height_cm FROM clinic.patients WHERE height_cm = 153) TO STDOUT") as copy:
        show("copy of masked", sorted(copy.rows(), key=repr))

    doc = conn.execute("SELECT doc FROM clinic.documents WHERE id = 2").fetchone()[0]
    print("== document", json.dumps(doc, sort_keys=True))

    try:
        conn.execute("SELECT nothing FROM clinic.departments")
    except psycopg.Error as e:
        print("error", e.sqlstate)
    try:
        conn.execute("DELETE FROM clinic.departments")
        print("deleted!")
    except psycopg.Error as e:
        print("refused or denied")
    conn.rollback()

quote = urllib.parse.quote
url = "postgresql+psycopg://%s:%s@%s:%s/%s" % tuple(
    quote(os.environ[k], safe="") for k in ("PGUSER", "PGPASSWORD", "PGHOST", "PGPORT", "PGDATABASE"))
engine = sqlalchemy.create_engine(url)
inspector = sqlalchemy.inspect(engine)
show("schemas", [s for s in inspector.get_schema_names() if s not in ("information_schema", "public")])
show("tables", sorted(inspector.get_table_names("clinic")))
show("views", sorted(inspector.get_view_names("clinic")))
for table in ("departments", "encounters", "Ward List", "v_cohort"):
    show(table, [(c["name"], str(c["type"]), c["nullable"] is not None) for c in inspector.get_columns(table, "clinic")])
show("no foreign keys of what is hidden", [len(inspector.get_foreign_keys("departments", "clinic"))])

metadata = sqlalchemy.MetaData()
departments = sqlalchemy.Table("departments", metadata, schema="clinic", autoload_with=engine)
encounters = sqlalchemy.Table("encounters", metadata, schema="clinic", autoload_with=engine)
query = (sqlalchemy.select(departments.c.floor, sqlalchemy.func.count(), sqlalchemy.func.avg(encounters.c.los_days))
         .join(encounters, encounters.c.department == departments.c.name).group_by(departments.c.floor).order_by(departments.c.floor))
with engine.connect() as conn:
    show("SQLAlchemy", conn.execute(query).fetchall())

frame = pandas.read_sql("SELECT sex, birth_date, weight_kg, height_cm, bmi FROM clinic.patients WHERE bmi IS NOT NULL", engine)
print("== pandas")
print(frame.groupby("sex")[["height_cm"]].agg(["count", "mean"]).round(3).to_csv())
joined = pandas.read_sql("SELECT id AS patient_id, sex FROM clinic.patients", engine).merge(
    pandas.read_sql("SELECT patient_id, los_days FROM clinic.encounters", engine), on="patient_id")
print(joined.groupby("sex")["los_days"].agg(["count", "sum"]).to_csv())
assert len(joined) == 900, len(joined)
chunks = list(pandas.read_sql("SELECT loinc, value FROM clinic.observations", engine.connect().execution_options(stream_results=True), chunksize=500))
print([len(c) for c in chunks])
