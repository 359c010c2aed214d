# Ready is a history server that answers.
. ./yarn.sh
http '{{pod.address}}:{{pod.ports.history-http}}' /ws/v1/history/info | grep -q '"startedOn"' && exit 0
echo 'it does not answer'
exit 1
