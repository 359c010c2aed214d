# Starts a resource manager. What it must know of applications after a restart is in ZooKeeper.
. ./yarn.sh

# The folders that applications of any user need in HDFS; those that are there stay as they are. It is ready
# with them.
folders() {
  for each in tmp:1777 user:755 yarn:755 yarn/logs:1777 yarn/history:755 yarn/history/done:750 yarn/history/intermediate:1777; do
    query="op=MKDIRS&permission=${each#*:}&user.name=$superuser"
    until active=$(active_name_node) &&
      http "$active" "/webhdfs/v1/${each%:*}?$query" PUT | grep -q '"boolean":true'; do sleep 2; done
  done
  : > tmp/folders
}
folders &

# shellcheck disable=SC2086
hadoop "$RESOURCE_HEAP" "$RESOURCE_OPTS" $yarn.server.resourcemanager.ResourceManager -Dyarn.resourcemanager.ha.id={{pod.name}}
