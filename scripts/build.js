// Bundles each program into dist/, so that it starts fast and needs nothing but lmdb's prebuilt
// binary beside it.
// `node scripts/build.js` builds all of them, `node scripts/build.js dcos` the named ones.
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
const dist = join(root, 'dist');
const servers = {
  'dcos-cluster': 'src/cluster/main.ts',
  'dcos-cluster-evaluate': 'src/packages/evaluate-worker.ts',
  'dcos-service': 'src/sdk/main.ts',
  'dcos-swarm': 'src/swarm/main.ts',
};

// CommonJS dependencies inside an ES module bundle call require() for Node's own modules.
const requireShim =
  "import{createRequire as __dcosRequire}from'node:module';" +
  'const require=__dcosRequire(import.meta.url);';

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
  // TypeScript: what cosmiconfig would read .ts files with, which we never let it do.
  external: ['lmdb', 'typescript'],
  define: { DCOS_VERSION: JSON.stringify(version) },
  banner: { js: requireShim },
  logLevel: 'warning',
};

/**
 * axios without the adapters that the command line does not use: it has its own over node:http
 * (src/client/adapter.ts). With them, and with the FormData that makes Node load all of its fetch,
 * axios takes 60 ms to load instead of 15.
 */
const leanAxios = {
  name: 'lean-axios',
  setup(bundle) {
    const unused = [
      'adapters/http',
      'adapters/xhr',
      'adapters/fetch',
      'platform/node/classes/FormData',
    ];
    const nothing = 'export default null; export const getFetch = () => null;';
    const platform =
      'export default { isNode: true, protocols: ["http", "https"],' +
      ' classes: { URLSearchParams, FormData: null } };';
    bundle.onLoad({ filter: /axios[\\/]lib[\\/].*\.js$/ }, async ({ path }) => {
      const [, name] = path.replaceAll('\\', '/').match(/axios\/lib\/(.*)\.js$/);
      if (unused.includes(name)) return { contents: nothing };
      if (name === 'platform/node/index') return { contents: platform };
      if (name !== 'utils') return undefined;
      const form = "typeof G.FormData !== 'undefined' ? G.FormData : undefined";
      return { contents: (await readFile(path, 'utf8')).replace(form, 'undefined') };
    });
  },
};

async function buildCommandLine() {
  await rm(join(dist, 'dcos-chunks'), { recursive: true, force: true });
  await build({
    ...common,
    entryPoints: { dcos: join(root, 'src/cli/main.ts') },
    outdir: dist,
    splitting: true,
    chunkNames: 'dcos-chunks/[name]-[hash]',
    plugins: [leanAxios],
  });
}

/**
 * Split, so that each role of dcos-cluster loads only its own code. The pieces lie beside the
 * program itself: what is found by a path relative to a module's own stays where it is.
 */
async function buildServer(name, path) {
  const pieces = `${name}-piece-`;
  for (const file of await readdir(dist)) if (file.startsWith(pieces)) await rm(join(dist, file));
  await build({
    ...common,
    entryPoints: { [name]: path },
    outdir: dist,
    splitting: true,
    chunkNames: `${pieces}[hash]`,
  });
}

const wanted = process.argv.slice(2);
const isWanted = (name) => wanted.length === 0 || wanted.includes(name);
const serverEntries = Object.fromEntries(
  Object.entries(servers)
    .filter(([name]) => isWanted(name))
    .map(([name, path]) => [name, join(root, path)]),
);

if (wanted.length === 0) await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });
await Promise.all([
  isWanted('dcos') ? buildCommandLine() : undefined,
  ...Object.entries(serverEntries).map(([name, path]) => buildServer(name, path)),
]);
