/** `dcos package install` */
import { isDeepStrictEqual } from 'node:util';
import type { Http } from '../../../client/http.js';
import { getOperation, preflight } from '../../../client/operations.js';
import {
  clusterPackageNames,
  describePackage,
  type InstallRequest,
  installPackage,
  listPackages,
  renderPackage,
  userOptionsOf,
} from '../../../client/packages.js';
import { DcosError, type ErrorCode, exitStatusByCode } from '../../../core/errors.js';
import type { Operation, Preflight } from '../../../wire/operations.js';
import { type Command, type Given, yesFlag } from '../../command.js';
import type { Context } from '../../context.js';
import { installFirst, neededFirst } from '../../dependencies.js';
import { ensureCluster } from '../../ensure-cluster.js';
import { type Options, readOptions } from '../../options.js';
import { clean } from '../../output/clean.js';
import { formatJson } from '../../output/list.js';
import { megabytes } from '../../output/operation.js';
import { didYouMean } from '../../suggest.js';
import { watch } from '../../watch.js';

/** Installs a package and watches until it serves. */
export const install: Command = {
  summary: 'install a package; starts a local cluster first where none is configured',
  words: [['<package>', 'its name']],
  flags: [
    { flags: '--options <file>', text: 'a JSON file with options of the package' },
    {
      flags: '--set <key=value>',
      text: 'one option, for instance brokers.count=1; may be repeated',
      isList: true,
    },
    { flags: '--package-version <version>', text: 'another version than the newest' },
    { flags: '--app-id <id>', text: 'the id of the app that is made' },
    { flags: '--no-up', text: 'do not start a local cluster' },
    { flags: '--dry-run', text: 'show what would be installed, change nothing' },
    { flags: '--detach', text: 'do not wait; print the id of the operation' },
    { flags: '--json', text: 'print the operation as JSON when it has ended' },
    { flags: '--app', text: 'the service only (there is nothing else)', isHidden: true },
    { flags: '--cli', text: 'the command line only', isHidden: true },
    yesFlag,
  ],
  examples: [
    'dcos package install kafka --yes',
    'dcos package install kafka --set brokers.count=1 --yes',
    'dcos package install kafka --options kafka.json --app-id /team/kafka --yes',
  ],
  run: async (context, given) => {
    const options = readOptions(given.text('options'), given.list('set'));
    const isDryRun = given.has('dryRun');
    const mustAsk = !given.has('yes') && !isDryRun;
    if (mustAsk && !context.io.canAsk && context.cluster() === undefined) throw needsYes();
    const http = await ensureCluster(context, given.isRefused('up'));
    await sayDoctor(context);
    const request = requestOf(given, options);
    const found = await describe(http, request);
    const version = String(found.version ?? '');
    const exact: InstallRequest = { ...request, packageVersion: version };
    const check = await preflight(http, exact);
    throwProblems(check);
    tellPreflight(context, found, check);
    const { packageName } = exact;
    const needed = await neededFirst(context, http, packageName, check, throwProblems);
    if (isDryRun) {
      const first = needed.map((one) => one.packageName);
      const app = await renderPackage(http, exact);
      context.io.result(formatJson({ options, app, ...(first.length > 0 ? { first } : {}) }));
      return;
    }
    if (mustAsk) {
      if (!context.io.canAsk) throw needsYes();
      if (!(await context.io.confirm('Continue installing?', '--yes'))) {
        throw new DcosError('refused', 'nothing was installed');
      }
    }
    await installFirst(context, http, needed);
    await installAndWatch(context, http, given, exact);
  },
};

const needsYes = (): DcosError =>
  new DcosError('usage', 'there is no terminal to ask whether to continue', {
    hint: 'Answer on the command line: --yes',
  });

function requestOf(given: Given, options: Options): InstallRequest {
  const packageVersion = given.text('packageVersion');
  const appId = given.text('appId');
  return {
    packageName: given.word(0),
    ...(packageVersion === undefined ? {} : { packageVersion }),
    ...(Object.keys(options).length === 0 ? {} : { options }),
    ...(appId === undefined ? {} : { appId }),
  };
}

async function sayDoctor(context: Context): Promise<void> {
  const cluster = context.cluster();
  if (cluster === undefined || !context.isLocal(cluster)) return;
  const { checkMachine } = await import('../../local/doctor.js');
  for (const check of await checkMachine(context)) {
    if (check.status === 'warning') context.io.warn(`${check.name}: ${check.detail}`);
    if (check.status !== 'failed') continue;
    throw new DcosError('failed', `${check.name}: ${check.detail}`, { hint: check.hint });
  }
}

async function describe(
  http: Http,
  request: InstallRequest,
): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await describePackage(http, request.packageName, request.packageVersion);
  } catch (error) {
    if (!(error instanceof DcosError) || error.code !== 'not-found' || error.hint !== undefined)
      throw error;
    const hint = didYouMean(request.packageName, await clusterPackageNames(http));
    throw new DcosError('not-found', error.message, { hint: hint ?? 'See: dcos package search' });
  }
}

