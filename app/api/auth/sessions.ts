import { jsonBody, noBody } from '#lib/http/body.ts';
import { route } from '#lib/http/route.ts';
import { dismissNotices, endOtherSession, endOtherSessions } from '#lib/sessions/other-sessions.ts';
import { seenRequestSchema } from '#lib/shared/contract.ts';
import { succeed } from '#lib/shared/result.ts';

export const otherSessions = route({
  path: '/api/auth/sessions',
  methods: ['DELETE'],
  access: 'session',
  summary: 'Ends every other session of this user.',
  refuses: ['session_limited'],
  body: noBody,
  handle: ({ sessions, loggedIn }) => endOtherSessions(sessions, loggedIn),
});

export const otherSession = route({
  path: '/api/auth/sessions/[id]',
  methods: ['DELETE'],
  access: 'session',
  summary: 'Ends one other session of this user.',
  refuses: ['session_missing', 'session_limited'],
  body: noBody,
  handle: ({ sessions, loggedIn }, { params }) =>
    endOtherSession(sessions, loggedIn, params.id ?? ''),
});

export const noticesSeen = route({
  path: '/api/auth/sessions/seen',
  methods: ['POST'],
  access: 'session',
  summary: 'Dismisses the notices of new devices up to an instant.',
  body: jsonBody(seenRequestSchema),
  async handle({ sessions, loggedIn }, { body }) {
    await dismissNotices(sessions, loggedIn, Date.parse(body.until));
    return succeed(null);
  },
});
