/** Offer constraints: frameworks that say which agents' offers they want. */
import {
  call,
  decline,
  type Fields,
  framework,
  get,
  noOffer,
  offered,
  operator,
  type Scenario,
  scenario,
  subscribed,
} from '../steps.js';

/** All of them. */
export const constraintScenarios: readonly Scenario[] = [
  scenario(
    'constraints › UPDATE_FRAMEWORK with offer constraints',
    ['UPDATE_FRAMEWORK', 'offer_constraints'],
    subscribed(),
    offered(),
    call('UPDATE_FRAMEWORK', {
      framework_info: { ...framework('f', { principal: 'f' }), id: { value: '{f}' } },
      offer_constraints: {
        role_constraints: {
          dev: {
            groups: [
              {
                attribute_constraints: [
                  {
                    selector: { attribute_name: 'rack' },
                    predicate: { text_equals: { value: 'rack-2' } },
                  },
                ],
              },
            ],
          },
        },
      },
    }),
    decline({ refuse_seconds: 0 }),
    { step: 'offer', as: 'f', name: 'p', agent: 2, fresh: false },
    noOffer(1500),
    operator({ type: 'GET_FRAMEWORKS' }),
    get('/frameworks'),
  ),
  scenario(
    'constraints › SUBSCRIBE with offer constraints',
    ['SUBSCRIBE', 'offer_constraints'],
    {
      step: 'subscribe',
      as: 'f',
      info: framework('f'),
      more: {
        offer_constraints: {
          role_constraints: {
            dev: {
              groups: [
                {
                  attribute_constraints: [
                    {
                      selector: { attribute_name: 'rack' },
                      predicate: { text_not_equals: { value: 'rack-1' } },
                    },
                  ],
                },
              ],
            },
          },
        },
      },
    },
    { step: 'offer', as: 'f', name: 'p', agent: 3 },
    noOffer(1200),
  ),
  ...(
    [
      ['of a role not its own', { role_constraints: { other: { groups: [{}] } } }],
      ['without a group', { role_constraints: { dev: { groups: [] } } }],
      ['with an empty group', { role_constraints: { dev: { groups: [{}] } } }],
      [
        'without a selector',
        {
          role_constraints: {
            dev: { groups: [{ attribute_constraints: [{ predicate: { exists: {} } }] }] },
          },
        },
      ],
      [
        'without a predicate',
        {
          role_constraints: {
            dev: {
              groups: [{ attribute_constraints: [{ selector: { attribute_name: 'rack' } }] }],
            },
          },
        },
      ],
      [
        'with a bad expression',
        {
          role_constraints: {
            dev: {
              groups: [
                {
                  attribute_constraints: [
                    {
                      selector: { attribute_name: 'rack' },
                      predicate: { text_matches: { regex: '(' } },
                    },
                  ],
                },
              ],
            },
          },
        },
      ],
    ] as readonly (readonly [string, Fields])[]
  ).map(
    ([name, offer_constraints]): Scenario =>
      scenario(`constraints › SUBSCRIBE with offer constraints ${name}`, ['offer_constraints'], {
        step: 'subscribe',
        as: 'f',
        info: framework('f'),
        more: { offer_constraints },
      }),
  ),
];
