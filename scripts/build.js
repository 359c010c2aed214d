// Bundles each program into dist/, so that it starts fast and needs nothing but lmdb's prebuilt
// binary beside it.
import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
const dist = join(root, 'dist');

// CommonJS dependencies inside an ES module bundle call require() for Node's own modules.
const requireShim = [
  "import{createRequire as __dcosRequire}from'node:module';",
  'const require=__dcosRequire(import.meta.url);',
].join('');

const common = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  minifySyntax: true,
  minifyWhitespace: true,
  keepNames: false,
  sourcemap: false,
  legalComments: 'none',
  external: ['lmdb'],
  define: { DCOS_VERSION: JSON.stringify(version) },
  banner: { js: requireShim },
  logLevel: 'warning',
};

await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });
await Promise.all([
  build({
    ...common,
    entryPoints: { dcos: join(root, 'src/cli/main.ts') },
    outdir: dist,
    splitting: true,
    chunkNames: 'dcos-chunks/[name]-[hash]',
  }),
  // Split, so that each role of dcos-cluster loads only its own code.
  build({
    ...common,
    entryPoints: { 'dcos-cluster': join(root, 'src/cluster/main.ts') },
    outdir: dist,
    splitting: true,
    chunkNames: 'dcos-cluster-chunks/[name]-[hash]',
  }),
  build({
    ...common,
    entryPoints: { 'dcos-service': join(root, 'src/sdk/main.ts') },
    outdir: dist,
  }),
]);
