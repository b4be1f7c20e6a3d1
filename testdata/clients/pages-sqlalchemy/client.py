"""SQLAlchemy's ORM, page by page through a table by its id."""

import hashlib
import os

from sqlalchemy import URL, create_engine, func, select, tuple_
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class Thing(Base):
    __tablename__, __table_args__ = "things", {"schema": "k"}
    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[int]
    label: Mapped[str]


def rows_of(page):
    return [(t.id, t.kind, t.label) for t in page]


def show(title, pages):
    rows = [r for page in pages for r in rows_of(page)]
    print(title, len(rows), len(set(rows)), hashlib.sha256(repr(sorted(rows)).encode()).hexdigest())
    return rows


def keyset(session, size):
    page = session.scalars(select(Thing).order_by(Thing.id).limit(size)).all()
    while page:
        yield page
        page = session.scalars(select(Thing).where(Thing.id > page[-1].id).order_by(Thing.id).limit(size)).all()


def two_keys(session, size):
    by = select(Thing).order_by(Thing.kind, Thing.id).limit(size)
    page = session.scalars(by).all()
    while page:
        yield page
        page = session.scalars(by.where(tuple_(Thing.kind, Thing.id) > (page[-1].kind, page[-1].id))).all()


def offset(session, size):
    for at in range(0, session.scalar(select(func.count(Thing.id))), size):
        yield session.scalars(select(Thing).order_by(Thing.id).offset(at).limit(size)).all()


e = os.environ
url = URL.create("postgresql+psycopg", e["PGUSER"], e["PGPASSWORD"], e["PGHOST"], int(e["PGPORT"]), e["PGDATABASE"])
with Session(create_engine(url)) as session:
    by_key = show("keyset", keyset(session, 997))
    by_offset = show("offset", offset(session, 1000))
    streamed = show("streamed", session.scalars(select(Thing).order_by(Thing.id).execution_options(yield_per=700)).partitions())
    print("one order", by_key == by_offset == streamed)
    by_kind = show("two keys", two_keys(session, 990))
    print("by kind", [r[1] for r in by_kind] == sorted(r[1] for r in by_kind))
    low, high = session.execute(select(func.min(Thing.id), func.max(Thing.id))).one()
    print("ends", (low, high) == (by_key[0][0], by_key[-1][0]))
    print("between", session.scalar(select(func.count()).where(Thing.id.between(by_key[10][0], by_key[6009][0]))) == 6000)
    numbered = select(Thing.id, func.row_number().over(order_by=Thing.id).label("n")).subquery()
    print("numbered", session.scalars(select(numbered.c.id).where(numbered.c.n.between(501, 510)).order_by(numbered.c.n)).all() == [r[0] for r in by_key[500:510]])
