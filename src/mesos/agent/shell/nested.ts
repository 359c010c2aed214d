/** The containers inside those of tasks, and standalone ones: launched, found, ended. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DcosError } from '../../../core/errors.js';
import type { ContainerId, WindowSize } from '../../../wire/mesos/process-io.js';
import type { CommandInfo, TaskInfo } from '../../../wire/mesos/task.js';
import { environmentOf, wordsOf } from '../environment.js';
import { metaDir, taskSandbox } from '../layout.js';
import {
  maxEndedNested,
  maxLiveNested,
  nameOf,
  type Surroundings,
  surroundingsOf,
} from '../nested.js';
import type { AgentState, TaskRun } from '../state.js';
import { type NestedCommand, type NestedProcess, startNested } from './nested-process.js';
import { makePipes, type Pipes } from './pipes.js';
import { inTerminal } from './terminal.js';

/** A container to be launched. */
export interface NestedLaunch {
  readonly id: ContainerId;
  readonly command: CommandInfo;
  /** Present where it gets a terminal. */
  readonly tty: { readonly size: WindowSize | undefined } | undefined;
  /** It runs in its parent's sandbox and dies with the connection that asked for it. */
  readonly isSession: boolean;
}

/** One container, from its launch until it is removed. */
export interface NestedRun extends NestedLaunch {
  readonly name: string;
  readonly process: NestedProcess;
  /** Where it has a folder of its own. */
  readonly sandbox: string | undefined;
  /** As of wait(2), once it has ended. */
  status: number | undefined;
  /** Whether somebody writes to it. */
  hasInput: boolean;
}

/** Looks after these containers. They end with the agent. */
export class NestedContainers {
  /** Of the agent; looked at only. */
  readonly state: AgentState;
  readonly #nodePath: string;
  /** By name, oldest first. */
  readonly #runs = new Map<string, NestedRun>();
  /** Names of those whose pipes are being made. */
  readonly #starting = new Set<string>();

  constructor(state: AgentState, nodePath: string) {
    this.state = state;
    this.#nodePath = nodePath;
  }

  /** The container of that name, ended or not. */
  find(id: ContainerId): NestedRun | undefined {
    return this.#runs.get(nameOf(id));
  }

  /** All that have not ended. */
  live(): NestedRun[] {
    return [...this.#runs.values()].filter(({ status }) => status === undefined);
  }

  /**
   * Launches a container; `undefined` if it was launched before. Throws `failed` where its parent
   * does not live or it can't be started.
   */
  async launch(launch: NestedLaunch): Promise<NestedRun | undefined> {
    const name = nameOf(launch.id);
    if (this.#runs.has(name) || this.#starting.has(name)) return undefined;
    if (this.live().length + this.#starting.size >= maxLiveNested) {
      throw new DcosError('failed', `${maxLiveNested} nested containers run here already`);
    }
    this.#starting.add(name);
    const own = `nested-${this.state.random.uuid()}`;
    const meta = metaDir(this.state.self.workDir, own);
    try {
      const command = this.#commandOf(launch, meta);
      mkdirSync(meta, { recursive: true, mode: 0o700 });
      const pipes = command.output === 'files' ? undefined : await makePipes(meta);
      return this.#start(launch, command, pipes);
    } catch (error) {
      rmSync(meta, { recursive: true, force: true });
      throw error;
    } finally {
      this.#starting.delete(name);
    }
  }

  #commandOf(launch: NestedLaunch, meta: string): NestedCommand {
    const around = this.#around(launch.id);
    const sandbox = launch.isSession ? undefined : this.#sandboxOf(launch.id, around);
    const words = wordsOf(launch.command);
    return {
      meta,
      cwd: sandbox ?? around.sandbox,
      words: launch.tty === undefined ? words : inTerminal(words, launch.tty.size),
      environment: this.#environment(launch, around, sandbox),
      output: launch.isSession ? 'pipes' : launch.tty === undefined ? 'files' : 'both',
    };
  }

  #start(launch: NestedLaunch, command: NestedCommand, pipes: Pipes | undefined): NestedRun {
    const name = nameOf(launch.id);
    const sandbox = launch.isSession ? undefined : command.cwd;
    let process: NestedProcess;
    try {
      // Its parent may have ended while the pipes were made.
      this.#around(launch.id);
      process = startNested(command, pipes);
    } catch (error) {
      pipes?.discard();
      throw error;
    }
    const run: NestedRun = {
      ...launch,
      name,
      sandbox,
      process,
      status: undefined,
      hasInput: false,
    };
    this.#runs.set(name, run);
    void process.ended.then((status) => {
      run.status = status;
      void this.endInside(name);
      this.#forgetOldest();
    });
    return run;
  }

