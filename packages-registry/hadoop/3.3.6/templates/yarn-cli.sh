# Commands of YARN, beside a resource manager: sh ./yarn-cli.sh COMMAND ARGUMENTS…
. ./yarn.sh
command=$1
shift
work=$(mktemp -d "$PWD/tmp/command.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cp conf/log4j-tool.properties "$work/log4j.properties"

# client CLASS ARGUMENTS…: runs a client of YARN.
client() {
  jdk/bin/java -Xmx{{YARN_CLIENT_HEAP}}m -Xshare:auto -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djava.awt.headless=true \
    --add-opens=java.base/java.lang=ALL-UNNAMED -Djava.io.tmpdir="$work" -cp "$work:$classpath" "$@"
}

# rest PATH BEFORE AFTER WHAT: what the active resource manager answers, without what is around it.
rest() {
  active=$(active_resource_manager) || { echo 'no resource manager leads at the moment' >&2; exit 4; }
  answer=$(http "$active" "$1" | tr -d '\r') || true
  body=$(printf '%s\n' "$answer" | sed '1,/^$/d')
  case "$answer" in
    'HTTP/'*' 200 '*) ;;
    'HTTP/'*' 404 '*) echo "there is no $4" >&2; exit 4 ;;
    *) printf '%s\n' "$body" | sed -n 's/.*"message":"\([^"]*\)".*/\1/p' >&2; exit 1 ;;
  esac
  # An empty list comes as null, or as an object without it.
  printf '%s\n' "$body" | sed -n "s/^$2\(.*\)$3\$/\1/p" | grep . || echo '[]'
}

case "$command" in
  apps) rest "/ws/v1/cluster/apps?deSelects=resourceRequests,timeouts${1:+&states=$1}" '{"apps":{"app":' '}}' applications ;;
  app) rest "/ws/v1/cluster/apps/$1" '{"app":' '}' "application $1" ;;
  nodes) rest /ws/v1/cluster/nodes '{"nodes":{"node":' '}}' nodes ;;
  kill) client $yarn.client.cli.ApplicationCLI application -kill "$1" ;;
  logs) client $yarn.client.cli.LogsCLI -applicationId "$@" ;;
  jar)
    cat > "$work/job.jar"
    # How far a job is goes where messages go; what it prints itself is the output.
    cat >> "$work/log4j.properties" << 'LEVELS'
log4j.logger.org.apache.hadoop.mapreduce.Job=INFO
log4j.logger.org.apache.hadoop.yarn.client.api.impl.YarnClientImpl=INFO
LEVELS
    client org.apache.hadoop.util.RunJar "$work/job.jar" "$@"
    ;;
  application) client $yarn.client.cli.ApplicationCLI application "$@" ;;
  queue) client $yarn.client.cli.QueueCLI "$@" ;;
  rmadmin) client $yarn.client.cli.RMAdminCLI "$@" ;;
  job) client org.apache.hadoop.mapred.JobClient "$@" ;;
  distcp) client org.apache.hadoop.tools.DistCp "$@" ;;
esac
