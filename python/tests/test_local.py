"""Tables of one machine."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet
import pytest
import veil_spark as veil
from conftest import BINARY, MARKER, patients, stream, veil_mask

ROWS = 3000


@pytest.fixture(scope="module")
def table() -> pa.Table:
    return patients(ROWS)


@pytest.fixture(scope="module")
def masked(table: pa.Table, options: dict[str, Any]) -> pa.Table:
    return veil.mask(table, **options)


def test_arrow(folder: Path, table: pa.Table, masked: pa.Table, options: dict[str, Any]) -> None:
    """A table is what veil mask makes of it, with the types and NULLs that it had."""
    masked.validate(full=True)
    assert masked.equals(pa.ipc.open_stream(veil_mask(folder, stream(table), "arrow")).read_all())
    assert MARKER.encode() not in stream(masked)
    assert masked.num_rows == ROWS
    assert masked.column_names == [c for c in table.column_names if c != "hidden"]
    for name in masked.column_names:
        if name == "address":
            assert masked.schema.field(name).type == pa.struct([("street", pa.string()), ("city", pa.string())])
        else:
            assert masked.schema.field(name).type == table.schema.field(name).type
        if name.startswith("k_"):
            assert masked[name].equals(table[name])
        elif name == "note":
            assert masked[name].null_count == ROWS
        else:
            assert masked[name].null_count >= table[name].null_count
    reader = pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=100))
    assert veil.mask(reader, **options).read_all().equals(masked)
    assert pa.Table.from_batches([veil.mask(table.to_batches()[0], **options)]).equals(masked)
    assert veil.mask(table.slice(0, 0), **options).equals(masked.slice(0, 0))


def test_as_csv(folder: Path, table: pa.Table, masked: pa.Table) -> None:
    """The texts are those of a CSV file of the same rows."""
    lines = [",".join(["id", "name"])] + [f"{a},{b or ''}" for a, b in zip(table["id"].to_pylist(), table["name"].to_pylist())]
    out = veil_mask(folder, "\n".join(lines).encode(), "csv").decode().split("\n")[1:]
    assert out == [f"{a},{b or ''}" for a, b in zip(masked["id"].to_pylist(), masked["name"].to_pylist())]


def test_as_parquet(folder: Path, table: pa.Table, masked: pa.Table) -> None:
    """The values and types are those of a Parquet file of the same rows."""
    source = folder / "patients.parquet"
    pyarrow.parquet.write_table(table, source)
    command = [BINARY, "mask", "--ruleset", str(folder / "clinic.yaml"), "--key-file", str(folder / "project.key")]
    subprocess.run([*command, "--out", str(folder / "parquet"), str(source)], check=True, capture_output=True)
    out = pyarrow.parquet.read_table(folder / "parquet" / "patients.parquet")
    assert out.column_names == masked.column_names
    for name in masked.column_names:
        assert out[name].type == masked[name].type, name
        assert out[name].to_pylist() == masked[name].to_pylist(), name


def test_pandas(table: pa.Table, masked: pa.Table, options: dict[str, Any]) -> None:
    """pandas gets back its types, categories and an index that a rule covers."""
    df = table.to_pandas()
    df["k_category"] = pd.Categorical(["low", "high"] * (ROWS // 2), categories=["low", "high", MARKER], ordered=True)
    df["k_whole"] = pd.array([1, None] * (ROWS // 2), dtype="Int64")
    df["k_zone"] = pd.Timestamp("2020-01-01", tz="Europe/Berlin")
    df.attrs["note"] = MARKER
    df = df.set_index("id")
    out = veil.mask(df, **options)
    assert list(out.index) == masked["id"].to_pylist() and out.index.name == "id"
    for name in ("k_number", "k_float", "k_flag", "k_whole", "k_zone"):
        assert out[name].dtype == df[name].dtype
        pd.testing.assert_series_equal(out[name].reset_index(drop=True), df[name].reset_index(drop=True))
    assert list(out["k_category"]) == list(df["k_category"]) and out["k_category"].cat.ordered
    assert list(out["k_category"].cat.categories) == ["low", "high"]
    assert out["name"].isna().sum() == df["name"].isna().sum()
    assert MARKER not in repr(out.attrs) and MARKER not in out.to_csv()


def test_polars(table: pa.Table, masked: pa.Table, options: dict[str, Any]) -> None:
    df = pl.from_arrow(table)
    assert isinstance(df, pl.DataFrame)
    df = df.with_columns(k_category=pl.Series(["low", "high"] * (ROWS // 2), dtype=pl.Categorical))
    out = veil.mask(df, **options)
    for name in [c for c in out.columns if c.startswith("k_")]:
        assert out[name].dtype == df[name].dtype and out[name].equals(df[name])
    assert out["name"].to_list() == masked["name"].to_pylist()
    assert veil.mask(df.lazy(), **options).collect().equals(out)


def test_duckdb(table: pa.Table, masked: pa.Table, options: dict[str, Any]) -> None:
    con = duckdb.connect()
    relation = con.from_arrow(table)
    out = veil.mask(relation, connection=con, **options)
    kept = [c for c in out.columns if c.startswith("k_")]
    types = dict(zip(relation.columns, relation.types))
    assert [types[c] for c in kept] == [t for c, t in zip(out.columns, out.types) if c in kept]
    assert out.aggregate("count(*)").fetchall() == [(ROWS,)]
    assert [r[0] for r in out.project("name").fetchall()] == masked["name"].to_pylist()


@pytest.mark.parametrize("compression", [None, "lz4", "zstd"])
def test_files(folder: Path, table: pa.Table, masked: pa.Table, compression: str | None) -> None:
    """All readers open a file that veil mask has written, in the compression that it had."""
    encoded = table
    for name in ("id", "name", "k_number"):
        encoded = encoded.set_column(table.column_names.index(name), name, table[name].dictionary_encode())
    directory = folder / f"files-{compression}"
    directory.mkdir()
    path = directory / "patients.arrow"
    with pa.ipc.new_file(path, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:
        writer.write_table(table, max_chunksize=1000)
    with pa.ipc.new_file(directory / "more.arrow", encoded.schema, options=pa.ipc.IpcWriteOptions(compression=compression, unify_dictionaries=True)) as writer:
        writer.write_table(encoded, max_chunksize=1000)
    out = directory / "out"
    command = [BINARY, "mask", "--ruleset", str(folder / "clinic.yaml"), "--key-file", str(folder / "project.key"), "--table", "patients"]
    subprocess.run([*command, "--out", str(out), str(path), str(directory / "more.arrow")], check=True, capture_output=True)
    assert pa.ipc.open_file(out / "patients.arrow").read_all().equals(masked)
    more = pa.ipc.open_file(out / "more.arrow").read_all()
    more.validate(full=True)
    for name in ("id", "name", "k_number", "seen"):  # seen is shifted by id
        assert more[name].to_pylist() == masked[name].to_pylist()
    assert pa.types.is_dictionary(more["name"].type)
    assert pd.read_feather(out / "patients.arrow")["name"].tolist() == masked["name"].to_pandas().tolist()
    assert pl.read_ipc(out / "patients.arrow")["name"].to_list() == masked["name"].to_pylist()
    assert pl.read_ipc(out / "more.arrow")["name"].cast(pl.String).to_list() == masked["name"].to_pylist()


def test_resources(folder: Path, options: dict[str, Any]) -> None:
    """FHIR resources are masked one a row."""
    patient = {"resourceType": "Patient", "id": "p1", "active": True, "name": [{"family": MARKER}]}
    rows = pa.table({"value": [json.dumps(patient), "", json.dumps(patient, indent=1), None]})
    out = veil.mask(rows, fhir=True, ruleset="safe-harbor", key_file=options["key_file"], binary=BINARY)
    assert out.num_rows == 2 and out["value"].to_pylist()[0].startswith('{"resourceType')
    assert MARKER not in str(out.to_pylist()) and json.loads(out["value"][1].as_py())["active"] is True


def test_key_in_the_environment(table: pa.Table, masked: pa.Table, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    with open(options["key_file"]) as f:
        monkeypatch.setenv("CLINIC_KEY", f.read().strip())
    given = {k: v for k, v in options.items() if k != "key_file"}
    assert veil.mask(table, key_env="CLINIC_KEY", **given).equals(masked)
    monkeypatch.setenv("VEIL_KEY", os.environ["CLINIC_KEY"])
    with pytest.raises(veil.VeilError, match="no key"):
        veil.mask(table, key_env="NO_SUCH_VARIABLE", **given)


def test_audit(table: pa.Table, folder: Path, options: dict[str, Any]) -> None:
    log = str(folder / "audit-local")
    veil.mask(table, audit_dir=log, **options)
    out = subprocess.run([BINARY, "runs", "show", log, "--format", "json"], check=True, capture_output=True).stdout
    run = json.loads(out)
    assert run["status"] == "complete" and run["files"][0]["counts"] == [{"name": "patients", "n": ROWS}]


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"binary": "/none/veil"}, "cannot run the program veil, /none/veil"),
        ({"key_file": "/none/key"}, "/none/key"),
        ({"ruleset": "/none/rules.yaml"}, "/none/rules.yaml"),
        ({"table": None}, "table= is missing"),
        ({"key_file": None}, "for the project key, set"),
        ({"key_env": "X"}, "for the project key, set"),
    ],
)
def test_wrong_arguments(table: pa.Table, options: dict[str, Any], wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(veil.VeilError) as e:
        veil.mask(table, **{**options, **wrong})
    assert message in str(e.value) and MARKER not in str(e.value)


def test_early_ends(options: dict[str, Any]) -> None:
    """A child that ends before it has read all says why, and one of which not all is read is ended."""
    many = pa.table({"unknown": range(1_000_000), "k_row": range(1_000_000)})
    with pytest.raises(veil.VeilError, match="no rule covers"):
        veil.mask(many.select(["unknown"]), **options)
    reader = veil.mask(pa.RecordBatchReader.from_batches(many.schema, many.to_batches(1000)), **options)
    assert reader.read_next_batch().schema.names == ["k_row"]
    reader.close()


def test_wrong_tables(options: dict[str, Any]) -> None:
    with pytest.raises(veil.VeilError, match="no rule covers a column of table patients"):
        veil.mask(pa.table({"unknown": [MARKER]}), **options)
    with pytest.raises(TypeError, match="does not mask list"):
        veil.mask([1], **options)

    def broken() -> Any:
        yield from pa.table({"id": ["1"]}).to_batches()
        raise ValueError("the source broke")

    reader = pa.RecordBatchReader.from_batches(pa.schema([("id", pa.string())]), broken())
    with pytest.raises((ValueError, OSError), match="the source broke"):
        veil.mask(reader, **options).read_all()
