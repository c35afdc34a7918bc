'use client';

import { usePathname, useRouter } from 'next/navigation';
import type { SubmitEvent } from 'react';
import { isLanguage, type Language } from '#lib/shared/language.ts';
import { changeLanguage } from './api.ts';
import styles from './page-frame.module.css';

/** Each language named in itself, so that its speakers can read it. */
const names: readonly { language: Language; name: string }[] = [
  { language: 'ja', name: '日本語' },
  { language: 'en', name: 'English' },
];

/** Switches the language and keeps typed text. Without JavaScript it is a plain form. */
export function LanguageSwitch(props: { current: Language; label: string }) {
  const router = useRouter();
  const path = usePathname();

  const change = async (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const chosen = new FormData(event.currentTarget, event.nativeEvent.submitter).get('language');
    if (isLanguage(chosen) && (await changeLanguage(chosen))) {
      router.refresh();
    }
  };

  return (
    <form
      className={styles.languages}
      method="post"
      action="/api/language"
      aria-label={props.label}
      onSubmit={change}
    >
      <input type="hidden" name="back" value={path} />
      {names.map(({ language, name }) => (
        <button
          key={language}
          type="submit"
          name="language"
          value={language}
          lang={language}
          className="link"
          aria-current={language === props.current}
        >
          {name}
        </button>
      ))}
    </form>
  );
}
