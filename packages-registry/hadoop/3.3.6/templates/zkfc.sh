# Starts the failover controller beside its name node.
. ./hadoop.sh
controller=$hdfs.tools.DFSZKFailoverController
run() {
  ( hadoop "$ZKFC_HEAP" '' $controller $IDENTITY ) &
  running=$!
  sh ./watch.sh &
  watching=$!
  status=0
  wait "$running" || status=$?
  kill "$watching" 2> /dev/null || true
}

# Status 3: ZooKeeper does not know of this service (it is new, or ZooKeeper lost its data). Both controllers may make the
# node at once; the second finds it there.
run
if [ "$status" -eq 3 ]; then
  ( hadoop "$ZKFC_HEAP" '' $controller $IDENTITY -formatZK -nonInteractive ) || true
  run
fi
exit "$status"
