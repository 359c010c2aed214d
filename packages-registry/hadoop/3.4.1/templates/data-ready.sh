# Ready is a data node that the active name node has taken in, and has told its blocks.
. ./hadoop.sh
info=$(bean "$POD_ADDRESS:$DATA_HTTP_PORT" DataNode DataNodeInfo | field BPServiceActorInfo) || true
case "$info" in
  '') echo 'it does not answer' && exit 1 ;;
esac
printf '%s' "$info" | tr '}' '\n' | grep 'NamenodeHaState\\":\\"active' | grep -q 'ActorState\\":\\"RUNNING' && exit 0
echo 'no active name node has taken it in yet'
exit 1
