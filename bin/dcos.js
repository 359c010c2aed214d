#!/usr/bin/env node
// The version is answered before anything is loaded: it is asked by every script that looks whether
// dcos is there.
import { readFileSync } from 'node:fs';

if (process.argv[2] === '--version') {
  const about = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  process.stdout.write(`dcoscli.version=${about.version}\n`);
} else {
  await import('../dist/dcos.js');
}
