/** How long a small job of Spark takes, from its submission until it has finished. */
import { installPackage } from '../live/services/service.js';
import { compiledJob, spark } from '../live/services/spark.js';
import { type Figure, median } from './measure.js';
import { timed, withLive } from './place.js';

const slow = { timeoutMs: 580_000 };

/** SparkPi in Scala with dynamic executors; the first run, which fills caches, does not count. */
export async function sparkPi(rounds: number): Promise<Figure> {
  return withLive(async (live) => {
    await live.ok(['up']);
    await installPackage(live, spark.name, spark.options, slow.timeoutMs);
    const jar = await compiledJob(live, 'SparkPi');
    const args = `--class org.apache.spark.examples.SparkPi ${jar} 10`;
    const run = (): Promise<number> =>
      timed(() => live.ok(['spark', 'run', '--wait', `--submit-args=${args}`], slow));
    await run();
    const times: number[] = [];
    for (let round = 0; round < rounds; round += 1) times.push(await run());
    return {
      what: 'SparkPi, submitted until finished',
      value: median(times),
      unit: 'ms',
      limit: 25_000,
    };
  });
}
