# ZooKeeper's own shell: `sh cli.sh ls /`, or lines from stdin.
exec jdk/bin/java -Xmx48m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto -Dzookeeper.jmx.log4j.disable=true \
  -Dlogback.configurationFile=conf/quiet.xml -cp 'conf:zookeeper/lib/*' \
  org.apache.zookeeper.ZooKeeperMain -server "{{pod.address}}:$CLIENT_PORT" "$@"
