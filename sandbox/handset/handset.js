const POLL_INTERVAL_MS = 1000;
const SESSIONS_SHOWN = 20;

const words = {
  en: {
    title: 'Trial phone',
    lead: 'A simulated phone. No real call is placed.',
    from: 'This phone’s number',
    to: 'Number to call',
    waiting: 'Logins waiting for a call',
    withhold: 'Withhold my number (184)',
    call: 'Call',
    ledger: 'What the vendor thinks',
    empty: 'Nothing yet. Type a phone number in the app.',
    unreachable: 'The sandbox does not answer.',
    pending: 'Waiting',
    verified: 'Verified',
    expired: 'Expired',
    callNumber: (number) => `call number ${number}`,
    left: (time) => `${time} left`,
    calledBack: (status) => `callback answered ${status}`,
    notCalledBack: (reason) => `callback failed: ${reason}`,
    outcomeVerified: (numbers) => `${numbers.join(', ')} is verified.`,
    outcomeWithheld: 'Nobody was verified: the number was withheld.',
    outcomeNobody: (from, to) =>
      `Nobody was verified: no login waits for a call from ${from} to ${to}.`,
    outcomeNotOurs: (to) => `Nobody was verified: ${to} is not a number of the sandbox.`,
    badFrom: 'This phone’s number must be a phone number.',
    badTo: 'The number to call must be a phone number.',
  },
  ja: {
    title: '試用の電話機',
    lead: '実際の電話はかかりません。',
    from: 'この電話の番号',
    to: 'かける番号',
    waiting: '電話を待っているログイン',
    withhold: '番号を通知しない（184）',
    call: '発信',
    ledger: '認証サービスから見た状況',
    empty: 'まだ何もありません。アプリで電話番号を入力してください。',
    unreachable: 'サンドボックスが応答しません。',
    pending: '着信待ち',
    verified: '認証済み',
    expired: '期限切れ',
    callNumber: (number) => `発信先 ${number}`,
    left: (time) => `残り ${time}`,
    calledBack: (status) => `コールバックの応答 ${status}`,
    notCalledBack: (reason) => `コールバック失敗: ${reason}`,
    outcomeVerified: (numbers) => `${numbers.join('、')} が認証されました。`,
    outcomeWithheld: '非通知のため、誰も認証されませんでした。',
    outcomeNobody: (from, to) =>
      `誰も認証されませんでした。${from} から ${to} への電話を待っているログインはありません。`,
    outcomeNotOurs: (to) =>
      `誰も認証されませんでした。${to} はサンドボックスの番号ではありません。`,
    badFrom: '「この電話の番号」に電話番号を入力してください。',
    badTo: '「かける番号」に電話番号を入力してください。',
  },
};

const query = new URLSearchParams(location.search);
const language = (query.get('lang') ?? navigator.language).startsWith('ja') ? 'ja' : 'en';
const text = words[language];

const byId = (id) => document.getElementById(id);
const [fromField, toField, withhold] = ['from', 'to', 'withhold'].map(byId);
const outcome = byId('outcome');
const note = byId('note');

/** Sessions that wait for a call, newest first. */
let live = [];
/** True once a person has typed: from then on nothing fills the fields but their own choice. */
let typed = false;

function translate() {
  document.documentElement.lang = language;
  document.title = text.title;
  for (const element of document.querySelectorAll('[data-text]')) {
    element.textContent = text[element.dataset.text];
  }
  const other = language === 'ja' ? 'en' : 'ja';
  const link = byId('language');
  const address = new URL(location.href);
  address.searchParams.set('lang', other);
  link.href = address.search;
  link.lang = link.hreflang = other;
  link.textContent = other === 'ja' ? '日本語' : 'English';
}

/** Japanese numbers as people in Japan write them; any other as it is. */
function spell(phoneNumber) {
  return phoneNumber.replace(/^\+81([1-9]0)(\d{4})(\d{4})$/, '0$1-$2-$3');
}

function fill(session) {
  fromField.value = spell(session.phone_number);
  toField.value = spell(session.call_number);
}

function isFilledWith(session) {
  return (
    fromField.value === spell(session.phone_number) && toField.value === spell(session.call_number)
  );
}

/** Fills the fields when there is only one session that the address can mean. */
function fillUnlessTyped() {
  if (typed) return;
  const [from, to] = ['from', 'to'].map((name) => query.get(name)?.replace(/^ /, '+'));
  const meant = live.filter(
    (session) => (!from || session.phone_number === from) && (!to || session.call_number === to),
  );
  if (meant.length === 1) {
    fill(meant[0]);
  } else if (from || to) {
    fromField.value = spell(from ?? '');
    toField.value = spell(to ?? '');
  }
}

