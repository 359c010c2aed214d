// Sums up a TAP stream: `tap-sum.js FILE STATUS` prints what failed and `N passed, N failed`, where
// STATUS is what the runner ended with: one that failed without a failed assertion counts as one.
import { readFileSync } from 'node:fs';

const [file = '', status = '0'] = process.argv.slice(2);
const lines = readFileSync(file, 'utf8').split('\n');
// An assertion is the deepest line of its subtest: those that sum up others are followed by a plan
// or preceded by a deeper one, so they are told apart by their indentation.
let passed = 0;
let failed = 0;
const indentOf = (line) => line.length - line.trimStart().length;
let deeper = -1;
for (const line of lines) {
  const match = /^( *)(not )?ok \d+/.exec(line);
  if (match === null) continue;
  const indent = indentOf(line);
  const sumsUp = deeper > indent;
  deeper = indent;
  const excused = / # (?:SKIP|TODO)/i.test(line);
  if (match[2] !== undefined && !excused) process.stdout.write(`${line.trim()}\n`);
  if (sumsUp) continue;
  if (match[2] === undefined || excused) passed += 1;
  else failed += 1;
}
if (failed === 0 && status !== '0') {
  process.stdout.write(`the tests ended with ${status}; the last lines:\n`);
  process.stdout.write(`${lines.slice(-25).join('\n')}\n`);
  failed = 1;
}
process.stdout.write(`${passed} passed, ${failed} failed\n`);
