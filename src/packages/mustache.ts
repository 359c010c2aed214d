/**
 * The template engine of packages: what mustache.java 0.9.6 does with Cosmos' settings
 * (cosmos-api.md §6.6). No HTML escaping; missing names are empty; `0`, `"0"`, `"false"` and `{}`
 * are true in sections.
 */
import type { ExactObject } from './exact-json.js';
import { MustacheError, type Node, parseMustache } from './mustache-parse.js';
import { isFalsey, memberOf, printValue, toValue, type Value } from './mustache-values.js';

const maxOutput = 8 * 1024 * 1024;

/**
 * Renders a template with a context. Throws MustacheError for a template that cannot be read, or
 * too large an output.
 */
export function renderMustache(template: string, context: ExactObject): string {
  const renderer = new Renderer(context);
  renderer.run(parseMustache(template));
  return renderer.text();
}

class Renderer {
  private readonly context: ExactObject;
  private readonly scopes: Value[];
  private readonly parts: string[] = [];
  private size = 0;
  private lambdas = 0;

  constructor(context: ExactObject) {
    this.context = context;
    this.scopes = [toValue(context)];
  }

  text(): string {
    return this.parts.join('');
  }

  run(nodes: readonly Node[]): void {
    for (const node of nodes) this.node(node);
  }

  private node(node: Node): void {
    switch (node.kind) {
      case 'text':
        this.write(node.text);
        break;
      case 'value':
        this.write(printValue(this.find(node.name)));
        break;
      case 'block':
        this.run(node.nodes);
        break;
      case 'inverted': {
        const value = this.find(node.name);
        if (isFalsey(value)) this.inside(value, node.nodes);
        break;
      }
      case 'section':
        this.section(node);
        break;
    }
  }

  private section(node: Extract<Node, { name: string; nodes: readonly Node[] }>): void {
    if (node.name === 'asJson' && !Object.hasOwn(this.context, 'asJson')) {
      this.asJson(node.source);
      return;
    }
    const value = this.find(node.name);
    if (isFalsey(value)) return;
    if (!Array.isArray(value)) this.inside(value, node.nodes);
    else for (const item of value) this.inside(item, node.nodes);
  }

  /**
   * Cosmos' one lambda: a top-level string as it is, itself rendered as a template; else `null`.
   */
  private asJson(name: string): void {
    const value = Object.hasOwn(this.context, name) ? this.context[name] : undefined;
    this.lambdas += 1;
    if (this.lambdas > 100) throw new MustacheError('asJson is used more than 100 times');
    if (typeof value === 'string') this.run(parseMustache(value));
    else this.write('null');
  }

  private inside(scope: Value, nodes: readonly Node[]): void {
    if (scope !== null) this.scopes.push(scope);
    this.run(nodes);
    if (scope !== null) this.scopes.pop();
  }

  /** The innermost scope that knows the name decides; of `a.b`, the one that knows `a`. */
  private find(name: string): Value {
    if (name === '.') return this.scopes.at(-1) ?? null;
    for (let index = this.scopes.length - 1; index >= 0; index -= 1) {
      const found = lookUp(this.scopes[index] ?? null, name);
      if (found !== undefined) return found;
    }
    return null;
  }

  private write(text: string): void {
    this.size += text.length;
    if (this.size > maxOutput)
      throw new MustacheError(`The output is larger than ${maxOutput} bytes`);
    if (text !== '') this.parts.push(text);
  }
}

/** What a scope has by that name; `undefined` sends the search to the next scope. */
function lookUp(scope: Value, name: string): Value | undefined {
  // A key that has the dots in itself wins over the path.
  const whole = memberOf(scope, name);
  if (whole !== undefined) return whole;
  const path = name.split('.');
  const last = path.pop() ?? '';
  if (path.length === 0) return undefined;
  let at = scope;
  for (const key of path) {
    const next = memberOf(at, key);
    if (next === undefined) return undefined;
    if (next === null) return null;
    at = next;
  }
  // Only the last name may be missing without the search going on.
  return memberOf(at, last) ?? null;
}
