"""Writes Parquet files with several libraries, and compares masked ones with them."""

import datetime as dt
import decimal
import pathlib
import random
import sys

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 2000
CODECS = ["none", "snappy", "gzip", "zstd", "lz4", "brotli"]


def maker(r, t):
    """Returns what makes a value of a type."""
    day = dt.date(1950, 1, 1)
    if pa.types.is_struct(t):
        members = [(f.name, nullable(r, maker(r, f.type))) for f in t]
        return lambda: {name: make() for name, make in members}
    if pa.types.is_map(t):
        item = nullable(r, maker(r, t.item_type))
        return lambda: [(f"key{k}", item()) for k in range(r.randrange(4))]
    if pa.types.is_list(t) or pa.types.is_large_list(t):
        item = nullable(r, maker(r, t.value_type))
        return lambda: [item() for _ in range(r.randrange(4))]
    if pa.types.is_dictionary(t):
        return lambda: f"category {r.randrange(9)}"
    if pa.types.is_unsigned_integer(t):
        return lambda: r.randrange(2**t.bit_width)
    if pa.types.is_integer(t):
        return lambda: r.randrange(-(2 ** (t.bit_width - 1)), 2 ** (t.bit_width - 1))
    if pa.types.is_floating(t):
        return lambda: r.randrange(-100, 100) / 4
    if pa.types.is_boolean(t):
        return lambda: r.random() < 0.5
    if pa.types.is_decimal(t):
        return lambda: decimal.Decimal(r.randrange(-(10**t.precision) + 1, 10**t.precision)).scaleb(-t.scale)
    if pa.types.is_date(t):
        return lambda: day + dt.timedelta(days=r.randrange(30000))
    if pa.types.is_time(t):
        return lambda: dt.time(r.randrange(24), r.randrange(60), r.randrange(60))
    if pa.types.is_timestamp(t):
        return lambda: dt.datetime(1950, 1, 1) + dt.timedelta(seconds=r.randrange(3 * 10**9))
    if pa.types.is_duration(t):
        return lambda: dt.timedelta(seconds=r.randrange(10**6))
    if pa.types.is_fixed_size_binary(t):
        return lambda: r.randbytes(t.byte_width)
    if pa.types.is_binary(t) or pa.types.is_large_binary(t):
        return lambda: r.randbytes(r.randrange(9))
    if pa.types.is_null(t):
        return lambda: None
    return lambda: "".join(r.choice("abcä😀 ") for _ in range(r.randrange(12)))


def nullable(r, make):
    often = r.choice([0, 0.1, 0.9])
    return lambda: None if r.random() < often else make()


SCALARS = [
    pa.string(), pa.large_string(), pa.binary(), pa.large_binary(), pa.binary(5), pa.bool_(), pa.null(),
    pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64(),
    pa.float16(), pa.float32(), pa.float64(), pa.decimal128(5, 2), pa.decimal128(17, 0), pa.decimal128(38, 10), pa.decimal256(60, 3),
    pa.date32(), pa.time32("ms"), pa.time64("us"), pa.time64("ns"), pa.timestamp("ms"), pa.timestamp("us"), pa.timestamp("ns"),
    pa.timestamp("us", "UTC"), pa.timestamp("ns", "Europe/Berlin"), pa.duration("ms"), pa.dictionary(pa.int32(), pa.string()),
]


def random_type(r, depth):
    kind = r.randrange(8) if depth > 0 else 8
    if kind == 0:
        return pa.struct([(f"m{i}", random_type(r, depth - 1)) for i in range(1 + r.randrange(3))])
    if kind == 1:
        return pa.list_(random_type(r, depth - 1))
    if kind == 2:
        return pa.large_list(random_type(r, depth - 1))
    if kind == 3:
        return pa.map_(pa.string(), random_type(r, depth - 1))
    return r.choice(SCALARS)


def table(r, fields):
    columns = []
    for name, t in fields:
        make = nullable(r, maker(r, t))
        values = [make() for _ in range(ROWS)]
        columns.append(pa.array(values, pa.string()).dictionary_encode() if pa.types.is_dictionary(t) else pa.array(values, t))
    return pa.table(columns, names=[name for name, _ in fields])


