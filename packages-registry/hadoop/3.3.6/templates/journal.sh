# Starts a journal node on its volume.
. ./hadoop.sh

# One that was formatted before is out of the quorum until the active name node begins its next segment of edits, every two
# minutes by itself. It is asked to do so now, so that a restart of the next journal node never meets two of three that lag.
if [ -f "journal-data/$NAMESERVICE/current/VERSION" ]; then
  (
    until bean "$POD_ADDRESS:$JOURNAL_HTTP_PORT" JournalNode JournalNodeInfo > /dev/null; do sleep 1; done
    active_name_node > /dev/null || exit 0
    tool DFSAdmin -rollEdits
  ) &
fi

hadoop "$JOURNAL_HEAP" "$JOURNAL_OPTS" $hdfs.qjournal.server.JournalNode
