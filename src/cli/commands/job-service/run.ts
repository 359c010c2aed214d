/** `dcos spark run` */
import { statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Http } from '../../../client/http.js';
import { type JobRequest, submitJob, uploadFile } from '../../../client/job-service.js';
import { DcosError, systemCodeOf } from '../../../core/errors.js';
import type { Command, Given } from '../../command.js';
import type { Context } from '../../context.js';
import { formatJson } from '../../output/list.js';
import { brokerAddresses, brokersVariable, hdfsProperties } from './configured.js';
import { followJob } from './follow.js';
import { fileProperties, parseSubmitArgs, type SubmitArgs } from './submit-args.js';

/** Submits a job to `service`; `word` is what the user calls it. */
export function runJob(service: string, word: string): Command {
  return {
    summary: 'run a job: its driver and executors become tasks of the cluster',
    flags: [
      {
        flags: '--submit-args <arguments>',
        text: 'as for spark-submit: options, application, its arguments',
      },
      {
        flags: '--env <name=value>',
        text: "a variable of the driver's environment; may be repeated",
        isList: true,
      },
      { flags: '--hdfs <service>', text: 'use the files of this HDFS of the cluster' },
      {
        flags: '--kafka <service>',
        text: `tell the driver the brokers of this Kafka, in ${brokersVariable}`,
      },
      { flags: '--follow', text: "show the driver's output until the job has ended" },
      { flags: '--wait', text: 'wait until the job has ended, in silence' },
      { flags: '--json', text: 'print JSON' },
      { flags: '--docker-image <image>', text: 'not supported', isHidden: true },
      { flags: '--verbose', text: 'of no use here', isHidden: true },
    ],
    examples: [
      `dcos ${word} run --submit-args="--class org.example.Main app.jar 100"`,
      `dcos ${word} run --follow --submit-args="--executor-memory 1g job.py"`,
      `dcos ${word} run --hdfs hadoop --kafka kafka --submit-args="--supervise stream.py"`,
    ],
    notes:
      'Files of this machine (application, --jars, --py-files, --files) are handed in.\n' +
      'With --follow or --wait the exit status is 0 only if the job finished.',
    run: async (context, given) => {
      const job = jobOf(given);
      const http = await context.http();
      const request = await withUploads(context, http, await withServices(http, given, job));
      const id = await submitJob(http, service, request);
      if (!given.has('json')) context.io.result(`Submission id: ${id}`);
      const ends = given.has('follow') || given.has('wait');
      if (!ends) {
        if (given.has('json')) context.io.result(formatJson({ submissionId: id }));
        else context.io.say(`See: dcos ${word} status ${id}, dcos ${word} log ${id} --follow`);
        return;
      }
      const shows = given.has('follow') && !given.has('json');
      const ended = await followJob(context, http, { service, id, shows });
      if (given.has('json')) context.io.result(formatJson({ submissionId: id, ...ended }));
      if (ended.state === 'FINISHED') return;
      throw new DcosError('failed', `${id}: ${ended.state}: ${ended.message}`, {
        hint: `See: dcos ${word} log ${id} stderr`,
      });
    },
  };
}

/** A job with its environment; files are still those of this machine. */
interface LocalJob extends SubmitArgs {
  readonly environment: Readonly<Record<string, string>>;
}

function jobOf(given: Given): LocalJob {
  const text = given.text('submitArgs');
  if (text === undefined) {
    throw new DcosError('usage', '--submit-args is missing', {
      hint: 'For example: --submit-args="--class org.example.Main app.jar 100"',
    });
  }
  if (given.text('dockerImage') !== undefined) {
    throw new DcosError('usage', 'jobs run without images here: --docker-image has no meaning');
  }
  const pairs = given.list('env').map((pair) => {
    const split = pair.indexOf('=');
    if (split < 1) throw new DcosError('usage', `--env ${pair} is not name=value`);
    return [pair.slice(0, split), pair.slice(split + 1)] as const;
  });
  return { ...parseSubmitArgs(text), environment: Object.fromEntries(pairs) };
}

/** The job with what it has to know of other services; what the user says himself goes first. */
async function withServices(http: Http, given: Given, job: LocalJob): Promise<LocalJob> {
  const hdfs = given.text('hdfs');
  const kafka = given.text('kafka');
  const properties = hdfs === undefined ? {} : await hdfsProperties(http, hdfs);
  const brokers =
    kafka === undefined ? {} : { [brokersVariable]: await brokerAddresses(http, kafka) };
  return {
    ...job,
    properties: { ...properties, ...job.properties },
    environment: { ...brokers, ...job.environment },
  };
}

/** The job as the service takes it: every file of this machine has become a URI. */
async function withUploads(context: Context, http: Http, job: LocalJob): Promise<JobRequest> {
  const done = new Map<string, string>();
  const uriOf = async (given: string): Promise<string> => {
    const [path = '', ...alias] = given.split('#');
    const local = localPath(path);
    if (local === undefined) return given;
    const size = sizeOf(local);
    let uri = done.get(local);
    if (uri === undefined) {
      const name = basename(local).replace(/[^\w.+=@-]/g, '_');
      context.io.detail(1, `handing in ${name} (${size} bytes)`);
      uri = await uploadFile(http, local, name, size);
      done.set(local, uri);
    }
    return [uri, ...alias].join('#');
  };
  const properties = { ...job.properties };
  for (const name of fileProperties) {
    const list = properties[name];
    if (list === undefined) continue;
    const uris: string[] = [];
    for (const one of list.split(',').filter(Boolean)) uris.push(await uriOf(one.trim()));
    properties[name] = uris.join(',');
  }
  return {
    appResource: await uriOf(job.appResource),
    mainClass: job.mainClass,
    appArgs: job.appArgs,
    sparkProperties: properties,
    environmentVariables: job.environment,
  };
}

/** The path of a file of this machine; `undefined` for any other URI. */
function localPath(text: string): string | undefined {
  if (text.startsWith('file:')) return fileURLToPath(new URL(text));
  return /^[a-z][a-z0-9+.-]*:/i.test(text) ? undefined : resolve(text);
}

function sizeOf(path: string): number {
  try {
    const about = statSync(path);
    if (about.isFile()) return about.size;
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT') {
      throw new DcosError('io', `${path} cannot be read`, { cause: error });
    }
    throw new DcosError('not-found', `there is no file ${path}`, {
      hint: 'A file that is on the agents already is named local:///path, one on HDFS hdfs://…',
    });
  }
  throw new DcosError('usage', `${path} is not a file`);
}
