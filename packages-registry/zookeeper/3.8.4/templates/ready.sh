# Ready is a server that says its mode: it leads (3), follows or stands alone. Outside a quorum it has none.
exec 3<>"/dev/tcp/{{pod.address}}/$CLIENT_PORT" || exit 1
printf srvr >&3
answer=$(head -c 4096 <&3)
case "$answer" in
  *'Mode: leader'*) exit 3 ;;
  *'Mode: '*) exit 0 ;;
  *) echo "no mode in the answer to srvr: '$answer'" && exit 1 ;;
esac
