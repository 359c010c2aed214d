/** Plans: how statuses add up, what may run, and what commands do. */
import fc from 'fast-check';
import t from 'tap';
import {
  aggregate,
  candidates,
  findElement,
  forceComplete,
  interrupt,
  isComplete,
  makePhase,
  makePlan,
  makeStep,
  type PhaseStrategy,
  type Plan,
  type PlanStrategy,
  planView,
  proceed,
  restart,
  type StepStatus,
  type StoredStatus,
  statusOfPhase,
  statusOfPlan,
} from '../../src/framework/plan.js';

const stored: StoredStatus[] = [
  'PENDING',
  'PREPARED',
  'STARTING',
  'STARTED',
  'DELAYED',
  'COMPLETE',
  'ERROR',
];

/** A plan of phases `p0`…; each phase as the statuses of its steps `p0-0`…. */
function aPlan(
  phases: readonly (readonly StoredStatus[])[],
  options: { plan?: PlanStrategy; phase?: PhaseStrategy } = {},
): Plan {
  return makePlan({
    name: 'deploy',
    strategy: options.plan ?? 'serial',
    phases: phases.map((statuses, index) =>
      makePhase({
        id: `id-p${index}`,
        name: `p${index}`,
        strategy: options.phase ?? 'serial',
        steps: statuses.map((status, step) =>
          makeStep({ id: `id-p${index}-${step}`, name: `p${index}-${step}`, status }),
        ),
      }),
    ),
  });
}

const namesOf = (plan: Plan, dirty?: Set<string>): string[] =>
  candidates(plan, dirty).map(({ name }) => name);

t.test('candidates › steps of one chain follow one another, whatever the strategy', async (t) => {
  const rule = fc.property(
    fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 12 }),
    fc.constantFrom<PhaseStrategy>('serial', 'parallel'),
    fc.infiniteStream(fc.nat()),
    (chains, strategy, choice) => {
      const last = new Map<number, string>();
      const steps = chains.map((chain, at) => {
        const before = last.get(chain);
        last.set(chain, `s${at}`);
        const after = before === undefined ? [] : [before];
        return makeStep({ id: `s${at}`, name: `s${at}`, assets: [`a${chain}`], after });
      });
      const phases = [makePhase({ id: 'p', name: 'p', strategy, steps })];
      const plan = makePlan({ name: 'x', strategy: 'parallel', phases });
      const done = new Set<string>();
      for (let turn = 0; turn < chains.length; turn += 1) {
        const open = candidates(plan);
        const now = new Set(open.flatMap(({ assets }) => assets));
        if (now.size < open.length || open.length === 0) return false;
        if (open.some(({ after }) => after.some((id) => !done.has(id)))) return false;
        const next = open[(choice.next().value ?? 0) % open.length];
        if (next === undefined) return false;
        next.status = 'COMPLETE';
        done.add(next.id);
      }
      return isComplete(plan) && candidates(plan).length === 0;
    },
  );
  t.doesNotThrow(() => fc.assert(rule));
});

const setStatus = (plan: Plan, name: string, status: StoredStatus): void => {
  for (const step of plan.phases.flatMap(({ steps }) => steps)) {
    if (step.name === name) step.status = status;
  }
};

