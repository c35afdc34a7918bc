import { spell, toE164 } from './numbers.js';

/**
 * What came of a call, and why.
 *
 * @param party who called whom: `from` is null when withheld, both as they were typed.
 * @param answer of the sandbox; null when there was none.
 * @param sessions as they are after the call.
 * @returns the field to put right, or the names of what to show and a sentence.
 */
export function explain(party, answer, sessions) {
  if (answer === null) {
    return nobody('notConnected', (text) => text.unreachable);
  }
  const to = spell(toE164(party.to));
  if (answer.status === 404) {
    return nobody('notConnected', (text) => text.notOurs(to));
  }
  const { error, verified } = answer.body;
  if (error !== undefined) {
    return { field: error.startsWith('from') ? 'from' : 'to' };
  }
  if (verified.length > 0) {
    const numbers = [...new Set(verified.map(({ phone_number }) => spell(phone_number)))];
    return {
      kind: 'verified',
      heading: 'ended',
      title: 'verified',
      sentence: (text) => text.verifiedWhom(numbers),
    };
  }
  return party.from === null
    ? nobody('ended', (text) => text.nobodyWithheld)
    : nobody('ended', whyNobody(toE164(party.from), toE164(party.to), sessions));
}

function nobody(heading, sentence) {
  return { kind: 'nobody', heading, title: 'nobody', sentence };
}

function whyNobody(from, to, sessions) {
  const [caller, called] = [from, to].map(spell);
  const own = sessions.filter(({ phone_number }) => phone_number === from);
  const elsewhere = own.find(({ status }) => status === 'pending');
  if (elsewhere !== undefined) {
    return (text) => text.nobodyOtherCallNumber(caller, spell(elsewhere.call_number));
  }
  // Before what others wait for: one number to call may be given to many.
  switch (own.findLast(({ call_number }) => call_number === to)?.status) {
    case 'verified':
      return (text) => text.nobodyAlready(caller);
    case 'expired':
      return (text) => text.nobodyExpired(caller);
  }
  const others = sessions.filter(
    ({ status, call_number }) => status === 'pending' && call_number === to,
  );
  if (others.length > 0) {
    const numbers = [...new Set(others.map(({ phone_number }) => spell(phone_number)))];
    return (text) => text.nobodyOtherCaller(called, numbers);
  }
  return (text) => text.nobodyWaits(caller, called);
}
