// Live checks: `--core`, `--slice <commit>`, `--list`, or the name of one.
import { runBundled } from './run-bundled.js';

const args = process.argv.slice(2);
const rest = args.filter((word) => !/^--(?:core|slice|list)$/.test(word));
const mode = args.includes('--slice')
  ? ['slice']
  : args.includes('--list')
    ? ['list']
    : args.includes('--core') || rest.length === 0
      ? ['core']
      : ['one'];
await runBundled('test/live/main.ts', [...mode, ...rest]);
