# Ready is a node that answers CQL: it listens for clients only once it has joined the ring.
exec 3<>"/dev/tcp/{{pod.address}}/{{pod.ports.native-client}}" || exit 1
# OPTIONS of protocol 4: version, flags, stream (two bytes), opcode, length (four bytes).
printf '\4\0\0\0\5\0\0\0\0' >&3
answer=$(head -c 5 <&3 | od -An -tx1 | tr -d ' \n')
# SUPPORTED
if [ "$answer" != 8400000006 ]; then
  echo "no answer to OPTIONS: '$answer'"
  exit 1
fi
# From now on it is a member, and may be a seed of others.
[ -f cassandra-data/joined ] || touch cassandra-data/joined
if [ '{{AUTHENTICATION}}' = 1 ] && [ ! -f cassandra-data/secured ]; then
  echo 'the superuser of the service is being made'
  exit 1
fi
