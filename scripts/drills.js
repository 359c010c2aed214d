// Every live check, one after the other; goes on where it was interrupted. `--again` starts anew.
import { runBundled } from './run-bundled.js';

await runBundled('test/live/main.ts', ['drills', ...process.argv.slice(2)]);
