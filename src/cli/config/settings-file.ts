/**
 * Reads a settings file with cosmiconfig; a file of its own, so that the library is loaded only
 * where there is a file to read.
 */
import { cosmiconfigSync, defaultLoadersSync } from 'cosmiconfig';
import { DcosError, messageOf } from '../../core/errors.js';

const refuse = (path: string): never => {
  throw new Error(`${path} is a program; settings are JSON or YAML`);
};

const { '.json': json, '.yaml': yaml, noExt } = defaultLoadersSync;
const loaders = {
  ...{ '.json': json, '.yaml': yaml, '.yml': yaml, noExt },
  ...{ '.js': refuse, '.cjs': refuse, '.mjs': refuse, '.ts': refuse },
};

/** What a settings file holds; `{}` where it is empty. Throws `invalid` naming the file. */
export function loadSettings(file: string): unknown {
  // cosmiconfig looks for settings of its own, programs among them, in the working folder.
  const before = process.cwd();
  process.chdir('/');
  try {
    return cosmiconfigSync('dcos', { loaders }).load(file)?.config ?? {};
  } catch (error) {
    const [reason = ''] = messageOf(error).split('\n');
    throw new DcosError('invalid', `${file}: ${reason.replace(`${file}:`, '').trim()}`, {
      hint: 'It holds JSON or YAML, for instance: cluster: local',
      cause: error,
    });
  } finally {
    process.chdir(before);
  }
}
