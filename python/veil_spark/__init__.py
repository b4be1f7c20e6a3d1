"""Mask tables with Veil: Spark, pandas, Polars, DuckDB and Arrow.

    import veil_spark as veil

    masked = veil.mask(df, table="patients", ruleset="clinic.yaml", key_file="/secrets/project.key")

The masking is done by the program ``veil``, which must be on each machine that masks: on
Spark, on each worker and on the driver. The package sends it Arrow data and reads Arrow data
back. The project key is read by that program alone.
"""

from ._api import collect_audit, mask
from ._child import VeilError

__all__ = ["VeilError", "collect_audit", "mask"]
