# Fewest moves that leave no broker with two copies more than another. Reads brokers ("id rack host port"), then partitions
# ("topic partition 1,2,3"); prints "topic partition 1,2,3 4,2,3" for each that has to move. A copy keeps its place in the
# list, so its broker takes over what the other led. A move never puts two copies into one rack that were in two.
NR == FNR { rack[$1] = $2; load[$1] = 0; next }
{
  topic[n] = $1; part[n] = $2; list[n] = was[n] = $3
  count = split($3, ids, ",")
  for (i = 1; i <= count; i++) if (ids[i] in load) load[ids[i]]++
  n++
}
function better(from, to,  k, i, count, ids, has, clash) {
  for (k = 0; k < n; k++) {
    count = split(list[k], ids, ","); has = 0; clash = 0
    for (i = 1; i <= count; i++) {
      if (ids[i] == from) has = i
      else if (ids[i] == to || rack[ids[i]] == rack[to]) clash = 1
    }
    # In the same rack as before it cannot be worse.
    if (has && clash && rack[from] == rack[to] && index("," list[k] ",", "," to ",") == 0) clash = 0
    if (!has || clash) continue
    ids[has] = to; list[k] = ids[1]
    for (i = 2; i <= count; i++) list[k] = list[k] "," ids[i]
    load[from]--; load[to]++
    return 1
  }
  return 0
}
function step(  from, to, gap, done) {
  # The widest gap first; where racks forbid it, the next one.
  for (gap = n * 8; gap > 1; gap--)
    for (from in load) for (to in load)
      if (load[from] - load[to] == gap && better(from, to)) return 1
  return 0
}
END {
  for (limit = n * 8; limit > 0 && step(); limit--) ;
  for (k = 0; k < n; k++) if (list[k] != was[k]) print topic[k], part[k], was[k], list[k]
}
