"""What the tests share: a key, rulesets, rows with markers, and Spark with two workers."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

BINARY = os.environ.get("VEIL_BINARY", "veil")
RULESET = """
veil: 1
name: clinic
referenceDate: 2025-06-30
tables:
  rules:
    - {id: ids, match: [{column: id}], method: seal, domain: Patient}
    - {id: names, match: [{column: name}, {column: "address.street"}, {column: tags}], method: pseudonym}
    - {id: born, match: [{column: born}], method: birthYear}
    - {id: seen, match: [{column: seen}], method: date, mode: shift, window: 100, entity: id}
    - {id: note, match: [{column: note}], method: remove}
    - {id: facts, match: [{column: "k_*"}, {column: "address.city"}], method: keep}
"""
MARKER = "MARKER"


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with project.key and clinic.yaml."""
    path = tmp_path_factory.mktemp("veil")
    subprocess.run([BINARY, "keys", "new", str(path / "project.key")], check=True, capture_output=True)
    (path / "clinic.yaml").write_text(RULESET)
    return path


@pytest.fixture(scope="session")
def options(folder: Path) -> dict[str, Any]:
    """The arguments of mask that nearly all tests give."""
    return {
        "table": "patients",
        "ruleset": str(folder / "clinic.yaml"),
        "key_file": str(folder / "project.key"),
        "binary": BINARY,
    }


def patients(rows: int) -> pa.Table:
    """Patients, of whom every masked, removed or hidden cell has a marker or a day."""
    n = range(rows)

    def some(values: list[Any]) -> list[Any]:
        return [None if i % 7 == 3 else v for i, v in enumerate(values)]

    return pa.table(
        {
            "id": pa.array([f"{MARKER}id{i % 5000}" for i in n]),
            "name": pa.array(some([f"{MARKER} name {i}" for i in n])),
            "born": pa.array(some([dt.date(1950, 2, 3) + dt.timedelta(days=i % 20000) for i in n])),
            "seen": pa.array(some([dt.datetime(2020, 3, 4, 5, 6, 7) + dt.timedelta(hours=i) for i in n]), pa.timestamp("us")),
            "note": pa.array(some([f"{MARKER} note {i}" for i in n])),
            "hidden": pa.array([f"{MARKER} hidden {i}" for i in n]),
            "address": pa.array(some([{"street": f"{MARKER} street {i}", "city": f"City {i % 9}", "door": f"{MARKER}{i}"} for i in n])),
            "tags": pa.array(some([[f"{MARKER} a{i}", None, f"{MARKER} b"] for i in n]), pa.list_(pa.string())),
            "k_number": pa.array(some(list(n)), pa.int32()),
            "k_float": pa.array(some([i / 8 for i in n])),
            "k_flag": pa.array(some([i % 2 == 0 for i in n])),
            "k_money": pa.array(some([Decimal(i) / 100 for i in n]), pa.decimal128(12, 2)),
            "k_bytes": pa.array(some([b"b%d" % i for i in n])),
        }
    )


def veil_mask(folder: Path, data: bytes, fmt: str) -> bytes:
    """What ``veil mask`` makes of data on one machine."""
    command = [BINARY, "mask", "--ruleset", str(folder / "clinic.yaml"), "--key-file", str(folder / "project.key")]
    command += ["--format", fmt, "--table", "patients", "-"]
    return subprocess.run(command, input=data, check=True, capture_output=True).stdout


def stream(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Spark with a master and two workers, each in a process of its own, and an event log."""
    os.environ["PYSPARK_PYTHON"] = sys.executable
    from pyspark.sql import SparkSession

    events = tmp_path_factory.mktemp("events")
    session = (
        SparkSession.builder.master("local-cluster[2,1,600]")
        .config("spark.executor.memory", "512m")
        .config("spark.executorEnv.PYSPARK_PYTHON", sys.executable)
        .config("spark.ui.enabled", "false")
        .config("spark.task.maxFailures", "2")
        .config("spark.sql.shuffle.partitions", "4")
        .config("spark.sql.session.timeZone", "America/New_York")
        .config("spark.eventLog.enabled", "true")
        .config("spark.eventLog.dir", events.as_uri())
        .config("spark.eventLog.compress", "false")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("OFF")
    yield session
    session.stop()
