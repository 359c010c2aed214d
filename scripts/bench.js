// The figures of the project as a table; see test/bench/main.ts.
import { runBundled } from './run-bundled.js';

await runBundled('test/bench/main.ts', process.argv.slice(2));
