import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const css = readFileSync('app/theme.css', 'utf8');
const themes = {
  light: coloursOf(css.split('@media')[0]),
  dark: coloursOf(css.split('@media')[1]),
};

/** WCAG 2.2, 1.4.3: pairs of text and background, at least 4.5:1. */
const texts = [
  ['text', 'background'],
  ['text', 'surface'],
  ['text', 'accent-soft'],
  ['text', 'notice'],
  ['text-quiet', 'background'],
  ['text-quiet', 'surface'],
  ['text-quiet', 'accent-soft'],
  ['accent', 'background'],
  ['accent', 'surface'],
  ['accent', 'accent-soft'],
  ['accent-text', 'accent'],
  ['accent-text', 'accent-pressed'],
  ['problem', 'surface'],
] as const;

/** WCAG 2.2, 1.4.11 and 2.4.13: edges of controls and focus indicators, at least 3:1. */
const edges = [
  ['edge', 'surface'],
  ['edge', 'background'],
  ['accent', 'surface'],
  ['problem', 'surface'],
  ['focus', 'surface'],
  ['focus', 'background'],
  ['focus', 'focus-inner'],
] as const;

describe.each(['light', 'dark'] as const)('the %s colours', (theme) => {
  it.each(texts)('have a contrast of at least 4.5:1 for %s on %s', (front, back) => {
    expect(contrast(colour(theme, front), colour(theme, back))).toBeGreaterThanOrEqual(4.5);
  });

  it.each(edges)('have a contrast of at least 3:1 for %s on %s', (front, back) => {
    expect(contrast(colour(theme, front), colour(theme, back))).toBeGreaterThanOrEqual(3);
  });
});

it('both themes define the same colours', () => {
  expect([...themes.dark.keys()]).toEqual([...themes.light.keys()]);
});

function coloursOf(rules = ''): Map<string, string> {
  const found = rules.matchAll(/--color-([\w-]+):\s*(#[0-9a-f]{6});/gi);
  return new Map([...found].map(([, name = '', hex = '']) => [name, hex]));
}

function colour(theme: keyof typeof themes, name: string): string {
  const hex = themes[theme].get(name);
  if (hex === undefined) {
    throw new Error(`theme.css does not define --color-${name} in the ${theme} theme`);
  }
  return hex;
}

function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

/** Relative luminance of an sRGB colour, as WCAG 2.2 defines it. */
function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((start) => Number.parseInt(hex.slice(start, start + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
