# What all scripts of YARN share: `. ./yarn.sh`. For sh and bash.
. ./hadoop.sh
yarn=org.apache.hadoop.yarn
# Before `conf`: the folders of HDFS' missing web applications lie there, and YARN's web applications are in its jars.
classpath='hadoop/yarn/*:conf:hadoop/lib/*'

# The web addresses of the resource managers, and of the one that is active.
resource_managers='{{#pods.resource.0}}{{address}}:{{ports.resource-http}}{{/pods.resource.0}}{{#pods.resource.1}} {{address}}:{{ports.resource-http}}{{/pods.resource.1}}'
active_resource_manager() {
  for manager in $resource_managers; do
    if http "$manager" /ws/v1/cluster/info | grep -q '"haState":"ACTIVE"'; then
      echo "$manager"
      return 0
    fi
  done
  return 1
}
