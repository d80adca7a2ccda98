// One row a node: how equal its copies are, what is kept for it, its disk, and what it still remembers of deleted keys.

const upkeepRows = new Map();

function makeUpkeepRow(member) {
  const row = make('tr', { role: 'row', 'data-id': member.id });
  row.parts = {
    name: make('td', { className: 'name', role: 'rowheader' }),
    copies: cell('copies', 'Copies'),
    kept: cell('kept', 'Kept for it'),
    disk: cell('disk', 'Disk'),
    reserve: cell('number', 'Reserve'),
    scrub: cell('scrub', 'Last scrub'),
    deleted: cell('number', 'Deleted'),
  };
  row.append(...Object.values(row.parts));
  return row;
}

/** How equal it is to the other home nodes, as it says itself, and for how long that has been so. */
function copiesOf(member) {
  const said = member.agreement;
  if (said === undefined || isSilent(member)) return ['idle', '–'];
  const since = `, ${spanText(said.seconds)} so far`;
  if (said.lacking > 0) return ['warn', `${plural(said.lacking, 'part')} lack one${since}`];
  if (said.differing > 0 && 1000 * said.seconds >= SETTLED) return ['busy', `${plural(said.differing, 'part')} differ${since}`];
  if (said.uncompared > 0) return ['busy', `${plural(said.uncompared, 'part')} to compare${since}`];
  return ['good', 'equal'];
}

/** What all nodes together keep for a member until it is back: writes that it missed, and traces of deleted keys. */
function keptFor(member) {
  const parts = [];
  if (member.hintsInAll > 0) parts.push(plural(member.hintsInAll, 'write'));
  if (member.tombstonesWaitAt > 0) parts.push(`deleted keys, at ${plural(member.tombstonesWaitAt, 'node')}`);
  return parts.join('; ') || '–';
}

function showDiskUse(target, member) {
  const use = member.diskUse;
  fill(target, JSON.stringify([use?.freeBytes, use?.totalBytes, member.disk]), () => {
    if (use === undefined || use.totalBytes === 0) return ['–'];
    const bar = make('span', { className: 'bar', 'aria-hidden': 'true' });
    bar.style.setProperty('--part', Math.max(0, 1 - use.freeBytes / use.totalBytes));
    const parts = [`${sizeText(use.freeBytes)} free of ${sizeText(use.totalBytes)}`, bar];
    if (member.disk) parts.unshift(make('span', { className: 'badge warn' }, member.disk), ' ');
    return parts;
  });
}

function scrubText(use) {
  if (use === undefined) return '–';
  const parts = [use.scrubbed === 0 ? 'not yet' : `${agoText(use.scrubbed)}, ${plural(use.findings, 'finding')}`];
  if (use.waiting > 0) parts.push(`${plural(use.waiting, 'damaged value')} not repaired yet`);
  if (use.damagedTables > 0) parts.push(`${plural(use.damagedTables, 'table')} of the database damaged`);
  return parts.join('; ');
}

function showUpkeepRow({ parts }, member) {
  setText(parts.name, member.name || member.id);
  const [level, text] = copiesOf(member);
  fill(parts.copies, JSON.stringify([level, text]), () => (text === '–' ? [text]
    : [make('span', { className: `state-text ${level}` }, make('span', { className: 'dot', 'aria-hidden': 'true' }), text)]));
  setText(parts.kept, keptFor(member));
  showDiskUse(parts.disk, member);
  const use = member.diskUse;
  setText(parts.reserve, use === undefined ? '–' : use.reserveBytes > 0 ? sizeText(use.reserveBytes) : 'none');
  setText(parts.scrub, scrubText(use));
  setText(parts.deleted, member.tombstones === undefined ? '–' : countText(member.tombstones));
}

/** This node's disk, and what the scrub has found on it. */
function diskText(disk) {
  const parts = [`Disk of this node: ${sizeText(disk.freeBytes)} free of ${sizeText(disk.totalBytes)}`];
  if (disk.reserveBytes > 0) parts[0] += `, beside a reserve of ${sizeText(disk.reserveBytes)}`;
  if (disk.state === 'full') parts[0] = 'The disk of this node is full: puts are refused, gets and deletes go on';
  if (disk.state === 'failed') parts[0] = 'The disk of this node has failed: nothing is stored until it is started again';
  if (disk.damaged > 0) parts.push(`${plural(disk.damaged, 'damaged value')} found, ${disk.repaired} repaired, ${disk.waiting} waiting`);
  if (disk.scrubbed > 0) parts.push(`read as a whole ${agoText(disk.scrubbed)}, ${plural(disk.findings, 'finding')}`);
  if (disk.damagedTables > 0) parts.push(`${plural(disk.damagedTables, 'table')} of the database damaged`);
  if (disk.scrubbing) parts.push('being read as a whole now');
  return `${parts.join('; ')}.`;
}

function showUpkeep(status) {
  byId('disk').hidden = status.disk === undefined;
  if (status.disk !== undefined) setText(byId('disk'), diskText(status.disk));
  const members = presentMembers(status);
  for (const id of [...upkeepRows.keys()]) if (!members.some((m) => m.id === id)) upkeepRows.delete(id);
  setChildren(byId('upkeep').tBodies[0], members.map((member) => {
    if (!upkeepRows.has(member.id)) upkeepRows.set(member.id, makeUpkeepRow(member));
    const row = upkeepRows.get(member.id);
    showUpkeepRow(row, member);
    return row;
  }));
}
