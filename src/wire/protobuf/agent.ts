/**
 * The operator API of an agent
 * (apache/mesos include/mesos/v1/agent/agent.proto).
 */

/** Messages and enums, in the notation of `notation.ts`. */
export const agent = `
message agent.Call: type?agent.Call.Type=1 get_metrics?agent.Call.GetMetrics=2
  set_logging_level?agent.Call.SetLoggingLevel=3 list_files?agent.Call.ListFiles=4
  read_file?agent.Call.ReadFile=5 get_containers?agent.Call.GetContainers=20
  launch_nested_container?agent.Call.LaunchNestedContainer=6
  wait_nested_container?agent.Call.WaitNestedContainer=7
  kill_nested_container?agent.Call.KillNestedContainer=8
  remove_nested_container?agent.Call.RemoveNestedContainer=12
  launch_nested_container_session?agent.Call.LaunchNestedContainerSession=9
  attach_container_input?agent.Call.AttachContainerInput=10
  attach_container_output?agent.Call.AttachContainerOutput=11
  launch_container?agent.Call.LaunchContainer=13 wait_container?agent.Call.WaitContainer=14
  kill_container?agent.Call.KillContainer=15 remove_container?agent.Call.RemoveContainer=16
  add_resource_provider_config?agent.Call.AddResourceProviderConfig=17
  update_resource_provider_config?agent.Call.UpdateResourceProviderConfig=18
  remove_resource_provider_config?agent.Call.RemoveResourceProviderConfig=19
  mark_resource_provider_gone?agent.Call.MarkResourceProviderGone=22
  prune_images?agent.Call.PruneImages=21
message agent.Call.AddResourceProviderConfig: info!ResourceProviderInfo=1
message agent.Call.AttachContainerInput: type?agent.Call.AttachContainerInput.Type=1
  container_id?ContainerID=2 process_io?agent.ProcessIO=3
enum agent.Call.AttachContainerInput.Type: UNKNOWN=0 CONTAINER_ID=1 PROCESS_IO=2
message agent.Call.AttachContainerOutput: container_id!ContainerID=1
message agent.Call.GetContainers: show_nested?bool=1 show_standalone?bool=2
message agent.Call.GetMetrics: timeout?DurationInfo=1
message agent.Call.KillContainer: container_id!ContainerID=1 signal?int32=2
message agent.Call.KillNestedContainer: container_id!ContainerID=1 signal?int32=2
message agent.Call.LaunchContainer: container_id!ContainerID=1 command?CommandInfo=2
  resources*Resource=3 container?ContainerInfo=4 limits%Value.Scalar=5
message agent.Call.LaunchNestedContainer: container_id!ContainerID=1 command?CommandInfo=2
  container?ContainerInfo=3
message agent.Call.LaunchNestedContainerSession: container_id!ContainerID=1 command?CommandInfo=2
  container?ContainerInfo=3
message agent.Call.ListFiles: path!string=1
message agent.Call.MarkResourceProviderGone: resource_provider_id!ResourceProviderID=1
message agent.Call.PruneImages: excluded_images*Image=1
message agent.Call.ReadFile: path!string=1 offset!uint64=2 length?uint64=3
message agent.Call.RemoveContainer: container_id!ContainerID=1
message agent.Call.RemoveNestedContainer: container_id!ContainerID=1
message agent.Call.RemoveResourceProviderConfig: type!string=1 name!string=2
message agent.Call.SetLoggingLevel: level!uint32=1 duration!DurationInfo=2
enum agent.Call.Type: UNKNOWN=0 GET_HEALTH=1 GET_FLAGS=2 GET_VERSION=3 GET_METRICS=4
  GET_LOGGING_LEVEL=5 SET_LOGGING_LEVEL=6 LIST_FILES=7 READ_FILE=8 GET_STATE=9 GET_CONTAINERS=10
  GET_FRAMEWORKS=11 GET_EXECUTORS=12 GET_OPERATIONS=31 GET_TASKS=13 GET_AGENT=20
  GET_RESOURCE_PROVIDERS=26 LAUNCH_NESTED_CONTAINER=14 WAIT_NESTED_CONTAINER=15
  KILL_NESTED_CONTAINER=16 REMOVE_NESTED_CONTAINER=21 LAUNCH_NESTED_CONTAINER_SESSION=17
  ATTACH_CONTAINER_INPUT=18 ATTACH_CONTAINER_OUTPUT=19 LAUNCH_CONTAINER=22 WAIT_CONTAINER=23
  KILL_CONTAINER=24 REMOVE_CONTAINER=25 ADD_RESOURCE_PROVIDER_CONFIG=27
  UPDATE_RESOURCE_PROVIDER_CONFIG=28 REMOVE_RESOURCE_PROVIDER_CONFIG=29
  MARK_RESOURCE_PROVIDER_GONE=32 PRUNE_IMAGES=30
message agent.Call.UpdateResourceProviderConfig: info!ResourceProviderInfo=1
message agent.Call.WaitContainer: container_id!ContainerID=1
message agent.Call.WaitNestedContainer: container_id!ContainerID=1
message agent.ProcessIO: type?agent.ProcessIO.Type=1 data?agent.ProcessIO.Data=2
  control?agent.ProcessIO.Control=3
message agent.ProcessIO.Control: type?agent.ProcessIO.Control.Type=1 tty_info?TTYInfo=2
  heartbeat?agent.ProcessIO.Control.Heartbeat=3
message agent.ProcessIO.Control.Heartbeat: interval?DurationInfo=1
enum agent.ProcessIO.Control.Type: UNKNOWN=0 TTY_INFO=1 HEARTBEAT=2
message agent.ProcessIO.Data: type?agent.ProcessIO.Data.Type=1 data?bytes=2
enum agent.ProcessIO.Data.Type: UNKNOWN=0 STDIN=1 STDOUT=2 STDERR=3
enum agent.ProcessIO.Type: UNKNOWN=0 DATA=1 CONTROL=2
message agent.Response: type?agent.Response.Type=1 get_health?agent.Response.GetHealth=2
  get_flags?agent.Response.GetFlags=3 get_version?agent.Response.GetVersion=4
  get_metrics?agent.Response.GetMetrics=5 get_logging_level?agent.Response.GetLoggingLevel=6
  list_files?agent.Response.ListFiles=7 read_file?agent.Response.ReadFile=8
  get_state?agent.Response.GetState=9 get_containers?agent.Response.GetContainers=10
  get_frameworks?agent.Response.GetFrameworks=11 get_executors?agent.Response.GetExecutors=12
  get_operations?agent.Response.GetOperations=18 get_tasks?agent.Response.GetTasks=13
  get_agent?agent.Response.GetAgent=15
  get_resource_providers?agent.Response.GetResourceProviders=17
  wait_nested_container?agent.Response.WaitNestedContainer=14
  wait_container?agent.Response.WaitContainer=16
message agent.Response.GetAgent: agent_info?AgentInfo=1 drain_config?DrainConfig=2
  estimated_drain_start_time?TimeInfo=3
message agent.Response.GetContainers: containers*agent.Response.GetContainers.Container=1
message agent.Response.GetContainers.Container: framework_id?FrameworkID=1
  executor_id?ExecutorID=2 executor_name?string=3 container_id!ContainerID=4
  container_status?ContainerStatus=5 resource_statistics?ResourceStatistics=6
message agent.Response.GetExecutors: executors*agent.Response.GetExecutors.Executor=1
  completed_executors*agent.Response.GetExecutors.Executor=2
message agent.Response.GetExecutors.Executor: executor_info!ExecutorInfo=1
message agent.Response.GetFlags: flags*Flag=1
message agent.Response.GetFrameworks: frameworks*agent.Response.GetFrameworks.Framework=1
  completed_frameworks*agent.Response.GetFrameworks.Framework=2
message agent.Response.GetFrameworks.Framework: framework_info!FrameworkInfo=1
message agent.Response.GetHealth: healthy!bool=1
message agent.Response.GetLoggingLevel: level!uint32=1
message agent.Response.GetMetrics: metrics*Metric=1
message agent.Response.GetOperations: operations*Operation=1
message agent.Response.GetResourceProviders:
  resource_providers*agent.Response.GetResourceProviders.ResourceProvider=1
message agent.Response.GetResourceProviders.ResourceProvider:
  resource_provider_info!ResourceProviderInfo=1 total_resources*Resource=2
message agent.Response.GetState: get_tasks?agent.Response.GetTasks=1
  get_executors?agent.Response.GetExecutors=2 get_frameworks?agent.Response.GetFrameworks=3
message agent.Response.GetTasks: pending_tasks*Task=1 queued_tasks*Task=2 launched_tasks*Task=3
  terminated_tasks*Task=4 completed_tasks*Task=5
message agent.Response.GetVersion: version_info!VersionInfo=1
message agent.Response.ListFiles: file_infos*FileInfo=1
message agent.Response.ReadFile: size!uint64=1 data!bytes=2
enum agent.Response.Type: UNKNOWN=0 GET_HEALTH=1 GET_FLAGS=2 GET_VERSION=3 GET_METRICS=4
  GET_LOGGING_LEVEL=5 LIST_FILES=6 READ_FILE=7 GET_STATE=8 GET_CONTAINERS=9 GET_FRAMEWORKS=10
  GET_EXECUTORS=11 GET_OPERATIONS=17 GET_TASKS=12 GET_AGENT=14 GET_RESOURCE_PROVIDERS=16
  WAIT_NESTED_CONTAINER=13 WAIT_CONTAINER=15
message agent.Response.WaitContainer: exit_status?int32=1 state?TaskState=2
  reason?TaskStatus.Reason=3 limitation?TaskResourceLimitation=4 message?string=5
message agent.Response.WaitNestedContainer: exit_status?int32=1 state?TaskState=2
  reason?TaskStatus.Reason=3 limitation?TaskResourceLimitation=4 message?string=5
`;
