import type { CDPSession, Page } from '@playwright/test';

/** An authenticator of Chromium's, as the screen lock of a device is one. */
export interface Authenticator {
  cdp: CDPSession;
  authenticatorId: string;
}

/**
 * Gives the page's browser an authenticator that answers every prompt at once. In the number field it answers only
 * with a cookie `autofill=1`: else it would log in before a test can press anything.
 *
 * @param transport `cable`, as Chromium calls hybrid: a phone that the browser reaches over Bluetooth.
 */
export async function addAuthenticator(
  page: Page,
  transport: 'internal' | 'cable' = 'internal',
): Promise<Authenticator> {
  await page.addInitScript(() => {
    const isAutofill = document.cookie.includes('autofill=1');
    if (typeof PublicKeyCredential === 'function') {
      PublicKeyCredential.isConditionalMediationAvailable = async () => isAutofill;
    }
  });
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport,
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return { cdp, authenticatorId };
}
