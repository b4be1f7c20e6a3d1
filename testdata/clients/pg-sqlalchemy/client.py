"""SQLAlchemy 2.1 over psycopg 3 and pg8000, and pandas over it, as their users use them."""

import os
import urllib.parse

import pandas
import psycopg
import sqlalchemy
from psycopg.types.composite import CompositeInfo
from psycopg.types.enum import EnumInfo
from sqlalchemy import orm


def show(title, rows):
    print("==", title)
    for row in rows:
        print(row)


class Base(orm.DeclarativeBase):
    metadata = sqlalchemy.MetaData(schema="clinic")


class Department(Base):
    __tablename__ = "departments"
    name: orm.Mapped[str] = orm.mapped_column(primary_key=True)
    floor: orm.Mapped[int]
    stays: orm.Mapped[list["Encounter"]] = orm.relationship(back_populates="ward")


class Encounter(Base):
    __tablename__ = "encounters"
    id: orm.Mapped[str] = orm.mapped_column(primary_key=True)
    department: orm.Mapped[str] = orm.mapped_column(sqlalchemy.ForeignKey("clinic.departments.name"))
    los_days: orm.Mapped[int | None]
    ward: orm.Mapped[Department] = orm.relationship(back_populates="stays")


def play(driver):
    quote = urllib.parse.quote
    url = "postgresql+%s://%s:%s@%s:%s/%s" % (driver, *(
        quote(os.environ[k], safe="") for k in ("PGUSER", "PGPASSWORD", "PGHOST", "PGPORT", "PGDATABASE")))
    engine = sqlalchemy.create_engine(url, pool_size=2)
    print("#", driver, engine.connect().dialect.server_version_info[0] >= 15)
    inspector = sqlalchemy.inspect(engine)
    show("tables", sorted(inspector.get_table_names("clinic")))
    show("views", sorted(inspector.get_view_names("clinic")) + sorted(inspector.get_materialized_view_names("clinic")))
    for table in ("departments", "encounters", "icd10_codes", "Ward List", "v_cohort"):
        show(table, [(c["name"], str(c["type"])) for c in inspector.get_columns(table, "clinic")])
        print(inspector.get_pk_constraint(table, "clinic")["constrained_columns"] if not table.startswith("v_") else "view")
    show("enums", [e["name"] for e in inspector.get_enums("clinic") if e["name"] == "sex_t"])
    metadata = sqlalchemy.MetaData()
    departments = sqlalchemy.Table("departments", metadata, schema="clinic", autoload_with=engine)
    query = sqlalchemy.select(departments.c.name, departments.c.floor).order_by(departments.c.name)
    with engine.connect() as conn:
        show("core", conn.execute(query).fetchall())
        show("in", conn.execute(query.where(departments.c.floor.in_([1, 2, 3]))).fetchall())
    with orm.Session(engine) as session:
        rows = session.execute(
            sqlalchemy.select(Department.floor, sqlalchemy.func.count(), sqlalchemy.func.sum(Encounter.los_days))
            .join(Encounter.ward).group_by(Department.floor).order_by(Department.floor)).all()
        show("orm", rows)
        wards = session.scalars(sqlalchemy.select(Department).options(orm.selectinload(Department.stays)).order_by(Department.name)).all()
        show("selectinload", [(w.name, len(w.stays)) for w in wards])
        show("get", [session.get(Department, wards[0].name).floor, session.get(Department, "nowhere")])
        total = session.scalars(sqlalchemy.select(Encounter).execution_options(yield_per=100)).all()
        print(len(total), len({e.id for e in total}))
    frame = pandas.read_sql_table("departments", engine, schema="clinic")
    print(frame.sort_values("name").to_csv(index=False))
    frame = pandas.read_sql(sqlalchemy.text("SELECT sex, count(*) AS n FROM clinic.patients WHERE active = :a GROUP BY 1 ORDER BY 1"), engine, params={"a": True})
    print(frame.to_csv(index=False))
    try:
        with engine.connect() as conn:
            conn.execute(sqlalchemy.text("SELECT nothing FROM clinic.departments"))
    except sqlalchemy.exc.DBAPIError:
        print("error")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        print(conn.execute(sqlalchemy.text("SELECT 1")).scalar())
    engine.dispose()


for driver in ("psycopg", "pg8000"):
    play(driver)

with psycopg.connect("", autocommit=True) as conn:
    info = EnumInfo.fetch(conn, "clinic.sex_t")
    print("enum", info and (info.name, list(info.labels)))
    info = CompositeInfo.fetch(conn, "clinic.reading_t")
    print("composite", info and (info.name, list(info.field_names)))
