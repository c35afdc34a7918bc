import type { ReactNode } from 'react';
import type { Language } from '#lib/shared/language.ts';
import type { SiteMessages } from '#lib/shared/messages/messages.ts';
import { LanguageSwitch } from './language-switch.tsx';
import styles from './page-frame.module.css';

/** What is around every page: the site's name, the languages, and a word when calls are not real. */
export function PageFrame(props: {
  siteName: string;
  language: Language;
  messages: SiteMessages;
  /** Where the sandbox's test phone is, when the vendor is a sandbox. */
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
