"""ADBC, ibis, Polars and ConnectorX: tables straight into Arrow, by binary COPY."""

import os
import urllib.parse

import adbc_driver_postgresql.dbapi as adbc
import connectorx
import ibis
import polars
import pyarrow

quote = urllib.parse.quote
USER, PASSWORD, HOST, PORT, DATABASE = (quote(os.environ[k], safe="") for k in ("PGUSER", "PGPASSWORD", "PGHOST", "PGPORT", "PGDATABASE"))
URL = f"postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{DATABASE}?sslmode=disable"


def show(title, rows):
    print("==", title)
    for row in rows:
        print(row)


with adbc.connect(URL) as conn:
    with conn.cursor() as cur:
        cur.execute("SELECT name, floor, beds FROM clinic.departments ORDER BY name")
        show("adbc", cur.fetch_arrow_table().to_pylist())
        cur.execute("SELECT id, last_name, birth_date, weight_kg::float8 AS weight, active, created_at FROM clinic.patients "
                    "WHERE height_cm = $1 ORDER BY weight_kg, birth_date, zip", [153])
        table = cur.fetch_arrow_table()
        show("types", [(f.name, str(f.type)) for f in table.schema])
        show("rows", table.to_pylist())
        cur.execute("SELECT count(*) AS n FROM clinic.encounters WHERE patient_id = $1", [table["id"][0].as_py()])
        show("a pseudonym", cur.fetch_arrow_table().to_pylist())
        cur.execute("SELECT loinc, value, series, abnormal FROM clinic.observations")
        reader = cur.fetch_record_batch()
        print("batches", sum(b.num_rows for b in reader))
    schema = conn.adbc_get_table_schema("departments", db_schema_filter="clinic")
    show("table schema", [(f.name, str(f.type)) for f in schema])
    objects = conn.adbc_get_objects(depth="tables", db_schema_filter="clinic").read_all().to_pylist()
    names = [t["table_name"] for c in objects for s in c["catalog_db_schemas"] or [] for t in s["db_schema_tables"] or []]
    print("objects", "departments" in names, "patients" in names)
    print("info", conn.adbc_get_info()["vendor_name"])

con = ibis.postgres.connect(host=os.environ["PGHOST"], port=int(os.environ["PGPORT"]), user=os.environ["PGUSER"],
                            password=os.environ["PGPASSWORD"], database=os.environ["PGDATABASE"], schema="clinic")
print("ibis", "departments" in con.list_tables(database="clinic"), "clinic" in con.list_databases())
departments = con.table("departments", database="clinic")
encounters = con.table("encounters", database="clinic")
show("ibis schema", [(n, t.copy(nullable=True)) for n, t in departments.schema().items()])
expr = (encounters.join(departments, encounters.department == departments.name)
        .group_by("floor").agg(n=lambda t: t.count(), days=lambda t: t.los_days.sum()).order_by("floor"))
show("ibis join", expr.to_pyarrow().to_pylist())
show("ibis filter", encounters.filter(encounters.los_days > 5).group_by("class").agg(n=lambda t: t.count()).order_by("class").to_pyarrow().to_pylist())
with con.raw_sql("SELECT code, chapter FROM clinic.icd10_codes ORDER BY code LIMIT 3") as cur:
    show("ibis raw", cur.fetchall())

frame = polars.read_database_uri("SELECT name, floor FROM clinic.departments ORDER BY name", URL, engine="adbc")
show("polars, adbc", frame.rows())
frame = polars.read_database_uri("SELECT class, count(*) AS n FROM clinic.encounters GROUP BY 1 ORDER BY 1", URL, engine="connectorx")
show("polars, connectorx", frame.rows())
table = connectorx.read_sql(URL, "SELECT los_days, class FROM clinic.encounters WHERE los_days IS NOT NULL",
                            partition_on="los_days", partition_num=3, return_type="arrow")
table = table if isinstance(table, pyarrow.Table) else pyarrow.table(table)
print("partitions", table.num_rows)
