/** The keys of dcos.toml, what they mean and what they take (reference/dcos-cli.md §3). Pure. */
import { DcosError } from '../../core/errors.js';
import { didYouMean } from '../suggest.js';

/** What a key takes. */
type Kind = 'text' | 'boolean' | 'number' | 'verify';

/** Known keys; others are taken as text. */
export const configKeys: Readonly<Record<string, { readonly kind: Kind; readonly text: string }>> =
  {
    'core.dcos_url': { kind: 'text', text: 'the address of the cluster' },
    'core.dcos_acs_token': { kind: 'text', text: 'the token of the last login' },
    'core.ssl_verify': {
      kind: 'verify',
      text: 'true, false, or a PEM file of accepted authorities',
    },
    'core.timeout': { kind: 'number', text: 'for one call, in seconds; 0 = no limit (180)' },
    'core.ssh_user': { kind: 'text', text: 'the user of dcos node ssh' },
    'core.ssh_proxy_ip': { kind: 'text', text: 'the machine that dcos node ssh goes through' },
    'core.pagination': { kind: 'boolean', text: 'whether long results are shown by pages' },
    'core.reporting': { kind: 'boolean', text: 'kept for compatibility: nothing is ever reported' },
    'core.prompt_login': { kind: 'boolean', text: 'whether a missing login is asked for' },
    'core.mesos_master_url': {
      kind: 'text',
      text: 'the address of the Mesos master instead of <url>/mesos',
    },
    'cluster.name': { kind: 'text', text: 'the name of the cluster' },
    'job.url': { kind: 'text', text: 'the address of the job service' },
    'job.service_name': { kind: 'text', text: 'the name of the job service' },
    'marathon.url': {
      kind: 'text',
      text: 'the address of Marathon instead of <url>/service/marathon',
    },
    'package.cosmos_url': { kind: 'text', text: 'the address of the package service' },
    'repositories.maven': {
      kind: 'text',
      text: 'base URL of a Maven repository, where there is no mvn (at the next dcos up)',
    },
    'repositories.pypi': {
      kind: 'text',
      text: 'base URL of a Python index, where there is no pip (at the next dcos up)',
    },
    'repositories.npm': { kind: 'text', text: 'base URL of an npm registry (at the next dcos up)' },
  };

/** Did-you-mean for a key that is not set: nothing where it is a known one. */
export function nearestKey(key: string, more: Iterable<string> = []): string | undefined {
  return Object.hasOwn(configKeys, key)
    ? undefined
    : didYouMean(key, [...Object.keys(configKeys), ...more]);
}

/**
 * Checks a key that is to be set. Throws `usage` where it is not of the form section.name, or a
 * slip of a known one.
 */
export function checkKey(key: string): void {
  if (key in configKeys) return;
  const isForm = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+$/.test(key);
  const hint = didYouMean(key, Object.keys(configKeys));
  // A key of a section that nobody knows may belong to a plugin.
  const isOurs = Object.keys(configKeys).some((known) => known.split('.')[0] === key.split('.')[0]);
  if (isForm && !isOurs) return;
  throw new DcosError('usage', `'${key}' is not a known key`, {
    hint: hint ?? 'See: dcos config keys',
  });
}

/** The value of a key as it is typed. Throws `invalid`. */
export function configValue(key: string, text: string): string | number | boolean {
  const kind = configKeys[key]?.kind ?? 'text';
  const flag = /^(true|yes|1)$/i.test(text)
    ? true
    : /^(false|no|0)$/i.test(text)
      ? false
      : undefined;
  if (kind === 'boolean') {
    if (flag !== undefined) return flag;
    throw new DcosError('invalid', `${key} must be true or false, not '${text}'`);
  }
  if (kind === 'number') {
    if (/^\d+$/.test(text)) return Number(text);
    throw new DcosError('invalid', `${key} must be a whole number of at least 0, not '${text}'`);
  }
  return text;
}
