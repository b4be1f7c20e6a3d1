"""Tables on one machine: pyarrow, pandas, Polars, DuckDB."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from ._child import run
from ._options import Options


def _reader(options: Options, schema: Any, batches: Iterable[Any]) -> Any:
    """A reader of masked batches, which are masked as they are read."""
    masked = run(options, options.key_file, options.audit_dir, options.environment(), schema, batches)
    return pa.RecordBatchReader.from_batches(next(masked), masked)


def _table(options: Options, table: Any) -> Any:
    return _reader(options, table.schema, table.to_batches()).read_all()


def mask_arrow(options: Options, data: Any) -> Any:
    """Masks data of pyarrow: a Table, a RecordBatch or a RecordBatchReader."""
    if isinstance(data, pa.Table):
        return _table(options, data)
    if isinstance(data, pa.RecordBatch):
        table = _table(options, pa.Table.from_batches([data])).combine_chunks()
        batches = table.to_batches()
        return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=table.schema)
    if isinstance(data, pa.RecordBatchReader):
        return _reader(options, data.schema, data)
    raise TypeError(f"veil.mask does not mask {type(data).__name__}")


def mask_pandas(options: Options, df: Any) -> Any:
    """Masks a pandas DataFrame. An index passes if a rule covers it by name."""
    return _table(options, pa.Table.from_pandas(df)).to_pandas()


def mask_polars(options: Options, df: Any) -> Any:
    """Masks a Polars DataFrame or LazyFrame."""
    import polars

    if isinstance(df, polars.LazyFrame):
        return mask_polars(options, df.collect()).lazy()
    if not isinstance(df, polars.DataFrame):
        raise TypeError(f"veil.mask does not mask {type(df).__name__}")
    return polars.from_arrow(_table(options, df.to_arrow()))


def mask_duckdb(options: Options, relation: Any, connection: Any) -> Any:
    """Masks a DuckDB relation into a new one, on a given connection or the default one."""
    import duckdb

    # The name of this method differs between versions.
    names = ("to_arrow_reader", "fetch_record_batch", "fetch_arrow_reader")
    reader = next(getattr(relation, name) for name in names if hasattr(relation, name))()
    masked = _reader(options, reader.schema, reader).read_all()
    return (connection or duckdb).from_arrow(masked)
