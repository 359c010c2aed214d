/** Maintenance: the schedule, inverse offers, machines that are down. */
import t from 'tap';
import { answerTo } from '../../../src/mesos/master/views/operator.js';
import { violations } from '../../helpers/master-rules.js';
import {
  aFramework,
  aTask,
  eventsOf,
  lastOffer,
  launch,
  MasterWorld,
  statusesTo,
} from '../../helpers/master-world.js';

const machine = { hostname: 'host', ip: 'host' };
const unavailability = {
  start: { nanoseconds: 1_800_000_000_000_000_000 },
  duration: { nanoseconds: 3_600_000_000_000 },
};
const local = { hostname: 'host', ip: '127.0.0.1' };

function schedule(world: MasterWorld, ...ids: Record<string, string>[]) {
  const windows = ids.length === 0 ? [] : [{ machine_ids: ids, unavailability }];
  return world.operate({
    type: 'UPDATE_MAINTENANCE_SCHEDULE',
    update_maintenance_schedule: { schedule: { windows } },
  });
}
const start = (world: MasterWorld, ...machines: Record<string, string>[]) =>
  world.operate({ type: 'START_MAINTENANCE', start_maintenance: { machines } });
const stop = (world: MasterWorld, ...machines: Record<string, string>[]) =>
  world.operate({ type: 'STOP_MAINTENANCE', stop_maintenance: { machines } });

function statusOf(world: MasterWorld): unknown {
  const answer = answerTo(world.state, 'GET_MAINTENANCE_STATUS') as {
    get_maintenance_status: { status: unknown };
  };
  return answer.get_maintenance_status.status;
}

function world() {
  const world = new MasterWorld();
  const agent = world.register({ ip: local.ip });
  const dev = world.subscribe(aFramework('dev'));
  world.accept(dev, lastOffer(dev), [launch(aTask('a', agent.id))], 1000);
  return { world, agent, dev };
}

const inverseOffers = (dev: Parameters<typeof eventsOf>[0]) =>
  eventsOf(dev, 'INVERSE_OFFERS').flatMap((event) => event.inverse_offers.inverse_offers);

t.test('maintenance › schedules are refused in Mesos’ words', async (t) => {
  const { world: master } = world();
  t.match(schedule(master, {}).text, "Both 'hostname' and 'ip' for a machine are empty");
  t.match(schedule(master, machine).text, "Failed to parse the IP 'host'");
  t.match(
    schedule(master, local, { ...local, hostname: 'HOST' }).text,
    /more than once in the sch/,
  );
  t.equal(start(master).text, 'List of machines is empty');
  t.match(stop(master, local).text, /is not part of a maintenance schedule$/);
  t.equal(schedule(master, local).status, 200);
  t.match(stop(master, local).text, /is not in DOWN mode and cannot be brought up$/);
  t.equal(start(master, local).status, 200);
  t.match(start(master, local).text, /is not in DRAINING mode and cannot be brought down$/);
  t.match(schedule(master).text, /is deactivated and cannot be removed from the schedule$/);
});

t.test('maintenance › who has something there is asked to leave, and may answer', async (t) => {
  const { world: master, agent, dev } = world();
  schedule(master, local);
  t.match(inverseOffers(dev), [{ agent_id: { value: agent.id }, unavailability }]);
  const drained = { agent_id: { value: agent.id } };
  t.match(
    master.operate({ type: 'DRAIN_AGENT', drain_agent: drained }).text,
    /maintenance schedule/,
  );
  master.pass(2, [agent]);
  t.equal(inverseOffers(dev).length, 1, 'it is asked once');
  t.same(statusOf(master), { draining_machines: [{ id: local }] });
  const inverse_offer_ids = inverseOffers(dev).map(({ id }) => id);
  const decline_inverse_offers = { inverse_offer_ids, filters: { refuse_seconds: 3 } };
  master.call(dev, { type: 'DECLINE_INVERSE_OFFERS', decline_inverse_offers });
  t.match(statusOf(master), { draining_machines: [{ statuses: [{ status: 'DECLINE' }] }] });
  master.pass(2, [agent]);
  t.equal(inverseOffers(dev).length, 1);
  master.pass(2, [agent]);
  t.equal(inverseOffers(dev).length, 2, 'its answer has run out');
  const accept_inverse_offers = { inverse_offer_ids: inverseOffers(dev).map(({ id }) => id) };
  master.call(dev, { type: 'ACCEPT_INVERSE_OFFERS', accept_inverse_offers });
  t.match(statusOf(master), { draining_machines: [{ statuses: [{ status: 'ACCEPT' }] }] });
  master.call(dev, { type: 'REVIVE' });
  t.match(lastOffer(dev), { unavailability });
  master.pass(6, [agent]);
  schedule(master);
  t.equal(eventsOf(dev, 'RESCIND_INVERSE_OFFER').length, 1);
  t.notOk('unavailability' in lastOffer(dev), 'it is offered as before');
  t.same(statusOf(master), {});
});

t.test(
  'maintenance › a machine that is down takes its agents with it, until it is up',
  async (t) => {
    const { world: master, agent, dev } = world();
    schedule(master, local);
    start(master, local);
    t.same(statusOf(master), { down_machines: [local] });
    t.match(statusesTo(dev).at(-1), {
      state: 'TASK_GONE',
      message: "Operator initiated 'Machine DOWN'",
      reason: 'REASON_AGENT_REMOVED',
    });
    t.match(agent.orders.at(-1), { type: 'SHUTDOWN_FRAMEWORK' });
    const refused = master.register({ ip: local.ip }, agent.id);
    t.ok(master.closed.has(refused.stream) && refused.orders.length === 0);

    const records = new Map(master.writes.map(({ key, value }) => [key, value as unknown]));
    for (const [key, value] of records) if (value === null) records.delete(key);
    t.same(statusOf(new MasterWorld({ id: 'next' }, records)), { down_machines: [local] });

    t.equal(stop(master, local).status, 200);
    t.same(statusOf(master), {});
    t.equal(master.register({ ip: local.ip }, agent.id).id, agent.id);
    t.same(violations(master.state), []);
  },
);
