/**
 * What `down --purge` does on an Apache Mesos before the control plane is erased: everything that
 * it runs there is uninstalled and its framework torn down, so that nothing stays reserved
 * (DESIGN §11.8). On an embedded cluster all of this dies with the cluster.
 */
import { asList, asObject } from '../../client/answers.js';
import { listApps, removeApp } from '../../client/apps.js';
import { clusterStatus } from '../../client/failures.js';
import type { Http } from '../../client/http.js';
import { mesosState } from '../../client/nodes.js';
import { watchOperation } from '../../client/operations.js';
import { listPackages, uninstallPackage } from '../../client/packages.js';
import { DcosError } from '../../core/errors.js';

/** The framework of the control plane itself. */
const ownFramework = 'services';

/** Told what is being given back. */
export interface GiveBackTeller {
  say(text: string): void;
  progress(text: string): void;
}

/**
 * Uninstalls every package, removes every app and tears the control plane's framework down.
 * Where the Mesos is not there, says so and leaves it. Throws `failed` where an uninstall fails.
 */
export async function giveBack(http: Http, tell: GiveBackTeller): Promise<void> {
  const { mesos } = await clusterStatus(http);
  if (!mesos.connected) {
    tell.say(`${mesos.url} is not there: what is still reserved on it is not given back.`);
    return;
  }
  for (const { appId, definition } of await listPackages(http)) {
    tell.progress(`uninstalling ${appId}`);
    const request = { packageName: String(definition.name), appId };
    const { operationId } = await uninstallPackage(http, request);
    if (operationId !== undefined) await waitForEnd(http, operationId);
  }
  for (const { id } of await listApps(http)) await removeApp(http, String(id), true);
  await tearDown(http);
}

async function waitForEnd(http: Http, operationId: string): Promise<void> {
  for await (const { status, reason, appId } of watchOperation(http, operationId)) {
    if (status !== 'failed' && status !== 'cancelled') continue;
    throw new DcosError('failed', `${appId} could not be uninstalled: ${reason ?? status}`, {
      hint: 'Nothing was erased. See dcos status, then try again.',
    });
  }
}

async function tearDown(http: Http): Promise<void> {
  const frameworks = asList((await mesosState(http)).frameworks).map(asObject);
  for (const { id, name } of frameworks) {
    if (name !== ownFramework || typeof id !== 'string') continue;
    const body = { type: 'TEARDOWN', teardown: { framework_id: { value: id } } };
    await http.json({ method: 'POST', path: '/mesos/api/v1', body });
  }
}
