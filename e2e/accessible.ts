import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect } from './journey.ts';

/** Every axe rule for WCAG 2.2 A and AA, and axe's best practices. */
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Runs axe on the page in its current state; fails with the rules and elements at fault. */
export async function expectAccessible(page: Page, what = 'the page'): Promise<void> {
  const { violations } = await new AxeBuilder({ page })
    .options({ resultTypes: ['violations'] })
    .withTags(RULES)
    // The browser renders options natively, and 245 of them slow axe down.
    .exclude('option')
    .analyze();
  const found = violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)]);
  expect(found, `axe violations on ${what}`).toEqual([]);
}

/** `expectAccessible` in the light and the dark theme. */
export async function expectAccessibleInBothThemes(page: Page, what?: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await expectAccessible(page, `${what ?? 'the page'}, ${colorScheme}`);
  }
}
