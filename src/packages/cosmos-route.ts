/**
 * Routes of the package API: Accept, Content-Type and body checked as Cosmos checks them, answers
 * and errors in its media types (cosmos-api.md §1, §2).
 */
import type { z } from 'zod';
import { DcosError, messageOf } from '../core/errors.js';
import type { Answer, Request, Route } from '../core/http/server.js';
import { statusOf } from '../core/http/server.js';
import { type CosmosErrorBody, cosmosErrorBody, errorMediaType } from '../wire/cosmos.js';
import { type ExactJson, parseExactJson, stringifyExactJson } from './exact-json.js';
import { chooseMediaType, isMediaType } from './media-types.js';

/** One call of the package API. */
export interface CosmosEndpoint<S extends z.ZodType> {
  readonly path: string;
  /** What a POST must carry; a GET without. */
  readonly request?: { readonly mediaType: string; readonly schema: S };
  /** Media types that can be produced; the caller's Accept chooses one. */
  readonly responses: readonly string[];
  /** The answer's body; null members are dropped at any depth. May give headers of its own. */
  handle(
    body: z.output<S>,
    chosen: string,
    request: Request,
  ): Promise<ExactJson | CosmosAnswer> | ExactJson | CosmosAnswer;
}

/** An answer with headers besides its body. */
class CosmosAnswer {
  readonly body: ExactJson;
  readonly headers: Readonly<Record<string, string>>;

  constructor(body: ExactJson, headers: Readonly<Record<string, string>>) {
    this.body = body;
    this.headers = headers;
  }
}

/** The route of a call. Errors of `handle` become Cosmos' error bodies. */
export function cosmosRoute<S extends z.ZodType>(endpoint: CosmosEndpoint<S>): Route {
  return {
    method: endpoint.request ? 'POST' : 'GET',
    path: endpoint.path,
    access: 'token',
    handle: async (request) => {
      try {
        return await answer(endpoint, request);
      } catch (error) {
        if (error instanceof DcosError) return cosmosErrorAnswer(error);
        throw error;
      }
    },
  };
}

/** The answer to an error, in Cosmos' form. */
function cosmosErrorAnswer(error: DcosError): Answer {
  return errorAnswer(statusOf(error), cosmosErrorBody(error));
}

function errorAnswer(status: number, body: CosmosErrorBody): Answer {
  return json(status, errorMediaType, body as unknown as ExactJson, {});
}

function json(
  status: number,
  type: string,
  body: ExactJson,
  headers: Readonly<Record<string, string>>,
): Answer {
  return {
    status,
    headers: { ...headers, 'content-type': type },
    bytes: Buffer.from(stringifyExactJson(body, true)),
  };
}

async function answer<S extends z.ZodType>(
  endpoint: CosmosEndpoint<S>,
  request: Request,
): Promise<Answer> {
  const problems: CosmosErrorBody[] = [];
  const chosen = chooseAccept(endpoint.responses, request, problems);
  const body = endpoint.request
    ? await readBody(endpoint.request, request, problems)
    : (undefined as z.output<S>);
  const [first] = problems;
  if (chosen === undefined || first !== undefined) return refusal(problems);
  const result = await endpoint.handle(body as z.output<S>, chosen, request);
  return result instanceof CosmosAnswer
    ? json(200, chosen, result.body, result.headers)
    : json(200, chosen, result, {});
}

function refusal(problems: readonly CosmosErrorBody[]): Answer {
  const [first] = problems;
  if (problems.length === 1 && first !== undefined) return errorAnswer(400, first);
  const message = 'Multiple errors while processing request';
  return errorAnswer(400, { type: 'multiple_errors', message, data: { errors: problems } });
}

function chooseAccept(
  produced: readonly string[],
  request: Request,
  problems: CosmosErrorBody[],
): string | undefined {
  const { accept } = request.headers;
  if (accept === undefined || accept === '') {
    problems.push(notPresent("header 'Accept'"));
    return undefined;
  }
  const chosen = chooseMediaType(accept, produced);
  if (chosen === undefined) {
    problems.push(notValid("header 'Accept'", `should match one of: ${produced.join(', ')}`));
  }
  return chosen;
}

async function readBody<S extends z.ZodType>(
  { mediaType, schema }: { readonly mediaType: string; readonly schema: S },
  request: Request,
  problems: CosmosErrorBody[],
): Promise<z.output<S> | undefined> {
  const contentType = request.headers['content-type'];
  if (contentType === undefined) problems.push(notPresent("header 'Content-Type'"));
  else if (!isMediaType(contentType, mediaType)) {
    problems.push(notValid("header 'Content-Type'", `should match ${mediaType}`));
  }
  const text = (await request.body()).toString('utf8');
  if (text.trim() === '') {
    problems.push(notPresent('body'));
    return undefined;
  }
  try {
    const parsed = schema.safeParse(parseExactJson(text));
    if (parsed.success) return parsed.data;
    const reasons = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    problems.push(notParsed(reasons.join('; ')));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    problems.push(notParsed(messageOf(error)));
  }
  return undefined;
}

function notPresent(item: string): CosmosErrorBody {
  return { type: 'not_present', message: `Required ${item} not present in the request.` };
}

function notValid(item: string, rule: string): CosmosErrorBody {
  return { type: 'not_valid', message: `Validation failed: ${item} ${rule}.` };
}

function notParsed(reason: string): CosmosErrorBody {
  return { type: 'not_parsed', message: `body cannot be converted to the request: ${reason}.` };
}
