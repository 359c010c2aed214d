/** Every command by the words that name it; each is loaded when it is typed. */
import type { Command, Group, Leaf } from './command.js';

const leaf = (load: () => Promise<Command>): Leaf => ({ load });
/** Another word for a command: it works, but help does not show it. */
const alias = (load: () => Promise<Command>): Leaf => ({ load, isHidden: true });

const packages: Group = {
  summary: 'find, install and remove packages',
  examples: ['dcos package search', 'dcos package install kafka --yes'],
  children: {
    search: leaf(async () => (await import('./commands/package/search.js')).search),
    describe: leaf(async () => (await import('./commands/package/describe.js')).describe),
    install: leaf(async () => (await import('./commands/package/install.js')).install),
    list: leaf(async () => (await import('./commands/package/list.js')).list),
    uninstall: leaf(async () => (await import('./commands/package/uninstall.js')).uninstall),
    create: leaf(async () => (await import('./commands/package/create.js')).create),
    lint: leaf(async () => (await import('./commands/package/lint.js')).lint),
    build: leaf(async () => (await import('./commands/package/lint.js')).build),
    bundle: leaf(async () => (await import('./commands/package/lint.js')).bundle),
  },
};

const planSteer = () => import('./commands/service/plan/steer.js');
const plan: Group = {
  summary: 'show and steer the plans of a service',
  examples: ['dcos kafka plan show deploy', 'dcos service plan list kafka'],
  children: {
    list: leaf(async () => (await import('./commands/service/plan/list.js')).list),
    show: leaf(async () => (await import('./commands/service/plan/show.js')).show),
    start: leaf(async () => (await planSteer()).start),
    stop: leaf(async () => (await planSteer()).stop),
    pause: leaf(async () => (await planSteer()).pause),
    resume: leaf(async () => (await planSteer()).resume),
    'force-restart': leaf(async () => (await planSteer()).forceRestart),
    'force-complete': leaf(async () => (await planSteer()).forceComplete),
    status: alias(async () => (await import('./commands/service/plan/show.js')).show),
    interrupt: alias(async () => (await planSteer()).pause),
    continue: alias(async () => (await planSteer()).resume),
    restart: alias(async () => (await planSteer()).forceRestart),
    force: alias(async () => (await planSteer()).forceComplete),
  },
};

const podSteer = () => import('./commands/service/pod/steer.js');
const pod: Group = {
  summary: 'show, restart and replace the pods of a service',
  examples: ['dcos kafka pod status', 'dcos service pod replace broker-1 kafka'],
  children: {
    list: leaf(async () => (await import('./commands/service/pod/list.js')).list),
    status: leaf(async () => (await import('./commands/service/pod/status.js')).status),
    info: leaf(async () => (await import('./commands/service/pod/info.js')).info),
    restart: leaf(async () => (await podSteer()).restart),
    replace: leaf(async () => (await podSteer()).replace),
    pause: leaf(async () => (await podSteer()).pause),
    resume: leaf(async () => (await podSteer()).resume),
  },
};

const endpoints = leaf(async () => (await import('./commands/service/endpoints.js')).endpoints);
const describe = leaf(async () => (await import('./commands/service/describe.js')).describe);
const updateStart = () => import('./commands/service/update/start.js');
const updateSteer = () => import('./commands/service/update/steer.js');
const update: Group = {
  summary: 'give a service other options or another version',
  examples: ['dcos kafka update start --set brokers.mem=2048', 'dcos kafka update status'],
  children: {
    start: leaf(async () => (await updateStart()).start),
    status: leaf(async () => (await updateSteer()).status),
    pause: leaf(async () => (await updateSteer()).pause),
    resume: leaf(async () => (await updateSteer()).resume),
    'force-restart': leaf(async () => (await updateSteer()).forceRestart),
    'force-complete': leaf(async () => (await updateSteer()).forceComplete),
    'package-versions': leaf(async () => (await updateSteer()).packageVersions),
    show: alias(async () => (await updateSteer()).status),
    interrupt: alias(async () => (await updateSteer()).pause),
    continue: alias(async () => (await updateSteer()).resume),
    restart: alias(async () => (await updateSteer()).forceRestart),
    force: alias(async () => (await updateSteer()).forceComplete),
  },
};

const debugShow = () => import('./commands/service/debug/show.js');
const debug: Group = {
  summary: 'what the scheduler of a service knows',
  examples: ['dcos kafka debug offers', 'dcos kafka debug config target'],
  children: {
    config: {
      summary: 'the configurations of a service',
      examples: ['dcos kafka debug config list'],
      children: {
        list: leaf(async () => (await debugShow()).configList),
        show: leaf(async () => (await debugShow()).configShow),
        target: leaf(async () => (await debugShow()).configTarget),
        target_id: leaf(async () => (await debugShow()).configTargetId),
      },
    },
    state: {
      summary: 'what the scheduler keeps of itself',
      examples: ['dcos kafka debug state framework_id'],
      children: {
        framework_id: leaf(async () => (await debugShow()).frameworkId),
        properties: leaf(async () => (await debugShow()).properties),
        property: leaf(async () => (await debugShow()).property),
        refresh_cache: leaf(async () => (await debugShow()).refreshCache),
      },
    },
    pod: {
      summary: 'let tasks of a pod do nothing, for repairs',
      examples: ['dcos kafka debug pod pause broker-1 -t broker'],
      children: {
        pause: leaf(async () => (await podSteer()).pause),
        resume: leaf(async () => (await podSteer()).resume),
      },
    },
    offers: leaf(async () => (await debugShow()).offers),
    tasks: leaf(async () => (await debugShow()).tasks),
    reservations: leaf(async () => (await debugShow()).reservations),
  },
};

