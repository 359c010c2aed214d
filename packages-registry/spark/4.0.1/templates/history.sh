. ./java.sh
mkdir -p conf
export SPARK_CONF_DIR="$MESOS_SANDBOX/conf" HADOOP_CONF_DIR="$MESOS_SANDBOX/conf"
# The same defaults as jobs have: they may say where HDFS is (spark.hadoop.…).
cat > conf/spark-defaults.conf <<'END'
{{SPARK_DEFAULTS}}
END
case '{{SPARK_EVENT_LOG_DIR}}' in
  file:*) folder='{{SPARK_EVENT_LOG_DIR}}'; mkdir -p "/${folder#file:*/}" || exit 1 ;;
esac
exec java -Xmx${HISTORY_HEAP}m $opens \
  -Dspark.history.fs.logDirectory='{{SPARK_EVENT_LOG_DIR}}' -Dspark.history.fs.update.interval=3s \
  -Dspark.history.fs.cleaner.enabled=true -Dspark.history.ui.port="$HISTORY_PORT" -Dspark.authenticate=false \
  -cp "conf:spark/jars/*" org.apache.spark.deploy.history.HistoryServer
