# The leading master answers with its state; a starting one says RECOVERING or STANDBY.
exec 3<>"/dev/tcp/$POD_ADDRESS/$MASTER_UI_PORT" || exit 1
printf 'GET /json/ HTTP/1.0\r\n\r\n' >&3
grep -q '"status" : "ALIVE"' <&3
