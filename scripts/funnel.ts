import type { AttemptState } from '#lib/shared/attempt-states.ts';
import type { StoredEvent } from '#lib/store/schema.ts';

/** What happened to attempts on one day. An attempt counts on the day of each of its events. */
export interface FunnelDay {
  /** `2026-11-01`, in the time zone of this process. */
  day: string;
  started: number;
  verified: number;
  logged_in: number;
  expired: number;
  cancelled: number;
  contested: number;
  failed: number;
  /** How many failed for which reason; an error code. */
  failed_by_reason: Record<string, number>;
}

const columnOfState: Record<Exclude<AttemptState, 'pending'>, CountedColumn> = {
  verified: 'verified',
  completed: 'logged_in',
  expired: 'expired',
  cancelled: 'cancelled',
  contested: 'contested',
  failed: 'failed',
};

type CountedColumn = Exclude<keyof FunnelDay, 'day' | 'failed_by_reason'>;

const columns = new Map<string, CountedColumn>([
  ['attempt_started', 'started'],
  ...Object.entries(columnOfState).map(([state, column]): [string, CountedColumn] => [
    `attempt_${state}`,
    column,
  ]),
]);

/** The midnight that began the day `daysAgo` days before an instant, in milliseconds since 1970. */
export function startOfDay(nowMs: number, daysAgo: number): number {
  const now = new Date(nowMs);
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() - daysAgo).getTime();
}

function dayOf(ms: number): string {
  const date = new Date(ms);
  const twoDigits = (value: number) => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${twoDigits(date.getMonth() + 1)}-${twoDigits(date.getDate())}`;
}

/** Counts the events of attempts by day. @param days how many, the last of them today. */
export async function readFunnel(
  events: AsyncIterable<Pick<StoredEvent, 'at' | 'type' | 'reason'>>,
  { nowMs, days }: { nowMs: number; days: number },
): Promise<FunnelDay[]> {
  const funnel = new Map<string, FunnelDay>();
  for (let daysAgo = days - 1; daysAgo >= 0; daysAgo -= 1) {
    const day = dayOf(startOfDay(nowMs, daysAgo));
    funnel.set(day, {
      day,
      started: 0,
      verified: 0,
      logged_in: 0,
      expired: 0,
      cancelled: 0,
      contested: 0,
      failed: 0,
      failed_by_reason: {},
    });
  }
  for await (const { at, type, reason } of events) {
    const day = funnel.get(dayOf(at));
    const column = columns.get(type);
    if (day === undefined || column === undefined) {
      continue;
    }
    day[column] += 1;
    if (column === 'failed' && reason !== null) {
      day.failed_by_reason[reason] = (day.failed_by_reason[reason] ?? 0) + 1;
    }
  }
  return [...funnel.values()];
}

/** The funnel as a table for the terminal: one day per line, and a column for each reason that occurred. */
export function formatFunnel(days: readonly FunnelDay[]): string {
  const reasons = [...new Set(days.flatMap((day) => Object.keys(day.failed_by_reason)))].toSorted();
  const header = ['DAY', 'STARTED', 'VERIFIED', 'LOGGED IN', 'OF STARTED', 'EXPIRED', 'CANCELLED'];
  const rows = [
    [...header, 'CONTESTED', 'FAILED', ...reasons],
    ...days.map((day) => [
      day.day,
      String(day.started),
      String(day.verified),
      String(day.logged_in),
      day.started === 0 ? '' : `${Math.round((100 * day.logged_in) / day.started)}%`,
      String(day.expired),
      String(day.cancelled),
      String(day.contested),
      String(day.failed),
      ...reasons.map((reason) => String(day.failed_by_reason[reason] ?? 0)),
    ]),
  ];
  const widths = rows[0]?.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows
    .map((row) => row.map((cell, column) => cell.padStart(widths?.[column] ?? 0)).join('  '))
    .join('\n');
}
