# Ready is a journal node that answers; once there is an active name node, one that it writes to. In an upgrade the name nodes have an
# image to go back to as well.
. ./hadoop.sh
me="$POD_ADDRESS:$JOURNAL_HTTP_PORT"
bean "$me" JournalNode JournalNodeInfo | grep -q '"HostAndPort"' || { echo 'it does not answer'; exit 1; }
[ -f "journal-data/$NAMESERVICE/current/VERSION" ] || exit 0
written=$(bean "$me" JournalNode "Journal-$NAMESERVICE" | field BatchesWritten)
active=$(active_name_node) || exit 0
[ "${written:-0}" -gt 0 ] || { echo 'the active name node does not write to it yet'; exit 1; }
! is_upgrade "$active" || upgrade_prepared "$active" || { echo 'the name nodes have no image to go back to yet'; exit 1; }
