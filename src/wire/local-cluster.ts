/**
 * `$DCOS_DIR/local/cluster.json`: what the command line decided about a cluster and its servers
 * read (docs/architecture.md, "A local cluster on disk").
 */
import { z } from 'zod';

const placeSchema = z.object({ host: z.string(), port: z.number().int() });

/** One agent of a local cluster: where it listens and what it offers. */
export const localAgentSchema = z.object({
  /** From 1. */
  index: z.number().int(),
  ...placeSchema.shape,
  /** Fault domain zone, and the attribute `rack`. */
  rack: z.string(),
  cpus: z.number(),
  memMb: z.number(),
  diskMb: z.number(),
  /** Offered ports, inclusive. */
  ports: z.tuple([z.number().int(), z.number().int()]),
  /**
   * The Docker engine that its containers run on: where it listens, and whether the agent starts
   * and stops it (`--docker=engine-per-agent`). Absent: none.
   */
  docker: z.object({ socket: z.string(), isOwn: z.boolean() }).optional(),
});
export type LocalAgent = z.infer<typeof localAgentSchema>;

/** The whole file. */
export const localClusterSchema = z.object({
  /** Of this file. */
  schema: z.literal(1),
  id: z.string(),
  name: z.string(),
  /** The control plane's own listener, and the address by which agents and people reach it. */
  control: z.object({ ...placeSchema.shape, advertise: z.string() }),
  /** The embedded master; absent with `mesosUrl`. */
  master: placeSchema.optional(),
  /** `http://host:port` of an Apache Mesos; absent for an embedded cluster. */
  mesosUrl: z.string().optional(),
  /** The principal of all that speaks to that Mesos; absent where it asks for no login. */
  mesosPrincipal: z.string().optional(),
  /** Empty with `mesosUrl`. */
  agents: z.array(localAgentSchema),
});
export type LocalCluster = z.infer<typeof localClusterSchema>;

/** Names inside `$DCOS_DIR/local/`. */
export const localPaths = {
  cluster: 'cluster.json',
  /** `{"uid", "password"}` of the user who started it, mode 0600. */
  credential: 'credential',
  /** 64 hex characters, mode 0600. */
  clusterKey: 'keys/cluster.key',
  tokenPrivateKey: 'keys/token-private.pem',
  tokenPublicKey: 'keys/token-public.pem',
  /** What proves `mesosPrincipal`, mode 0600. */
  mesosSecret: 'keys/mesos-secret',
  /** PEM of the authority that signs for the masters of `mesosUrl`. */
  mesosAuthority: 'keys/mesos-ca.pem',
  authorityKey: 'keys/ca-private.pem',
  authorityCertificate: 'keys/ca.pem',
  /** While it is there, the loops start no server again. */
  stopFile: 'stop',
  /**
   * One folder per server: `master`, `agent-1`…, `control`; in each `pid`, `ready`, `log`,
   * `store/`.
   */
  server: (name: string): string => name,
} as const;
