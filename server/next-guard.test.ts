import fc from 'fast-check';
import { parseAndValidateFlightRouterState } from 'next/dist/server/app-render/parse-and-validate-flight-router-state.js';
import { describe, expect, it } from 'vitest';
import { guardNext, isRouterState } from './next-guard.ts';

function guarded(headers: Record<string, string>): Record<string, unknown> {
  const given = { ...headers };
  guardNext(given);
  return given;
}

const states = {
  page: ['', { children: ['account', { children: ['__PAGE__', {}] }, null, null, 16] }],
  dynamic: ['', { children: [['handoff', 'abc', 'd', null], {}, null, 'refetch'] }],
};

const encode = (state: unknown) => encodeURIComponent(JSON.stringify(state));

describe('what Next is given of a request', () => {
  it('has none of the headers that Next sends to itself', () => {
    const headers = {
      cookie: 'a=b',
      'x-forwarded-for': '192.0.2.1',
      'x-requested-with': 'fetch',
      rsc: '1',
    };
    const forged = {
      'x-middleware-subrequest': 'proxy',
      'x-middleware-prefetch': '1',
      'x-nextjs-data': '1',
      'x-matched-path': '/account',
      'x-next-cache-tags': 'a',
    };
    expect(guarded({ ...headers, ...forged })).toEqual(headers);
  });

  it.each(Object.entries(states))('has the router state of a page of ours: %s', (_name, state) => {
    const headers = { 'next-router-state-tree': encode(state) };
    expect(guarded(headers)).toEqual(headers);
  });

  it.each([
    '',
    '{',
    '%',
    'null',
    '[]',
    '%5B%22%22%5D',
    '%5B%22%22%2C1%5D',
    `${encode(states.page)}, ${encode(states.page)}`,
    encodeURIComponent(`["",{}${',null'.repeat(9)}]`),
    encodeURIComponent(`["${'a'.repeat(40_000)}",{}]`),
    `${'["",{"a":'.repeat(40)}["",{}]${'}]'.repeat(40)}`,
    `${'["",['.repeat(40)}["",{}]${']]'.repeat(40)}`,
  ])('has no other router state: %.40s', (state) => {
    expect(guarded({ rsc: '1', 'next-router-state-tree': state })).toEqual({ rsc: '1' });
  });

  it('is never a router state that Next’s own reader refuses', () => {
    const { state } = fc.letrec<{ state: unknown }>((tie) => ({
      state: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.tuple(fc.string(), fc.constant({})),
        fc
          .tuple(
            fc.oneof(
              fc.string(),
              fc.tuple(
                fc.string(),
                fc.string(),
                fc.constantFrom('d', 'c', 'oc', 'ci(.)', 'x'),
                fc.oneof(fc.constant(null), fc.array(fc.string())),
              ),
            ),
            fc.dictionary(fc.string(), tie('state'), { maxKeys: 2 }),
            fc.oneof(fc.constant(null), fc.tuple(fc.string(), fc.string()), fc.string()),
            fc.constantFrom(null, 'refetch', 'inside-shared-layout', 'metadata-only', 'x'),
            fc.oneof(fc.constant(null), fc.double(), fc.string()),
            fc.oneof(fc.string(), fc.constant(null)),
          )
          .chain((whole) => fc.nat(4).map((left) => whole.slice(0, whole.length - left))),
      ),
    }));
    let taken = 0;
    fc.assert(
      fc.property(state, (given) => {
        const text = encode(given);
        if (isRouterState(text)) {
          taken += 1;
          parseAndValidateFlightRouterState(text);
        }
      }),
      { numRuns: 2_000 },
    );
    expect(taken).toBeGreaterThan(100);
  });
});
