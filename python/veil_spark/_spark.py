"""DataFrames of Spark: each task masks its rows with a child process."""

from __future__ import annotations

import inspect
import itertools
import os
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from typing import Any, Optional

import pyarrow as pa

from ._child import VeilError, run
from ._options import Options


def mask_spark(options: Options, df: Any) -> Any:
    """Masks a DataFrame of Spark or Spark Connect. It is lazy, like all of Spark."""
    schema = _masked_schema(options, _arrow_schema(df.schema))
    return df.mapInArrow(_Task(options, uuid.uuid4().hex), schema)


class _Task:
    """What each task runs. It is sent to the workers, and contains only paths and names."""

    def __init__(self, options: Options, run_id: str) -> None:
        self._options = options
        self._run = run_id

    def __call__(self, batches: Iterator[Any]) -> Iterator[Any]:
        first = next(batches, None)
        if first is None:
            return
        o = self._options
        masked = run(o, o.key_file, self._audit_dir(), o.environment(), first.schema, itertools.chain([first], batches))
        next(masked)  # the schema, which the driver knows
        yield from masked

    def _audit_dir(self) -> Optional[str]:
        if self._options.audit_dir is None:
            return None
        from pyspark import TaskContext

        context = TaskContext.get()
        assert context is not None
        name = f"{context.partitionId():06d}-{context.taskAttemptId()}"
        path = os.path.join(tasks_dir(self._options.audit_dir), self._run, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path


def tasks_dir(audit_dir: str) -> str:
    """Where tasks leave their logs, until collect_audit combines them into one run's record."""
    return audit_dir.rstrip("/") + ".tasks"


def _arrow_schema(schema: Any) -> Any:
    """The schema that batches of a DataFrame have, except for the name of the time zone."""
    from pyspark.sql.pandas import types

    to_arrow_schema: Any = types.to_arrow_schema
    if "timezone" in inspect.signature(to_arrow_schema).parameters:  # from Spark 4 on
        return to_arrow_schema(schema, timezone="UTC")
    return to_arrow_schema(schema)


def _masked_schema(options: Options, schema: Any) -> Any:
    """The schema of the masked DataFrame, which veil returns for a table without rows.

    It does not depend on the key, so that the driver needs none: veil gets one that is thrown
    away.
    """
    from pyspark.sql.pandas.types import from_arrow_schema

    with tempfile.TemporaryDirectory() as directory:
        key = os.path.join(directory, "key")
        _new_key(options.binary, key)
        # FHIR has no table without rows: an empty resource is used instead.
        rows = [pa.record_batch([pa.array(['{"resourceType":"Patient"}'])], names=["value"])] if options.fhir else []
        masked = list(run(options, key, None, options.environment(), schema, rows))
    return from_arrow_schema(masked[0])


def _new_key(binary: str, path: str) -> None:
    try:
        made = subprocess.run([binary, "keys", "new", path], capture_output=True, check=False)
    except OSError as e:
        raise VeilError(f"cannot run the program veil, {binary}: {e.strerror}: set binary= to its path") from None
    if made.returncode != 0:
        raise VeilError(made.stderr.decode("utf-8", "replace").strip())


