/**
 * The parts of Docker's Engine API that are read rather than passed on (Docker Engine API v1.41,
 * ContainerCreate, ContainerList, ImageList…). All else of a message is kept untouched.
 */
import { z } from 'zod';

const texts = z.array(z.string()).nullish();
const stringMap = z.record(z.string(), z.string()).nullish();

/** A mount of the long form (`--mount`). */
export const dockerMountSchema = z.looseObject({
  Type: z.string().optional(),
  Source: z.string().optional(),
  Target: z.string().optional(),
  VolumeOptions: z
    .looseObject({
      DriverConfig: z.looseObject({ Name: z.string().optional(), Options: stringMap }).nullish(),
    })
    .nullish(),
});

/** How a container sits on its host. */
export const hostConfigSchema = z.looseObject({
  Binds: texts,
  Mounts: z.array(dockerMountSchema).nullish(),
  Memory: z.number().nullish(),
  MemoryReservation: z.number().nullish(),
  CpuShares: z.number().nullish(),
  NanoCpus: z.number().nullish(),
  NanoCPUs: z.number().nullish(),
  CpuQuota: z.number().nullish(),
  CpuPeriod: z.number().nullish(),
  NetworkMode: z.string().nullish(),
  PidMode: z.string().nullish(),
  IpcMode: z.string().nullish(),
  UTSMode: z.string().nullish(),
  UsernsMode: z.string().nullish(),
  CgroupnsMode: z.string().nullish(),
  CgroupParent: z.string().nullish(),
  Runtime: z.string().nullish(),
  Privileged: z.boolean().nullish(),
  CapAdd: texts,
  SecurityOpt: texts,
  Devices: z.array(z.looseObject({})).nullish(),
  DeviceCgroupRules: texts,
  DeviceRequests: z.array(z.looseObject({})).nullish(),
  MaskedPaths: texts,
  ReadonlyPaths: texts,
  Sysctls: stringMap,
  OomScoreAdj: z.number().nullish(),
  VolumeDriver: z.string().nullish(),
  VolumesFrom: texts,
  Links: texts,
  PublishAllPorts: z.boolean().nullish(),
  AutoRemove: z.boolean().nullish(),
  PortBindings: z
    .record(
      z.string(),
      z
        .array(z.looseObject({ HostIp: z.string().nullish(), HostPort: z.string().nullish() }))
        .nullish(),
    )
    .nullish(),
});

/** The body of `POST /containers/create`. */
export const createBodySchema = z.looseObject({
  Image: z.string().nullish(),
  Env: texts,
  Labels: stringMap,
  ExposedPorts: z.record(z.string(), z.unknown()).nullish(),
  Volumes: z.record(z.string(), z.unknown()).nullish(),
  HostConfig: hostConfigSchema.nullish(),
  NetworkingConfig: z
    .looseObject({ EndpointsConfig: z.record(z.string(), z.unknown()).nullish() })
    .nullish(),
});
export type CreateBody = z.infer<typeof createBodySchema>;
export type HostConfig = z.infer<typeof hostConfigSchema>;

/** An event of an engine. */
export const engineEventSchema = z.looseObject({
  Type: z.string().optional(),
  Action: z.string().optional(),
  status: z.string().optional(),
  id: z.string().optional(),
  from: z.string().optional(),
  Actor: z.looseObject({ ID: z.string().optional(), Attributes: stringMap }).optional(),
  time: z.number().optional(),
  timeNano: z.number().optional(),
});
export type EngineEvent = z.infer<typeof engineEventSchema>;

/** An entry of `GET /containers/json`. */
export const containerSummarySchema = z.looseObject({
  Id: z.string(),
  Names: texts,
  Image: z.string().optional(),
  ImageID: z.string().optional(),
  Created: z.number().optional(),
  State: z.string().optional(),
  Status: z.string().optional(),
  Labels: stringMap,
  Ports: z
    .array(
      z.looseObject({
        IP: z.string().optional(),
        PrivatePort: z.number().optional(),
        PublicPort: z.number().optional(),
        Type: z.string().optional(),
      }),
    )
    .nullish(),
});
export type ContainerSummary = z.infer<typeof containerSummarySchema>;

/** An entry of `GET /images/json`. */
export const imageSummarySchema = z.looseObject({
  Id: z.string(),
  ParentId: z.string().optional(),
  RepoTags: texts,
  RepoDigests: texts,
  Created: z.number().optional(),
  Labels: stringMap,
});
export type ImageSummary = z.infer<typeof imageSummarySchema>;

/** What is read of `GET /info` of an engine. */
export const engineInfoSchema = z.looseObject({
  ID: z.string().optional(),
  Name: z.string().optional(),
  ServerVersion: z.string().optional(),
  DockerRootDir: z.string().optional(),
  Driver: z.string().optional(),
  KernelVersion: z.string().optional(),
  OperatingSystem: z.string().optional(),
  OSType: z.string().optional(),
  Architecture: z.string().optional(),
  NCPU: z.number().optional(),
  MemTotal: z.number().optional(),
  Labels: texts,
});
export type EngineInfo = z.infer<typeof engineInfoSchema>;
