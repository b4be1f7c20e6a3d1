"""Every type of Arrow, as pyarrow writes it and reads it back."""

from __future__ import annotations

import datetime as dt
import subprocess
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest
import veil_spark as veil
from conftest import BINARY, MARKER

RULESET = """
veil: 1
name: types
referenceDate: 2025-06-30
tables:
  rules:
    - {id: keep, match: [{column: "k_*"}], method: keep}
    - {id: masked, match: [{column: "m_*"}], method: pseudonym}
    - {id: removed, match: [{column: "r_*"}], method: remove}
    - {id: year, match: [{column: "y_*"}], method: year}
"""
LONG = f"{MARKER} in a text that is long"
DAY = dt.date(1987, 6, 5)
MOMENT = dt.datetime(1987, 6, 5, 4, 3, 2)
NUMBERS = [Decimal("1.5"), None, Decimal("-2.25")]

VALUES: dict[str, tuple[list[Any], pa.DataType]] = {
    "null": ([None] * 3, pa.null()),
    "bool": ([True, None, False], pa.bool_()),
    **{f"i{n}": ([7, None, -3], getattr(pa, f"int{n}")()) for n in (8, 16, 32, 64)},
    **{f"u{n}": ([7, None, 3], getattr(pa, f"uint{n}")()) for n in (8, 16, 32, 64)},
    **{f"f{n}": ([1.5, None, -2.0], getattr(pa, f"float{n}")()) for n in (16, 32, 64)},
    **{f"d{n}": (NUMBERS, getattr(pa, f"decimal{n}")(7, 2)) for n in (32, 64, 128, 256)},
    **{t: ([MARKER, None, LONG], getattr(pa, t)()) for t in ("string", "large_string", "string_view")},
    **{t: ([MARKER.encode(), None, LONG.encode()], getattr(pa, t)()) for t in ("binary", "large_binary", "binary_view")},
    "fixed": ([MARKER.encode(), None, b"abcdef"], pa.binary(6)),
    "date32": ([DAY, None, DAY], pa.date32()),
    "date64": ([DAY, None, DAY], pa.date64()),
    "time32": ([dt.time(1, 2, 3), None, dt.time(4)], pa.time32("ms")),
    "time64": ([dt.time(1, 2, 3), None, dt.time(4)], pa.time64("ns")),
    **{f"ts_{u}": ([MOMENT, None, MOMENT], pa.timestamp(u)) for u in ("s", "ms", "us", "ns")},
    "ts_zone": ([MOMENT, None, MOMENT], pa.timestamp("us", "Europe/Berlin")),
    "duration": ([dt.timedelta(days=3, seconds=5), None, dt.timedelta(0)], pa.duration("ms")),
    "interval": ([pa.MonthDayNano([1, 2, 3]), None, pa.MonthDayNano([0, 2, 3])], pa.month_day_nano_interval()),
    **{t: ([[MARKER, None, "b"], None, []], getattr(pa, t)(pa.string())) for t in ("list_", "large_list", "list_view", "large_list_view")},
    "fixed_list": ([[MARKER, None], None, ["b", "c"]], pa.list_(pa.string(), 2)),
    "struct": ([{"a": 1, "b": MARKER}, None, {"a": None, "b": "y"}], pa.struct([("a", pa.int32()), ("b", pa.string())])),
    "map": ([[(MARKER, "v")], None, [("k2", None), ("k3", MARKER)]], pa.map_(pa.string(), pa.string())),
    "dictionary": ([MARKER, None, "b"], pa.dictionary(pa.int8(), pa.string())),
    "nested": ([[{"a": 1, "b": [MARKER, "r"]}], None, []], pa.list_(pa.struct([("a", pa.int32()), ("b", pa.list_(pa.string()))]))),
}


def columns(first: str) -> dict[str, pa.Array]:
    out = {f"{first}_{name}": pa.array(values, kind) for name, (values, kind) in VALUES.items()}
    out[f"{first}_runs"] = pa.RunEndEncodedArray.from_arrays(pa.array([2, 3], pa.int32()), pa.array([MARKER, None]))
    types = pa.array([0, 1, 0], pa.int8())
    out[f"{first}_sparse"] = pa.UnionArray.from_sparse(types, [pa.array([1, 2, 3]), pa.array(["a", MARKER, "c"])])
    out[f"{first}_dense"] = pa.UnionArray.from_dense(types, pa.array([0, 0, 1], pa.int32()), [pa.array([1, 2]), pa.array([MARKER])])
    words = pa.array([MARKER, "b", None]).dictionary_encode()
    out[f"{first}_list_of_dictionary"] = pa.ListArray.from_arrays(pa.array([0, None, 2, 3], pa.int32()), words)
    out[f"{first}_struct_of_dictionary"] = pa.StructArray.from_arrays([words], ["w"], mask=pa.array([False, True, False]))
    out[f"{first}_uuid"] = pa.array([uuid.UUID(int=5).bytes, None, uuid.UUID(int=6).bytes], pa.uuid())
    out[f"{first}_json"] = pa.array([f'{{"a": "{MARKER}"}}', None, "1"], pa.json_(pa.string()))
    return out


