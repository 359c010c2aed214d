# Ready is a broker that answers an ApiVersions request; it does so only once the quorum let it in.
exec 3<>"/dev/tcp/{{pod.address}}/$BROKER_LISTEN_PORT" || exit 1
# Ten bytes follow: api key 18, version 0, correlation id 1, no client id.
printf '\0\0\0\12\0\22\0\0\0\0\0\1\377\377' >&3
answer=$(head -c 10 <&3 | od -An -tx1 | tr -d ' \n')
# Any size, our correlation id, error code 0.
case "$answer" in
  ????????000000010000) exit 0 ;;
  *) echo "no answer to ApiVersions: '$answer'" && exit 1 ;;
esac
