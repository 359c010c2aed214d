# CQL on this node: `echo 'SELECT …' | sh cql.sh query`; see cql.bsh.
cd "$(dirname "$0")" || exit 1
mkdir -p tmp
login=''
if [ '{{AUTHENTICATION}}' = 1 ]; then login=-Dsuperuser=conf/superuser; fi
exec jdk/bin/java @conf/jvm.options -Xmx96m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 $login \
  -XX:-UsePerfData -Duser.home="$PWD/tmp" -Djava.io.tmpdir="$PWD/tmp" -Djna.tmpdir="$PWD/tmp" \
  -Dlogback.configurationFile=logback-tools.xml -cp 'conf:cassandra/lib/*:cassandra/tools/*' \
  bsh.Interpreter cql.bsh "{{pod.address}}" "{{pod.ports.native-client}}" "$@"
