#!/bin/sh
# The `java` that a supervisor starts its workers with: it keeps each to the heap of its slot, whatever its topology asks for, and
# gives it `stdout` and `stderr` beside its log.
unset _JAVA_OPTIONS JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS

# The supervisor asks for a JVM that copies the output of another, the worker. One is enough.
wrapped=''
for arg in "$@"; do
  if [ "$arg" = org.apache.storm.LogWriter ]; then wrapped=yes; fi
done
if [ -n "$wrapped" ]; then
  while [ "$1" != org.apache.storm.LogWriter ]; do shift; done
  shift 2
fi

# In MB; empty for what is no amount.
megabytes() {
  number=${1%[kKmMgGtT]}
  case "$number" in '' | *[!0-9]*) return ;; esac
  case "$1" in
    *[kK]) echo $((number / 1024)) ;;
    *[mM]) echo "$number" ;;
    *[gG]) echo $((number * 1024)) ;;
    *[tT]) echo $((number * 1048576)) ;;
    *) echo $((number / 1048576)) ;;
  esac
}

asked=''
left=$#
while [ "$left" -gt 0 ]; do
  arg=$1
  shift
  left=$((left - 1))
  case "$arg" in
    -Xmx*) asked=$(megabytes "${arg#-Xmx}") && continue ;;
    -XX:MaxHeapSize=*) asked=$(megabytes "${arg#-XX:MaxHeapSize=}") && continue ;;
    # The heap of the slot decides; a larger first size would keep the worker from starting.
    -Xms* | -XX:InitialHeapSize=* | -XX:*RAMPercentage=* | -XX:*RAMFraction=* | -XX:Flags=* | -XX:VMOptionsFile=* | @*) continue ;;
    -Dworkers.artifacts=*) artifacts=${arg#*=} ;;
    -Dstorm.id=*) topology=${arg#*=} ;;
    -Dworker.port=*) port=${arg#*=} ;;
    org.apache.storm.daemon.worker.Worker) set -- "$@" -Xmx"{{WORKER_HEAP}}m" ;;
  esac
  set -- "$@" "$arg"
done

folder="$artifacts/$topology/$port"
mkdir -p "$folder"
exec >> "$folder/stdout" 2>> "$folder/stderr"
if [ "${asked:-0}" -gt "{{WORKER_HEAP}}" ]; then
  echo "A heap of $asked MB was asked for; a worker of this cluster has {{WORKER_HEAP}} MB (option workers.heap)." >&2
elif [ "${asked:-0}" -gt 0 ]; then
  # Less than the slot has is the topology's own affair.
  left=$#
  while [ "$left" -gt 0 ]; do
    arg=$1
    shift
    left=$((left - 1))
    if [ "$arg" = "-Xmx{{WORKER_HEAP}}m" ]; then arg="-Xmx${asked}m"; fi
    set -- "$@" "$arg"
  done
fi
home=$(cd "$(dirname "$0")/../../.." && pwd)
exec "$home/jdk/bin/java" -javaagent:"$(echo "$home"/storm/byteman/byteman-*.jar)"=script:"$home/storm/conf/rules.btm" "$@"
