/**
 * The tasks of a job: its driver (SparkSubmit in client mode, on an agent of the cluster) and its
 * workers (a standalone worker with room for one executor of this job alone). Pure.
 */
import type { Match } from '../../framework/match.js';
import { nothing, type Requirement } from '../../framework/requirement.js';
import { toLabels } from '../../framework/reservations.js';
import type { TaskInfo } from '../../wire/mesos/task.js';
import { askAgainFile, askAgainJava, askAgainMain } from './ask-again.js';
import type { Size } from './demand.js';
import { type ElasticSettings, isPython } from './settings.js';
import type { ElasticState, Submission, TaskPlace } from './state.js';

/** What both kinds of tasks are made from. */
export interface LaunchContext {
  readonly settings: ElasticSettings;
  /** Shared by masters, workers and drivers (`spark.authenticate`). */
  readonly secret: string;
}

const driverPorts = ['driver', 'block', 'ui'];
const workerPorts = ['worker', 'web', 'block'];
const stopSeconds = 20;

/** What a driver or a worker needs of an agent. */
export function needOf(kind: 'driver' | 'worker', size: Size, role: string): Requirement {
  const names = kind === 'driver' ? driverPorts : workerPorts;
  return {
    ...nothing,
    cpus: size.cpus,
    memMb: size.memMb,
    ports: names.map((name) => ({ name, port: 0 })),
    acceptedRoles: ['*', role],
  };
}

/**
 * The name of the resource that only the workers of this submission have, and only its executors
 * ask for: so that Spark's master gives nobody else's executor to them, and one to each.
 */
export function badgeOf(submission: string): string {
  return `job${submission.replace(/\D/g, '')}`;
}

/** Java's flags that Spark's own scripts would give, and a small footprint. */
export const javaFlags = [
  '-XX:+IgnoreUnrecognizedVMOptions',
  ...[
    ...['java.lang', 'java.lang.invoke', 'java.lang.reflect', 'java.io', 'java.net', 'java.nio'],
    ...['java.util', 'java.util.concurrent', 'java.util.concurrent.atomic', 'jdk.internal.ref'],
    ...['sun.nio.ch', 'sun.nio.cs', 'sun.security.action', 'sun.util.calendar'],
  ].map((name) => `--add-opens=java.base/${name}=ALL-UNNAMED`),
  '-Djdk.reflect.useDirectMethodHandle=false',
  '-Dio.netty.tryReflectionSetAccessible=true',
].join(' ');

/** The properties of a driver: the user's, and over them what the place and the service decide. */
export function driverProperties(
  submission: Submission,
  place: TaskPlace,
  ports: readonly number[],
  masters: readonly string[],
  { settings, secret }: LaunchContext,
): Record<string, string> {
  const { demand, worker, job } = submission;
  const [driver = 0, block = 0, ui = 0] = ports;
  const dynamic = demand.kind === 'dynamic';
  const logs = settings.eventLogDir;
  return {
    'spark.app.name': submission.name,
    'spark.ui.killEnabled': 'false',
    'spark.dynamicAllocation.sustainedSchedulerBacklogTimeout': '5s',
    'spark.dynamicAllocation.executorIdleTimeout': `${settings.idleSeconds}s`,
    'spark.dynamicAllocation.shuffleTracking.timeout': `${settings.idleSeconds * 4}s`,
    'spark.scheduler.maxRegisteredResourcesWaitingTime': '10s',
    ...(logs === '' ? {} : { 'spark.eventLog.enabled': 'true', 'spark.eventLog.dir': logs }),
    ...settings.defaults,
    ...localProperties(job.properties),
    'spark.master': `spark://${masters.join(',')}`,
    'spark.submit.deployMode': 'client',
    'spark.authenticate': 'true',
    'spark.authenticate.secret': secret,
    'spark.network.crypto.enabled': String(settings.encrypt),
    'spark.driver.host': place.address,
    'spark.driver.bindAddress': place.address,
    'spark.driver.port': String(driver),
    'spark.driver.blockManager.port': String(block),
    'spark.ui.port': String(ui),
    'spark.executor.cores': String(worker.cores),
    'spark.executor.memory': `${worker.heapMb}m`,
    [`spark.executor.resource.${badgeOf(submission.id)}.amount`]: '1',
    'spark.dynamicAllocation.enabled': String(dynamic),
    ...(demand.kind === 'dynamic'
      ? {
          'spark.dynamicAllocation.shuffleTracking.enabled': 'true',
          'spark.dynamicAllocation.minExecutors': String(demand.min),
          'spark.dynamicAllocation.initialExecutors': String(demand.initial),
          'spark.dynamicAllocation.maxExecutors': String(demand.max),
        }
      : { 'spark.cores.max': String(demand.count * worker.cores) }),
  };
}

