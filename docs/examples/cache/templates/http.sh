# One HTTP request to this node: `bash http.sh POST /path text`. Prints the answer's body; fails unless there is one.
exec 3<>"/dev/tcp/{{pod.address}}/$HTTP_PORT" || exit 1
text=${3-}
printf '%s %s HTTP/1.0\r\nContent-Type: text/plain\r\nContent-Length: %s\r\n\r\n%s' "$1" "$2" \
  "$(printf %s "$text" | wc -c)" "$text" >&3
IFS=' ' read -r _ status _ <&3
while IFS= read -r line <&3 && [ "${line%$'\r'}" != '' ]; do :; done
cat <&3
case "$status" in
  200) exit 0 ;;
  204) echo 'there is nothing' >&2 && exit 1 ;;
  *) echo "the node answers ${status:-nothing}" >&2 && exit 1 ;;
esac
