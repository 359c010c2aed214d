/** `dcos completion` */
import { DcosError } from '../../core/errors.js';
import { type Command, type Group, isGroup } from '../command.js';

/** Prints a completion script. */
export const completion: Command = {
  summary: 'print a script that completes commands in bash or zsh',
  words: [['<shell>', 'bash or zsh']],
  examples: ['source <(dcos completion bash)', 'source <(dcos completion zsh)'],
  run: async (context, given) => {
    const shell = given.word(0);
    if (shell !== 'bash' && shell !== 'zsh') {
      throw new DcosError('usage', `completion is there for bash and zsh, not for '${shell}'`);
    }
    const { io } = context;
    if (shell === 'zsh') io.result('autoload -U +X bashcompinit && bashcompinit');
    io.result(bashScript(await wordsByPath(context.commands, [])));
  },
};

/** What may follow each path of words: commands below a noun, flags of a command. */
async function wordsByPath(group: Group, path: readonly string[]): Promise<[string, string][]> {
  const shown = Object.entries(group.children).filter(([, child]) => !child.isHidden);
  const rows: [string, string][] = [[path.join(' '), shown.map(([name]) => name).join(' ')]];
  for (const [name, child] of shown) {
    const below = [...path, name];
    if (isGroup(child)) {
      rows.push(...(await wordsByPath(child, below)));
      continue;
    }
    const { flags = [] } = await child.load();
    const names = flags
      .filter((flag) => !flag.isHidden)
      .map((flag) => /--[\w-]+/.exec(flag.flags)?.[0]);
    rows.push([
      below.join(' '),
      [...names, '--help'].filter((flag) => flag !== undefined).join(' '),
    ]);
  }
  return rows;
}

function bashScript(rows: readonly [string, string][]): string {
  const cases = rows.map(([path, words]) => `    '${path}') words='${words}' ;;`).join('\n');
  return `_dcos() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path='' word words=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) path="\${path:+$path }$word" ;; esac
  done
  # What stands behind a command is its arguments: the flags of the longest known path are offered.
  while :; do
    words=''
    case "$path" in
${cases}
    esac
    [ -n "$words" ] || [ -z "$path" ] && break
    case "$path" in *' '*) path="\${path% *}" ;; *) path='' ;; esac
  done
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _dcos dcos`;
}
