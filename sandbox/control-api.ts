import { type Context, Hono } from 'hono';
import { methodNotAllowed } from 'hono/method-not-allowed';
import { z } from 'zod';
import { isCallNumber } from './call-numbers.ts';
import { sendCallback } from './callbacks.ts';
import { callWire, faultWire, requestWire, sessionWire } from './control-wire.ts';
import { type Faults, faultSchema } from './faults.ts';
import { describeIssues, readJson } from './json-input.ts';
import { phoneNumberSchema } from './phone-number.ts';
import type { RequestLog } from './request-log.ts';
import { sameOriginOnly } from './same-origin.ts';
import type { SandboxState } from './state.ts';
import { switchesFromWire, switchesToWire, switchesWireSchema } from './switches.ts';

const callSchema = z.strictObject({ from: phoneNumberSchema.nullable(), to: phoneNumberSchema });
const clockSchema = z.strictObject({
  advance_seconds: z.number().positive().max(10_000_000),
  phone_number: phoneNumberSchema.optional(),
});
const switchesPatchSchema = switchesWireSchema.partial();
// An unescaped + in an address arrives as a space.
const filterSchema = z.strictObject({
  phone_number: z
    .string()
    .transform((value) => value.replace(/^ /, '+'))
    .pipe(phoneNumberSchema)
    .optional(),
});
/** A list that may be long: `latest` keeps its newest entries. */
const listFilterSchema = filterSchema.extend({
  latest: z.coerce.number().int().positive().optional(),
});

export type ControlParts = { state: SandboxState; faults: Faults; requestLog: RequestLog };

/** What the vendor does not have: placing calls, breaking answers, moving time, looking inside. */
export function controlApi({ state, faults, requestLog }: ControlParts): Hono {
  const app = new Hono();

  app.use(sameOriginOnly);
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c, allowed) =>
        c.json({ error: 'method not allowed' }, 405, { Allow: allowed.join(', ') }),
    }),
  );

  app.get('/calls', (c) =>
    withFilter(c, (phoneNumber) => c.json({ calls: state.calls(phoneNumber).map(callWire) })),
  );
  app.post('/calls', (c) =>
    withBody(c, callSchema, ({ from, to }) => {
      if (!isCallNumber(to)) return c.json({ error: `${to} is not a call number of ours` }, 404);
      const verified = state.call(from, to);
      if (state.switches.callbacks === 'on') {
        for (const session of verified) void sendCallback(session);
      }
      return c.json({
        verified: verified.map(({ id, phoneNumber }) => ({ id, phone_number: phoneNumber })),
      });
    }),
  );

  app.get('/faults', (c) => c.json({ faults: faults.list().map(faultWire) }));
  app.post('/faults', (c) =>
    withBody(c, faultSchema, (fault) => c.json(faultWire(faults.add(fault)), 201)),
  );
  app.delete('/faults', (c) =>
    withFilter(c, (phoneNumber) => {
      faults.clear(phoneNumber);
      return c.body(null, 204);
    }),
  );

  app.delete('/faults/:id{[0-9]+}', (c) =>
    faults.remove(Number(c.req.param('id')))
      ? c.body(null, 204)
      : c.json({ error: 'no such fault' }, 404),
  );

  app.get('/clock', (c) => withFilter(c, (phoneNumber) => clock(c, phoneNumber)));
  app.post('/clock', (c) =>
    withBody(c, clockSchema, ({ advance_seconds, phone_number }) => {
      state.clock.advance(advance_seconds, phone_number);
      return clock(c, phone_number);
    }),
  );

  app.get('/options', (c) => c.json(switchesToWire(state.switches)));
  app.patch('/options', (c) =>
    withBody(c, switchesPatchSchema, (patch) => {
      const current = switchesToWire(state.switches);
      state.switches = switchesFromWire({
        call_numbers: patch.call_numbers ?? current.call_numbers,
        match: patch.match ?? current.match,
        callbacks: patch.callbacks ?? current.callbacks,
        verified_phone_number_format:
          patch.verified_phone_number_format ?? current.verified_phone_number_format,
      });
      return c.json(switchesToWire(state.switches));
    }),
  );

  app.get('/sessions', (c) =>
    withListFilter(c, (phoneNumber, newest) =>
      c.json({
        sessions: newest(state.sessions(phoneNumber)).map((session) =>
          sessionWire(session, state.statusOf(session), state.clock.now(session.phoneNumber)),
        ),
      }),
    ),
  );
  app.get('/requests', (c) =>
    withListFilter(c, (phoneNumber, newest) =>
      c.json({ requests: newest(requestLog.list(phoneNumber)).map(requestWire) }),
    ),
  );
  app.delete('/state', (c) => {
    state.reset();
    faults.clear();
    requestLog.clear();
    return c.body(null, 204);
  });
  app.all('*', (c) => c.json({ error: 'no such control' }, 404));

  function clock(c: Context, phoneNumber: string | undefined): Response {
    return c.json({
      now: new Date(state.clock.now(phoneNumber)).toISOString(),
      advanced_seconds: state.clock.advancedMs(phoneNumber) / 1000,
    });
  }

  return app;
}

async function withBody<T>(
  c: Context,
  schema: z.ZodType<T>,
  answer: (input: T) => Response,
): Promise<Response> {
  const body = await readJson(c.req);
  const input = schema.safeParse(body);
  if (!input.success) return c.json({ error: describeIssues(body, input.error) }, 422);
  return answer(input.data);
}

function withFilter(c: Context, answer: (phoneNumber: string | undefined) => Response): Response {
  const query = c.req.query();
  const filter = filterSchema.safeParse(query);
  if (!filter.success) return c.json({ error: describeIssues(query, filter.error) }, 422);
  return answer(filter.data.phone_number);
}

type Newest = <T>(entries: readonly T[]) => readonly T[];

function withListFilter(
  c: Context,
  answer: (phoneNumber: string | undefined, newest: Newest) => Response,
): Response {
  const query = c.req.query();
  const filter = listFilterSchema.safeParse(query);
  if (!filter.success) return c.json({ error: describeIssues(query, filter.error) }, 422);
  const { phone_number: phoneNumber, latest } = filter.data;
  return answer(phoneNumber, (entries) =>
    latest === undefined ? entries : entries.slice(-latest),
  );
}
