/**
 * The model master behind a real HTTP server: what a framework's connection talks to in tests of
 * whole rooms.
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';
import type { SchedulerCall } from '../../src/wire/mesos/scheduler.js';
import { encodeRecord } from '../../src/wire/recordio.js';
import type { ModelMaster } from './model-master.js';

/** A served model; time passes by itself while the test runs. */
export interface ModelServer {
  readonly url: string;
  readonly master: ModelMaster;
  /** Every call, in order. */
  readonly calls: SchedulerCall[];
}

/** Serves `master` until the test ends. */
export async function serveModel(t: Test, master: ModelMaster): Promise<ModelServer> {
  const calls: SchedulerCall[] = [];
  let stream: ServerResponse | undefined;
  const subscribe = (call: SchedulerCall, response: ServerResponse): void => {
    stream?.destroy();
    stream = response;
    response.writeHead(200, { 'mesos-stream-id': 's' });
    response.on('close', () => {
      if (stream === response) master.disconnect();
    });
    const id = 'framework_id' in call ? call.framework_id?.value : undefined;
    master.subscribe(id, (event) => response.write(encodeRecord(JSON.stringify(event))));
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const call = JSON.parse(Buffer.concat(chunks).toString()) as SchedulerCall;
      calls.push(call);
      if (call.type === 'SUBSCRIBE') return subscribe(call, response);
      response.writeHead(202).end();
      master.call(call);
      if (call.type === 'TEARDOWN') stream?.destroy();
      return master.advance(Date.now());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const timer = setInterval(() => master.advance(Date.now()), 20);
  t.teardown(() => {
    clearInterval(timer);
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, master, calls };
}
