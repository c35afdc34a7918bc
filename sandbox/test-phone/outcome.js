import { formatNumber, toE164 } from './numbers.js';

/**
 * Explains the outcome of a call.
 *
 * @param call `from` (null if withheld) and `to`, as typed.
 * @param answer the sandbox's answer to the call, or null if there was none.
 * @param sessions the sessions after the call.
 * @returns `field`, the id of the invalid field; or `kind`, the keys of the heading and title in
 *   `words`, and a function that takes the words and returns a sentence.
 */
export function explain(call, answer, sessions) {
  if (answer === null) {
    return nobody('notConnected', (text) => text.unreachable);
  }
  const [from, to] = [call.from ?? '', call.to].map(toE164);
  if (answer.status === 404) {
    return nobody('notConnected', (text) => text.notOurs(formatNumber(to)));
  }
  const { error, verified } = answer.body;
  if (error !== undefined) {
    return { field: error.startsWith('from') ? 'from' : 'to' };
  }
  if (verified.length > 0) {
    const numbers = phoneNumbersOf(verified);
    return {
      kind: 'verified',
      heading: 'ended',
      title: 'verified',
      sentence: (text) => text.verifiedWhom(numbers),
    };
  }
  return call.from === null
    ? nobody('ended', (text) => text.nobodyWithheld)
    : nobody('ended', whyNobody(from, to, sessions));
}

function nobody(heading, sentence) {
  return { kind: 'nobody', heading, title: 'nobody', sentence };
}

function whyNobody(from, to, sessions) {
  const [caller, called] = [from, to].map(formatNumber);
  const own = sessions.filter(({ phone_number }) => phone_number === from);
  const pending = own.find(({ status }) => status === 'pending');
  if (pending !== undefined) {
    return (text) => text.nobodyOtherCallNumber(caller, formatNumber(pending.call_number));
  }
  // Checked before the sessions of others, who may have been given the same call number.
  switch (own.findLast(({ call_number }) => call_number === to)?.status) {
    case 'verified':
      return (text) => text.nobodyAlready(caller);
    case 'expired':
      return (text) => text.nobodyExpired(caller);
  }
  const others = phoneNumbersOf(
    sessions.filter(({ status, call_number }) => status === 'pending' && call_number === to),
  );
  return others.length > 0
    ? (text) => text.nobodyOtherCaller(called, others)
    : (text) => text.nobodyWaits(caller, called);
}

function phoneNumbersOf(sessions) {
  return [...new Set(sessions.map(({ phone_number }) => formatNumber(phone_number)))];
}
