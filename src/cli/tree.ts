/** Every command by the words that name it; each is loaded when it is typed. */
import type { Command } from './command.js';

/** A command, not yet loaded. */
export interface Leaf {
  readonly load: () => Promise<Command>;
  readonly isHidden?: boolean;
}

/** Commands under one noun. */
export interface Group {
  readonly summary: string;
  readonly children: Readonly<Record<string, Group | Leaf>>;
  readonly examples: readonly string[];
  /** The command meant where only the noun is typed. */
  readonly fallback?: string;
  /** A word that is no command is an argument of `fallback`. */
  readonly takesWords?: boolean;
  readonly isHidden?: boolean;
}

/** Whether it is a noun, with commands below. */
export function isGroup(node: Group | Leaf): node is Group {
  return 'children' in node;
}

/** The whole command line. */
export const tree: Group = {
  summary: 'A datacenter operating system: machines become one computer.',
  examples: ['dcos package install kafka', 'dcos status', 'dcos task log --follow web'],
  children: {
    up: { load: async () => (await import('./commands/up.js')).up },
    down: { load: async () => (await import('./commands/down.js')).down },
    status: { load: async () => (await import('./commands/status.js')).status },
  },
};
