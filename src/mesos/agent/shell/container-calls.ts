/**
 * Calls of `/api/v1` that launch, watch and end containers, and their input and output
 * (recordings: agent/LAUNCH_*, WAIT_*, KILL_CONTAINER, REMOVE_CONTAINER, ATTACH_CONTAINER_INPUT).
 */
import { once } from 'node:events';
import { systemClock } from '../../../core/clock.js';
import { DcosError, messageOf } from '../../../core/errors.js';
import type { Answer, Request } from '../../../core/http/server.js';
import {
  type ContainerId,
  type ProcessIo,
  processIoSchema,
  ttyInfoSchema,
} from '../../../wire/mesos/process-io.js';
import { commandInfoSchema } from '../../../wire/mesos/task.js';
import { type Encoding, mediaTypes, read } from '../../../wire/protobuf/media.js';
import { RecordDecoder } from '../../../wire/recordio.js';
import { containerIdOf, nameOf } from '../nested.js';
import { containersV1 } from '../views/containers.js';
import type { Media } from './media.js';
import type { NestedContainers, NestedRun } from './nested.js';
import { resizeTerminal } from './terminal.js';
import { measureNow } from './usage.js';

/** A call, as far as it was looked at. */
interface Given {
  readonly type: string;
  /** Of its fields. */
  readonly name: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly media: Pick<Media, 'recordsIn'>;
}

type ContainerCall = (
  nested: NestedContainers,
  request: Request,
  given: Given,
) => Promise<Answer | undefined> | Answer | undefined;

/** The largest record of input. */
const maxInputBytes = 1024 * 1024;

/** The calls by their names. */
export const containerCalls: Readonly<Record<string, ContainerCall>> = {
  LAUNCH_NESTED_CONTAINER: launch,
  LAUNCH_CONTAINER: launch,
  LAUNCH_NESTED_CONTAINER_SESSION: launchSession,
  WAIT_NESTED_CONTAINER: wait,
  WAIT_CONTAINER: wait,
  KILL_NESTED_CONTAINER: kill,
  KILL_CONTAINER: kill,
  REMOVE_NESTED_CONTAINER: remove,
  REMOVE_CONTAINER: remove,
  ATTACH_CONTAINER_OUTPUT: attachOutput,
};

async function launch(nested: NestedContainers, _request: Request, given: Given): Promise<Answer> {
  const run = await start(nested, given, false);
  if (run === 'known') return { status: 202 };
  return 'process' in run ? { status: 200 } : run;
}

async function launchSession(
  nested: NestedContainers,
  request: Request,
  given: Given,
): Promise<Answer | undefined> {
  const run = await start(nested, given, true);
  if (run === 'known') return { status: 202 };
  if (!('process' in run)) return run;
  const { response } = request;
  const end = (): void => {
    if (run.status === undefined) run.process.kill(9);
  };
  response.on('close', end);
  stream(request, run, true, given.media);
  // Whoever asked may have gone while it was launched.
  if (response.destroyed) end();
  return undefined;
}

/** What a launch came to: the container, `known` for one that was there, or a refusal. */
async function start(
  nested: NestedContainers,
  { name, fields }: Given,
  isSession: boolean,
): Promise<NestedRun | 'known' | Answer> {
  const id = containerIdOf(fields.container_id, `${name}.container_id`);
  if (id.parent === undefined && name !== 'launch_container') {
    throw noParent(name);
  }
  const command = commandInfoSchema.safeParse(fields.command ?? {});
  if (!command.success) throw bad(`'${name}.command' is invalid`);
  const container = (fields.container ?? {}) as { tty_info?: unknown };
  const tty = ttyInfoSchema.optional().safeParse(container.tty_info);
  if (!tty.success) throw bad(`'${name}.container' is invalid: the size of its TTY is none`);
  try {
    const run = await nested.launch({
      id,
      command: command.data,
      isSession,
      tty: tty.data === undefined ? undefined : { size: tty.data.window_size },
    });
    return run ?? 'known';
  } catch (error) {
    const status = error instanceof DcosError ? (error.status ?? 500) : 500;
    return { status, text: messageOf(error) };
  }
}

async function wait(
  nested: NestedContainers,
  request: Request,
  { type, name, fields }: Given,
): Promise<Answer | undefined> {
  const run = find(nested, name, fields);
  const gone = once(request.response, 'close').then(() => undefined);
  const status = run.status ?? (await Promise.race([run.process.ended, gone]));
  if (status === undefined) return undefined;
  return { status: 200, json: { type, [name]: { exit_status: status } } };
}

function kill(nested: NestedContainers, _request: Request, { name, fields }: Given): Answer {
  const id = containerIdOf(fields.container_id, `${name}.container_id`);
  const run = nested.find(id);
  const { signal = 9 } = fields;
  const isSignal = Number.isInteger(signal) && Number(signal) > 0 && Number(signal) < 65;
  if (!isSignal) throw bad(`'${name}.signal' is invalid`);
  if (run === undefined || run.status !== undefined) {
    const text = `Container '${nameOf(id)}' cannot be found (or is already killed)`;
    throw new DcosError('not-found', text);
  }
  run.process.kill(Number(signal));
  return { status: 200 };
}

function remove(nested: NestedContainers, _request: Request, { name, fields }: Given): Answer {
  const id = containerIdOf(fields.container_id, `${name}.container_id`);
  if (id.parent === undefined && name !== 'remove_container') throw noParent(name);
  const run = nested.find(id);
  if (run === undefined && !nested.isRootKnown(id)) {
    return { status: 500, text: 'Unknown root container' };
  }
  if (run !== undefined && run.status === undefined) {
    return { status: 500, text: 'Nested container has not terminated yet' };
  }
  if (run !== undefined) nested.remove(run);
  return { status: 200 };
}