function throwProblems({ problems }: Preflight): void {
  const [first] = problems;
  if (first === undefined) return;
  const code = codeOf(first.code);
  const hints = problems.map(({ hint }) => hint).filter((hint) => hint !== undefined);
  const message =
    problems.length === 1
      ? first.message
      : `${problems.length} problems:\n  ${problems.map((one) => one.message).join('\n  ')}`;
  throw new DcosError(code, message, {
    hint: hints.length === 0 ? undefined : [...new Set(hints)].join('\n'),
  });
}

// What no agent could ever give is not done, however often it is asked for.
function codeOf(code: string): ErrorCode {
  if (code === 'impossible') return 'refused';
  return code in exitStatusByCode ? (code as ErrorCode) : 'invalid';
}

function tellPreflight(
  context: Context,
  found: Readonly<Record<string, unknown>>,
  check: Preflight,
): void {
  const { io } = context;
  if (typeof found.preInstallNotes === 'string' && found.preInstallNotes !== '') {
    io.say(clean(found.preInstallNotes));
  }
  const { bytes, cachedBytes } = check.download;
  if (bytes > cachedBytes) {
    const cached = cachedBytes > 0 ? ` (${megabytes(cachedBytes)} MB are here already)` : '';
    io.say(`To be downloaded: ${megabytes(bytes - cachedBytes)} MB${cached}.`);
  }
  for (const warning of check.warnings) io.warn(clean(warning));
}

async function installAndWatch(
  context: Context,
  http: Http,
  given: Given,
  request: InstallRequest,
): Promise<void> {
  const { io } = context;
  const { packageName, packageVersion } = request;
  const begun = performance.now();
  const accepted = await installPackage(http, request);
  if (!accepted.isConflict) {
    io.say(`Installing Marathon app for package [${packageName}] version [${packageVersion}]`);
  }
  const id = accepted.isConflict
    ? await joinOrRefuse(context, http, given, request, accepted.operationId)
    : accepted.operationId;
  if (id === undefined) return;
  if (given.has('detach')) {
    io.result(
      given.has('json') ? formatJson({ operation: id, changed: !accepted.isConflict }) : id,
    );
    return;
  }
  const operation = await watch(context, http, id);
  if (given.has('json')) {
    io.result(formatJson({ ...operation, changed: true }));
    return;
  }
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  tellEnd(context, operation, seconds);
}

/**
 * What a conflict means: the id of a running install to join; `undefined` where nothing is to be
 * done. Throws `conflict`.
 */
async function joinOrRefuse(
  context: Context,
  http: Http,
  given: Given,
  request: InstallRequest,
  operationId: string | undefined,
): Promise<string | undefined> {
  const { io } = context;
  const { packageName } = request;
  if (operationId !== undefined) {
    const running = await getOperation(http, operationId);
    if (running.kind === 'uninstall') {
      throw new DcosError('conflict', `${packageName} is being uninstalled (${running.appId})`, {
        hint: 'Wait for it to end, then install again.',
      });
    }
    if (await isSameInstall(http, running.appId, running.packageVersion, request)) {
      io.say(`The install of ${packageName} is already running: watching it.`);
      return operationId;
    }
    throw differs(packageName, running.appId);
  }
  const wanted = String((await renderPackage(http, request)).id ?? '');
  const installed = (await listPackages(http, { packageName })).find(
    ({ appId }) => appId === wanted,
  );
  if (installed === undefined) {
    throw new DcosError('conflict', `the app id ${wanted} is taken by something else`, {
      hint: 'Choose another one: --app-id <id>',
    });
  }
  const version = String(installed.definition.version ?? '');
  if (!(await isSameInstall(http, wanted, version, request))) throw differs(packageName, wanted);
  io.say(
    `${packageName} ${version} is installed as ${wanted} with the same options: nothing to do.`,
  );
  if (given.has('json'))
    io.result(formatJson({ packageName, packageVersion: version, appId: wanted, changed: false }));
  return undefined;
}

async function isSameInstall(
  http: Http,
  appId: string,
  version: string,
  request: InstallRequest,
): Promise<boolean> {
  if (version !== request.packageVersion) return false;
  const stored = (await userOptionsOf(http, appId)) ?? {};
  return isDeepStrictEqual(
    JSON.parse(JSON.stringify(stored)),
    JSON.parse(JSON.stringify(request.options ?? {})),
  );
}

function differs(packageName: string, appId: string): DcosError {
  return new DcosError(
    'conflict',
    `${packageName} is installed as ${appId} already, with another version or other options`,
    {
      hint: [
        'Install it a second time under another id: --app-id <id>',
        `Or remove it first: dcos package uninstall ${packageName} --app-id ${appId}`,
      ].join('\n'),
    },
  );
}

function tellEnd(context: Context, operation: Operation, seconds: string): void {
  const { io } = context;
  const { packageName, packageVersion, appId, endpoints = [], notes } = operation;
  io.say(`${packageName} ${packageVersion} is installed as ${appId} (${seconds} s).`);
  for (const { name, addresses } of endpoints) io.result(clean(`${name}: ${addresses.join(', ')}`));
  if (notes !== undefined && notes !== '') io.result(clean(notes));
}
