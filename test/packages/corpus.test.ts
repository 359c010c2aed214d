// The public Universe's packages render as Cosmos renders them. Runs where the sample lies beside the project.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { type ExactObject, parseExactJson } from '../../src/packages/exact-json.js';
import { checkOptions } from '../../src/packages/options.js';
import { type RenderSource, renderApp, renderText } from '../../src/packages/render.js';
import { cosmosTypeOf } from '../../src/wire/cosmos.js';
import { packageDefinitionSchema } from '../../src/wire/universe.js';

const candidates = [
  join(process.cwd(), '../shared/universe-sample'),
  '/work/shared/universe-sample',
];
const sample = candidates.find((folder) => existsSync(join(folder, 'corpus')));
const fixtures = join(process.cwd(), 'test/packages/fixtures');

interface Expected {
  readonly name: string;
  readonly release: number;
  readonly cosmosOutcome: string;
  readonly schemaErrors?: readonly {
    level: string;
    keyword: string;
    pointer: string;
    message: string;
  }[];
  readonly templateText_sha256?: string;
}

const read = (path: string): ExactObject =>
  parseExactJson(readFileSync(path, 'utf8')) as ExactObject;

function sourceOf(path: string, userOptions: ExactObject): RenderSource {
  const exact = read(path);
  const definition = packageDefinitionSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  const { merged } = checkOptions(exact.config as ExactObject | undefined, userOptions);
  const repositoryUri = 'https://universe.mesosphere.com/repo';
  return { definition, exact, mergedOptions: merged, userOptions, repositoryUri };
}

function outcomeOf(path: string, userOptions: ExactObject) {
  const source = sourceOf(path, userOptions);
  const { failure } = checkOptions(source.exact.config as ExactObject | undefined, userOptions);
  const violations = failure?.type === 'JsonSchemaMismatch' ? failure.violations : [];
  if (failure !== undefined) return { outcome: failure.type as string, violations, app: undefined };
  try {
    const { DCOS_PACKAGE_DEFINITION: _, ...labels } = renderApp(source).labels as Record<
      string,
      string
    >;
    return { outcome: 'ok', violations, app: { ...renderApp(source), labels } };
  } catch (error) {
    return { outcome: cosmosTypeOf(error) ?? String(error), violations, app: undefined };
  }
}

const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, item) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );

function compare(root: string): { wrong: string[]; compared: number } {
  const wrong: string[] = [];
  const index = JSON.parse(readFileSync(join(root, 'rendered-index.json'), 'utf8')) as Expected[];
  for (const expected of index) {
    const id = `${expected.name}/${expected.release}`;
    const path = join(root, 'corpus', `${id}.json`);
    const { outcome, violations, app } = outcomeOf(path, {});
    if (outcome !== expected.cosmosOutcome)
      wrong.push(`${id}: ${outcome} ${JSON.stringify(violations)}`);
    for (const error of expected.schemaErrors ?? []) {
      if (error.level !== 'error' || ['allOf', 'pattern'].includes(error.keyword)) continue;
      const same = violations.some(
        (v) => v.instance.pointer === error.pointer && v.message === error.message,
      );
      if (!same) wrong.push(`${id}: ${JSON.stringify(error)} in ${JSON.stringify(violations)}`);
    }
    if (expected.templateText_sha256) {
      const text = renderText(sourceOf(path, {}));
      const sha = createHash('sha256').update(text).digest('hex');
      if (sha !== expected.templateText_sha256) wrong.push(`${id}: text`);
    }
    const rendered = join(root, 'rendered', `${id}.json`);
    if (app === undefined || !existsSync(rendered)) continue;
    const reference = JSON.parse(readFileSync(rendered, 'utf8'));
    if (canonical(app) !== canonical(reference.app ?? reference)) wrong.push(`${id}: app`);
  }
  return { wrong, compared: index.length };
}

t.test(
  'corpus › each release renders as Cosmos renders it',
  { skip: sample ? false : 'no universe-sample beside the project' },
  (t) => {
    const { wrong, compared } = compare(sample ?? fixtures);
    t.comment(`${compared} releases`);
    t.same(wrong.slice(0, 20), []);
    t.end();
  },
);
