/** Every scenario, by group. */
import type { Scenario } from '../steps.js';
import { agentScenarios } from './agents.js';
import { callScenarios } from './calls.js';
import { constraintScenarios } from './constraints.js';
import { failoverScenarios } from './failover.js';
import { machineScenarios } from './machines.js';
import { operatorScenarios } from './operators.js';
import { podScenarios } from './pods.js';
import { refusalScenarios } from './refusals.js';
import { resourceScenarios } from './resources.js';
import { roleScenarios } from './roles.js';
import { taskScenarios } from './tasks.js';

/** The groups, each a live check of its own. */
export const groups: Readonly<Record<string, readonly Scenario[]>> = {
  operators: operatorScenarios,
  agents: agentScenarios,
  calls: callScenarios,
  tasks: taskScenarios,
  refusals: refusalScenarios,
  pods: podScenarios,
  resources: resourceScenarios,
  roles: roleScenarios,
  constraints: constraintScenarios,
  failover: failoverScenarios,
  machines: machineScenarios,
};
