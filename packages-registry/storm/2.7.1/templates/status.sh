# What the leading nimbus says of nimbuses and supervisors: KIND ADDRESS STATE USED SLOTS VERSION SECONDS.
exec 3<>"/dev/tcp/{{pod.address}}/$NIMBUS_THRIFT_PORT" || exit 1
# A frame of 27 bytes: the thrift call getClusterInfo() without arguments, as number 1.
printf '\0\0\0\33\200\1\0\1\0\0\0\16getClusterInfo\0\0\0\1\0' >&3
size=$(head -c 4 <&3 | od -An -tu1 | awk '{ print $1 * 16777216 + $2 * 65536 + $3 * 256 + $4 }')
[ -n "$size" ] || { echo 'nimbus does not answer' >&2 && exit 1; }
head -c "$size" <&3 | od -An -v -tu1 | awk '
  { for (i = 1; i <= NF; i++) b[n++] = $i }
  function number(bytes,  v) { v = 0; while (bytes-- > 0) v = v * 256 + b[at++]; return v }
  function text(  size, s) { size = number(4); s = ""; while (size-- > 0) s = s sprintf("%c", b[at++]); return s }
  # Keeps each value under the numbers of the fields that lead to it: 0.4.0.1 is the host of the first nimbus.
  function keep(type, path,  count, k, v, id) {
    if (type == 2 || type == 3) had[path] = number(1)
    else if (type == 6) had[path] = number(2)
    else if (type == 8) had[path] = number(4)
    else if (type == 10 || type == 4) had[path] = number(8)
    else if (type == 11) had[path] = text()
    else if (type == 12) while ((k = number(1)) != 0) { id = number(2); keep(k, path "." id) }
    else if (type == 13) { k = number(1); v = number(1); count = number(4); while (count-- > 0) { keep(k, "x"); keep(v, "x") } }
    else { k = number(1); had[path] = number(4); for (count = 0; count < had[path]; count++) keep(k, path "." count) }
  }
  END {
    if (number(4) != 2147549186) { print "nimbus does not answer as it should"; exit 1 }
    text(); number(4)
    keep(12, "r")
    if (!(("r.0.1") in had)) { print "nimbus says: " had["r.1.1"]; exit 1 }
    for (i = 0; i < had["r.0.4"]; i++) {
      p = "r.0.4." i
      print "nimbus", had[p ".1"] ":" had[p ".2"], had[p ".4"] ? "leader" : "follower", 0, 0, had[p ".5"], had[p ".3"]
    }
    for (i = 0; i < had["r.0.1"]; i++) {
      p = "r.0.1." i
      print "supervisor", had[p ".1"], had[p ".4"] < had[p ".3"] ? "free" : "full", had[p ".4"], had[p ".3"], had[p ".6"], had[p ".2"]
    }
  }'
