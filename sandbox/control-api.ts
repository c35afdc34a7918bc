import { type Context, Hono } from 'hono';
import { methodNotAllowed } from 'hono/method-not-allowed';
import * as z from 'zod';
import { isCallNumber } from './call-numbers.ts';
import { sendCallback } from './callbacks.ts';
import { callWire, faultWire, requestWire, sessionWire } from './control-wire.ts';
import { type FaultQueue, faultSchema } from './faults.ts';
import { describeIssues, readJson } from './json-input.ts';
import { ownPagesOnly } from './own-pages.ts';
import { phoneNumberSchema } from './phone-number.ts';
import type { RequestLog } from './request-log.ts';
import type { SandboxState } from './state.ts';
import { switchesSchema } from './switches.ts';

const callSchema = z.strictObject({ from: phoneNumberSchema.nullable(), to: phoneNumberSchema });
const clockSchema = z.strictObject({
  advance_seconds: z.number().positive().max(10_000_000),
  phone_number: phoneNumberSchema.optional(),
});
const filterSchema = z.strictObject({
  phone_number: z
    .string()
    // An unescaped + in a query arrives as a space.
    .transform((value) => value.replace(/^ /, '+'))
    .pipe(phoneNumberSchema)
    .optional(),
});
/** For the lists that grow long: `latest` limits the answer to the newest entries. */
const listFilterSchema = filterSchema.extend({
  latest: z.coerce.number().int().positive().optional(),
});

interface ControlApiDependencies {
  state: SandboxState;
  faults: FaultQueue;
  requestLog: RequestLog;
}

/** The control surface: place calls, set faults, advance the clock, read the sandbox's state. */
export function createControlApi({ state, faults, requestLog }: ControlApiDependencies): Hono {
  const app = new Hono();
  const answerClock = (c: Context, phoneNumber: string | undefined) =>
    c.json({
      now: new Date(state.clock.now(phoneNumber)).toISOString(),
      advanced_seconds: state.clock.advancedMs(phoneNumber) / 1_000,
    });

  app.use(ownPagesOnly);
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c, allowed) =>
        c.json({ error: 'method not allowed' }, 405, { Allow: allowed.join(', ') }),
    }),
  );

  app.get('/calls', (c) =>
    withQuery(c, filterSchema, ({ phone_number }) =>
      c.json({ calls: state.calls(phone_number).map(callWire) }),
    ),
  );
  app.post('/calls', (c) =>
    withBody(c, callSchema, ({ from, to }) => {
      if (!isCallNumber(to)) {
        return c.json({ error: `${to} is not a call number of ours` }, 404);
      }
      const verified = state.call(from, to);
      if (state.switches.callbacks === 'on') {
        for (const session of verified) {
          void sendCallback(session);
        }
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
    withQuery(c, filterSchema, ({ phone_number }) => {
      faults.clear(phone_number);
      return c.body(null, 204);
    }),
  );
  app.delete('/faults/:id{[0-9]+}', (c) =>
    faults.remove(Number(c.req.param('id')))
      ? c.body(null, 204)
      : c.json({ error: 'no such fault' }, 404),
  );

  app.get('/clock', (c) =>
    withQuery(c, filterSchema, ({ phone_number }) => answerClock(c, phone_number)),
  );
  app.post('/clock', (c) =>
    withBody(c, clockSchema, ({ advance_seconds, phone_number }) => {
      state.clock.advance(advance_seconds, phone_number);
      return answerClock(c, phone_number);
    }),
  );

  app.get('/options', (c) => c.json(state.switches));
  app.patch('/options', (c) =>
    withBody(c, switchesSchema.partial(), (patch) => {
      state.switches = switchesSchema.parse({ ...state.switches, ...patch });
      return c.json(state.switches);
    }),
  );

  app.get('/sessions', (c) =>
    withQuery(c, listFilterSchema, ({ phone_number, latest }) =>
      c.json({
        sessions: newest(state.sessions(phone_number), latest).map((session) =>
          sessionWire(session, state.statusOf(session), state.clock.now(session.phoneNumber)),
        ),
      }),
    ),
  );
  app.get('/requests', (c) =>
    withQuery(c, listFilterSchema, ({ phone_number, latest }) =>
      c.json({ requests: newest(requestLog.list(phone_number), latest).map(requestWire) }),
    ),
  );

  app.delete('/state', (c) => {
    state.reset();
    faults.clear();
    requestLog.clear();
    return c.body(null, 204);
  });
  app.all('*', (c) => c.json({ error: 'no such control' }, 404));

  return app;
}

async function withBody<T>(
  c: Context,
  schema: z.ZodType<T>,
  answer: (body: T) => Response,
): Promise<Response> {
  return withInput(c, schema, await readJson(c.req), answer);
}

function withQuery<T>(c: Context, schema: z.ZodType<T>, answer: (query: T) => Response): Response {
  return withInput(c, schema, c.req.query(), answer);
}

function withInput<T>(
  c: Context,
  schema: z.ZodType<T>,
  input: unknown,
  answer: (input: T) => Response,
): Response {
  const parsed = schema.safeParse(input);
  return parsed.success
    ? answer(parsed.data)
    : c.json({ error: describeIssues(input, parsed.error) }, 422);
}

function newest<T>(entries: readonly T[], count: number | undefined): readonly T[] {
  return count === undefined ? entries : entries.slice(-count);
}
