# An S3-like store, for backups: `sh s3.sh names s3://bucket/folder`; see s3.bsh. The key is for this node's tasks alone.
cd "$(dirname "$0")" || exit 1
mkdir -p tmp
opens=''
for package in java.io java.net java.util java.util.regex java.util.stream sun.net.www.protocol.http sun.net.www.protocol.https \
  sun.nio.ch sun.nio.fs; do
  opens="$opens --add-opens=java.base/$package=ALL-UNNAMED"
done
exec jdk/bin/java $opens -Xmx64m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData -Djava.io.tmpdir="$PWD/tmp" \
  -Ds3.endpoint="${S3_ENDPOINT:-}" -Ds3.region="${S3_REGION:-}" -Ds3.credentials=cassandra-data/s3.credentials \
  -cp 'cassandra/tools/*' bsh.Interpreter s3.bsh "$@"
