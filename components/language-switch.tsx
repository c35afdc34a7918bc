'use client';

import { usePathname, useRouter } from 'next/navigation';
import type { SubmitEvent } from 'react';
import { isLanguage, type Language, languages } from '#lib/shared/language.ts';
import { changeLanguage } from './api.ts';
import styles from './page-frame.module.css';

/** Each language named in itself, so that its speakers can read it. */
const names: Readonly<Record<Language, string>> = { ja: '日本語', en: 'English' };

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
      {languages.map((language) => (
        <button
          key={language}
          type="submit"
          name="language"
          value={language}
          lang={language}
          className="link"
          aria-current={language === props.current}
        >
          {names[language]}
        </button>
      ))}
    </form>
  );
}
