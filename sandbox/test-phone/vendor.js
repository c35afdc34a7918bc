import { control } from './control.js';
import { asTime, spell } from './numbers.js';
import { byId, make, makeSwitch, setText, showEach } from './page.js';

/** The faults with a switch, as the control surface takes them. */
const presets = {
  delay: { kind: 'delay', delay_ms: 60_000 },
  reset: { kind: 'reset' },
  error: { kind: 'status', status: 500 },
  busy: { kind: 'status', status: 429, retry_after_seconds: 5 },
  malformed: { kind: 'malformed' },
  wrong_number: { kind: 'wrong_number' },
};
/** What is not known of the vendor: the value of each switch when it is on, and when it is off. */
const habits = {
  callbacks: { on: 'on', off: 'off' },
  call_numbers: { on: 'distinct', off: 'shared' },
  match: { on: 'call_number', off: 'caller' },
};

let text;
let refresh;

/** Puts the switches together. `onChange` looks at the sandbox anew. */
export function setUpVendor(onChange) {
  refresh = onChange;
  for (const name of Object.keys(presets)) {
    byId('faults').append(
      makeSwitch((isOn) =>
        change(isOn ? () => control('POST', 'faults', presets[name]) : () => removeFaults(name)),
      ),
    );
  }
  for (const [name, { on, off }] of Object.entries(habits)) {
    byId('habits').append(
      makeSwitch((isOn) => change(() => control('PATCH', 'options', { [name]: isOn ? on : off }))),
    );
  }
  byId('minute').addEventListener('click', () =>
    change(() => control('POST', 'clock', { advance_seconds: 60 })),
  );
}

/** Puts this half of the page into a language. */
export function translateVendor(words) {
  text = words;
  for (const [id, names] of Object.entries({ faults: words.fault, habits: words.habit })) {
    Object.values(names).forEach((name, index) => {
      setText(byId(id).children[index].firstChild, name);
    });
  }
}

/** Shows what the vendor sees. */
export function showVendor({ sessions, requests, faults, options }) {
  byId('sessions-none').hidden = sessions.length > 0;
  showEach(byId('sessions'), sessions, {
    keyOf: ({ id }) => id,
    build: buildSession,
    update: updateSession,
  });
  const groups = groupRequests(requests);
  byId('requests-none').hidden = groups.length > 0;
  showEach(byId('requests'), groups, {
    keyOf: ({ key }) => key,
    build: buildRequest,
    update: updateRequest,
  });
  showFaults(faults);
  Object.entries(habits).forEach(([name, { on }], index) => {
    byId('habits').children[index].lastChild.checked = options[name] === on;
  });
}

async function change(act) {
  await act().catch(() => null);
  await refresh();
}

function buildSession() {
  const row = make('li');
  row.append(make('span', 'number'), make('span', 'status'), make('span', 'detail quiet'));
  return row;
}

function updateSession(row, session) {
  const [number, status, detail] = row.children;
  const { callback } = session;
  const isPending = session.status === 'pending';
  const callNumber = spell(session.call_number);
  status.dataset.status = session.status;
  setText(number, spell(session.phone_number));
  setText(status, text.status[session.status]);
  setText(
    detail,
    [
      isPending ? text.callTo(callNumber) : text.calledTo(callNumber),
      isPending && text.left(asTime(session.expires_in_seconds)),
      callback &&
        (callback.error ? text.notCalledBack(callback.error) : text.calledBack(callback.status)),
    ]
      .filter(Boolean)
      .join(' · '),
  );
}

/** Requests alike that follow each other, newest first, as one: a wait is many checks. */
function groupRequests(requests) {
  const groups = [];
  for (const request of requests) {
    const last = groups.at(-1);
    if (
      last !== undefined &&
      ['kind', 'status', 'phone_number', 'authorized'].every((name) => last[name] === request[name])
    ) {
      last.count += 1;
      // The first of a group stays the first while others join it.
      last.key = keyOf(request);
    } else {
      groups.push({ ...request, count: 1, key: keyOf(request) });
    }
  }
  return groups;
}

function keyOf({ at, kind, session_id }) {
  return `${at} ${kind} ${session_id}`;
}

function buildRequest() {
  const row = make('li');
  row.append(
    make('span', 'kind'),
    make('span', 'number'),
    make('span', 'count quiet'),
    make('span', 'answer'),
  );
  return row;
}

function updateRequest(row, request) {
  const [kind, number, count, answer] = row.children;
  setText(kind, text.kind[request.kind]);
  setText(number, request.phone_number === null ? request.path : spell(request.phone_number));
  setText(count, request.count > 1 ? text.times(request.count) : '');
  const status = request.status === null ? text.unanswered : String(request.status);
  setText(answer, request.authorized ? status : `${status} ${text.unauthorized}`);
  answer.dataset.good = String(request.status !== null && request.status < 300);
}

/** Whether a fault is just what a switch stands for, for everybody and until it is taken away. */
function isPreset(fault, name) {
  const { times, phone_number, match, after, ...rest } = fault;
  const forAll = times === null && !phone_number && !after;
  const wanted = Object.entries(presets[name]);
  return (
    forAll &&
    (match === undefined || rest.kind === 'wrong_number') &&
    wanted.every(([key, value]) => rest[key] === value)
  );
}

let lastFaults = [];

function showFaults(faults) {
  lastFaults = faults;
  const names = Object.keys(presets);
  names.forEach((name, index) => {
    byId('faults').children[index].lastChild.checked = faults.some((fault) =>
      isPreset(fault, name),
    );
  });
  const others = faults.filter((fault) => !names.some((name) => isPreset(fault, name)));
  showEach(byId('other-faults'), others, {
    keyOf: ({ id }) => id,
    build(fault) {
      const row = make('li');
      const button = make('button', 'small');
      button.type = 'button';
      button.addEventListener('click', () => change(() => control('DELETE', `faults/${fault.id}`)));
      row.append(make('span'), button);
      return row;
    },
    update(row, { kind, match, phone_number, times }) {
      const scope = [match, phone_number && spell(phone_number), times && `×${times}`];
      const told = scope.filter(Boolean).map((part) => ` · ${part}`);
      setText(row.firstChild, text.otherFault(kind, told.join('')));
      setText(row.lastChild, text.removeFault);
    },
  });
}

async function removeFaults(name) {
  const ids = lastFaults.filter((fault) => isPreset(fault, name)).map(({ id }) => id);
  await Promise.all(ids.map((id) => control('DELETE', `faults/${id}`)));
}
