# Starts a name node on its volume.
. ./hadoop.sh
if [ ! -f name-data/image/current/VERSION ] || [ -f name-data/formatting ] || [ -f name-data/bootstrapping ]; then
  echo 'there is no image of the file system on this volume: dcos {{DCOS_SERVICE_NAME}} pod replace {{pod.name}} fetches it from the other name node' >&2
  exit 1
fi
hadoop "$NAME_HEAP" "$NAME_OPTS" $hdfs.server.namenode.NameNode $IDENTITY
