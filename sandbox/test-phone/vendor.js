import { control } from './control.js';
import { formatNumber, formatTime } from './numbers.js';
import { byId, make, makeButton, makeSwitch, setText, showEach } from './page.js';

/** The faults that have a switch, as the control surface takes them. */
const presets = {
  delay: { kind: 'delay', delay_ms: 60_000 },
  reset: { kind: 'reset' },
  error: { kind: 'status', status: 500 },
  busy: { kind: 'status', status: 429, retry_after_seconds: 5 },
  malformed: { kind: 'malformed' },
  wrong_number: { kind: 'wrong_number' },
};
const presetNames = Object.keys(presets);

/** The sandbox's options that have a switch, with their values when it is on and off. */
const optionValues = {
  callbacks: { on: 'on', off: 'off' },
  call_numbers: { on: 'distinct', off: 'shared' },
  match: { on: 'call_number', off: 'caller' },
};

let text;
let refresh;
let faults = [];

/** Sets up the vendor's half of the page. `onChange` reads the sandbox's state again. */
export function setUpVendor(onChange) {
  refresh = onChange;
  for (const name of presetNames) {
    byId('faults').append(
      makeSwitch((isOn) =>
        change(isOn ? () => control('POST', 'faults', presets[name]) : () => removePreset(name)),
      ),
    );
  }
  for (const [name, { on, off }] of Object.entries(optionValues)) {
    byId('options').append(
      makeSwitch((isOn) => change(() => control('PATCH', 'options', { [name]: isOn ? on : off }))),
    );
  }
  byId('minute').addEventListener('click', () =>
    change(() => control('POST', 'clock', { advance_seconds: 60 })),
  );
}

/** Sets the language of the vendor's half of the page. */
export function translateVendor(words) {
  text = words;
  for (const [id, names] of Object.entries({ faults: words.fault, options: words.option })) {
    Object.values(names).forEach((name, index) => {
      setText(byId(id).children[index].firstChild, name);
    });
  }
}

/** Shows the vendor's sessions, requests, faults and options. */
export function showVendor(state) {
  byId('sessions-none').hidden = state.sessions.length > 0;
  showEach(byId('sessions'), state.sessions, {
    keyOf: ({ id }) => id,
    build: () => buildRow('number', 'status', 'detail quiet'),
    update: updateSession,
  });
  const groups = groupRequests(state.requests);
  byId('requests-none').hidden = groups.length > 0;
  showEach(byId('requests'), groups, {
    keyOf: ({ key }) => key,
    build: () => buildRow('kind', 'number', 'count quiet', 'answer'),
    update: updateRequest,
  });
  faults = state.faults;
  showFaults();
  Object.entries(optionValues).forEach(([name, { on }], index) => {
    byId('options').children[index].lastChild.checked = state.options[name] === on;
  });
}

async function change(act) {
  await act().catch(() => null);
  await refresh();
}

function buildRow(...classNames) {
  const row = make('li');
  row.append(...classNames.map((className) => make('span', className)));
  return row;
}

function updateSession(row, session) {
  const [number, status, detail] = row.children;
  const { callback } = session;
  const isPending = session.status === 'pending';
  const callNumber = formatNumber(session.call_number);
  status.dataset.status = session.status;
  setText(number, formatNumber(session.phone_number));
  setText(status, text.status[session.status]);
  setText(
    detail,
    [
      isPending ? text.callTo(callNumber) : text.calledTo(callNumber),
      isPending && text.left(formatTime(session.expires_in_seconds)),
      callback &&
        (callback.error ? text.notCalledBack(callback.error) : text.calledBack(callback.status)),
    ]
      .filter(Boolean)
      .join(' · '),
  );
}

/** Groups consecutive similar requests, newest first: one login makes many checks. */
function groupRequests(requests) {
  const groups = [];
  for (const request of requests) {
    const key = `${request.at} ${request.kind} ${request.session_id}`;
    const last = groups.at(-1);
    if (
      last !== undefined &&
      ['kind', 'status', 'phone_number', 'authorized'].every((name) => last[name] === request[name])
    ) {
      last.count += 1;
      // The oldest request identifies the group: it stays the same while newer ones join.
      last.key = key;
    } else {
      groups.push({ ...request, count: 1, key });
    }
  }
  return groups;
}

function updateRequest(row, request) {
  const [kind, number, count, answer] = row.children;
  setText(kind, text.kind[request.kind]);
  setText(number, request.phone_number ? formatNumber(request.phone_number) : request.path);
  setText(count, request.count > 1 ? text.times(request.count) : '');
  const status = request.status === null ? text.unanswered : String(request.status);
  setText(answer, request.authorized ? status : `${status} ${text.unauthorized}`);
  answer.dataset.good = String(request.status !== null && request.status < 300);
}

/** Whether a fault is exactly that of a switch: for all phone numbers, until it is removed. */
function isPreset(fault, name) {
  const { times, phone_number, match, after, ...rest } = fault;
  return (
    times === null &&
    !phone_number &&
    !after &&
    (match === undefined || rest.kind === 'wrong_number') &&
    Object.entries(presets[name]).every(([key, value]) => rest[key] === value)
  );
}

function showFaults() {
  presetNames.forEach((name, index) => {
    const isOn = faults.some((fault) => isPreset(fault, name));
    byId('faults').children[index].lastChild.checked = isOn;
  });
  const others = faults.filter((fault) => !presetNames.some((name) => isPreset(fault, name)));
  showEach(byId('other-faults'), others, {
    keyOf: ({ id }) => id,
    build({ id }) {
      const row = buildRow('');
      row.append(makeButton('small', () => change(() => control('DELETE', `faults/${id}`))));
      return row;
    },
    update(row, { kind, match, phone_number, times }) {
      const scope = [match, phone_number && formatNumber(phone_number), times && `×${times}`]
        .filter(Boolean)
        .map((part) => ` · ${part}`);
      setText(row.firstChild, text.otherFault(kind, scope.join('')));
      setText(row.lastChild, text.removeFault);
    },
  });
}

async function removePreset(name) {
  const ids = faults.filter((fault) => isPreset(fault, name)).map(({ id }) => id);
  await Promise.all(ids.map((id) => control('DELETE', `faults/${id}`)));
}
