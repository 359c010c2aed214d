/**
 * How an operation looks while it goes on: a picture for a terminal, a line per change for a log.
 * Pure.
 */
import type { Operation, OperationPhase, OperationStep } from '../../wire/operations.js';
import { clean } from './clean.js';

const symbols: Readonly<Record<string, string>> = {
  COMPLETE: '✔',
  ERROR: '✖',
  WAITING: '…',
  DELAYED: '…',
  PENDING: '·',
};

/** The whole operation, a line per phase and, below those that are at work, per step. */
export function operationPicture(operation: Operation): string {
  const lines = operation.phases.flatMap((phase) => [
    `  ${symbolOf(phase.status)} ${phase.name}`,
    ...(phase.status === 'COMPLETE' || phase.status === 'PENDING'
      ? []
      : phase.steps.map((step) => `    ${symbolOf(step.status)} ${stepText(step)}`)),
  ]);
  return clean(
    [`${verb(operation)} ${operation.packageName} ${operation.packageVersion}`, ...lines].join(
      '\n',
    ),
  );
}

/**
 * What has changed between two looks at an operation, a line each; everything that has begun where
 * there was no look before.
 */
export function operationChanges(before: Operation | undefined, after: Operation): string[] {
  const lines: string[] = [];
  for (const phase of after.phases) {
    const old = before?.phases.find(({ name }) => name === phase.name);
    for (const step of phase.steps) {
      const oldStep = old?.steps.find(({ name }) => name === step.name);
      if (isWorthALine(oldStep, step))
        lines.push(clean(`${phase.name}: ${stepText(step)} [${step.status}]`));
    }
    if (phase.status === 'COMPLETE' && old?.status !== 'COMPLETE')
      lines.push(`${phase.name}: complete`);
  }
  return lines;
}

function isWorthALine(before: OperationStep | undefined, after: OperationStep): boolean {
  if (before === undefined) return after.status !== 'PENDING';
  if (before.status !== after.status || before.message !== after.message) return true;
  return tenth(before) !== tenth(after);
}

// A download is told about at every tenth of its way.
function tenth({ progress }: OperationStep): number {
  return progress === undefined || progress.total === 0
    ? 0
    : Math.floor((10 * progress.done) / progress.total);
}

function stepText(step: OperationStep): string {
  const { progress, message } = step;
  const amount =
    progress === undefined || progress.total === 0 || step.status === 'COMPLETE'
      ? ''
      : ` ${megabytes(progress.done)} of ${megabytes(progress.total)} MB`;
  return `${step.name}${amount}${message === undefined ? '' : ` (${message})`}`;
}

/** Bytes as megabytes with one decimal. */
export function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(1);
}

function symbolOf(status: string): string {
  return symbols[status] ?? '▸';
}

function verb({ kind }: Operation): string {
  return { install: 'Installing', update: 'Updating', uninstall: 'Uninstalling' }[kind];
}

/** Phases with something that is not complete: what a failed operation stopped at. */
export function unfinished(operation: Operation): OperationPhase[] {
  return operation.phases.filter((phase) => phase.status !== 'COMPLETE');
}
