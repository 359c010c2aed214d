# Kafka's own tools, beside a broker: `sh kafka.sh <command> …`. An error is one line; its stack is the tool's affair.
set -u
{{^TLS_ENABLED}}
servers='{{pod.address}}:{{pod.ports.broker}}{{#pods.broker.0}},{{address}}:{{ports.broker}}{{/pods.broker.0}}{{#pods.broker.1}},{{address}}:{{ports.broker}}{{/pods.broker.1}}{{#pods.broker.2}},{{address}}:{{ports.broker}}{{/pods.broker.2}}'
{{/TLS_ENABLED}}
{{#TLS_ENABLED}}
servers='{{pod.address}}:{{pod.ports.internal}}{{#pods.broker.0}},{{address}}:{{ports.internal}}{{/pods.broker.0}}{{#pods.broker.1}},{{address}}:{{ports.internal}}{{/pods.broker.1}}{{#pods.broker.2}},{{address}}:{{ports.internal}}{{/pods.broker.2}}'
{{/TLS_ENABLED}}
work=$(mktemp -d "${TMPDIR:-/tmp}/kafka-sh.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' HUP INT TERM

# How a tool reaches the brokers: as one of them, by this one's certificate, where they ask for that.
cat > "$work/secure" << 'END'
{{#TLS_ENABLED}}
security.protocol=SSL
ssl.keystore.location=broker.keystore
ssl.keystore.type=PKCS12
ssl.keystore.password=notsecure
ssl.key.password=notsecure
ssl.truststore.location=broker.truststore
ssl.truststore.type=JKS
ssl.truststore.password=notsecure
{{/TLS_ENABLED}}
END

java() {
  # A small heap: it shares the broker's memory.
  jdk/bin/java -Xmx64m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto -Djava.awt.headless=true \
    -Dorg.slf4j.simpleLogger.defaultLogLevel=off -cp 'kafka/libs/*' "$@"
}

fail() {
  echo "$1" >&2
  exit 1
}

# Runs a tool; its output goes into the file `said`, an error ends this in one line.
ask() {
  java "$@" > "$work/said" 2> "$work/errors" && return 0
  reason=$(cat "$work/said" "$work/errors" | grep -v '^[[:space:]]*at ' | sed -n \
    -e 's/^Error while executing [a-z]* command : //p' -e 's/^Error: //p' \
    -e 's/^.*Exception: //p' -e '/does not exist/p' | head -n 1 | sed \
    -e "s/'Optional\[\(.*\)\]' does not exist as expected/'\1' does not exist/" \
    -e 's/^.*replication factor of \([0-9]*\) cannot be reached because only \([0-9]*\) .*$/replication \1 is more than there are brokers; at most \2/')
  fail "kafka: ${reason:-$(tail -n 1 "$work/errors")}"
}

# Runs a tool on the cluster: its class, then what it is told.
ask_cluster() {
  tool=$1
  shift
  ask "$tool" --bootstrap-server "$servers" --command-config "$work/secure" "$@"
}

topics() {
  ask_cluster org.apache.kafka.tools.TopicCommand "$@"
}

# Every broker that answers: "id rack host port".
brokers() {
  ask_cluster kafka.admin.BrokerApiVersionsCommand
  sed -n 's/^\([^ ]*\):\([0-9]*\) (id: \([0-9]*\) rack: \([^ )]*\).*/\3 \4 \1 \2/p' "$work/said" | sort -n
}

# What follows needs this option; where it is off there is nobody to speak of.
needs() {
  [ "$2" = true ] || fail "kafka: there are none: the option service.security.$1.enabled is off"
}

# Everybody who has a password in Kafka's own metadata.
users() {
  ask_cluster kafka.admin.ConfigCommand --describe --entity-type users
  sed -n "s/^.*user-principal '\([^']*\)'.*SCRAM-SHA-512.*$/\1/p" "$work/said"
}

# An entry of the access lists: what is done with it, who, what they may do, and to what.
acl() {
  how=$1 who=$2 what=$3 kind=$4 name=$5
  needs authorization '{{AUTHORIZATION_ENABLED}}'
  case "$kind" in cluster) set -- --cluster ;; *) set -- "--$kind" "$name" ;; esac
  ask_cluster kafka.admin.AclCommand "--$how" --force --allow-principal "User:$who" --operation "$what" "$@"
}

command=$1
shift
case "$command" in
  list) topics --list --exclude-internal && cat "$work/said" ;;
  describe) topics --describe --topic "$1" && cat "$work/said" ;;
  unavailable) topics --describe --unavailable-partitions && cat "$work/said" ;;
  under-replicated) topics --describe --under-replicated-partitions && cat "$work/said" ;;
  delete) topics --delete --topic "$1" ;;
  partitions) topics --alter --topic "$1" --partitions "$2" ;;
  create)
    topic=$1 partitions=$2 replication=$3
    shift 3
    for setting in "$@"; do
      set -- "$@" --config "$setting"
      shift
    done
    [ "$partitions" -gt 0 ] && set -- "$@" --partitions "$partitions"
    [ "$replication" -gt 0 ] && set -- "$@" --replication-factor "$replication"
    topics --create --topic "$topic" "$@"
    ;;
  offsets)
    case "$2" in first) time=-2 ;; last) time=-1 ;; *) time=$2 ;; esac
    # The tool takes a pattern.
    topic=$(printf '%s' "$1" | sed 's/[.]/[.]/g')
    ask_cluster org.apache.kafka.tools.GetOffsetShell --topic "$topic" --time "$time"
    cat "$work/said"
    ;;
  producer-test)
    java org.apache.kafka.tools.ProducerPerformance --topic "$1" --num-records "$2" --record-size "$3" \
      --throughput "$4" --producer.config "$work/secure" \
      --producer-props "bootstrap.servers=$servers" acks=all buffer.memory=16777216 2> "$work/errors" || \
      fail "kafka: $(sed -n 's/^.*Exception: //p' "$work/errors" | head -n 1)"
    ;;
  brokers) brokers ;;
  features)
    ask_cluster org.apache.kafka.tools.FeatureCommand describe
    cat "$work/said"
    ;;
  finalize)
    ask_cluster org.apache.kafka.tools.FeatureCommand upgrade --metadata "$1"
    cat "$work/said"
    ;;
  rebalance)
    mode=$1 throttle=$2
    brokers > "$work/brokers"
    topics --describe
    sed -n 's/^.*Topic: \([^[:space:]]*\)[[:space:]]*Partition: \([0-9]*\).*Replicas: \([0-9,]*\).*/\1 \2 \3/p' \
      "$work/said" > "$work/partitions"
    awk -f rebalance.awk "$work/brokers" "$work/partitions" > "$work/moves" || fail "kafka: $(cat "$work/moves")"
    [ -s "$work/moves" ] || exit 0
    if [ "$mode" = look ]; then
      cat "$work/moves"
      exit 0
    fi
    {
      printf '{"version":1,"partitions":['
      awk '{ printf "%s{\"topic\":\"%s\",\"partition\":%s,\"replicas\":[%s]}", (NR > 1 ? "," : ""), $1, $2, $4 }' "$work/moves"
      printf ']}'
    } > "$work/plan.json"
    reassign=org.apache.kafka.tools.reassign.ReassignPartitionsCommand
    set --
    [ "$throttle" -gt 0 ] && set -- --throttle "$throttle"
    ask_cluster $reassign --reassignment-json-file "$work/plan.json" --execute "$@"
    # What was begun goes on in the brokers, whether anybody waits for it or not.
    while :; do
      ask_cluster $reassign --reassignment-json-file "$work/plan.json" --verify
      grep -q 'is still in progress' "$work/said" || break
      sleep 1
    done
    grep -i 'failed' "$work/said" >&2 && exit 1
    cat "$work/moves"
    ;;
  users) needs sasl '{{SASL_ENABLED}}' && users ;;
  user-add)
    needs sasl '{{SASL_ENABLED}}'
    IFS= read -r password || [ -n "$password" ] || fail 'kafka: no password came on the standard input'
    [ "${#password}" -ge 8 ] || fail 'kafka: the password must have at least 8 characters'
    (umask 077; printf 'SCRAM-SHA-512=password=%s\n' "$password" | sed 's/\\/&&/g' > "$work/password")
    ask_cluster kafka.admin.ConfigCommand --alter --entity-type users --entity-name "$1" --add-config-file "$work/password"
    ;;
  user-remove)
    needs sasl '{{SASL_ENABLED}}'
    users | grep -qxF -e "$1" || fail "kafka: no user '$1' was made by 'user add'"
    ask_cluster kafka.admin.ConfigCommand --alter --entity-type users --entity-name "$1" --delete-config SCRAM-SHA-512
    ;;
  acls)
    needs authorization '{{AUTHORIZATION_ENABLED}}'
    ask_cluster kafka.admin.AclCommand --list
    awk '
      /resourceType=/ { match($0, /resourceType=[A-Z_]*/); kind = substr($0, RSTART + 13, RLENGTH - 13)
        match($0, /name=[^,]*/); name = substr($0, RSTART + 5, RLENGTH - 5) }
      /principal=/ { match($0, /principal=User:[^,]*/); who = substr($0, RSTART + 15, RLENGTH - 15)
        match($0, /operation=[A-Z_]*/); what = substr($0, RSTART + 10, RLENGTH - 10)
        match($0, /permissionType=[A-Z]*/); print who, what, kind, name, substr($0, RSTART + 15, RLENGTH - 15) }
    ' "$work/said"
    ;;
  acl-add) acl add "$@" ;;
  acl-remove) acl remove "$@" ;;
  *) fail "kafka.sh knows no command '$command'" ;;
esac
