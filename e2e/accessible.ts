import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect } from './journey.ts';

/** Fails with the elements at fault when axe finds anything on the page as it is. */
export async function expectAccessible(
  page: Page,
  colorScheme: 'light' | 'dark' = 'light',
): Promise<void> {
  // A browser draws the options of a list itself, and 245 of them keep axe busy.
  const axe = new AxeBuilder({ page }).exclude('option');
  const { violations } = await (colorScheme === 'light'
    ? axe.withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
    : // The same page in other colours.
      axe.withRules(['color-contrast'])
  ).analyze();
  expect(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)])).toEqual([]);
}
