'use client';

import type { Language } from '#lib/shared/language.ts';
import { useIsHydrated } from './use-is-hydrated.ts';

/**
 * An instant in the visitor's language and time zone. The server does not know the time zone: until
 * hydration the instant is shown in UTC, and labelled so.
 *
 * @param props.at ISO 8601.
 */
export function Instant(props: { at: string; language: Language; precision: 'day' | 'minute' }) {
  const zone = useIsHydrated() ? {} : { timeZone: 'UTC' };
  const format = new Intl.DateTimeFormat(props.language, {
    ...zone,
    year: 'numeric',
    month: 'long',
    day: 'numeric',
    ...(props.precision === 'day'
      ? {}
      : {
          hour: 'numeric',
          minute: '2-digit',
          ...('timeZone' in zone ? { timeZoneName: 'short' } : {}),
        }),
  });
  return <time dateTime={props.at}>{format.format(Date.parse(props.at))}</time>;
}
