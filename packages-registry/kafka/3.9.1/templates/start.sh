# Starts a broker on its volume.
set -eu
{{#SASL_ENABLED}}
# For nobody else's eyes, as server.properties below.
chmod 600 start.sh
(umask 077; cat > users) << 'END'
{{SASL_USERS}}
END
{{/SASL_ENABLED}}

# The first ones are the quorum: its members know each other by configuration and never change.
controllers="{{CONTROLLER_COUNT}}"
address="{{pod.address}}"
{
  voters='{{#pods.broker.0}}0@{{address}}:{{ports.controller}}{{/pods.broker.0}}{{#pods.broker.1}},1@{{address}}:{{ports.controller}}{{/pods.broker.1}}{{#pods.broker.2}},2@{{address}}:{{ports.controller}}{{/pods.broker.2}}'
  echo "controller.quorum.voters=$(echo "$voters" | cut -d, -f1-"$controllers")"
{{^TLS_ENABLED}}
  listeners="BROKER://$address:$BROKER_LISTEN_PORT"
{{/TLS_ENABLED}}
{{#TLS_ENABLED}}
  listeners="INTERNAL://$address:$INTERNAL_LISTEN_PORT,TLS://$address:$TLS_LISTEN_PORT,LOCAL://127.0.0.1:$LOCAL_LISTEN_PORT"
{{#PLAINTEXT_ENABLED}}
  listeners="$listeners,BROKER://$address:$BROKER_LISTEN_PORT"
{{/PLAINTEXT_ENABLED}}
{{/TLS_ENABLED}}
  if [ "$POD_INSTANCE_INDEX" -lt "$controllers" ]; then
    echo 'process.roles=broker,controller'
    echo "listeners=$listeners,CONTROLLER://$address:$CONTROLLER_LISTEN_PORT"
  else
    echo 'process.roles=broker'
    echo "listeners=$listeners"
  fi
{{#TLS_ENABLED}}
  # The readiness check's password is this process' own. Names and passwords have no quotes or spaces in them.
  (umask 077; od -An -v -tx1 -N24 /dev/urandom | tr -d ' \n' > local.password)
  module='org.apache.kafka.common.security.plain.PlainLoginModule required'
  echo "listener.name.local.plain.sasl.jaas.config=$module user_dcos-local=\"$(cat local.password)\";"
{{#SASL_ENABLED}}
  echo "listener.name.tls.plain.sasl.jaas.config=$module$(tr ',' '\n' < users | sed -n 's/^\([^:]*\):\(.*\)$/ user_\1="\2"/p' | tr -d '\n');"
{{/SASL_ENABLED}}
{{/TLS_ENABLED}}
} >> server.properties

# What no smaller cluster could give would keep its internal topics from ever being made.
for key in default.replication.factor min.insync.replicas offsets.topic.replication.factor \
  transaction.state.log.replication.factor transaction.state.log.min.isr; do
  value=$(sed -n "s/^$key=//p" server.properties)
  if [ "$value" -gt "{{pod.count}}" ]; then
    sed "s/^$key=.*/$key={{pod.count}}/" server.properties > server.properties.new
    mv server.properties.new server.properties
  fi
done

{{#TLS_ENABLED}}
chmod 600 server.properties
{{/TLS_ENABLED}}

# The storage is formatted once: these are the properties that kafka.tools.StorageTool writes, without a Java start for
# it; the broker adds its directory.id and the newest metadata.version by itself. By rename, so that they are never half there.
if [ ! -f kafka-data/log/meta.properties ]; then
  mkdir -p kafka-data/log
  cp meta.properties kafka-data/meta.properties.new
  mv kafka-data/meta.properties.new kafka-data/log/meta.properties
fi

# TieredStopAtLevel=1 and the serial collector: half the time to start and a third less memory in a small heap.
small=''
if [ "$BROKER_HEAP" -le 1024 ]; then small='-XX:+UseSerialGC -XX:TieredStopAtLevel=1'; fi
exec jdk/bin/java -Xmx"${BROKER_HEAP}m" $small -XX:+ExitOnOutOfMemoryError \
  -Djava.awt.headless=true -Dorg.slf4j.simpleLogger.defaultLogLevel=info \
  -Dorg.slf4j.simpleLogger.showDateTime=true -Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS \
  -cp 'kafka/libs/*' kafka.Kafka server.properties
