# TPC-H's pricing summary (Q1) over rows that follow from their numbers: whoever knows the rule can
# compute the answer without Spark. Amounts are whole numbers, so sums are exact.
import sys
from pyspark.sql import SparkSession, functions as f

rows, parts = int(sys.argv[1]), int(sys.argv[2])
spark = SparkSession.builder.appName("pricing summary").getOrCreate()


def lines(part):
    for i in range(part, rows, parts):
        yield (i * 7919 % 50 + 1, i * 104729 % 100000, i * 31 % 11, i * 17 % 9,
               "ANR"[i % 3], "OF"[i // 8 % 2], i * 37 % 2557)


names = ["quantity", "price", "discount", "tax", "flag", "status", "day"]
table = spark.createDataFrame(spark.sparkContext.parallelize(range(parts), parts).flatMap(lines), names)
result = (
    table.where("day <= 2467")
    .groupBy("flag", "status")
    .agg(
        f.sum("quantity").alias("quantity"),
        f.sum("price").alias("price"),
        f.sum(f.expr("price * (100 - discount)")).alias("discounted"),
        f.sum(f.expr("price * (100 - discount) * (100 + tax)")).alias("charged"),
        f.count("*").alias("lines"),
    )
    .orderBy("flag", "status")
)
for row in result.collect():
    print("ROW", *row)
spark.stop()
