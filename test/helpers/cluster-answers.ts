/** A cluster of prepared answers: what most commands ask for, and a way to run them against it. */
import type { Test } from 'tap';
import { type AnswerServer, type Answers, startAnswers } from './answers.js';
import { attachCluster, makeFolder, type Run, runDcos } from './command-line.js';

/** A master's state with one agent, one running task and one that has failed. */
export const state = {
  hostname: 'master-1',
  id: 'M',
  pid: 'master@10.0.0.1:5050',
  version: '1.11.0',
  slaves: [
    {
      id: 'S1',
      hostname: 'agent-1',
      pid: 'slave(1)@10.0.0.2:5051',
      active: true,
      attributes: { rack: 'r1' },
      domain: { fault_domain: { region: { name: 'eu' }, zone: { name: 'r1' } } },
    },
  ],
  frameworks: [
    {
      id: 'F1',
      name: 'services',
      active: true,
      hostname: 'h',
      user: 'nobody',
      resources: { cpus: 0.5, mem: 64, disk: 0 },
      tasks: [
        {
          id: 'web.instance-1._app.1',
          name: 'web',
          state: 'TASK_RUNNING',
          slave_id: 'S1',
          framework_id: 'F1',
          statuses: [
            {
              state: 'TASK_RUNNING',
              container_status: { container_id: { value: 'C1' } },
            },
          ],
        },
      ],
      completed_tasks: [
        { id: 'old.instance-1', name: 'old', state: 'TASK_FAILED', slave_id: 'S1' },
      ],
    },
  ],
};

/** A package as search tells it, with a description that tries to paint the terminal. */
export const kafka = {
  name: 'kafka',
  currentVersion: '3.9.1',
  versions: { '3.9.1': 0 },
  description: `A log\u001b[31m ${'x'.repeat(90)}`,
  framework: true,
  selected: false,
};

/** An operation, without its status and revision. */
export const operation = {
  id: 'op-1',
  kind: 'install',
  packageName: 'kafka',
  packageVersion: '3.9.1',
  appId: '/kafka',
  createdAt: 1,
  updatedAt: 1,
  deadline: 9e15,
  phases: [
    {
      name: 'deploy',
      status: 'COMPLETE',
      steps: [{ name: 'broker-0:[broker]', status: 'COMPLETE' }],
    },
  ],
};

/** The same when it has ended well. */
export const complete = {
  ...operation,
  status: 'complete',
  revision: 2,
  endpoints: [{ name: 'broker', addresses: ['10.0.0.2:9092'] }],
  notes: 'Enjoy.',
};

/** The answers of a cluster where kafka can be installed. */
export function installable(): Answers {
  return {
    'POST /package/describe': { body: { package: { name: 'kafka', version: '3.9.1' } } },
    'POST /operations/preflight': {
      body: { download: { bytes: 46e6, cachedBytes: 1e6 }, problems: [], warnings: ['it waits'] },
    },
    'POST /package/render': { body: { marathonJson: { id: '/kafka' } } },
    'POST /package/install': {
      body: { packageName: 'kafka', packageVersion: '3.9.1', appId: '/kafka' },
      headers: { 'dcos-operation-id': 'op-1' },
    },
    'GET /operations/op-1': { body: complete },
    'POST /package/list': {
      body: {
        packages: [
          {
            appId: '/kafka',
            packageInformation: { packageDefinition: { name: 'kafka', version: '3.9.1' } },
          },
        ],
      },
    },
    'POST /cosmos/service/describe': { body: { userProvidedOptions: { brokers: { count: 1 } } } },
  };
}

/** A cluster of prepared answers and a way to run commands against it. */
export async function cluster(
  t: Test,
  answers: Answers,
): Promise<{
  server: AnswerServer;
  home: string;
  dcos: (...args: string[]) => Promise<Run>;
}> {
  const home = makeFolder(t);
  const server = await startAnswers(t, answers);
  attachCluster(home, { id: 'c-1', url: server.url });
  return { server, home, dcos: (...args) => runDcos(args, { home }) };
}
