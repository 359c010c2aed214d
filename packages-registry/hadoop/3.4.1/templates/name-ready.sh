# Ready is a name node that leads or follows, and knows where enough blocks are (no safe mode).
. ./hadoop.sh
me="{{pod.address}}:{{pod.ports.name-http}}"
state=$(bean "$me" NameNode NameNodeStatus | field State)
case "$state" in
  active | standby) ;;
  *) echo "it does not answer, or is '$state'" && exit 1 ;;
esac
safe=$(bean "$me" NameNode NameNodeInfo | field Safemode)
[ -z "$safe" ] && exit 0
echo "$safe"
exit 1
