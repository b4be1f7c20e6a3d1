"""Spark with several worker processes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import veil_spark as veil
from conftest import BINARY, MARKER, patients, stream, veil_mask

ROWS = 12_000
PARTITIONS = 12


@pytest.fixture(scope="module")
def table() -> pa.Table:
    return patients(ROWS)


@pytest.fixture(scope="module")
def df(spark: Any, table: pa.Table, folder: Path) -> Any:
    import pyarrow.parquet

    # One row group for each task.
    pyarrow.parquet.write_table(table, folder / "patients.parquet", row_group_size=ROWS // PARTITIONS)
    return spark.read.parquet(str(folder / "patients.parquet")).repartition(PARTITIONS, "k_number", "id")


def rows(data: Any) -> list[str]:
    """The rows of a table, sorted. A time without a zone is one everywhere."""
    return sorted(json.dumps(row, default=str) for row in data.to_pylist())


@pytest.fixture(scope="module")
def expected(folder: Path, df: Any) -> list[str]:
    """The rows that veil mask makes on one machine of the same rows."""
    source = df.toArrow()
    return rows(pa.ipc.open_stream(veil_mask(folder, stream(source), "arrow")).read_all())


def test_as_on_one_machine(spark: Any, df: Any, options: dict[str, Any], expected: list[str]) -> None:
    """A job of several workers makes the bytes that veil mask makes, with Spark's types."""
    masked = veil.mask(df, **options)
    types = dict(df.dtypes)
    for name, kind in masked.dtypes:
        assert kind == types[name] or name == "address"
    assert masked.columns == [c for c in df.columns if c != "hidden"]
    got = rows(masked.toArrow())
    assert got == expected
    assert MARKER not in "".join(got)


def test_lost_worker(spark: Any, df: Any, folder: Path, options: dict[str, Any], expected: list[str]) -> None:
    """A worker that is killed in the middle of a job changes nothing of the result."""
    log = str(folder / "audit-spark")

    def slowly(batches: Any) -> Any:
        for batch in batches:
            time.sleep(0.3)
            yield batch

    masked = veil.mask(df.mapInArrow(slowly, df.schema), audit_dir=log, **options)
    result: list[Any] = []
    job = threading.Thread(target=lambda: result.append(masked.toArrow()))
    job.start()
    killed = False
    while job.is_alive() and not killed:
        if len(list(Path(log + ".tasks").glob("*/*"))) >= 2:
            killed = kill_executor(spark.sparkContext.applicationId)
        time.sleep(0.05)
    job.join()
    assert killed, "the job was over before a worker could be killed"
    assert result and rows(result[0]) == expected

    veil.collect_audit(log, binary=BINARY)
    run = json.loads(subprocess.run([BINARY, "runs", "show", log, "--format", "json"], check=True, capture_output=True).stdout)
    assert run["status"] == "complete"
    done = [f for f in run["files"] if f["status"] == "complete"]
    assert {f["file"].split("-")[1] for f in done} == {f"{i:06d}" for i in range(PARTITIONS)}
    assert sum(n["n"] for f in done for n in f["counts"]) >= ROWS
    assert MARKER not in json.dumps(run)
    subprocess.run([BINARY, "audit", "verify", log], check=True, capture_output=True)


