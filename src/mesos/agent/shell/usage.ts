/** What containers use of the machine, measured in one look at the process table. */
import type { Measure } from '../views/containers.js';
import { allProcesses, followersOf } from './procfs.js';

/** A measure of this moment: the table is read once, however many containers ask. */
export function measureNow(): Measure {
  const processes = allProcesses();
  return (supervisors) => {
    const own = supervisors.flatMap((pid) => [
      ...processes.filter((process) => process.pid === pid),
      ...followersOf(pid, processes),
    ]);
    const sum = (of: (each: (typeof own)[number]) => number): number =>
      own.reduce((total, each) => total + of(each), 0);
    return {
      userSeconds: Math.round(sum((each) => each.userSeconds) * 100) / 100,
      systemSeconds: Math.round(sum((each) => each.systemSeconds) * 100) / 100,
      residentBytes: sum((each) => each.residentBytes),
      processes: own.length,
    };
  };
}
