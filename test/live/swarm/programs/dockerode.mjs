// npm's `dockerode` against a swarm: arguments are the folder where it is installed, an image, and a
// folder with a Dockerfile. Ends with 0 if all held.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';

const [folder = '', image = '', context = ''] = process.argv.slice(2);
const Docker = createRequire(join(folder, 'x.js'))('dockerode');
const config = readFileSync(join(process.env.DOCKER_CONFIG ?? '', 'config.json'), 'utf8');
const { hostname: host, port } = new URL((process.env.DOCKER_HOST ?? '').replace(/^tcp/, 'http'));
const headers = JSON.parse(config).HttpHeaders;
const docker = new Docker({ protocol: 'http', host, port, headers, version: 'v1.41' });

/** What a stream says, gathered. */
const gathered = () => {
  const stream = new PassThrough();
  const said = { stream, text: '' };
  stream.on('data', (chunk) => {
    said.text += chunk;
  });
  return said;
};

assert.equal(String(await docker.ping()), 'OK');
const out = gathered();
const script = ['sh', '-c', 'echo hi; exit 4'];
const [ended, first] = await docker.run(image, script, out.stream);
assert.deepEqual([ended.StatusCode, out.text.trim()], [4, 'hi']);
await first.remove();

const container = await docker.createContainer({
  Image: image,
  Cmd: ['sh', '-c', 'read word; echo "<$word>"; exec sleep 1000'],
  OpenStdin: true,
  name: 'rode',
});
const attached = await container.attach({ stream: true, hijack: true, stdin: true, stdout: true });
const heard = gathered();
container.modem.demuxStream(attached, heard.stream, heard.stream);
await container.start();
attached.write('abc\n');
while (!heard.text.includes('<abc>')) await once(heard.stream, 'data');
attached.end();

const exec = await container.exec({ Cmd: ['cat'], AttachStdin: true, AttachStdout: true });
const stream = await exec.start({ hijack: true, stdin: true });
const echoed = gathered();
exec.modem.demuxStream(stream, echoed.stream, echoed.stream);
stream.end('to and fro');
await once(stream, 'end');
assert.equal(echoed.text, 'to and fro');
assert.equal((await exec.inspect()).ExitCode, 0);

assert.match(String(await container.logs({ stdout: true })), /<abc>/);
assert.notEqual((await container.inspect()).Node.Name, '');
assert.ok('cpu_stats' in (await container.stats({ stream: false })));
assert.equal((await container.top()).Titles[0], 'UID');
await container.stop({ t: 0 });
await container.remove();

const building = await docker.buildImage({ context, src: ['Dockerfile'] }, { t: 'rode:1' });
const lines = await new Promise((resolve, reject) => {
  docker.modem.followProgress(building, (error, all) => (error ? reject(error) : resolve(all)));
});
assert.match(lines.at(-1).stream, /Successfully tagged rode:1/);
assert.ok((await docker.df()).LayersSize > 0);
await docker.getImage('rode:1').remove();
await assert.rejects(docker.getContainer('nobody').inspect(), { statusCode: 404 });
assert.deepEqual((await docker.listContainers({ all: true })).length, 0);
