# Ready is a resource manager that leads or stands by, with its folders in HDFS. Status 3: it leads, and is updated last.
. ./yarn.sh
[ -f tmp/folders ] || { echo 'its folders are not in HDFS yet'; exit 1; }
info=$(http '{{pod.address}}:{{pod.ports.resource-http}}' /ws/v1/cluster/info) || true
case "$info" in
  *'"haState":"ACTIVE"'*) exit 3 ;;
  *'"haState":"STANDBY"'*) exit 0 ;;
esac
echo 'it does not answer, or neither leads nor stands by'
exit 1
