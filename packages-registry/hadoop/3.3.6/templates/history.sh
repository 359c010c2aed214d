# Starts the job history server: what jobs have done is in HDFS.
. ./yarn.sh
hadoop "$HISTORY_HEAP" '' org.apache.hadoop.mapreduce.v2.hs.JobHistoryServer
