import { expect, test } from './journey.ts';

const siteName = '</title><script>hacked=1</script><base href=//evil.test>';

test.use({ appEnv: { SITE_NAME: siteName } });

test('a site name with markup is shown as text', async ({ page, login }) => {
  await login.open();
  await expect(login.submit).toBeEnabled();
  expect(await page.title()).toContain(siteName);
  expect(await page.evaluate(() => 'hacked' in window)).toBe(false);
  expect(await page.evaluate(() => document.querySelectorAll('base').length)).toBe(0);
});
