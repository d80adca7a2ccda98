// One row a node, changed in place, so that nothing jumps while one reads.

const nodeRows = new Map();

const cell = (className, label) => make('td', { className, role: 'cell', 'data-label': label });

function makeRow(member) {
  const row = make('tr', { role: 'row', 'data-id': member.id });
  row.parts = {
    number: cell('place', ''),
    name: make('td', { className: 'name', role: 'rowheader' }),
    state: cell('state', 'State'),
    share: cell('number share-cell', 'Share'),
    keys: cell('number', 'Keys'),
    size: cell('number', 'Size'),
    up: cell('number', 'Up'),
    clock: cell('number', 'Clock'),
    version: cell('version', 'Version'),
    view: cell('view', 'View'),
  };
  row.append(...Object.values(row.parts));
  row.addEventListener('pointerenter', () => choose(member.id));
  row.addEventListener('pointerleave', () => choose(undefined));
  row.addEventListener('focusin', () => choose(member.id));
  row.addEventListener('focusout', () => choose(undefined));
  return row;
}

/** Fills a cell anew when what it shows has changed. */
function fill(target, key, build) {
  if (target.dataset.key === key) return;
  target.dataset.key = key;
  target.replaceChildren(...build());
}

function stateOf(member, status) {
  if (member.liveness === 'down') return ['bad', 'down'];
  if (isSilent(member)) return ['bad', 'no answer'];
  if (member.state !== 'active') return ['busy', member.state];
  if (member.liveness === 'suspect') return ['busy', 'suspect'];
  if (isMoving(member)) return ['busy', 'filling'];
  if (member.disk === 'failed') return ['bad', 'disk failed'];
  if (member.disk === 'full') return ['warn', 'disk full'];
  if (member.id === status.self && status.trouble) return ['bad', 'in trouble'];
  if (member.id !== status.self && member.lastCallOk === undefined) return ['idle', 'not asked yet'];
  return ['good', 'serves'];
}

function showName(target, member, status) {
  const self = member.id === status.self;
  fill(target, JSON.stringify([member.name, member.zone, self]), () => {
    const url = nodeUrl(member.name);
    const name = make('bdi', {}, member.name || member.id);
    const parts = [url && !self ? make('a', { href: url }, name) : make('strong', {}, name)];
    if (self) parts.push(' ', make('span', { className: 'badge' }, 'this node'));
    if (member.zone) parts.push(' ', make('span', { className: 'badge quiet', title: 'zone' }, member.zone));
    return parts;
  });
}

function showState(target, member, status) {
  const [level, text] = stateOf(member, status);
  const done = moveDone(member);
  const move = member.move ? moveText(member.move) : '';
  const more = isSilent(member) ? member.lastError ?? '' : move;
  fill(target, JSON.stringify([level, text, done, more]), () => {
    const parts = [make('span', { className: `state-text ${level}` }, make('span', { className: 'dot', 'aria-hidden': 'true' }), text)];
    if (done !== undefined) {
      parts.push(make('progress', { max: 1, value: done, 'aria-label': `${text}, done` }));
      parts.push(make('span', { className: 'muted' }, percentText(done)));
    }
    if (more) parts.push(make('span', { className: 'detail' }, more));
    return parts;
  });
}

function showShare(target, share) {
  fill(target, String(share), () => {
    const bar = make('span', { className: 'bar', 'aria-hidden': 'true' });
    bar.style.setProperty('--part', share);
    return [percentText(share), bar];
  });
}

/** How far its clock is from this node's, and whether that is further from the ring's than it may be. */
function showClock(target, member, self) {
  fill(target, JSON.stringify([self, member.clockOffsetMicros, member.clockOff]), () => {
    const text = self ? '0 ms' : member.clockOffsetMicros === undefined ? '–' : offsetText(member.clockOffsetMicros);
    return member.clockOff ? [text, ' ', make('span', { className: 'badge warn' }, 'off')] : [text];
  });
}

function showView(target, member, status) {
  const strange = differs(member, status);
  fill(target, JSON.stringify([member.fingerprint, strange]), () => {
    if (member.fingerprint === undefined) return ['–'];
    const code = make('code', { title: member.fingerprint }, member.fingerprint.slice(0, 8));
    return strange ? [code, ' ', make('span', { className: 'badge warn' }, 'differs')] : [code];
  });
}

function showRow(row, member, number, members, status) {
  const { parts } = row;
  const self = member.id === status.self;
  const known = (value, text) => (value === undefined ? '–' : text(value));
  setAttribute(row, 'class', [isSilent(member) && 'is-silent', differs(member, status) && 'is-strange', self && 'is-self',
    row.classList.contains('is-chosen') && 'is-chosen'].filter(Boolean).join(' '));
  setText(parts.number, String(number));
  showName(parts.name, member, status);
  showState(parts.state, member, status);
  showShare(parts.share, shareOf(member, members));
  setText(parts.keys, known(member.keys ?? (self ? status.keys : undefined), countText));
  setText(parts.size, known(member.bytes ?? (self ? status.bytes : undefined), sizeText));
  setText(parts.up, known(member.uptimeSeconds, spanText));
  showClock(parts.clock, member, self);
  setText(parts.version, member.version ?? (self ? status.programVersion : '–'));
  showView(parts.view, self ? { ...member, fingerprint: status.fingerprint } : member, status);
}

function showNodes(status) {
  const members = presentMembers(status);
  for (const id of [...nodeRows.keys()]) if (!members.some((m) => m.id === id)) nodeRows.delete(id);
  const rows = members.map((member, place) => {
    if (!nodeRows.has(member.id)) nodeRows.set(member.id, makeRow(member));
    const row = nodeRows.get(member.id);
    showRow(row, member, place + 1, members, status);
    return row;
  });
  setChildren(byId('nodes').tBodies[0], rows);
}
