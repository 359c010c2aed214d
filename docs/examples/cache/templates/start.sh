# Starts a node; it finds the others by the addresses in its config file.
set -eu
exec jdk/bin/java -Xmx"${NODE_HEAP}m" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djava.awt.headless=true \
  --add-modules java.se --add-exports java.base/jdk.internal.ref=ALL-UNNAMED --add-opens java.base/java.lang=ALL-UNNAMED \
  --add-opens java.base/sun.nio.ch=ALL-UNNAMED --add-opens java.management/sun.management=ALL-UNNAMED \
  -Dhazelcast.local.localAddress={{pod.address}} -Dhazelcast.config=hazelcast.yaml -cp 'cache/*' com.hazelcast.core.server.HazelcastMemberStarter
