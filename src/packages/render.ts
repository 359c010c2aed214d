/** A package's template and options into the app that `services` runs (cosmos-api.md §6.4–6.8). */
import { messageOf } from '../core/errors.js';
import type { JsonObject } from '../core/json.js';
import { cosmosError } from '../wire/cosmos.js';
import type { PackageDefinition } from '../wire/universe.js';
import { mergeOptions } from './defaults.js';
import { type ExactObject, isExactObject } from './exact-json.js';
import { type LabelSource, packageLabels } from './labels.js';
import { renderMustache } from './mustache.js';
import { MustacheError } from './mustache-parse.js';

/** What is rendered. */
export interface RenderSource extends LabelSource {
  /** Defaults and the user's options, merged. */
  readonly mergedOptions: ExactObject;
  /**
   * Where the control plane serves the assets, by name; they take the place of those in the
   * definition.
   */
  readonly assetUrls?: Readonly<Record<string, string>>;
  /** Takes the place of the rendered id. */
  readonly appId?: string | undefined;
}

/** The text of the template. Throws ServiceMarathonTemplateNotFound. */
function templateOf(definition: PackageDefinition): string {
  const encoded = definition.marathon?.v2AppMustacheTemplate;
  if (encoded !== undefined) return Buffer.from(encoded, 'base64').toString('utf8');
  const { name, version } = definition;
  throw cosmosError(
    'ServiceMarathonTemplateNotFound',
    `Package: [${name}] version: [${version}] does not have a Marathon template defined ` +
      'and can not be rendered',
    { packageName: name, packageVersion: version },
  );
}

/**
 * The rendered text, before it is parsed. Throws `unhandled_exception` for a template that cannot
 * be read.
 */
export function renderText(source: RenderSource): string {
  const resource = isExactObject(source.exact.resource) ? source.exact.resource : {};
  const assets = source.assetUrls ? { assets: { uris: { ...source.assetUrls } } } : {};
  const context = mergeOptions(source.mergedOptions, { resource: mergeOptions(resource, assets) });
  const template = templateOf(source.definition);
  try {
    return renderMustache(template, context);
  } catch (error) {
    if (!(error instanceof MustacheError)) throw error;
    throw cosmosError('unhandled_exception', `MustacheException: ${error.message}`);
  }
}

/**
 * The app, with Cosmos' labels. Throws JsonParsingError, MarathonTemplateMustBeJsonObject$,
 * JsonDecodingError.
 */
export function renderApp(source: RenderSource): JsonObject {
  const app = parseApp(renderText(source));
  const labels = labelsOf(app);
  return {
    ...app,
    ...(source.appId === undefined ? {} : { id: source.appId }),
    labels: { ...labels, ...packageLabels(source) },
  };
}

function parseApp(text: string): JsonObject {
  let app: unknown;
  try {
    app = JSON.parse(text);
  } catch (error) {
    const parsingErrorMessage = messageOf(error);
    throw cosmosError(
      'JsonParsingError',
      `Unable to parse the string as a JSON value: ${parsingErrorMessage}`,
      { underlyingType: 'io.circe.Json', parsingErrorMessage, parsingInput: text },
      'the options make the template of the package render something that is not JSON',
    );
  }
  if (typeof app === 'object' && app !== null && !Array.isArray(app)) return app as JsonObject;
  throw cosmosError(
    'MarathonTemplateMustBeJsonObject$',
    'Rendered Marathon JSON must be a JSON object',
  );
}

function labelsOf(app: JsonObject): Readonly<Record<string, string>> {
  const labels: unknown = app.labels;
  if (labels === undefined || labels === null) return {};
  const strings =
    typeof labels === 'object' &&
    !Array.isArray(labels) &&
    Object.values(labels).every((value) => typeof value === 'string');
  if (strings) return labels as Readonly<Record<string, string>>;
  throw cosmosError(
    'JsonDecodingError',
    'Unable to decode the JSON value as a scala.collection.immutable.Map',
    {
      typeName: 'scala.collection.immutable.Map',
      decodingErrorMessage: 'String: DownField(labels)',
      decodeInput: JSON.stringify(app),
    },
  );
}
