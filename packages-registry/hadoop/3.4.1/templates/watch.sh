# What is noted on the root of the file system (where both name nodes have it, and keep it) is done here.
. ./hadoop.sh
me='{{pod.address}}:{{pod.ports.name-http}}'

# Tells this name node which data nodes are leaving: it reads a file of its own, so what each of them has noted is written there, and
# read anew when it changes.
exclude() {
  printf '%s' "$noted" | tr '{' '\n' | sed -n 's/.*"user\.dcos\.leaving\.[^"]*","value":"\\"\([0-9.:]*\)\\"".*/\1/p' | sort > tmp/exclude
  cmp -s tmp/exclude name-data/exclude && return 0
  mv tmp/exclude name-data/exclude
  ( tool DFSAdmin -fs 'hdfs://{{pod.address}}:{{pod.ports.name-rpc}}' -refreshNodes ) || rm -f name-data/exclude
}

# Ends a rolling upgrade that was begun by journal.sh, once every node is of this version: there is no way back from here.
finalize() {
  [ "$active" = "$me" ] || return 0
  for node in $name_nodes; do
    [ "$(bean "$node" NameNode NameNodeInfo | field SoftwareVersion)" = '{{HADOOP_VERSION}}' ] || return 0
  done
  info=$(bean "$active" NameNode NameNodeInfo) || return 0
  versions=$(printf '%s\n' "$info" | field LiveNodes | tr ',' '\n' | sed -n 's/^\\"version\\":\\"\([^\]*\).*/\1/p' | sort -u)
  [ "$versions" = '{{HADOOP_VERSION}}' ] || return 0
  # One that is away is of the old version still, and comes back.
  printf '%s\n' "$info" | field DeadNodes | grep -q 'decommissioned\\":false' && return 0
  echo "$(date +%T) every node is of version {{HADOOP_VERSION}}: the upgrade is finalized"
  tool DFSAdmin -rollingUpgrade finalize || return 0
  http "$active" "/webhdfs/v1/?op=REMOVEXATTR&xattr.name=user.dcos.upgrading&user.name=$superuser" PUT > /dev/null || true
}

while sleep 5; do
  active=$(active_name_node) || continue
  noted=$(http "$active" "/webhdfs/v1/?op=GETXATTRS&user.name=$superuser&encoding=text") || continue
  case "$noted" in
    *'"XAttrs"'*) exclude ;;
    *) continue ;;
  esac
  # Of the older version nobody has anything to end.
  case "$noted" in
    *'"user.dcos.upgrading","value":"\"{{HADOOP_VERSION}}\""'*) finalize ;;
  esac
done
