// What happened lately, in words; what has none here stands as the journal has it.

const SHOWN_EVENTS = 8;

/** 'node=a:1 why="no answer"' -> {node: 'a:1', why: 'no answer'} */
function fieldsOf(text) {
  const fields = {};
  for (const [, name, quoted, plain] of text.matchAll(/([a-z_]+)=(?:"([^"]*)"|(\S+))/g)) fields[name] = quoted ?? plain;
  return fields;
}

const copiedText = ({ with: other, taken, sent }) => {
  const parts = [];
  if (Number(taken) > 0) parts.push(`${plural(Number(taken), 'copy', 'copies')} from ${other}`);
  if (Number(sent) > 0) parts.push(`${plural(Number(sent), 'copy', 'copies')} to ${other}`);
  return parts.join(', ');
};

const WORDS = {
  'node.ready': () => 'this node started',
  'member.silent': ({ node }) => `${node} does not answer`,
  'member.back': ({ node }) => `${node} answers again`,
  'member.removed': ({ node, dead_for: time }) => `${node} was down for ${time}, longer than it may be, and is removed`,
  'member.not-removed': ({ node, why }) => `${node} is down for longer than it may be, but cannot be removed: ${why}`,
  'ring.version': ({ height, members }) => `the ring changes to version ${height}, with ${plural(Number(members), 'node')}`,
  'ring.complete': ({ height }) => `version ${height} of the ring is complete: every copy is where it belongs`,
  'ring.remove': ({ node }) => `${node} was removed from the ring`,
  'ring.replace': ({ node }) => `a new node takes the place of the old one at ${node}`,
  'ring.replicas': ({ replicas }) => `from now on ${plural(Number(replicas), 'copy', 'copies')} of everything`,
  'ring.leaving': () => 'this node leaves: the others make its copies again',
  'ring.adjusted': () => 'this node’s weight or zone is another from now on',
  'fill.done': ({ bytes }) => `this node has all its copies: ${sizeText(Number(bytes))} copied`,
  'balance.done': (fields) => copiedText(fields) && `made equal: ${copiedText(fields)}`,
  'purge.done': ({ dropped, bytes }) => Number(dropped) > 0 && `${plural(Number(dropped), 'copy', 'copies')} that belong elsewhere now dropped, ${sizeText(Number(bytes))}`,
  'value.unreadable': ({ why }) => `a value could not be read here: ${why}`,
  'hints.brought': ({ to, entries }) => `${plural(Number(entries), 'write')} that ${to} had missed ${Number(entries) > 1 ? 'were' : 'was'} brought to it`,
  'settle.waits': ({ node }) => `deleted keys are remembered until ${node} is back`,
  'scrub.done': ({ findings }) => Number(findings) > 0 && `the disk was read as a whole: ${plural(Number(findings), 'damaged place')} found`,
  'scrub.found': () => 'something on the disk is damaged',
  'corruption.found': ({ key }) => `a damaged value was found: ${key}`,
  'corruption.repaired': ({ key }) => `a damaged value was repaired from another node: ${key}`,
  'corruption.waits': ({ key, why }) => `a damaged value cannot be repaired yet: ${key}${why ? `, ${why}` : ''}`,
  'clock.off': ({ node, by_micros: by }) => `the clock of ${node} is off by ${offsetText(Number(by))}`,
  'clock.right': ({ node }) => `the clock of ${node} is right again`,
  'disk.full': () => 'the disk is full: puts are refused, gets and deletes go on',
  'disk.room': () => 'there is room on the disk again',
  'disk.failed': ({ why }) => `the disk has failed, nothing is stored until this node is started again: ${why}`,
  'clock.corrected': ({ by_micros: by }) => (by === '0' ? 'this node’s clock is right again' : `this node’s clock is off by ${offsetText(-Number(by))}: set it`),
};

/** Empty if there is nothing to say: what did not come about is tried again. */
function eventText(event) {
  const words = Object.hasOwn(WORDS, event.event) ? WORDS[event.event](fieldsOf(event.fields)) : `${event.event} ${event.fields}`;
  return (words || '').replace(HIDDEN, hiddenText);
}

function showLately(status) {
  const events = (status.lately ?? []).map((event) => ({ ...event, words: eventText(event) }))
    .filter((event) => event.words !== '').slice(-SHOWN_EVENTS).reverse();
  byId('lately').hidden = events.length === 0;
  const key = JSON.stringify(events.map((event) => [event, agoText(event.at)]));
  if (showLately.key === key) return;
  showLately.key = key;
  byId('lately').querySelector('ol').replaceChildren(...events.map((event) => make('li', { 'data-severity': event.severity },
    make('time', { className: 'muted', dateTime: new Date(event.at * 1000).toISOString(), title: new Date(event.at * 1000).toLocaleString() }, agoText(event.at)),
    make('span', {}, event.words))));
}
