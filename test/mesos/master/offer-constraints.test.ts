/** Offer constraints: whose offers a framework gets, and which constraints are refused. */
import t from 'tap';
import { constraintsProblem, satisfies } from '../../../src/mesos/master/offer-constraints.js';
import { answerTo } from '../../../src/mesos/master/views/operator.js';
import type {
  AttributeConstraint,
  OfferConstraints,
} from '../../../src/wire/mesos/offer-constraints.js';
import { aFramework, MasterWorld } from '../../helpers/master-world.js';

const agent = {
  hostname: 'host-1',
  domain: { fault_domain: { region: { name: 'local' }, zone: { name: 'rack-1' } } },
  attributes: [
    { name: 'rack', type: 'TEXT' as const, text: { value: 'r1' } },
    { name: 'rack', type: 'TEXT' as const, text: { value: 'second' } },
    { name: 'size', type: 'SCALAR' as const, scalar: { value: 3 } },
  ],
};
const rack = { attribute_name: 'rack' };
const inRole = (...groups: AttributeConstraint[][]): OfferConstraints => ({
  role_constraints: {
    dev: { groups: groups.map((attribute_constraints) => ({ attribute_constraints })) },
  },
});

t.test('constraints › predicates on attributes and what goes for them', async (t) => {
  const rows: [AttributeConstraint['selector'], AttributeConstraint['predicate'], boolean][] = [
    [rack, { exists: {} }, true],
    [{ attribute_name: 'none' }, { exists: {} }, false],
    [rack, { not_exists: {} }, false],
    [{ attribute_name: 'none' }, { not_exists: {} }, true],
    [rack, { text_equals: { value: 'r1' } }, true],
    // The first attribute of a name counts.
    [rack, { text_equals: { value: 'second' } }, false],
    [{ attribute_name: 'none' }, { text_equals: { value: 'r1' } }, false],
    [rack, { text_not_equals: { value: 'r1' } }, false],
    [{ attribute_name: 'none' }, { text_not_equals: { value: 'r1' } }, true],
    [rack, { text_matches: { regex: 'r[0-9]' } }, true],
    [rack, { text_matches: { regex: 'r' } }, false],
    [rack, { text_not_matches: { regex: 'r[0-9]' } }, false],
    [{ attribute_name: 'none' }, { text_not_matches: { regex: 'x' } }, true],
    // What is no text is the framework's to judge.
    [{ attribute_name: 'size' }, { text_equals: { value: '4' } }, true],
    [{ attribute_name: 'size' }, { text_not_matches: { regex: '.*' } }, true],
    [{ pseudoattribute_type: 'HOSTNAME' }, { text_equals: { value: 'host-1' } }, true],
    [{ pseudoattribute_type: 'ZONE' }, { text_equals: { value: 'rack-2' } }, false],
    [{ pseudoattribute_type: 'REGION' }, { text_matches: { regex: 'loc.l' } }, true],
  ];
  for (const [selector, predicate, wanted] of rows) {
    const name = JSON.stringify({ selector, predicate });
    t.equal(satisfies(inRole([{ selector, predicate }]), 'dev', agent), wanted, name);
  }
});

t.test('constraints › one group must hold, and all of it', async (t) => {
  const yes: AttributeConstraint = { selector: rack, predicate: { exists: {} } };
  const no: AttributeConstraint = { selector: rack, predicate: { not_exists: {} } };
  t.ok(satisfies(inRole([no], [yes]), 'dev', agent));
  t.notOk(satisfies(inRole([yes, no]), 'dev', agent));
  t.ok(satisfies(inRole([no]), 'other', agent), 'a role without constraints');
  t.ok(satisfies({}, 'dev', agent));
});

t.test('constraints › are refused in Mesos’ words', async (t) => {
  const one = (selector: object, predicate: object): OfferConstraints =>
    inRole([{ selector, predicate } as AttributeConstraint]);
  const valid = one(rack, { exists: {} }).role_constraints?.dev ?? {};
  const inOther: OfferConstraints = { role_constraints: { other: valid } };
  const rows: [OfferConstraints, RegExp][] = [
    [inOther, /for a role 'other'not contained in the set of roles/],
    [{ role_constraints: { dev: {} } }, /has an empty 'RoleConstraints::groups' for role dev/],
    [inRole([]), /contains an empty RoleConstraints::Group/],
    [one({}, { exists: {} }), /Exactly one of 'AttributeConstraint::Selector::name' or/],
    [one({ pseudoattribute_type: 'UNKNOWN' }, { exists: {} }), /Unknown pseudoattribute type/],
    [one(rack, {}), /Unknown predicate type/],
    [one(rack, { text_matches: { regex: '(' } }), /Failed to construct regex from pattern '\('/],
    [one(rack, { text_matches: { regex: 'x'.repeat(300) } }), /is too complex/],
  ];
  for (const [constraints, text] of rows) t.match(constraintsProblem(constraints, ['dev']), text);
  t.equal(constraintsProblem(one(rack, { exists: {} }), ['dev']), undefined);
});

t.test('constraints › are heeded from the subscription on, and changed by an update', async (t) => {
  const world = new MasterWorld();
  world.register();
  const framework_info = aFramework('f');
  const unwanted: AttributeConstraint = {
    selector: { attribute_name: 'no-such' },
    predicate: { exists: {} },
  };
  const scheduler = world.subscribe(framework_info);
  const first = scheduler.events.filter(({ type }) => type === 'OFFERS').length;
  t.equal(first, 1);
  const update = (offer_constraints?: OfferConstraints) =>
    world.call(scheduler, {
      type: 'UPDATE_FRAMEWORK',
      update_framework: {
        framework_info: { ...framework_info, principal: 'f', id: { value: scheduler.id } },
        ...(offer_constraints === undefined ? {} : { offer_constraints }),
      },
    });
  t.match(update(inRole([unwanted])), { status: 200 });
  t.match(answerTo(world.state, 'GET_FRAMEWORKS'), {
    get_frameworks: { frameworks: [{ offer_constraints: inRole([unwanted]) }] },
  });
  world.register();
  const count = () => scheduler.events.filter(({ type }) => type === 'OFFERS').length;
  t.equal(count(), first, 'nothing of a second agent');
  t.match(update(inRole([])), { status: 400 });
  t.match(update(), { status: 200 });
  t.equal(count(), first + 1);
});
