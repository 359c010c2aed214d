# Starts a node manager, whose containers are its children: they end with its task, what they have written stays on the volume.
. ./yarn.sh
YARN_DATA=$(cd yarn-data && pwd -P)
# What was fetched for applications may be kept, as far as it leaves half of the volume to what they write.
YARN_CACHE_MB=$((NODEMANAGER_DISK / 2))
JAVA_HOME=$PWD/jdk
HADOOP_CONF_DIR=$PWD/conf
HADOOP_HOME=$PWD/hadoop
HADOOP_COMMON_HOME=$HADOOP_HOME HADOOP_HDFS_HOME=$HADOOP_HOME HADOOP_YARN_HOME=$HADOOP_HOME HADOOP_MAPRED_HOME=$HADOOP_HOME
export YARN_DATA YARN_CACHE_MB JAVA_HOME HADOOP_CONF_DIR HADOOP_HOME
export HADOOP_COMMON_HOME HADOOP_HDFS_HOME HADOOP_YARN_HOME HADOOP_MAPRED_HOME
mkdir -p "$YARN_DATA/local" "$YARN_DATA/logs" "$YARN_DATA/state"

hadoop "$NODEMANAGER_HEAP" "$NODEMANAGER_OPTS -Djava.io.tmpdir=$PWD/tmp" $yarn.server.nodemanager.NodeManager
