/** `dcos package uninstall` */
import type { Http } from '../../../client/http.js';
import { uninstallPreview, type Volume } from '../../../client/operations.js';
import { type InstalledPackage, listPackages, uninstallPackage } from '../../../client/packages.js';
import { DcosError } from '../../../core/errors.js';
import { type Command, type Given, yesFlag } from '../../command.js';
import type { Context } from '../../context.js';
import { clean } from '../../output/clean.js';
import { formatJson } from '../../output/list.js';
import { formatTable } from '../../output/table.js';
import { didYouMean } from '../../suggest.js';
import { watch } from '../../watch.js';

/** Removes an installed package, its tasks and, by explicit order, its data. */
export const uninstall: Command = {
  summary: 'remove an installed package; its data volumes only by explicit order',
  words: [['<package>', 'its name']],
  flags: [
    { flags: '--app-id <id>', text: 'which one, where several are installed' },
    { flags: '--all', text: 'every one of that name' },
    { flags: '--delete-volumes', text: 'destroy its data volumes' },
    { flags: '--detach', text: 'do not wait; print the id of the operation' },
    { flags: '--json', text: 'print the operation as JSON when it has ended' },
    { flags: '--app', text: 'the service only', isHidden: true },
    { flags: '--cli', text: 'the command line only', isHidden: true },
    yesFlag,
  ],
  examples: [
    'dcos package uninstall hello-world',
    'dcos package uninstall kafka --delete-volumes --yes',
  ],
  run: async (context, given) => {
    const http = await context.http();
    const chosen = await choose(http, given);
    const volumes: Volume[] = [];
    const leaving = new Set(chosen.map(({ appId }) => appId));
    for (const { appId } of chosen) {
      const preview = await uninstallPreview(http, { packageName: given.word(0), appId });
      volumes.push(...preview.volumes);
      refuseUsed(
        appId,
        (preview.dependents ?? []).filter((user) => !leaving.has(user)),
      );
    }
    await permit(context, given, chosen, volumes);
    for (const one of chosen) await remove(context, http, given, one);
  },
};

function refuseUsed(appId: string, users: readonly string[]): void {
  if (users.length === 0) return;
  throw new DcosError('conflict', `${appId} is used by ${users.join(', ')}; nothing was touched`, {
    hint: 'Uninstall those first.',
  });
}

async function choose(http: Http, given: Given): Promise<InstalledPackage[]> {
  const name = given.word(0);
  const appId = given.text('appId');
  const installed = await listPackages(http);
  const named = installed.filter(({ definition }) => definition.name === name);
  const wanted =
    appId === undefined ? named : named.filter((one) => one.appId === withSlash(appId));
  if (wanted.length === 0) {
    const names = installed.map(({ definition }) => String(definition.name));
    const what =
      appId === undefined
        ? `package '${name}' is not installed`
        : `package '${name}' is not installed as ${withSlash(appId)}`;
    throw new DcosError('not-found', what, {
      hint: (named.length === 0 ? didYouMean(name, names) : undefined) ?? installedHint(names),
    });
  }
  if (wanted.length > 1 && !given.has('all')) {
    throw new DcosError(
      'conflict',
      `package '${name}' is installed more than once: ${wanted.map((one) => one.appId).join(', ')}`,
      {
        hint: 'Choose one with --app-id <id>, or all of them with --all',
      },
    );
  }
  return wanted;
}

const installedHint = (names: readonly string[]): string =>
  names.length === 0 ? 'No package is installed.' : `Installed: ${[...new Set(names)].join(', ')}`;

const withSlash = (id: string): string => (id.startsWith('/') ? id : `/${id}`);

async function permit(
  context: Context,
  given: Given,
  chosen: readonly InstalledPackage[],
  volumes: readonly Volume[],
): Promise<void> {
  const { io } = context;
  const name = given.word(0);
  if (volumes.length > 0) {
    const what = given.has('deleteVolumes') ? 'Data that will be destroyed' : 'Data volumes';
    io.say(`${what} (${volumes.length}):`);
    io.say(volumeTable(volumes));
  }
  const mayAsk = io.canAsk && !given.has('yes');
  if (volumes.length > 0 && !given.has('deleteVolumes') && !mayAsk) {
    throw new DcosError(
      'refused',
      `${name} has data (volumes: ${volumes.length}); nothing was touched`,
      {
        hint: 'To destroy them with all their data: --delete-volumes',
      },
    );
  }
  if (given.has('yes')) return;
  const [first] = chosen;
  const word = given.has('all')
    ? `uninstall all ${name}`
    : given.text('appId') === undefined
      ? name
      : (first?.appId ?? name);
  const what = volumes.length > 0 ? 'and destroys its data' : 'and cannot be undone';
  const answer = await io.ask(`This removes ${name} ${what}. Type '${word}' to go on:`, '--yes');
  if (answer.trim() !== word) throw new DcosError('refused', 'nothing was uninstalled');
}

function volumeTable(volumes: readonly Volume[]): string {
  return formatTable(
    [
      { heading: 'VOLUME', value: (volume: Volume) => volume.id },
      { heading: 'PATH', value: (volume: Volume) => volume.containerPath },
      { heading: 'MB', value: (volume: Volume) => volume.sizeMb },
      { heading: 'AGENT', value: (volume: Volume) => volume.agent },
    ],
    volumes,
  );
}

async function remove(
  context: Context,
  http: Http,
  given: Given,
  { appId, definition }: InstalledPackage,
): Promise<void> {
  const { io } = context;
  const packageName = String(definition.name);
  const { operationId } = await uninstallPackage(http, { packageName, appId });
  if (operationId !== undefined && given.has('detach')) {
    io.result(operationId);
    return;
  }
  const operation = operationId === undefined ? undefined : await watch(context, http, operationId);
  if (given.has('json')) io.result(formatJson(operation ?? { appId, status: 'complete' }));
  io.say(`Uninstalled package [${packageName}] version [${String(definition.version)}]`);
  if (operation?.notes) io.say(clean(operation.notes));
}
