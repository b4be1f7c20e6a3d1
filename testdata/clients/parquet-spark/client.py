"""Writes Parquet files with Spark, in each form that it has, and compares masked ones."""

import pathlib
import sys

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

FORMS = {
    "plain": {},
    "int96": {"spark.sql.parquet.outputTimestampType": "INT96"},
    "legacy": {"spark.sql.parquet.writeLegacyFormat": "true", "spark.sql.parquet.datetimeRebaseModeInWrite": "LEGACY"},
}


def session():
    builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").config("spark.sql.session.timeZone", "UTC")
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def frame(spark):
    e = F.expr
    rows = spark.range(1500).select(
        e("concat('p', id % 100) AS id"), e("cast(id % 100 AS tinyint) AS tiny"), e("cast(id AS short) AS short"), e("cast(id AS int) AS int"), e("id AS long"),
        e("cast(id AS decimal(20, 2)) AS wide"), e("cast(id % 1000 AS decimal(5, 1)) AS narrow"), e("date_add(date'1500-01-01', cast(id AS int) * 300) AS day"),
        e("timestamp'2000-01-01 00:00:00' + make_interval(0, 0, 0, 0, cast(id AS int)) AS ts"), e("timestamp_ntz'2000-01-01 00:00:00' AS ntz"),
        e("named_struct('city', concat('c', id % 7), 'zip', if(id % 3 = 0, null, '12345')) AS address"), e("array('a', null, concat('x', id)) AS list"),
        e("map('k', id, 'l', null) AS map"), e("array(named_struct('f', id, 'g', array(id))) AS records"), e("cast('abc' AS binary) AS bytes"),
        e("id / 7.0D AS double"), e("id % 2 = 0 AS bool"),
    )
    return rows.withColumn("id", F.col("id").alias("id", metadata={"comment": "a note"}))


def write(out):
    spark = session()
    for name, options in FORMS.items():
        for key, value in options.items():
            spark.conf.set(key, value)
        frame(spark).coalesce(1).write.parquet(str(out / name))
        for key in options:
            spark.conf.unset(key)
        (out / name / "_SUCCESS").unlink()


def same(a, b):
    spark = session()
    for name in FORMS:
        x, y = spark.read.parquet(str(a / name)), spark.read.parquet(str(b / name))
        assert x.schema.simpleString() == y.schema.simpleString(), (x.schema, y.schema)
        assert x.collect() == y.collect(), name
        for condition in ("id = 'p7'", "int = 500", "ts > timestamp'2001-01-01'", "map['k'] = 5"):
            assert x.filter(condition).count() == y.filter(condition).count(), (name, condition)
        print("same", name)


if __name__ == "__main__":
    command, *places = sys.argv[1:]
    {"write": write, "same": same}[command](*map(pathlib.Path, places))