@pytest.fixture(scope="module")
def types(folder: Path) -> Path:
    (folder / "types.yaml").write_text(RULESET)
    return folder / "types.yaml"


@pytest.mark.parametrize("first", ["k", "m", "r", "x"])
def test_types(types: Path, options: dict[str, Any], first: str) -> None:
    """Kept columns are as they were; of others no value is left; all outputs are valid."""
    table = pa.table({**columns(first), "k_row": [1, 2, 3]}, metadata={"note": MARKER})
    out = veil.mask(table, **{**options, "ruleset": str(types)})
    out.validate(full=True)
    assert not out.schema.metadata
    if first == "x":
        assert out.column_names == ["k_row"]
        return
    # A map has no keys that are NULL.
    assert out.column_names == [c for c in table.column_names if c != "r_map"]
    for name in out.column_names[:-1]:
        before, after = table[name], out[name]
        kind = name[2:]
        if first == "k":
            # Of a dictionary only the entries pass that a row has, and here one has none.
            same = after.equals(before) or kind == "struct_of_dictionary" and after.to_pylist() == before.to_pylist()
            assert after.type == before.type and same, name
            continue
        if first == "r":
            assert after.type == before.type, name
        assert MARKER not in str(after.to_pylist()), name
        assert len(after) == 3 and after.to_pylist()[1] is None or kind == "runs", name
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, out.schema) as writer:
        writer.write_table(out)
    if first != "k":
        assert MARKER.encode() not in bytes(sink.getvalue())


@pytest.mark.parametrize("compression", [None, "lz4", "zstd"])
def test_files_and_streams(types: Path, folder: Path, options: dict[str, Any], compression: str | None) -> None:
    """A file and a stream of the same rows give the same, compressed as they were."""
    table = pa.table({**columns("k"), **columns("m"), **columns("r")})
    results = []
    for make in (pa.ipc.new_stream, pa.ipc.new_file):
        sink = pa.BufferOutputStream()
        with make(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:
            writer.write_table(table)
        command = [BINARY, "mask", "--ruleset", str(types), "--key-file", options["key_file"], "--format", "arrow", "-"]
        out = subprocess.run(command, input=bytes(sink.getvalue()), check=True, capture_output=True).stdout
        reader = pa.ipc.open_stream(out) if make is pa.ipc.new_stream else pa.ipc.open_file(out)
        results.append(reader.read_all())
    assert results[0].equals(results[1])
    results[0].validate(full=True)


def test_as_parquet(types: Path, folder: Path, options: dict[str, Any]) -> None:
    """The same rows in a Parquet file give the same values and types. Parquet has no types for
    some columns, and stores durations as numbers."""
    missing = ("interval", "runs", "sparse", "dense", "duration")
    table = pa.table({n: c for first in "kmr" for n, c in columns(first).items() if n[2:] not in missing})
    source = folder / "types.parquet"
    pyarrow.parquet.write_table(table, source)
    command = [BINARY, "mask", "--ruleset", str(types), "--key-file", options["key_file"], "--out", str(folder / "parquet-types"), str(source)]
    subprocess.run(command, check=True, capture_output=True)
    out = pyarrow.parquet.read_table(folder / "parquet-types" / "types.parquet")
    arrow = veil.mask(pyarrow.parquet.read_table(source), **{**options, "ruleset": str(types)})
    assert out.column_names == arrow.column_names
    for name in out.column_names:
        assert out[name].type == arrow[name].type, name
        assert out[name].to_pylist() == arrow[name].to_pylist(), name


def test_years(types: Path, options: dict[str, Any]) -> None:
    """Dates and timestamps that are cut to years keep type, unit and zone."""
    table = pa.table({f"y_{n}": pa.array(*VALUES[n]) for n in VALUES if n.startswith(("date", "ts_"))})
    out = veil.mask(table, **{**options, "ruleset": str(types)})
    for name in out.column_names:
        assert out[name].type == table[name].type
        naive = out[name].cast(pa.timestamp("us", getattr(out[name].type, "tz", None))).cast(pa.timestamp("us"))
        assert naive.to_pylist()[0] == dt.datetime(1987, 1, 1)
        assert out[name].null_count == 1
