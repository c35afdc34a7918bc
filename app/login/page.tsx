import type { Metadata } from 'next';
import { redirect } from 'next/navigation';
import { LoginFlow } from '#components/login/login-flow.tsx';
import { ownPath } from '#lib/http/own-path.ts';
import { pageVisit } from '#lib/http/visit.ts';
import { messagesIn, readLanguage } from '#lib/language.ts';
import { examplePhoneNumber } from '#lib/phone-number.ts';
import { readSession } from '#lib/session/session.ts';
import { readFirstStep } from './first-step.ts';

export async function generateMetadata(): Promise<Metadata> {
  return { title: messagesIn(await readLanguage()).login.title };
}

export default async function LoginPage({ searchParams }: PageProps<'/login'>) {
  const { next: wanted } = await searchParams;
  const next = ownPath(typeof wanted === 'string' ? wanted : undefined, '/account');
  const visit = await pageVisit();
  const { config } = visit.app;
  if ((await readSession(visit.app)) !== null) {
    redirect(next);
  }
  const messages = messagesIn(visit.language).login;
  return (
    <LoginFlow
      initialStep={await readFirstStep(visit)}
      messages={messages}
      cost={messages.cost[config.app.callCost]}
      example={examplePhoneNumber(config.app.defaultCountry)}
      pollLimit={config.attempt.pollLimit}
      next={next}
      sandboxUrl={config.pauth.isSandbox ? config.pauth.baseUrl.href : null}
    />
  );
}
