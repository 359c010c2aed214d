/** `dcos package create` */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DcosError, systemCodeOf } from '../../../core/errors.js';
import type { Command } from '../../command.js';
import { fileError } from '../../local/files.js';
import { skeletonOf } from './skeleton.js';

/** Makes the folder of a new package. */
export const create: Command = {
  summary: 'make the folder of a new package, with a small service that runs',
  words: [
    ['<name>', 'of the package: lower-case letters, digits and -'],
    ['[folder]', 'where; ./<name> if left out'],
  ],
  examples: ['dcos package create cache', 'dcos package create cache ./packages/cache'],
  notes: 'docs/write-a-service.md goes on from there.',
  run: async (context, given) => {
    const name = given.word(0);
    if (!/^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/.test(name)) {
      throw new DcosError('usage', `'${name}' is no name for a package`, {
        hint: "Lower-case letters, digits and '-', a letter first",
      });
    }
    const folder = resolve(given.word(1) || name);
    const there = filesIn(folder);
    if (there > 0) {
      throw new DcosError('conflict', `${folder} is there already and not empty`, {
        hint: `Name another folder: dcos package create ${name} <folder>`,
      });
    }
    for (const [path, text] of Object.entries(skeletonOf(name))) {
      const file = join(folder, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    context.io.result(folder);
    context.io.say(
      `Try it: dcos package build ${given.word(1) || name}, dcos package install ${name}`,
    );
  },
};

function filesIn(folder: string): number {
  try {
    return readdirSync(folder).length;
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return 0;
    throw fileError(error, folder);
  }
}
