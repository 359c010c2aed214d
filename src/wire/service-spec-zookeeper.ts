/** `zookeeper-nodes` of `service.yaml`: what an uninstall removes from a ZooKeeper. */
import type { ServiceSpec } from './service-spec.js';
import type { SpecNode } from './service-spec-node.js';

/**
 * Reads `{servers: 'address:port,…', paths: [/node]}`. Without servers (an option that was left
 * empty) there is nothing to remove.
 */
export function zookeeperNodesOf(node: SpecNode | undefined): Pick<ServiceSpec, 'zookeeperNodes'> {
  if (node === undefined) return {};
  node.keys(['servers', 'paths']);
  const servers = node.text('servers', '');
  const paths = node.texts('paths');
  if (paths.length === 0) node.wrong('paths', 'must name a node');
  for (const [index, path] of paths.entries()) {
    // Never the root, nor what another's name begins with.
    if (/^(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)+$/.test(path)) continue;
    node.wrong(`paths.${index}`, `'${path}' must be the absolute path of a node below the root`);
  }
  for (const server of servers === '' ? [] : servers.split(',')) {
    if (/^[A-Za-z0-9.-]+:\d{1,5}$/.test(server)) continue;
    node.wrong('servers', `'${server}' must be of the form address:port`);
  }
  return servers === '' ? {} : { zookeeperNodes: { servers, paths } };
}