/** Lists of files in these properties may name URIs. */
const fileLists = ['spark.jars', 'spark.files', 'spark.submit.pyFiles', 'spark.archives'];
const sandbox = '/mnt/mesos/sandbox';

/** URIs that the agent's fetcher brings into the sandbox; all others are Spark's own business. */
function fetched(uri: string): string | undefined {
  const plain = uri.replace(/#.*$/, '');
  return /^https?:\/\//i.test(plain) ? plain : undefined;
}

/** What a fetched URI is called in the sandbox. */
function fileNameOf(uri: string): string {
  const path = uri.replace(/[?#].*$/, '');
  const name = path.slice(path.lastIndexOf('/') + 1).replace(/[^\w.+=@-]/g, '_');
  return name === '' || name.startsWith('.') ? `file${name}` : name;
}

/** Every URI that a job's driver needs fetched, once each. */
export function filesOfJob({ job }: Pick<Submission, 'job'>): string[] {
  const lists = fileLists.flatMap((name) => (job.properties[name] ?? '').split(','));
  const found = [job.appResource, ...lists].map((uri) => fetched(uri.trim()));
  return [...new Set(found.filter((uri) => uri !== undefined))];
}

// The sandbox's path is known on the agent only: the start line puts it in.
function inSandbox(uri: string): string {
  const plain = fetched(uri);
  if (plain === undefined) return uri;
  return `${sandbox}/files/${fileNameOf(plain)}${uri.slice(plain.length)}`;
}

function localProperties(properties: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(properties).map(([name, value]) => {
    if (!fileLists.includes(name)) return [name, value] as const;
    const list = value.split(',').map((uri) => inSandbox(uri.trim()));
    return [name, list.filter(Boolean).join(',')] as const;
  });
  return Object.fromEntries(entries);
}

/** As `spark-defaults.conf` (java.util.Properties) reads it. */
export function propertiesText(properties: Readonly<Record<string, string>>): string {
  const escaped = (text: string): string =>
    text.replace(/[\\\n\r]/g, (c) => ({ '\\': '\\\\', '\n': '\\n', '\r': '\\r' })[c] ?? c);
  const key = (text: string): string => escaped(text).replace(/[:=\s]/g, (c) => `\\${c}`);
  return Object.entries(properties)
    .map(([name, value]) => `${key(name)} ${escaped(value).replace(/^ /, '\\ ')}\n`)
    .join('');
}

/** The prelude of both: where things are. */
function surroundings({ settings }: LaunchContext): string[] {
  return [
    'cd "$MESOS_SANDBOX" || exit 1',
    'export JAVA_HOME="$MESOS_SANDBOX/jdk" SPARK_HOME="$MESOS_SANDBOX/spark"',
    'export PATH="$MESOS_SANDBOX/python/bin:$JAVA_HOME/bin:$PATH" PYSPARK_PYTHON=python3.11',
    `export PYSPARK_DRIVER_PYTHON=python3.11 SPARK_SCALA_VERSION=${quoted(settings.scalaVersion)}`,
    'export SPARK_LOCAL_DIRS="$MESOS_SANDBOX/tmp" SPARK_CONF_DIR="$MESOS_SANDBOX/conf"',
    'export HADOOP_CONF_DIR="$MESOS_SANDBOX/conf" PYTHONDONTWRITEBYTECODE=1',
    'umask 077; mkdir -p tmp conf files || exit 1',
    'for f in hdfs-site.xml core-site.xml; do [ -f "$f" ] && cp "$f" conf/; done',
    'printf %s "$SPARK_LOGGING" | base64 -d > conf/log4j2.properties || exit 1',
  ];
}

/**
 * The `java` of executors. Spark 4.0 gives each of them a module that a reduced Java runtime need
 * not have, by no property that could be changed, and without which it runs as well.
 */
export const executorJava = [
  '#!/bin/sh',
  'for word do',
  '  shift',
  '  [ "$word" = --add-modules=jdk.incubator.vector ] || set -- "$@" "$word"',
  'done',
  'exec "$MESOS_SANDBOX/jdk/bin/java" "$@"',
  '',
].join('\n');

const logging = `rootLogger.level = info
rootLogger.appenderRef.stderr.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{yy/MM/dd HH:mm:ss} %p %c{1}: %m%n%ex
logger.jetty.name = org.sparkproject.jetty
logger.jetty.level = warn
logger.native.name = org.apache.hadoop.util.NativeCodeLoader
logger.native.level = error
logger.profile.name = org.apache.spark.resource.ResourceProfile
logger.profile.level = error
`;

const encoded = (text: string): string => Buffer.from(text).toString('base64');

/** The TaskInfo of a driver. */
export function driverInfo(
  state: ElasticState,
  submission: Submission,
  place: TaskPlace,
  found: Match,
  taskId: string,
  context: LaunchContext,
): TaskInfo {
  const { job, driver } = submission;
  const { settings } = context;
  const properties = driverProperties(submission, place, found.ports, state.masters, context);
  const files = filesOfJob(submission);
  const app = inSandbox(job.appResource);
  const words = [
    ...(isPython(job) || job.mainClass === '' ? [] : ['--class', job.mainClass]),
    app,
    ...job.appArgs,
  ];
  const java =
    `exec java -Xmx${driver.heapMb}m -XX:+UseSerialGC ${javaFlags} ` +
    `${properties['spark.driver.extraJavaOptions'] ?? ''} -cp "conf:spark/jars/*" ` +
    askAgainMain;
  const command = [
    ...surroundings(context),
    ...files.map((uri) => `mv ${quoted(fileNameOf(uri))} files/ 2>/dev/null`),
    `printf %s "$SPARK_PROPERTIES" | base64 -d | sed "s#${sandbox}/#$MESOS_SANDBOX/#g"` +
      ' > conf/spark-defaults.conf || exit 1',
    `printf %s "$SPARK_ASK_AGAIN" | base64 -d > ${askAgainFile} || exit 1`,
    'unset SPARK_PROPERTIES SPARK_LOGGING SPARK_ASK_AGAIN',
    // Jobs log to stderr, print to stdout.
    `${java} ${words.map(inShell).join(' ')}`,
  ].join('\n');
  const uris = [...settings.uris, ...(isPython(job) ? settings.pythonUris : [])];
  return {
    name: submission.id,
    task_id: { value: taskId },
    agent_id: { value: place.agentId },
    resources: [...found.resources],
    command: {
      shell: true,
      value: command,
      environment: variablesOf({
        ...job.environment,
        SPARK_PROPERTIES: encoded(propertiesText(properties)),
        SPARK_LOGGING: encoded(logging),
        SPARK_ASK_AGAIN: encoded(askAgainJava),
        SPARK_LOCAL_IP: place.address,
      }),
      uris: [
        ...uris.map((value) => ({ value, extract: true, cache: true })),
        ...settings.hadoopUris.map((value) => ({ value, extract: false, cache: false })),
        ...files.map((value) => ({ value, extract: false, cache: false })),
      ],
    },
    kill_policy: { grace_period: { nanoseconds: stopSeconds * 1e9 } },
    labels: labelsOf(state, submission, 'driver'),
    discovery: {
      visibility: 'CLUSTER',
      name: `${submission.id}.${state.serviceName}`,
      ports: { ports: [{ number: found.ports[2] ?? 0, name: 'ui', protocol: 'tcp' }] },
    },
  };
}

/** The TaskInfo of a worker. */
export function workerInfo(
  state: ElasticState,
  submission: Submission,
  place: TaskPlace,
  found: Match,
  taskId: string,
  context: LaunchContext,
): TaskInfo {
  const { settings, secret } = context;
  const { worker, job } = submission;
  const [port = 0, web = 0, block = 0] = found.ports;
  const badge = badgeOf(submission.id);
  const resource = JSON.stringify([
    { id: { componentName: 'spark.worker', resourceName: badge }, addresses: ['0'] },
  ]);
  const flags = [
    '-Xmx64m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dspark.authenticate=true',
    `-Dspark.network.crypto.enabled=${settings.encrypt}`,
    `-Dspark.worker.timeout=15 -Dspark.worker.resource.${badge}.amount=1`,
    '-Dspark.worker.resourcesFile="$MESOS_SANDBOX/conf/resources.json"',
  ].join(' ');
  const command = [
    ...surroundings(context),
    'unset SPARK_LOGGING',
    'export SPARK_WORKER_DIR="$MESOS_SANDBOX/work" JAVA_HOME="$MESOS_SANDBOX/java"',
    `mkdir -p java/bin && printf %s ${quoted(executorJava)} > java/bin/java || exit 1`,
    'chmod +x java/bin/java || exit 1',
    // The executor's own JVM takes this from the worker's environment.
    `export JAVA_TOOL_OPTIONS="-Dspark.blockManager.port=${block} -XX:+UseSerialGC"`,
    `printf %s ${quoted(resource)} > conf/resources.json || exit 1`,
    `exec java ${flags} ${javaFlags} -cp "conf:spark/jars/*" ` +
      `org.apache.spark.deploy.worker.Worker --host ${place.address} --port ${port} ` +
      `--webui-port ${web} --cores ${worker.cores} --memory ${worker.heapMb}m ` +
      quoted(`spark://${state.masters.join(',')}`),
  ].join('\n');
  const uris = [...settings.uris, ...(isPython(job) ? settings.pythonUris : [])];
  return {
    name: `executor-${submission.id}`,
    task_id: { value: taskId },
    agent_id: { value: place.agentId },
    resources: [...found.resources],
    command: {
      shell: true,
      value: command,
      environment: variablesOf({
        _SPARK_AUTH_SECRET: secret,
        SPARK_LOGGING: encoded(logging),
        SPARK_LOCAL_IP: place.address,
      }),
      uris: [
        ...uris.map((value) => ({ value, extract: true, cache: true })),
        ...settings.hadoopUris.map((value) => ({ value, extract: false, cache: false })),
      ],
    },
    kill_policy: { grace_period: { nanoseconds: 5e9 } },
    labels: labelsOf(state, submission, 'executor'),
  };
}

function labelsOf(
  { serviceName }: ElasticState,
  { id }: Submission,
  kind: 'driver' | 'executor',
): ReturnType<typeof toLabels> {
  return toLabels({
    DCOS_SERVICE: serviceName,
    DCOS_INSTANCE: kind === 'driver' ? id : `executor-${id}`,
    task_type: kind,
    submission: id,
  });
}

function variablesOf(env: Readonly<Record<string, string>>): {
  variables: { name: string; value: string }[];
} {
  return { variables: Object.entries(env).map(([name, value]) => ({ name, value })) };
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** A word of the command line, with the place of the sandbox filled in by the shell. */
function inShell(word: string): string {
  return word.startsWith(`${sandbox}/`)
    ? `"$MESOS_SANDBOX"${quoted(word.slice(sandbox.length))}`
    : quoted(word);
}
