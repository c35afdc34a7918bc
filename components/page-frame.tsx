import type { ReactNode } from 'react';
import type { Language } from '#lib/shared/language.ts';
import type { SiteMessages } from '#lib/shared/messages/messages.ts';
import { LanguageSwitch } from './language-switch.tsx';
import styles from './page-frame.module.css';

/** The frame of every page: site name, language switch, and a notice if the vendor is a sandbox. */
export function PageFrame(props: {
  siteName: string;
  language: Language;
  messages: SiteMessages;
  /** The URL of the sandbox's test phone; null when the vendor is the real one. */
  sandboxUrl: string | null;
  children: ReactNode;
}) {
  const { messages, sandboxUrl } = props;
  return (
    <>
      {sandboxUrl !== null && (
        <aside className={styles.sandbox}>
          {messages.sandboxNotice}{' '}
          <a href={sandboxUrl} target="_blank" rel="noreferrer">
            {messages.sandboxLink}
          </a>
        </aside>
      )}
      <header className={styles.header}>
        <a href="/" className={styles.siteName}>
          {props.siteName}
        </a>
        <LanguageSwitch current={props.language} label={messages.languageLabel} />
      </header>
      <main className={styles.main}>{props.children}</main>
    </>
  );
}
