/**
 * Frameworks, agents, offers, resources and the small things, by the field numbers of Mesos
 * (apache/mesos include/mesos/v1/mesos.proto).
 */

/** Messages and enums, in the notation of `notation.ts`. */
export const cluster = `
message Address: hostname?string=1 ip?string=2 port!int32=3
message AgentID: value!string=1
message AgentInfo: hostname!string=1 port?int32=8 resources*Resource=3 attributes*Attribute=5
  id?AgentID=6 domain?DomainInfo=10
message AgentInfo.Capability: type?AgentInfo.Capability.Type=1
enum AgentInfo.Capability.Type: UNKNOWN=0 MULTI_ROLE=1 HIERARCHICAL_ROLE=2
  RESERVATION_REFINEMENT=3 RESOURCE_PROVIDER=4 RESIZE_VOLUME=5 AGENT_OPERATION_FEEDBACK=6
  AGENT_DRAINING=7 TASK_RESOURCE_LIMITS=8
message Attribute: name!string=1 type!Value.Type=2 scalar?Value.Scalar=3 ranges?Value.Ranges=4
  set?Value.Set=6 text?Value.Text=5
message Credential: principal!string=1 secret?string=2
message Device.Number: major_number!uint64=1 minor_number!uint64=2
message DomainInfo: fault_domain?DomainInfo.FaultDomain=1
message DomainInfo.FaultDomain: region!DomainInfo.FaultDomain.RegionInfo=1
  zone!DomainInfo.FaultDomain.ZoneInfo=2
message DomainInfo.FaultDomain.RegionInfo: name!string=1
message DomainInfo.FaultDomain.ZoneInfo: name!string=1
message DrainConfig: max_grace_period?DurationInfo=1 mark_gone?bool=2
message DrainInfo: state!DrainState=1 config!DrainConfig=2
enum DrainState: UNKNOWN=0 DRAINING=1 DRAINED=2
message DurationInfo: nanoseconds!int64=1
message FileInfo: path!string=1 nlink?int32=2 size?uint64=3 mtime?TimeInfo=4 mode?uint32=5
  uid?string=6 gid?string=7
message Filters: refuse_seconds?double=1
message Flag: name!string=1 value?string=2
message FrameworkID: value!string=1
message FrameworkInfo: user!string=1 name!string=2 id?FrameworkID=3 failover_timeout?double=4
  checkpoint?bool=5 role?string=6 roles*string=12 hostname?string=7 principal?string=8
  webui_url?string=9 capabilities*FrameworkInfo.Capability=10 labels?Labels=11
  offer_filters%OfferFilters=13
message FrameworkInfo.Capability: type?FrameworkInfo.Capability.Type=1
enum FrameworkInfo.Capability.Type: UNKNOWN=0 REVOCABLE_RESOURCES=1 TASK_KILLING_STATE=2
  GPU_RESOURCES=3 SHARED_RESOURCES=4 PARTITION_AWARE=5 MULTI_ROLE=6 RESERVATION_REFINEMENT=7
  REGION_AWARE=8
message InverseOffer: id!OfferID=1 url?URL=2 framework_id!FrameworkID=3 agent_id?AgentID=4
  unavailability!Unavailability=5 resources*Resource=6
message Label: key!string=1 value?string=2
message Labels: labels*Label=1
message MachineID: hostname?string=1 ip?string=2
message MasterInfo: id!string=1 ip!uint32=2 port!uint32=3 pid?string=4 hostname?string=5
  version?string=6 address?Address=7 domain?DomainInfo=8 capabilities*MasterInfo.Capability=9
message MasterInfo.Capability: type?MasterInfo.Capability.Type=1
enum MasterInfo.Capability.Type: UNKNOWN=0 AGENT_UPDATE=1 AGENT_DRAINING=2 QUOTA_V2=3
message Metric: name!string=1 value?double=2
message MountPropagation: mode?MountPropagation.Mode=1
enum MountPropagation.Mode: UNKNOWN=0 HOST_TO_CONTAINER=1 BIDIRECTIONAL=2
message Offer: id!OfferID=1 framework_id!FrameworkID=2 agent_id!AgentID=3 hostname!string=4
  url?URL=8 domain?DomainInfo=11 resources*Resource=5 attributes*Attribute=7
  executor_ids*ExecutorID=6 unavailability?Unavailability=9
  allocation_info?Resource.AllocationInfo=10
message Offer.Operation: type?Offer.Operation.Type=1 id?OperationID=12
  launch?Offer.Operation.Launch=2 launch_group?Offer.Operation.LaunchGroup=7
  reserve?Offer.Operation.Reserve=3 unreserve?Offer.Operation.Unreserve=4
  create?Offer.Operation.Create=5 destroy?Offer.Operation.Destroy=6
  grow_volume?Offer.Operation.GrowVolume=13 shrink_volume?Offer.Operation.ShrinkVolume=14
  create_disk?Offer.Operation.CreateDisk=15 destroy_disk?Offer.Operation.DestroyDisk=16
message Offer.Operation.Create: volumes*Resource=1
message Offer.Operation.CreateDisk: source!Resource=1 target_type!Resource.DiskInfo.Source.Type=2
  target_profile?string=3
message Offer.Operation.Destroy: volumes*Resource=1
message Offer.Operation.DestroyDisk: source!Resource=1
message Offer.Operation.GrowVolume: volume!Resource=1 addition!Resource=2
message Offer.Operation.Launch: task_infos*TaskInfo=1
message Offer.Operation.LaunchGroup: executor!ExecutorInfo=1 task_group!TaskGroupInfo=2
message Offer.Operation.Reserve: source*Resource=2 resources*Resource=1
message Offer.Operation.ShrinkVolume: volume!Resource=1 subtract!Value.Scalar=2
enum Offer.Operation.Type: UNKNOWN=0 LAUNCH=1 LAUNCH_GROUP=6 RESERVE=2 UNRESERVE=3 CREATE=4
  DESTROY=5 GROW_VOLUME=11 SHRINK_VOLUME=12 CREATE_DISK=13 DESTROY_DISK=14
message Offer.Operation.Unreserve: resources*Resource=1
message OfferFilters: min_allocatable_resources?OfferFilters.MinAllocatableResources=1
message OfferFilters.MinAllocatableResources: quantities*OfferFilters.ResourceQuantities=1
message OfferFilters.ResourceQuantities: quantities%Value.Scalar=1
message OfferID: value!string=1
message Operation: framework_id?FrameworkID=1 agent_id?AgentID=2 info!Offer.Operation=3
  latest_status!OperationStatus=4 statuses*OperationStatus=5 uuid!UUID=6
message OperationID: value!string=1
enum OperationState: OPERATION_UNSUPPORTED=0 OPERATION_PENDING=1 OPERATION_FINISHED=2
  OPERATION_FAILED=3 OPERATION_ERROR=4 OPERATION_DROPPED=5 OPERATION_UNREACHABLE=6
  OPERATION_GONE_BY_OPERATOR=7 OPERATION_RECOVERING=8 OPERATION_UNKNOWN=9
message OperationStatus: operation_id?OperationID=1 state!OperationState=2 message?string=3
  converted_resources*Resource=4 uuid?UUID=5 agent_id?AgentID=6
  resource_provider_id?ResourceProviderID=7
message Parameter: key!string=1 value!string=2
message Parameters: parameter*Parameter=1
message Port: number!uint32=1 name?string=2 protocol?string=3
  visibility?DiscoveryInfo.Visibility=4 labels?Labels=5
message Ports: ports*Port=1
message Request: agent_id?AgentID=1 resources*Resource=2
message Resource: provider_id?ResourceProviderID=12 name!string=1 type!Value.Type=2
  scalar?Value.Scalar=3 ranges?Value.Ranges=4 set?Value.Set=5 role?string=6
  allocation_info?Resource.AllocationInfo=11 reservation?Resource.ReservationInfo=8
  reservations*Resource.ReservationInfo=13 disk?Resource.DiskInfo=7
  revocable?Resource.RevocableInfo=9 shared?Resource.SharedInfo=10
message Resource.AllocationInfo: role?string=1
message Resource.DiskInfo: persistence?Resource.DiskInfo.Persistence=1 volume?Volume=2
  source?Resource.DiskInfo.Source=3
message Resource.DiskInfo.Persistence: id!string=1 principal?string=2
message Resource.DiskInfo.Source: type!Resource.DiskInfo.Source.Type=1
  path?Resource.DiskInfo.Source.Path=2 mount?Resource.DiskInfo.Source.Mount=3 vendor?string=7
  id?string=4 metadata?Labels=5 profile?string=6
message Resource.DiskInfo.Source.Mount: root?string=1
message Resource.DiskInfo.Source.Path: root?string=1
enum Resource.DiskInfo.Source.Type: UNKNOWN=0 PATH=1 MOUNT=2 BLOCK=3 RAW=4
message Resource.ReservationInfo: type?Resource.ReservationInfo.Type=4 role?string=3
  principal?string=1 labels?Labels=2
enum Resource.ReservationInfo.Type: UNKNOWN=0 STATIC=1 DYNAMIC=2
message Resource.RevocableInfo:
message Resource.SharedInfo:
message ResourceProviderID: value!string=1
message ResourceProviderInfo: id?ResourceProviderID=1 attributes*Attribute=2 type!string=3
  name!string=4 default_reservations*Resource.ReservationInfo=5
  storage?ResourceProviderInfo.Storage=6
message ResourceProviderInfo.Storage: plugin!CSIPluginInfo=1
  reconciliation_interval_seconds?double=2
message Role: name!string=1 weight!double=2 frameworks*FrameworkID=3 resources*Resource=4
message TimeInfo: nanoseconds!int64=1
message URL: scheme!string=1 address!Address=2 path?string=3 query*Parameter=4 fragment?string=5
message UUID: value!bytes=1
message Unavailability: start!TimeInfo=1 duration?DurationInfo=2
message Value.Range: begin!uint64=1 end!uint64=2
message Value.Ranges: range*Value.Range=1
message Value.Scalar: value!double=1
message Value.Set: item*string=1
message Value.Text: value!string=1
enum Value.Type: SCALAR=0 RANGES=1 SET=2 TEXT=3
message VersionInfo: version!string=1 build_date?string=2 build_time?double=3 build_user?string=4
  git_sha?string=5 git_branch?string=6 git_tag?string=7
message WeightInfo: weight!double=1 role?string=2
message google.protobuf.Duration: seconds?int64=1 nanos?int32=2
`;
