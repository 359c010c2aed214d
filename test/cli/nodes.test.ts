/** The machines of a cluster, as a whole program against prepared answers. */
import t from 'tap';
import { cluster, state } from '../helpers/cluster-answers.js';

t.test('node › drained, decommissioned, taken in again', async (t) => {
  const slaves = [
    { id: 'S1', hostname: 'agent-1', active: true, drain_info: { state: 'DRAINED' } },
    { id: 'S2', hostname: 'agent-2', active: true },
    { id: 'S3', hostname: 'agent-2', active: true },
  ];
  const { dcos, server } = await cluster(t, {
    'GET /mesos/master/slaves': { body: { slaves } },
    'GET /mesos/master/state': { body: state },
    'POST /mesos/api/v1': { body: {} },
  });
  const body = (): unknown => server.asked.findLast(({ method }) => method === 'POST')?.body;
  t.match(await dcos('node', 'drain', 'agent-1', '--max-grace-period', '2m'), {
    status: 0,
    stdout: '',
  });
  t.same(body(), {
    type: 'DRAIN_AGENT',
    drain_agent: {
      agent_id: { value: 'S1' },
      mark_gone: false,
      max_grace_period: { seconds: 120, nanos: 0 },
    },
  });
  t.match(await dcos('node', 'drain', 'S1', '--wait'), { status: 0 });
  t.match(await dcos('node', 'deactivate', 'S2'), { status: 0 });
  t.same(body(), { type: 'DEACTIVATE_AGENT', deactivate_agent: { agent_id: { value: 'S2' } } });
  t.match(await dcos('node', 'decommission', 'S2', '--yes'), { status: 0 });
  t.same(body(), { type: 'MARK_AGENT_GONE', mark_agent_gone: { agent_id: { value: 'S2' } } });

  const asked = server.asked.length;
  const wrong: [string[], number, RegExp][] = [
    [['decommission', 'S2'], 2, /no terminal to answer: Give up agent agent-2 \(S2\)[\s\S]*--yes/],
    [['drain', 'S1', '--decommission'], 2, /--yes/],
    [['drain', 'S1', '--max-grace-period', '2 days'], 2, /--max-grace-period .*'2 days'/],
    [['reactivate', 'agent-2'], 5, /several agents are called 'agent-2': S2, S3/],
    [['reactivate', 'agent-9'], 4, /no agent 'agent-9'\nDid you mean 'agent-1'\?/],
    [['drain'], 2, /agent/],
  ];
  for (const [args, status, text] of wrong) {
    t.match(await dcos('node', ...args), { status, stdout: '', stderr: text }, args.join(' '));
  }
  const orders = server.asked.slice(asked).filter(({ path }) => path === '/mesos/api/v1');
  t.same(orders, [], 'nothing was ordered');
});
