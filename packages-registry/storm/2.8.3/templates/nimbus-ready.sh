# Ready is a nimbus that names a leader, itself or another.
exec 3<>"/dev/tcp/{{pod.address}}/$NIMBUS_THRIFT_PORT" || exit 1
# A frame of 22 bytes: the thrift call getLeader() without arguments, as number 1.
printf '\0\0\0\26\200\1\0\1\0\0\0\11getLeader\0\0\0\1\0' >&3
answer=$(head -c 28 <&3 | od -An -tx1 | tr -d ' \n')
# Any size, a reply (2) of that name and number, whose first field is a struct under number 0.
case "$answer" in
  ????????80010002000000096765744c6561646572000000010c0000) exit 0 ;;
  *) echo "no leader in the answer to getLeader: '$answer'" && exit 1 ;;
esac