def kill_executor(app: str) -> bool:
    """Kills one of the processes that run tasks of an application."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if app.encode() in command and any(b"CoarseGrainedExecutorBackend" in part for part in command):
            os.kill(int(process.name), signal.SIGKILL)
            return True
    return False


def test_key_stays_on_workers(spark: Any, df: Any, options: dict[str, Any]) -> None:
    """Neither the plan, nor what is sent to workers, nor the event log has the key."""
    key = Path(options["key_file"]).read_text().strip().encode()
    assert len(key) > 30
    masked = veil.mask(df, **options)
    assert masked.count() == ROWS
    events = Path(spark.conf.get("spark.eventLog.dir").removeprefix("file://"))
    logs = b"".join(p.read_bytes() for p in events.rglob("*") if p.is_file())
    assert b"SparkListenerTaskEnd" in logs and key not in logs
    assert key.decode() not in masked._jdf.queryExecution().toString()
    from pyspark import cloudpickle

    assert key not in cloudpickle.dumps(veil._spark._Task(_options(options), "run"))


def _options(given: dict[str, Any]) -> Any:
    return veil._options.Options(fhir=False, key_env=None, project=None, audit_dir=None, **given)


def test_resources(spark: Any, folder: Path, options: dict[str, Any]) -> None:
    """An NDJSON file of FHIR resources gives the lines that veil mask gives."""
    lines = [json.dumps({"resourceType": "Patient", "id": f"p{i}", "active": True, "name": [{"family": f"{MARKER}{i}"}]}) for i in range(500)]
    path = folder / "patients.ndjson"
    path.write_text("\n".join(lines) + "\n")
    masked = veil.mask(spark.read.text(str(path)).repartition(3), fhir=True, ruleset="safe-harbor", key_file=options["key_file"], binary=BINARY)
    got = sorted(r.value for r in masked.collect())
    command = [BINARY, "mask", "--ruleset", "safe-harbor", "--key-file", options["key_file"], str(path)]
    want = subprocess.run(command, check=True, capture_output=True).stdout.decode().splitlines()
    assert got == sorted(want) and len(got) == 500 and MARKER not in "".join(got)


def failure(job: Any) -> str:
    with pytest.raises(Exception) as e:
        job()
    return str(e.value)


def test_mistakes(spark: Any, df: Any, folder: Path, options: dict[str, Any]) -> None:
    """A mistake is one exception that says what it is: at once where the driver sees it, else in the task."""
    few = spark.range(5).selectExpr("concat('p', id) id", f"'{MARKER}' name").coalesce(1)
    assert "cannot run the program veil, /none/veil" in failure(lambda: veil.mask(df, **{**options, "binary": "/none/veil"}))
    assert "/none/rules.yaml" in failure(lambda: veil.mask(df, **{**options, "ruleset": "/none/rules.yaml"}))
    assert "no rule covers a column of table patients" in failure(lambda: veil.mask(df.select("hidden"), **options))
    assert "VeilError: veil: /none/key: there is no such file" in failure(veil.mask(few, **{**options, "key_file": "/none/key"}).count)
    bad = folder / "bad.key"
    bad.write_text("no key")
    bad.chmod(0o600)
    text = failure(veil.mask(few, **{**options, "key_file": str(bad)}).count)
    assert "VeilError" in text and "bad.key" in text and "no key" not in text
    moved = folder / "moved.yaml"
    shutil.copy(folder / "clinic.yaml", moved)
    masked = veil.mask(few, **{**options, "ruleset": str(moved)})
    moved.unlink()
    text = failure(masked.count)
    assert "VeilError" in text and "moved.yaml" in text and MARKER not in text


def test_cost(spark: Any, df: Any, options: dict[str, Any]) -> None:
    """Prints how long a job with masking takes beside one whose tasks return what they get."""
    big = spark.range(0, 1_000_000, 1, 4).selectExpr(
        "concat('p', id) id", "concat('name ', id) name", "date_add(date'1950-01-01', cast(id % 20000 as int)) born",
        *[f"id * {i} k_{i}" for i in range(7)],
    )
    jobs = {
        "identity": big.mapInArrow(lambda batches: batches, big.schema),
        "masking": veil.mask(big, **options),
    }
    seconds: dict[str, float] = {}
    for name in ("identity", "masking", "identity", "masking"):
        start = time.monotonic()
        jobs[name].write.mode("overwrite").format("noop").save()
        seconds[name] = min(seconds.get(name, 1e9), time.monotonic() - start)
    print(f"\nidentity {seconds['identity']:.2f} s, masking {seconds['masking']:.2f} s, ratio {seconds['identity'] / seconds['masking']:.2f}")
    assert all(seconds.values())
