/** The one task that a word means. */
import type { Http } from '../client/http.js';
import { listTasks, type TaskFilter, type TaskView } from '../client/tasks.js';
import { DcosError } from '../core/errors.js';
import { didYouMean } from './suggest.js';

/** How many ids an error names. */
const shown = 5;

/**
 * The task whose id, instance or name the word is, else the only one that it is a part of. Throws
 * `not-found`, or `usage` where it may mean several.
 */
export async function oneTask(
  http: Http,
  word: string,
  kind: NonNullable<TaskFilter['kind']> = 'active',
): Promise<TaskView> {
  const found = await listTasks(http, { word, kind });
  const exact = found.filter((task) => [task.id, task.instance, task.name].includes(word));
  const [task, ...others] = exact.length > 0 ? exact : found;
  if (task === undefined) {
    const all = await listTasks(http, { kind });
    const names = new Set(all.flatMap(({ id, name, instance }) => [name, instance, id]));
    throw new DcosError('not-found', `no task matches '${word}'`, {
      hint: didYouMean(word, names) ?? 'See: dcos task list',
    });
  }
  if (others.length === 0) return task;
  const ids = [task, ...others].slice(0, shown).map(({ id }) => `  ${id}`);
  const more = others.length + 1 - ids.length;
  throw new DcosError('usage', `'${word}' may mean ${others.length + 1} tasks`, {
    hint: ['Name one of them:', ...ids, ...(more > 0 ? [`  and ${more} more`] : [])].join('\n'),
  });
}
