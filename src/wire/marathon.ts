/**
 * Marathon's /v2 messages as JSON (mesosphere/marathon docs/docs/rest-api/public/api/v2): what a
 * caller sends and what is answered.
 */
import { z } from 'zod';

const envValueSchema = z.union([z.string(), z.looseObject({ secret: z.string() })]);
const text = z.record(z.string(), z.string());
const amount = z.number();
const whole = z.number().int();

const fetchSchema = z.looseObject({
  uri: z.string(),
  extract: z.boolean().optional(),
  executable: z.boolean().optional(),
  cache: z.boolean().optional(),
  destPath: z.string().optional(),
});

const portDefinitionSchema = z.looseObject({
  port: whole.optional(),
  protocol: z.string().optional(),
  name: z.string().optional(),
  labels: text.optional(),
});

const commandSchema = z.looseObject({ value: z.string() });

const healthCheckSchema = z.looseObject({
  protocol: z
    .enum(['HTTP', 'HTTPS', 'TCP', 'COMMAND', 'MESOS_HTTP', 'MESOS_HTTPS', 'MESOS_TCP'])
    .optional(),
  path: z.string().optional(),
  port: whole.optional(),
  portIndex: whole.optional(),
  command: commandSchema.optional(),
  gracePeriodSeconds: whole.optional(),
  intervalSeconds: whole.optional(),
  timeoutSeconds: whole.optional(),
  maxConsecutiveFailures: whole.optional(),
  delaySeconds: whole.optional(),
  ignoreHttp1xx: z.boolean().optional(),
});

const checkSchema = z.looseObject({
  exec: z
    .looseObject({
      command: z.looseObject({
        shell: z.string().optional(),
        argv: z.array(z.string()).optional(),
      }),
    })
    .optional(),
  http: z
    .looseObject({
      portIndex: whole.optional(),
      port: whole.optional(),
      path: z.string().optional(),
    })
    .optional(),
  tcp: z.looseObject({ portIndex: whole.optional(), port: whole.optional() }).optional(),
  delaySeconds: whole.optional(),
  intervalSeconds: whole.optional(),
  timeoutSeconds: whole.optional(),
});

const unreachableSchema = z.union([
  z.literal('disabled'),
  z.looseObject({ inactiveAfterSeconds: whole.optional(), expungeAfterSeconds: whole.optional() }),
]);

/**
 * An app as a caller sends it, whole or in part; fields that are unknown here are tolerated as
 * Marathon tolerates them.
 */
export const appUpdateSchema = z.looseObject({
  id: z.string().optional(),
  cmd: z.string().nullish(),
  args: z.array(z.string()).nullish(),
  user: z.string().nullish(),
  env: z.record(z.string(), envValueSchema).nullish(),
  secrets: z.record(z.string(), z.looseObject({ source: z.string() })).nullish(),
  labels: text.nullish(),
  cpus: amount.nullish(),
  mem: amount.nullish(),
  disk: amount.nullish(),
  gpus: whole.nullish(),
  instances: whole.nullish(),
  fetch: z.array(fetchSchema).nullish(),
  uris: z.array(z.string()).nullish(),
  portDefinitions: z.array(portDefinitionSchema).nullish(),
  ports: z.array(whole).nullish(),
  requirePorts: z.boolean().nullish(),
  healthChecks: z.array(healthCheckSchema).nullish(),
  check: checkSchema.nullish(),
  constraints: z.array(z.array(z.string())).nullish(),
  acceptedResourceRoles: z.array(z.string()).nullish(),
  role: z.string().nullish(),
  dependencies: z.array(z.string()).nullish(),
  backoffSeconds: amount.nullish(),
  backoffFactor: amount.nullish(),
  maxLaunchDelaySeconds: amount.nullish(),
  upgradeStrategy: z
    .looseObject({
      minimumHealthCapacity: amount.optional(),
      maximumOverCapacity: amount.optional(),
    })
    .nullish(),
  killSelection: z.enum(['YOUNGEST_FIRST', 'OLDEST_FIRST']).nullish(),
  unreachableStrategy: unreachableSchema.nullish(),
  taskKillGracePeriodSeconds: whole.nullish(),
  version: z.string().nullish(),
});
export type AppUpdate = z.infer<typeof appUpdateSchema>;

/** A Marathon-level or Mesos-level health check with every default filled in. */
export interface HealthCheck {
  readonly protocol: NonNullable<z.infer<typeof healthCheckSchema>['protocol']>;
  readonly path?: string;
  readonly port?: number;
  readonly portIndex?: number;
  readonly command?: { readonly value: string };
  readonly gracePeriodSeconds: number;
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
  readonly maxConsecutiveFailures: number;
  readonly delaySeconds: number;
  readonly ignoreHttp1xx?: boolean;
}

