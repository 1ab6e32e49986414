/** What the supervisor of the command's processes is made with. */
import type { CommandEvent } from '../election/event.ts';
import type { CommandOptions } from './gate/gate-plan.ts';
import type { Markers } from './markers.ts';
import type { becomeSubreaper } from './tree/subreaper.ts';

export interface SupervisorOptions extends CommandOptions {
  readonly hasTerminal: boolean;
  readonly isWarm?: boolean;
  /** Of the command's tree, and of helpers that others start too. */
  readonly markers?: Markers;
  /** Where it says null, leader-run is not a subreaper. */
  readonly becomeSubreaper?: typeof becomeSubreaper;
  readonly onEvent: (event: CommandEvent) => void;
  /** Something that weakens the promises, or did for a moment. */
  readonly onWarning: (message: string, about?: 'guard') => void;
  /** How long the guard may take to answer before it is replaced. */
  readonly guardTimeoutMs?: number;
  readonly shell?: string;
}
