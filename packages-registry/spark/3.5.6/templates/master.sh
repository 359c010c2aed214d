. ./java.sh
mkdir -p spark-master/recovery
# A worker that has gone is forgotten soon: it is one of many that come and go. An application never dies of executors that were
# taken from it.
exec java -Xmx${MASTER_HEAP}m $opens \
  -Dspark.authenticate=true -Dspark.network.crypto.enabled={{SPARK_ENCRYPT}} \
  -Dspark.master.rest.enabled=false -Dspark.ui.killEnabled=false \
  -Dspark.worker.timeout=15 -Dspark.deploy.maxExecutorRetries=-1 \
  -Dspark.deploy.spreadOut=false -Dspark.deploy.retainedApplications=50 \
  -Dspark.deploy.recoveryMode=FILESYSTEM -Dspark.deploy.recoveryDirectory="$MESOS_SANDBOX/spark-master/recovery" \
  -cp "spark/jars/*" org.apache.spark.deploy.master.Master \
  --host "$POD_ADDRESS" --port "$MASTER_PORT" --webui-port "$MASTER_UI_PORT"
