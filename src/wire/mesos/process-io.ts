/**
 * What goes through a terminal or a pipe to a container: ProcessIO and the calls that carry it
 * (apache/mesos include/mesos/v1/agent/agent.proto, "ProcessIO", "Call.AttachContainerInput").
 */
import { z } from 'zod';

/** A container's name: its own part and, of a nested one, its parent's. */
export interface ContainerId {
  readonly value: string;
  readonly parent?: ContainerId | undefined;
}

/** Rows and columns of a terminal. */
export const windowSizeSchema = z.looseObject({
  rows: z.number().int().min(0).max(65_535),
  columns: z.number().int().min(0).max(65_535),
});
export type WindowSize = z.infer<typeof windowSizeSchema>;

/** A terminal that is asked for, or its new size. */
export const ttyInfoSchema = z.looseObject({ window_size: windowSizeSchema.optional() });

/** One piece of input or output, or a word about it. */
export const processIoSchema = z.looseObject({
  type: z.enum(['DATA', 'CONTROL']),
  data: z
    .looseObject({
      type: z.enum(['STDIN', 'STDOUT', 'STDERR']),
      /** Base64; empty: there is no more. */
      data: z.string().optional(),
    })
    .optional(),
  control: z
    .looseObject({
      type: z.enum(['TTY_INFO', 'HEARTBEAT']),
      tty_info: ttyInfoSchema.optional(),
    })
    .optional(),
});
export type ProcessIo = z.infer<typeof processIoSchema>;

/** Where a piece of data comes from or goes to. */
export type DataStream = 'STDIN' | 'STDOUT' | 'STDERR';

/** A piece of data; an empty one is the end of input. */
export function dataMessage(type: DataStream, data: Buffer): ProcessIo {
  return { type: 'DATA', data: { type, data: data.toString('base64') } };
}

/** A sign of life: the next follows within `intervalMs`. */
export function heartbeatMessage(intervalMs: number): ProcessIo {
  const interval = { nanoseconds: intervalMs * 1e6 };
  return { type: 'CONTROL', control: { type: 'HEARTBEAT', heartbeat: { interval } } };
}

/** The new size of a terminal. */
export function resizeMessage(window_size: WindowSize): ProcessIo {
  return { type: 'CONTROL', control: { type: 'TTY_INFO', tty_info: { window_size } } };
}

/** How a process ended, from a status as wait(2) gives it: its exit code, or 128 + signal. */
export function exitCodeOf(waitStatus: number): number {
  const signal = waitStatus & 0x7f;
  return signal === 0 ? (waitStatus >> 8) & 0xff : 128 + signal;
}
