# Starts a journal node on its volume.
. ./hadoop.sh

# Journal nodes are the first of a new version: before a name node of it starts, the name nodes of the old one keep an image to go
# back to, and write what both versions can read (a rolling upgrade). What is noted on the root says that it was begun here.
prepare_upgrade() {
  while sleep 2; do
    active=$(active_name_node) || continue
    is_upgrade "$active" || return 0
    upgrade_prepared "$active" && return 0
    noted='op=SETXATTR&xattr.name=user.dcos.upgrading&xattr.value=%22{{HADOOP_VERSION}}%22&flag=CREATE,REPLACE'
    http "$active" "/webhdfs/v1/?$noted&user.name=$superuser" PUT > /dev/null || continue
    tool DFSAdmin -rollingUpgrade prepare || true
  done
}

# One that was formatted before is out of the quorum until the active name node begins its next segment of edits, every two
# minutes by itself. It is asked to do so now, so that a restart of the next journal node never meets two of three that lag.
if [ -f "journal-data/$NAMESERVICE/current/VERSION" ]; then
  (
    until bean "$POD_ADDRESS:$JOURNAL_HTTP_PORT" JournalNode JournalNodeInfo > /dev/null; do sleep 1; done
    active_name_node > /dev/null || exit 0
    tool DFSAdmin -rollEdits || true
    prepare_upgrade
  ) &
fi

hadoop "$JOURNAL_HEAP" "$JOURNAL_OPTS" $hdfs.qjournal.server.JournalNode
