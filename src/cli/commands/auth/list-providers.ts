/** `dcos auth list-providers` */
import { asObject } from '../../../client/answers.js';
import { authProviders } from '../../../client/auth.js';
import { Http } from '../../../client/http.js';
import { type Command, outputFlags } from '../../command.js';
import { printList } from '../../output/list.js';

/** Lists the ways to log in. */
export const listProviders: Command = {
  summary: 'list the ways to log in to a cluster',
  words: [['[url]', 'its address; the current cluster if left out']],
  flags: [...outputFlags],
  examples: ['dcos auth list-providers', 'dcos auth list-providers https://dcos.example.com'],
  run: async (context, given) => {
    const url = given.word(0).replace(/\/+$/, '');
    const http = url === '' ? await context.http() : new Http({ url, timeoutMs: 30_000 });
    const providers = await authProviders(http);
    const rows = Object.entries(providers).map(([id, provider]) => ({ id, ...asObject(provider) }));
    await printList(context.io, given, rows, {
      name: ({ id }) => id,
      json: providers,
      columns: [
        { heading: 'PROVIDER ID', value: ({ id }) => id },
        { heading: 'LOGIN METHOD', value: (row) => methodOf(asObject(row)['authentication-type']) },
      ],
    });
  },
};

const methods: Readonly<Record<string, string>> = {
  'dcos-uid-password': 'Username and password',
  'dcos-uid-password-ldap': 'Username and password (LDAP)',
  'dcos-uid-servicekey': 'Service account and private key',
  'oidc-implicit-flow': 'Browser (OpenID Connect)',
  'oidc-authorization-code-flow': 'Browser (OpenID Connect)',
  'saml-sp-initiated': 'Browser (SAML)',
};

function methodOf(type: unknown): string {
  return methods[String(type)] ?? String(type);
}
