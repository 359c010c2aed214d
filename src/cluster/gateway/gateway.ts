/** The control plane's one listener. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { DcosError, messageOf } from '../../core/errors.js';
import type { Route, Server } from '../../core/http/server.js';
import { startServer, statusOf } from '../../core/http/server.js';
import type { Logger } from '../../core/logger.js';
import type { LocalCluster } from '../../wire/local-cluster.js';
import type { Auth } from '../auth/auth.js';
import { forwardUpgrade, refuseUpgrade } from './proxy.js';
import { queryOf, serviceTarget } from './routes.js';
import type { ServiceDirectory } from './services.js';

/** What a gateway is made of. */
export interface GatewayServerOptions {
  readonly cluster: LocalCluster;
  readonly routes: readonly Route[];
  readonly auth: Auth;
  readonly services: ServiceDirectory;
  readonly log: Logger;
}

/** Starts to listen. Throws `conflict` where the port is taken. */
export function startGateway(options: GatewayServerOptions): Promise<Server> {
  const { cluster, routes, auth, log } = options;
  const { host, port, advertise } = cluster.control;
  const [advertisedHost = host] = advertise.split(':');
  return startServer({
    host,
    port,
    routes,
    authenticate: (headers) => auth.authenticate(headers),
    wwwAuthenticate: 'acsjwt',
    allowedHosts: [advertisedHost],
    onUpgrade: (raw, socket, head) => {
      upgrade(options, raw, socket, head).catch((error: unknown) => {
        const known =
          error instanceof DcosError ? error : new DcosError('internal', 'an internal error');
        if (known !== error) log.error('an upgrade failed', { error: messageOf(error) });
        refuseUpgrade(socket, statusOf(known), known.message);
      });
    },
    log,
  });
}

/** Only services are spoken to so: `/service/<name>/…`, with the token that any request needs. */
async function upgrade(
  { auth, services }: GatewayServerOptions,
  raw: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  socket.on('error', () => socket.destroy());
  const caller = await auth.authenticate(raw.headers);
  if (caller === undefined)
    throw new DcosError('auth', 'authentication is required', { status: 401 });
  if (caller.claims?.is_service === true)
    throw new DcosError('forbidden', 'service accounts may not do this');
  const url = raw.url ?? '/';
  const [path = '/'] = url.split('?');
  if (!path.startsWith('/service/')) {
    throw new DcosError('invalid', 'only services can be spoken to over an upgraded connection');
  }
  forwardUpgrade(raw, socket, head, await serviceTarget(services, path, queryOf(url)));
}
