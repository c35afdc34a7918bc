import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect } from './journey.ts';

/** Every axe rule for WCAG 2.2 A and AA, and axe's best practices. */
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** The rules that look at colours. All others see the same document in either theme. */
const COLOR_RULES = ['color-contrast', 'link-in-text-block'];

/** Runs axe on the page in its current state; fails with the rules and elements at fault. */
export async function expectAccessible(
  page: Page,
  what = 'the page',
  rules: 'all' | 'about colors' = 'all',
): Promise<void> {
  const axe = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ['violations'] });
  const { violations } = await (rules === 'all' ? axe.withTags(RULES) : axe.withRules(COLOR_RULES))
    // The browser renders options natively, and 245 of them slow axe down.
    .exclude('option')
    .analyze();
  const found = violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)]);
  expect(found, `axe violations on ${what}`).toEqual([]);
}

/** `expectAccessible` in the light and the dark theme. */
export async function expectAccessibleInBothThemes(page: Page, what = 'the page'): Promise<void> {
  await page.emulateMedia({ colorScheme: 'light' });
  await expectAccessible(page, `${what}, light`);
  await page.emulateMedia({ colorScheme: 'dark' });
  await expectAccessible(page, `${what}, dark`, 'about colors');
}
