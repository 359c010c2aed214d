/** The fields of an app that a user may set (Marathon 1.9, AppDefinition). Pure. */
import { DcosError } from '../../../core/errors.js';
import { didYouMean } from '../../suggest.js';

const fields = [
  ...['acceptedResourceRoles', 'args', 'backoffFactor', 'backoffSeconds', 'check', 'cmd'],
  ...['constraints', 'container', 'cpus', 'dependencies', 'disk', 'env', 'executor'],
  ...['executorResources', 'fetch', 'gpus', 'healthChecks', 'id', 'instances', 'ipAddress'],
  ...['killSelection', 'labels', 'maxLaunchDelaySeconds', 'mem', 'networks', 'portDefinitions'],
  ...['ports', 'readinessChecks', 'requirePorts', 'residency', 'resourceLimits', 'role', 'secrets'],
  ...['storeUrls', 'taskKillGracePeriodSeconds', 'tty', 'unreachableStrategy', 'upgradeStrategy'],
  ...['uris', 'user', 'version'],
];

/** Checks that an app has such a field: Marathon would silently ignore it. Throws `usage`. */
export function checkField(name: string): void {
  if (fields.includes(name)) return;
  throw new DcosError('usage', `'${name}' is not a field of an app`, {
    hint: didYouMean(name, fields) ?? `Fields: ${fields.join(', ')}`,
  });
}
