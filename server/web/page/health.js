// The one line on top: has every key all its copies, and if not, what is being done about it.

const presentMembers = (status) => status.members.filter((m) => m.state !== 'gone' && m.state !== 'removed');
const isSilent = (member) => member.lastCallOk === false;
const isMoving = (member) => member.move !== undefined || (member.toFill ?? 0) > 0 || member.state === 'joining' || member.state === 'leaving';
const differs = (member, status) => member.fingerprint !== undefined && member.fingerprint !== status.fingerprint;
const namesOf = (members) => {
  const names = members.slice(0, 3).map((m) => m.name || m.id);
  if (members.length > 3) names.push(`${members.length - 3} more`);
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
};

/** What is moving: "1.2 GB at 30 MB/s, 40 s left". */
function moveText(move) {
  const parts = [];
  if (move.bytes > 0) parts.push(sizeText(move.bytes));
  if (move.bytesPerSecond > 0) parts.push(`at ${sizeText(move.bytesPerSecond)}/s`);
  const text = parts.join(' ');
  if (!(move.secondsLeft > 0)) return text;
  return `${text}${text && ', '}${spanText(move.secondsLeft)} left`;
}

/** How much of its move a member has done, from 0 to 1; nothing if it does not say, or said so before it went silent. */
function moveDone(member) {
  if (isSilent(member)) return undefined;
  if (member.move?.partitions > 0) return Math.min(1, member.move.done / member.move.partitions);
  if (member.toFill > 0 && member.partitions > 0) return Math.max(0, 1 - member.toFill / member.partitions);
  return undefined;
}

function moveLine(members) {
  return members.map((member) => {
    const done = moveDone(member);
    const verb = member.state === 'leaving' ? 'hands over its keys' : 'is given its copies';
    const rest = member.move ? moveText(member.move) : '';
    const facts = [done === undefined ? '' : percentText(done), rest].filter((part) => part !== '').join(', ');
    return `${member.name} ${verb}${facts && `: ${facts}`}`;
  }).join('; ');
}

// For so long the numbers must have stood still before they count: what is being written reaches some nodes first.
const SETTLED = 4000;
const PARTITIONS = 16384;
const counted = { text: '', since: 0 };

/** Where each node is home to every key: those that have fewer keys than another, and how many fewer. */
function lacking(status, present) {
  if (present.length !== status.copies || present.some((m) => m.keys === undefined)) return [];
  const keys = present.map((m) => (m.id === status.self ? status.keys : m.keys));
  if (counted.text !== String(keys)) Object.assign(counted, { text: String(keys), since: Date.now() });
  if (Date.now() - counted.since < SETTLED) return [];
  const most = Math.max(...keys);
  return present.map((m, place) => ({ name: m.name, fewer: most - keys[place] })).filter((m) => m.fewer > 0);
}

/** The worst that any member that answers says of its copies, each number for itself. */
function agreementOf(present) {
  const worst = { lacking: 0, differing: 0, uncompared: 0, seconds: 0, comparedSecondsAgo: 0, by: [] };
  for (const member of present) {
    const said = member.agreement;
    if (said === undefined) continue;
    worst.comparedSecondsAgo = Math.max(worst.comparedSecondsAgo, said.comparedSecondsAgo);
    for (const name of ['lacking', 'uncompared']) worst[name] = Math.max(worst[name], said[name]);
    if (said.differing === 0 || 1000 * said.seconds < SETTLED) continue;
    worst.by.push(member);
    for (const name of ['differing', 'seconds']) worst[name] = Math.max(worst[name], said[name]);
  }
  return worst;
}

/** What home nodes know of each other's copies, unless all is well. */
function unequalHealth(status, present, worst) {
  const short = lacking(status, present);
  const parts = (count) => `${countText(count)} of ${countText(PARTITIONS)} parts of the ring`;
  const cure = 'Home nodes compare what they hold and copy what is missing by themselves';
  const told = worst.differing > 0 ? `: ${parts(worst.differing)} still differ, ${spanText(worst.seconds)} so far.`
    : `, within minutes; “mydhtclient balance” hurries it.`;
  if (short.length > 0) {
    const line = `${short.map((m) => `${m.name} lacks its copy of ${plural(m.fewer, 'key')}`).join('; ')}.`;
    return { level: 'warn', line, more: `${cure}${told}` };
  }
  if (worst.differing > 0) {
    return { level: 'busy', line: `Some keys lack a copy: ${namesOf(worst.by)} ${worst.by.length > 1 ? 'make' : 'makes'} the copies equal.`, more: `${cure}${told}` };
  }
  if (worst.lacking > 0) {
    return { level: 'warn', line: 'Some node gets no answer from another: keys that live there may lack a copy.',
      more: 'What it misses is brought to it when it comes back.' };
  }
  if (worst.uncompared > 0) {
    return { level: 'busy', line: 'A node was away or is new, and some keys may lack a copy: home nodes compare what they hold.',
      more: `${parts(worst.uncompared)} are still to be compared; what is missing is copied by itself.` };
  }
  return undefined;
}

