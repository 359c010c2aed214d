// A framework over npm's mesos-framework: keeps two web servers running, replaces one that ends.
// usage: mesos-framework.cjs MODULES HOST PORT PRINCIPAL SECRET
// Prints one JSON line once an ended server was replaced; exits with 1 after 180 s without.
const { mkdirSync, readdirSync, readFileSync } = require('node:fs');
const http = require('node:http');
const { createRequire } = require('node:module');
const { join } = require('node:path');

const [modules, masterUrl, port, principal, secret] = process.argv.slice(2);
const { Scheduler, Mesos } = createRequire(`${modules}/`)('mesos-framework');
const { CommandInfo } = Mesos.getMesos();

// The library knows no authentication; its template of requests is open to be completed.
const generate = Scheduler.prototype.generateRequestTemplate;
const authorization = `Basic ${Buffer.from(`${principal}:${secret}`).toString('base64')}`;
const complete = (scheduler) => {
  scheduler.requestTemplate.headers.Authorization = authorization;
};
if (generate !== undefined) throw new Error('the library has changed: complete its template there');

// The library tells ports to Docker tasks alone: each server leaves its address in this folder.
const folder = join(process.cwd(), 'servers');
mkdirSync(folder, { recursive: true });
const program = [
  "const http=require('http'),fs=require('fs'),{HOST,MESOS_TASK_ID}=process.env;",
  "http.createServer((q,s)=>{if(q.url==='/end')process.exit(1);s.end(MESOS_TASK_ID)})",
  `.listen(0,HOST,function(){fs.writeFileSync('${folder}/'+MESOS_TASK_ID,`,
  "HOST+' '+this.address().port)})",
].join('');
const scheduler = new Scheduler({
  masterUrl,
  port,
  frameworkName: 'npm-servers',
  user: '',
  logging: { path: process.cwd(), fileName: 'mesos-framework.log', level: 'debug' },
  tasks: {
    servers: {
      instances: 2,
      commandInfo: new CommandInfo(null, null, true, `exec node -e "${program}"`, null, null),
      resources: { cpus: 0.1, mem: 32, ports: 0, disk: 0 },
    },
  },
});

function end(status, result) {
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(status));
}

function get(hostname, serverPort, path) {
  return new Promise((resolve) => {
    const request = http.get({ hostname, port: serverPort, path }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve(text));
    });
    request.on('error', () => resolve(undefined));
  });
}

/** The servers that answer. */
async function answering() {
  const addresses = readdirSync(folder).map((name) => {
    const [hostname, serverPort] = readFileSync(join(folder, name), 'utf8').split(' ');
    return { hostname, port: serverPort };
  });
  const answers = await Promise.all(
    addresses.map(async (each) => ({ ...each, id: await get(each.hostname, each.port, '/') })),
  );
  return answers.filter(({ id }) => id !== undefined);
}

async function main() {
  let first;
  const timer = setInterval(async () => {
    const servers = await answering();
    if (new Set(servers.map(({ id }) => id)).size < 2) return;
    if (first === undefined) {
      first = servers.map(({ id }) => id);
      await get(servers[0].hostname, servers[0].port, '/end');
    } else if (servers.some(({ id }) => !first.includes(id))) {
      clearInterval(timer);
      scheduler.teardown();
      scheduler.once('sent_teardown', () => {
        end(0, { first, second: servers.map(({ id }) => id) });
      });
    }
  }, 200);
}

setTimeout(() => end(1, { error: 'not done in time' }), 180_000).unref();
scheduler.on('error', (error) => process.stderr.write(`${error.message ?? error}\n`));
scheduler.on('ready', () => {
  complete(scheduler);
  scheduler.subscribe();
});
void main();