def write_pyarrow(out):
    for seed in range(24):
        r = random.Random(seed)
        fields = [(f"c{i}", random_type(r, 3)) for i in range(6)]
        if seed < 4:
            fields = [(f"c{i}", t) for i, t in enumerate(SCALARS)]
        # pyarrow cannot make nested dictionaries of Python values.
        fields = [(n, t) for n, t in fields if "dictionary" not in str(t) or pa.types.is_dictionary(t)]
        options = {
            "compression": CODECS[seed % len(CODECS)], "data_page_version": r.choice(["1.0", "2.0"]), "row_group_size": r.choice([300, 700, 5000]),
            "data_page_size": r.choice([500, 3000, 1 << 20]), "use_dictionary": r.choice([True, False]), "write_page_index": r.choice([True, False]),
            "write_page_checksum": r.choice([True, False]), "use_compliant_nested_type": r.choice([True, False]), "store_schema": r.random() < 0.8,
        }
        if seed == 2:
            options["use_dictionary"] = False
            kinds = {"c7": "DELTA_BINARY_PACKED", "c9": "DELTA_BINARY_PACKED", "c10": "DELTA_BINARY_PACKED", "c0": "DELTA_BYTE_ARRAY", "c1": "DELTA_LENGTH_BYTE_ARRAY",
                     "c4": "DELTA_BYTE_ARRAY", "c16": "BYTE_STREAM_SPLIT", "c17": "BYTE_STREAM_SPLIT", "c18": "BYTE_STREAM_SPLIT", "c5": "RLE"}
            options["column_encoding"] = kinds
        pq.write_table(table(r, fields), out / f"pyarrow{seed}.parquet", **options)
    r = random.Random(99)
    t = table(r, [("id", pa.string()), ("when", pa.timestamp("ns"))])
    pq.write_table(t, out / "pyarrow-int96.parquet", use_deprecated_int96_timestamps=True, store_schema=False)
    pq.write_table(t.slice(0, 0), out / "pyarrow-empty.parquet")


def frame():
    r = random.Random(7)
    n = ROWS
    return pd.DataFrame(
        {
            "id": [f"p{i % 300}" for i in range(n)],
            "age": pd.array([None if i % 7 == 0 else i % 90 for i in range(n)], dtype="Int64"),
            "ward": pd.Categorical([f"ward {i % 5}" for i in range(n)]),
            "seen": pd.date_range("2020-01-01", periods=n, freq="h", tz="Europe/Berlin"),
            "weight": [r.random() for _ in range(n)],
            "ok": [i % 3 == 0 for i in range(n)],
        },
        index=pd.Index([i * i for i in range(n)], name="row"),
    )


