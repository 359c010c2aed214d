// Every live check, one after the other, or those that are named so; goes on where it was
// interrupted. `--again` starts anew, `--table` prints the matrix of service × drill × engine.
import { runBundled } from './run-bundled.js';

await runBundled('test/live/main.ts', ['drills', ...process.argv.slice(2)]);
