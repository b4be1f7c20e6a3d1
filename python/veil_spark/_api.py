"""The functions of the package."""

from __future__ import annotations

import os
import subprocess
from typing import Any, Optional, TypeVar

from ._child import VeilError
from ._options import Options

T = TypeVar("T")


def mask(
    df: T,
    table: Optional[str] = None,
    *,
    ruleset: str,
    key_file: Optional[str] = None,
    key_env: Optional[str] = None,
    fhir: bool = False,
    audit_dir: Optional[str] = None,
    binary: Optional[str] = None,
    project: Optional[str] = None,
    connection: Any = None,
) -> T:
    """Masks a table by the ``tables`` rules of a ruleset, and returns one of the same kind.

    df is a DataFrame of PySpark, pandas or Polars, a LazyFrame of Polars, a relation of DuckDB,
    or a Table, RecordBatch or RecordBatchReader of pyarrow.

    table is the table or schema.table for which rules are looked up. ruleset is a shipped
    ruleset's name or the path of a file. The project key is in key_file, or in the environment
    variable that key_env names. On Spark, these are paths and variables of the workers: the key
    is neither in the plan nor in the event log. The ruleset must be on the driver too.

    With fhir the table has one column, with one FHIR resource in JSON in each row, as
    ``spark.read.text`` reads NDJSON. Resources are masked by the ``fhir`` rules. Those that the
    ruleset withholds have no row in the result.

    With audit_dir a run is recorded in the audit log there. On Spark each task leaves a log
    in the directory ``<audit_dir>.tasks``, which all workers must reach by this path. When the
    job is done, collect_audit combines them into one run.

    binary is the program veil, by default $VEIL_BINARY or veil on the PATH. connection is the
    DuckDB connection to which the new relation belongs.

    Raises VeilError if veil cannot mask the table; on Spark, also within a task.
    """
    if (key_file is None) == (key_env is None):
        raise VeilError("for the project key, set either key_file=, the path of a file, or key_env=, the name of an environment variable")
    if table is None and not fhir:
        raise VeilError("table= is missing: set it to a table name that the ruleset has rules for")
    options = Options(
        binary=binary or os.environ.get("VEIL_BINARY") or "veil",
        ruleset=ruleset,
        table=None if fhir else table,
        fhir=fhir,
        key_file=key_file,
        key_env=key_env,
        project=project,
        audit_dir=audit_dir,
    )
    return _masked(options, df, connection)  # type: ignore[no-any-return]


def _masked(options: Options, df: Any, connection: Any) -> Any:
    """Masks a table of whichever library it belongs to, which is imported only if it is installed."""
    from . import _local, _spark

    library = type(df).__module__.partition(".")[0]
    if library == "pyspark":
        return _spark.mask_spark(options, df)
    if library == "pandas":
        return _local.mask_pandas(options, df)
    if library == "polars":
        return _local.mask_polars(options, df)
    if library in ("duckdb", "_duckdb"):
        return _local.mask_duckdb(options, df, connection)
    return _local.mask_arrow(options, df)


def collect_audit(audit_dir: str, *, binary: Optional[str] = None) -> None:
    """Creates one run in the audit log for each Spark job whose tasks have left logs.

    Call it when the jobs are done. A run has a record of each task that masked rows.
    """
    from ._spark import tasks_dir

    command = [binary or os.environ.get("VEIL_BINARY") or "veil", "runs", "collect", audit_dir, tasks_dir(audit_dir)]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except OSError as e:
        raise VeilError(f"cannot run the program veil, {command[0]}: {e.strerror}: set binary= to its path") from None
    if done.returncode != 0:
        raise VeilError(done.stderr.decode("utf-8", "replace").strip())
