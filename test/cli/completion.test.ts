/** What a real bash offers behind `dcos`, with the names that a cluster has. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { cluster, state } from '../helpers/cluster-answers.js';
import { runDcos } from '../helpers/command-line.js';
import { root } from '../helpers/paths.js';

const run = promisify(execFile);

t.test('completion › commands, flags, and names that live in the cluster', async (t) => {
  const { home, server } = await cluster(t, {
    'GET /mesos/master/state': { body: state },
    'GET /mesos/master/slaves': { body: { slaves: state.slaves } },
    'POST /package/search': { body: { packages: [{ name: 'kafka' }, { name: 'cassandra' }] } },
    'GET /service/marathon/v2/apps': {
      body: { apps: [{ id: '/kafka', labels: { DCOS_SERVICE_NAME: 'kafka' } }, { id: '/web' }] },
    },
  });
  const { stdout: script } = await runDcos(['completion', 'bash'], { home });
  const file = join(home, 'completion.sh');
  const dcos = `dcos() { '${process.execPath}' '${join(root, 'bin', 'dcos.js')}' "$@"; }`;
  writeFileSync(file, `${script}\n${dcos}\n`);
  const offered = async (...words: string[]): Promise<string[]> => {
    const set = `COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))`;
    const ask = `. '${file}'; ${set}; _dcos; echo "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = await run('bash', ['--norc', '-c', ask, 'bash', 'dcos', ...words], {
      env: { PATH: process.env.PATH, DCOS_DIR: home },
    });
    t.equal(stderr, '');
    return stdout.trim().split(/\s+/).filter(Boolean);
  };
  const cases: [string[], string[]][] = [
    [['pack'], ['package']],
    [['ka'], ['kafka']],
    [['kafka', 'pl'], ['plan']],
    [['kafka', 'plan', 'sh'], ['show']],
    [['package', 'un'], ['uninstall']],
    [['package', 'install', 'ka'], ['kafka']],
    [['package', 'install', 'kafka', '--det'], ['--detach']],
    [['task', 'log', 'w'], ['web']],
    [['task', 'log', '--follow', 'w'], ['web']],
    [['app', 'remove', '/w'], ['/web']],
    [['node', 'drain', 'agent'], ['agent-1']],
    [['config', 'set', 'core.time'], ['core.timeout']],
    [['cluster', 'attach', 't'], ['test']],
    [['service', 'plan', 'show', 'ka'], ['kafka']],
  ];
  for (const [words, expected] of cases) t.same(await offered(...words), expected, words.join(' '));

  server.answers['GET /mesos/master/state'] = 'hang';
  t.same(await offered('task', 'log', 'w'), [], 'a cluster that does not answer is not waited for');
  t.match(await runDcos(['completion', 'names', 'xyz'], { home }), { status: 2 });
});
