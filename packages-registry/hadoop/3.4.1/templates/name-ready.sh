# Ready is a name node that leads or follows, and knows where enough blocks are (no safe mode). Status 3: it leads, and is updated last.
. ./hadoop.sh
me="{{pod.address}}:{{pod.ports.name-http}}"
state=$(bean "$me" NameNode NameNodeStatus | field State)
case "$state" in
  active | standby) ;;
  *) echo "it does not answer, or is '$state'" && exit 1 ;;
esac
safe=$(bean "$me" NameNode NameNodeInfo | field Safemode)
if [ -z "$safe" ]; then
  [ "$state" = standby ] || exit 3
  exit 0
fi
echo "$safe"
exit 1
