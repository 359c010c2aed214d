/** `dcos-cluster package lint|build|bundle …`: what the command line runs. */
import { createHash } from 'node:crypto';
import { cp, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DcosError } from '../../core/errors.js';
import { packTgz } from '../artifacts/pack.js';
import { bundlePackages, folderEntries } from './bundle.js';
import { lintPackage, withPackages } from './lint.js';

/** Runs one of them; `ownDir` is where packages of the user's own are. Gives its report. */
export async function runAuthor(
  words: readonly string[],
  programDir: string,
  tell: (line: string) => void,
): Promise<unknown> {
  const [verb, ...rest] = words;
  return withPackages(programDir, async (packages) => {
    const [first = '', second = '', third = ''] = rest;
    if (verb === 'lint') return lintPackage(first, packages);
    if (verb === 'build') {
      const report = await lintPackage(first, packages);
      if (report.problems.length > 0) return report;
      const { name, version } = report;
      return { ...report, ...(await publish(first, join(second, name), version, third)) };
    }
    const { DCOS_REPOSITORY_MAVEN: maven, DCOS_REPOSITORY_PYPI: pypi } = process.env;
    const baseUrls = { maven, pypi, npm: process.env.DCOS_REPOSITORY_NPM };
    if (verb === 'bundle') return bundlePackages(packages, rest.slice(1), first, baseUrls, tell);
    throw new DcosError('usage', `there is no ${verb}; there are lint, build and bundle`);
  });
}

/** Puts a copy where installs look for it, whole or not at all, and an archive where wanted. */
async function publish(
  folder: string,
  home: string,
  version: string,
  archive: string,
): Promise<{ folder: string; archive?: string; sha256?: string }> {
  const target = join(home, version);
  await mkdir(home, { recursive: true });
  const hash = createHash('sha256').update(target).digest('hex').slice(0, 8);
  const fresh = join(home, `.new-${hash}`);
  const old = join(home, `.old-${hash}`);
  await rm(fresh, { recursive: true, force: true });
  await cp(folder, fresh, { recursive: true, dereference: false });
  await rm(old, { recursive: true, force: true });
  await rename(target, old).catch(() => {});
  await rename(fresh, target);
  await rm(old, { recursive: true, force: true });
  if (archive === '') return { folder: target };
  await rm(archive, { force: true });
  const { sha256 } = await packTgz(await folderEntries(folder, ''), archive);
  return { folder: target, archive, sha256 };
}
