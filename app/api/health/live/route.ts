import { answer } from '#lib/http/answer.ts';

/** 200 while this process runs, whatever the state of its database: restarting would not mend that. */
export function GET(): Response {
  return answer({ status: 'ok' });
}

/** Not at build time: it is this process that is asked. */
export const dynamic = 'force-dynamic';
