# Runs a class of Storm's as a client of the cluster: storm.sh CLASS ARGUMENTS…, with STORM_JAR for a topology's.
set -u
cd "$(dirname "$0")" || exit 1
talk=$(mktemp) || exit 1
trap 'rm -f "$talk"' EXIT
trap 'exit 1' HUP INT TERM
jdk/bin/java -Xmx{{STORM_CLIENT_HEAP}}m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djava.awt.headless=true \
  -javaagent:"$(echo storm/byteman/byteman-*.jar)"=script:storm/conf/rules.btm \
  -Dstorm.home="$PWD/storm" -Dstorm.jar="${STORM_JAR-}" -Dlog4j.configurationFile="$PWD/storm/log4j2/client.xml" \
  -cp "storm/lib-worker/*:storm/lib/*${STORM_JAR:+:$STORM_JAR}:storm/conf" "$@" 2> "$talk"
status=$?
if [ "$status" -eq 0 ]; then
  cat "$talk" >&2
  exit 0
fi
# Of a failure the words of the exception are what a person can use, not where it was thrown.
words=$(sed -n 's/.*Exception(msg:\(.*\))$/\1/p; s/^Exception in thread "[^"]*" \(.*\)$/\1/p; s/^Caused by: \(.*\)$/\1/p' "$talk" | head -n 1)
if [ -n "$words" ]; then echo "$words" >&2; else grep -v '^	at ' "$talk" | head -n 20 >&2; fi
exit "$status"