t.test('aggregate › the rules of the SDK, first match wins', async (t) => {
  const cases: [string, StepStatus[], StepStatus[], StepStatus][] = [
    ['no children', [], [], 'COMPLETE'],
    ['one in error', ['COMPLETE', 'ERROR'], [], 'ERROR'],
    ['all complete', ['COMPLETE', 'COMPLETE'], [], 'COMPLETE'],
    ['only delayed may run', ['DELAYED', 'PENDING'], ['DELAYED'], 'DELAYED'],
    ['one prepared', ['PREPARED', 'PENDING'], ['PREPARED'], 'IN_PROGRESS'],
    ['one that may run waits', ['WAITING', 'PENDING'], ['WAITING'], 'WAITING'],
    ['one complete, one pending', ['COMPLETE', 'PENDING'], ['PENDING'], 'IN_PROGRESS'],
    ['one complete, one starting', ['COMPLETE', 'STARTING'], ['STARTING'], 'IN_PROGRESS'],
    ['nothing begun', ['PENDING', 'PENDING'], ['PENDING'], 'PENDING'],
    ['a waiting one behind', ['STARTING', 'WAITING'], ['STARTING'], 'WAITING'],
    ['first starting', ['STARTING', 'STARTING'], ['STARTING'], 'STARTING'],
    ['first started', ['STARTED', 'STARTED'], ['STARTED'], 'STARTED'],
  ];
  for (const [name, children, offered, expected] of cases) {
    t.equal(aggregate({ failed: false, interrupted: false, children, offered }), expected, name);
  }
  const children: StepStatus[] = ['PENDING'];
  t.equal(aggregate({ failed: false, interrupted: true, children, offered: children }), 'WAITING');
  t.equal(aggregate({ failed: true, interrupted: true, children, offered: children }), 'ERROR');
});

t.test('candidates › serial takes one after the other, parallel all', async (t) => {
  const serial = aPlan([['PENDING', 'PENDING'], ['PENDING']]);
  t.same(namesOf(serial), ['p0-0']);
  setStatus(serial, 'p0-0', 'COMPLETE');
  t.same(namesOf(serial), ['p0-1']);
  setStatus(serial, 'p0-1', 'COMPLETE');
  t.same(namesOf(serial), ['p1-0']);
  const parallel = aPlan([['PENDING', 'PENDING'], ['PENDING']], {
    plan: 'parallel',
    phase: 'parallel',
  });
  t.same(namesOf(parallel), ['p0-0', 'p0-1', 'p1-0']);
  t.same(namesOf(parallel, new Set(['p0-1'])), ['p0-0', 'p1-0'], 'a busy asset is left alone');
});

t.test('candidates › dependency starts a phase after those that it names', async (t) => {
  const phases = ['kill', 'free-a', 'free-b', 'last'].map((name, index) =>
    makePhase({
      id: name,
      name,
      strategy: 'parallel',
      after: index === 0 ? [] : index < 3 ? ['kill'] : ['kill', 'free-a', 'free-b'],
      steps: [makeStep({ id: `${name}-0`, name: `${name}-0` })],
    }),
  );
  const plan = makePlan({ name: 'deploy', strategy: 'dependency', phases });
  t.same(namesOf(plan), ['kill-0']);
  setStatus(plan, 'kill-0', 'COMPLETE');
  t.same(namesOf(plan), ['free-a-0', 'free-b-0']);
  setStatus(plan, 'free-b-0', 'COMPLETE');
  t.same(namesOf(plan), ['free-a-0']);
  setStatus(plan, 'free-a-0', 'COMPLETE');
  t.same(namesOf(plan), ['last-0']);
});

t.test('canary › two steps wait to be let go, then the rest follows', async (t) => {
  const plan = aPlan([['PENDING', 'PENDING', 'PENDING', 'PENDING']], { phase: 'serial-canary' });
  const phase = findElement(plan, 'p0', undefined);
  if (phase === undefined) return t.fail('there is no phase');
  t.same(namesOf(plan), []);
  t.equal(statusOfPlan(plan), 'WAITING');
  t.equal(planView(plan).phases[0]?.strategy, 'serial-canary');
  t.ok(proceed(phase));
  t.same(namesOf(plan), ['p0-0']);
  setStatus(plan, 'p0-0', 'COMPLETE');
  t.same(namesOf(plan), [], 'the second waits for its own word');
  t.equal(statusOfPlan(plan), 'WAITING');
  t.equal(planView(plan).phases[0]?.steps[1]?.status, 'WAITING');
  t.ok(proceed({ kind: 'plan', plan }));
  t.same(namesOf(plan), ['p0-1']);
  setStatus(plan, 'p0-1', 'COMPLETE');
  t.same(namesOf(plan), ['p0-2']);
  t.notOk(proceed(phase), 'nothing is held any more');
});

