"""asyncpg as it is used alone and in a pool, which resets each connection."""

import asyncio
import os

import asyncpg

QUERY = """SELECT id, last_name, sex::text, birth_date, weight_kg, active, uid, created_at, aliases
FROM clinic.patients WHERE height_cm = $1 ORDER BY weight_kg, birth_date, zip"""


def show(title, rows):
    print("==", title)
    for row in rows:
        print(dict(row) if isinstance(row, asyncpg.Record) else row)


async def failure(conn, sql, *args):
    """What a statement that cannot be run raises; it must come without a Sync of its own."""
    try:
        await asyncio.wait_for(conn.fetch(sql, *args), 10)
        print("no error:", sql)
    except asyncpg.PostgresError as e:
        print("error", e.sqlstate if e.sqlstate in ("42703", "42P01", "42601", "22P02") else "other")


async def main():
    conn = await asyncpg.connect()
    show("first", rows := await conn.fetch(QUERY, 153))
    show("again, from the cache of statements", [await conn.fetch(QUERY, 153) == rows])
    statement = await conn.prepare("SELECT count(*), sum(los_days) FROM clinic.encounters WHERE patient_id = $1")
    print([(a.name, a.type.name) for a in statement.get_attributes()], [p.name for p in statement.get_parameters()][:1])
    patients = [row["id"] for row in rows[:3]]
    show("one patient", [await statement.fetchrow(p) for p in patients])
    show("a list", await conn.fetch(
        "SELECT department, count(*) FROM clinic.encounters WHERE patient_id = ANY($1) GROUP BY 1 ORDER BY 1", patients))

    await failure(conn, "SELECT nothing FROM clinic.departments")
    await failure(conn, "SELECT * FROM clinic.nowhere")
    await failure(conn, "SELECT * FRM clinic.departments")
    await failure(conn, "SELECT $1::int + 1 FROM clinic.departments WHERE name = 'x'::int", 1)
    show("the connection goes on", await conn.fetch("SELECT name, floor FROM clinic.departments ORDER BY name"))

    async with conn.transaction(isolation="repeatable_read", readonly=True):
        rows = []
        async for row in conn.cursor("SELECT loinc, value FROM clinic.observations ORDER BY loinc, value, unit, taken_at IS NULL", prefetch=50):
            rows.append(row)
        show("cursor", [len(rows), *rows[:2], *rows[-2:]])
        cur = await conn.cursor("SELECT department, class, count(*) FROM clinic.encounters GROUP BY 1, 2 ORDER BY 1, 2")
        await cur.forward(4)
        show("forward", [await cur.fetchrow()])
    try:
        async with conn.transaction():
            await conn.fetch("SELECT 1 / 0")
    except asyncpg.DivisionByZeroError as e:
        print("error", e.sqlstate)
    show("savepoint", [await nested(conn)])

    out = []
    await conn.copy_from_query("SELECT code, chapter FROM clinic.icd10_codes ORDER BY code", output=collect(out))
    print("== copy", b"".join(out))
    await conn.set_type_codec("json", encoder=str, decoder=lambda s: len(s), schema="pg_catalog")
    show("codec", await conn.fetch("SELECT '[1, 2]'::json AS j"))
    await conn.reset()
    show("after reset", await conn.fetch("SELECT current_setting('search_path') IS NOT NULL AS ok, 1 AS one"))
    await conn.close()

    async with asyncpg.create_pool(min_size=2, max_size=3, max_inactive_connection_lifetime=60) as pool:
        async def count(n):
            async with pool.acquire() as c:
                return await c.fetchval("SELECT count(*) FROM clinic.encounters WHERE los_days > $1", n)
        print("== pool", await asyncio.gather(*(count(n) for n in range(12))))
        async with pool.acquire() as c:
            await c.execute("SET extra_float_digits = 0; SET statement_timeout = '20s'")
        async with pool.acquire() as c:
            print("reset", await c.fetchval("SHOW extra_float_digits"))
    pool = await asyncpg.create_pool(min_size=1, max_size=1, statement_cache_size=0, server_settings={
        "application_name": "pool", "TimeZone": "Europe/Berlin"})
    print("settings", await pool.fetchval("SHOW TimeZone"), await pool.fetchval("SHOW application_name"))
    await pool.close()


async def nested(conn):
    async with conn.transaction():
        try:
            async with conn.transaction():
                await conn.fetch("SELECT nothing FROM clinic.departments")
        except asyncpg.UndefinedColumnError:
            return await conn.fetchval("SELECT count(*) FROM clinic.departments")


def collect(out):
    async def write(data):
        out.append(bytes(data))
    return write


assert os.environ["PGHOST"]
asyncio.run(main())
