/**
 * The APIs of schedulers and executors, quota, maintenance and offer filters
 * (apache/mesos include/mesos/v1/{scheduler,executor,quota,maintenance,allocator}).
 */

/** Messages and enums, in the notation of `notation.ts`. */
export const frameworks = `
message scheduler.AttributeConstraint: selector!scheduler.AttributeConstraint.Selector=1
  predicate!scheduler.AttributeConstraint.Predicate=2
message scheduler.AttributeConstraint.Predicate:
  exists?scheduler.AttributeConstraint.Predicate.Exists=1
  not_exists?scheduler.AttributeConstraint.Predicate.NotExists=2
  text_equals?scheduler.AttributeConstraint.Predicate.TextEquals=3
  text_not_equals?scheduler.AttributeConstraint.Predicate.TextNotEquals=4
  text_matches?scheduler.AttributeConstraint.Predicate.TextMatches=5
  text_not_matches?scheduler.AttributeConstraint.Predicate.TextNotMatches=6
message scheduler.AttributeConstraint.Predicate.Exists:
message scheduler.AttributeConstraint.Predicate.NotExists:
message scheduler.AttributeConstraint.Predicate.TextEquals: value!string=1
message scheduler.AttributeConstraint.Predicate.TextMatches: regex!string=1
message scheduler.AttributeConstraint.Predicate.TextNotEquals: value!string=1
message scheduler.AttributeConstraint.Predicate.TextNotMatches: regex!string=1
message scheduler.AttributeConstraint.Selector:
  pseudoattribute_type?scheduler.AttributeConstraint.Selector.PseudoattributeType=1
  attribute_name?string=2
enum scheduler.AttributeConstraint.Selector.PseudoattributeType: UNKNOWN=0 HOSTNAME=1 REGION=2
  ZONE=3
message scheduler.Call: framework_id?FrameworkID=1 type?scheduler.Call.Type=2
  subscribe?scheduler.Call.Subscribe=3 accept?scheduler.Call.Accept=4
  decline?scheduler.Call.Decline=5 accept_inverse_offers?scheduler.Call.AcceptInverseOffers=13
  decline_inverse_offers?scheduler.Call.DeclineInverseOffers=14 revive?scheduler.Call.Revive=15
  kill?scheduler.Call.Kill=6 shutdown?scheduler.Call.Shutdown=7
  acknowledge?scheduler.Call.Acknowledge=8
  acknowledge_operation_status?scheduler.Call.AcknowledgeOperationStatus=17
  reconcile?scheduler.Call.Reconcile=9 reconcile_operations?scheduler.Call.ReconcileOperations=18
  message?scheduler.Call.Message=10 request?scheduler.Call.Request=11
  suppress?scheduler.Call.Suppress=16 update_framework?scheduler.Call.UpdateFramework=19
message scheduler.Call.Accept: offer_ids*OfferID=1 operations*Offer.Operation=2 filters?Filters=3
message scheduler.Call.AcceptInverseOffers: inverse_offer_ids*OfferID=1 filters?Filters=2
message scheduler.Call.Acknowledge: agent_id!AgentID=1 task_id!TaskID=2 uuid!bytes=3
message scheduler.Call.AcknowledgeOperationStatus: agent_id?AgentID=1
  resource_provider_id?ResourceProviderID=2 uuid!bytes=3 operation_id!OperationID=4
message scheduler.Call.Decline: offer_ids*OfferID=1 filters?Filters=2
message scheduler.Call.DeclineInverseOffers: inverse_offer_ids*OfferID=1 filters?Filters=2
message scheduler.Call.Kill: task_id!TaskID=1 agent_id?AgentID=2 kill_policy?KillPolicy=3
message scheduler.Call.Message: agent_id!AgentID=1 executor_id!ExecutorID=2 data!bytes=3
message scheduler.Call.Reconcile: tasks*scheduler.Call.Reconcile.Task=1
message scheduler.Call.Reconcile.Task: task_id!TaskID=1 agent_id?AgentID=2
message scheduler.Call.ReconcileOperations:
  operations*scheduler.Call.ReconcileOperations.Operation=1
message scheduler.Call.ReconcileOperations.Operation: operation_id!OperationID=1
  agent_id?AgentID=2 resource_provider_id?ResourceProviderID=3
message scheduler.Call.Request: requests*Request=1
message scheduler.Call.Revive: roles*string=1
message scheduler.Call.Shutdown: executor_id!ExecutorID=1 agent_id!AgentID=2
message scheduler.Call.Subscribe: framework_info!FrameworkInfo=1 suppressed_roles*string=2
  offer_constraints?scheduler.OfferConstraints=3
message scheduler.Call.Suppress: roles*string=1
enum scheduler.Call.Type: UNKNOWN=0 SUBSCRIBE=1 TEARDOWN=2 ACCEPT=3 DECLINE=4
  ACCEPT_INVERSE_OFFERS=13 DECLINE_INVERSE_OFFERS=14 REVIVE=5 KILL=6 SHUTDOWN=7 ACKNOWLEDGE=8
  ACKNOWLEDGE_OPERATION_STATUS=15 RECONCILE=9 RECONCILE_OPERATIONS=16 MESSAGE=10 REQUEST=11
  SUPPRESS=12 UPDATE_FRAMEWORK=17
message scheduler.Call.UpdateFramework: framework_info!FrameworkInfo=1 suppressed_roles*string=2
  offer_constraints?scheduler.OfferConstraints=3
message scheduler.Event: type?scheduler.Event.Type=1 subscribed?scheduler.Event.Subscribed=2
  offers?scheduler.Event.Offers=3 inverse_offers?scheduler.Event.InverseOffers=9
  rescind?scheduler.Event.Rescind=4 rescind_inverse_offer?scheduler.Event.RescindInverseOffer=10
  update?scheduler.Event.Update=5 update_operation_status?scheduler.Event.UpdateOperationStatus=11
  message?scheduler.Event.Message=6 failure?scheduler.Event.Failure=7
  error?scheduler.Event.Error=8
message scheduler.Event.Error: message!string=1
message scheduler.Event.Failure: agent_id?AgentID=1 executor_id?ExecutorID=2 status?int32=3
message scheduler.Event.InverseOffers: inverse_offers*InverseOffer=1
message scheduler.Event.Message: agent_id!AgentID=1 executor_id!ExecutorID=2 data!bytes=3
message scheduler.Event.Offers: offers*Offer=1
message scheduler.Event.Rescind: offer_id!OfferID=1
message scheduler.Event.RescindInverseOffer: inverse_offer_id!OfferID=1
message scheduler.Event.Subscribed: framework_id!FrameworkID=1 heartbeat_interval_seconds?double=2
  master_info?MasterInfo=3
enum scheduler.Event.Type: UNKNOWN=0 SUBSCRIBED=1 OFFERS=2 INVERSE_OFFERS=9 RESCIND=3
  RESCIND_INVERSE_OFFER=10 UPDATE=4 UPDATE_OPERATION_STATUS=11 MESSAGE=5 FAILURE=6 ERROR=7
  HEARTBEAT=8
message scheduler.Event.Update: status!TaskStatus=1
message scheduler.Event.UpdateOperationStatus: status!OperationStatus=1
message scheduler.OfferConstraints: role_constraints%scheduler.OfferConstraints.RoleConstraints=1
message scheduler.OfferConstraints.RoleConstraints:
  groups*scheduler.OfferConstraints.RoleConstraints.Group=1
message scheduler.OfferConstraints.RoleConstraints.Group:
  attribute_constraints*scheduler.AttributeConstraint=1
message scheduler.Response: type?scheduler.Response.Type=1
  reconcile_operations?scheduler.Response.ReconcileOperations=2
message scheduler.Response.ReconcileOperations: operation_statuses*OperationStatus=1
enum scheduler.Response.Type: UNKNOWN=0 RECONCILE_OPERATIONS=1
message executor.Call: executor_id!ExecutorID=1 framework_id!FrameworkID=2
  type?executor.Call.Type=3 subscribe?executor.Call.Subscribe=4 update?executor.Call.Update=5
  message?executor.Call.Message=6
message executor.Call.Message: data!bytes=2
message executor.Call.Subscribe: unacknowledged_tasks*TaskInfo=1
  unacknowledged_updates*executor.Call.Update=2
enum executor.Call.Type: UNKNOWN=0 SUBSCRIBE=1 UPDATE=2 MESSAGE=3 HEARTBEAT=4
message executor.Call.Update: status!TaskStatus=1
message executor.Event: type?executor.Event.Type=1 subscribed?executor.Event.Subscribed=2
  acknowledged?executor.Event.Acknowledged=3 launch?executor.Event.Launch=4
  launch_group?executor.Event.LaunchGroup=8 kill?executor.Event.Kill=5
  message?executor.Event.Message=6 error?executor.Event.Error=7
message executor.Event.Acknowledged: task_id!TaskID=1 uuid!bytes=2
message executor.Event.Error: message!string=1
message executor.Event.Kill: task_id!TaskID=1 kill_policy?KillPolicy=2
message executor.Event.Launch: task!TaskInfo=1
message executor.Event.LaunchGroup: task_group!TaskGroupInfo=1
message executor.Event.Message: data!bytes=1
message executor.Event.Subscribed: executor_info!ExecutorInfo=1 framework_info!FrameworkInfo=2
  agent_info!AgentInfo=3 container_id?ContainerID=4
enum executor.Event.Type: UNKNOWN=0 SUBSCRIBED=1 LAUNCH=2 LAUNCH_GROUP=8 KILL=3 ACKNOWLEDGED=4
  MESSAGE=5 ERROR=6 SHUTDOWN=7 HEARTBEAT=9
message allocator.InverseOfferStatus: status!allocator.InverseOfferStatus.Status=1
  framework_id!FrameworkID=2 timestamp!TimeInfo=3
enum allocator.InverseOfferStatus.Status: UNKNOWN=1 ACCEPT=2 DECLINE=3
message maintenance.ClusterStatus: draining_machines*maintenance.ClusterStatus.DrainingMachine=1
  down_machines*MachineID=2
message maintenance.ClusterStatus.DrainingMachine: id!MachineID=1
  statuses*allocator.InverseOfferStatus=2
message maintenance.Schedule: windows*maintenance.Window=1
message maintenance.Window: machine_ids*MachineID=1 unavailability!Unavailability=2
message quota.QuotaConfig: role!string=1 guarantees%Value.Scalar=2 limits%Value.Scalar=3
message quota.QuotaInfo: role?string=1 principal?string=2 guarantee*Resource=3
message quota.QuotaRequest: force?bool=1 role?string=2 guarantee*Resource=3
message quota.QuotaStatus: infos*quota.QuotaInfo=1 configs*quota.QuotaConfig=2
`;
