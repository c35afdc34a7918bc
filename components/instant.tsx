'use client';

import type { Language } from '#lib/shared/language.ts';
import { useIsHydrated } from './use-is-hydrated.ts';

/**
 * An instant in the visitor's language and time zone. The server does not know the time zone: until
 * hydration the instant is shown in UTC, and labelled so.
 *
 * @param props.at milliseconds since 1970.
 */
export function Instant(props: { at: number; language: Language; precision: 'day' | 'minute' }) {
  const timeZone = useIsHydrated() ? undefined : 'UTC';
  const format = new Intl.DateTimeFormat(props.language, {
    timeZone,
    year: 'numeric',
    month: 'long',
    day: 'numeric',
    ...(props.precision === 'minute' && {
      hour: 'numeric',
      minute: '2-digit',
      timeZoneName: timeZone && 'short',
    }),
  });
  return <time dateTime={new Date(props.at).toISOString()}>{format.format(props.at)}</time>;
}
