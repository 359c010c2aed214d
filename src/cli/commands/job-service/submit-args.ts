/**
 * What stands in `--submit-args`: the words of `spark-submit` (spark.apache.org,
 * "Submitting Applications"), as properties of a job. Pure.
 */
import { DcosError } from '../../../core/errors.js';
import { didYouMean } from '../../suggest.js';

/** A job as it was written: paths are still those of the user's machine. */
export interface SubmitArgs {
  readonly appResource: string;
  readonly mainClass: string;
  readonly appArgs: readonly string[];
  readonly properties: Record<string, string>;
}

/** Options with a value, and the property that each stands for. */
const valueOptions: Readonly<Record<string, string>> = {
  '--name': 'spark.app.name',
  '--jars': 'spark.jars',
  '--files': 'spark.files',
  '--archives': 'spark.archives',
  '--py-files': 'spark.submit.pyFiles',
  '--packages': 'spark.jars.packages',
  '--exclude-packages': 'spark.jars.excludes',
  '--repositories': 'spark.jars.repositories',
  '--driver-memory': 'spark.driver.memory',
  '--driver-cores': 'spark.driver.cores',
  '--driver-java-options': 'spark.driver.extraJavaOptions',
  '--driver-class-path': 'spark.driver.extraClassPath',
  '--executor-memory': 'spark.executor.memory',
  '--executor-cores': 'spark.executor.cores',
  '--num-executors': 'spark.executor.instances',
  '--total-executor-cores': 'spark.cores.max',
};

/** Options that this service decides. */
const ignored = ['--master', '--deploy-mode'];
const others = ['--class', '--conf', '-c', '--supervise', '--verbose', '-v'];

/** Properties whose value is a list of files. */
export const fileProperties = [
  'spark.jars',
  'spark.files',
  'spark.archives',
  'spark.submit.pyFiles',
] as const;

/** Reads the words. Throws `usage` naming what is wrong. */
export function parseSubmitArgs(text: string): SubmitArgs {
  const words = splitWords(text);
  const properties: Record<string, string> = {};
  let mainClass = '';
  let at = 0;
  const value = (option: string, inline: string | undefined): string => {
    if (inline !== undefined) return inline;
    at += 1;
    const next = words[at];
    if (next === undefined) throw new DcosError('usage', `${option} needs a value`);
    return next;
  };
  for (; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (!word.startsWith('-')) break;
    const equals = word.startsWith('--') ? word.indexOf('=') : -1;
    const option = equals < 0 ? word : word.slice(0, equals);
    const inline = equals < 0 ? undefined : word.slice(equals + 1);
    const property = valueOptions[option];
    if (property !== undefined) properties[property] = value(option, inline);
    else if (option === '--class') mainClass = value(option, inline);
    else if (option === '--conf' || option === '-c') {
      const pair = value(option, inline);
      const split = pair.indexOf('=');
      if (split < 1) throw new DcosError('usage', `--conf ${pair} is not name=value`);
      properties[pair.slice(0, split)] = pair.slice(split + 1);
    } else if (option === '--supervise') properties['spark.driver.supervise'] = 'true';
    else if (ignored.includes(option)) value(option, inline);
    else if (option !== '--verbose' && option !== '-v') throw unknownOption(option);
  }
  const appResource = words[at];
  if (appResource === undefined) {
    throw new DcosError('usage', '--submit-args names no application: a jar or a Python file', {
      hint: 'For example: --submit-args="--class org.example.Main app.jar 100"',
    });
  }
  return { appResource, mainClass, appArgs: words.slice(at + 1), properties };
}

function unknownOption(option: string): DcosError {
  const known = [...Object.keys(valueOptions), ...ignored, ...others];
  return new DcosError('usage', `--submit-args: unknown option '${option}'`, {
    hint: didYouMean(option, known) ?? `Known are: ${known.join(' ')}`,
  });
}

/** Words as a shell splits them: quotes and backslashes, no expansions. Throws `usage`. */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] ?? '';
    if (quote !== '') {
      if (char === quote) quote = '';
      else if (char === '\\' && quote === '"' && '"\\$`'.includes(text[at + 1] ?? ' ')) {
        at += 1;
        word = `${word ?? ''}${text[at]}`;
      } else word = `${word ?? ''}${char}`;
    } else if (char === "'" || char === '"') {
      quote = char;
      word ??= '';
    } else if (char === '\\') {
      at += 1;
      word = `${word ?? ''}${text[at] ?? ''}`;
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = `${word ?? ''}${char}`;
  }
  if (quote !== '') throw new DcosError('usage', `--submit-args: a ${quote} is not closed`);
  if (word !== undefined) words.push(word);
  return words;
}
