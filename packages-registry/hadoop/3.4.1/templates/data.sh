# Starts a data node on its volume.
. ./hadoop.sh

# HDFS takes the whole file system that its folder is on, less what is reserved for others: all but the size of the volume.
size=$((DATA_DISK * 1024 * 1024))
there=$(df -P -B1 data-data | awk 'NR == 2 { printf "%.0f", $3 + $4 }')
if [ "$there" -gt "$size" ]; then DATA_RESERVED=$((there - size)); fi
export DATA_RESERVED

# It is here to stay: whatever it noted when it once left does not count any more.
(
  until active=$(active_name_node); do sleep 2; done
  http "$active" "/webhdfs/v1/?op=REMOVEXATTR&xattr.name=user.dcos.leaving.{{pod.name}}&user.name=$superuser" PUT > /dev/null
) &

hadoop "$DATA_HEAP" "$DATA_OPTS" $hdfs.server.datanode.DataNode
