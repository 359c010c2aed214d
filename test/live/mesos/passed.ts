/**
 * The groups of scenarios that have passed as a whole, and the seconds that each takes on two idle
 * cores.
 */
export const passed: Readonly<Record<string, number>> = {
  operators: 15,
  agents: 10,
  calls: 30,
  tasks: 50,
  refusals: 10,
  resources: 40,
  constraints: 15,
  roles: 70,
};
