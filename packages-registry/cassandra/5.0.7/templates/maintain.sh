# What a plan of maintenance does on one node: `sh maintain.sh snapshot`.
set -eu

# Tasks stand in shared folders and restore from them; a name is one part of a path.
name="${SNAPSHOT_NAME:-}"
backup="${BACKUP_LOCATION:-}/$name"
own="$backup/{{pod.name}}"
fail() {
  echo "Error: $*" >&2
  exit 1
}
named() {
  case "$name" in
    '' | .* | *[!A-Za-z0-9._-]*) fail "SNAPSHOT_NAME must be letters, digits, '.', '_' and '-', not '$name'" ;;
  esac
}
located() {
  named
  case "${BACKUP_LOCATION:-}" in
    /*) ;;
    *) fail "BACKUP_LOCATION must be the absolute path of a folder that every agent sees, not '${BACKUP_LOCATION:-}'" ;;
  esac
  [ -d "$BACKUP_LOCATION" ] || fail "there is no folder $BACKUP_LOCATION on {{pod.hostname}}"
}

# Those that are not Cassandra's own, or those of CASSANDRA_KEYSPACES.
keyspaces() {
  if [ -n "${CASSANDRA_KEYSPACES:-}" ]; then
    echo "$CASSANDRA_KEYSPACES" | tr ',' ' '
    return
  fi
  for folder in cassandra-data/data/*/; do
    keyspace=$(basename "$folder")
    case "$keyspace" in
      system | system_*) ;;
      *) echo "$keyspace" ;;
    esac
  done
}

tokens() {
  sh ./nodetool.sh info -T | sed -n 's/^Token *: *//p' | sort
}

snapshot() {
  named
  sh ./nodetool.sh clearsnapshot -t "$name" > /dev/null
  # shellcheck disable=SC2046 # each is one word
  sh ./nodetool.sh snapshot -t "$name" -- $(keyspaces)
}

# Written beside its place and moved there: a backup that is there is whole.
upload() {
  located
  rm -rf "$own.new"
  mkdir -p "$own.new"
  for folder in cassandra-data/data/*/*/snapshots/"$name"; do
    [ -d "$folder" ] || continue
    table=$(basename "${folder%/snapshots/*}")
    keyspace=$(basename "$(dirname "${folder%/snapshots/*}")")
    mkdir -p "$own.new/data/$keyspace/${table%-*}"
    find "$folder" -maxdepth 1 -type f -name '*-*' -exec cp {} "$own.new/data/$keyspace/${table%-*}" \;
  done
  tokens > "$own.new/tokens"
  (cd "$own.new" && find . -type f ! -name sums -exec sha256sum {} + > ../sums.{{pod.index}})
  mv "$backup/sums.{{pod.index}}" "$own.new/sums"
  rm -rf "$own"
  mv "$own.new" "$own"
  echo "backed up to $own"
}

backup_schema() {
  located
  mkdir -p "$backup"
  sh ./cql.sh schema > "$backup/schema.cql.new"
  mv "$backup/schema.cql.new" "$backup/schema.cql"
}

restore_schema() {
  located
  [ -f "$backup/schema.cql" ] || fail "there is no backup $backup (no schema.cql in it)"
  sh ./cql.sh apply < "$backup/schema.cql"
}

# A node takes the tables of the node that had its tokens. Where nobody had just those it takes all and gives up what is
# not its own.
restore_snapshot() {
  located
  tokens > tokens
  sources=''
  others=''
  for source in "$backup"/*/; do
    source=${source%/}
    [ -f "$source/sums" ] || fail "$source is not a whole backup of a node"
    if cmp -s tokens "$source/tokens"; then sources=$source; fi
  done
  if [ -z "$sources" ]; then
    sources=$(echo "$backup"/*/)
    others='--no-tokens'
  fi
  for source in $sources; do
    (cd "$source" && sha256sum --check --quiet sums) || fail "$source is damaged"
    for folder in "$source"/data/*/*/; do
      [ -n "$(find "$folder" -name '*-Data.db')" ] || continue
      table=$(basename "$folder")
      keyspace=$(basename "$(dirname "$folder")")
      stage="cassandra-data/restore/$keyspace/$table"
      rm -rf "$stage"
      mkdir -p "$stage"
      cp "$folder"* "$stage"
      sh ./nodetool.sh import $others "$keyspace" "$table" "$stage"
    done
  done
  rm -rf cassandra-data/restore
  if [ -n "$others" ]; then sh ./nodetool.sh cleanup; fi
  echo "restored from $sources"
}

case "$1" in
  repair) sh ./nodetool.sh repair --full --partitioner-range ${CASSANDRA_KEYSPACE:-} ;;
  cleanup) sh ./nodetool.sh cleanup ${CASSANDRA_KEYSPACE:-} ;;
  upgradesstables) sh ./nodetool.sh upgradesstables ${CASSANDRA_KEYSPACE:-} ;;
  snapshot) snapshot ;;
  upload) upload ;;
  cleanup-snapshot) named && sh ./nodetool.sh clearsnapshot -t "$name" ;;
  backup-schema) backup_schema ;;
  restore-schema) restore_schema ;;
  restore-snapshot) restore_snapshot ;;
  *) fail "$1 is not known" ;;
esac
