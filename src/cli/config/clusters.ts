/**
 * The command line's own configuration in the layout of DC/OS: `$DCOS_DIR/clusters/<id>/dcos.toml`,
 * with an empty file `attached` in the folder of the current cluster (reference/dcos-cli.md §3).
 */
import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify, type TomlTable } from 'smol-toml';
import { DcosError, messageOf, systemCodeOf } from '../../core/errors.js';
import { fileError, makeFolder, readIfThere, writeWhole } from '../local/files.js';

/** A cluster that the command line knows. */
export interface ClusterConfig {
  readonly id: string;
  readonly isAttached: boolean;
  /** The contents of its `dcos.toml`. */
  readonly values: TomlTable;
}

/** The clusters under `$DCOS_DIR`. */
export class Clusters {
  readonly #folder: string;

  constructor(dcosDir: string) {
    this.#folder = join(dcosDir, 'clusters');
  }

  /** All of them, by name. Throws `corrupt` for a `dcos.toml` that can't be read. */
  list(): ClusterConfig[] {
    let ids: string[];
    try {
      ids = readdirSync(this.#folder);
    } catch (error) {
      if (systemCodeOf(error) === 'ENOENT') return [];
      throw fileError(error, this.#folder);
    }
    const found = ids.flatMap((id) => this.#read(id) ?? []);
    return found.sort((a, b) => clusterName(a).localeCompare(clusterName(b)));
  }

  /**
   * The current cluster: the one that is `wanted` (`origin` says by what), else the only one, else
   * the attached one.
   * `undefined` if none is attached. Throws `not-found`, or `conflict` where two are attached.
   */
  current(wanted: string | undefined, origin = 'DCOS_CLUSTER'): ClusterConfig | undefined {
    const all = this.list();
    if (wanted) {
      const named = all.filter((one) => one.id === wanted || clusterName(one) === wanted);
      if (named.length === 1) return named[0];
      throw new DcosError('not-found', `the cluster '${wanted}' of ${origin} is not known`, {
        hint: 'See: dcos cluster list',
      });
    }
    if (all.length === 1) return all[0];
    const attached = all.filter((one) => one.isAttached);
    if (attached.length > 1) {
      throw new DcosError('conflict', 'more than one cluster is attached', {
        hint: 'Choose one: dcos cluster attach <name>',
      });
    }
    return attached[0];
  }

  /**
   * The cluster of that name or id, or the only one whose id begins so. Throws `not-found`,
   * `conflict`.
   */
  find(word: string): ClusterConfig {
    const all = this.list();
    const exact = all.filter((one) => one.id === word || clusterName(one) === word);
    const found = exact.length > 0 ? exact : all.filter((one) => one.id.startsWith(word));
    if (found.length === 1 && found[0] !== undefined) return found[0];
    if (found.length === 0) {
      throw new DcosError('not-found', `cluster '${word}' is not known`, {
        hint: 'See: dcos cluster list',
      });
    }
    throw new DcosError('conflict', `more than one cluster is called '${word}'`, {
      hint: `Use one of the ids: ${found.map((one) => one.id).join(', ')}`,
    });
  }

  /** Writes a cluster's values. Throws `io`. */
  save(id: string, values: TomlTable): void {
    writeWhole(join(this.#folder, id, 'dcos.toml'), `${stringify(values)}\n`);
  }

  /** Makes it the current one. Throws `io`. */
  attach(id: string): void {
    const target = join(this.#folder, id, 'attached');
    const others = this.list().filter((one) => one.isAttached && one.id !== id);
    try {
      // Moved, not copied: there is never a moment with two.
      const [first, ...rest] = others.map((one) => join(this.#folder, one.id, 'attached'));
      if (first === undefined) writeFileSync(target, '', { mode: 0o600 });
      else renameSync(first, target);
      for (const path of rest) rmSync(path, { force: true });
    } catch (error) {
      throw fileError(error, target);
    }
  }

  /** Forgets a cluster. Throws `io`. */
  remove(id: string): void {
    const folder = join(this.#folder, id);
    try {
      rmSync(folder, { recursive: true, force: true });
    } catch (error) {
      throw fileError(error, folder);
    }
  }

  /** Makes the folder of a cluster. Throws `io`. */
  prepare(id: string): void {
    makeFolder(join(this.#folder, id));
  }

  #read(id: string): ClusterConfig | undefined {
    const path = join(this.#folder, id, 'dcos.toml');
    const text = readIfThere(path);
    if (text === undefined) return undefined;
    try {
      const values = parse(text);
      return { id, values, isAttached: existsSync(join(this.#folder, id, 'attached')) };
    } catch (error) {
      throw new DcosError(
        'corrupt',
        `${path} is not valid TOML: ${messageOf(error).split('\n')[0]}`,
        {
          hint: `Correct it, or forget the cluster: rm -r ${join(this.#folder, id)}`,
          cause: error,
        },
      );
    }
  }
}

/** A cluster's name; its id where it has none. */
export function clusterName(cluster: Pick<ClusterConfig, 'id' | 'values'>): string {
  const name = valueAt(cluster.values, 'cluster.name');
  return typeof name === 'string' && name !== '' ? name : cluster.id;
}

/** The value of a dotted key, or `undefined`. */
export function valueAt(values: TomlTable, key: string): unknown {
  const [section, ...rest] = key.split('.');
  const table = values[section ?? ''];
  if (rest.length === 0) return table;
  return typeof table === 'object' && table !== null
    ? (table as Record<string, unknown>)[rest.join('.')]
    : undefined;
}

/** A copy of `values` with one dotted key set, or removed where `value` is `undefined`. */
export function withValue(
  values: TomlTable,
  key: string,
  value: string | number | boolean | undefined,
): TomlTable {
  const [section = '', ...rest] = key.split('.');
  const name = rest.join('.');
  const old = values[section];
  const table: TomlTable =
    typeof old === 'object' && !Array.isArray(old) ? { ...(old as TomlTable) } : {};
  if (value === undefined) delete table[name];
  else table[name] = value;
  const copy: TomlTable = { ...values, [section]: table };
  if (Object.keys(table).length === 0) delete copy[section];
  return copy;
}