const services: Group = {
  summary: 'services: what runs, and the plans, pods and endpoints of each',
  examples: ['dcos service list', 'dcos service plan show deploy kafka'],
  fallback: 'list',
  children: {
    list: leaf(async () => (await import('./commands/service/list.js')).list),
    plan,
    pod,
    endpoints,
    describe,
    update,
    debug,
    plans: { ...plan, isHidden: true },
    pods: { ...pod, isHidden: true },
    endpoint: { ...endpoints, isHidden: true },
  },
};

const appSteer = () => import('./commands/app/steer.js');
const apps: Group = {
  summary: 'long-running apps (Marathon)',
  examples: ['dcos app add web.json', 'dcos app scale /web 3'],
  children: {
    list: leaf(async () => (await import('./commands/app/list.js')).list),
    show: leaf(async () => (await import('./commands/app/show.js')).show),
    add: leaf(async () => (await import('./commands/app/add.js')).add),
    update: leaf(async () => (await import('./commands/app/update.js')).update),
    scale: leaf(async () => (await appSteer()).scale),
    restart: leaf(async () => (await appSteer()).restart),
    start: leaf(async () => (await appSteer()).start),
    stop: leaf(async () => (await appSteer()).stop),
    kill: leaf(async () => (await appSteer()).kill),
    remove: leaf(async () => (await appSteer()).remove),
  },
};

const tasks: Group = {
  summary: 'tasks of all services: their logs, files, and commands inside them',
  examples: ['dcos task list', 'dcos task log --follow web'],
  fallback: 'list',
  takesWords: true,
  children: {
    list: leaf(async () => (await import('./commands/task/list.js')).list),
    log: leaf(async () => (await import('./commands/task/log.js')).log),
    exec: leaf(async () => (await import('./commands/task/exec.js')).exec),
    ls: leaf(async () => (await import('./commands/task/ls.js')).ls),
    download: leaf(async () => (await import('./commands/task/download.js')).download),
  },
};

const failures: Group = {
  summary: 'what has failed, and whether all is whole again',
  examples: ['dcos failures', 'dcos failures --all', 'dcos failures show <id>'],
  fallback: 'list',
  children: {
    list: leaf(async () => (await import('./commands/failures/list.js')).list),
    show: leaf(async () => (await import('./commands/failures/show.js')).show),
  },
};

const config: Group = {
  summary: 'the configuration of the current cluster',
  examples: ['dcos config show', 'dcos config set core.timeout 60'],
  children: {
    show: leaf(async () => (await import('./commands/config/show.js')).show),
    set: leaf(async () => (await import('./commands/config/set.js')).set),
    unset: leaf(async () => (await import('./commands/config/unset.js')).unset),
    keys: leaf(async () => (await import('./commands/config/keys.js')).keys),
  },
};

const clusters: Group = {
  summary: 'the clusters that are known here',
  examples: ['dcos cluster list', 'dcos cluster setup https://dcos.example.com'],
  children: {
    list: leaf(async () => (await import('./commands/cluster/list.js')).list),
    attach: leaf(async () => (await import('./commands/cluster/attach.js')).attach),
    setup: leaf(async () => (await import('./commands/cluster/setup.js')).setup),
    remove: leaf(async () => (await import('./commands/cluster/remove.js')).remove),
    rename: leaf(async () => (await import('./commands/cluster/rename.js')).rename),
  },
};

const auth: Group = {
  summary: 'log in and out',
  examples: ['dcos auth login', 'dcos auth logout'],
  children: {
    login: leaf(async () => (await import('./commands/auth/login.js')).login),
    logout: leaf(async () => (await import('./commands/auth/logout.js')).logout),
    'list-providers': leaf(
      async () => (await import('./commands/auth/list-providers.js')).listProviders,
    ),
  },
};

const nodeSteer = () => import('./commands/node/steer.js');
const nodes: Group = {
  summary: 'the machines of the cluster',
  examples: ['dcos node list', 'dcos node drain 127.0.9.2 --wait'],
  fallback: 'list',
  children: {
    list: leaf(async () => (await import('./commands/node/list.js')).list),
    drain: leaf(async () => (await nodeSteer()).drain),
    decommission: leaf(async () => (await nodeSteer()).decommission),
    deactivate: leaf(async () => (await nodeSteer()).deactivate),
    reactivate: leaf(async () => (await nodeSteer()).reactivate),
  },
};

const swarm: Group = {
  summary: 'Docker over the cluster (package swarm): a shell for it, or one command',
  examples: ['dcos swarm docker ps', 'eval "$(dcos swarm env)"'],
  isService: true,
  children: {
    docker: leaf(async () => (await import('./commands/swarm/docker.js')).docker),
    env: leaf(async () => (await import('./commands/swarm/env.js')).env),
  },
};

/** The whole command line. */
export const tree: Group = {
  summary: 'A datacenter operating system: machines become one computer.',
  examples: ['dcos package install kafka', 'dcos status', 'dcos task log --follow web'],
  children: {
    up: leaf(async () => (await import('./commands/up.js')).up),
    down: leaf(async () => (await import('./commands/down.js')).down),
    status: leaf(async () => (await import('./commands/status.js')).status),
    package: packages,
    service: services,
    app: apps,
    task: tasks,
    node: nodes,
    failures,
    swarm,
    doctor: leaf(async () => (await import('./commands/doctor.js')).doctor),
    config,
    cluster: clusters,
    auth,
    marathon: {
      summary: 'apps, by the name that DC/OS gave them',
      examples: ['dcos marathon app list'],
      children: { app: apps },
      isHidden: true,
    },
    completion: leaf(async () => (await import('./commands/completion.js')).completion),
  },
};
