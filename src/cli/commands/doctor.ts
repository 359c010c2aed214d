/** `dcos doctor` */
import { DcosError } from '../../core/errors.js';
import { type Command, outputFlags } from '../command.js';
import { checkMachine } from '../local/doctor.js';
import { printList } from '../output/list.js';

/** Looks whether this machine can carry a local cluster. */
export const doctor: Command = {
  summary: 'check this machine: Node, Maven, pip, disk, memory, ports, platform',
  flags: [...outputFlags],
  examples: ['dcos doctor', 'dcos doctor --json'],
  run: async (context, given) => {
    const checks = await checkMachine(context);
    await printList(context.io, given, checks, {
      name: ({ name }) => name,
      columns: [
        { heading: 'CHECK', value: ({ name }) => name },
        { heading: 'STATUS', value: ({ status }) => status },
        { heading: 'DETAIL', value: ({ detail }) => detail },
      ],
    });
    for (const { name, hint } of checks) if (hint !== undefined) context.io.say(`${name}: ${hint}`);
    const failed = checks.filter(({ status }) => status === 'failed');
    if (failed.length === 0) return;
    throw new DcosError(
      'failed',
      `this machine can't carry a local cluster: ${failed.map(({ name }) => name).join(', ')}`,
    );
  },
};
