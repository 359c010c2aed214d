/**
 * The settings file of a project or a user: `.dcosrc`, `.dcosrc.json`, `.dcosrc.yaml` or
 * `dcos.config.json`, searched for from the working folder upwards, then in `$DCOS_DIR` and the
 * home folder; the first one counts. Data only: no file is ever executed.
 */
import { statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { DcosError } from '../../core/errors.js';
import { didYouMean } from '../suggest.js';

/** What a settings file may say; flags and the environment go before it. */
export interface Preferences {
  /** The file that says so; absent where there is none. */
  readonly file?: string;
  /** Name or id of the current cluster, where DCOS_CLUSTER is not set. */
  readonly cluster?: string;
  /** The default of `-o`. */
  readonly output?: string;
  /** How many agents a new local cluster gets. */
  readonly agents?: number;
  /** Over how many racks they are spread. */
  readonly racks?: number;
}

const fileNames = ['.dcosrc', '.dcosrc.json', '.dcosrc.yaml', '.dcosrc.yml', 'dcos.config.json'];

/**
 * The settings in force, from `folder`. Costs some looks at folders where there is no such file.
 * Throws `invalid` naming the file and all that is wrong in it.
 */
export async function readPreferences(folder: string, dcosDir: string): Promise<Preferences> {
  const file = findFile(folder, dcosDir);
  if (file === undefined) return {};
  const { loadSettings } = await import('./settings-file.js');
  return checked(file, loadSettings(file));
}

/** The first settings file on the way up from `folder`, then in `dcosDir` and at home. */
function findFile(folder: string, dcosDir: string): string | undefined {
  const folders = [folder];
  for (let at = folder; at !== dirname(at); at = dirname(at)) folders.push(dirname(at));
  for (const one of [...folders, dcosDir, homedir()]) {
    const found = fileNames.map((name) => join(one, name)).find(isOwnFile);
    if (found !== undefined) return found;
  }
  return undefined;
}

// Somebody else's file in a shared folder above (/tmp) must not choose the cluster for us.
function isOwnFile(path: string): boolean {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined || !stat.isFile()) return false;
    return process.getuid === undefined || stat.uid === process.getuid() || stat.uid === 0;
  } catch {
    return false;
  }
}

type Check = (value: unknown) => string | undefined;

const text: Check = (value) =>
  typeof value === 'string' && value !== '' ? undefined : 'must be a text';
const count: Check = (value) =>
  Number.isInteger(value) && Number(value) >= 1
    ? undefined
    : 'must be a whole number of at least 1';
const formats = ['table', 'json', 'yaml', 'name', 'wide'];
const format: Check = (value) =>
  formats.includes(String(value)) ? undefined : `must be one of ${formats.join(', ')}`;

const topChecks: Readonly<Record<string, Check>> = {
  cluster: text,
  output: format,
  up: (value) => (isTable(value) ? undefined : 'must hold agents and racks'),
};
const upChecks: Readonly<Record<string, Check>> = { agents: count, racks: count };

function checked(file: string, value: unknown): Preferences {
  if (!isTable(value)) {
    throw new DcosError(
      'invalid',
      `${file} must hold keys and values, not ${JSON.stringify(value)}`,
    );
  }
  const up = isTable(value.up) ? value.up : {};
  const problems = [...problemsOf(value, topChecks, ''), ...problemsOf(up, upChecks, 'up.')];
  if (problems.length > 0) {
    throw new DcosError('invalid', [`${file} is not right:`, ...problems].join('\n  '), {
      hint: 'Keys: cluster, output, up.agents, up.racks',
    });
  }
  const { cluster, output } = value;
  return {
    file,
    ...(cluster === undefined ? {} : { cluster: String(cluster) }),
    ...(output === undefined ? {} : { output: String(output) }),
    ...(up.agents === undefined ? {} : { agents: Number(up.agents) }),
    ...(up.racks === undefined ? {} : { racks: Number(up.racks) }),
  };
}

function problemsOf(
  table: Readonly<Record<string, unknown>>,
  checks: Readonly<Record<string, Check>>,
  prefix: string,
): string[] {
  return Object.entries(table).flatMap(([key, value]) => {
    const check = Object.hasOwn(checks, key) ? checks[key] : undefined;
    if (check === undefined) {
      const hint = didYouMean(key, Object.keys(checks));
      return [`'${prefix}${key}' is not a known key${hint === undefined ? '' : `. ${hint}`}`];
    }
    const problem = check(value);
    return problem === undefined
      ? []
      : [`${prefix}${key} ${problem}, not ${JSON.stringify(value)}`];
  });
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
