# Tells this name node which data nodes are leaving. It reads a file of its own, so what each leaving data node has noted on the root of
# the file system (where both name nodes have it, and keep it) is written there, and read anew when it changes.
. ./hadoop.sh
while sleep 5; do
  active=$(active_name_node) || continue
  noted=$(http "$active" "/webhdfs/v1/?op=GETXATTRS&user.name=$superuser&encoding=text") || continue
  case "$noted" in
    *'"XAttrs"'*) ;;
    *) continue ;;
  esac
  printf '%s' "$noted" | tr '{' '\n' | sed -n 's/.*"user\.dcos\.leaving\.[^"]*","value":"\\"\([0-9.:]*\)\\"".*/\1/p' | sort > tmp/exclude
  cmp -s tmp/exclude name-data/exclude && continue
  mv tmp/exclude name-data/exclude
  ( tool DFSAdmin -fs 'hdfs://{{pod.address}}:{{pod.ports.name-rpc}}' -refreshNodes ) || rm -f name-data/exclude
done
