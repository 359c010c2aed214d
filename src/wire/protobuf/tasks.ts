/**
 * Tasks, executors, containers and what they use, by the field numbers of Mesos
 * (apache/mesos include/mesos/v1/mesos.proto).
 */

/** Messages and enums, in the notation of `notation.ts`. */
export const tasks = `
message CSIPluginContainerInfo: services*CSIPluginContainerInfo.Service=1 command?CommandInfo=2
  resources*Resource=3 container?ContainerInfo=4
enum CSIPluginContainerInfo.Service: UNKNOWN=0 CONTROLLER_SERVICE=1 NODE_SERVICE=2
message CSIPluginEndpoint: csi_service!CSIPluginContainerInfo.Service=1 endpoint!string=2
message CSIPluginInfo: type!string=1 name?string=2 containers*CSIPluginContainerInfo=3
  endpoints*CSIPluginEndpoint=4 target_path_root?string=5 target_path_exists?bool=6
message CapabilityInfo: capabilities*CapabilityInfo.Capability=1
enum CapabilityInfo.Capability: UNKNOWN=0 CHOWN=1000 DAC_OVERRIDE=1001 DAC_READ_SEARCH=1002
  FOWNER=1003 FSETID=1004 KILL=1005 SETGID=1006 SETUID=1007 SETPCAP=1008 LINUX_IMMUTABLE=1009
  NET_BIND_SERVICE=1010 NET_BROADCAST=1011 NET_ADMIN=1012 NET_RAW=1013 IPC_LOCK=1014
  IPC_OWNER=1015 SYS_MODULE=1016 SYS_RAWIO=1017 SYS_CHROOT=1018 SYS_PTRACE=1019 SYS_PACCT=1020
  SYS_ADMIN=1021 SYS_BOOT=1022 SYS_NICE=1023 SYS_RESOURCE=1024 SYS_TIME=1025 SYS_TTY_CONFIG=1026
  MKNOD=1027 LEASE=1028 AUDIT_WRITE=1029 AUDIT_CONTROL=1030 SETFCAP=1031 MAC_OVERRIDE=1032
  MAC_ADMIN=1033 SYSLOG=1034 WAKE_ALARM=1035 BLOCK_SUSPEND=1036 AUDIT_READ=1037 PERFMON=1038
  BPF=1039 CHECKPOINT_RESTORE=1040
message CgroupInfo: net_cls?CgroupInfo.NetCls=1
message CgroupInfo.Blkio.CFQ.Statistics: device?Device.Number=1 sectors?uint64=2 time?uint64=3
  io_serviced*CgroupInfo.Blkio.Value=4 io_service_bytes*CgroupInfo.Blkio.Value=5
  io_service_time*CgroupInfo.Blkio.Value=6 io_wait_time*CgroupInfo.Blkio.Value=7
  io_merged*CgroupInfo.Blkio.Value=8 io_queued*CgroupInfo.Blkio.Value=9
enum CgroupInfo.Blkio.Operation: UNKNOWN=0 TOTAL=1 READ=2 WRITE=3 SYNC=4 ASYNC=5 DISCARD=6
message CgroupInfo.Blkio.Statistics: cfq*CgroupInfo.Blkio.CFQ.Statistics=1
  cfq_recursive*CgroupInfo.Blkio.CFQ.Statistics=2
  throttling*CgroupInfo.Blkio.Throttling.Statistics=3
message CgroupInfo.Blkio.Throttling.Statistics: device?Device.Number=1
  io_serviced*CgroupInfo.Blkio.Value=2 io_service_bytes*CgroupInfo.Blkio.Value=3
message CgroupInfo.Blkio.Value: op?CgroupInfo.Blkio.Operation=1 value?uint64=2
message CgroupInfo.NetCls: classid?uint32=1
message CheckInfo: type?CheckInfo.Type=1 command?CheckInfo.Command=2 http?CheckInfo.Http=3
  tcp?CheckInfo.Tcp=7 delay_seconds?double=4 interval_seconds?double=5 timeout_seconds?double=6
message CheckInfo.Command: command!CommandInfo=1
message CheckInfo.Http: port!uint32=1 path?string=2
message CheckInfo.Tcp: port!uint32=1
enum CheckInfo.Type: UNKNOWN=0 COMMAND=1 HTTP=2 TCP=3
message CheckStatusInfo: type?CheckInfo.Type=1 command?CheckStatusInfo.Command=2
  http?CheckStatusInfo.Http=3 tcp?CheckStatusInfo.Tcp=4
message CheckStatusInfo.Command: exit_code?int32=1
message CheckStatusInfo.Http: status_code?uint32=1
message CheckStatusInfo.Tcp: succeeded?bool=1
message CommandInfo: uris*CommandInfo.URI=1 environment?Environment=2 shell?bool=6 value?string=3
  arguments*string=7 user?string=5
message CommandInfo.URI: value!string=1 executable?bool=2 extract?bool=3 cache?bool=4
  output_file?string=5
message ContainerID: value!string=1 parent?ContainerID=2
message ContainerInfo: type!ContainerInfo.Type=1 volumes*Volume=2 hostname?string=4
  docker?ContainerInfo.DockerInfo=3 mesos?ContainerInfo.MesosInfo=5 network_infos*NetworkInfo=7
  linux_info?LinuxInfo=8 rlimit_info?RLimitInfo=9 tty_info?TTYInfo=10
message ContainerInfo.DockerInfo: image!string=1 network?ContainerInfo.DockerInfo.Network=2
  port_mappings*ContainerInfo.DockerInfo.PortMapping=3 privileged?bool=4 parameters*Parameter=5
  force_pull_image?bool=6 volume_driver?string=7
enum ContainerInfo.DockerInfo.Network: HOST=1 BRIDGE=2 NONE=3 USER=4
message ContainerInfo.DockerInfo.PortMapping: host_port!uint32=1 container_port!uint32=2
  protocol?string=3
message ContainerInfo.MesosInfo: image?Image=1
enum ContainerInfo.Type: DOCKER=1 MESOS=2
message ContainerStatus: container_id?ContainerID=4 network_infos*NetworkInfo=1
  cgroup_info?CgroupInfo=2 executor_pid?uint32=3
message DiscoveryInfo: visibility!DiscoveryInfo.Visibility=1 name?string=2 environment?string=3
  location?string=4 version?string=5 ports?Ports=6 labels?Labels=7
enum DiscoveryInfo.Visibility: FRAMEWORK=0 CLUSTER=1 EXTERNAL=2
message DiskStatistics: source?Resource.DiskInfo.Source=1
  persistence?Resource.DiskInfo.Persistence=2 limit_bytes?uint64=3 used_bytes?uint64=4
message Environment: variables*Environment.Variable=1
message Environment.Variable: name!string=1 type?Environment.Variable.Type=3 value?string=2
  secret?Secret=4
enum Environment.Variable.Type: UNKNOWN=0 VALUE=1 SECRET=2
message ExecutorID: value!string=1
message ExecutorInfo: type?ExecutorInfo.Type=15 executor_id!ExecutorID=1
  framework_id?FrameworkID=8 command?CommandInfo=7 container?ContainerInfo=11 resources*Resource=5
  name?string=9 source?string=10 data?bytes=4 discovery?DiscoveryInfo=12
  shutdown_grace_period?DurationInfo=13 labels?Labels=14
enum ExecutorInfo.Type: UNKNOWN=0 DEFAULT=1 CUSTOM=2
message HealthCheck: delay_seconds?double=2 interval_seconds?double=3 timeout_seconds?double=4
  consecutive_failures?uint32=5 grace_period_seconds?double=6 type?HealthCheck.Type=8
  command?CommandInfo=7 http?HealthCheck.HTTPCheckInfo=1 tcp?HealthCheck.TCPCheckInfo=9
message HealthCheck.HTTPCheckInfo: protocol?NetworkInfo.Protocol=5 scheme?string=3 port!uint32=1
  path?string=2 statuses*uint32=4
message HealthCheck.TCPCheckInfo: protocol?NetworkInfo.Protocol=2 port!uint32=1
enum HealthCheck.Type: UNKNOWN=0 COMMAND=1 HTTP=2 TCP=3
message IcmpStatistics: InMsgs?int64=1 InErrors?int64=2 InCsumErrors?int64=3
  InDestUnreachs?int64=4 InTimeExcds?int64=5 InParmProbs?int64=6 InSrcQuenchs?int64=7
  InRedirects?int64=8 InEchos?int64=9 InEchoReps?int64=10 InTimestamps?int64=11
  InTimestampReps?int64=12 InAddrMasks?int64=13 InAddrMaskReps?int64=14 OutMsgs?int64=15
  OutErrors?int64=16 OutDestUnreachs?int64=17 OutTimeExcds?int64=18 OutParmProbs?int64=19
  OutSrcQuenchs?int64=20 OutRedirects?int64=21 OutEchos?int64=22 OutEchoReps?int64=23
  OutTimestamps?int64=24 OutTimestampReps?int64=25 OutAddrMasks?int64=26 OutAddrMaskReps?int64=27
message Image: type!Image.Type=1 appc?Image.Appc=2 docker?Image.Docker=3 cached?bool=4
message Image.Appc: name!string=1 id?string=2 labels?Labels=3
message Image.Docker: name!string=1 credential?Credential=2 config?Secret=3
enum Image.Type: APPC=1 DOCKER=2
message IpStatistics: Forwarding?int64=1 DefaultTTL?int64=2 InReceives?int64=3 InHdrErrors?int64=4
  InAddrErrors?int64=5 ForwDatagrams?int64=6 InUnknownProtos?int64=7 InDiscards?int64=8
  InDelivers?int64=9 OutRequests?int64=10 OutDiscards?int64=11 OutNoRoutes?int64=12
  ReasmTimeout?int64=13 ReasmReqds?int64=14 ReasmOKs?int64=15 ReasmFails?int64=16 FragOKs?int64=17
  FragFails?int64=18 FragCreates?int64=19
message KillPolicy: grace_period?DurationInfo=1
message LinuxInfo: capability_info?CapabilityInfo=1 bounding_capabilities?CapabilityInfo=2
  effective_capabilities?CapabilityInfo=3 share_pid_namespace?bool=4 seccomp?SeccompInfo=5
  ipc_mode?LinuxInfo.IpcMode=6 shm_size?uint32=7 share_cgroups?bool=8
enum LinuxInfo.IpcMode: UNKNOWN=0 PRIVATE=1 SHARE_PARENT=2
message NetworkInfo: ip_addresses*NetworkInfo.IPAddress=5 name?string=6 groups*string=3
  labels?Labels=4 port_mappings*NetworkInfo.PortMapping=7
message NetworkInfo.IPAddress: protocol?NetworkInfo.Protocol=1 ip_address?string=2
message NetworkInfo.PortMapping: host_port!uint32=1 container_port!uint32=2 protocol?string=3
enum NetworkInfo.Protocol: IPv4=1 IPv6=2
message PerfStatistics: timestamp!double=1 duration!double=2 cycles?uint64=3
  stalled_cycles_frontend?uint64=4 stalled_cycles_backend?uint64=5 instructions?uint64=6
  cache_references?uint64=7 cache_misses?uint64=8 branches?uint64=9 branch_misses?uint64=10
  bus_cycles?uint64=11 ref_cycles?uint64=12 cpu_clock?double=13 task_clock?double=14
  page_faults?uint64=15 minor_faults?uint64=16 major_faults?uint64=17 context_switches?uint64=18
  cpu_migrations?uint64=19 alignment_faults?uint64=20 emulation_faults?uint64=21
  l1_dcache_loads?uint64=22 l1_dcache_load_misses?uint64=23 l1_dcache_stores?uint64=24
  l1_dcache_store_misses?uint64=25 l1_dcache_prefetches?uint64=26
  l1_dcache_prefetch_misses?uint64=27 l1_icache_loads?uint64=28 l1_icache_load_misses?uint64=29
  l1_icache_prefetches?uint64=30 l1_icache_prefetch_misses?uint64=31 llc_loads?uint64=32
  llc_load_misses?uint64=33 llc_stores?uint64=34 llc_store_misses?uint64=35
  llc_prefetches?uint64=36 llc_prefetch_misses?uint64=37 dtlb_loads?uint64=38
  dtlb_load_misses?uint64=39 dtlb_stores?uint64=40 dtlb_store_misses?uint64=41
  dtlb_prefetches?uint64=42 dtlb_prefetch_misses?uint64=43 itlb_loads?uint64=44
  itlb_load_misses?uint64=45 branch_loads?uint64=46 branch_load_misses?uint64=47
  node_loads?uint64=48 node_load_misses?uint64=49 node_stores?uint64=50
  node_store_misses?uint64=51 node_prefetches?uint64=52 node_prefetch_misses?uint64=53
message RLimitInfo: rlimits*RLimitInfo.RLimit=1
message RLimitInfo.RLimit: type?RLimitInfo.RLimit.Type=1 hard?uint64=2 soft?uint64=3
enum RLimitInfo.RLimit.Type: UNKNOWN=0 RLMT_AS=1 RLMT_CORE=2 RLMT_CPU=3 RLMT_DATA=4 RLMT_FSIZE=5
  RLMT_LOCKS=6 RLMT_MEMLOCK=7 RLMT_MSGQUEUE=8 RLMT_NICE=9 RLMT_NOFILE=10 RLMT_NPROC=11 RLMT_RSS=12
  RLMT_RTPRIO=13 RLMT_RTTIME=14 RLMT_SIGPENDING=15 RLMT_STACK=16
message ResourceStatistics: timestamp!double=1 processes?uint32=30 threads?uint32=31
  cpus_user_time_secs?double=2 cpus_system_time_secs?double=3 cpus_limit?double=4
  cpus_soft_limit?double=45 cpus_nr_periods?uint32=7 cpus_nr_throttled?uint32=8
  cpus_throttled_time_secs?double=9 mem_total_bytes?uint64=36 mem_total_memsw_bytes?uint64=37
  mem_kmem_usage_bytes?uint64=52 mem_kmem_tcp_usage_bytes?uint64=53 mem_limit_bytes?uint64=6
  mem_soft_limit_bytes?uint64=38 mem_file_bytes?uint64=10 mem_anon_bytes?uint64=11
  mem_cache_bytes?uint64=39 mem_rss_bytes?uint64=5 mem_mapped_file_bytes?uint64=12
  mem_swap_bytes?uint64=40 mem_unevictable_bytes?uint64=41 mem_low_pressure_counter?uint64=32
  mem_medium_pressure_counter?uint64=33 mem_critical_pressure_counter?uint64=34
  disk_limit_bytes?uint64=26 disk_used_bytes?uint64=27 disk_statistics*DiskStatistics=43
  blkio_statistics?CgroupInfo.Blkio.Statistics=44 perf?PerfStatistics=13 net_rx_packets?uint64=14
  net_rx_bytes?uint64=15 net_rx_errors?uint64=16 net_rx_dropped?uint64=17 net_tx_packets?uint64=18
  net_tx_bytes?uint64=19 net_tx_errors?uint64=20 net_tx_dropped?uint64=21
  net_tx_rate_limit?uint64=46 net_tx_burst_rate_limit?uint64=47 net_tx_burst_size?uint64=48
  net_rx_rate_limit?uint64=49 net_rx_burst_rate_limit?uint64=50 net_rx_burst_size?uint64=51
  net_rate_statistics?ResourceStatistics.RateStatistics=54 net_ephemeral_ports?Value.Range=55
  net_tcp_rtt_microsecs_p50?double=22 net_tcp_rtt_microsecs_p90?double=23
  net_tcp_rtt_microsecs_p95?double=24 net_tcp_rtt_microsecs_p99?double=25
  net_tcp_active_connections?double=28 net_tcp_time_wait_connections?double=29
  net_traffic_control_statistics*TrafficControlStatistics=35 net_snmp_statistics?SNMPStatistics=42
message ResourceStatistics.RatePercentiles: min?uint64=1 max?uint64=2 p50?uint64=3 p90?uint64=4
  p95?uint64=5 p99?uint64=6 p999?uint64=7 p9999?uint64=8 samples?uint64=9
message ResourceStatistics.RateStatistics: rx_rate?ResourceStatistics.RatePercentiles=1
  rx_packet_rate?ResourceStatistics.RatePercentiles=2
  rx_drop_rate?ResourceStatistics.RatePercentiles=3
  rx_error_rate?ResourceStatistics.RatePercentiles=4 tx_rate?ResourceStatistics.RatePercentiles=5
  tx_packet_rate?ResourceStatistics.RatePercentiles=6
  tx_drop_rate?ResourceStatistics.RatePercentiles=7
  tx_error_rate?ResourceStatistics.RatePercentiles=8 sampling_window_secs?double=9
  sampling_interval_secs?double=10
message SNMPStatistics: ip_stats?IpStatistics=1 icmp_stats?IcmpStatistics=2
  tcp_stats?TcpStatistics=3 udp_stats?UdpStatistics=4
message SeccompInfo: profile_name?string=1 unconfined?bool=2
message Secret: type?Secret.Type=1 reference?Secret.Reference=2 value?Secret.Value=3
message Secret.Reference: name!string=1 key?string=2
enum Secret.Type: UNKNOWN=0 REFERENCE=1 VALUE=2
message Secret.Value: data!bytes=1
message TTYInfo: window_size?TTYInfo.WindowSize=1
message TTYInfo.WindowSize: rows!uint32=1 columns!uint32=2
message Task: name!string=1 task_id!TaskID=2 framework_id!FrameworkID=3 executor_id?ExecutorID=4
  agent_id!AgentID=5 state!TaskState=6 resources*Resource=7 statuses*TaskStatus=8
  status_update_state?TaskState=9 status_update_uuid?bytes=10 labels?Labels=11
  discovery?DiscoveryInfo=12 container?ContainerInfo=13 health_check?HealthCheck=15
  kill_policy?KillPolicy=16 user?string=14 limits%Value.Scalar=17
message TaskGroupInfo: tasks*TaskInfo=1
message TaskID: value!string=1
message TaskInfo: name!string=1 task_id!TaskID=2 agent_id!AgentID=3 resources*Resource=4
  executor?ExecutorInfo=5 command?CommandInfo=7 container?ContainerInfo=9
  health_check?HealthCheck=8 check?CheckInfo=13 kill_policy?KillPolicy=12 data?bytes=6
  labels?Labels=10 discovery?DiscoveryInfo=11 max_completion_time?DurationInfo=14
  limits%Value.Scalar=15
message TaskResourceLimitation: resources*Resource=1
enum TaskState: TASK_STAGING=6 TASK_STARTING=0 TASK_RUNNING=1 TASK_KILLING=8 TASK_FINISHED=2
  TASK_FAILED=3 TASK_KILLED=4 TASK_ERROR=7 TASK_LOST=5 TASK_DROPPED=9 TASK_UNREACHABLE=10
  TASK_GONE=11 TASK_GONE_BY_OPERATOR=12 TASK_UNKNOWN=13
message TaskStatus: task_id!TaskID=1 state!TaskState=2 message?string=4 source?TaskStatus.Source=9
  reason?TaskStatus.Reason=10 data?bytes=3 agent_id?AgentID=5 executor_id?ExecutorID=7
  timestamp?double=6 uuid?bytes=11 healthy?bool=8 check_status?CheckStatusInfo=15 labels?Labels=12
  container_status?ContainerStatus=13 unreachable_time?TimeInfo=14
  limitation?TaskResourceLimitation=16
enum TaskStatus.Reason: REASON_COMMAND_EXECUTOR_FAILED=0 REASON_CONTAINER_LAUNCH_FAILED=21
  REASON_CONTAINER_LIMITATION=19 REASON_CONTAINER_LIMITATION_DISK=20
  REASON_CONTAINER_LIMITATION_MEMORY=8 REASON_CONTAINER_PREEMPTED=17
  REASON_CONTAINER_UPDATE_FAILED=22 REASON_MAX_COMPLETION_TIME_REACHED=33
  REASON_EXECUTOR_REGISTRATION_TIMEOUT=23 REASON_EXECUTOR_REREGISTRATION_TIMEOUT=24
  REASON_EXECUTOR_TERMINATED=1 REASON_EXECUTOR_UNREGISTERED=2 REASON_FRAMEWORK_REMOVED=3
  REASON_GC_ERROR=4 REASON_INVALID_FRAMEWORKID=5 REASON_INVALID_OFFERS=6
  REASON_IO_SWITCHBOARD_EXITED=27 REASON_MASTER_DISCONNECTED=7 REASON_RECONCILIATION=9
  REASON_RESOURCES_UNKNOWN=18 REASON_AGENT_DISCONNECTED=10 REASON_AGENT_DRAINING=34
  REASON_AGENT_REMOVED=11 REASON_AGENT_REMOVED_BY_OPERATOR=31 REASON_AGENT_REREGISTERED=32
  REASON_AGENT_RESTARTED=12 REASON_AGENT_UNKNOWN=13 REASON_TASK_KILLED_DURING_LAUNCH=30
  REASON_TASK_CHECK_STATUS_UPDATED=28 REASON_TASK_HEALTH_CHECK_STATUS_UPDATED=29
  REASON_TASK_GROUP_INVALID=25 REASON_TASK_GROUP_UNAUTHORIZED=26 REASON_TASK_INVALID=14
  REASON_TASK_UNAUTHORIZED=15 REASON_TASK_UNKNOWN=16
enum TaskStatus.Source: SOURCE_MASTER=0 SOURCE_AGENT=1 SOURCE_EXECUTOR=2
message TcpStatistics: RtoAlgorithm?int64=1 RtoMin?int64=2 RtoMax?int64=3 MaxConn?int64=4
  ActiveOpens?int64=5 PassiveOpens?int64=6 AttemptFails?int64=7 EstabResets?int64=8
  CurrEstab?int64=9 InSegs?int64=10 OutSegs?int64=11 RetransSegs?int64=12 InErrs?int64=13
  OutRsts?int64=14 InCsumErrors?int64=15
message TrafficControlStatistics: id!string=1 backlog?uint64=2 bytes?uint64=3 drops?uint64=4
  overlimits?uint64=5 packets?uint64=6 qlen?uint64=7 ratebps?uint64=8 ratepps?uint64=9
  requeues?uint64=10
message UdpStatistics: InDatagrams?int64=1 NoPorts?int64=2 InErrors?int64=3 OutDatagrams?int64=4
  RcvbufErrors?int64=5 SndbufErrors?int64=6 InCsumErrors?int64=7 IgnoredMulti?int64=8
message Volume: mode!Volume.Mode=3 container_path!string=1 host_path?string=2 image?Image=4
  source?Volume.Source=5
enum Volume.Mode: RW=1 RO=2
message Volume.Source: type?Volume.Source.Type=1 docker_volume?Volume.Source.DockerVolume=2
  host_path?Volume.Source.HostPath=5 sandbox_path?Volume.Source.SandboxPath=3 secret?Secret=4
  csi_volume?Volume.Source.CSIVolume=6
message Volume.Source.CSIVolume: plugin_name!string=1
  static_provisioning?Volume.Source.CSIVolume.StaticProvisioning=2
message Volume.Source.CSIVolume.StaticProvisioning: volume_id!string=1
  volume_capability!Volume.Source.CSIVolume.VolumeCapability=2 node_stage_secrets%Secret=3
  node_publish_secrets%Secret=4 volume_context%string=5
message Volume.Source.CSIVolume.VolumeCapability:
  block?Volume.Source.CSIVolume.VolumeCapability.BlockVolume=1
  mount?Volume.Source.CSIVolume.VolumeCapability.MountVolume=2
  access_mode!Volume.Source.CSIVolume.VolumeCapability.AccessMode=3
message Volume.Source.CSIVolume.VolumeCapability.AccessMode:
  mode!Volume.Source.CSIVolume.VolumeCapability.AccessMode.Mode=1
enum Volume.Source.CSIVolume.VolumeCapability.AccessMode.Mode: UNKNOWN=0 SINGLE_NODE_WRITER=1
  SINGLE_NODE_READER_ONLY=2 MULTI_NODE_READER_ONLY=3 MULTI_NODE_SINGLE_WRITER=4
  MULTI_NODE_MULTI_WRITER=5
message Volume.Source.CSIVolume.VolumeCapability.BlockVolume:
message Volume.Source.CSIVolume.VolumeCapability.MountVolume: fs_type?string=1
  mount_flags*string=2
message Volume.Source.DockerVolume: driver?string=1 name!string=2 driver_options?Parameters=3
message Volume.Source.HostPath: path!string=1 mount_propagation?MountPropagation=2
message Volume.Source.SandboxPath: type?Volume.Source.SandboxPath.Type=1 path!string=2
enum Volume.Source.SandboxPath.Type: UNKNOWN=0 SELF=1 PARENT=2
enum Volume.Source.Type: UNKNOWN=0 DOCKER_VOLUME=1 HOST_PATH=4 SANDBOX_PATH=2 SECRET=3
  CSI_VOLUME=5
`;
