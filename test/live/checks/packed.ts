/** What `npm pack` makes works when it is installed globally elsewhere. */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Live, type LiveCheck } from '../live.js';

/** Packs the project, installs it under a prefix of its own, and runs it from another folder. */
export const packed: LiveCheck = {
  name: 'npm pack, installed globally elsewhere',
  seconds: 60,
  kind: 'core',
  run: async (live) => {
    const root = process.cwd();
    const prefix = join(live.dir, 'prefix');
    mkdirSync(prefix);
    const npm = async (args: string[], cwd: string): Promise<string> => {
      const ran = await live.exec('npm', args, { cwd, timeoutMs: 180_000 });
      assert.equal(ran.status, 0, ran.stderr);
      return ran.stdout;
    };
    const tarball = await live.step('npm pack', async () => {
      const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', live.dir];
      const [made] = JSON.parse(await npm(args, root)) as [
        { filename: string; size: number; files: { path: string }[] },
      ];
      const stray = made.files.filter(({ path }) => /^(?:src|test|scripts)\//.test(path));
      assert.deepEqual(stray, [], 'only what runs is in it');
      return join(live.dir, made.filename);
    });
    await live.step('npm install --global', () =>
      npm(['install', '--global', '--prefix', prefix, tarball], live.dir),
    );
    const elsewhere = new Live(
      live.dir,
      join(prefix, 'lib', 'node_modules', 'dcos', 'bin', 'dcos.js'),
    );
    await live.step('dcos --version', async () => {
      const ran = await live.exec(join(prefix, 'bin', 'dcos'), ['--version']);
      assert.equal(ran.status, 0, ran.stderr);
      assert.match(ran.stdout, /^dcoscli\.version=\d+\.\d+\.\d+/m);
    });
    await live.step('package install hello-world, and away with it', async () => {
      await elsewhere.ok(['package', 'install', 'hello-world', '--yes']);
      const plan = await elsewhere.json<{ status: string }>([
        'hello-world',
        'plan',
        'show',
        'deploy',
      ]);
      assert.equal(plan.status, 'COMPLETE');
      await elsewhere.ok(['package', 'uninstall', 'hello-world', '--delete-volumes', '--yes']);
      await elsewhere.ok(['down', '--purge', '--yes']);
    });
  },
};
