/** `dcos <service> plan start|stop|pause|resume|force-restart|force-complete` */
import { commandPlan } from '../../../../client/services.js';
import { DcosError } from '../../../../core/errors.js';
import type { Command, Given } from '../../../command.js';
import { askService, serviceWords } from '../../../service-words.js';

interface Steering {
  readonly verb: Parameters<typeof commandPlan>[3];
  readonly summary: string;
  /** What may be named after the plan. */
  readonly parts: readonly string[];
  /** How many of plan, phase and step must be named. */
  readonly least: number;
  readonly example: string;
  readonly done: string;
  readonly already: string;
  readonly hasVariables?: boolean;
}

function steering(one: Steering): Command {
  const names = ['plan', ...one.parts];
  const form = [...names, 'service'].map((name, at) =>
    at < one.least || name === 'service' ? `<${name}>` : `[${name}]`,
  );
  return {
    summary: one.summary,
    words: [['<words...>', form.join(' ')]],
    ...(one.hasVariables
      ? {
          flags: [
            {
              flags: '-p, --params <KEY=VALUE>',
              text: 'an environment variable of its tasks',
              isList: true,
            },
          ],
        }
      : {}),
    examples: [`dcos kafka plan ${one.example}`, `dcos service plan ${one.example} kafka`],
    run: async (context, given) => {
      const { service, words } = serviceWords(given, names, one.least);
      const [plan = '', phase, step] = words;
      const body = one.hasVariables ? variables(given) : undefined;
      const http = await context.http();
      const outcome = await askService(http, service, () =>
        commandPlan(http, service, plan, one.verb, { phase, step, body }),
      );
      const what = [
        `"${service}": plan "${plan}"`,
        ...(phase === undefined ? [] : [`phase "${phase}"`]),
        ...(step === undefined ? [] : [`step "${step}"`]),
      ].join(', ');
      context.io.say(`${what} ${outcome === 'done' ? one.done : one.already}.`);
    },
  };
}

function variables(given: Given): Record<string, string> {
  return Object.fromEntries(
    given.list('params').map((pair) => {
      const equals = pair.indexOf('=');
      if (equals > 0) return [pair.slice(0, equals), pair.slice(equals + 1)];
      throw new DcosError('usage', `-p ${pair} is not of the form KEY=VALUE`);
    }),
  );
}

/** Starts a plan, from its beginning if it was complete. */
export const start = steering({
  verb: 'start',
  summary: 'start a plan of a service',
  parts: [],
  least: 1,
  example: 'start repair',
  done: 'has been started',
  already: 'is running already',
  hasVariables: true,
});

/** Stops a plan and sets it back. */
export const stop = steering({
  verb: 'stop',
  summary: 'stop a plan and set it back to its beginning',
  parts: [],
  least: 1,
  example: 'stop repair',
  done: 'has been stopped',
  already: 'is stopped already',
});

/** Lets a plan, or a phase of it, begin nothing more. */
export const pause = steering({
  verb: 'interrupt',
  summary: 'pause a plan, or one phase of it',
  parts: ['phase'],
  least: 1,
  example: 'pause deploy',
  done: 'has been paused',
  already: 'is paused or complete already',
});

/** Lets a paused plan, or a phase of it, go on. */
export const resume = steering({
  verb: 'continue',
  summary: 'let a paused plan, or one phase of it, go on',
  parts: ['phase'],
  least: 1,
  example: 'resume deploy',
  done: 'has been resumed',
  already: 'is running or complete already',
});

/** Sets a plan, a phase or a step back, so that it is done again. */
export const forceRestart = steering({
  verb: 'restart',
  summary: 'do a plan, a phase or a step again',
  parts: ['phase', 'step'],
  least: 1,
  example: 'force-restart deploy broker broker-0:[broker]',
  done: 'has been restarted',
  already: 'is pending already',
});

/** Takes a step for done. */
export const forceComplete = steering({
  verb: 'forceComplete',
  summary: 'take a plan, a phase or a step for done',
  parts: ['phase', 'step'],
  least: 1,
  example: 'force-complete deploy broker broker-0:[broker]',
  done: 'has been forced to complete',
  already: 'is complete already',
});