function element(name, className, content) {
  const created = document.createElement(name);
  created.className = className;
  created.textContent = content;
  return created;
}

/** Keeps one child per session: rows that stay are updated in place and keep the focus. */
function showEach(list, sessions, build, update) {
  const rows = new Map([...list.children].map((row) => [row.dataset.id, row]));
  sessions.forEach((session, index) => {
    const row = rows.get(session.id) ?? build(session);
    rows.delete(session.id);
    row.dataset.id = session.id;
    update(row, session);
    if (list.children[index] !== row) list.insertBefore(row, list.children[index] ?? null);
  });
  for (const row of rows.values()) row.remove();
}

function buildChoice(session) {
  const row = document.createElement('li');
  const button = document.createElement('button');
  button.type = 'button';
  button.append(
    element('span', '', spell(session.phone_number)),
    element('span', 'detail', `→ ${spell(session.call_number)}`),
  );
  button.addEventListener('click', () => {
    typed = true;
    fill(session);
    showChoices();
  });
  row.append(button);
  return row;
}

function showChoices() {
  const chosen = live.length === 1 && isFilledWith(live[0]);
  document.querySelector('.waiting').hidden = live.length === 0 || chosen;
  showEach(byId('waiting'), live, buildChoice, (row, session) => {
    row.firstChild.ariaPressed = String(isFilledWith(session));
  });
}

function buildSession(session) {
  const row = document.createElement('li');
  row.append(
    element('span', 'number', spell(session.phone_number)),
    element('span', 'status', ''),
    element('span', 'detail', ''),
  );
  return row;
}

function updateSession(row, session) {
  const [, status, detail] = row.children;
  status.dataset.status = session.status;
  status.textContent = text[session.status];
  const seconds = session.expires_in_seconds;
  const { callback } = session;
  detail.textContent = [
    text.callNumber(spell(session.call_number)),
    session.status === 'pending' &&
      text.left(`${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`),
    callback &&
      (callback.error ? text.notCalledBack(callback.error) : text.calledBack(callback.status)),
  ]
    .filter(Boolean)
    .join(' · ');
}

async function refresh() {
  try {
    const response = await fetch('/_sandbox/sessions', { cache: 'no-store' });
    const sessions = (await response.json()).sessions.reverse();
    live = sessions.filter((session) => session.status === 'pending').slice(0, SESSIONS_SHOWN);
    note.textContent = text.empty;
    note.hidden = sessions.length > 0;
    fillUnlessTyped();
    showChoices();
    showEach(byId('sessions'), sessions.slice(0, SESSIONS_SHOWN), buildSession, updateSession);
  } catch {
    note.textContent = text.unreachable;
    note.hidden = false;
  }
}

function tell(kind, sentence, field) {
  outcome.dataset.kind = kind;
  outcome.textContent = sentence;
  for (const each of [fromField, toField]) each.ariaInvalid = each === field ? 'true' : null;
  field?.focus();
}

async function call() {
  tell('', '');
  const [from, to] = [withhold.checked ? null : fromField.value, toField.value];
  try {
    const response = await fetch('/_sandbox/calls', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ from, to }),
    });
    const { verified, error } = await response.json();
    if (response.status === 404) tell('refused', text.outcomeNotOurs(to), toField);
    else if (error?.startsWith('from')) tell('refused', text.badFrom, fromField);
    else if (error) tell('refused', text.badTo, toField);
    else if (verified.length > 0) {
      const numbers = new Set(verified.map((session) => spell(session.phone_number)));
      tell('verified', text.outcomeVerified([...numbers]));
      // What was typed or addressed is done with: the next login may fill the fields.
      typed = false;
      query.delete('from');
      query.delete('to');
    } else if (from === null) tell('nobody', text.outcomeWithheld);
    else tell('nobody', text.outcomeNobody(from, to));
  } catch {
    tell('refused', text.unreachable);
  }
  await refresh();
}

document.querySelector('form').addEventListener('submit', (event) => {
  event.preventDefault();
  void call();
});
for (const field of [fromField, toField]) {
  field.addEventListener('input', () => {
    typed = true;
    showChoices();
  });
}
withhold.addEventListener('change', () => {
  fromField.disabled = withhold.checked;
});

translate();
void refresh();
setInterval(() => {
  if (!document.hidden) void refresh();
}, POLL_INTERVAL_MS);
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) void refresh();
});
