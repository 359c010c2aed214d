/** Volumes that grow and shrink, and disks that nobody here can make. */
import t from 'tap';
import type { Resource } from '../../../src/wire/mesos/common.js';
import type { OfferOperation } from '../../../src/wire/mesos/scheduler.js';
import { violations } from '../../helpers/master-rules.js';
import { started } from '../../helpers/master-shapes.js';
import { eventsOf, lastOffer, scalar } from '../../helpers/master-world.js';

const reservations = [{ type: 'DYNAMIC' as const, role: 'rec', principal: 'rec' }];
const disk = (size: number): Resource => scalar('disk', size, { reservations });
const volume = (size: number, more: Partial<Resource> = {}): Resource => ({
  ...disk(size),
  disk: {
    persistence: { id: 'v', principal: 'rec' },
    volume: { mode: 'RW', container_path: 'data' },
  },
  ...more,
});
const grow = (size: number, addition: Resource): OfferOperation => ({
  type: 'GROW_VOLUME',
  id: { value: `grow-${addition.scalar?.value}` },
  grow_volume: { volume: volume(size), addition },
});
const shrink = (size: number, less: number): OfferOperation => ({
  type: 'SHRINK_VOLUME',
  id: { value: `shrink-${less}` },
  shrink_volume: { volume: volume(size), subtract: { value: less } },
});

/** A framework that has a volume of 64 MB and 36 MB reserved beside it. */
function withVolume() {
  const all = started();
  const { world, scheduler, offer } = all;
  world.accept(scheduler, offer, [
    { type: 'RESERVE', reserve: { resources: [disk(100)] } },
    { type: 'CREATE', create: { volumes: [volume(64)] } },
  ]);
  return all;
}
const disks = (resources: readonly Resource[]): [string, number][] =>
  resources
    .filter(({ name, reservations }) => name === 'disk' && (reservations?.length ?? 0) > 0)
    .map((one) => [one.disk === undefined ? 'reserved' : 'volume', one.scalar?.value ?? 0]);
const answers = (scheduler: Parameters<typeof eventsOf>[0]) =>
  eventsOf(scheduler, 'UPDATE_OPERATION_STATUS').map(
    (event) => event.update_operation_status.status,
  );

t.test('volumes › grow by what is reserved beside them and shrink back', async (t) => {
  const { world, scheduler, agent } = withVolume();
  world.accept(scheduler, lastOffer(scheduler), [grow(64, disk(16))]);
  const order = agent.orders.at(-1);
  t.match(order, { type: 'APPLY_OPERATION', operation: { type: 'GROW_VOLUME' } });
  t.same(disks(lastOffer(scheduler).resources).sort(), [
    ['reserved', 20],
    ['volume', 80],
  ]);
  world.accept(scheduler, lastOffer(scheduler), [shrink(80, 50)]);
  t.same(disks(lastOffer(scheduler).resources).sort(), [
    ['reserved', 70],
    ['volume', 30],
  ]);
  t.same(violations(world.state), []);
});

t.test('volumes › what can not be is refused in the words of Mesos', async (t) => {
  const { world, scheduler } = withVolume();
  const cases: [OfferOperation, RegExp][] = [
    [grow(64, disk(0)), /^The size of 'GrowVolume.addition' field must be greater than zero/],
    [
      grow(64, scalar('disk', 8)),
      /^Incompatible resources in the 'GrowVolume.volume' and 'GrowVolume.addition' fields/,
    ],
    [grow(64, disk(99)), /does not contain/],
    [
      {
        type: 'GROW_VOLUME',
        id: { value: 'x' },
        grow_volume: { volume: disk(1), addition: disk(1) },
      },
      /^Invalid persistent volume in the 'GrowVolume.volume' field: Not a persistent volume/,
    ],
    [shrink(64, 0), /^Value of 'ShrinkVolume.subtract' must be greater than zero/],
    [
      shrink(64, 64),
      /^Value of 'ShrinkVolume.subtract' must be smaller than the size of 'ShrinkVolume.volume'/,
    ],
    [
      {
        type: 'CREATE_DISK',
        id: { value: 'd' },
        create_disk: { source: disk(10), target_type: 'MOUNT' },
      },
      /^'source' is not managed by a resource provider/,
    ],
    [
      { type: 'DESTROY_DISK', id: { value: 'e' }, destroy_disk: { source: disk(10) } },
      /^'source' is not managed by a resource provider/,
    ],
  ];
  for (const [operation, text] of cases) {
    world.accept(scheduler, lastOffer(scheduler), [operation]);
    const { state, message, operation_id } = answers(scheduler).at(-1) ?? {};
    t.same([state, operation_id], ['OPERATION_ERROR', operation.id]);
    t.match(message, text);
  }
  t.same(disks(lastOffer(scheduler).resources).sort(), [
    ['reserved', 36],
    ['volume', 64],
  ]);
});
