import { redirect } from 'next/navigation';
import { readSession } from '#lib/http/session.ts';
import { pageContext } from '#lib/http/visit.ts';

export default async function HomePage() {
  const { app } = await pageContext();
  redirect((await readSession(app)) === null ? '/login' : '/account');
}
