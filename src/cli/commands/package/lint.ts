/** `dcos package lint`, `build`, `bundle`: what authors and carriers of packages need. */
import { join, resolve } from 'node:path';
import { DcosError } from '../../../core/errors.js';
import type { Command } from '../../command.js';
import type { Context } from '../../context.js';
import { askAuthor } from '../../local/author.js';
import { clean } from '../../output/clean.js';
import { formatJson } from '../../output/list.js';

const json = { flags: '--json', text: 'print the report as JSON' };

/** Says all that is wrong with a package. */
export const lint: Command = {
  summary: "check a package's folder: its files, options, service, commands and artifacts",
  words: [['<folder>', 'the folder that has its package.json']],
  flags: [json],
  examples: ['dcos package lint ./cache'],
  run: async (context, given) => {
    const report = await ask(context, ['lint', resolve(given.word(0))]);
    if (given.has('json')) context.io.result(formatJson(report));
    else if (problemsOf(report).length === 0) {
      context.io.result(`${titleOf(report)}: all is well`);
    }
    throwProblems(report);
  },
};

/** Checks a package and puts it where installs find it. */
export const build: Command = {
  summary: 'check a package and make it installable here; an archive of it with --into',
  words: [['<folder>', 'the folder that has its package.json']],
  flags: [{ flags: '--into <file>', text: 'write an archive (.tgz) as well' }, json],
  examples: ['dcos package build ./cache', 'dcos package build ./cache --into cache-1.0.0.tgz'],
  notes:
    'It is copied to $DCOS_DIR/packages, where the local control plane looks for your own ones.',
  run: async (context, given) => {
    const into = given.text('into');
    const archive = into === undefined ? [] : [resolve(into)];
    const home = join(context.dcosDir, 'packages');
    const report = await ask(context, ['build', resolve(given.word(0)), home, ...archive]);
    if (given.has('json')) context.io.result(formatJson(report));
    throwProblems(report);
    if (!given.has('json')) {
      context.io.result(`${titleOf(report)} is built.`);
      context.io.say(`Install it: dcos package install ${clean(String(report.name))}`);
    }
  },
};

/** Packages with all that they download, in one file. */
export const bundle: Command = {
  summary: 'write packages and everything that they download into one file',
  words: [['<packages...>', 'their names, or name@version']],
  flags: [
    { flags: '--into <file>', text: 'the file; <first package>.bundle.tgz if left out' },
    json,
  ],
  examples: ['dcos package bundle kafka zookeeper@3.8.4 --into offline.tgz'],
  notes: [
    'Fails naming every artifact that cannot be had. In the place without a network:',
    'unpack packages/ into $DCOS_DIR, and files/ into ~/.cache/dcos.',
  ].join('\n'),
  run: async (context, given) => {
    const into = resolve(given.text('into') ?? `${given.word(0).split('@')[0]}.bundle.tgz`);
    const report = await ask(context, ['bundle', into, ...given.words]);
    if (given.has('json')) context.io.result(formatJson(report));
    else {
      const mb = (Number(report.bytes) / 1e6).toFixed(1);
      context.io.result(`${into}: ${String(report.files)} files, ${mb} MB`);
    }
  },
};

const ask = (context: Context, words: readonly string[]): Promise<Record<string, unknown>> =>
  askAuthor(words, (line) => context.io.say(clean(line)));

const titleOf = ({ name, version }: Record<string, unknown>): string =>
  `${clean(String(name))} ${clean(String(version))}`;

const problemsOf = ({ problems }: Record<string, unknown>): string[] =>
  Array.isArray(problems) ? problems.map(String) : [];

function throwProblems(report: Record<string, unknown>): void {
  const problems = problemsOf(report);
  if (problems.length === 0) return;
  const many = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  throw new DcosError('invalid', `the package has ${many}:\n  ${problems.join('\n  ')}`);
}
