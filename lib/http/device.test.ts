import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeDevice } from './device.ts';

describe('a device', () => {
  it.each([
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1',
      'Safari · iOS',
    ],
    [
      'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36',
      'Chrome · Android',
    ],
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0',
      'Microsoft Edge · Windows',
    ],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:143.0) Gecko/20100101 Firefox/143.0',
      'Firefox · macOS',
    ],
  ])('is named by browser and operating system: %s', (userAgent, label) => {
    expect(describeDevice(userAgent)).toBe(label);
  });

  it('has the same name after an update of browser or operating system', () => {
    const version = (number: number) =>
      `Mozilla/5.0 (iPhone; CPU iPhone OS ${number}_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/${number}.1 Mobile/15E148 Safari/604.1`;
    expect(describeDevice(version(18))).toBe(describeDevice(version(17)));
  });

  it.each([null, '', '   '])('has an empty name without a User-Agent: %j', (userAgent) => {
    expect(describeDevice(userAgent)).toBe('');
  });

  it('has a short plain name for any User-Agent', () => {
    const userAgent = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.tuple(fc.string({ unit: 'binary' }), fc.string()).map(([a, b]) => `${a}/1 ${b}`),
      fc.string({ unit: 'binary', minLength: 1_000, maxLength: 9_000 }),
    );
    fc.assert(
      fc.property(userAgent, (text) => {
        expect(describeDevice(text)).toMatch(/^[\p{L}\p{N} .·-]{0,63}$/u);
      }),
    );
  });
});
