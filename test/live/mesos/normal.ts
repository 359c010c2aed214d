/** Answers and events without what differs from run to run: ids, times, sizes, addresses. */

/** Numbers and texts under these names say when, or how much was measured. */
const measured = new RegExp(
  '^(?:timestamp|nanoseconds|(?:re|un)?registered_time|start_time|elected_time|statistics|' +
    'build_(?:date|time|user)|git_(?:sha|tag|branch)|[mc]time|(?:executor_)?pid|' +
    'avg_load_\\d+min|mem_(?:free|total)_bytes|resource_statistics|' +
    'estimated_drain_start_time_seconds)$',
);

/** Fields whose values are long lists of numbers of one's own. */
const ownNumbers = /^(?:ports|port)$/;

/** What one engine said, with names in place of its ids. */
export class Normal {
  readonly #names: [value: string, name: string][] = [];

  /** From now on `value` is shown as `{name}`. */
  name(value: string, name: string): void {
    if (value !== '') this.#names.unshift([value, `{${name}}`]);
  }

  /** A text. */
  text(text: string): string {
    let shown = text;
    for (const [value, name] of this.#names) shown = shown.replaceAll(value, name);
    return shown
      .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<uuid>')
      .replaceAll(/<uuid>-(O|S)\d+/g, '<uuid>-$1')
      .replaceAll(/<uuid>-\d{4}/g, '<framework>')
      .replaceAll(/\/(?:[\w.-]+\/)+(?=slaves\/|volumes\/|meta\/)/g, '<work>/')
      .replaceAll(/\b127\.0\.[01]\.\d+:\d+/g, '<address>')
      .replaceAll(/(?<=\bport )\d+/g, '<port>');
  }

  /** Anything that JSON can say. Lists of things with names become records by name. */
  json(value: unknown, key = ''): unknown {
    if (measured.test(key) && value !== null && value !== '') return `<${typeof value}>`;
    if (/^(?:status_update_)?uuid$/.test(key) && value !== null) return '<uuid>';
    if (typeof value === 'string') return ownNumbers.test(key) ? '<ports>' : this.text(value);
    if (typeof value === 'number') return ownNumbers.test(key) ? '<port>' : value;
    if (Array.isArray(value)) return this.#list(value, key);
    if (typeof value !== 'object' || value === null) return value;
    if (key === 'ranges') return '<ranges>';
    // What is offered at this very moment is a matter of timing.
    const { webui_url, resources: _momentary, ...lasting } = value as Record<string, unknown>;
    if (webui_url !== undefined) return this.json(lasting, key);
    return Object.fromEntries(
      Object.entries(value)
        .filter(([name]) => !/^offer(?:s|ed_resources(?:_full)?)$/.test(name))
        .flatMap(([name, inner]) => ofOthers(this, name, inner))
        .map(([name, inner]): [string, unknown] => [this.text(name), this.json(inner, name)])
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    );
  }

  #list(list: readonly unknown[], key: string): unknown {
    const shown = list.map((inner) => this.json(inner, key));
    const texts = shown.map((inner) => JSON.stringify(inner));
    if (/^(?:statuses|events|arguments|args|windows)$/.test(key)) return shown;
    const names = shown.map((inner, index) => nameOf(inner) ?? `${index}`);
    const distinct = new Set(names);
    if (shown.some((inner) => nameOf(inner) !== undefined) && distinct.size === names.length) {
      const pairs = names.map((name, at): [string, unknown] => [`[${name}]`, shown[at]]);
      return Object.fromEntries(pairs.sort(([a], [b]) => (a < b ? -1 : 1)));
    }
    return shown
      .map((inner, at): [string, unknown] => [texts[at] ?? '', inner])
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, inner]) => inner);
  }
}

/** Without what earlier scenarios have left behind: its framework has no name here. */
function ofOthers(normal: Normal, name: string, value: unknown): [string, unknown][] {
  if (
    !/^(?:(?:completed|unreachable|orphan)_|(?:terminated_|launched_|queued_)?tasks$)/.test(name) ||
    !Array.isArray(value)
  ) {
    return [[name, value]];
  }
  const own = value.filter((one) => !normal.text(JSON.stringify(one)).includes('<framework>'));
  return own.length === 0 && name !== 'tasks' ? [] : [[name, own]];
}

function nameOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { name, type, role, id, key, task_id, agent_info, framework_info } = value as Record<
    string,
    { readonly id?: unknown; readonly name?: unknown }
  >;
  const found =
    agent_info?.id ?? framework_info?.name ?? name ?? id ?? type ?? role ?? key ?? task_id;
  const reserved = (value as { reservations?: unknown }).reservations;
  const held = (value as { disk?: unknown }).disk;
  if (typeof found === 'string') {
    const parts = [found, reserved ? 'reserved' : '', held ? 'volume' : ''].filter(
      (part) => part !== '',
    );
    return parts.join(' ');
  }
  if (typeof found === 'object' && found !== null) {
    const inner = (found as { value?: unknown }).value;
    return typeof inner === 'string' ? inner : undefined;
  }
  return undefined;
}

/** `a.b[c] = value`, one line for each value. */
export function linesOf(value: unknown, path = ''): Map<string, string> {
  const lines = new Map<string, string>();
  const visit = (inner: unknown, where: string): void => {
    const entries =
      typeof inner === 'object' && inner !== null ? Object.entries(inner as object) : [];
    if (entries.length === 0) {
      lines.set(where, JSON.stringify(inner) ?? 'nothing');
      return;
    }
    for (const [key, next] of entries) {
      const dot = where === '' || key.startsWith('[') ? '' : '.';
      visit(next, `${where}${dot}${key}`);
    }
  };
  visit(value, path);
  return lines;
}
