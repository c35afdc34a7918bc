import { redirect } from 'next/navigation';
import { pageVisit } from '#lib/http/visit.ts';
import { readSession } from '#lib/session/session.ts';

export default async function HomePage() {
  const { app } = await pageVisit();
  redirect((await readSession(app)) === null ? '/login' : '/account');
}