  /** Forgets an ended container and removes its folder. */
  remove(run: NestedRun): void {
    this.#runs.delete(run.name);
    if (run.sandbox !== undefined) rmSync(run.sandbox, { recursive: true, force: true });
  }

  /** Ends all that runs inside a container, however deep, and waits for it. */
  async endInside(container: string): Promise<void> {
    await this.#end(
      ({ id, name }) => name.startsWith(`${container}.`) || partsOf(id.parent).includes(container),
    );
  }

  /** Ends what outlived its parent: tasks of a group take their executor along. */
  endOrphaned(): void {
    void this.#end(({ id }) => id.parent !== undefined && !this.#hasParent(id));
  }

  /** Ends all. */
  async close(): Promise<void> {
    await this.#end(() => true);
  }

  async #end(which: (run: NestedRun) => boolean): Promise<void> {
    const ending = this.live().filter(which);
    for (const { process } of ending) process.kill(9);
    await Promise.all(ending.map(({ process }) => process.gone));
  }

  #hasParent({ parent }: ContainerId): boolean {
    if (parent === undefined) return true;
    const run = this.#runs.get(nameOf(parent));
    return run === undefined
      ? surroundingsOf(this.state, parent) !== undefined
      : run.status === undefined;
  }

  /** Whether the outermost container around `id` lives. */
  isRootKnown({ parent }: ContainerId): boolean {
    if (parent === undefined) return true;
    if (parent.parent !== undefined) return this.isRootKnown(parent);
    return this.find(parent) !== undefined || surroundingsOf(this.state, parent) !== undefined;
  }

  #around(id: ContainerId): Surroundings {
    const { parent } = id;
    if (parent === undefined) return standalone(this.state, id);
    const run = this.#runs.get(nameOf(parent));
    if (run !== undefined && run.status === undefined) {
      const outer = this.#around(run.id);
      return { ...outer, sandbox: run.sandbox ?? outer.sandbox };
    }
    const around = run === undefined ? surroundingsOf(this.state, parent) : undefined;
    if (around !== undefined) return around;
    const text = `Parent container ${nameOf(parent)} does not exist`;
    throw new DcosError('failed', text, { status: 400 });
  }

  #sandboxOf(id: ContainerId, { sandbox }: Surroundings): string {
    const own = id.parent === undefined ? sandbox : taskSandbox(sandbox, id.value);
    mkdirSync(own, { recursive: true, mode: 0o755 });
    return own;
  }

  #environment(
    { id, command }: NestedLaunch,
    { task }: Surroundings,
    sandbox: string | undefined,
  ): Record<string, string> {
    const own = sandbox === undefined ? task : { ...task, sandbox, containerId: id.value };
    const environment = environmentOf(this.state, own, this.#nodePath, command);
    if (id.parent === undefined) {
      for (const name of Object.keys(environment)) {
        if (/^MESOS_(?:TASK|EXECUTOR|FRAMEWORK)_ID$/.test(name)) delete environment[name];
      }
    }
    return environment;
  }

  #forgetOldest(): void {
    const ended = [...this.#runs.values()].filter(({ status }) => status !== undefined);
    for (const run of ended.slice(0, -maxEndedNested)) this.#runs.delete(run.name);
  }
}

function partsOf(id: ContainerId | undefined): string[] {
  return id === undefined ? [] : [...partsOf(id.parent), id.value];
}

/** A standalone container has a sandbox of its own and nothing around it. */
function standalone(state: AgentState, { value }: ContainerId): Surroundings {
  const info: TaskInfo = {
    name: '',
    task_id: { value: '' },
    agent_id: { value: state.agentId ?? '' },
  };
  const sandbox = join(state.self.workDir, 'containers', value);
  const task: TaskRun = {
    frameworkId: '',
    executorId: '',
    info,
    containerId: value,
    sandbox,
    bootId: state.self.bootId,
    phase: 'running',
    createdAt: 0,
    statuses: [],
    pending: [],
  };
  return { sandbox, task };
}
