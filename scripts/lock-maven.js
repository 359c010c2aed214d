// Resolves Maven coordinates with the user's own mvn and writes the exact set into a package's lock
// file:
//   node scripts/lock-maven.js packages-registry/kafka/3.9.1/lock.json kafka kafka/libs \
//     org.apache.kafka:kafka_2.13:3.9.1 org.apache.kafka:kafka-tools:3.9.1!
// org.slf4j:slf4j-simple:1.7.36!
// A coordinate that ends in `!` is taken without what it depends on; `-group:artifact` leaves one
// out wherever it would come from, `--without=SET` what that set of the lock file has already.
// Other sets are kept.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { stripVTControlCharacters } from 'node:util';

const [lockFile, setName, folder, ...words] = process.argv.slice(2);
const without = words.find((word) => word.startsWith('--without='))?.slice(10);
const excluded = words.filter((word) => /^-[^-]/.test(word)).map((word) => word.slice(1));
const coordinates = words.filter((word) => !word.startsWith('-'));
if (!lockFile || !setName || !folder || coordinates.length === 0) {
  console.error(
    'usage: lock-maven.js <lock.json> <set> <folder> <group:artifact:version[!]>...' +
      ' [-group:artifact]... [--without=<set>]',
  );
  process.exit(2);
}

const work = mkdtempSync(join(tmpdir(), 'lock-maven-'));
try {
  writeFileSync(join(work, 'pom.xml'), pomOf(coordinates));
  const listGoal = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:list';
  execFileSync(
    'mvn',
    [
      '-B',
      '-q',
      listGoal,
      '-DincludeScope=runtime',
      '-DoutputAbsoluteArtifactFilename=true',
      '-DoutputFile=list',
    ],
    { cwd: work, stdio: ['ignore', 'inherit', 'inherit'], timeout: 600_000 },
  );
  const held = digestsOf(without);
  const artifacts = readFileSync(join(work, 'list'), 'utf8')
    .split('\n')
    .flatMap(artifactOf)
    .filter(({ sha256 }) => !held.has(sha256));
  artifacts.sort((a, b) => (a.purl < b.purl ? -1 : 1));
  writeLock(artifacts);
  const total = artifacts.reduce((sum, { bytes }) => sum + bytes, 0);
  console.error(`${setName}: ${artifacts.length} artifacts, ${total} bytes`);
} finally {
  rmSync(work, { recursive: true, force: true });
}

function pomOf(wanted) {
  const dependencies = wanted.map((text) => {
    const alone = text.endsWith('!');
    const [group, artifact, version, ...more] = text.replace(/!$/, '').split(':');
    if (!version || more.length > 0) throw new Error(`${text} is not group:artifact:version`);
    const exclusions = (alone ? ['*:*'] : excluded).map((name) => {
      const [without, all = '*'] = name.split(':');
      return (
        `<exclusion><groupId>${without}</groupId>` + `<artifactId>${all}</artifactId></exclusion>`
      );
    });
    return (
      `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId>` +
      `<version>${version}</version><exclusions>${exclusions.join('')}</exclusions></dependency>`
    );
  });
  return (
    '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>' +
    '<groupId>lock</groupId><artifactId>lock</artifactId><version>1</version>' +
    `<dependencies>${dependencies.join('')}</dependencies></project>`
  );
}

/**
 * `   group:artifact:jar[:classifier]:version:scope:/path [-- module …]`, coloured on some versions
 * of mvn.
 */
function artifactOf(line) {
  const plain = stripVTControlCharacters(line).trim();
  const found =
    /^([^:\s]+):([^:\s]+):jar:(?:([^:\s]+):)?([^:\s]+):(?:compile|runtime):(\/\S+)/.exec(plain);
  if (!found) return [];
  const [, group, artifact, classifier, version, path] = found;
  const bytes = readFileSync(path);
  const qualifier = classifier ? `?classifier=${classifier}` : '';
  return [
    {
      purl: `pkg:maven/${group}/${artifact}@${version}${qualifier}`,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      bytes: bytes.length,
    },
  ];
}

function readLock() {
  try {
    return JSON.parse(readFileSync(lockFile, 'utf8'));
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    return { sets: {} };
  }
}

function digestsOf(set) {
  if (set === undefined) return new Set();
  const { artifacts } = readLock().sets[set] ?? {};
  if (artifacts === undefined) throw new Error(`${lockFile} has no set ${set}`);
  return new Set(artifacts.map(({ sha256 }) => sha256));
}

function writeLock(artifacts) {
  const lock = readLock();
  lock.sets[setName] = { folder, artifacts };
  writeFileSync(lockFile, `${JSON.stringify(lock, null, 2)}\n`);
}
