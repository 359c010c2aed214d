/** Makes a container that moved on its new node, and starts it if it ran. */
import { messageOf } from '../../core/errors.js';
import { clusterLabel } from '../create/labels.js';
import type { Node } from '../state.js';
import { networkNames } from './bindings.js';
import type { Swarm } from './context.js';
import { makeContainer } from './create.js';
import { expectOk } from './engines.js';

/** Does it; what fails is tried again by the next placement. */
export async function makeAgain(swarm: Swarm, swarmId: string): Promise<void> {
  const container = swarm.state.containers.get(swarmId);
  if (container === undefined) return;
  const { isRunning: wasRunning, taskId = '' } = container;
  try {
    const node = swarm.engines.healthy(container.agentId, `Container ${container.name}`);
    await bringNetworks(swarm, node, networkNames(container.body));
    const { id } = await makeContainer(swarm, container, node, '', '');
    if (wasRunning)
      expectOk(node, await swarm.engines.call(node, 'POST', `/containers/${id}/start`));
    await swarm.driver.ask((requestId) => ({
      type: 'ContainerMade',
      requestId,
      swarmId,
      taskId,
      containerId: id,
    }));
    swarm.log.info('a container runs on another node', { name: container.name, node: node.name });
  } catch (error) {
    swarm.log.warn('a container could not be made on another node', {
      name: container.name,
      error: messageOf(error),
    });
    swarm.driver.submit({ type: 'ContainerRefused', swarmId, taskId });
  }
}

/** A bridge network was on the lost node: what moves finds one of that name where it goes. */
async function bringNetworks(swarm: Swarm, node: Node, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const there = await swarm.engines.call(node, 'GET', `/networks/${encodeURIComponent(name)}`);
    if (there.status === 200) continue;
    const Labels = { [clusterLabel]: swarm.state.settings.clusterId };
    const json = { Name: name, Driver: 'bridge', CheckDuplicate: true, Labels };
    expectOk(node, await swarm.engines.call(node, 'POST', '/networks/create', { json }));
  }
}

/** Starts a container that its agent had stopped; what fails stays stopped, and is told. */
export async function resume(swarm: Swarm, swarmId: string): Promise<void> {
  const container = swarm.state.containers.get(swarmId);
  const node = swarm.state.nodes.get(container?.agentId ?? '');
  if (container?.containerId === undefined || node === undefined) return;
  try {
    const path = `/containers/${container.containerId}/start`;
    expectOk(node, await swarm.engines.call(node, 'POST', path));
  } catch (error) {
    swarm.log.warn('a container could not be started again', {
      name: container.name,
      error: messageOf(error),
    });
  }
}
