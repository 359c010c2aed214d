exec 3<>"/dev/tcp/$POD_ADDRESS/$HISTORY_PORT" || exit 1
printf 'GET /api/v1/applications?limit=1 HTTP/1.0\r\n\r\n' >&3
grep -q '^HTTP/1.1 200' <&3
