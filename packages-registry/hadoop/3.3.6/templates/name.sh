# Starts a name node on its volume.
. ./hadoop.sh
if [ ! -f name-data/image/current/VERSION ] || [ -f name-data/formatting ] || [ -f name-data/bootstrapping ]; then
  echo 'there is no image of the file system on this volume: dcos {{DCOS_SERVICE_NAME}} pod replace {{pod.name}} fetches it from the other name node' >&2
  exit 1
fi
# An image of an older layout is taken up only in a rolling upgrade: until that is finalized both versions can read it, and there is a
# way back.
upgrade=''
if ! grep -q '^layoutVersion={{HADOOP_LAYOUT}}$' name-data/image/current/VERSION; then
  if ! ls name-data/image/current/fsimage_rollback_* > /dev/null 2>&1; then
    echo 'the image is of another version and no rolling upgrade is under way: dcos {{DCOS_SERVICE_NAME}} hdfs dfsadmin -rollingUpgrade prepare' >&2
    exit 1
  fi
  upgrade='-rollingUpgrade started'
fi
# shellcheck disable=SC2086
hadoop "$NAME_HEAP" "$NAME_OPTS" $hdfs.server.namenode.NameNode $IDENTITY $upgrade
