# Records of Kafka into files on HDFS, exactly once: the checkpoint has the offsets, and which files count stands in the sink's own log.
# `on` goes on for ever; `rest` takes what is there still, ends, and says what all the files together hold.
import os
import sys
from pyspark.sql import SparkSession, functions as f

what, topic, folder = sys.argv[1:4]
spark = SparkSession.builder.appName("stream " + what).getOrCreate()
records = (
    spark.readStream.format("kafka")
    .option("kafka.bootstrap.servers", os.environ["KAFKA_BOOTSTRAP_SERVERS"])
    .option("subscribe", topic)
    .option("startingOffsets", "earliest")
    .load()
    .selectExpr("partition", "offset", "cast(key as string) as key")
)
trigger = {"processingTime": "1 second"} if what == "on" else {"availableNow": True}
(
    records.writeStream.format("parquet")
    .option("path", folder + "/records")
    .option("checkpointLocation", folder + "/checkpoint")
    .trigger(**trigger)
    .start()
    .awaitTermination()
)
found = spark.read.parquet(folder + "/records")
counts = found.groupBy("partition").agg(f.count("*"), f.countDistinct("offset"), f.min("offset"), f.max("offset"))
for row in counts.orderBy("partition").collect():
    print("ROW", *row)
print("KEYS", found.select("key").distinct().count())
spark.stop()
