'use client';

import type { Language } from '#lib/shared/language.ts';
import { useIsHydrated } from './use-is-hydrated.ts';

/**
 * An instant in the visitor's language and time zone. The server does not know the zone: until the
 * page's scripts run it is in UTC, and says so.
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