/** {level: good, busy, warn or bad; line; more} */
function healthOf(status) {
  const present = presentMembers(status);
  const silent = present.filter(isSilent);
  const moving = present.filter((m) => isMoving(m) && !isSilent(m));
  const strange = present.filter((m) => differs(m, status) && !isSilent(m));
  const copies = status.copies ?? 0;
  if (status.trouble) return { level: 'bad', line: 'This node does not serve as it should.', more: status.trouble };
  if (silent.length > 0) return silentHealth(status, silent, copies);
  if (moving.length > 0 || status.activeVersions > 1) {
    return { level: 'busy', line: 'The ring is changing: copies are on their way to their new homes.',
      more: `${moving.length > 0 ? `${moveLine(moving)}. ` : ''}Until then every key keeps its copies where they were.` };
  }
  if (strange.length > 0) {
    const other = strange.length === 1 ? 'has another view' : 'have another view';
    return { level: 'warn', line: `${namesOf(strange)} ${other} of the ring than this node.`,
      more: 'Views agree by themselves within seconds. If this stays, compare the versions of the program.' };
  }
  const full = present.filter((m) => m.disk === 'full');
  const failed = present.filter((m) => m.disk === 'failed');
  if (failed.length > 0) {
    return { level: 'bad', line: `The disk of ${namesOf(failed)} has failed.`,
      more: 'Nothing is stored there until the node is started again, on a good disk; what it holds can still be read.' };
  }
  if (full.length > 0) {
    return { level: 'warn', line: `The disk of ${namesOf(full)} is full.`,
      more: 'Puts do without it, or are refused; gets and deletes go on. It goes on by itself when there is room.' };
  }
  const torn = present.filter((m) => m.diskUse?.damagedTables > 0);
  if (torn.length > 0) {
    return { level: 'bad', line: `The database of ${namesOf(torn)} is damaged.`,
      more: 'It serves nothing wrong, but will take no writes at some time: start it with an empty data directory and -s, and it is filled again.' };
  }
  const damaged = present.filter((m) => m.diskUse?.waiting > 0);
  if (damaged.length > 0) {
    return { level: 'warn', line: `Damaged values on the disk of ${namesOf(damaged)} are not repaired yet.`,
      more: 'They wait for another home node that has them, and are tried again every few seconds.' };
  }
  const worst = agreementOf(present);
  const unequal = unequalHealth(status, present, worst);
  if (unequal) return unequal;
  const off = present.filter((m) => m.clockOff);
  if (off.length > 0) {
    return { level: 'warn', line: `The clock of ${namesOf(off)} is off from the ring’s.`,
      more: 'Set it. Until then the node goes by the other nodes’ clocks, and no value is harmed.' };
  }
  if (copies < status.replicas) return fewHealth(status, copies);
  return { level: 'good', line: `Every key has all its ${copies === 1 ? 'copies: one' : `${copies} copies`}.`,
    more: `${plural(present.length, 'node')}, all of them answer${present.length > 1 ? `; they compared what they hold within the last ${spanText(worst.comparedSecondsAgo + 1)}` : ''}.` };
}

/** Whose copies are missing: "every key lacks", or how many of all. */
function keysOf(silent) {
  const part = Math.max(...silent.map((member) => member.partitions ?? 0)) / PARTITIONS;
  if (part >= 1) return 'every key lacks';
  return `keys that live there${part > 0 && silent.length === 1 ? `, ${percentText(part)} of all,` : ''} lack`;
}

function silentHealth(status, silent, copies) {
  const many = silent.length > 1;
  const line = `${namesOf(silent)} ${many ? 'do' : 'does'} not answer: ${keysOf(silent)} ${many ? 'copies' : 'a copy'}.`;
  const left = copies - silent.length;
  const quorum = Math.floor(copies / 2) + 1;
  const goesOn = left >= quorum ? 'Reads and writes go on with the others.'
    : 'Keys that have too few of their homes left can be neither read nor written until one is back.';
  const done = `What ${many ? 'they miss is' : 'it misses is'} brought to ${many ? 'them when they come' : 'it when it comes'} back.`;
  return { level: left >= quorum ? 'warn' : 'bad', line, more: `${goesOn} ${done}` };
}

function fewHealth(status, copies) {
  const alone = copies === 1;
  return { level: 'warn',
    line: alone ? `Every key has one copy of the ${status.replicas} that you want: this node is alone.`
      : `Every key has ${copies} copies of the ${status.replicas} that you want.`,
    more: `Start ${plural(status.replicas - copies, 'more node')} with -s ${status.selfName}, and the copies are made by themselves.` };
}

function showHealth(status) {
  const health = healthOf(status);
  byId('health').dataset.level = health.level;
  setText(byId('health-line'), health.line);
  setText(byId('health-more'), health.more);
  byId('health-more').hidden = health.more === '';
}
