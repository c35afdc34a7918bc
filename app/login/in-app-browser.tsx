import 'server-only';
import styles from '#components/login/login.module.css';
import type { Messages } from '#lib/shared/messages/messages.ts';

/** LINE opens an address with this parameter in the browser of the phone. */
const OPEN_IN_BROWSER = 'openExternalBrowser';

/** What apps add to the User-Agent of the browser inside them: LINE, Instagram, Facebook. */
const line = /\bLine\//;
const otherApps = /\bInstagram \d|\bFB(?:AN|AV)\//;

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
  const isLine = line.test(userAgent);
  if (!isLine && !otherApps.test(userAgent)) {
    return null;
  }
  return (
    <p className={styles.quiet}>
      <span>{messages.text}</span>{' '}
      {isLine ? (
        <a href={`/login?${new URLSearchParams({ [OPEN_IN_BROWSER]: '1', next })}`}>
          {messages.open}
        </a>
      ) : (
        <span>{messages.menu}</span>
      )}
    </p>
  );
}
