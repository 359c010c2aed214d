/**
 * Between HTTP and Marathon's messages: bodies read and judged, errors in Marathon's form
 * (marathon raml/error.raml).
 */
import { z } from 'zod';
import { DcosError } from '../core/errors.js';
import { type Answer, type Request, type Route, statusOf } from '../core/http/server.js';
import { type AppUpdate, appUpdateSchema } from '../wire/marathon.js';

/** A route of Marathon's API: errors are answered as Marathon does. */
export function route(
  method: string,
  path: string,
  handle: Route['handle'],
  access: Route['access'] = 'token',
): Route {
  return {
    method,
    path,
    access,
    handle: async (request) => {
      try {
        return await handle(request);
      } catch (error) {
        if (error instanceof DcosError && statusOf(error) < 500) return errorAnswer(error);
        throw error;
      }
    },
  };
}

function errorAnswer(error: DcosError): Answer {
  const { data, message } = error;
  const more = Array.isArray(data)
    ? { details: data }
    : typeof data === 'object' && data !== null
      ? data
      : {};
  return { status: statusOf(error), json: { message, ...more } };
}

const wrongJson = (details: unknown): DcosError =>
  new DcosError('invalid', 'Invalid JSON', {
    status: 400,
    data: Array.isArray(details) ? details : { details },
  });

/** The body as JSON. Throws 400 with Marathon's text. */
export async function jsonBody(request: Request): Promise<unknown> {
  const text = (await request.body()).toString('utf8');
  try {
    return JSON.parse(text);
  } catch (error) {
    throw wrongJson(text === '' ? 'the body is empty' : (error as Error).message);
  }
}

/** One app as sent. Throws 400 with all wrong types. */
export function parseApp(json: unknown): AppUpdate {
  return parse(appUpdateSchema, json);
}

/** A list of apps as sent. Throws 400 with all wrong types. */
export function parseApps(json: unknown): AppUpdate[] {
  return parse(z.array(appUpdateSchema).max(10_000), json);
}

/** `json` as `schema` has it. Throws 400 with all wrong types. */
export function parse<Value>(schema: z.ZodType<Value>, json: unknown): Value {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  throw wrongJson(
    result.error.issues.map(({ path, code, message, ...issue }) => ({
      path: path
        .map((part) => (typeof part === 'number' ? `(${part})` : `/${String(part)}`))
        .join(''),
      errors: [code === 'invalid_type' ? `error.expected.js${nameOf(issue)}` : message],
    })),
  );
}

function nameOf(issue: object): string {
  const expected = 'expected' in issue ? String(issue.expected) : 'value';
  return expected === 'record' ? 'object' : expected === 'int' ? 'number' : expected;
}

/** The answer of a call that began a deployment. */
export function deploymentAnswer(
  { deploymentId, version }: { readonly deploymentId: string; readonly version: string },
  status = 200,
  json: unknown = { version, deploymentId },
): Answer {
  return { status, json, headers: { 'marathon-deployment-id': deploymentId } };
}

/** A boolean of the query; present without value counts as true. */
export function flag({ query }: Request, name: string, byDefault = false): boolean {
  const value = query.get(name);
  return value === null ? byDefault : value === '' || value === 'true';
}
