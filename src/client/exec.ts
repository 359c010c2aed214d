/**
 * A command inside a task's container: a nested container session of the agent's v1 API, its input
 * on a second connection, its status by a third call (reference: dcos-cli, "task exec").
 */
import { randomUUID } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { DcosError } from '../core/errors.js';
import {
  type ContainerId,
  type DataStream,
  dataMessage,
  exitCodeOf,
  heartbeatMessage,
  type ProcessIo,
  resizeMessage,
  type WindowSize,
} from '../wire/mesos/process-io.js';
import { encodeRecord, RecordDecoder } from '../wire/recordio.js';
import { asList, asObject } from './answers.js';
import type { Http } from './http.js';
import type { TaskView } from './tasks.js';

/** ms between two signs of life, and for the last word about how it ended. */
const heartbeatMs = 30_000;
const waitMs = 30_000;

/** What is to run. */
export interface ExecCommand {
  /** The program, then its arguments. */
  readonly words: readonly string[];
  readonly user?: string | undefined;
  /** Given where it gets a terminal, with its size. */
  readonly tty?: WindowSize | undefined;
}

/** A piece of what it says. */
export interface ExecOutput {
  readonly stream: DataStream;
  readonly data: Buffer;
}

/** A way to write to it. */
export interface ExecInput {
  /** Gives it bytes; false when `onDrain` should be waited for. */
  write(data: Buffer): boolean;
  onDrain(go: () => void): void;
  resize(size: WindowSize): void;
  /** There is no more input. */
  end(): void;
  /** Lets go of the connection. */
  close(): void;
  /** Rejects where the agent takes no input. */
  readonly done: Promise<void>;
}

/** A command that runs. */
export interface ExecSession {
  /** Until it has ended. */
  output(): AsyncGenerator<ExecOutput>;
  input(): ExecInput;
  /** Its exit code, 128 + n for a signal. Throws `failed` where the agent does not know it. */
  exitCode(): Promise<number>;
  /** Ends it, if it has not ended. */
  close(): void;
}

/** Starts a command in the container of `task`. Throws what the agent says of it. */
export async function startExec(
  http: Http,
  task: TaskView,
  command: ExecCommand,
): Promise<ExecSession> {
  const id: ContainerId = { value: randomUUID(), parent: containerOf(task) };
  const path = `/agent/${encodeURIComponent(task.agentId)}/api/v1`;
  const stream = await http.stream({
    method: 'POST',
    path,
    headers: { Accept: 'application/recordio', 'Message-Accept': 'application/json' },
    body: launchCall(id, command),
  });
  if (stream.statusCode !== 200) {
    stream.destroy();
    const text = `the agent did not start the command: HTTP ${stream.statusCode}`;
    throw new DcosError('failed', text);
  }
  return {
    output: () => outputOf(stream),
    input: () => openInput(http, path, id),
    close: () => stream.destroy(),
    exitCode: async () => {
      const type = 'WAIT_NESTED_CONTAINER';
      const body = { type, wait_nested_container: { container_id: id } };
      const answer = await http.json({ method: 'POST', path, body, timeoutMs: waitMs });
      const status = asObject(asObject(answer).wait_nested_container).exit_status;
      if (typeof status === 'number') return exitCodeOf(status);
      throw new DcosError('failed', 'the agent does not know how the command ended');
    },
  };
}

function launchCall(container_id: ContainerId, { words, user, tty }: ExecCommand): unknown {
  const environment = { variables: [{ name: 'TERM', type: 'VALUE', value: 'xterm' }] };
  return {
    type: 'LAUNCH_NESTED_CONTAINER_SESSION',
    launch_nested_container_session: {
      container_id,
      command: {
        shell: false,
        value: words[0],
        arguments: words,
        ...(user === undefined ? {} : { user }),
        ...(tty === undefined ? {} : { environment }),
      },
      ...(tty === undefined
        ? {}
        : { container: { type: 'MESOS', tty_info: { window_size: tty } } }),
    },
  };
}

/** The container that the task's newest status names. Throws `failed`. */
function containerOf({ task, id }: TaskView): ContainerId {
  const found = asList(task.statuses)
    .map((status) => asObject(asObject(status).container_status).container_id)
    .findLast((each) => typeof asObject(each).value === 'string');
  if (found !== undefined) return found as ContainerId;
  throw new DcosError('failed', `the task ${id} has no container yet`, {
    hint: 'Once it runs it has one: dcos task list',
  });
}

async function* outputOf(stream: AsyncIterable<unknown>): AsyncGenerator<ExecOutput> {
  const decoder = new RecordDecoder();
  for await (const chunk of stream) {
    for (const record of decoder.push(chunk as Buffer)) {
      const { data } = JSON.parse(record.toString('utf8')) as ProcessIo;
      if (data !== undefined) {
        yield { stream: data.type, data: Buffer.from(data.data ?? '', 'base64') };
      }
    }
  }
}

function openInput(http: Http, path: string, container_id: ContainerId): ExecInput {
  const body = new PassThrough();
  const send = (fields: object): boolean => {
    if (body.writableEnded || body.destroyed) return true;
    const call = { type: 'ATTACH_CONTAINER_INPUT', attach_container_input: fields };
    return body.write(encodeRecord(JSON.stringify(call)));
  };
  const sendIo = (process_io: ProcessIo): boolean => send({ type: 'PROCESS_IO', process_io });
  const given = new AbortController();
  send({ type: 'CONTAINER_ID', container_id });
  const done = http.json({
    method: 'POST',
    path,
    bodyStream: body,
    timeoutMs: 0,
    signal: given.signal,
    headers: {
      'Content-Type': 'application/recordio',
      'Message-Content-Type': 'application/json',
    },
  });
  const beat = setInterval(() => sendIo(heartbeatMessage(heartbeatMs)), heartbeatMs);
  beat.unref();
  const stop = (): void => clearInterval(beat);
  return {
    write: (data) => sendIo(dataMessage('STDIN', data)),
    onDrain: (go) => void body.once('drain', go),
    resize: (size) => void sendIo(resizeMessage(size)),
    end: () => {
      sendIo(dataMessage('STDIN', Buffer.alloc(0)));
      stop();
      body.end();
    },
    close: () => {
      stop();
      given.abort();
      body.destroy();
    },
    done: done.then(stop),
  };
}
