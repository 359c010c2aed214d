/** Everything that is wrong with a package's folder, found without a cluster. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DcosError, messageOf } from '../../core/errors.js';
import { parseServiceCommands } from '../../wire/service-commands-parse.js';
import { brokenRules } from '../../wire/service-rules.js';
import { parseServiceSpec, type ServiceSpec, type SpecViolation } from '../../wire/service-spec.js';
import {
  createPackages,
  type PackageRelease,
  type Packages,
  type ServiceFiles,
} from '../packages.js';
import { readPackageFolder } from '../repositories.js';

/** What was found. */
export interface LintReport {
  readonly name: string;
  readonly version: string;
  /** One line each, the file first; empty where all is well. */
  readonly problems: readonly string[];
  /** The environment that its scheduler gets with the defaults of all options. */
  readonly env: Readonly<Record<string, string>>;
}

/** Sets `packages` up for the folder of the installed program, its work in a folder of its own. */
export async function withPackages<Result>(
  programDir: string,
  work: (packages: Packages) => Promise<Result>,
): Promise<Result> {
  const artifactsDir = await mkdtemp(join(tmpdir(), 'dcos-package-'));
  try {
    const packages = createPackages({
      registryDir: join(programDir, 'packages-registry'),
      programDir,
      artifactsDir,
      clusterKey: 'none',
      advertiseUrl: 'http://localhost',
      installed: () => [],
    });
    return await work(packages);
  } finally {
    await rm(artifactsDir, { recursive: true, force: true });
  }
}

/** Looks at a package's folder. Throws `not-found` where there is no package at all. */
export async function lintPackage(folder: string, packages: Packages): Promise<LintReport> {
  let release: PackageRelease;
  try {
    release = await readPackageFolder(folder);
  } catch (error) {
    if (!(error instanceof DcosError) || error.code !== 'corrupt') throw error;
    return { name: '', version: '', problems: [error.message], env: {} };
  }
  const { name, version } = release.definition;
  const problems: string[] = [];
  const note = (file: string, text: string): void => void problems.push(`${file}: ${text}`);
  const assets = release.definition.resource?.assets?.uris ?? {};
  const urls = Object.fromEntries(
    [...Object.keys(assets), 'dcos', 'service'].map((asset) => [
      asset,
      `http://localhost/${asset}`,
    ]),
  );
  const env = await environmentOf(release, packages, urls, note);
  await packages.planArtifacts(release).catch((error: unknown) => {
    note('resource.json', messageOf(error));
  });
  const files = await packages.serviceFiles(release);
  if (files !== undefined && env !== undefined) checkService(files, env, note);
  return { name, version, problems, env: env ?? {} };
}

type Note = (file: string, text: string) => void;

async function environmentOf(
  release: PackageRelease,
  packages: Packages,
  urls: Readonly<Record<string, string>>,
  note: Note,
): Promise<Record<string, string> | undefined> {
  try {
    const { error } = await packages.prepareRelease(release, {});
    if (error !== undefined) throw error;
    const app = await packages.render(release, {}, { node: '', ...urls });
    if (typeof app.id !== 'string') note('marathon.json.mustache', 'the app has no id');
    const env = Object.entries((app.env ?? {}) as Record<string, unknown>);
    return Object.fromEntries(
      env.flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
    );
  } catch (error) {
    note('marathon.json.mustache', `with the defaults of all options: ${messageOf(error)}`);
    return undefined;
  }
}

function checkService(files: ServiceFiles, env: Record<string, string>, note: Note): void {
  const noteAll = (file: string, violations: readonly SpecViolation[]): void => {
    for (const { path, message } of violations) note(file, `${path} ${message}`.trim());
  };
  const result = parseServiceSpec(files.serviceYaml, env);
  if (!result.ok) noteAll('service.yaml', result.violations);
  else {
    noteAll('service.yaml', brokenRules(result.spec.rules ?? []));
    checkTemplates(result.spec, files, note);
  }
  if (files.commandsYaml === undefined) return;
  const commands = parseServiceCommands(files.commandsYaml, env);
  if (!commands.ok) noteAll('commands.yaml', commands.violations);
}

function checkTemplates(spec: ServiceSpec, files: ServiceFiles, note: Note): void {
  const used = new Set([
    ...spec.pods.flatMap(({ tasks }) =>
      tasks.flatMap(({ configs }) => configs.map(({ template }) => template)),
    ),
    ...(spec.endpoints ?? []).map(({ template }) => template),
  ]);
  const short = (path: string): string => path.replace(/^(?:.*\/)?templates\//, '');
  for (const template of used) {
    if (files.templates[short(template)] === undefined) {
      note('service.yaml', `the template ${template} is not in templates/`);
    }
  }
  const names = new Set([...used].map(short));
  for (const name of Object.keys(files.templates)) {
    if (!names.has(name)) note(`templates/${name}`, 'no task and no endpoint uses it');
  }
}
