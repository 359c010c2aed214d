# The shell of HDFS: sh ./hdfs.sh dfs -ls /
. ./hadoop.sh
command=${1:-}
[ $# -gt 0 ] && shift
case "$command" in
  dfs) class=org.apache.hadoop.fs.FsShell ;;
  dfsadmin) class=$hdfs.tools.DFSAdmin ;;
  haadmin) class=$hdfs.tools.DFSHAAdmin ;;
  fsck) class=$hdfs.tools.DFSck ;;
  getconf) class=$hdfs.tools.GetConf ;;
  balancer) class=$hdfs.server.balancer.Balancer ;;
  mover) class=$hdfs.server.mover.Mover ;;
  storagepolicies) class=$hdfs.tools.StoragePolicyAdmin ;;
  cacheadmin) class=$hdfs.tools.CacheAdmin ;;
  snapshotDiff) class=$hdfs.tools.snapshot.SnapshotDiff ;;
  lsSnapshottableDir) class=$hdfs.tools.snapshot.LsSnapshottableDir ;;
  version) class=org.apache.hadoop.util.VersionInfo ;;
  *)
    echo "hdfs has no command '$command'; there are: dfs, dfsadmin, haadmin, fsck, getconf, balancer, mover, storagepolicies, cacheadmin, snapshotDiff, lsSnapshottableDir, version" >&2
    exit 2
    ;;
esac
cp conf/log4j-tool.properties tmp/log4j.properties
exec jdk/bin/java -Xmx96m -Xshare:auto -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djava.awt.headless=true \
  --add-opens=java.base/java.lang=ALL-UNNAMED -cp 'tmp:conf:hadoop/lib/*' "$class" "$@"
