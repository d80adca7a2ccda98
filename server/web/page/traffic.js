// Requests and bytes of the last minutes, as two small graphs.

const WIDTH = 300;
const HEIGHT = 64;

/** A line and the area below it; the newest value is at the right edge. */
function curve(values, most, steps) {
  const x = (place) => (WIDTH * (steps - values.length + place) / Math.max(1, steps - 1)).toFixed(1);
  const y = (value) => (HEIGHT - 2 - (HEIGHT - 8) * value / most).toFixed(1);
  const line = values.map((value, place) => `${place === 0 ? 'M' : 'L'}${x(place)} ${y(value)}`).join('');
  return { line, area: `${line}L${WIDTH} ${HEIGHT}L${x(0)} ${HEIGHT}Z` };
}

/** One figure: a title, the value of now, and a curve for each series. */
function chart(title, series, text, secondsPerStep) {
  const steps = Math.max(2, ...series.map((s) => s.values.length));
  const most = Math.max(1e-9, ...series.flatMap((s) => s.values));
  const now = series.map((s) => (s.name ? `${s.name} ${text(s.values.at(-1) ?? 0)}` : text(s.values.at(-1) ?? 0))).join(', ');
  const minutes = spanText(steps * secondsPerStep);
  const svg = draw('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img',
    'aria-label': `${title}: now ${now}; most in the last ${minutes} ${text(most < 1e-6 ? 0 : most)}` });
  series.forEach((s, place) => {
    if (s.values.length < 2) return;
    const { line, area } = curve(s.values, most, steps);
    if (place === 0) svg.append(draw('path', { class: 'area', d: area }));
    svg.append(draw('path', { class: `line line-${place}`, d: line }));
  });
  const legend = series.map((s, place) => make('span', { className: `now now-${place}` }, s.name ? `${s.name} ` : '', make('strong', {}, text(s.values.at(-1) ?? 0))));
  return make('figure', {}, make('figcaption', {}, make('span', {}, title), ...legend), svg,
    make('p', { className: 'axis muted' }, make('span', {}, `${minutes} ago`), make('span', {}, `most ${text(most < 1e-6 ? 0 : most)}`), make('span', {}, 'now')));
}

function showTraffic(status) {
  const { traffic } = status;
  byId('traffic').hidden = traffic === undefined;
  if (traffic === undefined) return;
  const key = JSON.stringify(traffic);
  if (showTraffic.key === key) return;
  showTraffic.key = key;
  const rate = (values) => values.map((value) => value / traffic.secondsPerStep);
  const perSecond = (value) => `${value >= 10 || value === 0 ? countText(value) : value.toFixed(1)}/s`;
  byId('traffic').querySelector('.charts').replaceChildren(
    chart('Requests', [{ name: '', values: rate(traffic.requests) }], perSecond, traffic.secondsPerStep),
    chart('Bytes', [{ name: 'out', values: rate(traffic.bytesOut) }, { name: 'in', values: rate(traffic.bytesIn) }],
      (value) => `${sizeText(value)}/s`, traffic.secondsPerStep));
}
