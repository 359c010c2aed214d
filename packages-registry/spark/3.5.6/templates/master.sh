# Starts the master. What it must remember over a restart is a file for each application, driver and worker, on its volume. Those of
# another version it could not read.
. ./java.sh
recovery='spark-master/recovery-{{SPARK_VERSION}}'
mkdir -p "$recovery"

# Whether its volume takes another file. Spark's master goes on when it does not, and knows half of what it has told others from then
# on: it is stopped until there is room again.
room() { dd if=/dev/zero of=spark-master/room bs=65536 count=1 2> /dev/null && rm -f spark-master/room; }

# A worker that has gone is forgotten soon: it is one of many that come and go. An application never dies of executors that were
# taken from it.
master() {
  java -Xmx${MASTER_HEAP}m $opens \
    -Dspark.authenticate=true -Dspark.network.crypto.enabled={{SPARK_ENCRYPT}} \
    -Dspark.master.rest.enabled=false -Dspark.ui.killEnabled=false \
    -Dspark.worker.timeout=15 -Dspark.deploy.maxExecutorRetries=-1 \
    -Dspark.deploy.spreadOut=false -Dspark.deploy.retainedApplications=50 \
    -Dspark.deploy.recoveryMode=FILESYSTEM -Dspark.deploy.recoveryDirectory="$MESOS_SANDBOX/$recovery" \
    -cp "spark/jars/*" org.apache.spark.deploy.master.Master \
    --host "$POD_ADDRESS" --port "$MASTER_PORT" --webui-port "$MASTER_UI_PORT" &
  running=$!
}

# Stops the master once there is no room.
guard() {
  while sleep 2 && kill -0 "$1"; do
    room || kill -9 "$1"
  done > /dev/null 2>&1
}

running=''
guard=''
trap '[ -z "$running" ] || kill $running $guard; wait; exit 143' TERM
while :; do
  until room; do
    echo 'there is no room on the volume: the master waits' >&2
    sleep 2
  done
  # Files are written in blocks of 1 KiB: one that ends with a block is half of a file, which no master could read.
  for file in "$recovery"/*; do
    [ ! -f "$file" ] || [ $(($(wc -c < "$file") % 1024)) -ne 0 ] || rm "$file"
  done
  master
  guard "$running" &
  guard=$!
  status=0
  wait "$running" || status=$?
  kill "$guard" 2> /dev/null
  room && exit "$status"
done
