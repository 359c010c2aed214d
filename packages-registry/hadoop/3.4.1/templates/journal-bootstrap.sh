# Gives the empty volume of a replaced journal node what the others know of the file system, and their promise: the newest epoch,
# so that no name node that has been fenced finds a journal node here that would take its edits. The edits come from the others
# by themselves.
. ./hadoop.sh
folder="journal-data/$NAMESERVICE/current"
[ -f "$folder/VERSION" ] && exit 0

peers='{{#pods.journal}}{{address}}:{{ports.journal-http}} {{/pods.journal}}'
epoch=0 version=''
for peer in $peers; do
  [ "$peer" = "$POD_ADDRESS:$JOURNAL_HTTP_PORT" ] && continue
  info=$(bean "$peer" JournalNode JournalNodeInfo) || { echo "the journal node $peer does not answer; it is needed" >&2; exit 1; }
  storage=$(printf '%s' "$info" | sed -n 's/.*"StorageInfos" : \[ "{\(.*\)}" \].*/\1/p')
  # Not formatted yet: there is nothing to know.
  [ -z "$storage" ] && continue
  promised=$(bean "$peer" JournalNode "Journal-$NAMESERVICE" | field LastPromisedEpoch)
  [ -n "$promised" ] || { echo "the journal node $peer does not tell its epoch yet" >&2; exit 1; }
  if [ "$promised" -gt "$epoch" ]; then epoch=$promised; fi
  value() { printf '%s' "$storage" | sed -n "s/.*$1=\([^,}]*\).*/\1/p"; }
  version="namespaceID=$(value NamespaceId)
clusterID=$(value ClusterId)
cTime=$(value CreationTime)
storageType=JOURNAL_NODE
layoutVersion=$(value LayoutVersion)"
done
[ -n "$version" ] || exit 0

# By rename, and VERSION last: a half-made folder counts as none.
rm -rf "$folder.new" "$folder"
mkdir -p "$folder.new" "journal-data/$NAMESERVICE/edits.sync"
echo "$epoch" > "$folder.new/last-promised-epoch"
printf '%s\n' "$version" > "$folder.new/VERSION"
mv "$folder.new" "$folder"
echo "taken over at epoch $epoch"
