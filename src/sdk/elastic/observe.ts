/**
 * What Spark's own pages say: the master's `/json/` (org.apache.spark.deploy.JsonProtocol) and a
 * driver's `/metrics/json/` (Dropwizard's form of ExecutorAllocationManagerSource). Pure.
 */
import { z } from 'zod';

const masterSchema = z.looseObject({
  status: z.string(),
  workers: z.array(
    z.looseObject({
      host: z.string(),
      port: z.number(),
      coresused: z.number(),
      state: z.string(),
    }),
  ),
});

/**
 * Live workers with whether an executor is on them, by `address:port`; `undefined` unless this is
 * the leading master's page.
 */
export function workersIn(page: unknown): (readonly [string, boolean])[] | undefined {
  const parsed = masterSchema.safeParse(page);
  if (!parsed.success || parsed.data.status !== 'ALIVE') return undefined;
  return parsed.data.workers
    .filter(({ state }) => state === 'ALIVE')
    .map(({ host, port, coresused }) => [`${host}:${port}`, coresused > 0] as const);
}

const metricsSchema = z.looseObject({
  gauges: z.record(z.string(), z.looseObject({ value: z.unknown() })),
});

const target = '.ExecutorAllocationManager.executors.numberTargetExecutors';

/** How many executors a driver asks for; `undefined` where the page does not say. */
export function askedIn(page: unknown): number | undefined {
  const parsed = metricsSchema.safeParse(page);
  if (!parsed.success) return undefined;
  const value = Object.entries(parsed.data.gauges).find(([name]) => name.endsWith(target))?.[1];
  return typeof value?.value === 'number' ? value.value : undefined;
}
