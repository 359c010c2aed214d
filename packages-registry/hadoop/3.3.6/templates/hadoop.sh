# What all scripts of this package share: `. ./hadoop.sh`. For sh and bash.
set -eu
export POD_ADDRESS='{{pod.address}}'
# Port and space are read from the configuration by whichever node has them.
export JOURNAL_RPC_PORT="${JOURNAL_RPC_PORT:-0}" JOURNAL_HTTP_PORT="${JOURNAL_HTTP_PORT:-0}"
export DATA_PORT="${DATA_PORT:-0}" DATA_IPC_PORT="${DATA_IPC_PORT:-0}" DATA_HTTP_PORT="${DATA_HTTP_PORT:-0}"
export DATA_RESERVED="${DATA_RESERVED:-0}"
NAMESERVICE='{{DCOS_SERVICE_NAME}}'
hdfs=org.apache.hadoop.hdfs
# Which name node a program of the pod `name` is: an address does not tell where several agents are on one machine.
IDENTITY='-Ddfs.ha.namenode.id={{pod.name}}-node'
# The file system's superuser is whoever its name nodes run as; all tasks run as the same.
superuser=$(id -un)

# The web applications are no part of the published jars; what serves WebHDFS, metrics and checkpoints wants to see their folders.
[ ! -d name-data ] || [ -f name-data/exclude ] || : > name-data/exclude
mkdir -p conf/webapps/hdfs conf/webapps/datanode conf/webapps/journal conf/webapps/static tmp

# What YARN's scripts have more of.
classpath='conf:hadoop/lib/*'

# hadoop HEAP_MB OPTIONS CLASS ARGUMENTS…: becomes that program. Hadoop reaches into java.lang (WebHDFS by JAXB).
# TieredStopAtLevel=1 and the serial collector: half the time to start and a third less memory in a small heap.
hadoop() {
  heap=$1 options=$2
  shift 2
  small=''
  if [ "$heap" -le 1024 ]; then small='-XX:+UseSerialGC -XX:TieredStopAtLevel=1'; fi
  # shellcheck disable=SC2086
  exec jdk/bin/java -Xmx"${heap}m" $small -XX:+ExitOnOutOfMemoryError -Djava.awt.headless=true \
    --add-opens=java.base/java.lang=ALL-UNNAMED $options -cp "$classpath" "$@"
}

# tool CLASS ARGUMENTS…: runs one of HDFS' own tools, for a minute at most; only errors are told.
tool() {
  class=$1
  shift
  cp conf/log4j-tool.properties tmp/log4j.properties
  timeout 60 jdk/bin/java -Xmx64m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp 'tmp:conf:hadoop/lib/*' \
    "$hdfs.tools.$class" "$@"
}

# http ADDRESS:PORT PATH [METHOD]: the answer to one request, without a program but bash; fails where nobody answers.
http() {
  bash -c '
    exec 3<>"/dev/tcp/${1%:*}/${1##*:}" || exit 1
    printf "%s %s HTTP/1.0\r\nHost: %s\r\nContent-Length: 0\r\n\r\n" "$3" "$2" "$1" >&3
    cat <&3
  ' http "$1" "$2" "${3:-GET}" 2>/dev/null
}

# bean ADDRESS:PORT SERVICE NAME: one management bean as JSON.
bean() { http "$1" "/jmx?qry=Hadoop:service=$2,name=$3"; }

# field NAME: the value of a field of a bean on standard input.
field() { sed -n "s/^ *\"$1\" : \"\{0,1\}\(.*[^,\"]\)\{0,1\}\"\{0,1\},\{0,1\}\$/\1/p" | head -n 1; }

# The web addresses of both name nodes, and of the one that is active.
name_nodes='{{#pods.name}}{{address}}:{{ports.name-http}} {{/pods.name}}'
active_name_node() {
  for node in $name_nodes; do
    if [ "$(bean "$node" NameNode NameNodeStatus | field State)" = active ]; then
      echo "$node"
      return 0
    fi
  done
  return 1
}

# is_upgrade ADDRESS:PORT: whether that name node is of another version than this script's.
is_upgrade() {
  version=$(bean "$1" NameNode NameNodeInfo | field SoftwareVersion) || true
  [ -n "$version" ] && [ "$version" != '{{HADOOP_VERSION}}' ]
}

# upgrade_prepared ADDRESS:PORT: whether a rolling upgrade is under way and can be undone.
upgrade_prepared() { bean "$1" NameNode NameNodeInfo | tr -d ' \n' | grep -q '"RollingUpgradeStatus":{[^}]*"createdRollbackImages":true'; }
