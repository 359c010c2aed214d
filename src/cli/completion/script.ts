/** The script that completes `dcos` in bash, and in zsh through its own emulation. Pure. */
import type { NameKind } from './names.js';

/** What may follow a path of words. */
export interface Offer {
  /** Commands below a noun, flags of a command. */
  readonly words: readonly string[];
  /** Live names that may follow as well. */
  readonly names?: NameKind | undefined;
}

/** The script; `offers` by the words typed so far, `''` for none. */
export function completionScript(
  shell: 'bash' | 'zsh',
  offers: ReadonlyMap<string, Offer>,
): string {
  const cases = [...offers].map(([path, { words, names }]) => {
    const live = names === undefined ? '' : ` names=${names}`;
    return `    '${path}') words='${words.join(' ')}'${live} ;;`;
  });
  const commands = offers.get('')?.words.join(' ') ?? '';
  const script = `_dcos() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path='' word words='' names=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) path="\${path:+$path }$word" ;; esac
  done
  # A first word that is no command is a service: dcos kafka plan is dcos service plan.
  case " ${commands} " in
    *" \${path%% *} "*) ;;
    *) [ -z "$path" ] || path="service\${path#"\${path%% *}"}" ;;
  esac
  # What stands behind a command is its arguments: what the longest known path takes is offered.
  while :; do
    words='' names=''
    case "$path" in
${cases.join('\n')}
    esac
    [ -n "$words" ] || [ -z "$path" ] && break
    case "$path" in *' '*) path="\${path% *}" ;; *) path='' ;; esac
  done
  case "$current" in
    -*) ;;
    *) [ -z "$names" ] || words="$words $(dcos completion names "$names" 2>/dev/null)" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _dcos dcos`;
  return shell === 'zsh' ? `autoload -U +X bashcompinit && bashcompinit\n${script}` : script;
}
