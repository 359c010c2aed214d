# rebalance.sh TOPOLOGY [--wait=N] [--workers=N] [COMPONENT=N…], in the words of Storm's own command.
set -eu
topology=$1
shift
left=$#
while [ "$left" -gt 0 ]; do
  word=$1
  shift
  left=$((left - 1))
  case "$word" in
    --wait=*) set -- "$@" -w "${word#--wait=}" ;;
    --workers=*) set -- "$@" -n "${word#--workers=}" ;;
    *) set -- "$@" -e "$word" ;;
  esac
done
exec sh "$(dirname "$0")/storm.sh" org.apache.storm.command.Rebalance "$topology" "$@"
