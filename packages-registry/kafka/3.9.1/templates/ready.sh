# Ready is a broker that the quorum let in and that is in sync for every partition that it has a copy of: only then may the
# next one be stopped. Once it was, that it answers is enough.
{{^TLS_ENABLED}}
exec 3<>"/dev/tcp/{{pod.address}}/$BROKER_LISTEN_PORT" || exit 1
{{/TLS_ENABLED}}
{{#TLS_ENABLED}}
exec 3<>"/dev/tcp/127.0.0.1/$LOCAL_LISTEN_PORT" || exit 1
# Reads an answer whole, and prints its error code, which follows the correlation id.
answered() {
  size=$(head -c 4 <&3 | od -An -tu1 | awk '{ print $1 * 16777216 + $2 * 65536 + $3 * 256 + $4 }')
  [ -n "$size" ] && head -c "$size" <&3 | od -An -v -tx1 | tr -d ' \n' | cut -c 9-12
}
# SaslHandshake: seventeen bytes follow: api key 17, version 1, correlation id 1, no client id, PLAIN.
printf '\0\0\0\21\0\21\0\1\0\0\0\1\377\377\0\5PLAIN' >&3
[ "$(answered)" = 0000 ] || { echo 'no answer to SaslHandshake' && exit 1; }
# SaslAuthenticate: 74 bytes follow: api key 36, version 0, correlation id 1, no client id, 60 bytes of name and password.
printf '\0\0\0\112\0\44\0\0\0\0\0\1\377\377\0\0\0\74\0dcos-local\0%s' "$(cat local.password)" >&3
[ "$(answered)" = 0000 ] || { echo 'the broker does not know its own password' && exit 1; }
{{/TLS_ENABLED}}

if [ -f in-sync ]; then
  # ApiVersions: ten bytes follow: api key 18, version 0, correlation id 1, no client id.
  printf '\0\0\0\12\0\22\0\0\0\0\0\1\377\377' >&3
  answer=$(head -c 10 <&3 | od -An -tx1 | tr -d ' \n')
  # Any size, our correlation id, error code 0.
  case "$answer" in
    ????????000000010000) exit 0 ;;
    *) echo "no answer to ApiVersions: '$answer'" && exit 1 ;;
  esac
fi

# Metadata of all topics: fourteen bytes: api key 3, version 0, correlation id 1, no client id, no names.
printf '\0\0\0\16\0\3\0\0\0\0\0\1\377\377\0\0\0\0' >&3
size=$(head -c 4 <&3 | od -An -tu1 | awk '{ print $1 * 16777216 + $2 * 65536 + $3 * 256 + $4 }')
[ -n "$size" ] || { echo 'no answer to Metadata' && exit 1; }
head -c "$size" <&3 | od -An -v -tu1 | awk -v me="$POD_INSTANCE_INDEX" '
  { for (i = 1; i <= NF; i++) b[n++] = $i }
  function u16() { at += 2; return b[at - 2] * 256 + b[at - 1] }
  function u32() { at += 4; return b[at - 4] * 16777216 + b[at - 3] * 65536 + b[at - 2] * 256 + b[at - 1] }
  function text(  size, s) { size = u16(); s = ""; while (size-- > 0) s = s sprintf("%c", b[at++]); return s }
  function holds(  count, found) { count = u32(); found = 0; while (count-- > 0) if (u32() == me) found = 1; return found }
  END {
    if (u32() != 1) { print "no answer to Metadata"; exit 1 }
    brokers = u32(); known = 0
    while (brokers-- > 0) { if (u32() == me) known = 1; text(); u32() }
    if (!known) { print "the quorum does not list it yet"; exit 1 }
    topics = u32()
    while (topics-- > 0) {
      u16(); name = text(); partitions = u32()
      while (partitions-- > 0) {
        u16(); partition = u32(); u32()
        mine = holds(); synced = holds()
        if (mine && !synced) { behind++; if (behind == 1) first = name "-" partition }
      }
    }
    if (behind) { print "not in sync yet: " behind " partitions, " first " among them"; exit 1 }
  }' || exit 1
: > in-sync
