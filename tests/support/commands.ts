import * as z from 'zod';
import { phoneNumberSchema } from '#lib/shared/contract.ts';

const commandSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('open'),
    sandboxUrl: z.string(),
    place: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('sqlite'), path: z.string() }),
      z.object({ kind: z.literal('postgres'), url: z.string(), poolSize: z.number() }),
    ]),
  }),
  z.object({
    kind: z.literal('poll'),
    attemptToken: z.string(),
    client: z.object({ info: z.object({ device: z.string(), network: z.string() }) }),
  }),
  z.object({
    kind: z.literal('start'),
    phoneNumber: phoneNumberSchema,
    browser: z.object({ browserToken: z.string(), network: z.string() }),
  }),
  z.object({ kind: z.literal('check'), attemptId: z.string() }),
  z.object({
    kind: z.literal('set pAuth session'),
    attemptId: z.string(),
    pauthSession: z.object({ pauthSessionId: z.string(), callNumber: phoneNumberSchema }),
  }),
  z.object({
    kind: z.literal('add user'),
    user: z.object({ id: z.string(), phoneNumber: phoneNumberSchema, createdAt: z.number() }),
  }),
  z.object({ kind: z.literal('disable user'), phoneNumber: phoneNumberSchema }),
]);

/** A command for the other process. */
export type Command = z.infer<typeof commandSchema>;

export const messageSchema = z.object({ id: z.number(), now: z.number(), command: commandSchema });

export const answerSchema = z.union([
  z.object({ id: z.number(), failure: z.string() }),
  z.object({ id: z.number(), value: z.json() }),
]);
