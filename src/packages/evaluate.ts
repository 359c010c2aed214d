/**
 * What is done with a release's schema and template, as one pure function over data that can cross
 * to a worker: strangers' packages are evaluated there, ours in place.
 */
import type { JsonObject } from '../core/json.js';
import type { PackageDefinition } from '../wire/universe.js';
import { exactOf, parseExactObject } from './exact.js';
import { isExactObject, stringifyExactJson } from './exact-json.js';
import { checkOptions, type OptionsFailure } from './options.js';
import { renderApp } from './render.js';

/** What to evaluate; plain data. */
export interface EvaluationRequest {
  /** `check`: only the options; `render`: the app as well. */
  readonly what: 'check' | 'render';
  readonly definition: PackageDefinition;
  /** The definition with exact numbers, where plain JSON loses some. */
  readonly exactText: string | undefined;
  readonly repositoryUri: string;
  /** JSON text, numbers exact. */
  readonly userOptions: string;
  readonly assetUrls?: Readonly<Record<string, string>> | undefined;
  readonly appId?: string | undefined;
}

/** What came of it; plain data. */
export interface Evaluation {
  /** Defaults and the user's options, merged; JSON text, numbers exact. */
  readonly mergedOptions: string;
  /** What is wrong with the options. */
  readonly failure: OptionsFailure | undefined;
  /** Present after `render` of valid options. */
  readonly app?: JsonObject;
}

/** Checks and renders. Throws what `renderApp` throws. */
export function evaluate(request: EvaluationRequest): Evaluation {
  const exact = exactOf(request);
  const userOptions = parseExactObject(request.userOptions);
  const config = isExactObject(exact.config) ? exact.config : undefined;
  const { merged, failure } = checkOptions(config, userOptions);
  const mergedOptions = stringifyExactJson(merged);
  if (failure !== undefined || request.what === 'check') return { mergedOptions, failure };
  const { definition, repositoryUri, assetUrls, appId } = request;
  const source = { definition, exact, repositoryUri, userOptions, mergedOptions: merged, appId };
  return { mergedOptions, failure, app: renderApp(assetUrls ? { ...source, assetUrls } : source) };
}
