# Runs beside a data node that is to leave: asks the name nodes to copy its blocks elsewhere, and ends when they have.
. ./hadoop.sh
me='{{pod.address}}:{{pod.ports.data-xfer}}'
told=''
while :; do
  if active=$(active_name_node); then
    node=$(bean "$active" NameNode NameNodeInfo | field LiveNodes | tr '}' '\n' | grep -F "\\\"$me\\\":" || true)
    state=$(printf '%s' "$node" | sed -n 's/.*adminState\\":\\"\([^\\]*\).*/\1/p')
    # The name node excludes by the address that it sees.
    seen=$(printf '%s' "$node" | sed -n 's/.*xferaddr\\":\\"\([^\\]*\).*/\1/p')
    if [ "$state" != "$told" ]; then echo "$(date +%T) $me: ${state:-not there}"; fi
    told=$state
    case "$state" in
      # What was here is copied from others: the name node takes care of that by itself.
      '' | Decommissioned) exit 0 ;;
      'In Service')
        query="op=SETXATTR&xattr.name=user.dcos.leaving.{{pod.name}}&xattr.value=%22$seen%22&flag=CREATE,REPLACE"
        http "$active" "/webhdfs/v1/?$query&user.name=$superuser" PUT > /dev/null || true
        ;;
    esac
  fi
  sleep 2
done
