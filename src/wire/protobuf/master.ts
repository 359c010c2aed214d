/**
 * The operator API of a master
 * (apache/mesos include/mesos/v1/master/master.proto).
 */

/** Messages and enums, in the notation of `notation.ts`. */
export const master = `
message master.Call: type?master.Call.Type=1 get_metrics?master.Call.GetMetrics=2
  set_logging_level?master.Call.SetLoggingLevel=3 list_files?master.Call.ListFiles=4
  read_file?master.Call.ReadFile=5 update_weights?master.Call.UpdateWeights=6
  reserve_resources?master.Call.ReserveResources=7
  unreserve_resources?master.Call.UnreserveResources=8 create_volumes?master.Call.CreateVolumes=9
  destroy_volumes?master.Call.DestroyVolumes=10 grow_volume?master.Call.GrowVolume=18
  shrink_volume?master.Call.ShrinkVolume=19
  update_maintenance_schedule?master.Call.UpdateMaintenanceSchedule=11
  start_maintenance?master.Call.StartMaintenance=12
  stop_maintenance?master.Call.StopMaintenance=13 drain_agent?master.Call.DrainAgent=21
  deactivate_agent?master.Call.DeactivateAgent=22 reactivate_agent?master.Call.ReactivateAgent=23
  update_quota?master.Call.UpdateQuota=20 teardown?master.Call.Teardown=16
  mark_agent_gone?master.Call.MarkAgentGone=17 set_quota?master.Call.SetQuota=14
  remove_quota?master.Call.RemoveQuota=15
message master.Call.CreateVolumes: agent_id!AgentID=1 volumes*Resource=2
message master.Call.DeactivateAgent: agent_id!AgentID=1
message master.Call.DestroyVolumes: agent_id!AgentID=1 volumes*Resource=2
message master.Call.DrainAgent: agent_id!AgentID=1 max_grace_period?google.protobuf.Duration=2
  mark_gone?bool=3
message master.Call.GetMetrics: timeout?DurationInfo=1
message master.Call.GrowVolume: agent_id?AgentID=1 volume!Resource=2 addition!Resource=3
message master.Call.ListFiles: path!string=1
message master.Call.MarkAgentGone: agent_id!AgentID=1
message master.Call.ReactivateAgent: agent_id!AgentID=1
message master.Call.ReadFile: path!string=1 offset!uint64=2 length?uint64=3
message master.Call.RemoveQuota: role!string=1
message master.Call.ReserveResources: agent_id!AgentID=1 source*Resource=3 resources*Resource=2
message master.Call.SetLoggingLevel: level!uint32=1 duration!DurationInfo=2
message master.Call.SetQuota: quota_request!quota.QuotaRequest=1
message master.Call.ShrinkVolume: agent_id?AgentID=1 volume!Resource=2 subtract!Value.Scalar=3
message master.Call.StartMaintenance: machines*MachineID=1
message master.Call.StopMaintenance: machines*MachineID=1
message master.Call.Teardown: framework_id!FrameworkID=1
enum master.Call.Type: UNKNOWN=0 GET_HEALTH=1 GET_FLAGS=2 GET_VERSION=3 GET_METRICS=4
  GET_LOGGING_LEVEL=5 SET_LOGGING_LEVEL=6 LIST_FILES=7 READ_FILE=8 GET_STATE=9 GET_AGENTS=10
  GET_FRAMEWORKS=11 GET_EXECUTORS=12 GET_OPERATIONS=33 GET_TASKS=13 GET_ROLES=14 GET_WEIGHTS=15
  UPDATE_WEIGHTS=16 GET_MASTER=17 SUBSCRIBE=18 RESERVE_RESOURCES=19 UNRESERVE_RESOURCES=20
  CREATE_VOLUMES=21 DESTROY_VOLUMES=22 GROW_VOLUME=34 SHRINK_VOLUME=35 GET_MAINTENANCE_STATUS=23
  GET_MAINTENANCE_SCHEDULE=24 UPDATE_MAINTENANCE_SCHEDULE=25 START_MAINTENANCE=26
  STOP_MAINTENANCE=27 DRAIN_AGENT=37 DEACTIVATE_AGENT=38 REACTIVATE_AGENT=39 GET_QUOTA=28
  UPDATE_QUOTA=36 SET_QUOTA=29 REMOVE_QUOTA=30 TEARDOWN=31 MARK_AGENT_GONE=32
message master.Call.UnreserveResources: agent_id!AgentID=1 resources*Resource=2
message master.Call.UpdateMaintenanceSchedule: schedule!maintenance.Schedule=1
message master.Call.UpdateQuota: force?bool=1 quota_configs*quota.QuotaConfig=2
message master.Call.UpdateWeights: weight_infos*WeightInfo=1
message master.Event: type?master.Event.Type=1 subscribed?master.Event.Subscribed=2
  task_added?master.Event.TaskAdded=3 task_updated?master.Event.TaskUpdated=4
  agent_added?master.Event.AgentAdded=5 agent_removed?master.Event.AgentRemoved=6
  framework_added?master.Event.FrameworkAdded=7 framework_updated?master.Event.FrameworkUpdated=8
  framework_removed?master.Event.FrameworkRemoved=9
message master.Event.AgentAdded: agent!master.Response.GetAgents.Agent=1
message master.Event.AgentRemoved: agent_id!AgentID=1
message master.Event.FrameworkAdded: framework!master.Response.GetFrameworks.Framework=1
message master.Event.FrameworkRemoved: framework_info!FrameworkInfo=1
message master.Event.FrameworkUpdated: framework!master.Response.GetFrameworks.Framework=1
message master.Event.Subscribed: get_state?master.Response.GetState=1
  heartbeat_interval_seconds?double=2
message master.Event.TaskAdded: task!Task=1
message master.Event.TaskUpdated: framework_id!FrameworkID=1 status!TaskStatus=2 state!TaskState=3
enum master.Event.Type: UNKNOWN=0 SUBSCRIBED=1 TASK_ADDED=2 TASK_UPDATED=3 AGENT_ADDED=4
  AGENT_REMOVED=5 FRAMEWORK_ADDED=6 FRAMEWORK_UPDATED=7 FRAMEWORK_REMOVED=8 HEARTBEAT=9
message master.Response: type?master.Response.Type=1 get_health?master.Response.GetHealth=2
  get_flags?master.Response.GetFlags=3 get_version?master.Response.GetVersion=4
  get_metrics?master.Response.GetMetrics=5 get_logging_level?master.Response.GetLoggingLevel=6
  list_files?master.Response.ListFiles=7 read_file?master.Response.ReadFile=8
  get_state?master.Response.GetState=9 get_agents?master.Response.GetAgents=10
  get_frameworks?master.Response.GetFrameworks=11 get_executors?master.Response.GetExecutors=12
  get_operations?master.Response.GetOperations=20 get_tasks?master.Response.GetTasks=13
  get_roles?master.Response.GetRoles=14 get_weights?master.Response.GetWeights=15
  get_master?master.Response.GetMaster=16
  get_maintenance_status?master.Response.GetMaintenanceStatus=17
  get_maintenance_schedule?master.Response.GetMaintenanceSchedule=18
  get_quota?master.Response.GetQuota=19
message master.Response.GetAgents: agents*master.Response.GetAgents.Agent=1
  recovered_agents*AgentInfo=2
message master.Response.GetAgents.Agent: agent_info!AgentInfo=1 active!bool=2 deactivated?bool=12
  version!string=3 pid?string=4 registered_time?TimeInfo=5 reregistered_time?TimeInfo=6
  total_resources*Resource=7 allocated_resources*Resource=8 offered_resources*Resource=9
  capabilities*AgentInfo.Capability=10
  resource_providers*master.Response.GetAgents.Agent.ResourceProvider=11 drain_info?DrainInfo=13
  estimated_drain_start_time?TimeInfo=14
message master.Response.GetAgents.Agent.ResourceProvider:
  resource_provider_info!ResourceProviderInfo=1 total_resources*Resource=2
message master.Response.GetExecutors: executors*master.Response.GetExecutors.Executor=1
  orphan_executors*master.Response.GetExecutors.Executor=2
message master.Response.GetExecutors.Executor: executor_info!ExecutorInfo=1 agent_id!AgentID=2
message master.Response.GetFlags: flags*Flag=1
message master.Response.GetFrameworks: frameworks*master.Response.GetFrameworks.Framework=1
  completed_frameworks*master.Response.GetFrameworks.Framework=2
  recovered_frameworks*FrameworkInfo=3
message master.Response.GetFrameworks.Framework: framework_info!FrameworkInfo=1 active!bool=2
  connected!bool=3 recovered!bool=11 registered_time?TimeInfo=4 reregistered_time?TimeInfo=5
  unregistered_time?TimeInfo=6 offers*Offer=7 inverse_offers*InverseOffer=8
  allocated_resources*Resource=9 offered_resources*Resource=10
  offer_constraints?scheduler.OfferConstraints=12
message master.Response.GetHealth: healthy!bool=1
message master.Response.GetLoggingLevel: level!uint32=1
message master.Response.GetMaintenanceSchedule: schedule!maintenance.Schedule=1
message master.Response.GetMaintenanceStatus: status!maintenance.ClusterStatus=1
message master.Response.GetMaster: master_info?MasterInfo=1 start_time?double=2
  elected_time?double=3
message master.Response.GetMetrics: metrics*Metric=1
message master.Response.GetOperations: operations*Operation=1
message master.Response.GetQuota: status!quota.QuotaStatus=1
message master.Response.GetRoles: roles*Role=1
message master.Response.GetState: get_tasks?master.Response.GetTasks=1
  get_executors?master.Response.GetExecutors=2 get_frameworks?master.Response.GetFrameworks=3
  get_agents?master.Response.GetAgents=4
message master.Response.GetTasks: pending_tasks*Task=1 tasks*Task=2 unreachable_tasks*Task=5
  completed_tasks*Task=3 orphan_tasks*Task=4
message master.Response.GetVersion: version_info!VersionInfo=1
message master.Response.GetWeights: weight_infos*WeightInfo=1
message master.Response.ListFiles: file_infos*FileInfo=1
message master.Response.ReadFile: size!uint64=1 data!bytes=2
enum master.Response.Type: UNKNOWN=0 GET_HEALTH=1 GET_FLAGS=2 GET_VERSION=3 GET_METRICS=4
  GET_LOGGING_LEVEL=5 LIST_FILES=6 READ_FILE=7 GET_STATE=8 GET_AGENTS=9 GET_FRAMEWORKS=10
  GET_EXECUTORS=11 GET_OPERATIONS=19 GET_TASKS=12 GET_ROLES=13 GET_WEIGHTS=14 GET_MASTER=15
  GET_MAINTENANCE_STATUS=16 GET_MAINTENANCE_SCHEDULE=17 GET_QUOTA=18
`;
