/**
 * The package object of a Universe repository (cosmos-api.md §11; packaging versions 2.0 to 5.0).
 */
import { z } from 'zod';
import type { Json } from '../core/json.js';

const strings = z.record(z.string(), z.string());

/**
 * A JSON value as it was read; numbers that a double cannot hold are `ExactNumber`s of `packages`.
 */
const json = z.custom<Json>((value) => value !== undefined);
const jsonObject = z.custom<{ readonly [key: string]: Json }>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
);

const hashSchema = z.looseObject({ algo: z.string(), value: z.string() });
const binarySchema = z.looseObject({
  url: z.string(),
  kind: z.string(),
  contentHash: z.array(hashSchema),
});
const architecturesSchema = z.looseObject({ 'x86-64': binarySchema });

/** `resource.json`: what the package needs from elsewhere. */
export const packageResourceSchema = z.looseObject({
  assets: z
    .looseObject({
      uris: strings.nullish(),
      container: z.looseObject({ docker: strings.nullish() }).nullish(),
    })
    .nullish(),
  images: z
    .looseObject({
      'icon-small': z.string().nullish(),
      'icon-medium': z.string().nullish(),
      'icon-large': z.string().nullish(),
      screenshots: z.array(z.string()).nullish(),
    })
    .nullish(),
  cli: z
    .looseObject({
      binaries: z
        .looseObject({
          linux: architecturesSchema.nullish(),
          darwin: architecturesSchema.nullish(),
          windows: architecturesSchema.nullish(),
        })
        .nullish(),
    })
    .nullish(),
});

/** One release of a package, as a repository serves it. Members unknown to us are kept. */
export const packageDefinitionSchema = z.looseObject({
  packagingVersion: z.enum(['2.0', '3.0', '4.0', '5.0']),
  name: z.string().regex(/^[a-z][a-z0-9-]*[a-z0-9]$/),
  version: z.string().min(1),
  releaseVersion: z.number().int().min(0),
  maintainer: z.string(),
  description: z.string(),
  tags: z.array(z.string().regex(/^\S*$/)).default([]),
  marathon: z.looseObject({ v2AppMustacheTemplate: z.string() }).nullish(),
  selected: z.boolean().nullish(),
  scm: z.string().nullish(),
  website: z.string().nullish(),
  framework: z.boolean().nullish(),
  preInstallNotes: z.string().nullish(),
  postInstallNotes: z.string().nullish(),
  postUninstallNotes: z.string().nullish(),
  licenses: z.array(z.looseObject({ name: z.string(), url: z.string() })).nullish(),
  config: jsonObject.nullish(),
  resource: packageResourceSchema.nullish(),
  command: json.nullish(),
  minDcosReleaseVersion: z.string().nullish(),
  lastUpdated: z.number().nullish(),
  hasKnownIssues: z.boolean().nullish(),
  upgradesFrom: z.array(z.string()).nullish(),
  downgradesTo: z.array(z.string()).nullish(),
  manager: z
    .looseObject({ packageName: z.string(), minPackageVersion: z.string().nullish() })
    .nullish(),
});
export type PackageDefinition = z.infer<typeof packageDefinitionSchema>;
