# Starts a node on its volume, and drains it before it stops.
set -eu
mkdir -p tmp

# How it joins is decided once and kept on the volume, so that a start that fails is repeated as it was:
#   initial N  one of the N that make the ring: no data to fetch, tokens spread evenly beforehand,
#              so that all may start at the same time
#   replace A  takes over the tokens and the data of the node that had the address A
#   bootstrap  a new member of a ring that is there
if [ ! -f cassandra-data/join ]; then
  join=bootstrap
  if [ -n '{{pod.replaces}}' ] && [ '{{pod.count}}' -gt 1 ]; then
    join='replace {{pod.replaces}}:{{pod.replaces_ports.storage}}'
  elif [ '{{service.deployed}}' = false ] || [ '{{pod.count}}' -eq 1 ]; then
    join='initial {{pod.count}}'
  fi
  echo "$join" > cassandra-data/join.new
  mv cassandra-data/join.new cassandra-data/join
fi
join=$(cat cassandra-data/join)

# The first of these that are wanted. Who has yet to fetch data must not count itself among them:
# a seed fetches none.
self='{{pod.address}}:{{pod.ports.storage}}'
seeds="${REMOTE_SEEDS}"
left=$SEED_COUNT
for seed in {{#pods.node.0}}{{address}}:{{ports.storage}}{{/pods.node.0}} \
  {{#pods.node.1}}{{address}}:{{ports.storage}}{{/pods.node.1}} \
  {{#pods.node.2}}{{address}}:{{ports.storage}}{{/pods.node.2}}; do
  [ "$left" -gt 0 ] || break
  left=$((left - 1))
  if [ "$seed" = "$self" ] && [ "${join%% *}" != initial ] && [ ! -f cassandra-data/joined ]; then continue; fi
  seeds="${seeds:+$seeds,}$seed"
done
cat >> conf/cassandra.yaml <<YAML
seed_provider:
  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
    parameters:
      - seeds: "$seeds"
YAML

# System keyspaces get as many copies as there are nodes, three at most.
copies={{pod.count}}
if [ "$copies" -gt 3 ]; then copies=3; fi
echo "default_keyspace_rf: $copies" >> conf/cassandra.yaml
if [ '{{COMMITLOG_SYNC}}' = periodic ]; then
  echo 'commitlog_sync_period: {{COMMITLOG_SYNC_PERIOD_IN_MS}}ms' >> conf/cassandra.yaml
fi

# Once it is a member none of this matters any more: it knows its tokens.
flags=''
case "$join" in
  initial*)
    # Token k of this node is number k * nodes + index of nodes * num_tokens; 64 bits wrap around.
    nodes=${join#initial }
    step=$((9223372036854775807 / (nodes * {{NUM_TOKENS}}) * 2))
    tokens=''
    k=0
    while [ "$k" -lt '{{NUM_TOKENS}}' ]; do
      token=$((-9223372036854775807 + (k * nodes + POD_INSTANCE_INDEX) * step))
      tokens="${tokens:+$tokens,}$token"
      k=$((k + 1))
    done
    printf 'auto_bootstrap: false\ninitial_token: "%s"\n' "$tokens" >> conf/cassandra.yaml
    ;;
  replace*)
    flags="-Dcassandra.replace_address_first_boot=${join#replace }"
    if [ ! -f cassandra-data/joined ]; then
      flags="$flags -javaagent:$(echo cassandra/byteman/byteman-*.jar)=script:conf/rules.btm"
    fi
    ;;
esac
if [ "${join%% *}" = initial ] && [ ! -f cassandra-data/joined ]; then
  # There is nobody yet whose gossip it could wait for.
  flags="$flags -Dcassandra.skip_wait_for_gossip_to_settle=0"
else
  flags="$flags -Dcassandra.gossip_settle_min_wait_ms=2000 -Dcassandra.gossip_settle_interval_ms=500"
fi

# By rename, so that it is never half there.
if [ ! -f cassandra-data/jmx.password ]; then
  (umask 077 && echo "cassandra $(head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n')" > cassandra-data/jmx.new)
  mv cassandra-data/jmx.new cassandra-data/jmx.password
fi

# TieredStopAtLevel=1 and the serial collector: half the time to start and a third less memory in a small heap.
small=''
if [ "$NODE_HEAP" -le 1024 ]; then small='-XX:+UseSerialGC -XX:TieredStopAtLevel=1'; fi
agent=$(echo cassandra/lib/jamm-*.jar)

# A signal to stop goes to everything of the task; the JVM must not see it before it is drained.
(
  trap '' TERM
  exec jdk/bin/java @conf/jvm.options -Xmx"${NODE_HEAP}m" $small -XX:+ExitOnOutOfMemoryError \
    -XX:-UsePerfData -Djava.awt.headless=true -javaagent:"$agent" -Djava.io.tmpdir="$PWD/tmp" \
    -Djna.tmpdir="$PWD/tmp" -Dlogback.configurationFile=logback.xml \
    -Dcassandra.storagedir=cassandra-data -Dcassandra.jmx.local.port="$JMX_PORT" \
    -Dcom.sun.management.jmxremote.authenticate=true \
    -Dcom.sun.management.jmxremote.password.file=cassandra-data/jmx.password \
    -Dcassandra.superuser_setup_delay_ms=1000 $flags \
    -cp 'conf:cassandra/lib/*' org.apache.cassandra.service.CassandraDaemon
) &
server=$!

# The superuser of the service is there, and nobody logs in as Cassandra comes: ready.sh waits for it.
secure() {
  while kill -0 "$server" 2>/dev/null && [ ! -f cassandra-data/secured ]; do
    if [ -f cassandra-data/joined ] && sh ./cql.sh secure; then touch cassandra-data/secured; fi
    sleep 1
  done
}
if [ '{{AUTHENTICATION}}' = 1 ] && [ ! -f cassandra-data/secured ]; then secure & fi

# Drained, it has told its peers, has everything in its tables and nothing in its commit log. Then, or when that does
# not work, there is no gentler way left: what it acknowledged is in the commit log.
stop() {
  trap '' TERM
  echo 'draining'
  if sh ./nodetool.sh drain; then echo 'drained'; else echo 'could not drain'; fi
  kill -KILL "$server"
}
trap stop TERM
status=0
wait "$server" || status=$?
# A wait that the trap interrupted says nothing of the server.
while kill -0 "$server" 2>/dev/null; do
  status=0
  wait "$server" || status=$?
done
exit "$status"
