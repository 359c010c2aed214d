# Ready is a node manager that the active resource manager counts on.
. ./yarn.sh
info=$(http '{{pod.address}}:{{pod.ports.nodemanager-http}}' /ws/v1/node/info) || true
id=$(printf '%s' "$info" | sed -n 's/.*"id":"\([^"]*\)".*/\1/p')
[ -n "$id" ] || { echo 'it does not answer'; exit 1; }
active=$(active_resource_manager) || { echo 'no resource manager leads'; exit 1; }
state=$(http "$active" "/ws/v1/cluster/nodes/$id" | sed -n 's/.*"state":"\([^"]*\)".*/\1/p')
[ "$state" = RUNNING ] && exit 0
echo "to the resource manager it is ${state:-unknown}"
exit 1
