# TPC-H's pricing summary (Q1) over a table on HDFS: `write` makes it, `read` sums it up `times` over, so that it takes its time. Rows
# follow from their numbers as in pricing.py.
import sys
from pyspark.sql import SparkSession, functions as f

what, folder, rows, parts, times = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6])
spark = SparkSession.builder.appName("lineitem " + what).getOrCreate()
if what == "write":
    (
        spark.range(0, rows, 1, parts)
        .selectExpr(
            "id * 7919 % 50 + 1 as quantity", "id * 104729 % 100000 as price", "id * 31 % 11 as discount", "id * 17 % 9 as tax",
            "substr('ANR', cast(id % 3 as int) + 1, 1) as flag", "substr('OF', cast(floor(id / 8) % 2 as int) + 1, 1) as status",
            "id * 37 % 2557 as day")
        .write.mode("overwrite").parquet(folder)
    )
else:
    result = (
        spark.read.parquet(folder)
        .where("day <= 2467")
        .select("*", f.expr("explode(sequence(1, %d))" % times))
        .groupBy("flag", "status")
        .agg(
            f.sum("quantity"), f.sum("price"), f.sum(f.expr("price * (100 - discount)")),
            f.sum(f.expr("price * (100 - discount) * (100 + tax)")), f.count("*"))
        .orderBy("flag", "status")
    )
    for row in result.collect():
        print("ROW", row[0], row[1], *(value // times if value % times == 0 else "broken" for value in row[2:]))
spark.stop()
