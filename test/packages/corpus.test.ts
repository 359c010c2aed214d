// The public Universe's packages render as Cosmos renders them: all of them where the sample lies
// beside the project, some always.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { DcosError } from '../../src/core/errors.js';
import { exactOf } from '../../src/packages/exact.js';
import { type ExactObject, isExactObject, parseExactJson } from '../../src/packages/exact-json.js';
import { checkOptions } from '../../src/packages/options.js';
import { type RenderSource, renderApp, renderText } from '../../src/packages/render.js';
import { cosmosErrorBody } from '../../src/wire/cosmos.js';
import { packageDefinitionSchema } from '../../src/wire/universe.js';
import { root, shared } from '../helpers/paths.js';

interface Expected {
  readonly name: string;
  readonly release: number;
  readonly cosmosOutcome: string;
  readonly schemaErrors?: readonly {
    readonly level: string;
    readonly keyword: string;
    readonly pointer: string;
    readonly message: string;
  }[];
  readonly templateText_sha256?: string;
}

interface WithOptions {
  readonly userOptions: ExactObject;
  readonly outcome: string;
  readonly app?: object;
}

const readJson = <T>(path: string): T => JSON.parse(readFileSync(path, 'utf8')) as T;

function readRelease(path: string) {
  const exactText = readFileSync(path, 'utf8');
  const definition = packageDefinitionSchema.parse(JSON.parse(exactText));
  return { definition, exact: exactOf({ definition, exactText }) };
}

/** What an install with these options comes to; the text even of options that are not valid. */
function outcomeOf(path: string, userOptions: ExactObject) {
  const release = readRelease(path);
  const { config } = release.exact;
  const checked = checkOptions(isExactObject(config) ? config : undefined, userOptions);
  const source: RenderSource = {
    ...release,
    mergedOptions: checked.merged,
    userOptions,
    repositoryUri: 'https://universe.mesosphere.com/repo',
  };
  const { failure } = checked;
  const violations = failure?.type === 'JsonSchemaMismatch' ? failure.violations : [];
  if (failure !== undefined) return { outcome: failure.type as string, violations, source };
  try {
    return { outcome: 'ok', violations, source, app: withoutDefinition(renderApp(source)) };
  } catch (error) {
    if (!(error instanceof DcosError)) throw error;
    return { outcome: cosmosErrorBody(error).type, violations, source };
  }
}

function withoutDefinition(app: object): object {
  const { labels } = app as { labels: Record<string, string> };
  const { DCOS_PACKAGE_DEFINITION: _, ...others } = labels;
  return { ...app, labels: others };
}

/** JSON with sorted members, so that order does not count. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, item) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );

/**
 * Of the combinations Ajv tells how many failed at least, not of how many; patterns differ in a
 * quirk of the text.
 */
const comparedLoosely = ['allOf', 'pattern'];

function compareDefaults(folder: string, expected: Expected): string[] {
  const id = `${expected.name}/${expected.release}`;
  const { outcome, violations, source, app } = outcomeOf(join(folder, 'corpus', `${id}.json`), {});
  const wrong: string[] = [];
  if (outcome !== expected.cosmosOutcome) wrong.push(`${id}: ${outcome}`);
  for (const error of expected.schemaErrors ?? []) {
    if (error.level !== 'error') continue;
    const found = violations.find(
      ({ instance, keyword }) => instance.pointer === error.pointer && keyword === error.keyword,
    );
    const loosely = comparedLoosely.includes(error.keyword);
    if (!found || (!loosely && found.message !== error.message)) {
      wrong.push(`${id}: ${error.pointer} ${error.message}, but ${found?.message}`);
    }
  }
  const text = createHash('sha256').update(renderText(source)).digest('hex');
  if (text !== (expected.templateText_sha256 ?? text)) wrong.push(`${id}: text`);
  const rendered = join(folder, 'rendered', `${id}.json`);
  if (app === undefined || !existsSync(rendered)) return wrong;
  if (canonical(app) !== canonical(readJson(rendered))) wrong.push(`${id}: app`);
  return wrong;
}

function compareOptions(folder: string): { wrong: string[]; compared: number } {
  const wrong: string[] = [];
  let compared = 0;
  for (const id of readdirSync(join(folder, 'rendered-options'), { recursive: true })) {
    if (typeof id !== 'string' || !id.endsWith('.json')) continue;
    const path = join(folder, 'rendered-options', id);
    const expected = readJson<WithOptions>(path);
    const exact = parseExactJson(readFileSync(path, 'utf8')) as unknown as WithOptions;
    const { outcome, app } = outcomeOf(join(folder, 'corpus', id), exact.userOptions);
    compared += 1;
    if (outcome !== expected.outcome) wrong.push(`${id}: ${outcome}`);
    if (app && canonical(app) !== canonical(expected.app)) wrong.push(`${id}: app`);
  }
  return { wrong, compared };
}

function check(t: Test, folder: string): void {
  const index = readJson<Expected[]>(join(folder, 'rendered-index.json'));
  const wrong = index.flatMap((expected) => compareDefaults(folder, expected));
  t.same(wrong, [], `${index.length} releases with their defaults`);
  const options = compareOptions(folder);
  t.same(options.wrong, [], `${options.compared} releases with options`);
  t.ok(index.length > 0 && options.compared > 0);
  t.end();
}

t.test('render › some packages of the Universe render as Cosmos renders them', (t) =>
  check(t, join(root, 'test/packages/fixtures/universe')),
);

const sample = join(shared, 'universe-sample');
const skip = existsSync(sample) ? false : `no ${sample}: the whole Universe is not compared`;
t.test('render › every package of the Universe renders as Cosmos renders it', { skip }, (t) =>
  check(t, sample),
);
