# One line about this server: what it says of itself (`srvr`).
exec 3<>"/dev/tcp/{{pod.address}}/$CLIENT_PORT" || exit 1
printf srvr >&3
awk -v address="{{pod.address}}:$CLIENT_PORT" '
  /^Zookeeper version: / { version = $3; sub(/-.*/, "", version); sub(/,$/, "", version) }
  /^Mode: / { mode = $2 }
  /^Zxid: / { zxid = $2 }
  /^Node count: / { nodes = $3 }
  /^Connections: / { connections = $2 }
  END { print address, (mode == "" ? "none" : mode), version, (zxid == "" ? "-" : zxid), nodes + 0, connections + 0 }' <&3