function attachOutput(
  nested: NestedContainers,
  request: Request,
  { name, fields, media }: Given,
): Answer | undefined {
  const run = find(nested, name, fields);
  if (run.process.fanout === undefined || run.status !== undefined) {
    return { status: 500, text: `The output of container ${run.name} cannot be attached to` };
  }
  stream(request, run, false, media);
  return undefined;
}

function stream(
  { response }: Request,
  run: NestedRun,
  isPatient: boolean,
  { recordsIn }: Given['media'],
): void {
  response.writeHead(200, {
    'content-type': 'application/recordio',
    'message-content-type': mediaTypes[recordsIn],
  });
  response.flushHeaders();
  response.socket?.setNoDelay(true);
  run.process.fanout?.add(response, isPatient, recordsIn);
}

/** Refuses what an executor asks of containers that are not inside its own, `within`. */
export function checkWithin(given: unknown, within: string): void {
  for (let id = (given ?? {}) as Partial<ContainerId>, depth = 0; depth < 40; depth += 1) {
    if (id.parent === undefined) {
      if (id.value === within) return;
      break;
    }
    id = id.parent;
  }
  throw new DcosError('forbidden', 'the container is not inside that of the executor', {
    status: 403,
  });
}

/** GET_CONTAINERS, which shows nested ones only when asked. */
export function showContainers(
  nested: NestedContainers,
  { show_nested, show_standalone }: Readonly<Record<string, unknown>>,
): unknown {
  const inside = nested
    .live()
    .filter(({ id }) => (id.parent === undefined ? show_standalone : show_nested) === true)
    .map(({ id, process }) => ({ id, pid: process.pid }));
  const now = systemClock.now();
  return containersV1(nested.state, measureNow(), now, inside, show_nested === true);
}

/**
 * ATTACH_CONTAINER_INPUT: a stream of records, the container's name first. Answers when the input
 * or the container ends. `within`: the container of the executor that asks.
 */
export async function attachInput(
  nested: NestedContainers,
  request: Request,
  encoding: Encoding,
  within?: string,
): Promise<Answer> {
  const decoder = new RecordDecoder(maxInputBytes);
  let run: NestedRun | undefined;
  try {
    for await (const chunk of request.raw) {
      for (const record of decoder.push(chunk as Buffer)) {
        const given = inputOf(encoding, record);
        if (run === undefined) {
          if (within !== undefined) checkWithin(given.container_id, within);
          run = inputTarget(nested, given);
        } else if (!(await feed(run, given))) {
          return { status: 200, headers: { connection: 'close' } };
        }
      }
    }
  } finally {
    if (run !== undefined) run.hasInput = false;
  }
  if (run === undefined) throw bad("Expecting 'attach_container_input' to be present");
  return { status: 200 };
}

interface Input {
  readonly type?: unknown;
  readonly container_id?: unknown;
  readonly process_io?: unknown;
}

function inputOf(encoding: Encoding, record: Buffer): Input {
  const call = read(encoding, 'agent.Call', record) as
    | { type?: unknown; attach_container_input?: Input }
    | undefined;
  const input = call?.attach_container_input;
  if (call?.type !== 'ATTACH_CONTAINER_INPUT' || typeof input !== 'object' || input === null) {
    throw bad("Expecting 'attach_container_input' to be present");
  }
  return input;
}

function inputTarget(nested: NestedContainers, input: Input): NestedRun {
  if (input.type !== 'CONTAINER_ID') {
    throw bad("Expecting 'attach_container_input.type' to be CONTAINER_ID");
  }
  const id = containerIdOf(input.container_id, 'attach_container_input.container_id');
  const run = nested.find(id) ?? notFound(id);
  if (run.process.stdin === undefined || run.status !== undefined) {
    throw new DcosError('conflict', `Container ${run.name} takes no input`, { status: 400 });
  }
  if (run.hasInput) {
    throw new DcosError('conflict', 'Multiple input connections are not allowed');
  }
  run.hasInput = true;
  return run;
}

/** Gives one piece to the container, at its speed; false once it has ended. */
async function feed(run: NestedRun, input: Input): Promise<boolean> {
  const parsed = processIoSchema.safeParse(input.process_io);
  if (input.type !== 'PROCESS_IO' || !parsed.success) {
    throw bad("Expecting 'attach_container_input.process_io' to be present");
  }
  const { stdin, ended } = run.process;
  if (run.status !== undefined || stdin === undefined || stdin.destroyed) return false;
  const { data, control }: ProcessIo = parsed.data;
  const size = control?.tty_info?.window_size;
  if (size !== undefined && run.tty !== undefined) resizeTerminal(run.process.pid, size);
  if (data?.type !== 'STDIN') return true;
  const bytes = Buffer.from(data.data ?? '', 'base64');
  if (bytes.length === 0) {
    // In a terminal the user's own end of input is a character like any other.
    if (run.tty === undefined) stdin.end();
    return true;
  }
  if (stdin.writableEnded || stdin.write(bytes)) return true;
  await Promise.race([once(stdin, 'drain').catch(() => {}), once(stdin, 'close'), ended]);
  return run.status === undefined;
}

function find(
  nested: NestedContainers,
  name: string,
  fields: Readonly<Record<string, unknown>>,
): NestedRun {
  const id = containerIdOf(fields.container_id, `${name}.container_id`);
  return nested.find(id) ?? notFound(id);
}

function notFound(id: ContainerId): never {
  throw new DcosError('not-found', `Container ${nameOf(id)} cannot be found`);
}

function noParent(name: string): DcosError {
  return bad(`Expecting '${name}.container_id.parent' to be present`);
}

function bad(text: string): DcosError {
  return new DcosError('invalid', `Failed to validate agent::Call: ${text}`, { status: 400 });
}
