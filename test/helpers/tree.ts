/** The project's own files, read and parsed once, for the tests that hold its style. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import ts from 'typescript';
import { root } from './paths.js';

/** One file of the tree. */
export interface TreeFile {
  /** From the root, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** A source file and what the parser made of it. */
export interface Source extends TreeFile {
  readonly ast: ts.SourceFile;
}

/** One import or re-export of a module. */
export interface Import {
  readonly specifier: string;
  /** For a relative one, the file it names, from the root. */
  readonly target: string | undefined;
  readonly typeOnly: boolean;
  /** Names taken; empty for a whole module. */
  readonly names: readonly string[];
  readonly line: number;
}

const binary = /\.(?:png|ico|zip|tgz|gz|jar|whl|mdb)$/;

/** Every text file that is, or would be, committed. */
export function projectFiles(): TreeFile[] {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 32 * 1024 * 1024,
  });
  return [...new Set(listed.split('\0'))]
    .filter((path) => path !== '' && !binary.test(path) && existsSync(join(root, path)))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

/** Parses a TypeScript or JavaScript file; nothing is resolved or checked. */
export function parse(file: TreeFile): Source {
  return { ...file, ast: ts.createSourceFile(file.path, file.text, ts.ScriptTarget.ES2022, true) };
}

/** The line of `node`, from 1. */
export function lineOf(source: Source, node: ts.Node): number {
  return source.ast.getLineAndCharacterOfPosition(node.getStart()).line + 1;
}

/** Calls `visit` for every node of the file. */
export function walk(source: Source, visit: (node: ts.Node) => void): void {
  const step = (node: ts.Node): void => {
    visit(node);
    ts.forEachChild(node, step);
  };
  step(source.ast);
}

/** All imports of the file: static, dynamic and re-exports. */
export function importsOf(source: Source): Import[] {
  const found: Import[] = [];
  walk(source, (node) => {
    const specifier = specifierOf(node);
    if (specifier === undefined) return;
    const relative = specifier.startsWith('.');
    found.push({
      specifier,
      target: relative ? targetOf(source.path, specifier) : undefined,
      typeOnly: isTypeOnly(node),
      names: namesOf(node),
      line: lineOf(source, node),
    });
  });
  return found;
}

function specifierOf(node: ts.Node): string | undefined {
  const module =
    ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
      ? node.moduleSpecifier
      : ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
        ? node.arguments[0]
        : undefined;
  return module !== undefined && ts.isStringLiteral(module) ? module.text : undefined;
}

function targetOf(from: string, specifier: string): string {
  return normalize(join(dirname(from), specifier)).replace(/\.js$/, '.ts');
}

function isTypeOnly(node: ts.Node): boolean {
  if (ts.isExportDeclaration(node)) return node.isTypeOnly;
  if (!ts.isImportDeclaration(node) || node.importClause === undefined) return false;
  const { isTypeOnly: whole, namedBindings: named, name } = node.importClause;
  if (whole) return true;
  if (name !== undefined || named === undefined || !ts.isNamedImports(named)) return false;
  return named.elements.length > 0 && named.elements.every((element) => element.isTypeOnly);
}

function namesOf(node: ts.Node): string[] {
  if (!ts.isImportDeclaration(node)) return [];
  const named = node.importClause?.namedBindings;
  if (named === undefined || !ts.isNamedImports(named)) return [];
  return named.elements
    .filter((element) => !element.isTypeOnly)
    .map((element) => (element.propertyName ?? element.name).text);
}

/** Functions of the file with a body, and how many lines each takes. */
export function functionsOf(source: Source): { name: string; line: number; lines: number }[] {
  const found: { name: string; line: number; lines: number }[] = [];
  walk(source, (node) => {
    if (!ts.isFunctionLike(node) || !('body' in node) || node.body === undefined) return;
    const first = lineOf(source, node);
    const last = source.ast.getLineAndCharacterOfPosition(node.getEnd()).line + 1;
    const name = node.name?.getText() ?? '(anonymous)';
    found.push({ name, line: first, lines: last - first + 1 });
  });
  return found;
}

/** Exported declarations that no comment explains; a type made from a schema is explained there. */
export function undocumentedOf(source: Source): { name: string; line: number }[] {
  const found: { name: string; line: number }[] = [];
  for (const statement of source.ast.statements) {
    if (!isExported(statement) || ts.isExportDeclaration(statement)) continue;
    if (isInferredType(statement)) continue;
    const before = source.text.slice(statement.getFullStart(), statement.getStart());
    if (before.includes('/**')) continue;
    const name = statement.getText().split('\n')[0] ?? '';
    found.push({ name, line: lineOf(source, statement) });
  }
  return found;
}

function isExported(statement: ts.Statement): boolean {
  return (
    ts.canHaveModifiers(statement) &&
    (ts.getModifiers(statement) ?? []).some((m) => m.kind === ts.SyntaxKind.ExportKeyword)
  );
}

function isInferredType(statement: ts.Statement): boolean {
  return (
    ts.isTypeAliasDeclaration(statement) && /^z\.(?:infer|input)</.test(statement.type.getText())
  );
}

/** Whether the file has a default export. */
export function hasDefaultExport(source: Source): boolean {
  return source.ast.statements.some(
    (statement) =>
      ts.isExportAssignment(statement) ||
      (ts.canHaveModifiers(statement) &&
        (ts.getModifiers(statement) ?? []).some((m) => m.kind === ts.SyntaxKind.DefaultKeyword)),
  );
}

/** Uses of the clock, chance, timers, the process or the network that need no import. */
export function ambientUsesOf(source: Source): { use: string; line: number }[] {
  const found: { use: string; line: number }[] = [];
  walk(source, (node) => {
    const use = ambientUse(node);
    if (use !== undefined) found.push({ use, line: lineOf(source, node) });
  });
  return found;
}

const ambientCalls = new Set([
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'fetch',
]);
const ambientMembers =
  /^(?:Date\.now|Math\.random|performance\.now|process\.\w+|console\.\w+|crypto\.\w+)$/;

function ambientUse(node: ts.Node): string | undefined {
  if (ts.isNewExpression(node) && node.expression.getText() === 'Date') {
    return (node.arguments?.length ?? 0) === 0 ? 'new Date()' : undefined;
  }
  if (ts.isCallExpression(node) && ts.isIdentifier(node.expression)) {
    return ambientCalls.has(node.expression.text) ? node.expression.text : undefined;
  }
  if (!ts.isPropertyAccessExpression(node)) return undefined;
  const text = node.getText();
  return ambientMembers.test(text) ? text : undefined;
}
