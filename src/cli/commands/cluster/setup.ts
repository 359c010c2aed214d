/** `dcos cluster setup` */
import { clusterMetadata, clusterOwnName, clusterVersion } from '../../../client/cluster.js';
import { Http } from '../../../client/http.js';
import { DcosError } from '../../../core/errors.js';
import type { Command, Given } from '../../command.js';
import { withValue } from '../../config/clusters.js';
import type { Context } from '../../context.js';
import { readIfThere } from '../../local/files.js';
import { loginFlags, obtainToken } from '../../login.js';
import { version } from '../../version.js';

/** Makes a cluster known, logs in to it and makes it the current one. */
export const setup: Command = {
  summary: 'make a cluster known: log in to it and make it the current one',
  words: [['<url>', 'its address; https where no scheme is given']],
  flags: [
    ...loginFlags,
    { flags: '--name <name>', text: 'what it is to be called here' },
    { flags: '--ca-certs <file>', text: 'a PEM file of accepted authorities' },
    { flags: '--insecure', text: 'do not check its certificate' },
    { flags: '--no-check', text: 'do not ask whether its certificate is right' },
    { flags: '--no-timeout', text: 'wait for its answers without end' },
  ],
  examples: [
    'dcos cluster setup https://dcos.example.com',
    'dcos cluster setup http://127.0.0.1:8080 --username admin --password-file secret.txt',
  ],
  run: async (context, given) => {
    const url = urlOf(given.word(0));
    const ca = caOf(given);
    const isInsecure = given.has('insecure');
    const settings = {
      url,
      tls: {
        ...(isInsecure ? { rejectUnauthorized: false } : {}),
        ...(ca === undefined ? {} : { ca }),
      },
      timeoutMs: given.isRefused('timeout') ? 0 : 30_000,
      userAgent: `dcos-cli/${version} ${process.platform}`,
    };
    const open = new Http(settings);
    const { status } = await open.answer({ method: 'HEAD', path: '/', isOpen: true });
    if (status >= 400) {
      throw new DcosError(
        'invalid',
        `${url} does not look like a cluster: HEAD / answered HTTP ${status}`,
      );
    }
    const token =
      context.env.DCOS_CLUSTER_SETUP_ACS_TOKEN ?? (await obtainToken(context, given, open));
    const http = new Http({ ...settings, token });
    const { id } = await clusterMetadata(http);
    if (!/^[\w.-]+$/.test(id) || /^\.+$/.test(id)) {
      throw new DcosError(
        'invalid',
        `${url} does not look like a cluster: it gives no usable CLUSTER_ID`,
      );
    }
    await keep(context, given, http, { id, url, token });
  },
};

async function keep(
  context: Context,
  given: Given,
  http: Http,
  { id, url, token }: { id: string; url: string; token: string | undefined },
): Promise<void> {
  const name = given.text('name') ?? (await clusterOwnName(http).catch(() => undefined)) ?? id;
  const known = context.clusters.list().find((one) => one.id === id);
  let values = withValue(known?.values ?? {}, 'core.dcos_url', url);
  values = withValue(values, 'core.dcos_acs_token', token);
  values = withValue(values, 'cluster.name', name);
  const verify = given.has('insecure') ? 'false' : given.text('caCerts');
  if (verify !== undefined) values = withValue(values, 'core.ssl_verify', verify);
  context.clusters.save(id, values);
  context.clusters.attach(id);
  const found = await clusterVersion(http).catch(() => undefined);
  if (
    found !== undefined &&
    /^(0|1\.\d)(\.|$)/.test(found.version) &&
    found.variant === 'enterprise'
  ) {
    throw new DcosError(
      'failed',
      `version ${found.version} of ${name} is too old: 1.10 is the least`,
    );
  }
}

function urlOf(text: string): string {
  try {
    const url = new URL(/^https?:\/\//.test(text) ? text : `https://${text}`);
    return `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, '')}`;
  } catch {
    throw new DcosError('usage', `'${text}' is not the address of a cluster`, {
      hint: 'For example: dcos cluster setup https://dcos.example.com',
    });
  }
}

function caOf(given: Given): string | undefined {
  const file = given.text('caCerts');
  if (file === undefined) return undefined;
  const text = readIfThere(file);
  if (text?.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw new DcosError('invalid', `${file} is no PEM file with certificates`);
}
