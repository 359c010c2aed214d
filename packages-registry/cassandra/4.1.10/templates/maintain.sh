# What a plan of maintenance does on one node: `sh maintain.sh snapshot`.
set -eu

# Not in s3.sh, which is the servers' as well: another store restarts nobody.
export S3_ENDPOINT='{{S3_ENDPOINT}}' S3_REGION='{{S3_REGION}}'

# Tasks stand in shared folders and restore from them; a name is one part of a path.
name="${SNAPSHOT_NAME:-}"
backup="${BACKUP_LOCATION:-}/$name"
# What is on its way to or from a store; of what was left there by one that was killed nothing is of use.
stage=cassandra-data/stage
fail() {
  echo "Error: $*" >&2
  exit 1
}
named() {
  case "$name" in
    '' | .* | *[!A-Za-z0-9._-]*) fail "SNAPSHOT_NAME must be letters, digits, '.', '_' and '-', not '$name'" ;;
  esac
}
in_store() {
  case "${BACKUP_LOCATION:-}" in
    s3://?*) return 0 ;;
    *) return 1 ;;
  esac
}
located() {
  named
  rm -rf "$stage"
  if in_store; then
    mkdir -p "$stage"
    return
  fi
  case "${BACKUP_LOCATION:-}" in
    /*) ;;
    *) fail "BACKUP_LOCATION must be s3://bucket/folder, or the absolute path of a folder that every agent sees, not '${BACKUP_LOCATION:-}'" ;;
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

# The tables of a snapshot as a folder of their own, with the sums of all files.
gather() {
  for folder in cassandra-data/data/*/*/snapshots/"$name"; do
    [ -d "$folder" ] || continue
    table=$(basename "${folder%/snapshots/*}")
    keyspace=$(basename "$(dirname "${folder%/snapshots/*}")")
    mkdir -p "$1/data/$keyspace/${table%-*}"
    # $2: links where that is the same volume, else copies.
    find "$folder" -maxdepth 1 -type f -name '*-*' -exec cp $2 {} "$1/data/$keyspace/${table%-*}" \;
  done
  tokens > "$1/tokens"
  (cd "$1" && find . -type f -exec sha256sum {} +) > sums
}

# A backup that has its sums is whole: they come last.
upload() {
  located
  if in_store; then
    mkdir -p "$stage/node" "$stage/sums"
    gather "$stage/node" -l
    mv sums "$stage/sums/sums"
    sh ./s3.sh put "$backup/{{pod.name}}" "$stage/node"
    sh ./s3.sh put "$backup/{{pod.name}}" "$stage/sums"
    rm -rf "$stage"
    echo "backed up to $backup/{{pod.name}}"
    return
  fi
  own="$backup/{{pod.name}}"
  rm -rf "$own.new"
  mkdir -p "$own.new"
  gather "$own.new" ''
  mv sums "$own.new/sums"
  rm -rf "$own"
  mv "$own.new" "$own"
  echo "backed up to $own"
}

backup_schema() {
  located
  if in_store; then
    sh ./cql.sh schema > "$stage/schema.cql"
    sh ./s3.sh put "$backup" "$stage"
    return
  fi
  mkdir -p "$backup"
  sh ./cql.sh schema > "$backup/schema.cql.new"
  mv "$backup/schema.cql.new" "$backup/schema.cql"
}

restore_schema() {
  located
  schema="$backup/schema.cql"
  if in_store; then
    schema="$stage/schema.cql"
    sh ./s3.sh fetch "$backup/schema.cql" "$schema"
  fi
  [ -f "$schema" ] || fail "there is no backup $backup (no schema.cql in it)"
  sh ./cql.sh apply < "$schema"
}

# The names of the nodes that a backup has.
nodes() {
  if in_store; then
    sh ./s3.sh names "$backup"
    return
  fi
  for folder in "$backup"/*/; do
    [ -d "$folder" ] && basename "$folder"
  done
}

# One file of a node of the backup, as a path.
part() {
  if ! in_store; then
    echo "$backup/$1/$2"
    return
  fi
  sh ./s3.sh fetch "$backup/$1/$2" "$stage/$1.$2"
  echo "$stage/$1.$2"
}

# A node takes the tables of the node that had its tokens. Where nobody had just those it takes all and gives up what is
# not its own.
restore_snapshot() {
  located
  tokens > tokens
  all=$(nodes)
  [ -n "$all" ] || fail "there is no backup $backup"
  chosen=''
  others=''
  for node in $all; do
    theirs=$(part "$node" tokens) || fail "$backup/$node is not a whole backup of a node"
    if cmp -s tokens "$theirs"; then chosen=$node; fi
  done
  if [ -z "$chosen" ]; then
    chosen=$all
    others='--no-tokens'
  fi
  for node in $chosen; do
    source="$backup/$node"
    if in_store; then
      source="$stage/$node"
      sh ./s3.sh get "$backup/$node" "$source"
    fi
    [ -f "$source/sums" ] || fail "$backup/$node is not a whole backup of a node"
    (cd "$source" && sha256sum --check --quiet sums) || fail "$backup/$node is damaged"
    for folder in "$source"/data/*/*/; do
      [ -n "$(find "$folder" -name '*-Data.db')" ] || continue
      table=$(basename "$folder")
      keyspace=$(basename "$(dirname "$folder")")
      ready="cassandra-data/restore/$keyspace/$table"
      rm -rf "$ready"
      mkdir -p "$ready"
      cp "$folder"* "$ready"
      sh ./nodetool.sh import $others "$keyspace" "$table" "$ready"
    done
    if in_store; then rm -rf "$source"; fi
  done
  rm -rf cassandra-data/restore "$stage"
  if [ -n "$others" ]; then sh ./nodetool.sh cleanup; fi
  echo "restored $(echo $chosen) of $backup"
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