t.test('commands › interrupt, continue, forceComplete and restart, each once', async (t) => {
  const plan = aPlan([['PENDING', 'PENDING'], ['PENDING']]);
  const whole = { kind: 'plan', plan } as const;
  t.ok(interrupt(whole));
  t.notOk(interrupt(whole), 'it is held already');
  t.same(namesOf(plan), []);
  t.equal(statusOfPlan(plan), 'WAITING');
  t.ok(proceed(whole));
  t.notOk(proceed(whole), 'it runs already');
  const step = findElement(plan, 'p0', 'p0-0');
  const phase = findElement(plan, 'id-p1', undefined);
  if (step === undefined || phase === undefined) return t.fail('not found');
  t.ok(forceComplete(step));
  t.notOk(forceComplete(step));
  t.same(namesOf(plan), ['p0-1']);
  t.ok(restart(step));
  t.notOk(restart(step));
  t.same(namesOf(plan), ['p0-0']);
  t.ok(interrupt(phase));
  t.same(plan.phases.map(statusOfPhase), ['PENDING', 'WAITING']);
  t.ok(forceComplete(whole));
  t.ok(isComplete(plan));
  t.notOk(interrupt(whole), 'what is complete is not held back');
});

t.test('findElement › by name or id; a name that fits two is none', async (t) => {
  const plan = aPlan([['PENDING', 'PENDING']]);
  t.equal(findElement(plan, 'nothing', undefined), undefined);
  t.equal(findElement(plan, 'p0', 'nothing'), undefined);
  t.equal(findElement(plan, 'p0', 'id-p0-1')?.kind, 'step');
  const steps = ['a', 'b'].map((id) => makeStep({ id, name: 'same' }));
  const doubled = makePlan({
    name: 'x',
    strategy: 'serial',
    phases: [makePhase({ id: 'p', name: 'p', strategy: 'serial', steps })],
  });
  t.equal(findElement(doubled, 'p', 'same'), undefined);
  t.equal(findElement(doubled, 'p', 'b')?.kind, 'step');
});

const anyPlan = fc
  .record({
    phases: fc.array(fc.array(fc.constantFrom(...stored), { maxLength: 5 }), { maxLength: 5 }),
    plan: fc.constantFrom<PlanStrategy>('serial', 'parallel', 'dependency'),
    phase: fc.constantFrom<PhaseStrategy>('serial', 'parallel', 'serial-canary', 'parallel-canary'),
  })
  .map(({ phases, plan, phase }) => aPlan(phases, { plan, phase }));

t.test('plans › whatever they are', async (t) => {
  const check = (name: string, holds: (plan: Plan) => boolean): void => {
    t.doesNotThrow(() => fc.assert(fc.property(anyPlan, holds)), name);
  };
  const steps = (plan: Plan) => plan.phases.flatMap((phase) => phase.steps);
  check('COMPLETE means that every step is', (plan) => {
    return isComplete(plan) === steps(plan).every(({ status }) => status === 'COMPLETE');
  });
  check('no step that is complete or failed is worked on', (plan) => {
    return candidates(plan).every(({ status }) => status !== 'COMPLETE' && status !== 'ERROR');
  });
  check('interrupted, nothing is worked on', (plan) => {
    interrupt({ kind: 'plan', plan });
    return candidates(plan).length === 0;
  });
  check('told to go on often enough, it comes to its end', (plan) => {
    for (const step of steps(plan)) if (step.status === 'ERROR') step.status = 'PENDING';
    for (let turn = 0; turn < 200 && !isComplete(plan); turn += 1) {
      const next = candidates(plan);
      if (next.length === 0 && !proceed({ kind: 'plan', plan })) return false;
      for (const step of next) step.status = 'COMPLETE';
    }
    return isComplete(plan);
  });
  check('a plan that could go on by itself is never shown as failed', (plan) => {
    if (steps(plan).some(({ status }) => status === 'ERROR')) return true;
    return statusOfPlan(plan) !== 'ERROR';
  });
});
