# nodetool of this node: `sh nodetool.sh status`. JMX listens on loopback and asks for the password
# that start.sh made; only who may read this folder has it.
cd "$(dirname "$0")" || exit 1
mkdir -p tmp
exec jdk/bin/java @conf/jvm.options -Xmx64m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
  -XX:-UsePerfData -Duser.home="$PWD/tmp" -Djava.io.tmpdir="$PWD/tmp" \
  -Dcassandra.storagedir=cassandra-data -Dlogback.configurationFile=logback-tools.xml \
  -cp 'conf:cassandra/lib/*:cassandra/tools/*' bsh.Interpreter nodetool.bsh \
  -h 127.0.0.1 -p "{{pod.ports.jmx}}" -u cassandra -pwf cassandra-data/jmx.password "$@"
