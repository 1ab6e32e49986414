import type { Report } from '../election/report.ts';
import { isDaemonsStart } from './left-behind.ts';
import type { LogLevel } from './options.ts';

/** How loud a report is. */
export function levelOf(report: Report): LogLevel {
  switch (report.id) {
    case 'command-started':
      return 'debug';
    case 'waiting':
    case 'holder-changed':
    case 'acquired':
    case 'api-recovered':
    case 'watching':
    case 'renewed':
    case 'recorded':
    case 'done':
    case 'command-ended':
    case 'released':
    case 'rejoining':
    case 'not-starting':
    case 'not-acquired':
      return 'info';
    case 'api-failed':
    case 'renewal-failed':
    case 'restoring':
    case 'went-back':
    case 'doubted':
    case 'wait-bounded':
    case 'killing-tree':
    case 'not-released':
      return 'warn';
    case 'not-recorded':
      return report.why === 'stopped' ? 'info' : 'warn';
    case 'polling':
      return report.why === 'forbidden' ? 'warn' : 'info';
    case 'stopping-command':
      return ['signal', 'transfer', 'max-term'].includes(report.reason.id) ? 'info' : 'error';
    case 'stopping-remaining':
      return isDaemonsStart(report) ? 'warn' : 'info';
    case 'tree-lingering':
    case 'lost':
      return 'error';
  }
}