def write(out):
    out.mkdir(parents=True, exist_ok=True)
    write_pyarrow(out)
    frame().to_parquet(out / "pandas.parquet")
    frame().reset_index(drop=True).to_parquet(out / "pandas-range.parquet")
    duckdb.sql(
        """COPY (SELECT i::VARCHAR AS id, {'city': 'city ' || i % 9, 'zip': CASE WHEN i % 4 > 0 THEN '1234' END} AS address,
        [x::VARCHAR for x in range(i % 4)] AS list, MAP {'a': i, 'b': NULL} AS map, i::UTINYINT AS tiny, (i / 7)::DECIMAL(18, 3) AS dec, uuid_v AS uuid,
        i::HUGEINT AS huge, DATE '2000-01-01' + i::INTEGER AS day, TIMESTAMP '2000-01-01' + INTERVAL (i) HOUR AS ts, TIMESTAMPTZ '2000-01-01 00:00:00+00' + INTERVAL (i) HOUR AS tstz,
        INTERVAL (i) DAY AS span, '\\xAA'::BLOB AS blob, TIME '01:02:03' AS t, CASE WHEN i % 2 = 0 THEN i END AS some
        FROM (SELECT i % 200 AS i, '00112233-4455-6677-8899-aabbccddeeff'::UUID AS uuid_v FROM range(3000) r(i))) TO 'OUT' (FORMAT parquet, COMPRESSION zstd)""".replace("OUT", str(out / "duckdb.parquet"))
    )
    pl.DataFrame(
        {
            "id": [f"p{i}" for i in range(ROWS)], "cat": pl.Series([f"c{i % 5}" for i in range(ROWS)], dtype=pl.Categorical),
            "enum": pl.Series(["a", "b"] * (ROWS // 2), dtype=pl.Enum(["a", "b"])), "list": [[{"x": i, "y": None}] * (i % 3) for i in range(ROWS)],
            "day": [dt.date(2000, 1, 1) + dt.timedelta(days=i) for i in range(ROWS)], "span": [dt.timedelta(seconds=i) for i in range(ROWS)],
            "bytes": [bytes([i % 256]) for i in range(ROWS)], "none": [None if i % 3 else i for i in range(ROWS)],
        }
    ).write_parquet(out / "polars.parquet", row_group_size=700)


def files(a, b):
    found = sorted(p.name for p in a.glob("*.parquet"))
    assert found and found == sorted(p.name for p in b.glob("*.parquet")), (found, list(b.iterdir()))
    return [(a / name, b / name) for name in found]


def plain(t):
    """Returns a table without dictionaries, whose order is no content."""
    return pa.table({f.name: t[f.name].cast(f.type.value_type) if pa.types.is_dictionary(f.type) else t[f.name] for f in t.schema})


def groups(path):
    m = pq.ParquetFile(path).metadata
    return [m.row_group(i).num_rows for i in range(m.num_row_groups) if m.row_group(i).num_rows]


def same(a, b):
    for x, y in files(a, b):
        before, after = pq.read_table(x), pq.read_table(y)
        assert before.schema.equals(after.schema), (x, before.schema, after.schema)
        after.validate(full=True)
        assert plain(before).equals(plain(after)), x
        assert groups(x) == groups(y), x
        columns = pq.ParquetFile(x).schema, pq.ParquetFile(y).schema
        assert columns[0].equals(columns[1]), columns
        if x.name.startswith("pandas"):
            pd.testing.assert_frame_equal(pd.read_parquet(x), pd.read_parquet(y))
        if x.name.startswith("polars"):
            p, q = pl.read_parquet(x), pl.read_parquet(y)
            # The values of an enum stand in metadata of its field, which does not pass.
            p = p.with_columns(pl.col("enum").cast(pl.Categorical))
            assert p.schema == q.schema and p.equals(q, null_equal=True), (p.schema, q.schema)
        if not x.name.startswith("pyarrow"):
            types = [duckdb.sql(f"DESCRIBE SELECT * FROM '{f}'").fetchall() for f in (x, y)]
            assert types[0] == types[1], types
            assert not duckdb.sql(f"SELECT * FROM '{x}' EXCEPT ALL SELECT * FROM '{y}'").fetchall(), x
            statistics(y)
        print("same", x.name)


def statistics(path):
    """Compares what a reader finds by statistics, indexes and filters with what is there."""
    t = plain(pq.read_table(path))
    for name in t.column_names:
        if pa.types.is_string(t.schema.field(name).type) and t[name].null_count < len(t):
            for value in t[name].drop_null().unique().to_pylist()[:5]:
                found = duckdb.execute(f"SELECT count(*) FROM '{path}' WHERE \"{name}\" = ?", [value]).fetchall()[0][0]
                assert found == t[name].to_pylist().count(value), (path, name, found)
                if path.name != "duckdb.parquet":  # Polars does not read intervals
                    assert len(pl.scan_parquet(path).filter(pl.col(name).cast(pl.String) == value).collect()) == found


def masked(a, b):
    for x, y in files(a, b):
        before, after = pq.read_table(x), pq.read_table(y)
        after.validate(full=True)
        assert before.num_rows == after.num_rows and before.column_names == after.column_names, (before.schema, after.schema)
        nested = {n for n in before.column_names if pa.types.is_nested(before.schema.field(n).type)}
        for name in before.column_names:
            if name not in nested:
                assert before[name].null_count <= after[name].null_count, (x, name)
        pd.read_parquet(y)
        if not y.name.startswith("pyarrow"):  # whose files have types that others do not read
            assert y.name == "duckdb.parquet" or len(pl.read_parquet(y)) == after.num_rows
            assert duckdb.sql(f"SELECT count(*) FROM (SELECT * FROM '{y}')").fetchall()[0][0] == after.num_rows
            statistics(y)
        print("masked", x.name)


if __name__ == "__main__":
    command, *places = sys.argv[1:]
    {"write": write, "same": same, "masked": masked}[command](*map(pathlib.Path, places))
