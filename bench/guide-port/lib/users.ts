import { DatabaseSync, type StatementSync } from 'node:sqlite';
import * as z from 'zod';

const userSchema = z.object({ id: z.string(), phone: z.string() });

export type User = z.infer<typeof userSchema>;

let statement: StatementSync | undefined;

/** `User.find_by(phone: …)`. */
export function findUserByPhone(phone: string): User | null {
  statement ??= open().prepare('select id, phone from users where phone = ?');
  return userSchema.nullable().parse(statement.get(phone) ?? null);
}

function open(): DatabaseSync {
  return new DatabaseSync(process.env.DATABASE_PATH ?? '', { readOnly: true });
}
