# Tells of the workers of this supervisor, with the file that their log is in: TOPOLOGY PORT PID STATE LOG.
cd "$(dirname "$0")" || exit 1
for folder in workers/*/*/; do
  [ -f "$folder/worker.log" ] || continue
  path=${folder%/}
  topology=${path#workers/}
  pid=$(cat "$path/worker.pid" 2> /dev/null)
  state=ended
  if [ -n "$pid" ] && grep -q org.apache.storm.daemon.worker.Worker "/proc/$pid/cmdline" 2> /dev/null; then state=running; fi
  echo "${topology%/*} ${path##*/} ${pid:--} $state $path/worker.log"
done
