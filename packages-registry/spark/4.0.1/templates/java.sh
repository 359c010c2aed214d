# What Spark's own scripts would set up; sourced by the others.
cd "$MESOS_SANDBOX" || exit 1
export JAVA_HOME="$MESOS_SANDBOX/jdk" SPARK_HOME="$MESOS_SANDBOX/spark"
# Pages are served on the address that the others were told, not on all of the machine's.
export SPARK_LOCAL_IP="$POD_ADDRESS"
export PATH="$JAVA_HOME/bin:$PATH" SPARK_SCALA_VERSION='{{SPARK_SCALA_VERSION}}'
# Masters, workers and drivers of this service know each other by it. Never an argument: those are read by all.
export _SPARK_AUTH_SECRET='{{service.uuid}}'
opens=
for package in java.lang java.lang.invoke java.lang.reflect java.io java.net java.nio java.util java.util.concurrent \
  java.util.concurrent.atomic jdk.internal.ref sun.nio.ch sun.nio.cs sun.security.action sun.util.calendar; do
  opens="$opens --add-opens=java.base/$package=ALL-UNNAMED"
done
opens="-XX:+IgnoreUnrecognizedVMOptions -XX:+UseSerialGC $opens -Djdk.reflect.useDirectMethodHandle=false"
