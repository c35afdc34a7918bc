import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect } from './journey.ts';

/** Every rule of WCAG 2.2 that axe has up to AA, and what its makers advise besides. */
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Fails with the elements at fault when axe finds anything on the page as it is. */
export async function expectAccessible(page: Page, what = 'the page'): Promise<void> {
  const { violations } = await new AxeBuilder({ page })
    .options({ resultTypes: ['violations'] })
    .withTags(RULES)
    // A browser draws the options of a list itself, and 245 of them keep axe busy.
    .exclude('option')
    .analyze();
  const found = violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)]);
  expect(found, `axe finds nothing on ${what}`).toEqual([]);
}

/** The same in the colours of light and dark. */
export async function expectAccessibleInBothThemes(page: Page, what?: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await expectAccessible(page, `${what ?? 'the page'}, ${colorScheme}`);
  }
}
