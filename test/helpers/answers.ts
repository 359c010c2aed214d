/** A small HTTP server that gives prepared answers, in the place of a cluster's gateway. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Teardown } from './command-line.js';

/** What was asked. */
export interface Asked {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** Parsed JSON, or the text. */
  readonly body: unknown;
}

/** What is answered; the body is sent as JSON unless it is text. `hang` never answers. */
export type Prepared =
  | {
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: unknown;
    }
  | 'hang';

/** Answers by `METHOD /path`; a function looks at what was asked. */
export type Answers = Record<string, Prepared | ((asked: Asked) => Prepared)>;

/** A running server. */
export interface AnswerServer {
  readonly url: string;
  /** Everything that was asked, in order. */
  readonly asked: Asked[];
  /** May be changed at any time. */
  readonly answers: Answers;
}

/** Starts a server on a free port; it ends with the test. What is not prepared is a 404. */
export async function startAnswers(t: Teardown, answers: Answers): Promise<AnswerServer> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://server');
      const one: Asked = {
        method: request.method ?? '',
        path: url.pathname,
        query: url.searchParams,
        headers: request.headers,
        body: parse(Buffer.concat(chunks).toString('utf8')),
      };
      asked.push(one);
      const prepared = answers[`${one.method} ${one.path}`] ?? notFound(one);
      const answer = typeof prepared === 'function' ? prepared(one) : prepared;
      if (answer === 'hang') return;
      const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
      response.writeHead(answer.status ?? 200, {
        'content-type': 'application/json',
        ...answer.headers,
      });
      response.end(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, asked, answers };
}

const notFound = ({ path }: Asked): Prepared => ({
  status: 404,
  body: { message: `nothing is at ${path}` },
});

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
