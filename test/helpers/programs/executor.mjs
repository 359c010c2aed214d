// A custom executor for tests, with nothing but Node: it does what the names of its tasks say, and
// writes what it hears to `events`, one JSON a line.
import { appendFileSync } from 'node:fs';
import { request } from 'node:http';

const { env } = process;
const [host, port] = env.MESOS_AGENT_ENDPOINT.split(':');
const ids = {
  framework_id: { value: env.MESOS_FRAMEWORK_ID },
  executor_id: { value: env.MESOS_EXECUTOR_ID },
};
const token = process.argv.includes('--no-token')
  ? {}
  : { authorization: `Bearer ${env.MESOS_EXECUTOR_AUTHENTICATION_TOKEN}` };
const deaf = process.argv.includes('--deaf');
const tasks = new Map();
const updates = new Map();

function call(body, onResponse) {
  const headers = { 'content-type': 'application/json', accept: 'application/json', ...token };
  const options = { host, port, path: '/api/v1/executor', method: 'POST', headers };
  const sent = request(options, onResponse);
  // What could not be sent is sent again with the next SUBSCRIBE.
  sent.on('error', () => onResponse(undefined));
  sent.end(JSON.stringify({ ...ids, ...body }));
}

function update(taskId, state, more = {}) {
  const uuid = Buffer.from(crypto.randomUUID().replaceAll('-', ''), 'hex').toString('base64');
  const status = {
    task_id: { value: taskId },
    state,
    source: 'SOURCE_EXECUTOR',
    uuid,
    timestamp: Date.now() / 1000,
    ...more,
  };
  updates.set(uuid, { status });
  call({ type: 'UPDATE', update: { status } }, (response) => response?.resume());
}

const onEvent = {
  LAUNCH: ({ launch }) => start(launch.task),
  LAUNCH_GROUP: ({ launch_group }) => launch_group.task_group.tasks.forEach(start),
  KILL: ({ kill }) => update(kill.task_id.value, 'TASK_KILLED', { message: 'as you like' }),
  ACKNOWLEDGED: ({ acknowledged }) => {
    updates.delete(acknowledged.uuid);
    tasks.delete(acknowledged.task_id.value);
  },
  MESSAGE: ({ message }) => {
    const text = Buffer.from(message.data, 'base64').toString();
    if (text === 'exit') process.exit(7);
    const data = Buffer.from(`heard ${text}`).toString('base64');
    call({ type: 'MESSAGE', message: { data } }, (response) => response?.resume());
  },
  SHUTDOWN: () => {
    if (!deaf) process.exit(0);
  },
};

function start(task) {
  tasks.set(task.task_id.value, task);
  update(task.task_id.value, 'TASK_RUNNING', { data: task.data });
  if (task.name === 'finish') update(task.task_id.value, 'TASK_FINISHED');
}

function subscribe() {
  const subscribe_ = {
    unacknowledged_tasks: [...tasks.values()],
    unacknowledged_updates: [...updates.values()],
  };
  call({ type: 'SUBSCRIBE', subscribe: subscribe_ }, (response) => {
    if (response === undefined || response.statusCode !== 200) {
      if (response !== undefined) note({ type: 'REFUSED', status: response.statusCode });
      response?.resume();
      setTimeout(subscribe, 100);
      return;
    }
    let rest = Buffer.alloc(0);
    response.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      for (;;) {
        const line = rest.indexOf(10);
        const length = Number(rest.subarray(0, Math.max(0, line)).toString());
        if (line < 0 || rest.length < line + 1 + length) break;
        const event = JSON.parse(rest.subarray(line + 1, line + 1 + length).toString());
        rest = rest.subarray(line + 1 + length);
        note(event);
        onEvent[event.type]?.(event);
      }
    });
    response.on('error', () => {});
    response.on('close', () => setTimeout(subscribe, 100));
  });
}

function note(event) {
  appendFileSync(`${env.MESOS_SANDBOX}/events`, `${JSON.stringify(event)}\n`);
}

appendFileSync(`${env.MESOS_SANDBOX}/environment`, JSON.stringify(env));
if (!process.argv.includes('--silent')) subscribe();
else setInterval(() => {}, 1000);
