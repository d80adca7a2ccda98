// The drawing: outside each node's share of all copies as an arc, inside where on the ring a node's keys lie.

const OUTER = 138;
const INNER = 112;
const SLOTS = 360;
const GAP = 1.6; // degrees between two shares
let ringTable;   // {fingerprint, owners: the identity that has most of each slot}
let chosen;      // the identity whose keys the inner ring shows

const point = (radius, degrees) => {
  const angle = (degrees - 90) * Math.PI / 180;
  return `${(radius * Math.cos(angle)).toFixed(2)} ${(radius * Math.sin(angle)).toFixed(2)}`;
};

/** An arc clockwise; a whole turn is made of two. */
function arcPath(radius, from, to) {
  if (to - from > 359.9) return `${arcPath(radius, from, from + 180)}${arcPath(radius, from + 180, from + 360)}`;
  return `M${point(radius, from)}A${radius} ${radius} 0 ${to - from > 180 ? 1 : 0} 1 ${point(radius, to)}`;
}

/** The runs of the table as one owner a slot: whoever is first home of most partitions in it. */
function ownersOf(table) {
  const total = 16384;
  const counts = Array.from({ length: SLOTS }, () => new Map());
  let partition = 0;
  for (const run of table.runs.split(' ')) {
    const [node, length] = run.split('*').map(Number);
    for (let end = partition + length; partition < end; partition += 1) {
      const slot = counts[Math.floor(partition * SLOTS / total)];
      slot.set(node, (slot.get(node) ?? 0) + 1);
    }
  }
  return counts.map((slot) => table.nodes[[...slot].reduce((a, b) => (b[1] > a[1] ? b : a))[0]]);
}

/** Fetches the table when the ring has another one than is drawn. */
async function loadTable(status) {
  if (ringTable?.fingerprint === status.fingerprint || loadTable.busy) return;
  loadTable.busy = true;
  try {
    const answer = await fetch('/_mydht/ring/table', { cache: 'no-cache' });
    if (answer.ok) {
      const table = await answer.json();
      ringTable = { fingerprint: table.fingerprint, owners: ownersOf(table) };
      drawRing(live.status);
    }
  } catch {
    // The node is lost: the line on top says so, and the next event comes here again.
  } finally {
    loadTable.busy = false;
  }
}

/** All slots of one node as one path. */
function slotsPath(owners, id) {
  let path = '';
  for (let slot = 0; slot < SLOTS; slot += 1) {
    if (owners[slot] !== id) continue;
    let end = slot;
    while (end + 1 < SLOTS && owners[end + 1] === id) end += 1;
    path += arcPath(INNER, slot * 360 / SLOTS, (end + 1) * 360 / SLOTS);
    slot = end;
  }
  return path;
}

function shareClass(member, status) {
  const classes = ['share'];
  if (member.id === status.self) classes.push('is-self');
  if (isSilent(member)) classes.push('is-silent');
  else if (isMoving(member)) classes.push('is-moving');
  else if (differs(member, status)) classes.push('is-strange');
  if (member.id === chosen) classes.push('is-chosen');
  return classes.join(' ');
}

/** One node's arc, its number, and how much of its move is done. */
function shareGroup(member, number, from, to, status) {
  const one = to - from > 359;
  const gap = one ? 0 : Math.min(GAP, (to - from) / 3) / 2;
  const group = draw('g', { class: shareClass(member, status) },
    draw('title', {}, `${number}: ${member.name}`),
    draw('path', { class: 'band', d: arcPath(OUTER, from + gap, to - gap) }));
  const done = moveDone(member);
  if (done !== undefined && done > 0) {
    group.append(draw('path', { class: 'band-done', d: arcPath(OUTER, from + gap, from + gap + (to - from - 2 * gap) * done) }));
  }
  if (to - from > 6) {
    const [x, y] = point(OUTER, one ? 0 : (from + to) / 2).split(' ');
    group.append(draw('text', { x, y, class: 'number' }, String(number)));
  }
  group.addEventListener('pointerenter', () => choose(member.id));
  group.addEventListener('pointerleave', () => choose(undefined));
  return group;
}

function choose(id) {
  if (chosen === id) return;
  chosen = id;
  drawRing(live.status);
  for (const row of byId('nodes').tBodies[0].rows) row.classList.toggle('is-chosen', row.dataset.id === id);
}

/** What share of all copies a member is home to. */
function shareOf(member, members) {
  const all = members.reduce((sum, m) => sum + (m.partitions ?? 0), 0);
  return all > 0 ? (member.partitions ?? 0) / all : 0;
}

function drawRing(status) {
  const members = presentMembers(status);
  const shown = chosen ?? status.self;
  const key = JSON.stringify([shown, chosen, ringTable?.fingerprint, status.copies, status.keys,
    members.map((m) => [m.id, m.partitions, shareClass(m, status), moveDone(m)])]);
  if (drawRing.key === key) return;
  drawRing.key = key;
  const parts = [];
  let from = 0;
  members.forEach((member, place) => {
    const to = from + 360 * shareOf(member, members);
    if (to > from) parts.push(shareGroup(member, place + 1, from, to, status));
    from = to;
  });
  if (ringTable) {
    parts.push(draw('circle', { class: 'keys-band', r: INNER }),
      draw('path', { class: 'keys-of', d: slotsPath(ringTable.owners, shown) }));
  }
  parts.push(draw('text', { class: 'big', y: -22 }, String(members.length)),
    draw('text', { class: 'small', y: 18 }, members.length === 1 ? 'node' : 'nodes'),
    draw('text', { class: 'small', y: 41 }, `${status.copies ?? 0} of ${status.replicas} copies`));
  byId('ring').replaceChildren(byId('ring-text') ?? draw('title', { id: 'ring-text' }), ...parts);
  describeRing(status, members, shown);
}

function describeRing(status, members, shown) {
  const texts = members.map((m, place) => `${place + 1} ${m.name}, ${percentText(shareOf(m, members))}${isSilent(m) ? ', does not answer' : ''}`);
  setText(byId('ring-text'), `Ring of ${plural(members.length, 'node')}: ${texts.join('; ')}`);
  const name = members.find((m) => m.id === shown)?.name ?? '';
  setText(byId('ring-caption'), `Outside, each node’s share. Inside, where ${name} is the first home.`);
}
