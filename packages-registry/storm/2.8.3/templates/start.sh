# Starts nimbus or a supervisor: start.sh CLASS HEAP.
set -eu

if [ -z "${SUPERVISOR_SLOTS-}" ]; then SUPERVISOR_SLOTS=0; fi
slots=''
index=0
while [ "$index" -lt "$SUPERVISOR_SLOTS" ]; do
  eval "slots=\"\$slots\${slots:+, }\$SLOT_PORT_$index\""
  index=$((index + 1))
done

# Storm joins each server with one port for all; of the list only the last is left without one.
servers='{{ZOOKEEPER_SERVERS}}'
# What a topology is made of lies with two nimbuses before it starts, where there are two.
copies={{STORM_MIN_REPLICATION}}
if [ "$copies" -eq 0 ]; then copies=$(({{NIMBUS_COUNT}} > 1 ? 2 : 1)); fi
cat >> storm/conf/storm.yaml <<END
storm.zookeeper.servers: ["${servers%:*}"]
storm.zookeeper.port: ${servers##*:}
storm.local.dir: "$PWD/storm-data"
storm.workers.artifacts.dir: "$PWD/workers"
nimbus.thrift.port: ${NIMBUS_THRIFT_PORT-6627}
supervisor.thrift.port: ${SUPERVISOR_THRIFT_PORT-6628}
supervisor.slots.ports: [$slots]
topology.min.replication.count: $copies
END

if [ "$SUPERVISOR_SLOTS" -gt 0 ]; then
  mkdir -p workers
  sh ./tend-logs.sh &
  chmod +x storm/worker-java/bin/java
  export JAVA_HOME="$PWD/storm/worker-java"
fi

# TieredStopAtLevel=1 and the serial collector: half the time to start and a third less memory in a small heap.
small=''
if [ "$2" -le 1024 ]; then small='-XX:+UseSerialGC -XX:TieredStopAtLevel=1'; fi
exec jdk/bin/java -Xmx"$2m" $small -XX:+ExitOnOutOfMemoryError -Djava.awt.headless=true \
  -javaagent:"$(echo storm/byteman/byteman-*.jar)"=script:storm/conf/rules.btm \
  -Dstorm.home="$PWD/storm" -Dstorm.log.dir="$PWD" \
  -Dlog4j.configurationFile="$PWD/storm/log4j2/cluster.xml" \
  -cp 'storm/conf:storm/lib/*:storm/lib-worker/*' "$1"
