import { redirect } from 'next/navigation';
import { pageContext } from '#app/page-context.ts';
import { readSession } from '#lib/http/session.ts';

export default async function HomePage() {
  redirect((await readSession(await pageContext())) === null ? '/login' : '/account');
}
