/** The labels by which an app says which package it came from (cosmos-api.md §6.8). */
import { gzipSync } from 'node:zlib';
import type { PackageDefinition } from '../wire/universe.js';
import { type ExactJson, type ExactObject, stringifyExactJson } from './exact-json.js';

/** What the labels are made of. */
export interface LabelSource {
  readonly definition: PackageDefinition;
  /** The definition as it was read, numbers exact. */
  readonly exact: ExactObject;
  readonly repositoryUri: string;
  /** What the user gave, without defaults. */
  readonly userOptions: ExactObject;
}

/** Cosmos' five labels. */
export function packageLabels(source: LabelSource): Record<string, string> {
  const { definition } = source;
  return {
    DCOS_PACKAGE_NAME: definition.name,
    DCOS_PACKAGE_VERSION: definition.version,
    DCOS_PACKAGE_SOURCE: source.repositoryUri,
    DCOS_PACKAGE_OPTIONS: base64(stringifyExactJson(source.userOptions, true)),
    DCOS_PACKAGE_DEFINITION: base64(definitionEnvelope(definition, source.exact)),
  };
}

function definitionEnvelope(definition: PackageDefinition, exact: ExactJson): string {
  const major = definition.packagingVersion.split('.')[0];
  return JSON.stringify({
    metadata: {
      'Content-Type': `application/vnd.dcos.universe.package+json;charset=utf-8;version=v${major}`,
      'Content-Encoding': 'gzip',
    },
    data: gzipSync(stringifyExactJson(exact)).toString('base64'),
  });
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
