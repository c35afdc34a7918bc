import { describe, expect, it } from 'vitest';
import { summarize } from './profiler.ts';

const frame = (functionName: string, url = '', lineNumber = 0) => ({
  functionName,
  url,
  lineNumber,
});

describe('summarize', () => {
  it('gives each function its share of the busy time, and built-in functions their caller', () => {
    const profile = {
      nodes: [
        { id: 1, callFrame: frame('(root)'), children: [2, 3] },
        { id: 2, callFrame: frame('(idle)') },
        { id: 3, callFrame: frame('poll', 'file:///srv/app/lib/login/poll.js', 41), children: [4] },
        { id: 4, callFrame: frame('run') },
      ],
      samples: [2, 3, 4, 4, 4, 2],
    };
    expect(summarize(profile, 10)).toEqual([
      { name: 'run', place: 'called by poll lib/login/poll.js:42', share: 0.75 },
      { name: 'poll', place: 'lib/login/poll.js:42', share: 0.25 },
    ]);
    expect(summarize(profile, 1)).toHaveLength(1);
  });
});
