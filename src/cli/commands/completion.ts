/** `dcos completion` */
import { DcosError } from '../../core/errors.js';
import { type Command, type Group, isGroup } from '../command.js';
import { isNameKind, nameKindOf, namesOf } from '../completion/names.js';
import { completionScript, type Offer } from '../completion/script.js';

/** Prints a completion script, or for that script what the cluster has under a noun. */
export const completion: Command = {
  summary: 'print a script that completes commands and live names in bash or zsh',
  words: [
    ['<shell>', 'bash or zsh'],
    ['[kind]', 'for the script itself: names tasks, names apps…'],
  ],
  examples: ['source <(dcos completion bash)', 'source <(dcos completion zsh)'],
  run: async (context, given) => {
    const [shell, kind = ''] = given.words;
    const { io } = context;
    if (shell === 'names' && isNameKind(kind)) {
      for (const name of await namesOf(context, kind)) io.result(name);
      return;
    }
    if (shell !== 'bash' && shell !== 'zsh') {
      throw new DcosError('usage', `completion is there for bash and zsh, not for '${shell}'`);
    }
    io.result(completionScript(shell, new Map(await offersBelow(context.commands, []))));
  },
};

/** What may follow each path of words. */
async function offersBelow(group: Group, path: readonly string[]): Promise<[string, Offer][]> {
  const shown = Object.entries(group.children).filter(([, child]) => !child.isHidden);
  const words = shown.map(([name]) => name);
  // `dcos kafka …`: a service may stand first.
  const names = path.length === 0 ? 'services' : undefined;
  const rows: [string, Offer][] = [[path.join(' '), { words, names }]];
  for (const [name, child] of shown) {
    const below = [...path, name];
    if (isGroup(child)) {
      rows.push(...(await offersBelow(child, below)));
      continue;
    }
    const command = await child.load();
    const flags = (command.flags ?? [])
      .filter((flag) => !flag.isHidden)
      .flatMap((flag) => /--[\w-]+/.exec(flag.flags)?.[0] ?? []);
    rows.push([
      below.join(' '),
      { words: [...flags, '--help'], names: nameKindOf(below, command) },
    ]);
  }
  return rows;
}