/** A port that each instance gets. */
export interface PortDefinition {
  /** The service port; with `requirePorts` the port on the agent too. */
  readonly port: number;
  readonly protocol: string;
  readonly name?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** An app with every default filled in: what is stored and shown. Fields as in Marathon. */
export interface App {
  readonly id: string;
  readonly cmd?: string;
  readonly args?: readonly string[];
  readonly user?: string;
  readonly env: Readonly<Record<string, string | { readonly secret: string }>>;
  readonly secrets: Readonly<Record<string, { readonly source: string }>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly cpus: number;
  /** MiB. */
  readonly mem: number;
  /** MiB. */
  readonly disk: number;
  readonly gpus: number;
  readonly instances: number;
  readonly executor: string;
  readonly fetch: readonly {
    readonly uri: string;
    readonly extract: boolean;
    readonly executable: boolean;
    readonly cache: boolean;
    readonly destPath?: string;
  }[];
  readonly networks: readonly { readonly mode: 'host' }[];
  readonly portDefinitions: readonly PortDefinition[];
  readonly requirePorts: boolean;
  readonly healthChecks: readonly HealthCheck[];
  readonly check?: z.infer<typeof checkSchema>;
  readonly constraints: readonly (readonly string[])[];
  readonly acceptedResourceRoles?: readonly string[];
  readonly role: string;
  readonly dependencies: readonly string[];
  readonly backoffSeconds: number;
  readonly backoffFactor: number;
  readonly maxLaunchDelaySeconds: number;
  readonly upgradeStrategy: {
    readonly minimumHealthCapacity: number;
    readonly maximumOverCapacity: number;
  };
  readonly killSelection: 'YOUNGEST_FIRST' | 'OLDEST_FIRST';
  readonly unreachableStrategy:
    | 'disabled'
    | { readonly inactiveAfterSeconds: number; readonly expungeAfterSeconds: number };
  readonly taskKillGracePeriodSeconds?: number;
  /** ISO time, the id of this state of the app. */
  readonly version: string;
  readonly versionInfo: { readonly lastScalingAt: string; readonly lastConfigChangeAt: string };
}

/** One health check's results of one task. */
export interface HealthCheckResult {
  readonly alive: boolean;
  readonly consecutiveFailures: number;
  readonly firstSuccess: string | null;
  readonly lastFailure: string | null;
  readonly lastSuccess: string | null;
  readonly lastFailureCause: string | null;
  readonly instanceId: string;
}

/** A task as `/v2/tasks` shows it. */
export interface TaskView {
  readonly id: string;
  readonly appId: string;
  readonly slaveId: string;
  readonly host: string;
  readonly ipAddresses: readonly { readonly ipAddress: string; readonly protocol: string }[];
  readonly ports: readonly number[];
  readonly servicePorts: readonly number[];
  /** A Mesos task state. */
  readonly state: string;
  readonly stagedAt: string;
  readonly startedAt: string | null;
  readonly version: string;
  readonly region?: string;
  readonly zone?: string;
  readonly role: string;
  readonly localVolumes: readonly never[];
  readonly healthCheckResults?: readonly HealthCheckResult[];
}

/** Why the last task that failed did. */
export interface TaskFailure {
  readonly appId: string;
  readonly host: string;
  readonly message: string;
  readonly state: string;
  readonly taskId: string;
  readonly timestamp: string;
  readonly version: string;
  readonly slaveId: string;
}

/** An app with what Marathon embeds into it. */
export interface AppView extends App {
  readonly tasksStaged: number;
  readonly tasksRunning: number;
  readonly tasksHealthy: number;
  readonly tasksUnhealthy: number;
  readonly deployments: readonly { readonly id: string }[];
  readonly tasks?: readonly TaskView[];
  readonly lastTaskFailure?: TaskFailure;
}

/** What a deployment does to one app. */
export interface DeploymentAction {
  readonly action:
    | 'StartApplication'
    | 'ScaleApplication'
    | 'RestartApplication'
    | 'StopApplication';
  readonly app: string;
}

/** A deployment as `/v2/deployments` shows it. */
export interface DeploymentView {
  readonly id: string;
  readonly version: string;
  readonly affectedApps: readonly string[];
  readonly affectedPods: readonly string[];
  readonly steps: readonly { readonly actions: readonly DeploymentAction[] }[];
  readonly currentActions: readonly (DeploymentAction & {
    readonly readinessCheckResults: readonly never[];
  })[];
  readonly currentStep: number;
  readonly totalSteps: number;
}

/** The answer of a call that starts a deployment. */
export interface DeploymentResult {
  readonly deploymentId: string;
  readonly version: string;
}

/** What keeps an app's launches waiting: an entry of `/v2/queue`. */
export interface QueueView {
  readonly app: App;
  readonly count: number;
  readonly role: string;
  readonly since: string;
  readonly delay: { readonly timeLeftSeconds: number; readonly overdue: boolean };
  readonly processedOffersSummary: {
    readonly processedOffersCount: number;
    readonly unusedOffersCount: number;
    readonly lastUnusedOfferAt: string | null;
    readonly lastUsedOfferAt: string | null;
    readonly rejectSummaryLastOffers: readonly RejectCount[];
    readonly rejectSummaryLaunchAttempt: readonly RejectCount[];
  };
  readonly lastUnusedOffers?: readonly unknown[];
  /** Ours: one line per requirement, asked, best free, agents. */
  readonly reasons: readonly string[];
}

/** How many offers were refused for one reason. */
export interface RejectCount {
  readonly reason: string;
  readonly declined: number;
  readonly processed: number;
}
