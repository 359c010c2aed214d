#!/usr/bin/env node
// A pretended `dockerd` that notes when it starts and is up. The first of all fails as a real one
// does whose rules for iptables another program changes under its hands.
import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

const flagValue = (flag) => process.argv[process.argv.indexOf(flag) + 1] ?? '';
const socket = flagValue('--host').replace('unix://', '');
// By its name an agent knows it again.
process.title = 'dockerd';
const note = (word) => appendFileSync(process.env.ENGINE_NOTES, `${word} ${socket}\n`);
note('begins');
// Long enough for one that does not wait to be seen.
await pause(200);
if (!existsSync(process.env.ENGINE_FAILED)) {
  writeFileSync(process.env.ENGINE_FAILED, '');
  note('fails');
  process.stderr.write(
    'Error initializing network controller: iptables failed: Chain already exists\n',
  );
  process.exit(1);
}
const server = createServer((_request, response) => response.end('{"Version":"20.10.24"}'));
server.listen(socket, () => {
  writeFileSync(flagValue('--pidfile'), String(process.pid));
  note('up');
});
process.on('SIGTERM', () => process.exit(0));
