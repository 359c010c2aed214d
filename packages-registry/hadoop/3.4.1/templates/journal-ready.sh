# Ready is a journal node that answers; once there is an active name node, one that it writes to.
. ./hadoop.sh
me="$POD_ADDRESS:$JOURNAL_HTTP_PORT"
bean "$me" JournalNode JournalNodeInfo | grep -q '"HostAndPort"' || { echo 'it does not answer'; exit 1; }
[ -f "journal-data/$NAMESERVICE/current/VERSION" ] || exit 0
written=$(bean "$me" JournalNode "Journal-$NAMESERVICE" | field BatchesWritten)
[ "${written:-0}" -gt 0 ] && exit 0
active_name_node > /dev/null || exit 0
echo 'the active name node does not write to it yet'
exit 1
