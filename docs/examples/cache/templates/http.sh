# One HTTP request to this node: `bash http.sh POST /path text`. Prints the answer's body; fails unless there is one.
exec 3<>"/dev/tcp/{{pod.address}}/$HTTP_PORT" || exit 1
text=${3-}
printf '%s %s HTTP/1.1\r\nHost: node\r\nContent-Type: text/plain\r\nContent-Length: %s\r\n\r\n%s' "$1" "$2" \
  "$(printf %s "$text" | wc -c)" "$text" >&3
IFS=' ' read -r _ status _ <&3
# The node keeps the connection: only the length says where the answer ends.
length=0
while IFS=': ' read -r name value <&3 && [ "${name%$'\r'}" != '' ]; do
  case "$name" in [Cc]ontent-[Ll]ength) length=${value%$'\r'} ;; esac
done
[ "$length" -gt 0 ] && head -c "$length" <&3
case "$status" in
  200) exit 0 ;;
  204) echo 'there is nothing' >&2 && exit 1 ;;
  *) echo "the node answers ${status:-nothing}" >&2 && exit 1 ;;
esac
