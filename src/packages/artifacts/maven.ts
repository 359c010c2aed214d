/** Fetches a set of Maven artifacts with one call of the user's `mvn`. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactFile } from './resolve.js';
import { runTool } from './tool.js';

// Pinned, so that the same plugin does it everywhere and its version needs no look-up.
const plugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies';

/** Fetches into `folder`; the path of each file, by its place in `files`. Throws as `runTool`. */
export async function fetchWithMaven(
  files: readonly ArtifactFile[],
  folder: string,
  signal: AbortSignal,
  onFetched: (file: ArtifactFile) => void,
): Promise<string[]> {
  const paths: string[] = [];
  for (const [index, round] of roundsOf(files).entries()) {
    const cwd = join(folder, `round-${index}`);
    await mkdir(join(cwd, 'out'), { recursive: true });
    await writeFile(join(cwd, 'pom.xml'), pomOf(round));
    await runTool({
      name: 'mvn',
      command: 'mvn',
      args: [
        ...['-B', '-f', join(cwd, 'pom.xml'), plugin],
        ...[`-DoutputDirectory=${join(cwd, 'out')}`, '-Dmdep.useRepositoryLayout=true'],
        '-Dstyle.color=never',
      ],
      cwd,
      signal,
      install: 'install Maven (for instance `apt install maven`)',
      baseUrlKey: 'repositories.maven',
      onLine: (line) => {
        const file = downloadedBy(line, round);
        if (file !== undefined) onFetched(file);
      },
    });
    for (const file of round) paths[files.indexOf(file)] = join(cwd, 'out', layoutPath(file));
  }
  return paths;
}

/** Where a repository keeps the file: `g/r/o/u/p/artifact/version/artifact-version.jar`. */
export function layoutPath(file: ArtifactFile): string {
  const group = file.namespace.replaceAll('.', '/');
  return `${group}/${file.name}/${file.version}/${file.fileName}`;
}

function downloadedBy(line: string, files: readonly ArtifactFile[]): ArtifactFile | undefined {
  const url = /Downloaded from [^:]*: (\S+)/.exec(line)?.[1];
  return url === undefined ? undefined : files.find((file) => url.endsWith(layoutPath(file)));
}

/**
 * One project cannot depend on two versions of the same thing; those that differ in version only go
 * into further rounds.
 */
function roundsOf(files: readonly ArtifactFile[]): ArtifactFile[][] {
  const rounds: Map<string, ArtifactFile>[] = [];
  for (const file of files) {
    const { type = 'jar', classifier = '' } = file.qualifiers;
    const key = `${file.namespace}:${file.name}:${type}:${classifier}`;
    let round = rounds.find((candidate) => !candidate.has(key));
    if (round === undefined) {
      round = new Map();
      rounds.push(round);
    }
    round.set(key, file);
  }
  return rounds.map((round) => [...round.values()]);
}

/** A project that depends on these files and on nothing behind them. */
export function pomOf(files: readonly ArtifactFile[]): string {
  const dependencies = files.map((file) => {
    const { type, classifier } = file.qualifiers;
    return [
      '<dependency>',
      `<groupId>${escapeXml(file.namespace)}</groupId>`,
      `<artifactId>${escapeXml(file.name)}</artifactId>`,
      `<version>${escapeXml(file.version)}</version>`,
      ...(type ? [`<type>${escapeXml(type)}</type>`] : []),
      ...(classifier ? [`<classifier>${escapeXml(classifier)}</classifier>`] : []),
      '<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion>',
      '</exclusions>',
      '</dependency>',
    ].join('');
  });
  return `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>dcos</groupId><artifactId>artifacts</artifactId><version>1</version>
<packaging>pom</packaging>
<dependencies>
${dependencies.join('\n')}
</dependencies></project>
`;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
