import 'server-only';
import styles from '#components/login/login.module.css';
import { findInAppBrowser } from '#lib/shared/in-app-browser.ts';
import type { Messages } from '#lib/shared/messages/messages.ts';

/** LINE opens an address with this parameter in the browser of the phone. */
const OPEN_IN_BROWSER = 'openExternalBrowser';

/**
 * Advises a person to leave the browser inside an app, which may forget the page while they call. Only before
 * an attempt exists: its cookie does not go with them.
 *
 * @returns null where the User-Agent names no such browser.
 */
export function adviseInAppBrowser(
  userAgent: string,
  { messages, next }: { messages: Messages['site']['inApp']; next: string },
) {
  const browser = findInAppBrowser(userAgent);
  if (browser === null) {
    return null;
  }
  return (
    <p className={styles.quiet}>
      <span>{messages.text}</span>{' '}
      {browser === 'line' ? (
        <a href={`/login?${new URLSearchParams({ [OPEN_IN_BROWSER]: '1', next })}`}>
          {messages.open}
        </a>
      ) : (
        <span>{messages.menu}</span>
      )}
    </p>
  );
}
